"""From landmarks to the head's pose and the person's own shape, on faces whose pose is known."""

from __future__ import annotations

import numpy as np
import pytest
from heads import SCALE, TOPOLOGY, act, average, person, poses, track_of

from tmt.geometry import rotation_angle, rotation_from_euler, transform
from tmt.pose import fit_poses, frontalise, mean_shape, template
from tmt.types import Array

PHASE = np.linspace(0, 2 * np.pi, 24, endpoint=False)
SWING = poses(30 * np.sin(PHASE), 12 * np.sin(2 * PHASE), 8 * np.cos(PHASE))


def speaking(shape: Array) -> Array:
    """A face [T, L, 3] that speaks, blinks, smiles and raises its brows."""
    return np.stack(
        [
            act(shape, mouth=0.15 * (1 - np.cos(3 * t)), lids=float(np.cos(t) > 0.9), smile=0.05 * np.sin(t) ** 2,
                brows=0.04 * np.cos(2 * t) ** 2)
            for t in PHASE
        ]
    )


def test_a_known_pose_is_recovered_whatever_the_expression() -> None:
    found = fit_poses(track_of(speaking(average()), SWING).landmarks, average(), TOPOLOGY)
    assert np.degrees(rotation_angle(found.rotation, SWING.rotation)).max() < 0.1
    np.testing.assert_allclose(found.scale, SCALE, rtol=0.002)
    np.testing.assert_allclose(found.translation[:, :2], SWING.translation[:, :2], atol=0.1)


def test_a_trembling_tracker_moves_the_pose_by_less_than_half_a_degree() -> None:
    found = fit_poses(track_of(speaking(average()), SWING, noise=0.15).landmarks, average(), TOPOLOGY)
    assert np.degrees(rotation_angle(found.rotation, SWING.rotation)).max() < 0.5


def test_hidden_points_that_jump_away_do_not_turn_the_head() -> None:
    landmarks = track_of(speaking(average()), SWING).landmarks
    landmarks[:, list(TOPOLOGY.stable[-6:])] += 25  # px: half a head unit
    found = fit_poses(landmarks, average(), TOPOLOGY)
    assert np.degrees(rotation_angle(found.rotation, SWING.rotation)).max() < 2.5


@pytest.mark.parametrize(("width", "height"), [(1.0, 1.0), (1.15, 0.9), (0.88, 1.1)])
def test_the_mean_shape_is_the_persons_own(width: float, height: float) -> None:
    true = person(width, height)
    found = mean_shape(track_of(speaking(true), SWING).landmarks, TOPOLOGY, template(TOPOLOGY.name))

    def proportion(shape: Array) -> float:
        across = np.linalg.norm(shape[TOPOLOGY.cheeks[0]] - shape[TOPOLOGY.cheeks[1]])
        return float(across / np.linalg.norm(shape[TOPOLOGY.forehead] - shape[TOPOLOGY.nose_root]))

    assert proportion(found) == pytest.approx(proportion(true), rel=0.01)
    found_pose = fit_poses(track_of(speaking(true), SWING).landmarks, found, TOPOLOGY)
    relative = found_pose.rotation @ found_pose.rotation[0].T
    assert np.degrees(rotation_angle(relative, SWING.rotation @ SWING.rotation[0].T)).max() < 0.5


def test_mean_shapes_of_all_people_share_one_frame() -> None:
    stable = list(TOPOLOGY.stable)
    start = template(TOPOLOGY.name)
    for width, height in ((1.15, 0.9), (0.9, 1.15)):
        tilted = speaking(person(width, height)) @ rotation_from_euler(0.2, -0.3, 0.1).T
        shape = mean_shape(track_of(tilted, SWING).landmarks, TOPOLOGY, start)
        lie = fit_poses(shape[None], start, TOPOLOGY)
        assert np.degrees(rotation_angle(lie.rotation, np.eye(3))).max() < 0.1
        assert lie.scale == pytest.approx(1, abs=0.001)
        assert np.abs(shape[stable].mean(0) - start[stable].mean(0)).max() < 0.02


def test_frontalise_turns_any_shape_to_the_camera() -> None:
    turned = transform(poses(np.array([25.0]), 15.0, -10.0), average())[0]
    front = frontalise(turned, TOPOLOGY)
    np.testing.assert_allclose(front, frontalise(average(), TOPOLOGY), atol=1e-6)
    right, left = (front[eye.corners[0]] for eye in TOPOLOGY.eyes)
    assert np.linalg.norm(right - left) == pytest.approx(1)
    np.testing.assert_allclose(front[list(TOPOLOGY.stable)].mean(0), 0, atol=0.02)
    assert front[TOPOLOGY.stable[9], 2] < front[list(TOPOLOGY.cheeks), 2].min()  # the nose points to the camera


def test_long_clips_and_short_ones_have_the_same_shape() -> None:
    faces = speaking(average())
    once = mean_shape(track_of(faces, SWING).landmarks, TOPOLOGY, average())
    many = mean_shape(np.tile(track_of(faces, SWING).landmarks, (40, 1, 1)), TOPOLOGY, average())
    np.testing.assert_allclose(once, many, atol=0.01)
