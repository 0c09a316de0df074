"""Black bars around a picture are found, are no part of the head's crop, and stay where they are in the full frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drivers import short_clip
from heads import TOPOLOGY, mottled, pipeline, studied
from hypothesis import given
from hypothesis import strategies as st

from tmt.bars import MOST, Bars
from tmt.canvas import head_window, shown
from tmt.types import Array, CanonicalHead, Consent, Settings
from tmt.video import VideoWriter, probe, read_frames

BELOW, BESIDE = 36, 20  # px of bars put around a clip of 256 px


def bars_of(*frames: Array) -> tuple[int, int, int, int]:
    bars = Bars()
    for frame in frames:
        bars.add(frame)
    return bars.sides()


def room(height: int = 120, width: int = 160) -> Array:
    """A usual picture [H, W, 3] uint8, lit everywhere."""
    return np.round(90 + 120 * mottled((height, width), 2)).clip(0, 255).astype(np.uint8)


def framed(picture: Array, sides: tuple[int, int, int, int]) -> Array:
    """A picture with bars (left, top, right, bottom) of black as a codec leaves it."""
    left, top, right, bottom = sides
    size = picture.shape[0] + top + bottom, picture.shape[1] + left + right, 3
    out = np.random.default_rng(1).integers(0, 12, size).astype(np.uint8)
    out[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return out


widths = st.integers(2, 40) | st.just(0)


@given(st.tuples(widths, widths, widths, widths))
def test_bars_of_any_width_are_found_to_the_line(sides: tuple[int, int, int, int]) -> None:
    assert bars_of(framed(room(), sides)) == sides


def test_a_blended_line_between_bar_and_picture_belongs_to_the_bar() -> None:
    picture = framed(room(), (0, 0, 0, 20))
    picture[119] //= 2
    assert bars_of(picture) == (0, 0, 0, 21)


def test_a_dark_room_has_no_bars() -> None:
    fading = (room() * np.linspace(0, 1, 120)[:, None, None]).astype(np.uint8)
    assert bars_of(fading) == (0, 0, 0, 0)
    lamp = np.zeros((120, 160, 3), np.uint8)
    lamp[40:80, 60:100] = 220
    assert bars_of(lamp) == (0, 0, 0, 0)
    assert bars_of(np.zeros((120, 160, 3), np.uint8)) == bars_of() == (0, 0, 0, 0)


def test_what_was_lit_once_is_no_bar() -> None:
    first, later = framed(room(120), (0, 30, 0, 0)), framed(room(140), (0, 10, 0, 0))
    assert bars_of(first, later) == (0, 10, 0, 0)
    assert bars_of(np.zeros((120, 160, 3), np.uint8), room()) == (0, 0, 0, 0)  # faded in from black


def test_no_more_than_a_share_of_a_picture_is_taken_for_a_bar() -> None:
    side = round(120 * MOST / (1 - MOST))
    assert bars_of(framed(room(), (0, 0, 0, side + 4))) == (0, 0, 0, 0)


# A clip with bars, studied and transferred


@pytest.fixture(scope="module")
def barred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The subject's clip, its lower part and a strip at its left under black bars."""
    folder = tmp_path_factory.mktemp("bars")
    clip, out = short_clip("subject.mp4", 14, folder), folder / "barred.mp4"
    with VideoWriter(out, size=(256, 256), fps=probe(clip).fps) as writer:
        for frame in read_frames(clip):
            black = frame.copy()
            black[-BELOW:], black[:, :BESIDE] = 0, 0
            writer.write(black)
    return out


@pytest.fixture(scope="module")
def head(barred: Path) -> CanonicalHead:
    return pipeline().study(barred, consent=Consent(True, True, True))


def drawn(head: CanonicalHead, barred: Path, settings: Settings) -> Iterator[Array]:
    """Pictures [H, W, 3] 0..1 of the head driven by another clip."""
    driving = short_clip("driving.mp4", 7, barred.parent)
    for frame in pipeline().frames(head, driving, settings):
        yield frame.image.permute(1, 2, 0).numpy()


def test_the_crop_of_a_clip_with_bars_shows_none(head: CanonicalHead, barred: Path) -> None:
    left, top, right, bottom = head.track.bars
    assert (top, right) == (0, 0) and BESIDE <= left <= BESIDE + 2 and BELOW <= bottom <= BELOW + 2
    window, area = head_window(head.track, TOPOLOGY, 640), shown(head.track)
    assert window.left >= area.left and window.top + window.height <= area.top + area.height
    for picture in drawn(head, barred, Settings(size=256, label=False)):
        assert min(np.median(picture[-3:].max(-1)), np.median(picture[:, :3].max(-1))) > 0.15


@pytest.mark.parametrize("mode", ["relative", "absolute"])
def test_bars_stay_as_they_are_in_the_full_frame(head: CanonicalHead, barred: Path, mode: str) -> None:
    for picture in drawn(head, barred, Settings(full_frame=True, mode=mode, label=False)):  # type: ignore[arg-type]
        assert picture.shape == (256, 256, 3)
        assert max(picture[-BELOW + 2 :].max(), picture[:, : BESIDE - 2].max()) < 0.1
        assert np.median(picture[-BELOW - 8 : -BELOW - 4, BESIDE + 4 :].max(-1)) > 0.15


def test_clips_without_bars_are_seen_whole() -> None:
    track = studied().track
    area = shown(track)
    assert track.bars == (0, 0, 0, 0) and (area.left, area.top, area.width, area.height) == (0, 0, *track.size)
