"""How far a face stands out, told by how it moves when it turns, on faces whose depth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from heads import FPS, TOPOLOGY, act, average, poses, track_of

from tmt.drift import standing
from tmt.geometry import rotation_angle, transform
from tmt.motion import perform
from tmt.pose import fit_poses
from tmt.relief import measured_relief, mirror, own_relief, raised, set_back, usual_relief
from tmt.train.clip import Clip
from tmt.train.relief import mean_relief
from tmt.types import Array, FaceTrack, Pose

PHASE = np.linspace(0, 2 * np.pi, 50, endpoint=False)
CHIN = 0.15 * np.exp(-(((average()[:, :2] - average()[TOPOLOGY.chin, :2]) / 0.4) ** 2).sum(1))  # nearer than it seems


def seen_flat(faces: Array, pose: Pose) -> FaceTrack:
    """Faces [T, L, 3] whose chins stand out as CHIN says, by a tracker that does not see it."""
    track = track_of(set_back(faces.reshape(-1, 3), np.tile(-CHIN, len(faces))).reshape(faces.shape), pose)
    landmarks = track.landmarks.copy()
    landmarks[..., 2] = transform(pose, faces)[..., 2]
    return replace(track, landmarks=landmarks)


def told(track: FaceTrack, shape: Array | None = None) -> tuple[Array, Array]:
    """The relief of a track, beside the average face."""
    shape = average() if shape is None else shape
    return measured_relief(track.landmarks, fit_poses(track.landmarks, shape, TOPOLOGY), shape, TOPOLOGY)


def test_a_chin_that_the_tracker_sees_too_flat_is_found_by_turns_to_the_side() -> None:
    still = np.repeat(average()[None], len(PHASE), 0)
    found, known = told(seen_flat(still, poses(12 * np.sin(PHASE))))
    assert found[TOPOLOGY.chin] == pytest.approx(-CHIN[TOPOLOGY.chin], rel=0.2)
    assert found[TOPOLOGY.forehead] == pytest.approx(0, abs=0.03)
    assert known.min() > 0.8


def test_a_jaw_that_opens_with_every_nod_is_not_taken_for_depth() -> None:
    speaking = np.stack([act(average(), mouth=0.1 * (1 + np.sin(t))) for t in PHASE])
    found, known = told(track_of(speaking, poses(0 * PHASE, 8 * np.sin(PHASE))))
    assert np.abs(found).max() < 0.01
    assert known.max() < 0.05


def test_eyes_that_stay_on_the_camera_are_no_deeper_for_it() -> None:
    turn = 12 * np.sin(PHASE)
    looking = np.stack([act(average(), gaze=-0.01 * t) for t in turn])
    found, _ = told(track_of(looking, poses(turn)))
    for eye in TOPOLOGY.eyes:
        assert found[list(eye.iris)] == pytest.approx(found[list(eye.ring)].mean(), abs=1e-6)
        assert np.abs(found[list(eye.iris)]).max() < 0.02


def test_one_frame_is_enough_not_to_fail() -> None:
    found, known = told(track_of(average()[None], poses(np.zeros(1))))
    assert np.abs(found).max() < 1e-3
    assert known.max() < 0.01


def test_both_halves_of_a_face_are_alike() -> None:
    other = mirror(TOPOLOGY.name)
    assert (other[other] == np.arange(TOPOLOGY.count)).all()
    shape = (average() + average()[other] * [-1, 1, 1]) / 2
    track = track_of(np.repeat(shape[None], len(PHASE), 0), poses(10 * np.sin(PHASE)), noise=0.3)
    found, _ = told(track, shape)
    np.testing.assert_allclose(found, found[other], atol=0.01)


def test_landmarks_stay_where_they_are_seen() -> None:
    track = seen_flat(np.repeat(average()[None], len(PHASE), 0), poses(12 * np.sin(PHASE)))
    before = track.landmarks.copy()
    performance = perform(track, TOPOLOGY, 0.0)
    again = transform(performance.pose, performance.canonical)
    np.testing.assert_allclose(again[..., :2], before[..., :2], atol=0.01)
    np.testing.assert_array_equal(track.landmarks, before)


def test_a_clip_is_raised_by_the_usual_relief_and_turns_as_it_did() -> None:
    turns, by = poses(20 * np.sin(PHASE), 3 * np.cos(PHASE)), usual_relief(TOPOLOGY.name)
    shape = set_back(average(), by)
    track = track_of(np.repeat(shape[None], len(PHASE), 0), turns)
    performance = perform(replace(track, landmarks=raised(track.landmarks, turns, -by)), TOPOLOGY, 0.0)
    apart = performance.pose.rotation @ performance.pose.rotation[0].T
    assert np.degrees(rotation_angle(apart, turns.rotation @ turns.rotation[0].T)).max() < 1.5
    for point in (TOPOLOGY.chin, TOPOLOGY.nose_tip):
        assert performance.shape[point, 2] == pytest.approx(shape[point, 2], abs=0.02)


def test_a_face_of_its_own_is_told_by_a_clip_that_turns_and_not_by_one_that_does_not() -> None:
    still = np.repeat(average()[None], len(PHASE), 0)
    turned, ahead = (
        own_relief(perform(seen_flat(still, poses(yaw * np.sin(PHASE))), TOPOLOGY, 0.0), TOPOLOGY) for yaw in (20, 0.5)
    )
    seen = usual_relief(TOPOLOGY.name)[TOPOLOGY.chin]
    assert turned[TOPOLOGY.chin] < 0.5 * (-CHIN[TOPOLOGY.chin] - seen)
    assert np.abs(ahead).max() < 0.005


def test_lips_and_lids_lie_as_what_is_around_them() -> None:
    turn = 12 * np.sin(PHASE)
    wry = np.stack([act(average(), smile=0.004 * t) for t in turn])
    wry[:, list(TOPOLOGY.lip_corners), 0] += 0.02 * np.sin(PHASE)[:, None]
    plain = np.repeat(average()[None], len(PHASE), 0)
    acted, calm = (
        own_relief(perform(track_of(faces, poses(turn)), TOPOLOGY, 0.0), TOPOLOGY) for faces in (wry, plain)
    )
    np.testing.assert_allclose(acted, calm, atol=0.02)


def clip(name: str, yaw: float) -> Clip:
    track = seen_flat(np.repeat(average()[None], len(PHASE), 0), poses(yaw * np.sin(PHASE)))
    images, found = np.zeros((len(PHASE), 1, 1, 4), np.uint8), np.ones(len(PHASE), bool)
    return Clip(name, name, images, track.landmarks, found, standing(len(PHASE)), FPS)


def test_the_usual_relief_is_told_by_those_who_turn_and_held_back_by_one_who_has_none() -> None:
    turned = mean_relief([clip("a", 15), clip("b", 15)], TOPOLOGY)
    with_still = mean_relief([clip("a", 15), clip("b", 15), clip("c", 0)], TOPOLOGY)
    assert turned[TOPOLOGY.chin] == pytest.approx(-CHIN[TOPOLOGY.chin] * 2 / 3, rel=0.25)
    np.testing.assert_allclose(with_still, turned, atol=0.005)
