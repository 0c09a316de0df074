"""PoseNet's lesson: what it sees, hindered as footage hinders it, and how wrong it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from tmt.train.covers import blurred, covered

if TYPE_CHECKING:
    from tmt.networks.pose import HeadPose
    from tmt.train.reprojection import Batch


def angles(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Radians between rotations [*, 3, 3] (by the chord: its slope has no pole)."""
    return 2 * torch.asin(((a - b).pow(2).sum((-1, -2)) + 1e-8).sqrt().clamp(max=2.8) / (2 * math.sqrt(2)))


def hindered(batch: Batch) -> torch.Tensor:
    """All frames [B N, 3, S, S] as PoseNet learns from them: covered and blurred."""
    crops, covers, blur = (batch[name].flatten(0, 1) for name in ("crops", "covers", "blur"))
    return blurred(covered(crops, covers), blur)


def posed(batch: Batch, told: HeadPose, true: torch.Tensor) -> torch.Tensor:
    """Errors of the poses of synthetic heads."""
    turn, size, spot = pose_errors(batch, told)
    doubt = told.doubt.unflatten(0, turn.shape)
    poses = turn * torch.exp(-doubt) + doubt + 2 * turn + 4 * size + 8 * spot
    return (poses.mean(1) * true).sum() / true.sum().clamp(min=1)


def pose_errors(batch: Batch, told: HeadPose) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Errors [B, N] of turn (radians), size (log) and place (sides)."""
    shape = batch["scale"].shape
    turn = angles(told.rotation.unflatten(0, shape), batch["rotation"])
    size = (told.scale.unflatten(0, shape) / batch["scale"]).log().abs()
    spot = (told.translation.unflatten(0, shape) - batch["translation"]).abs().sum(-1)
    return turn, size, spot


def measured_hindered(batch: Batch, told: HeadPose) -> Iterator[tuple[str, float]]:
    """turn_covered, turn_blurred: degrees of error of those frames."""
    turn = torch.rad2deg(pose_errors(batch, told)[0])
    for name, which in (("covered", batch["covers"][..., -1].amax(-1)), ("blurred", batch["blur"][..., 0])):
        yield from ((f"turn_{name}", float(value)) for value in turn[which > 0])
