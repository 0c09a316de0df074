"""Broken input: any file gives the frames that are in it, or one clear line; and ffmpeg is never left behind."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from media_files import chart, counter, make
from PIL import Image

from tmt import ffmpeg, stills
from tmt.errors import MediaError
from tmt.probe import _inspect, choose_rate
from tmt.video import probe, read_frames

T = TypeVar("T")
FUZZ = int(os.environ.get("TMT_FUZZ", "0"))  # broken files to try; set e.g. TMT_FUZZ=2000 for a thorough, random run


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm"])
def test_a_file_that_ends_too_early_is_known_for_what_it_lacks_and_a_whole_one_lacks_nothing(
    tmp_path: Path, name: str
) -> None:
    more = ["-movflags", "+faststart"] if name in ("a.mp4", "a.mov") else []
    whole = make(tmp_path / name, "-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=4", *more)
    assert probe(whole).missing == 0
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    info = probe(cut)
    assert info.seconds is not None and 0.5 < info.missing < 3.5
    assert info.seconds + info.missing == pytest.approx(4, abs=0.1)


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
    assert "no known video format" in str(refusal(tmp_path / "text.mp4"))
    whole = make(tmp_path / "a.mp4", "-f", "lavfi", "-i", "testsrc2=d=1").read_bytes()
    (tmp_path / "index.mp4").write_bytes(whole[:900])
    assert "index is missing" in str(refusal(tmp_path / "index.mp4"))
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
    shown, info = len(list(read_frames(tmp_path / "cut.mp4"))), probe(tmp_path / "cut.mp4")
    assert 10 < shown < 50 and info.missing == pytest.approx(2 - shown / 25, abs=0.1)
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


@pytest.mark.parametrize("first", [0, 1])
def test_a_time_stamp_years_away_neither_hangs_nor_fills_the_memory(tmp_path: Path, first: int) -> None:
    path = make(tmp_path / "a.flv", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-c:v", "flv1")
    content, at, found = bytearray(path.read_bytes()), 13, 0
    while at + 15 < len(content):  # FLV tags: kind, size, time in three bytes and a fourth for its top
        if content[at] == 9:
            found += 1
            if found > 12 * first:
                content[at + 7] = 0x7F
        at += 15 + int.from_bytes(content[at + 1 : at + 4], "big")
    path.write_bytes(content)
    info, frames = probe(path), list(islice(read_frames(path), 500))
    assert 20 <= len(frames) <= 30 and info.fps == 25


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
    return made


@pytest.fixture(scope="module")
def words(originals: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    """What ffmpeg says of each of them, and its list of packets."""
    path, told = tmp_path_factory.mktemp("told") / "original", []
    for content in originals:
        path.write_bytes(content)
        packets = ["-v", "error", *ffmpeg.source(path), "-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"]
        told.append((ffmpeg.run(ffmpeg.source(path))[2], ffmpeg.run(packets)[1]))
    return told


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """One small picture of each kind, and animations."""
    made = []
    frames = [Image.fromarray(np.roll(chart(8), shift, 1)) for shift in range(0, 12, 4)]
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        for more in ([], frames[1:]) if kind in ("PNG", "WEBP", "GIF") else ([],):
            file = io.BytesIO()
            frames[0].save(file, format=kind, **({"save_all": True, "append_images": more} if more else {}))
            made.append(file.getvalue())
    return made


def tries(count: int) -> Callable[[T], T]:
    """So many examples, the same in every run; TMT_FUZZ in their place, at random."""
    known = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=FUZZ or count, derandomize=not FUZZ, deadline=None, database=None, suppress_health_check=known
    )


def damaged(data: st.DataObject, whole: bytes) -> bytes:
    """Bytes replaced, put in and left out, and perhaps the end cut off."""
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 12))):
        where = data.draw(st.integers(0, len(content) - 1))
        content[where : where + 4] = data.draw(st.binary(min_size=0, max_size=6))
    return bytes(content[: data.draw(st.integers(len(content) // 4, len(content)))])


@tries(900)
@given(data=st.data())
def test_broken_pictures_are_probed_or_refused_in_one_line(
    tmp_path: Path, pictures: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(damaged(data, data.draw(st.sampled_from(pictures))))
    try:
        look = stills.look(path)
        assert look is None or (min(look.size) > 0 and len(look.times) > 1)
        if look is not None:
            assert all(frame.dtype == np.uint8 for frame in islice(stills.frames(path), 3))
    except MediaError as error:
        assert "\n" not in str(error) and len(str(error)) < 300


@tries(1000)
@given(data=st.data())
def test_whatever_ffmpeg_says_of_a_file_it_is_probed_or_refused_in_one_line(
    tmp_path: Path, words: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    said, packets = data.draw(st.sampled_from(words))
    answers = iter([(0, b"", damaged(data, said.encode()).decode("utf-8", "replace")), (0, damaged(data, packets), "")])
    path = tmp_path / "told.mp4"
    path.write_bytes(b"no picture format")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ffmpeg, "run", lambda *_arguments, **_named: next(answers))
        try:
            info = _inspect.__wrapped__(path, (0, 0, 0))[0]
            assert 1 <= info.fps <= 60 and info.width > 0 and info.height > 0
        except MediaError as error:
            assert "\n" not in str(error) and len(str(error)) < 300


@tries(100)
@given(data=st.data())
def test_broken_files_give_frames_or_one_clear_line(
    tmp_path: Path, originals: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(damaged(data, data.draw(st.sampled_from(originals))))
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
@tries(100)
def test_any_time_stamps_give_a_sane_rate(starts: list[float], tick: float, nominal: float | None) -> None:
    assert 1 <= choose_rate(starts, tick, nominal) <= 60


def test_a_cut_off_animation_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    pictures = [Image.fromarray(np.roll(chart(16), shift, 1)) for shift in range(0, 40, 4)]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:], duration=40)
    content = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "cut.gif").write_bytes(content[: len(content) * 6 // 10])
    shown = len(list(read_frames(tmp_path / "cut.gif")))
    assert 3 <= shown < 10 and probe(tmp_path / "cut.gif").frames == shown
