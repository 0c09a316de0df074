"""The stage "geometry": DepthNet and PoseNet learn from frames of one clip that show the same head (Ni et al. 2023,
section 3.1): if depth and pose are right, one frame can be put together from another's pixels.

How wrong a pixel may be is learned. Landmarks fix scale and origin of the depth and the mean turn; the poses that the
depth is learned with are theirs, too. Synthetic heads, where there are any, bring their truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from tmt.headcrop import NOBODY
from tmt.networks.depth import Depth, DepthNet
from tmt.networks.pose import HeadPose, PoseNet
from tmt.train.config import TrainConfig
from tmt.train.posing import hindered, measured_hindered, pose_errors, posed
from tmt.train.precision import whole
from tmt.train.reprojection import WORK, Batch, Place, photometric, places_of
from tmt.train.views import Views, unpacked
from tmt.types import Array

DOUBT_SHIFT = 2.5  # from the log of an error in depth to that of one in colour: .01 of a side is about .12
SMOOTH, GAUGE = 0.01, 2.0
PHOTO = 0.3  # beside the truth of synthetic heads
SLOPES, SCALES, STEEPEST = 0.25, 4, 0.5  # what a scale's slopes count, how many, head units from which it is an edge
CLOTHES = 0.2  # weight of what lies below the head, for hair that falls over it
DOUBTED = 0.05  # of the expected error's own loss


class Geometry(nn.Module):
    """Both networks."""

    def __init__(self, depth: DepthNet | None = None, pose: PoseNet | None = None) -> None:
        super().__init__()
        self.depth, self.pose = depth or DepthNet(), pose or PoseNet()

    def save_pretrained(self, folder: Path) -> None:
        """Each into its own folder."""
        self.depth.save_pretrained(folder / "depth")
        self.pose.save_pretrained(folder / "pose")


def step(net: Geometry, batch: Batch, part: str = "both") -> torch.Tensor:
    """The loss of one batch, of both networks or of one of them alone ("depth", "pose"). The networks may run in half
    precision, what is compared may not: a place in a crop needs more than eight bits."""
    batch = unpacked(batch)
    total = torch.zeros((), device=batch["crops"].device)
    if part != "pose":
        told = whole(net.depth(seen(batch)))
        with torch.autocast(total.device.type, enabled=False):
            total = total + _depth_loss(batch, told)
    if part != "depth":
        total = total + _pose_loss(net, batch)
    return total


def seen(batch: Batch) -> torch.Tensor:
    """The first frames [B, 3, S, S] as DepthNet sees them: grey where nobody is."""
    return batch["crops"][:, 0] * batch["matte"] + (1 - batch["matte"]) * (NOBODY / 255)


def _depth_loss(batch: Batch, depth: Depth) -> torch.Tensor:
    """Synthetic heads by their truth; real ones by pictures put together with the landmarks' poses, for a turn that is
    wrong by a degree says more than any depth, and by the gauge."""
    true = batch["true"][:, 0]
    own = _doubted(batch, depth, places_of(batch), 1 - true) + _gauge(batch, depth, 1 - true)
    return PHOTO * own + SMOOTH * _rough(batch, depth, 1 - true) + _supervised(batch, depth)


def _pose_loss(net: Geometry, batch: Batch) -> torch.Tensor:
    """Truth of synthetic heads; for real ones pictures put together with DepthNet's depth as it is, and the gauge."""
    told = whole(net.pose(hindered(batch)))
    with torch.no_grad():
        depth = whole(net.depth(seen(batch)))
    with torch.autocast(told.scale.device.type, enabled=False):
        true, places = batch["true"][:, 0], places_of(batch, told)
        own = _doubted(batch, depth, places, 1 - true) + _turned(batch, places, 1 - true)
        return posed(batch, told, true) + PHOTO * own


def _doubted(batch: Batch, depth: Depth, places: list[Place], which: torch.Tensor) -> torch.Tensor:
    """The photometric difference, less where the network doubts; `which` [B] samples count."""
    error, counted = photometric(batch, depth, places)
    doubt = F.interpolate(depth.doubt, size=WORK, mode="area") + DOUBT_SHIFT
    return _over(error * torch.exp(-doubt) + doubt, counted * which[:, None, None, None]) * 0.1 * which.mean()


def _gauge(batch: Batch, depth: Depth, which: torch.Tensor) -> torch.Tensor:
    """Landmarks say how deep a real face is on the whole, and where its middle lies."""
    marks = batch["marks"]
    here = F.grid_sample(depth.z, marks[:, None, :, :2] * 2 - 1, align_corners=False)[:, 0, 0]
    middle = (here.mean(1) - marks[..., 2].mean(1)).abs()
    centred = marks[..., 2] - marks[..., 2].mean(1, keepdim=True)
    slope = ((here - here.mean(1, keepdim=True)) * centred).sum(1) / centred.pow(2).sum(1).clamp(min=1e-6)
    return GAUGE * ((middle * 10 + (slope - 1).abs() * 0.2) * which).mean()


def _turned(batch: Batch, places: list[Place], which: torch.Tensor) -> torch.Tensor:
    """Landmarks say the mean turn, size and place of a sample's frames."""
    turn = torch.stack([p.rotation for p in places]).mean(0) - batch["rotation"].mean(1)
    away = turn.abs().mean((1, 2))
    size = (torch.stack([p.scale for p in places]).mean(0) / batch["scale"].mean(1)).log().abs()
    spot = (torch.stack([p.translation for p in places]).mean(0) - batch["translation"].mean(1)).abs().sum(1)
    return GAUGE * ((away * 2 + size + spot * 4) * which).mean()


def _rough(batch: Batch, depth: Depth, which: torch.Tensor) -> torch.Tensor:
    """Slopes of the depth where the picture has none."""
    picture, z = batch["crops"][:, 0].mean(1, keepdim=True), depth.z
    slopes = (torch.diff(z, dim=d).abs() * torch.exp(-20 * torch.diff(picture, dim=d).abs()) for d in (2, 3))
    return sum((one.mean((1, 2, 3)) * which).mean() * 100 for one in slopes)  # type: ignore[return-value]


def _supervised(batch: Batch, depth: Depth) -> torch.Tensor:
    """Depth of synthetic heads and its slopes, fine and coarse, in head units. What the error is to be is learned
    beside it: an error that is expected counts like any other, or hair would not be learned."""
    known = torch.isfinite(batch["depth"])
    unit = batch["scale"][:, :1, None, None]
    wanted, told = batch["depth"].nan_to_num(0.0) / unit, depth.z / unit
    weight = known * (CLOTHES + (1 - CLOTHES) * batch["head"][:, 0])
    error = (told - wanted).abs()
    total = _over(error, weight)
    doubt = depth.doubt - unit.log()
    total = total + DOUBTED * _over(error.detach() * torch.exp(-doubt) + doubt, weight)
    off = (told - wanted) * weight
    for _ in range(SCALES):
        for d in (2, 3):
            both = weight.narrow(d, 1, weight.shape[d] - 1) * weight.narrow(d, 0, weight.shape[d] - 1)
            total = total + SLOPES * _over(torch.diff(off, dim=d).abs().clamp(max=STEEPEST), both)
        off, weight = off[..., ::2, ::2], weight[..., ::2, ::2]
    return total * batch["true"].mean()


def _over(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Mean of values under a mask of the same shape."""
    weight = weight.to(values)
    return (values * weight).sum() / weight.sum().clamp(min=1)


@dataclass(frozen=True)
class GeometryStage:
    """What the loop asks a stage for. `train` draws samples, `check` are the held-out ones."""

    train: Views
    check: Views
    part: str = "both"  # see TrainConfig

    def samples(self, config: TrainConfig) -> tuple[Views, int]:
        """Three frames at a time, never the same twice."""
        return self.train, self.train.count

    def held_out(self, config: TrainConfig) -> Views:
        """Of people that are not trained on, always the same."""
        return self.check

    def build(self, config: TrainConfig) -> Geometry:
        """Untrained networks."""
        return Geometry(DepthNet(**config.network.get("depth", {})), PoseNet(**config.network.get("pose", {})))  # type: ignore[arg-type, attr-defined]

    def load(self, folder: Path) -> Geometry:
        """Networks to start from: those that are there."""
        kinds = {"depth": DepthNet, "pose": PoseNet}
        there = {name: kind.from_pretrained(folder / name) for name, kind in kinds.items() if (folder / name).is_dir()}
        return Geometry(**there)

    def step(self, net: nn.Module, batch: Any) -> torch.Tensor:
        """The loss of one batch."""
        return step(net, batch, self.part)  # type: ignore[arg-type]

    @torch.no_grad()
    def look(self, net: nn.Module | None, batches: list[Any]) -> tuple[dict[str, float], Array]:
        """Measures on held-out people, and a sheet: crop, depth, doubt."""
        sums: dict[str, list[float]] = {}
        rows: list[Array] = []
        if net is None:
            return {}, np.zeros((1, 1, 3), np.uint8)
        for batch in map(unpacked, batches):
            depth, told = net.depth(seen(batch)), net.pose(batch["crops"].flatten(0, 1))  # type: ignore[operator]
            hard = net.pose(hindered(batch))  # type: ignore[operator]
            for name, value in (*_measured(batch, depth, told), *measured_hindered(batch, hard)):
                sums.setdefault(name, []).append(value)
            if len(rows) < 8:
                rows += list(_pictures(batch, depth))[:2]
        means = {name: float(np.mean(values)) for name, values in sums.items()}
        means["loss"] = sum(means.get(name, 0.0) * weight for name, weight in COUNTED.items())
        return means, np.concatenate(rows)


COUNTED = {  # towards the loss that chooses the best
    "photo": 1.0,
    "depth": 1.0,
    "turn": 0.02,
    "turn_real": 0.02,
    "turn_covered": 0.02,
    "turn_blurred": 0.02,
}


def _measured(batch: Batch, depth: Depth, told: HeadPose) -> Iterator[tuple[str, float]]:
    """photo: difference of pictures, real people; depth: error in head units, turn: in degrees, synthetic ones;
    turn_real: degrees from what landmarks say."""
    true = batch["true"][:, 0] > 0
    turn = torch.rad2deg(pose_errors(batch, told)[0].mean(1))
    error, counted = photometric(batch, depth, places_of(batch))
    known = torch.isfinite(batch["depth"]) & (batch["head"][:, 0] > 0.5)
    away = (depth.z - batch["depth"].nan_to_num(0.0)).abs() / batch["scale"][:, 0, None, None, None]
    for i, synthetic in enumerate(true):
        yield ("turn" if synthetic else "turn_real"), float(turn[i])
        yield ("depth", float(_over(away[i], known[i]))) if synthetic else ("photo", float(_over(error[i], counted[i])))


def _pictures(batch: Batch, depth: Depth) -> Iterator[Array]:
    """[S, 4 S, 3] uint8 of every sample: crop, depth, true depth if known, doubt."""
    for crop, z, true, doubt, scale in zip(
        batch["crops"][:, 0], depth.z, batch["depth"], depth.doubt, batch["scale"][:, 0], strict=True
    ):
        parts = [crop.permute(1, 2, 0)]
        for values in (-z / scale, -true.nan_to_num(0.0) / scale):
            parts.append((values[0] * 0.35 + 0.6).clamp(0, 1)[..., None].expand(-1, -1, 3))
        parts.append(((doubt[0] + 7) / 7)[..., None].expand(-1, -1, 3))
        yield (torch.cat(parts, 1).cpu().numpy() * 255).round().astype(np.uint8)
