"""Broken input: any file gives the frames that are in it, or one clear line; and ffmpeg is never left behind."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from media_files import chart, counter, make
from PIL import Image

from tmt import ffmpeg
from tmt.errors import MediaError
from tmt.probe import choose_rate
from tmt.video import probe, read_frames

FUZZ = int(os.environ.get("TMT_FUZZ", "0"))  # broken files to try; set e.g. TMT_FUZZ=2000 for a thorough, random run


def refusal(path: Path | str) -> MediaError:
    """The error for a file; always one line, never ffmpeg's own words with addresses or paths."""
    with pytest.raises(MediaError) as caught:
        list(read_frames(path))
    for text in (str(caught.value), caught.value.text("ja")):
        assert "\n" not in text and "0x" not in text and "Traceback" not in text
    return caught.value


def test_what_is_no_clip_is_named_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("Dear diary, " * 100)
    (tmp_path / "text.txt").write_text("tele-typewriter " * 100)
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    make(tmp_path / "sound.mp4", "-f", "lavfi", "-i", "sine=d=0.2")
    os.mkfifo(tmp_path / "pipe")
    keys = {
        name: refusal(tmp_path / name).key
        for name in ("none.mp4", "empty.mp4", "text.mp4", "text.txt", "sound.mp4", "pipe")
    }
    assert list(keys.values()) == ["missing", "empty", "not_media", "not_media", "no_video", "unreadable"]
    assert refusal(tmp_path).key == "directory" and refusal("zero\0byte").key == "unreadable"
    assert refusal(tmp_path / "text.mp4" / "below").key == "missing" and refusal(tmp_path / "cut.jpg")


@pytest.mark.parametrize(
    "kind",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile a.ts\n"],
)
def test_a_playlist_cannot_make_us_open_other_files(tmp_path: Path, kind: str) -> None:
    counter(tmp_path / "a.ts", more=("-c:v", "mpeg2video"))
    for name in ("list.mp4", "list.m3u8", "list.ffconcat"):
        (tmp_path / name).write_text(kind)
        assert refusal(tmp_path / name).key == "not_media"


@pytest.mark.parametrize("name", ["-i.mp4", "%03d.mp4", "a b'c\".mp4", "日本語：動画.mp4", "http:x.mp4", "no_suffix"])
def test_any_file_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    path = counter(tmp_path / "a.mp4").rename(tmp_path / name)
    assert len(list(read_frames(path))) == probe(path).frames == 25


def test_a_cut_off_file_gives_the_frames_that_are_there(tmp_path: Path) -> None:
    whole = make(
        tmp_path / "a.mp4", "-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=2", "-movflags", "+faststart"
    ).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 6 // 10])
    assert 10 < len(list(read_frames(tmp_path / "cut.mp4"))) < 50
    (tmp_path / "head.mp4").write_bytes(whole[: whole.index(b"mdat") + 8])
    assert refusal(tmp_path / "head.mp4").key == "no_frames"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every process that ffmpeg.Process starts."""
    processes: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, **named)  # type: ignore[call-overload]
            processes.append(self)

    monkeypatch.setattr(ffmpeg.subprocess, "Popen", Recorded)
    return processes


def test_leaving_early_ends_ffmpeg_and_closes_its_pipes(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    path = counter(tmp_path / "a.mp4", "25", 20)
    frames = read_frames(path)
    next(frames)
    frames.close()
    for process in started:
        assert process.returncode is not None and all(
            pipe is None or pipe.closed for pipe in (process.stdout, process.stderr)
        )


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One small file of each kind."""
    folder, made = tmp_path_factory.mktemp("originals"), []
    for name in ("a.mp4", "a.webm", "a.avi", "a.mpg", "a.ts", "a.gif", "a.mkv", "a.flv"):
        source = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.4", "-f", "lavfi", "-i", "sine=d=0.4"]
        made.append(make(folder / name, *source).read_bytes())
    for kind in ("PNG", "JPEG", "WEBP"):
        Image.fromarray(chart(16)).save(folder / "still", format=kind)
        made.append((folder / "still").read_bytes())
    return made


@settings(
    max_examples=FUZZ or 50,
    derandomize=not FUZZ,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_broken_files_give_frames_or_one_clear_line(
    tmp_path: Path, originals: list[bytes], data: st.DataObject
) -> None:
    content = bytearray(data.draw(st.sampled_from(originals)))
    for _ in range(data.draw(st.integers(0, 12))):
        where = data.draw(st.integers(0, len(content) - 1))
        content[where : where + 4] = data.draw(st.binary(min_size=0, max_size=6))
    path = tmp_path / "broken.mp4"
    path.write_bytes(content[: data.draw(st.integers(len(content) // 4, len(content)))])
    try:
        info = probe(path)
        with closing(read_frames(path)) as frames:
            for frame in islice(frames, 30):
                assert frame.shape == (info.height, info.width, 3) and frame.dtype == np.uint8
    except MediaError as error:
        assert "\n" not in str(error) and len(str(error)) < 300


@given(
    starts=st.lists(st.floats(-10, 1e6), max_size=20).map(sorted),
    tick=st.sampled_from([1e-6, 1 / 90000, 0.001, 0.04]),
    nominal=st.one_of(st.none(), st.floats(0, 1e5)),
)
@settings(max_examples=FUZZ or 100, derandomize=not FUZZ, deadline=None, database=None)
def test_any_time_stamps_give_a_sane_rate(starts: list[float], tick: float, nominal: float | None) -> None:
    assert 1 <= choose_rate(starts, tick, nominal) <= 60


def test_a_cut_off_animation_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    pictures = [Image.fromarray(np.roll(chart(16), shift, 1)) for shift in range(0, 40, 4)]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:], duration=40)
    content = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "cut.gif").write_bytes(content[: len(content) * 6 // 10])
    shown = len(list(read_frames(tmp_path / "cut.gif")))
    assert 3 <= shown < 10 and probe(tmp_path / "cut.gif").frames == shown
