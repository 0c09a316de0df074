"""Training heads: the rasteriser on any mesh, light in both forms, and, where the asset is, clips with exact truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tmt.geometry import rotation_angle
from tmt.pose import fit_poses, mean_shape, template
from tmt.render import rasterise_mesh, rasterise_mesh_torch
from tmt.topology import MEDIAPIPE_478 as TOPOLOGY
from tmt.train.cache import load
from tmt.train.clip import Clip, Truth
from tmt.train.heads import LABELS, Asset, light, load_asset, random_clip, shade
from tmt.train.heads import clip as heads_clip
from tmt.train.heads.kept import kept_heads
from tmt.train.heads.light import random_lights
from tmt.train.heads.lit import lit, lit_torch, mixed
from tmt.train.heads.play import random_play
from tmt.train.heads.sensor import develop, random_sensor
from tmt.types import Array

seeds = st.integers(0, 2**32 - 1)


def soup(seed: int, count: int, size: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Triangles of any size and turn that cross each other: points [3N, 3], faces [N, 3]."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-10, 50, (count, 1, 3)) + rng.normal(0, size, (count, 3, 3))
    faces = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    return torch.from_numpy(points.reshape(-1, 3).astype(np.float32)), torch.from_numpy(faces)


def reference(points: Array, faces: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Every triangle tried at every pixel: the nearest one (-1: none) and its depth."""
    nearest, depth = np.full(shape, -1), np.full(shape, np.inf)
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    for number, (a, b, c) in enumerate(points[faces].astype(float)):
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        u = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
        v = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
        z = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2])
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (z < depth)
        nearest[hit], depth[hit] = number, z[hit]
    return nearest, depth


@pytest.mark.parametrize("draw", [rasterise_mesh, rasterise_mesh_torch])
@pytest.mark.parametrize("size", [2.0, 9.0, 40.0])
def test_a_mesh_is_drawn_as_brute_force_draws_it(draw: object, size: float) -> None:
    points, faces = soup(3, 60, size)
    triangle, uv, depth = draw(points, faces, (37, 41))  # type: ignore[operator]
    nearest, true = reference(points.numpy(), faces.numpy(), (37, 41))
    assert (nearest >= 0).mean() > 0.03
    assert (triangle.numpy() == nearest).mean() > 0.999  # an edge may fall either way
    same = (triangle.numpy() == nearest) & (nearest >= 0)
    np.testing.assert_allclose(depth.numpy()[same], true[same], atol=2e-2)
    a, b, c = (points[faces[triangle[same].long(), k].long()] for k in range(3))
    weights = torch.stack([1 - uv[same].sum(-1), *uv[same].unbind(-1)], 1)
    drawn = a * weights[:, :1] + b * weights[:, 1:2] + c * weights[:, 2:]
    y, x = np.nonzero(same)
    np.testing.assert_allclose(drawn[:, :2], np.stack([x, y], 1) + 0.5, atol=1e-2)
    assert (triangle.numpy()[~same & (nearest < 0)] == -1).all() and np.isinf(depth.numpy()[triangle.numpy() < 0]).all()


@given(seeds, st.floats(0.5, 120))
@settings(max_examples=40, deadline=None)
def test_the_compiled_mesh_rasteriser_equals_the_one_in_torch(seed: int, size: float) -> None:
    points, faces = soup(seed, 80, size)
    fast, slow = (draw(points, faces, (48, 33)) for draw in (rasterise_mesh, rasterise_mesh_torch))
    assert torch.equal(fast[0] >= 0, slow[0] >= 0)
    same = fast[0] == slow[0]
    assert same.float().mean() > 0.995  # where two cross, depth is a matter of the last bit
    torch.testing.assert_close(fast[1][same], slow[1][same], atol=1e-4, rtol=1e-4)


def test_a_mesh_outside_the_picture_or_without_area_draws_nothing() -> None:
    points, faces = soup(1, 20, 5.0)
    flat = points.clone()
    flat[:, 1] = flat[:, 0]
    for gone in (points + 1000, points - 1000, flat):
        for draw in (rasterise_mesh, rasterise_mesh_torch):
            assert (draw(gone, faces, (32, 32))[0] == -1).all()


def test_compiled_light_equals_light_in_torch() -> None:
    rng = np.random.default_rng(0)
    count = 500

    def tensor(values: Array) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32))

    normal, sight = (tensor(v / np.linalg.norm(v, axis=1, keepdims=True)) for v in rng.normal(size=(2, count, 3)))
    lights = random_lights(4)
    beams = (lights.beams, lights.beam_colour, lights.around, lights.around_colour)
    near, rough, reach = rng.random((count, 3)), rng.uniform(0.15, 0.9, count), rng.random((count, len(lights.beams)))
    args = (normal, sight, tensor(near), tensor(rough), tensor(reach), torch.tensor([0.4, 0.2, 0.1]), 0.035)
    four = (tensor(beams[0]), tensor(beams[1]), tensor(beams[2]), tensor(beams[3]))
    for fast, slow in zip(lit(*args, four), lit_torch(*args, four), strict=True):
        torch.testing.assert_close(fast, slow, atol=1e-4, rtol=1e-3)
    values, corners = tensor(rng.normal(size=(40, 5))), torch.from_numpy(rng.integers(0, 40, (count, 3)))
    weights = tensor(rng.dirichlet([1, 1, 1], count))
    plain = (values[corners] * weights[..., None]).sum(1)
    torch.testing.assert_close(mixed(values, corners, weights), plain, atol=1e-5, rtol=1e-5)


def test_a_performance_is_smooth_and_alive() -> None:
    times = np.arange(75) / 25
    turned = []
    for seed in range(12):
        play = random_play(seed, times, {})
        turns = np.array([act.turn for act in play.acts])
        steps = np.abs(np.diff(turns, axis=0))
        assert steps.max() < 6.0  # degrees a frame
        assert (steps.sum(1) > 1e-4).all()
        assert all(0 <= weight <= 1.1 for act in play.acts for weight in act.units.values())
        turned.append(np.abs(turns).max(0))
    assert np.max(turned, 0)[1] > 15 and np.max(turned, 0)[0] > 5


def test_a_sensor_keeps_grey_grey_and_bright_brighter_than_dark() -> None:
    ramp = np.tile(np.linspace(0, 1, 64)[None, :, None], (64, 1, 3))
    for seed in range(8):
        picture = develop(ramp, random_sensor(seed), np.random.default_rng(0)).astype(float)
        assert picture.shape == (64, 64, 3)
        levels = picture.mean((0, 2)).reshape(8, 8).mean(1)
        assert (np.diff(levels) > 0).all()
        assert np.ptp(picture[:, 32:48].mean((0, 1))) < 50


# With the asset


@pytest.fixture(scope="module")
def asset(shared: Path) -> Asset:
    """The parametric head."""
    path = shared / "assets" / "makehuman_head_cc0.npz"
    if not path.is_file():
        pytest.skip("needs the parametric head of ../shared, which is not part of the project")
    return load_asset(path)


@pytest.fixture(scope="module")
def clip(asset: Asset) -> Clip:
    """Eight frames of somebody."""
    return random_clip(asset, 4, 8, 128)


def truth_of(clip: Clip) -> Truth:
    assert clip.truth is not None
    return clip.truth


def test_a_clip_holds_what_a_clip_promises(clip: Clip) -> None:
    assert clip.images.shape == (8, 128, 128, 4) and clip.images.dtype == np.uint8
    assert clip.landmarks.shape == (8, 478, 3) and clip.landmarks.dtype == np.float32
    assert clip.found.all() and clip.torso.shape == (8, 4) and (clip.torso[0] == 0).all()
    assert clip.person == clip.name == "head-4"
    truth = truth_of(clip)
    assert truth.depth.shape == truth.labels.shape == (8, 128, 128) and truth.depth.dtype == np.float16
    assert truth.labels.max() < len(LABELS)


def test_the_same_seed_gives_the_same_clip_and_another_seed_another_person(asset: Asset, clip: Clip) -> None:
    again, other = random_clip(asset, 4, 8, 128), random_clip(asset, 5, 1, 128)
    np.testing.assert_array_equal(again.images, clip.images)
    np.testing.assert_array_equal(again.landmarks, clip.landmarks)
    assert np.abs(other.images[0].astype(int) - clip.images[0]).mean() > 20


def test_heads_that_two_processes_draw_are_those_that_one_draws(shared: Path, asset: Asset, tmp_path: Path) -> None:
    path, seeds = shared / "assets" / "makehuman_head_cc0.npz", [7, 8]
    one, two = (list(kept_heads(path, tmp_path / str(n), seeds, 1, 64, n)) for n in (1, 2))
    assert [p.name for p in one] == [p.name for p in two]
    for a, b in zip(map(load, one), map(load, two), strict=True):
        np.testing.assert_array_equal(a.images, b.images)
        np.testing.assert_array_equal(truth_of(a).depth, truth_of(b).depth)
    assert list(kept_heads(path, tmp_path / "1", seeds, 1, 64, 1)) == one


def test_matte_depth_and_labels_tell_the_same_person_from_the_background(clip: Clip) -> None:
    truth, matte = truth_of(clip), clip.images[..., 3]
    assert (np.isfinite(truth.depth) == (truth.labels > 0)).all()
    assert (matte[truth.labels == 0] < 255).all() and (matte[truth.labels > 0] > 0).all()
    assert 0.25 < (matte > 127).mean() < 0.9
    assert set(np.unique(truth.labels)) >= {0, 1, 2, 5}


def test_the_true_pose_is_the_one_that_fits_the_exact_landmarks(clip: Clip) -> None:
    pose = truth_of(clip).pose
    fitted = fit_poses(clip.landmarks, mean_shape(clip.landmarks, TOPOLOGY, template(TOPOLOGY.name)), TOPOLOGY)
    assert np.degrees(rotation_angle(fitted.rotation, pose.rotation)).max() < 4
    np.testing.assert_allclose(fitted.scale, pose.scale, rtol=0.04)
    np.testing.assert_allclose(fitted.translation[:, :2], pose.translation[:, :2], atol=0.03 * pose.scale.mean())


def test_landmarks_lie_on_what_they_name(clip: Clip) -> None:
    truth = truth_of(clip)
    for labels, depth, marks, scale in zip(truth.labels, truth.depth, clip.landmarks, truth.pose.scale, strict=True):
        x, y = marks[[TOPOLOGY.nose_tip, TOPOLOGY.chin, 50, 280], :2].astype(int).T
        assert (labels[y, x] == 1).all()
        tip, cheeks = depth[y[0], x[0]], depth[y[2:], x[2:]]
        true = (marks[TOPOLOGY.nose_tip, 2] - marks[[50, 280], 2].mean()) / scale
        assert abs(float(tip) - float(cheeks.mean()) - true) < 0.12


def test_consecutive_frames_are_alike_and_the_face_moves(asset: Asset) -> None:
    film = random_clip(asset, 6, 5, 96, fps=None)
    moved = np.abs(np.diff(film.landmarks[..., :2], axis=0)).max((1, 2))
    assert (moved > 0.05).all() and moved.max() < 40
    assert film.fps < 3  # few frames are spread over seconds


def test_twelve_people_look_different(asset: Asset) -> None:
    small = np.stack([random_clip(asset, seed, 1, 48).images[0, 8:40, 8:40, :3].astype(float) for seed in range(12)])
    away = np.abs(small[:, None] - small[None]).mean((2, 3, 4))
    assert away[np.triu_indices(12, 1)].min() > 12


def test_without_the_compiled_paths_the_same_picture_comes_out(asset: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = random_clip(asset, 7, 1, 64)
    for module in (shade, light, heads_clip):
        monkeypatch.setattr(module, "rasterise_mesh", rasterise_mesh_torch)
    monkeypatch.setattr(shade, "lit", lit_torch)
    slow = random_clip(asset, 7, 1, 64)
    assert (truth_of(fast).labels == truth_of(slow).labels).mean() > 0.995
    assert np.abs(fast.images.astype(int) - slow.images).mean() < 1.0
