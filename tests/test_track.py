"""Following one face through a clip."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from heads import FPS, TOPOLOGY, eye_width, faces_at, lid_gap, lip_gap, mottled, pipeline

from tmt.bridge import bridge_gaps
from tmt.errors import FaceError
from tmt.track import FaceTracker, TrackBuilder, face_sharpness, track
from tmt.track_mediapipe import MediaPipeTracker
from tmt.types import Array, FaceTrack
from tmt.video import read_frames


class Listed(FaceTracker):
    """A tracker that gives what it was told, frame by frame."""

    topology = TOPOLOGY

    def __init__(self, answers: list[Array | None]) -> None:
        self.answers, self.previous = iter(answers), list[Array]()

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker."""
        if previous is not None:
            self.previous.append(previous)
        elif self.previous:
            return None  # was already asked about this frame
        return next(self.answers)

    def matte(self, frame: Array) -> Array:
        """See FaceTracker."""
        return np.ones(frame.shape[:2], np.float32)


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
    assert tracker.previous[0] is face  # a lost face is looked for from where it was last


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
    frames = [np.zeros((400, 400, 3), np.uint8)] * 3
    track(frames, Listed([face] * 3), Fraction(30000, 1001), "clip", lambda: ticks.append(1))
    assert len(ticks) == 3


def test_blur_lowers_sharpness_and_a_larger_copy_of_the_picture_does_not_raise_it() -> None:
    face = faces_at(np.zeros(1))[0]
    picture = np.round(mottled((400, 400), grain=1.5) * 255).astype(np.uint8)
    clear = face_sharpness(picture, face)
    assert face_sharpness(cv2.GaussianBlur(picture, (0, 0), 3), face) < 0.5 * clear
    assert face_sharpness(cv2.resize(picture, (800, 800), interpolation=cv2.INTER_CUBIC), face * 2) < 1.5 * clear
    assert face_sharpness(picture, None) == 0


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
    again = track(read_frames(subject_clip), pipeline().tracker, FPS, "again")
    np.testing.assert_array_equal(again.landmarks, clip_track.landmarks)


def test_two_threads_may_share_a_tracker(subject_clip: Path, driving_clip: Path) -> None:
    tracker = MediaPipeTracker()  # its own: a tracker that breaks shall not break the other tests
    clips = [list(read_frames(path))[:12] for path in (subject_clip, driving_clip)]

    def faces(clip: list[Array]) -> Array:
        return np.stack([face for face in (tracker.detect(frame, None) for frame in clip) if face is not None])

    alone = [faces(clip) for clip in clips]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(faces, clips))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
