"""Writing: the result plays everywhere, in true colours and in step with its sound, and appears whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from media_files import chart, clap, counter, level, make, patch_error, sound_of
from PIL import Image

from tmt import ffmpeg
from tmt.errors import Cancelled, MediaError, OutputError
from tmt.video import VideoWriter, probe, read_frames, save_png


def greys(count: int, size: tuple[int, int] = (64, 48)) -> Iterator[np.ndarray]:
    """Frames whose number is their grey level."""
    for index in range(count):
        yield np.full((size[1], size[0], 3), index, np.uint8)


def write(path: Path, frames: Iterator[np.ndarray], **options: object) -> VideoWriter:
    """A finished file."""
    options = {"size": (64, 48), "fps": Fraction(25), **options}
    with VideoWriter(path, **options) as writer:  # type: ignore[arg-type]
        for frame in frames:
            writer.write(frame)
    return writer


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(10)])
def test_frames_come_back_in_number_order_and_rate(tmp_path: Path, fps: Fraction) -> None:
    write(tmp_path / "out.mp4", greys(50), fps=fps)
    info = probe(tmp_path / "out.mp4")
    assert (info.width, info.height, info.fps, info.frames, info.has_audio) == (64, 48, fps, 50, False)
    assert [round(frame.mean()) for frame in read_frames(tmp_path / "out.mp4")] == pytest.approx(range(50), abs=2)
    assert list(tmp_path.iterdir()) == [tmp_path / "out.mp4"]


def test_colours_are_the_same_in_opencv_and_in_ffmpeg(tmp_path: Path) -> None:
    write(tmp_path / "out.mp4", iter([chart()] * 3), size=(chart().shape[1], 64))
    good, seen = cv2.VideoCapture(str(tmp_path / "out.mp4")).read()
    assert good and patch_error(seen[..., ::-1]) <= 3
    assert patch_error(next(read_frames(tmp_path / "out.mp4"))) <= 3


def test_the_file_says_what_it_is_and_starts_at_once(tmp_path: Path) -> None:
    audio = make(tmp_path / "in.m4a", "-f", "lavfi", "-i", "sine=d=1", "-metadata", "title=my street")
    write(tmp_path / "out.mp4", greys(25), audio=audio)
    said = ffmpeg.run(["-i", str(tmp_path / "out.mp4")])[2]
    assert "AI-generated (tmt)" in said and "my street" not in said
    assert "h264" in said and "yuv420p(tv, smpte170m/bt709/bt709" in said and "aac" in said
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("size", [(63, 48), (64, 47), (63, 47), (1, 1)])
def test_odd_sizes_repeat_their_last_column_and_row(tmp_path: Path, size: tuple[int, int]) -> None:
    write(tmp_path / "out.mp4", greys(5, size), size=size)
    frames = list(read_frames(tmp_path / "out.mp4"))
    even = (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)
    assert len(frames) == 5 and all(frame.shape == even and np.ptp(frame) <= 2 for frame in frames)


@pytest.mark.parametrize(
    ("name", "codec", "delay"),
    [
        ("a.mp4", ("-c:v", "libx264"), 0.0),
        ("a.mp4", ("-c:v", "libx264"), 0.3),
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libopus"), 0.0),
        ("a.mkv", ("-c:v", "ffv1", "-c:a", "pcm_s16le"), 0.3),
        ("a.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2"), 0.0),
    ],
)
@pytest.mark.parametrize("start", [0, 10])
def test_sound_stays_in_step_within_a_frame(
    tmp_path: Path, name: str, codec: tuple[str, ...], delay: float, start: int
) -> None:
    source, out = clap(tmp_path / name, *codec, delay=delay), tmp_path / "out.mp4"
    writer = write(out, read_frames(source, start=start), audio=source, audio_start=start / 25)
    light = [frame.mean() > 100 for frame in read_frames(out)].index(True)
    heard = int(np.argmax(np.abs(sound_of(out)) > 0.1)) / 48000
    assert writer.sound and light == pytest.approx(25 - start, abs=1)
    assert abs(heard - light / 25) <= 1 / 25


@pytest.mark.parametrize(("seconds", "wanted"), [(None, 1.0), (0.5, 0.5), (9.0, 1.0)])
def test_sound_is_never_longer_than_the_pictures(tmp_path: Path, seconds: float | None, wanted: float) -> None:
    audio = make(tmp_path / "in.wav", "-f", "lavfi", "-i", "sine=d=3:r=44100")
    write(tmp_path / "out.mp4", greys(25), audio=audio, seconds=seconds)
    length = len(sound_of(tmp_path / "out.mp4")) / 48000
    assert wanted - 0.03 <= length <= wanted + 0.001
    assert probe(tmp_path / "out.mp4").seconds == pytest.approx(1)


def test_sound_does_not_drift_over_a_minute_at_film_rate(tmp_path: Path) -> None:
    audio = make(tmp_path / "in.wav", "-f", "lavfi", "-i", "aevalsrc='if(gte(t,59),0.5*sin(6283*t),0)':s=44100:d=61")
    frames = (np.full((16, 16, 3), 255 * (index * 1001 >= 59 * 24000), np.uint8) for index in range(1439))
    write(tmp_path / "out.mp4", frames, size=(16, 16), fps=Fraction(24000, 1001), audio=audio)
    light = [frame.mean() > 100 for frame in read_frames(tmp_path / "out.mp4")].index(True) * 1001 / 24000
    heard = int(np.argmax(np.abs(sound_of(tmp_path / "out.mp4")) > 0.1)) / 48000
    assert light == pytest.approx(59, abs=0.05) and heard == pytest.approx(59, abs=0.05)


def test_a_driver_without_usable_sound_gives_a_silent_video(tmp_path: Path) -> None:
    (tmp_path / "broken.m4a").write_bytes(b"no sound at all")
    for audio in (counter(tmp_path / "silent.mp4"), tmp_path / "broken.m4a"):
        writer = write(tmp_path / "out.mp4", greys(5), audio=audio)
        assert not writer.sound and not probe(tmp_path / "out.mp4").has_audio
    with pytest.raises(MediaError):
        write(tmp_path / "out.mp4", greys(5), audio=tmp_path / "none.m4a")


@pytest.mark.parametrize("stop", [Cancelled("cancelled"), KeyboardInterrupt(), ValueError("any")])
def test_an_interrupted_run_leaves_nothing_and_keeps_the_old_file(tmp_path: Path, stop: BaseException) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")
    with pytest.raises(type(stop)), VideoWriter(path, size=(64, 48), fps=Fraction(25)) as writer:
        writer.write(next(greys(1)))
        assert [each.name for each in tmp_path.iterdir() if not each.name.startswith(".")] == ["out.mp4"]
        raise stop
    assert list(tmp_path.iterdir()) == [path] and path.read_bytes() == b"old"


def test_a_closed_generator_leaves_nothing(tmp_path: Path) -> None:
    def render() -> Iterator[int]:
        with VideoWriter(tmp_path / "out.mp4", size=(64, 48), fps=Fraction(25)) as writer:
            for index, frame in enumerate(greys(100)):
                writer.write(frame)
                yield index

    run = render()
    assert [next(run), next(run)] == [0, 1]
    run.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_dies_is_reported_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError) as caught,
        VideoWriter(tmp_path / "out.mp4", size=(64, 48), fps=Fraction(25)) as writer,
    ):
        assert writer._process is not None
        writer._process._process.kill()
        for frame in greys(250):
            writer.write(frame)
    assert caught.value.key == "encoder" and "signal 9" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "none" / "out.mp4", tmp_path / "folder.mp4", tmp_path / "file" / "out.mp4"):
        with pytest.raises(OutputError) as caught:
            write(path, iter(()))
        assert caught.value.key == "output_unwritable" and "\n" not in str(caught.value)
    with pytest.raises(OutputError, match=r"\.mp4"):
        write(tmp_path / "out.avi", greys(1))
    with pytest.raises(OutputError, match="no frame"):
        write(tmp_path / "out.mp4", greys(0))
    with pytest.raises(OutputError, match="frame of uint8"):
        write(tmp_path / "out.mp4", greys(1, (32, 32)))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
def test_no_room_is_reported_and_nothing_is_left(tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = (np.random.default_rng(n).integers(0, 255, (240, 320, 3), dtype=np.uint8) for n in range(50))
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OutputError) as caught:
            write(tmp_path / "out.mp4", noise, size=(320, 240))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.key == "output_unwritable" and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_hundred_numbered_frames_survive_a_second_generation(tmp_path: Path) -> None:
    source = counter(tmp_path / "a.mp4", "30000/1001", 3)
    write(tmp_path / "out.mp4", read_frames(source), fps=probe(source).fps)
    assert [level(frame) for frame in read_frames(tmp_path / "out.mp4")] == pytest.approx(range(90), abs=1)


def test_pictures_are_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", chart())
    assert (np.asarray(Image.open(tmp_path / "a.png")) == chart()).all()
    with pytest.raises(OutputError):
        save_png(tmp_path / "none" / "a.png", chart())
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]
