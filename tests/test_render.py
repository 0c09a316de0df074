"""What a camera sees of the sheet: fast rasteriser, plain one and brute force agree; the nearer surface wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from heads import SIDE, TOPOLOGY, act, acted, average, poses
from hypothesis import given
from hypothesis import strategies as st

from tmt.bank import target_of
from tmt.geometry import transform
from tmt.render import Seen, deform, look, place, rasterise, rasterise_torch
from tmt.types import Array, Target

Draw = Callable[[Array, tuple[int, int]], Seen]
seeds = st.integers(0, 2**32 - 1)


def sheet(yaw: float, pitch: float = 0.0, roll: float = 0.0, mouth: float = 0.0, lids: float = 0.0) -> Array:
    """The painted head's vertices [G, G, 3] px in a pose."""
    head = acted()
    face = act(average(), mouth=mouth, lids=lids).astype(np.float32)
    target = Target(poses(np.array([yaw]), pitch, roll)[0], face, np.zeros(4))
    placed = place(head.surface, deform(head.surface, face), target, head.performance)
    return placed.reshape(head.surface.grid, head.surface.grid, 3)


def plain(points: Array, shape: tuple[int, int]) -> Seen:
    """The rasteriser in torch."""
    grid_xy, depth = rasterise_torch(torch.from_numpy(np.ascontiguousarray(points, np.float32)), shape)
    return Seen(grid_xy.numpy(), depth.numpy())


def brute_force(points: Array, shape: tuple[int, int]) -> Seen:
    """Every triangle tried at every pixel, front faces before back faces."""
    best, where = np.full(shape, np.inf), np.full((*shape, 2), -1.0)
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    for i, j in np.ndindex(points.shape[0] - 1, points.shape[1] - 1):
        for start, sign, (a, b, c) in (
            (0, 1, points[[i, i, i + 1], [j, j + 1, j]].astype(float)),
            (1, -1, points[[i + 1, i + 1, i], [j + 1, j, j + 1]].astype(float)),
        ):
            area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
            u = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
            v = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
            z = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2]) + (0 if area > 0 else 1e6)
            hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (z < best)
            best[hit] = z[hit]
            where[hit] = np.stack([j + start + sign * u, i + start + sign * v], -1)[hit]
    return Seen(where, np.where(best > 5e5, best - 1e6, best))


def tilted(width: float, height: float, count: int = 9) -> Array:
    """A flat sheet parallel to the camera, from (2, 3) px on."""
    x, y = np.meshgrid(np.linspace(2, 2 + width, count), np.linspace(3, 3 + height, count))
    return np.stack([x, y, np.full_like(x, 5.0)], -1).astype(np.float32)


@pytest.mark.parametrize("shape", [(SIDE, SIDE), (97, 131)])
@pytest.mark.parametrize(
    "posed", [{"yaw": 0}, {"yaw": 30, "mouth": 0.1}, {"yaw": -70, "pitch": 10, "mouth": 0.2, "lids": 1.0},
              {"yaw": 20, "pitch": 30, "roll": 40}, {"yaw": 120}],
    ids=lambda posed: "-".join(f"{k}{v}" for k, v in posed.items()),
)
def test_the_fast_rasteriser_equals_the_one_in_torch(posed: dict[str, float], shape: tuple[int, int]) -> None:
    points = sheet(**posed)
    fast, slow = rasterise(points, shape), plain(points, shape)
    np.testing.assert_array_equal(fast.covered, slow.covered)
    np.testing.assert_allclose(fast.grid_xy, slow.grid_xy, atol=1e-5)
    front = _faces_camera(points)
    cells = np.floor(np.clip(fast.grid_xy, 0, None)).astype(int)
    shown = fast.covered & front[np.minimum(cells[..., 1], len(front) - 1), np.minimum(cells[..., 0], len(front) - 1)]
    np.testing.assert_allclose(fast.depth[shown], slow.depth[shown], atol=1e-3)


def _faces_camera(points: Array) -> Array:
    """[G-1, G-1] bool: cells whose both triangles show their front."""
    a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, :-1], points[1:, 1:]

    def area(p: Array, q: Array, r: Array) -> Array:
        one, two = (q - p)[..., :2], (r - p)[..., :2]
        turn: Array = one[..., 0] * two[..., 1] - one[..., 1] * two[..., 0]
        return turn

    front: Array = (area(a, b, c) > 0) & (area(d, c, b) > 0)
    return front


@pytest.mark.parametrize(
    "posed", [{"yaw": 0}, {"yaw": 35, "mouth": 0.2}, {"yaw": -70}, {"yaw": 20, "roll": 40}], ids=str
)
@pytest.mark.parametrize("draw", [rasterise, plain])
def test_rasterisers_equal_brute_force(draw: Draw, posed: dict[str, float]) -> None:
    points = (sheet(**posed)[::8, ::8] * np.float32(0.2)).astype(np.float32)
    seen, true = draw(points, (32, 29)), brute_force(points, (32, 29))
    np.testing.assert_array_equal(seen.covered, true.covered)
    np.testing.assert_allclose(seen.grid_xy, true.grid_xy, atol=1e-3)


@given(seeds)
def test_rasterisers_agree_on_crumpled_sheets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = tilted(24, 20, 7) + rng.normal(0, (3, 3, 6), (7, 7, 3)).astype(np.float32)
    fast, slow = rasterise(points, (26, 30)), plain(points, (26, 30))
    np.testing.assert_array_equal(fast.covered, slow.covered)
    assert (np.abs(fast.grid_xy - slow.grid_xy).max(-1) > 1e-3).mean() < 0.005  # where two surfaces cross


@pytest.mark.parametrize("draw", [rasterise, plain])
def test_a_sheet_parallel_to_the_camera_maps_linearly(draw: Draw) -> None:
    seen = draw(tilted(32.0, 24.0), (30, 40))
    y, x = np.mgrid[:30, :40] + 0.5
    inside = (x > 2) & (x < 34) & (y > 3) & (y < 27)
    np.testing.assert_array_equal(seen.covered, inside)
    expected = np.stack([(x - 2) / 32 * 8, (y - 3) / 24 * 8], -1)
    np.testing.assert_allclose(seen.grid_xy[inside], expected[inside], atol=1e-4)
    np.testing.assert_allclose(seen.depth[inside], 5.0, atol=1e-4)
    assert (seen.grid_xy[~inside] == -1).all() and np.isinf(seen.depth[~inside]).all()


@pytest.mark.parametrize("nearer", [0, 1])
@pytest.mark.parametrize("draw", [rasterise, plain])
def test_the_nearer_surface_wins(draw: Draw, nearer: int) -> None:
    layers = [tilted(20, 20), tilted(20, 20)]
    layers[nearer][..., 2] = 1.0
    folded = np.concatenate(layers)  # eighteen rows: the second layer lies over the first, joined by back faces
    seen = draw(np.ascontiguousarray(np.pad(folded, ((0, 0), (0, 9), (0, 0)), mode="edge")), (24, 24))
    y = seen.grid_xy[seen.covered][:, 1]
    assert len(y) == 400 and ((y > 9) == bool(nearer)).all()


@pytest.mark.parametrize("draw", [rasterise, plain])
def test_back_faces_fill_holes_but_never_hide_a_front(draw: Draw) -> None:
    backwards = np.ascontiguousarray(tilted(20, 20)[:, ::-1])
    assert draw(backwards, (24, 24)).covered.sum() == 400
    x = np.concatenate([np.linspace(2, 22, 5), np.linspace(18, 12, 3), np.linspace(16, 32, 5)])  # a pleat
    z = np.repeat([5.0, 4.0, 6.0], (5, 3, 5))  # its back lies nearest
    pleat = np.stack([np.stack([x, np.full_like(x, y), z], -1) for y in np.linspace(3, 23, 13)]).astype(np.float32)
    seen = draw(pleat, (26, 36))
    assert seen.covered[4:22, 3:31].all()
    assert (seen.grid_xy[4:22, 16:21, 0] <= 4).all()


@pytest.mark.parametrize("draw", [rasterise, plain])
def test_what_lies_outside_the_picture_or_has_no_area_is_not_drawn(draw: Draw) -> None:
    assert not draw(tilted(20, 20) + np.array([500, 0, 0], np.float32), (24, 24)).covered.any()
    assert not draw(tilted(20, 20) - np.array([0, 500, 0], np.float32), (24, 24)).covered.any()
    assert not draw(tilted(0, 20), (24, 24)).covered.any()
    assert draw(tilted(4000, 4000, 3) - np.array([1000, 1000, 0], np.float32), (24, 24)).covered.all()


def test_the_same_view_at_twice_the_scale_shows_the_same_places() -> None:
    head = acted()
    vertices = sheet(15).reshape(-1, 3)
    once, twice = (look(head.surface, vertices, head.window.at(scale)) for scale in (1.0, 2.0))
    assert twice.depth.shape == (2 * SIDE, 2 * SIDE)
    mean = twice.grid_xy.reshape(SIDE, 2, SIDE, 2, 2).mean((1, 3))
    away = np.abs(mean - once.grid_xy).max(-1)[once.covered & (mean.min(-1) > 0)]
    assert np.percentile(away, 95) < 0.2


# Placing


def test_the_head_follows_its_pose_and_the_torso_its_drift() -> None:
    head = acted()
    target = target_of(head.performance, 5)
    moved = replace(target, torso=np.array([7.0, -4.0, 0.0, 0.0], np.float32))
    vertices = place(head.surface, deform(head.surface, moved.canonical), moved, head.performance)
    on_head, on_torso = head.surface.head == 1, head.surface.head == 0
    assert on_head.any() and on_torso.any()
    offsets = deform(head.surface, moved.canonical)
    turned = transform(moved.pose, head.surface.vertices + offsets)
    np.testing.assert_allclose(vertices[on_head], turned[on_head], atol=1e-4)
    resting = transform(head.performance.pose[0], head.surface.vertices)
    np.testing.assert_allclose((vertices - resting)[on_torso], [[7.0, -4.0, 0.0]] * int(on_torso.sum()), atol=1e-3)


def test_posed_landmarks_lie_where_the_sheet_shows_them() -> None:
    head = acted()
    target = target_of(head.performance, 4)
    seen = head.seen(target)
    grid, surface = head.surface.grid, head.surface
    columns, rows = surface.vertices.reshape(grid, grid, 3)[0, :, 0], surface.vertices.reshape(grid, grid, 3)[:, 0, 1]
    for index in (TOPOLOGY.stable[9], TOPOLOGY.mouth_corners[0], TOPOLOGY.right_eye.corners[1], TOPOLOGY.nose_root):
        x, y = transform(target.pose, target.canonical)[index, :2]
        column = np.interp(surface.parameter[index, 0], columns, np.arange(grid))
        row = np.interp(surface.parameter[index, 1], rows, np.arange(grid))
        np.testing.assert_allclose(seen.grid_xy[int(y), int(x)], (column, row), atol=2.5)


@pytest.mark.parametrize("glance", [0.0, 0.06])  # irises that stay, or sink with the lid
def test_a_closed_lid_covers_the_eyeball(glance: float) -> None:
    head, open_eye = acted(), np.zeros((400, 400), np.float32)
    for eye in TOPOLOGY.eyes:  # 100 px per head unit of the canonical plane
        ring = head.surface.parameter[list(eye.ring), :2] * 100 + 200
        cv2.fillPoly(open_eye, [np.round(ring * 16).astype(np.int32)], (1.0,), shift=4)
    sheet_xy = head.surface.vertices.reshape(head.surface.grid, head.surface.grid, 3)[..., :2]

    def shown(lids: float) -> float:
        face = act(average(), lids=lids)
        face[TOPOLOGY.surface :, 1] += lids * glance
        larger = replace(head, window=head.window.at(4.0))
        at = larger.seen(Target(head.performance.pose[0], face.astype(np.float32), np.zeros(4))).grid_xy
        place_xy = cv2.remap(sheet_xy, at[..., 0], at[..., 1], cv2.INTER_LINEAR) * 100 + 199.5
        return float(cv2.remap(open_eye, place_xy[..., 0], place_xy[..., 1], cv2.INTER_LINEAR).sum())

    assert shown(0.5) < 0.75 * shown(0.0)
    assert shown(1.0) < 0.35 * shown(0.0)  # a line is left: the sheet is no finer
