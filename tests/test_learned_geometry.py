"""Depth and pose that are learned: crops and what is told in them, lifting, laying over the sheet, the losses, one
command."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from heads import TOPOLOGY, acted, poses
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from tmt.bank import target_of
from tmt.drift import standing
from tmt.geometry import rotation_from_euler, transform, untransform
from tmt.headcrop import SIDE as CROP
from tmt.headcrop import HeadCrop, alone, crop_around
from tmt.lift import laid, lift
from tmt.networks.depth import Depth, DepthNet
from tmt.networks.pose import PoseNet, rotation_of
from tmt.train import __main__ as command
from tmt.train import cache
from tmt.train.clip import Clip, Truth
from tmt.train.geometry import Geometry, seen, step
from tmt.train.reprojection import Place, lifted, photometric, places_of, projected
from tmt.train.views import COUNT, Turning, Views, mirrored, packed, sample, unpacked
from tmt.types import Array, Pose

angles = st.floats(-0.7, 0.7)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def crops(draw: st.DrawFn) -> HeadCrop:
    """Squares anywhere about a picture, turned a little."""
    place = st.floats(20, 300)
    return HeadCrop(np.array([draw(place), draw(place)]), draw(st.floats(40, 400)), draw(st.floats(-1.5, 1.5)))


@given(crops(), angles, angles, angles, st.floats(20, 90))
def test_a_pose_told_in_a_crop_puts_points_where_the_crop_shows_them(
    crop: HeadCrop, yaw: float, pitch: float, roll: float, scale: float
) -> None:
    pose = Pose(np.array(scale), rotation_from_euler(yaw, pitch, roll), np.array([120.0, 90.0, 7.0]))
    points = np.random.default_rng(0).normal(size=(20, 3))
    np.testing.assert_allclose(transform(crop.seen(pose), points), crop.to_crop(transform(pose, points)), atol=1e-9)
    again = crop.unseen(crop.seen(pose))
    for name in ("scale", "rotation", "translation"):
        np.testing.assert_allclose(getattr(again, name), getattr(pose, name), atol=1e-9)


@pytest.mark.parametrize("side", [90.0, 200.0, 500.0])
def test_a_crop_shows_a_spot_where_it_says(side: float) -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(picture, (210, 130), 9, (255, 255, 255), -1)
    crop = HeadCrop(np.array([190.0, 140.0]), side, 0.4)
    shown = crop.cut(picture)[..., 0].astype(float)
    y, x = np.mgrid[:CROP, :CROP] + 0.5
    middle = np.array([(shown * x).sum(), (shown * y).sum()]) / shown.sum() / CROP
    np.testing.assert_allclose(middle, crop.to_crop(np.array([[210.5, 130.5]]))[0], atol=0.6 / CROP)


def test_beyond_the_picture_a_crop_goes_on_but_shows_nobody() -> None:
    picture = np.full((100, 100, 4), 200, np.uint8)
    whole = HeadCrop(np.array([50.0, 80.0]), 80.0).cut(picture)
    assert (whole[..., :3] == 200).all()
    rows = np.arange(len(whole)) / len(whole) * 80 + 40  # of the picture
    assert (whole[rows < 98, :, 3] == 200).all() and not whole[rows > 101, :, 3].any()


def test_both_networks_are_small_and_untaught_poses_are_rotations() -> None:
    for net in (DepthNet(), PoseNet()):
        assert sum(p.numel() for p in net.parameters()) <= 2_000_000
    rotation = rotation_of(torch.randn(50, 6))
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).expand(50, 3, 3), atol=1e-5, rtol=0)
    assert bool((torch.linalg.det(rotation) > 0.99).all())
    torch.testing.assert_close(rotation_of(torch.zeros(1, 6))[0], torch.eye(3))


def turning() -> Turning:
    """The painted head that acts, as a clip with its true depth."""
    head = acted()
    count = len(head.performance)
    targets = [target_of(head.performance, t) for t in range(count)]
    depth = []
    for target in targets:
        seen = head.seen(target)
        depth.append(np.where(seen.covered, seen.depth - target.pose.translation[2], np.nan) / target.pose.scale)
    marks = transform(head.performance.pose, head.performance.canonical.astype(np.float64))
    clip = Clip(
        "painted", "painted", np.stack([head.photo(t) for t in targets]), marks.astype(np.float32),
        np.ones(count, bool), standing(count), Fraction(25),
    )  # fmt: skip
    return Turning(clip, head.performance.pose, head.performance.canonical, np.stack(depth).astype(np.float32))


def batch_of(arrays: dict[str, Array]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.ascontiguousarray(a, np.float32))[None] for name, a in arrays.items()}


@given(seeds)
def test_what_is_lifted_and_projected_again_lies_where_it_was(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rotation = rotation_from_euler(*rng.uniform(-0.6, 0.6, 3))
    pose = Pose(np.array(0.25), rotation, np.array([0.5, 0.45, 0.0]))
    parts = pose.rotation, pose.scale, pose.translation[:2]
    where = Place(*(torch.tensor(part, dtype=torch.float32)[None] for part in parts))
    z = torch.from_numpy(rng.normal(0, 0.1, (1, 1, 8, 8)).astype(np.float32))
    points = lifted(z, where)
    places = projected(points, where)[0]
    ticks = (torch.arange(8) + 0.5) / 8
    torch.testing.assert_close(places[..., 0], ticks.expand(8, 8), atol=1e-5, rtol=0)
    flat = np.stack([*np.meshgrid(ticks, ticks), z[0, 0].numpy()], -1).reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(points[0].reshape(3, -1).T.numpy(), untransform(pose, flat), atol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
def test_with_the_true_depth_a_frame_is_put_together_from_the_others_and_not_with_another(flip: bool) -> None:
    one, better = turning(), []
    for seed in range(6):
        arrays = sample(one, TOPOLOGY, np.random.default_rng(seed), plain=True)
        batch = batch_of(mirrored(arrays) if flip else arrays)
        errors = []
        for z in (batch["depth"], torch.zeros_like(batch["depth"]), -batch["depth"]):
            told = Depth(z.nan_to_num(0.0), torch.zeros_like(z))
            error, counted = photometric(batch, told, places_of(batch))
            errors.append(float((error * counted).sum() / counted.sum()))
        better.append(errors[0] < 0.8 * min(errors[1:]))
    assert sum(better) >= 5


def test_a_sample_is_the_same_for_its_seed_and_never_the_same_twice() -> None:
    views = Views([turning()], TOPOLOGY, seed=3, count=4, passes=2)
    first, again, other = views[1], views[1], views[5]
    assert len(views) == 8
    assert all(torch.equal(first[name].nan_to_num(9.0), again[name].nan_to_num(9.0)) for name in first)
    assert not torch.equal(first["crops"], other["crops"])


def test_a_synthetic_head_alone_brings_its_depth_and_nothing_of_other_frames() -> None:
    views = Views([turning()], TOPOLOGY, seed=3, count=2, lone=True)
    batch = unpacked(next(iter(DataLoader(views, 2))))
    assert batch["crops"].shape[1] == COUNT
    assert bool(torch.isfinite(batch["depth"]).any())
    assert float(batch["crops"][:, 1:].abs().max()) == 0
    told = Depth(torch.zeros_like(batch["depth"]), torch.zeros_like(batch["depth"]))
    assert float(photometric(batch, told, places_of(batch))[1].sum()) == 0


def test_some_rendered_heads_end_at_the_edge_of_their_picture_as_real_ones_do() -> None:
    drawn = [sample(turning(), TOPOLOGY, np.random.default_rng(seed), count=1) for seed in range(24)]
    low = [int(np.flatnonzero(np.isfinite(one["depth"][0]).any(1)).max()) for one in drawn]
    cut = [one["matte"][0, -1].max() == 0 for one in drawn]
    assert 4 < sum(cut) < 20 and min(low) < CROP - 16


@given(seeds)
@settings(max_examples=5)
def test_a_sample_travels_as_it_was_drawn(seed: int) -> None:
    arrays = sample(turning(), TOPOLOGY, np.random.default_rng(seed))
    again = unpacked({name: torch.from_numpy(a) for name, a in packed(arrays).items()})
    for name, values in arrays.items():
        np.testing.assert_allclose(again[name].numpy(), values, atol=0.5 / 255 + 1e-6)


def test_what_is_behind_a_head_reaches_no_depth_network_neither_in_training_nor_in_the_product() -> None:
    arrays = sample(turning(), TOPOLOGY, np.random.default_rng(1), plain=True)
    y, x = np.mgrid[:CROP, :CROP]
    matte = np.clip(60 - np.hypot(x - 64, y - 64), 0, 1).astype(np.float32)
    colours = np.moveaxis(arrays["crops"][0], 0, -1)
    shown = []
    for behind in (colours, 1 - colours):
        picture = np.where(matte[..., None] > 0, colours, behind)
        shown.append(alone(np.round(np.dstack([picture, matte]) * 255).astype(np.uint8)))
        training = batch_of(arrays | {"crops": np.moveaxis(picture, -1, 0)[None], "matte": matte[None]})
        np.testing.assert_allclose(seen(training)[0].permute(1, 2, 0).numpy() * 255, shown[-1], atol=1.01)
    np.testing.assert_array_equal(shown[0], shown[1])


@pytest.mark.parametrize("part", ["both", "depth", "pose"])
def test_only_the_asked_network_learns_and_its_loss_falls(part: str) -> None:
    torch.manual_seed(0)
    net = Geometry(DepthNet(widths=(8, 8, 8, 8)), PoseNet(widths=(8, 8, 8, 8, 8)))
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    batch = next(iter(DataLoader(Views([turning()], TOPOLOGY, seed=1, count=2, plain=True), 2)))
    assert batch["crops"].dtype == torch.uint8
    optimiser, losses = torch.optim.Adam(net.parameters(), 3e-3), []
    for _ in range(25):
        loss = step(net, batch, part)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    changed = {name.split(".")[0] for name, p in net.named_parameters() if not torch.equal(p, before[name])}
    assert changed == ({"depth", "pose"} if part == "both" else {part})


class _Oracle(torch.nn.Module):
    """Says what a DepthNet would that knows the truth."""

    dtype = torch.float32

    def __init__(self, depths: list[Array], doubt: float = -6.0) -> None:
        super().__init__()
        self.depths, self.doubt = torch.from_numpy(np.stack(depths).astype(np.float32))[:, None], doubt

    def forward(self, crop: torch.Tensor) -> Depth:
        return Depth(self.depths, torch.full_like(self.depths, self.doubt))


def test_keyframes_with_true_depth_lift_onto_the_head_they_show() -> None:
    one, head = turning(), acted()
    assert one.depth is not None
    index = np.array([0, 6, 18])
    images, depths = [], []
    for frame in index:
        crop = crop_around(one.clip.landmarks[frame][: TOPOLOGY.surface, :2].astype(np.float64))
        image = one.clip.images[frame].copy()
        image[..., 3] = np.where(np.isnan(one.depth[frame]), 0, 255)
        images.append(image)
        told = crop.cut(np.nan_to_num(one.depth[frame])) * float(crop.seen(one.pose[frame]).scale)
        depths.append(told)
    cloud = lift(_Oracle(depths), images, head.performance, index, head.window, TOPOLOGY)  # type: ignore[arg-type]
    grid = head.surface.grid
    sheet = head.surface.vertices.reshape(grid, grid, 3)
    seen_at = laid(cloud, sheet[0, :, 0], sheet[:, 0, 1])
    surely = seen_at.weight > np.percentile(seen_at.weight[seen_at.weight > 0], 30)
    surely &= head.surface.interior.reshape(grid, grid) < 0.1
    assert surely.sum() > 2000
    assert np.median(np.abs(seen_at.depth - sheet[..., 2])[surely]) < 0.03
    unsure = (_Oracle(depths, 0.0), images, head.performance, index, head.window, TOPOLOGY)
    doubted, alike = (lift(*unsure, certainty=heard).weight for heard in (True, False))  # type: ignore[arg-type]
    assert doubted.max() < 0.1
    np.testing.assert_allclose(alike, cloud.weight, rtol=0.05)


def test_the_truth_of_a_synthetic_clip_comes_back_from_the_cache(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    depth = rng.normal(0, 1, (3, 40, 48)).astype(np.float16)
    depth[:, :5] = np.inf
    labels = rng.integers(0, 7, depth.shape).astype(np.uint8)
    truth = Truth(poses(np.array([0.0, 10.0, 20.0])), depth, labels)
    clip = Clip(
        "head-1", "head-1", np.full((3, 40, 48, 4), 90, np.uint8), rng.normal(size=(3, 478, 3)).astype(np.float32),
        np.ones(3, bool), standing(3), Fraction(3), truth,
    )  # fmt: skip
    again = cache.load(cache.save(clip, tmp_path)).truth
    assert again is not None
    np.testing.assert_array_equal(np.isfinite(again.depth), np.isfinite(depth))
    np.testing.assert_allclose(again.depth[:, 5:].astype(float), depth[:, 5:].astype(float), atol=2e-3)
    np.testing.assert_array_equal(again.labels, labels)
    np.testing.assert_array_equal(again.pose.rotation, truth.pose.rotation)


def test_one_command_trains_depth_and_pose_on_cached_clips(
    subject_clip: Path, driving_clip: Path, tmp_path: Path
) -> None:
    from tmt.trackers import load_tracker

    clips = list(cache.build([subject_clip, driving_clip], tmp_path / "cache", load_tracker("mediapipe")))
    assert len(clips) == 3
    network = {"depth": {"widths": [8, 8, 8, 8]}, "pose": {"widths": [8, 8, 8, 8, 8]}}
    config = {"held_out": ["driving"], "samples": 4, "checks": 2, "batch": 2, "every": 1, "network": network}
    (tmp_path / "config.json").write_text(json.dumps(config))
    given = ["geometry", "--cache", str(tmp_path / "cache"), "--config", str(tmp_path / "config.json")]
    out = tmp_path / "run"
    assert command.main([*given, "--out", str(out), "--steps", "2", "--workers", "0", "--start", "none"]) == 0
    DepthNet.from_pretrained(out / "best" / "depth")
    PoseNet.from_pretrained(out / "best" / "pose")
    assert "photo" in (out / "best" / "curve.csv").read_text().splitlines()[0]
    sheet = cv2.imread(str(out / "sheet.png"))
    assert sheet.shape[1] == 4 * CROP
    assert sheet.std() > 5
