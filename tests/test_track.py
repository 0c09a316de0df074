"""Following a face and the shoulders through a clip."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from heads import FPS, TOPOLOGY, act, average, eye_width, lid_gap, lip_gap, mottled, pipeline
from scipy.ndimage import gaussian_filter1d

from tmt.errors import FaceError
from tmt.torso import TorsoTracker
from tmt.track import TrackBuilder, bridge_gaps, face_sharpness, steady, track
from tmt.types import Array, FaceTrack
from tmt.video import read_frames

FACE = 155.0  # px, about the width of a face of 100 px per head unit


class Listed:
    """A tracker that gives what it was told, frame by frame."""

    topology = TOPOLOGY

    def __init__(self, answers: list[Array | None]) -> None:
        self.answers, self.previous = iter(answers), list[Array | None]()

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker."""
        self.previous.append(previous)
        return next(self.answers)

    def matte(self, frame: Array) -> Array:
        """See FaceTracker."""
        return np.ones(frame.shape[:2], np.float32)


def faces_at(x: Array, scale: float = 100.0) -> Array:
    """The average face in a picture, moved sideways by x [T] px -> [T, L, 3]."""
    return average() * scale + np.stack([x + 200, 0 * x + 200, 0 * x], 1)[:, None]


# Gaps


def test_short_gaps_are_interpolated() -> None:
    a, b = np.zeros((5, 3), np.float32), np.full((5, 3), 4.0, np.float32)
    filled = bridge_gaps([a, None, None, None, b], max_gap=3)
    np.testing.assert_allclose(filled[:, 0, 0], [0, 1, 2, 3, 4])


def test_longer_gaps_hold_the_last_face() -> None:
    a, b = np.zeros((5, 3), np.float32), np.full((5, 3), 4.0, np.float32)
    filled = bridge_gaps([a, None, None, None, b], max_gap=2)
    np.testing.assert_allclose(filled[:, 0, 0], [0, 0, 0, 0, 4])


def test_gaps_at_the_ends_hold_the_nearest_face() -> None:
    a, b = np.ones((5, 3), np.float32), np.full((5, 3), 2.0, np.float32)
    np.testing.assert_allclose(bridge_gaps([None, None, a, b, None], max_gap=9)[:, 0, 0], [1, 1, 1, 2, 2])


def test_found_faces_are_never_changed_by_bridging() -> None:
    rng = np.random.default_rng(0)
    faces = [None if i % 3 == 1 else rng.normal(size=(4, 3)).astype(np.float32) for i in range(20)]
    filled = bridge_gaps(faces, max_gap=5)
    assert all(np.array_equal(filled[i], face) for i, face in enumerate(faces) if face is not None)
    assert np.isfinite(filled).all()


# Steadying


def test_a_trembling_still_face_is_calmed() -> None:
    still = faces_at(np.zeros(60))
    shaky = (still + np.random.default_rng(0).normal(0, FACE / 1000, still.shape)).astype(np.float32)
    calm = [np.diff(steady(shaky, TOPOLOGY.stable, amount), axis=0).std() for amount in (0.0, 0.25, 0.5, 1.0)]
    assert calm[0] == np.diff(shaky, axis=0).std()
    assert calm[0] > calm[1] > calm[2] > calm[3] and calm[2] < 0.45 * calm[0]


@pytest.mark.parametrize("jump", [4.0, 15.0, 60.0])
def test_a_sudden_step_is_kept(jump: float) -> None:
    moved = faces_at(jump * (np.arange(40) >= 20)).astype(np.float32)
    assert np.abs(steady(moved, TOPOLOGY.stable, 0.5) - moved).max() < min(0.25 * jump, 0.01 * FACE)


@pytest.mark.parametrize("period", [5, 8])
@pytest.mark.parametrize("amount", [0.25, 0.5, 1.0])
def test_a_fast_shake_of_the_head_passes_nearly_unchanged(period: int, amount: float) -> None:
    moved = faces_at(6 * np.sin(np.arange(48) * 2 * np.pi / period)).astype(np.float32)
    lost = np.abs(steady(moved, TOPOLOGY.stable, amount) - moved)[6:-6].max()
    plain = np.abs(gaussian_filter1d(moved, 0.4 + 0.8 * amount, axis=0) - moved)[6:-6].max()
    assert lost < 0.01 * FACE and lost < 0.6 * plain


def test_the_lips_of_a_still_head_keep_the_pace_of_speech() -> None:
    opening = 0.1 * (1 - np.cos(np.arange(40) * 2 * np.pi / 5))  # five syllables a second
    spoken = np.stack([act(average(), mouth=m) for m in opening]) * 100
    kept = [lip_gap(face) for face in steady(spoken.astype(np.float32), TOPOLOGY.stable, 0.5)[6:-6]]
    assert np.ptp(kept) > 0.9 * 20


def test_a_blink_of_a_still_head_still_closes_the_eyes() -> None:
    closed = np.isin(np.arange(40), (19, 20, 21))
    blinking = np.stack([act(average(), lids=float(c)) for c in closed]) * 100
    steadied = steady(blinking.astype(np.float32), TOPOLOGY.stable, 0.5)
    for eye in TOPOLOGY.eyes:
        assert min(lid_gap(face, eye) for face in steadied) < 0.1 * lid_gap(steadied[0], eye)


@pytest.mark.parametrize("speed", [1.0, 2.0, 3.0])
def test_a_clip_that_begins_and_ends_in_motion_is_hardly_held_back_there(speed: float) -> None:
    moving = faces_at(speed * np.arange(30.0)).astype(np.float32)
    np.testing.assert_allclose(steady(moving, TOPOLOGY.stable, 0.5), moving, atol=0.004 * FACE)


def test_clips_too_short_to_filter_are_left_alone() -> None:
    pair = faces_at(np.array([0.0, 5.0])).astype(np.float32)
    np.testing.assert_array_equal(steady(pair, TOPOLOGY.stable, 1.0), pair)


# Collecting a track


def test_a_track_tells_found_frames_from_bridged_ones() -> None:
    face = faces_at(np.zeros(1))[0].astype(np.float32)
    frames = [np.zeros((400, 400, 3), np.uint8)] * 5
    tracker = Listed([face, None, face + 2, None, None])
    result = track(frames, tracker, FPS, "clip")
    assert result.found.tolist() == [True, False, True, False, False]
    np.testing.assert_allclose(result.landmarks[1], face + 1, atol=1e-4)
    np.testing.assert_allclose(result.landmarks[4], face + 2, atol=1e-4)
    assert result.sharpness[1] == 0 and result.size == (400, 400) and len(result) == 5
    assert tracker.previous[1] is face  # a lost face is looked for from where it was last


def test_a_clip_without_a_face_is_refused_by_name() -> None:
    with pytest.raises(FaceError, match=r"holiday\.mp4.*no human face"):
        track([np.zeros((64, 64, 3), np.uint8)], Listed([None]), FPS, "holiday.mp4")


def test_a_face_too_small_for_an_expression_is_refused() -> None:
    face = faces_at(np.zeros(1), scale=15.0)[0].astype(np.float32)
    with pytest.raises(FaceError, match="pixels wide") as caught:
        track([np.zeros((400, 400, 3), np.uint8)], Listed([face]), FPS, "far.mp4")
    assert caught.value.key == "face_too_small"


def test_every_frame_ticks() -> None:
    face, ticks = faces_at(np.zeros(1))[0].astype(np.float32), []
    track([np.zeros((400, 400, 3), np.uint8)] * 3, Listed([face] * 3), Fraction(30000, 1001), "c", lambda: ticks.append(1))
    assert len(ticks) == 3


def test_blur_lowers_sharpness_and_a_larger_copy_of_the_picture_does_not_raise_it() -> None:
    face = faces_at(np.zeros(1))[0]
    picture = np.round(mottled((400, 400), grain=1.5) * 255).astype(np.uint8)
    clear = face_sharpness(picture, face)
    assert face_sharpness(cv2.GaussianBlur(picture, (0, 0), 3), face) < 0.5 * clear
    assert face_sharpness(cv2.resize(picture, (800, 800), interpolation=cv2.INTER_CUBIC), face * 2) < 1.5 * clear
    assert face_sharpness(picture, None) == 0


# The torso


def shifted(picture: Array, x: float, y: float) -> Array:
    """The picture moved by (x, y) px."""
    return cv2.warpAffine(picture, np.float32([[1, 0, x], [0, 1, y]]), picture.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize("size", [240, 480])  # below and above the width at which flow is followed
def test_the_torso_tracker_measures_how_far_the_shoulders_moved(size: int) -> None:
    picture = np.round(mottled((size, size), grain=4.0) * 255).astype(np.uint8)
    face = average() * size / 8 + (size / 2, size / 4, 0)
    torso = TorsoTracker(TOPOLOGY)
    torso.start(picture, face, np.ones((size, size), np.float32))
    for x, y in ((0.0, 0.0), (2.0, -1.0), (5.5, 3.0), (9.0, 2.25), (4.0, 0.0)):
        np.testing.assert_allclose(torso.follow(shifted(picture, x, y)), (x, y), atol=0.25)


def test_only_what_lies_below_the_chin_counts_as_torso() -> None:
    picture = np.round(mottled((240, 240), grain=3.0) * 255).astype(np.uint8)
    face = average() * 30 + (120, 70, 0)
    torso = TorsoTracker(TOPOLOGY)
    torso.start(picture, face, np.ones((240, 240), np.float32))
    nodded = picture.copy()
    nodded[:110] = shifted(picture, 0.0, 6.0)[:110]
    np.testing.assert_allclose(torso.follow(nodded), (0, 0), atol=0.1)


def test_a_torso_that_is_lost_stays_where_it_was() -> None:
    picture = np.round(mottled((240, 240), grain=3.0) * 255).astype(np.uint8)
    torso = TorsoTracker(TOPOLOGY)
    torso.start(picture, average() * 30 + (120, 70, 0), np.ones((240, 240), np.float32))
    there = torso.follow(shifted(picture, 4.0, 0.0))
    np.testing.assert_array_equal(torso.follow(np.zeros_like(picture)), there)


def test_a_picture_without_a_torso_has_no_drift() -> None:
    torso = TorsoTracker(TOPOLOGY)
    picture = np.zeros((240, 240, 3), np.uint8)
    torso.start(picture, average() * 30 + (120, 70, 0), np.zeros((240, 240), np.float32))
    assert torso.follow(picture).tolist() == [0, 0]


# The real tracker


@pytest.fixture(scope="module")
def clip_track(subject_clip: Path) -> FaceTrack:
    return track(read_frames(subject_clip), pipeline().tracker, FPS, "subject.mp4")


def test_the_face_is_found_in_every_frame_and_moves_smoothly(clip_track: FaceTrack) -> None:
    assert clip_track.found.all() and len(clip_track) == 48
    centre = clip_track.landmarks[:, : TOPOLOGY.surface, :2].mean(1)
    assert np.abs(np.diff(centre, axis=0)).max() < 5


def test_the_tracker_sees_speech_and_blinks_of_the_driver(driving_clip: Path) -> None:
    driver = track(read_frames(driving_clip), pipeline().tracker, FPS, "driving.mp4")
    assert driver.found.all()
    eye = TOPOLOGY.right_eye
    lids = np.array([lid_gap(face, eye) / eye_width(face, eye) for face in driver.landmarks])
    assert abs(int(lids.argmin()) - 22) <= 1 and lids.min() < 0.5 * np.median(lids)  # the blink at 0.88 s
    lips = np.array([lip_gap(face) for face in driver.landmarks])
    assert lips.max() > 4 * lips.min()


def test_a_picture_without_a_face_is_refused(no_face_picture: Path) -> None:
    with pytest.raises(FaceError):
        track(read_frames(no_face_picture), pipeline().tracker, FPS, no_face_picture.name)


def test_of_two_faces_the_larger_is_taken(two_faces_picture: Path) -> None:
    picture = next(iter(read_frames(two_faces_picture)))
    for mirrored in (False, True):
        frame = np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture
        face = pipeline().tracker.detect(frame, None)
        assert face is not None
        assert (face[:, 0].mean() > frame.shape[1] / 2) == mirrored


def test_a_cut_to_a_face_elsewhere_is_found_again(still_picture: Path) -> None:
    picture = cv2.resize(next(iter(read_frames(still_picture))), (192, 192), interpolation=cv2.INTER_AREA)
    grey = np.full((256, 512, 3), 120, np.uint8)
    left, right = grey.copy(), grey.copy()
    left[32:224, :192], right[32:224, 320:] = picture, picture
    builder = TrackBuilder(pipeline().tracker, "cut")
    first, second = builder.add(left), builder.add(right)
    assert first is not None and second is not None
    np.testing.assert_allclose(second[: TOPOLOGY.surface, :2] - first[: TOPOLOGY.surface, :2], [[320, 0]] * 468, atol=2)


def test_the_tracker_gives_the_same_for_the_same_frames_again(clip_track: FaceTrack, subject_clip: Path) -> None:
    again = track(list(read_frames(subject_clip))[:5], pipeline().tracker, FPS, "again")
    np.testing.assert_array_equal(again.landmarks, clip_track.landmarks[:5])
