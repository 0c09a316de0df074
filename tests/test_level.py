"""Dark and flat footage is shown to a landmark network in usual light; small footage is seen enlarged."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from heads import TOPOLOGY, average, mottled, pipeline, studied
from hypothesis import given
from hypothesis import strategies as st

from tmt.body import Body
from tmt.draw import canvas_for
from tmt.errors import FaceError
from tmt.level import levelled
from tmt.motion import turntable
from tmt.shots import Shots, find, take_shots
from tmt.track import FaceTracker, TrackBuilder
from tmt.types import Array, MediaInfo, Settings, Window
from tmt.video import VideoWriter, probe, read_frames
from tmt.views import along
from tmt.working import LEAST, as_filmed, enlarged, window_as_filmed, working_frames

SIDE = 200
FACE = average() * 35 + (SIDE / 2, SIDE / 2, 0)


def lit(low: float, high: float) -> Array:
    """A picture [SIDE, SIDE, 3] uint8 whose grey levels reach from low to high."""
    levels = mottled((SIDE, SIDE), grain=6.0)[..., :1].repeat(3, -1)
    levels = (levels - levels.min()) / np.ptp(levels)
    return np.round(low + levels * (high - low)).astype(np.uint8)


def darkened(picture: Array) -> Array:
    return np.round(picture * 0.12).astype(np.uint8)


def span(picture: Array) -> float:
    low, high = (FACE[:, :2].min(0).astype(int), FACE[:, :2].max(0).astype(int))
    return float(np.ptp(np.percentile(picture[low[1] : high[1], low[0] : high[0]].mean(-1), (1, 99))))


def test_a_face_in_usual_light_is_left_as_it_is() -> None:
    picture = lit(20, 220)
    assert levelled(picture, FACE) is picture


@pytest.mark.parametrize(("low", "high"), [(2, 40), (90, 140)])  # dark; hazy
def test_a_dark_or_flat_face_is_seen_in_usual_light(low: float, high: float) -> None:
    picture = lit(low, high)
    seen = levelled(picture, FACE)
    assert span(seen) > 3 * span(picture) and 90 < seen.mean() < 165
    darker = picture[..., 0] < picture[..., 0].mean() - 5
    assert seen[darker].mean() < seen[~darker].mean()  # what was darker still is


def test_where_nothing_is_to_be_seen_nothing_is_made_up() -> None:
    black = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert levelled(black, FACE) is black
    away = FACE + (5 * SIDE, 0, 0)
    assert levelled(lit(2, 40), away) is not None


def test_a_dark_person_before_a_bright_window_keeps_the_windows_light() -> None:
    picture = lit(2, 40)
    assert span(levelled(picture)) > 3 * span(picture)
    picture[:, :40] = 240
    assert levelled(picture) is picture and levelled(picture, FACE) is not picture


class _Watcher(FaceTracker):
    """Says where the face is, and keeps what it was shown."""

    topology = TOPOLOGY

    def __init__(self) -> None:
        self.shown: list[Array] = []

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        self.shown.append(frame)
        return np.pad(FACE, ((0, TOPOLOGY.count - len(FACE)), (0, 0)), mode="edge").astype(np.float32)

    def matte(self, frame: Array) -> Array:
        return np.zeros(frame.shape[:2], np.float32)


def test_the_tracker_is_shown_a_dark_face_in_usual_light_from_the_first_frame_on() -> None:
    watcher = _Watcher()
    builder = TrackBuilder(watcher, "dark.mp4", skin=False)
    for _ in range(2):
        builder.add(lit(2, 40))
    assert [round(span(frame)) > 100 for frame in watcher.shown] == [False, True, True]


def test_a_quick_look_at_a_dark_clip_sees_what_a_run_will_see() -> None:
    watcher = _Watcher()
    found = find(Shots(info_of(SIDE, SIDE), [0], [lit(2, 40)], 1.0), watcher)
    assert found is not None and [round(span(frame)) > 100 for frame in watcher.shown] == [False, True]


def test_a_quick_look_at_a_small_clip_sees_it_enlarged_and_says_where_in_the_clip(tmp_path: Path) -> None:
    path = tmp_path / "small.mp4"
    with VideoWriter(path, size=(SIDE // 2, SIDE // 2), fps=Fraction(25), crf=5) as writer:
        for _ in range(4):
            writer.write(lit(20, 220)[: SIDE // 2, : SIDE // 2])
    shots = take_shots(probe(path), 2)
    assert shots.numbers == [0, 2] and shots.pictures[0].shape == (300, 300, 3)
    found = find(shots, _Watcher())
    assert found is not None and np.abs(found.landmarks[0, : len(FACE)] - FACE / 3).max() < 1e-4


def test_where_a_dark_person_ends_is_asked_in_usual_light_in_every_picture_of_a_full_frame(tmp_path: Path) -> None:
    head, tracker, settings = studied(), pipeline().tracker, Settings(full_frame=True)
    path, size = tmp_path / "dark.mp4", (head.info.width, head.info.height)
    with VideoWriter(path, size=size, fps=head.info.fps, crf=5) as writer:
        for frame in read_frames(head.info.path):
            writer.write(darkened(frame))
    dark = replace(head, picture=darkened(head.picture), info=probe(path))
    canvas = canvas_for(head, along(head.performance, turntable()), settings, TOPOLOGY)
    shown: list[Array] = []

    class Spy(_Watcher):
        def matte(self, frame: Array) -> Array:
            shown.append(frame)
            return tracker.matte(frame)

    body = Body(dark, Spy(), head.info.fps)
    body.behind(0, canvas)
    body.close()
    assert len(shown) > 10 and min(frame.mean() for frame in shown) > 3 * dark.picture.mean()


def info_of(width: int, height: int) -> MediaInfo:
    return MediaInfo(Path("x.mp4"), width, height, Fraction(25), 3, 0.1, False, False)


@given(st.integers(16, 2000), st.integers(16, 2000))
def test_working_pictures_have_at_least_so_many_pixels_and_windows_go_back(width: int, height: int) -> None:
    info = info_of(width, height)
    times = enlarged(info)
    assert min(width, height) * times >= LEAST and (times == 1 or min(width, height) * (times - 1) < LEAST)
    back = window_as_filmed(Window(8.0, 4.0, 32.0, 16.0, 0.5), info)
    assert back.shape == Window(8.0, 4.0, 32.0, 16.0, 0.5).shape and back.left * times == pytest.approx(8)


def test_a_small_clip_is_seen_enlarged_and_goes_back_to_its_size(tmp_path: Path) -> None:
    path, picture = tmp_path / "small.mp4", np.round(mottled((96, 128), grain=9.0) * 255).astype(np.uint8)
    with VideoWriter(path, size=(128, 96), fps=Fraction(25), crf=5) as writer:
        for _ in range(3):
            writer.write(picture)
    info, small = probe(path), next(read_frames(path))
    frames = list(working_frames(info))
    assert len(frames) == 3 and frames[0].shape == (288, 384, 3)
    assert np.abs(as_filmed(frames[0], info).astype(int) - small).mean() < 1.5


def test_enlarging_makes_no_tiny_face_large_enough() -> None:
    builder = TrackBuilder(_Watcher(), "tiny.mp4", skin=False, enlarged=4)
    builder.add(lit(20, 220))
    with pytest.raises(FaceError, match="14 pixels"):
        builder.finish(Fraction(25))
