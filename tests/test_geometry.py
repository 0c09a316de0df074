"""Conventions and round trips of rotations, similarities and sampling."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from heads import average
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tmt.geometry import (
    change_to,
    changed,
    euler_from_rotation,
    fit_similarity,
    fit_similarity_robust,
    pixel_centres,
    power_rotation,
    rotation_angle,
    rotation_from_euler,
    sample,
    similarity_slopes,
    smoothstep,
    transform,
    untransform,
)
from tmt.types import Array, Pose

FACE = np.array([0.0, 0.0, -1.0])  # where the canonical face looks
angle = st.floats(-3.1, 3.1)
tilt = st.floats(-1.5, 1.5)  # short of the gimbal lock at pi / 2
seeds = st.integers(0, 2**32 - 1)


def some_pose(seed: int, count: int | None = None) -> Pose:
    """Random poses of a head in a picture: [count], or a single one."""
    rng = np.random.default_rng(seed)
    number = 1 if count is None else count
    pose = Pose(
        rng.uniform(20, 300, number), Rotation.random(number, random_state=seed % 2**31).as_matrix(),
        rng.uniform(-500, 500, (number, 3)),
    )
    return pose[0] if count is None else pose


def assert_same_pose(found: Pose, true: Pose, degrees: float, share: float) -> None:
    """Rotation within degrees, scale within a share, place within that share of a head unit."""
    assert np.degrees(rotation_angle(found.rotation, true.rotation)).max() < degrees
    np.testing.assert_allclose(found.scale, true.scale, rtol=share)
    assert (np.linalg.norm(found.translation - true.translation, axis=-1) < share * true.scale).all()


@given(angle, tilt, angle)
def test_angles_survive_the_way_through_a_rotation(yaw: float, pitch: float, roll: float) -> None:
    back = euler_from_rotation(rotation_from_euler(yaw, pitch, roll))
    np.testing.assert_allclose(back, (yaw, pitch, roll), atol=1e-6)


@given(seeds)
def test_a_rotation_survives_the_way_through_its_angles(seed: int) -> None:
    rotation = some_pose(seed, 3).rotation
    np.testing.assert_allclose(rotation_from_euler(*euler_from_rotation(rotation)), rotation, atol=1e-6)


@given(angle, tilt, angle)
def test_angles_give_proper_rotations(yaw: float, pitch: float, roll: float) -> None:
    rotation = rotation_from_euler(yaw, pitch, roll)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_positive_yaw_turns_the_face_to_the_right_of_the_picture() -> None:
    x, y, z = rotation_from_euler(0.3, 0.0, 0.0) @ FACE
    assert x > 0 and y == pytest.approx(0) and z < 0


def test_positive_pitch_looks_up() -> None:
    x, y, z = rotation_from_euler(0.0, 0.3, 0.0) @ FACE
    assert y < 0 and x == pytest.approx(0) and z < 0


def test_positive_roll_is_clockwise_in_the_picture() -> None:
    top = rotation_from_euler(0.0, 0.0, 0.3) @ np.array([0.0, -1.0, 0.0])
    assert top[0] > 0  # the top of the head goes to the right
    np.testing.assert_allclose(rotation_from_euler(0.0, 0.0, 0.3) @ FACE, FACE, atol=1e-12)


def test_angles_may_come_as_arrays_of_any_shape() -> None:
    yaw = np.linspace(-1, 1, 6).reshape(2, 3)
    many = rotation_from_euler(yaw, 0.1, -0.2)
    assert many.shape == (2, 3, 3, 3)
    np.testing.assert_allclose(many[1, 2], rotation_from_euler(yaw[1, 2], 0.1, -0.2))


@given(angle, st.floats(-3.1, 3.1))
def test_the_angle_between_rotations_is_how_far_one_was_turned(yaw: float, turn: float) -> None:
    start = rotation_from_euler(yaw, 0.4, 0.2)
    assert rotation_angle(rotation_from_euler(0.0, 0.0, turn) @ start, start) == pytest.approx(abs(turn), abs=1e-5)


@given(seeds)
def test_strength_zero_removes_a_rotation_and_one_keeps_it(seed: int) -> None:
    rotation = some_pose(seed, 4).rotation
    np.testing.assert_allclose(power_rotation(rotation, 0.0), np.tile(np.eye(3), (4, 1, 1)), atol=1e-9)
    np.testing.assert_array_equal(power_rotation(rotation, 1.0), rotation)


@given(tilt, tilt, st.floats(0, 1.9))
def test_strength_scales_the_angle_about_the_same_axis(yaw: float, pitch: float, amount: float) -> None:
    rotation = rotation_from_euler(yaw, pitch, 0.0)
    full = Rotation.from_matrix(rotation).as_rotvec()
    half = Rotation.from_matrix(power_rotation(rotation, amount))
    expected = Rotation.from_rotvec(full * amount)
    assert (half.inv() * expected).magnitude() == pytest.approx(0, abs=1e-6)


@given(seeds)
def test_the_similarity_of_exact_points_is_recovered(seed: int) -> None:
    pose, shape = some_pose(seed, 5), average()
    found = fit_similarity(shape, transform(pose, shape), np.ones((5, len(shape))))
    assert_same_pose(found, pose, degrees=1e-4, share=1e-9)


@given(seeds)
def test_twenty_percent_of_wild_points_hardly_move_the_robust_fit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pose, shape = some_pose(seed, 1), average()[::10]
    points = transform(pose, shape + rng.normal(0, 0.002, shape.shape))
    wild = rng.permutation(len(shape))[: len(shape) // 5]
    points[:, wild] += rng.normal(0, 0.5, (1, len(wild), 3)) * pose.scale
    found = fit_similarity_robust(shape, points)
    assert_same_pose(found, pose, degrees=2.0, share=0.03)
    plain = fit_similarity(shape, points, np.ones(points.shape[:-1]))
    assert rotation_angle(found.rotation, pose.rotation) <= rotation_angle(plain.rotation, pose.rotation) + 1e-3


def test_points_of_no_weight_do_not_count() -> None:
    pose, shape = some_pose(3, 1), average()
    points, weights = transform(pose, shape), np.ones((1, len(shape)))
    points[:, :50] += 40.0
    weights[:, :50] = 0
    assert_same_pose(fit_similarity(shape, points, weights), pose, degrees=1e-4, share=1e-9)


@given(seeds)
def test_a_fit_is_never_a_mirror_image(seed: int) -> None:
    flat = average() * (1, 1, 0)  # depth unknown: a mirrored solution would fit as well
    pose = some_pose(seed, 1)
    found = fit_similarity(flat, transform(pose, flat), np.ones((1, len(flat))))
    assert np.linalg.det(found.rotation[0]) == pytest.approx(1)


@given(seeds, st.sampled_from([None, 1, 3]))
def test_untransform_undoes_transform(seed: int, count: int | None) -> None:
    pose, points = some_pose(seed, count), np.random.default_rng(seed).normal(size=(7, 3))
    back = untransform(pose, transform(pose, points))
    np.testing.assert_allclose(back, np.broadcast_to(points, back.shape), atol=1e-9)


def test_float32_points_stay_float32_in_the_picture() -> None:
    assert transform(some_pose(0), np.zeros((4, 3), np.float32)).dtype == np.float32


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("shape", [(5, 9), (8, 8), (3, 2)])
def test_sampling_at_the_pixel_centres_gives_the_pixels(mode: str, shape: tuple[int, int]) -> None:
    image = torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(0))
    same = sample(image, pixel_centres(*shape).expand(2, -1, -1, -1), mode)
    torch.testing.assert_close(same, image, atol=2e-6, rtol=0)


def test_sampling_between_two_pixels_gives_their_mean() -> None:
    image = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
    xy = torch.tensor([[[[1.0, 0.5], [0.5, 1.0], [1.0, 1.0]]]])
    assert sample(image, xy).flatten().tolist() == pytest.approx([0.5, 1.0, 1.5])


def test_sampling_outside_repeats_the_border() -> None:
    image = torch.arange(6.0).view(1, 1, 2, 3)
    xy = torch.tensor([[[[-40.0, 0.5], [90.0, 1.5]]]])
    assert sample(image, xy).flatten().tolist() == pytest.approx([0.0, 5.0])


def test_sampling_passes_gradients_to_picture_and_places() -> None:
    image = torch.rand(1, 1, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
    xy = torch.tensor([[[[1.3, 2.2], [2.7, 1.1]]]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(sample, (image, xy))


def test_smoothstep_is_flat_at_both_ends_and_rises_between() -> None:
    x: Array = np.linspace(-1, 2, 301)
    y = smoothstep(x)
    assert (y[x <= 0] == 0).all() and (y[x >= 1] == 1).all()
    assert (np.diff(y[(x > 0) & (x < 1)]) > 0).all()
    assert smoothstep(np.array(0.5)) == pytest.approx(0.5)
    assert np.abs(np.diff(y)).max() < 0.016  # no corner at the ends: the slope is at most 1.5


@given(seeds)
def test_slopes_foretell_where_a_changed_pose_takes_points(seed: int) -> None:
    poses, points = some_pose(seed, 3), average()[:20]
    step = np.random.default_rng(seed).normal(0, 1e-4, (3, 7))
    moved = (transform(changed(poses, step), points) - transform(poses, points)) / poses.scale[:, None, None]
    slopes = similarity_slopes(points @ np.swapaxes(poses.rotation, -1, -2))
    np.testing.assert_allclose(moved, np.einsum("tnci,ti->tnc", slopes, step), atol=1e-6)


@given(seeds)
def test_poses_change_one_by_one_as_together(seed: int) -> None:
    poses, steps = some_pose(seed, 3), np.random.default_rng(seed).normal(0, 0.3, (3, 7))
    together = changed(poses, steps)
    for k in range(3):
        assert_same_pose(changed(poses[k], steps[k]), together[k], 1e-5, 1e-9)


@given(seeds)
def test_a_change_from_one_pose_to_another_leads_there(seed: int) -> None:
    pose, other = some_pose(seed, 2)[0], some_pose(seed, 2)[1]
    assert_same_pose(changed(pose, change_to(pose, other)), other, 1e-4, 1e-9)
