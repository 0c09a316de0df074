"""The learned depth of keyframes, lifted into canonical space and laid over each other: what landmarks cannot know,
ears, hair, jaw and neck of this very person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from tmt.depth import Measured
from tmt.geometry import untransform
from tmt.headcrop import SIDE, HeadCrop, alone, crop_around
from tmt.hub import device
from tmt.topology import Topology
from tmt.types import Array, Performance, Pose, Window

if TYPE_CHECKING:
    from tmt.networks.depth import DepthNet

FRAMES = 12  # keyframes that are looked at: more say the same again
SURE = 0.9  # of the matte: nearer to the outline colours and depths are mixed
STEEP = 0.10  # head units from pixel to pixel: an edge, behind which depth is a guess
DOUBT = 0.12  # head units of expected error from which a pixel counts half


@dataclass(frozen=True)
class Cloud:
    """Points [N, 3] of a head in canonical space, head units, and how much each counts [N]."""

    points: Array
    weight: Array


def lift(
    net: DepthNet, images: Sequence[Array], performance: Performance, index: Array, window: Window, topology: Topology,
    certainty: bool = True,
) -> Cloud:
    """Keyframes `index` [K], their pictures, each [H, W, 4] uint8, in `window` -> what they say of the head's depth;
    without `certainty` all their pixels count alike."""
    chosen = np.unique(np.linspace(0, len(index) - 1, FRAMES).round().astype(int))
    poses = [in_window(performance.pose[int(index[k])], window) for k in chosen]
    marks = [performance.canonical[int(index[k])].astype(np.float64) @ pose.rotation.T * pose.scale + pose.translation
             for k, pose in zip(chosen, poses, strict=True)]  # fmt: skip
    crops = [crop_around(m[: topology.surface, :2]) for m in marks]
    cuts = np.stack([crop.cut(images[k]) for crop, k in zip(crops, chosen, strict=True)])
    z, doubt = sense(net, np.stack([alone(cut) for cut in cuts]))
    doubt = doubt if certainty else np.zeros_like(doubt)
    clouds = [
        _points(one, sure, cut[..., 3], crop, pose)
        for one, sure, cut, crop, pose in zip(z, doubt, cuts, crops, poses, strict=True)
    ]
    return Cloud(np.concatenate([c.points for c in clouds]), np.concatenate([c.weight for c in clouds]))


def in_window(pose: Pose, window: Window) -> Pose:
    """A pose in the picture -> in window px."""
    shift = pose.translation - np.array([window.left, window.top, 0.0])
    return Pose(pose.scale * window.scale, pose.rotation, shift * window.scale)


@torch.inference_mode()
def sense(net: DepthNet, crops: Array) -> tuple[Array, Array]:
    """Crops [N, S, S, 3] uint8, grey where nobody is -> depth and its expected error, [N, S, S] sides of the crop."""
    batch = torch.from_numpy(crops).to(device()).permute(0, 3, 1, 2).to(net.dtype) / 255
    told = net(batch)
    return told.z[:, 0].float().cpu().numpy(), np.exp(told.doubt[:, 0].float().cpu().numpy())


def _points(z: Array, doubt: Array, matte: Array, crop: HeadCrop, pose: Pose) -> Cloud:
    """One keyframe's pixels as canonical points."""
    seen = crop.seen(pose)
    unit = float(seen.scale)
    steep = np.hypot(cv2.Sobel(z, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(z, cv2.CV_32F, 0, 1, scale=1 / 8)) / unit
    surely = cv2.erode((matte > SURE * 255).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rows, columns = np.nonzero(surely & (steep < STEEP))
    places = np.stack([(columns + 0.5) / SIDE, (rows + 0.5) / SIDE, z[rows, columns]], 1)
    flat = Pose(seen.scale, seen.rotation, np.array([*seen.translation[:2], 0.0]))
    weight = 1 / (1 + (doubt[rows, columns] / unit / DOUBT) ** 2) * (1 - steep[rows, columns] / STEEP)
    return Cloud(untransform(flat, places.astype(np.float64)), weight.astype(np.float64))


def laid(cloud: Cloud, x: Array, y: Array) -> Measured:
    """The cloud on a sheet with ticks x, y [G]: the mean depth of the points around each vertex."""
    grid = len(x)
    ticks = np.arange(grid)
    columns, rows = np.interp(cloud.points[:, 0], x, ticks), np.interp(cloud.points[:, 1], y, ticks)
    column, row = (np.minimum(a.astype(int), grid - 2) for a in (columns, rows))
    u, v = columns - column, rows - row
    count, weight, total = (np.zeros(grid * grid) for _ in range(3))
    for down, across, share in ((0, 0, (1 - u) * (1 - v)), (0, 1, u * (1 - v)), (1, 0, (1 - u) * v), (1, 1, u * v)):
        cell = (row + down) * grid + column + across
        count += np.bincount(cell, share, grid * grid)
        weight += np.bincount(cell, share * cloud.weight, grid * grid)
        total += np.bincount(cell, share * cloud.weight * cloud.points[:, 2], grid * grid)
    every = total / np.maximum(weight, 1e-9), weight, weight / np.maximum(count, 1e-9)
    return Measured(*(values.reshape(grid, grid) for values in every))
