"""The canonical head's sheet: it follows the landmarks, with the mouth open, the nose in front and the eyeball free."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from heads import TOPOLOGY, act, acted, average, eye_width, lip_gap, performance_of, person, poses, window
from scipy.interpolate import RegularGridInterpolator

from tmt.bank import cell_area
from tmt.canonical import build_surface, open_mouth
from tmt.depth import fit_prior
from tmt.geometry import transform
from tmt.render import GLANCE, deform
from tmt.topology import Eye
from tmt.types import Array, Surface, Window


@pytest.fixture(scope="module")
def surface() -> Surface:
    return acted().surface


def at(surface: Surface, values: Array, points: Array) -> Array:
    """Values [G*G, C] of the sheet at points [N, 2] head units of the canonical plane -> [N, C]."""
    grid = surface.grid
    sheet = surface.vertices.reshape(grid, grid, 3)
    along = RegularGridInterpolator((sheet[:, 0, 1], sheet[0, :, 0]), values.reshape(grid, grid, -1))
    found: Array = along(points[:, ::-1])
    return found


def skin(surface: Surface, inset: float = 0.93) -> Array:
    """[G*G] bool: vertices well inside the face."""
    oval = surface.parameter[list(TOPOLOGY.oval), :2]
    middle = oval.mean(0)
    direction = surface.vertices[:, :2] - middle
    angle, edge = np.arctan2(direction[:, 1], direction[:, 0]), oval - middle
    order = np.argsort(np.arctan2(edge[:, 1], edge[:, 0]))
    reach = np.interp(
        angle, np.arctan2(edge[order, 1], edge[order, 0]), np.linalg.norm(edge[order], axis=1), period=2 * np.pi
    )
    inside: Array = np.linalg.norm(direction, axis=1) < inset * reach
    return inside


def moved_by(surface: Surface, face: Array) -> Array:
    """The sheet's offsets [G*G, 3] when the face goes from the sheet's own shape to `face` [L, 3]."""
    return deform(surface, face)


# The operator


def test_landmarks_at_rest_leave_the_sheet_at_rest(surface: Surface) -> None:
    assert not deform(surface, surface.parameter).any()


def test_moving_all_landmarks_alike_carries_the_face_along_and_fades_outside(surface: Surface) -> None:
    shift = np.array([0.03, -0.02, 0.01])
    offsets = moved_by(surface, surface.parameter + shift) / shift
    inside = skin(surface)
    np.testing.assert_allclose(offsets[inside], 1, atol=1e-3)
    assert offsets.min() > -0.02 and offsets.max() < 1.02
    edge = np.zeros((surface.grid, surface.grid), bool)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    assert np.abs(offsets[edge.ravel()]).mean() < 0.35


def test_weights_sum_to_one_in_the_face_and_stay_between_none_and_one_outside(surface: Surface) -> None:
    total = np.asarray(surface.operator.sum(1)).ravel()
    np.testing.assert_allclose(total[skin(surface)], 1, atol=1e-3)
    assert total.min() > -0.02 and total.max() < 1.02


def test_stretching_all_landmarks_stretches_the_face(surface: Surface) -> None:
    stretch = np.array([1.05, 0.97, 1.0])
    offsets = moved_by(surface, surface.parameter * stretch)
    inside = skin(surface) & (surface.eyeballs < 0.01)  # an eyeball moves as a whole
    expected = surface.vertices * (stretch - 1)
    np.testing.assert_allclose(offsets[inside, :2], expected[inside, :2], atol=1e-3)


@pytest.mark.parametrize(
    "expression", [{"mouth": 0.2}, {"brows": 0.05}, {"smile": 0.06}, {"lids": 0.6}], ids=lambda e: next(iter(e))
)
def test_the_deformed_sheet_carries_each_landmark_to_its_place(surface: Surface, expression: dict[str, float]) -> None:
    face = act(average(), **expression)
    oval = {*TOPOLOGY.oval}
    indices = [index for index in range(TOPOLOGY.surface) if index not in oval]
    there = at(surface, moved_by(surface, face), surface.parameter[indices, :2])
    wanted = (face - surface.parameter)[indices]
    away = np.linalg.norm(there - wanted, axis=1)
    assert np.median(away) < 0.002 and np.percentile(away, 95) < 0.02  # a cell of the sheet is 0.02 wide


def test_what_is_far_from_a_moving_feature_stays(surface: Surface) -> None:
    offsets = np.linalg.norm(deform(surface, act(surface.parameter, brows=0.06)), axis=1)
    below = skin(surface) & (surface.vertices[:, 1] > surface.parameter[TOPOLOGY.stable[9], 1] + 0.1)
    assert offsets.max() > 0.05 and offsets[below].max() == 0


@pytest.mark.parametrize("gaze", [-0.1, 0.1])
@pytest.mark.parametrize("eye", TOPOLOGY.eyes, ids=["right", "left"])
def test_a_glance_moves_the_iris_whole_and_leaves_the_lids(surface: Surface, eye: Eye, gaze: float) -> None:
    face = surface.parameter.copy()
    face[list(eye.iris), 0] += gaze * eye_width(face, eye)
    offsets = moved_by(surface, face)
    centre = surface.parameter[list(eye.iris), :2].mean(0)
    spots = centre + 0.08 * eye_width(face, eye) * np.array([[0, 0], [1, 0], [-1, 0]])
    np.testing.assert_allclose(at(surface, offsets, spots)[:, 0], gaze * eye_width(face, eye), rtol=0.1)
    ring = surface.parameter[list(eye.ring), :2]
    outside = [cv2.pointPolygonTest(ring, (float(x), float(y)), False) < 0 for x, y in surface.vertices[:, :2]]
    assert not offsets[outside].any()
    assert np.abs(at(surface, offsets, ring)).mean() < 0.1 * abs(gaze) * eye_width(face, eye)


@pytest.mark.parametrize("eye", TOPOLOGY.eyes, ids=["right", "left"])
def test_the_sheet_goes_along_with_a_glance_ever_less_and_never_beyond_its_limit(surface: Surface, eye: Eye) -> None:
    reached = []
    for gaze in (0.05, 0.1, 0.15, 0.2, 0.3, 0.6):
        face = surface.parameter.copy()
        face[list(eye.iris), 0] += gaze * eye_width(face, eye)
        reached.append(float(np.abs(deform(surface, face)[:, 0]).max()) / eye_width(face, eye) / gaze)
    assert reached[0] == pytest.approx(reached[1], rel=1e-4)  # as far as many look, wholly
    assert (np.diff(reached[1:]) < 0).all() and 0.6 * reached[-1] < GLANCE


# The opened mouth


@pytest.mark.parametrize(
    "neutral", [average(), person(1.15, 0.9), act(average(), mouth=0.08)], ids=["average", "wide", "open"]
)
def test_the_canonical_mouth_is_open_and_its_corners_and_the_face_above_stay(neutral: Array) -> None:
    opened = open_mouth(neutral, TOPOLOGY)
    assert lip_gap(opened) > 0.15
    assert all(opened[low, 1] - opened[up, 1] > 0.01 for up, low in TOPOLOGY.lip_pairs)
    still = [*TOPOLOGY.upper_lip, *TOPOLOGY.inner_corners, *TOPOLOGY.right_eye.ring, *TOPOLOGY.stable]
    np.testing.assert_array_equal(opened[still], neutral[still])
    np.testing.assert_array_equal(opened[:, [0, 2]], neutral[:, [0, 2]])


def test_the_chin_stays_below_the_lips_of_the_opened_mouth() -> None:
    opened = open_mouth(average(), TOPOLOGY)
    assert opened[TOPOLOGY.chin, 1] > opened[list(TOPOLOGY.lower_lip), 1].max()


def test_what_lies_between_the_lips_closes_with_them(surface: Surface) -> None:
    between = surface.interior > 0.9
    assert between.sum() > 20
    vertices = surface.vertices + moved_by(surface, average())
    closed, opened = (np.ptp(v[between, 1]) for v in (vertices, surface.vertices))
    assert closed < 0.4 * opened


# Depth


def test_the_nose_is_nearer_than_the_eyes_and_those_nearer_than_the_ears(surface: Surface) -> None:
    indices = [TOPOLOGY.stable[9], TOPOLOGY.right_eye.corners[0], TOPOLOGY.cheeks[0]]
    nose, eye, ear = at(surface, surface.vertices[:, 2:], surface.parameter[indices, :2])[:, 0]
    assert nose < eye - 0.2 and eye < ear - 0.2


def test_the_sheet_has_the_landmarks_own_depth(surface: Surface) -> None:
    inner = [i for i in range(TOPOLOGY.surface) if i not in TOPOLOGY.oval]
    depth = at(surface, surface.vertices[:, 2:], surface.parameter[inner, :2])[:, 0]
    assert np.abs(depth - surface.parameter[inner, 2]).mean() < 0.02


def test_a_face_of_its_own_relief_stands_out_by_it_and_acts_as_before(surface: Surface) -> None:
    performance = acted().performance
    chin = average()[TOPOLOGY.chin, :2]
    relief = -0.1 * np.exp(-(((performance.shape[:, :2] - chin) / 0.3) ** 2).sum(1))
    raised = build_surface(performance, TOPOLOGY, window(), relief=relief)
    skinned = skin(surface)
    forward = (surface.vertices - raised.vertices)[skinned, 2]
    assert 0.07 < forward.max() < 0.11
    assert abs(forward[np.argmin(surface.vertices[skinned, 1])]) < 0.01
    smiling = act(average(), smile=0.05).astype(np.float32)
    np.testing.assert_allclose(deform(raised, smiling), deform(surface, smiling), atol=1e-6)


def test_skull_and_neck_lie_behind_the_face_without_steps(surface: Surface) -> None:
    depth = surface.vertices[:, 2].reshape(surface.grid, surface.grid)
    assert np.isfinite(depth).all()
    face = depth.ravel()[skin(surface)]
    edge = np.r_[depth[0], depth[:, 0], depth[:, -1]]
    assert edge.min() > face.mean()
    prior = fit_prior(average(), TOPOLOGY)
    top = prior(np.array([0.0]), np.array([prior.centre[1] - prior.radius[1] - 0.1]))
    assert top[0] == pytest.approx(prior.back)  # above the skull there is nothing that bulges


def test_a_flat_head_is_flat_and_otherwise_the_same() -> None:
    flat = build_surface(acted().performance, TOPOLOGY, window(), flat=True)
    assert np.ptp(flat.vertices[:, 2]) == 0
    np.testing.assert_array_equal(flat.vertices[:, :2], acted().surface.vertices[:, :2])
    assert (flat.operator != acted().surface.operator).nnz == 0


# The sheet and its masks


@pytest.mark.parametrize(
    "view", [Window(0.0, 30.0, 130.0, 130.0, 1.0), Window(10.0, 5.0, 150.0, 100.0, 0.5)], ids=["corner", "wide"]
)
def test_the_sheet_covers_its_window_and_is_fine_in_the_face(view: Window) -> None:
    performance = acted().performance
    surface = build_surface(performance, TOPOLOGY, view)
    placed = transform(performance.pose[0], surface.vertices)
    assert placed[:, 0].min() < view.left and placed[:, 0].max() > view.left + view.width
    assert placed[:, 1].min() < view.top and placed[:, 1].max() > view.top + view.height
    sheet = placed.reshape(surface.grid, surface.grid, 3)
    assert (np.diff(sheet[..., 0], axis=1) > 0).all() and (np.diff(sheet[..., 1], axis=0) > 0).all()
    across = np.diff(sheet[64, :, 0])
    assert across.min() < 0.7 * across.mean()
    np.testing.assert_array_equal(surface.parameter.shape, (TOPOLOGY.count, 3))


def test_usual_expressions_do_not_fold_the_face(surface: Surface) -> None:
    inside = skin(surface, 0.85) & (surface.eyeballs < 0.01)  # below a closed lid the eyeball may shrink to nothing
    for expression in ({}, {"mouth": 0.3}, {"brows": 0.05, "smile": 0.05}, {"lids": 1.0}):
        deformed = (surface.vertices + moved_by(surface, act(average(), **expression))) * 100
        area = np.exp(cell_area(deformed.astype(np.float32), surface.grid))
        assert (area[inside & (surface.interior < 0.01)] > 0.02).mean() > 0.97


def test_head_and_torso_part_below_the_chin(surface: Surface) -> None:
    height = surface.parameter[TOPOLOGY.chin, 1] - surface.parameter[TOPOLOGY.forehead, 1]
    chin = average()[TOPOLOGY.chin, 1]
    below = (surface.vertices[:, 1] - chin) / height
    assert (surface.head[below < 0] == 1).all()
    assert below.max() > 0.53 and (surface.head[below > 0.53] < 1e-6).all()
    assert ((surface.head >= 0) & (surface.head <= 1)).all()


def test_each_region_lies_on_its_feature(surface: Surface) -> None:
    right, left = TOPOLOGY.eyes
    groups = (TOPOLOGY.mouth, right.ring, left.ring, right.brow)
    for number, group in enumerate(groups):
        values = at(surface, surface.regions.T, surface.parameter[list(group), :2])
        assert values[:, number].mean() > 0.5 and values.argmax(1).tolist().count(number) > len(group) / 2
    assert surface.regions.min() >= 0 and surface.regions.max() <= 1
    pupils = np.stack([surface.parameter[eye.iris[0], :2] for eye in TOPOLOGY.eyes])
    assert at(surface, surface.eyeballs, pupils).min() > 0.8
    lips = surface.parameter[list(TOPOLOGY.lip_centres), :2].mean(0, keepdims=True)
    assert at(surface, surface.interior, lips)[0] > 0.8
    nose = surface.parameter[[TOPOLOGY.stable[9]], :2]
    assert not at(surface, np.stack([surface.eyeballs, surface.interior], 1), nose).any()


def test_the_same_performance_makes_the_same_sheet() -> None:
    again = build_surface(acted().performance, TOPOLOGY, window())
    np.testing.assert_array_equal(again.vertices, acted().surface.vertices)
    assert (again.operator != acted().surface.operator).nnz == 0


def test_people_of_all_proportions_get_a_sound_sheet() -> None:
    for width, height, eyes in ((1.25, 0.85, 0.5), (0.85, 1.2, 1.5)):
        shape = person(width, height, eyes)
        surface = build_surface(performance_of(shape, shape[None], poses(np.array([0.0]))), TOPOLOGY, window())
        assert np.isfinite(surface.vertices).all() and np.isfinite(surface.operator.data).all()
        nose, ear = at(surface, surface.vertices[:, 2:], shape[[TOPOLOGY.stable[9], TOPOLOGY.cheeks[0]], :2])[:, 0]
        assert nose < ear - 0.5
