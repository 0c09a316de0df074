"""The invisible mark: unseen, found again after what happens to videos, never found where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media_files import make

from tmt import mark
from tmt.types import Array
from tmt.video import VideoWriter, read_frames

NUMBER = 0x12CD34EF


def frames_of(path: Path, count: int = 40) -> list[Array]:
    return [frame for _, frame in zip(range(count), read_frames(path), strict=False)]


@pytest.fixture(scope="module")
def plain(driving_clip: Path) -> list[Array]:
    return frames_of(driving_clip)


@pytest.fixture(scope="module")
def marked(plain: list[Array]) -> list[Array]:
    marker = mark.Marker(NUMBER)
    return [marker(frame) for frame in plain]


@pytest.fixture(scope="module")
def video(marked: list[Array], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mark") / "marked.mp4"
    with VideoWriter(path, size=(256, 256), fps=Fraction(25)) as writer:
        for frame in marked:
            writer.write(frame)
    return path


def test_nobody_sees_it(plain: list[Array], marked: list[Array]) -> None:
    apart = np.abs(np.stack(plain).astype(int) - np.stack(marked))
    assert apart.max() <= 1 + mark.STRENGTH * mark.SMALLEST * mark.MOST
    assert 10 * np.log10(255**2 / (apart**2).mean()) > 46


@pytest.mark.parametrize("how", [
    ("-crf", "23"), ("-crf", "28"), ("-crf", "23", "-vf", "scale=200:200"), ("-crf", "23", "-r", "15"),
    ("-crf", "23", "-ss", "0.6"), ("-crf", "23", "-vf", "eq=brightness=0.05:contrast=1.1"),
])  # fmt: skip
def test_it_is_read_again_after_another_encoding(video: Path, tmp_path: Path, how: tuple[str, ...]) -> None:
    again = make(tmp_path / "again.mp4", "-i", str(video), "-c:v", "libx264", "-pix_fmt", "yuv420p", *how)
    trace = mark.find(read_frames(again))
    assert trace.found
    assert trace.number == NUMBER


def test_an_unmarked_clip_has_none(driving_clip: Path, subject_clip: Path, still_picture: Path) -> None:
    for path in (driving_clip, subject_clip, still_picture):
        trace = mark.find(frames_of(path))
        assert not trace.found
        assert trace.number is None
        assert trace.certainty < mark.SURE / 2


def test_no_frames_and_one_colour_hold_no_mark() -> None:
    assert not mark.find([]).found
    assert not mark.find([np.full((90, 160, 3), 200, np.uint8)] * 3).found


def test_noise_looks_marked_as_rarely_as_is_claimed() -> None:
    random = np.random.default_rng(5)
    found = [mark.find([random.integers(0, 256, (128, 128, 3), dtype=np.uint8)]).certainty for _ in range(200)]
    assert 0.03 < float(np.mean(np.array(found) > 1)) < 0.25, "one in ten looks marked as once in ten"
    assert max(found) < mark.SURE


def test_a_clip_marked_with_its_picture_still_streams(plain: list[Array]) -> None:
    marker, given = mark.Marker(NUMBER), iter(plain)
    made: Iterator[Array] = (marker(frame) for frame in given)
    first = next(made)
    assert first.shape == plain[0].shape
    assert len(list(given)) == len(plain) - 1, "no frame is waited for"


def test_a_frame_is_not_changed_in_place(plain: list[Array]) -> None:
    frame = plain[0].copy()
    mark.Marker(NUMBER)(frame)
    assert (frame == plain[0]).all()


@given(st.integers(0, 2**mark.NUMBER - 1), st.lists(st.integers(0, mark.BITS - 1), max_size=3, unique=True))
@settings(max_examples=30, deadline=None)
def test_a_few_weak_wrong_bits_do_not_change_the_number(number: int, wrong: list[int]) -> None:
    each = (2.0 * mark._bits(number) - 1) * 5
    each[wrong] *= -0.1
    assert mark._number(each) == number


def test_a_number_is_written_as_people_compare_it() -> None:
    assert mark.written(0x00AB12CD) == "00ab-12cd"
    assert len({mark.new_number() for _ in range(50)}) == 50
