"""The frame bank: which of the subject's frames to keep, and where the surface lies in each of them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tmt.expression import measure
from tmt.geometry import euler_from_rotation
from tmt.render import deform, look, place
from tmt.topology import Topology
from tmt.types import Array, FrameBank, Performance, Pose, Surface, Target, Window

UNIFORM, EXTREME = 40, 12  # farthest-point keyframes alone pick outliers (1 dB worse than uniform in time)
SEEN_WITHIN = 0.05  # head units: a vertex this little behind the nearest surface still counts as seen
VISIBILITY_SIDE = 256.0  # px of the longer side at which visibility is decided
LEAST_FACING = 0.03
# What counts as one step of difference between two frames when extremes are picked.
STEP = {"yaw": 12.0, "pitch": 12.0, "roll": 30.0, "open": 0.10, "width": 0.06, "eyes": 0.06, "gaze": 0.12, "brow": 0.06}


def choose_keyframes(performance: Performance, sharpness: Array, topology: Topology) -> Array:
    """Frame numbers [K], ascending: the reference, frames uniform in time, and extremes of pose and expression.

    Frames without a face are left out; blurred ones (the lowest quarter in sharpness) are no extremes.
    """
    usable = np.flatnonzero(performance.found)
    even = usable[np.unique(np.linspace(0, len(usable) - 1, UNIFORM).round().astype(int))]
    chosen = sorted({performance.reference, *even.tolist()})
    features = _features(performance, topology)
    sharp = sharpness >= np.percentile(sharpness[usable], 25)
    candidate = performance.found & sharp
    away = np.full(len(features), np.inf)
    for index in chosen:
        away = np.minimum(away, np.linalg.norm(features - features[index], axis=1))
    for _ in range(EXTREME):
        index = int(np.argmax(np.where(candidate, away, -1)))
        if away[index] <= 0.25:
            break
        chosen.append(index)
        away = np.minimum(away, np.linalg.norm(features - features[index], axis=1))
    return np.array(sorted(set(chosen)))


def _features(performance: Performance, topology: Topology) -> Array:
    """Pose and expression in comparable steps [T, 8]."""
    yaw, pitch, roll = (np.degrees(a) for a in euler_from_rotation(performance.pose.rotation))
    now = measure(performance.canonical, topology)
    brow = (now.right_brow + now.left_brow) / 2
    columns = (yaw, pitch, roll, now.mouth_open, now.mouth_width, now.eyes, now.gaze, brow)
    return np.stack([c / s for c, s in zip(columns, STEP.values(), strict=True)], 1)


def target_of(performance: Performance, index: int) -> Target:
    """A frame of the subject's own clip as a target."""
    return Target(performance.pose[index], performance.canonical[index], performance.torso[index])


def build_bank(
    surface: Surface, performance: Performance, window: Window, index: Array, images: Sequence[Array]
) -> FrameBank:
    """Keyframes `index` [K] and their pictures with matte, each [H, W, 4] uint8 in `window` -> FrameBank."""
    rows = [_row(surface, performance, window, int(i)) for i in index]
    places, offsets, quality, area = (np.stack(column) for column in zip(*rows, strict=True))
    pose = Pose(*(a[index] for a in (performance.pose.scale, performance.pose.rotation, performance.pose.translation)))
    return FrameBank(
        window=window, images=np.stack(images), index=index, places=places, offsets=offsets, quality=quality,
        area=area, view=view_direction(pose.rotation), landmarks=performance.canonical[index][..., :2],
        torso=performance.torso[index], pose=pose,
    )


def view_direction(rotation: Array) -> Array:
    """Rotation [*, 3, 3] -> the camera's axis in canonical coordinates [*, 3]."""
    return rotation[..., 2, :].astype(np.float32)


def _row(surface: Surface, performance: Performance, window: Window, index: int) -> tuple[Array, Array, Array, Array]:
    target = target_of(performance, index)
    offsets = deform(surface, target.canonical)
    vertices = place(surface, offsets, target, performance)
    log_seen = np.log(visibility(surface, vertices, window, float(target.pose.scale)))
    log_facing = np.log(np.maximum(facing(vertices, surface.grid), LEAST_FACING))
    return (
        window.to_window(vertices)[:, :2], offsets, (log_seen + 0.5 * log_facing).astype(np.float32),
        cell_area(vertices, surface.grid),
    )


def visibility(surface: Surface, vertices: Array, window: Window, scale: float) -> Array:
    """How surely each vertex [G*G, 3] is seen in the window, 1e-4..1: by a depth buffer, softened over its noise."""
    small = window.at(VISIBILITY_SIDE / max(window.width, window.height))
    depth = np.minimum(look(surface, vertices, small).depth, 1e4)
    points = small.to_window(vertices)
    nearest = cv2.remap(
        depth, points[None, :, 0] - 0.5, points[None, :, 1] - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )[0]
    unit = scale * small.scale
    seen = 1 / (1 + np.exp(-np.clip((SEEN_WITHIN * unit - (points[:, 2] - nearest)) / (0.015 * unit), -30, 30)))
    height, width = small.shape
    inside = (points[:, 0] > 1.5) & (points[:, 0] < width - 1.5) & (points[:, 1] > 1.5) & (points[:, 1] < height - 1.5)
    grid = (seen * inside + 1e-4).astype(np.float32).reshape(surface.grid, surface.grid)
    return cv2.GaussianBlur(grid, (0, 0), 1.0).ravel()


def facing(vertices: Array, grid: int) -> Array:
    """Cosine [G*G] between the surface's normal and the camera's axis."""
    sheet = vertices.reshape(grid, grid, 3)
    normal = np.cross(np.gradient(sheet, axis=1), np.gradient(sheet, axis=0))
    return (normal[..., 2] / (np.linalg.norm(normal, axis=-1) + 1e-9)).ravel()


def cell_area(vertices: Array, grid: int) -> Array:
    """Log of the picture px^2 that each cell covers [G*G], smoothed: how much detail a frame holds there."""
    sheet = vertices[:, :2].reshape(grid, grid, 2)
    across, down = _slope(sheet, 1), _slope(sheet, 0)
    area = np.maximum(across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0], 0).astype(np.float32)
    return np.log(np.maximum(cv2.GaussianBlur(area, (0, 0), 1.5), 0.01)).ravel()


def _slope(sheet: Array, axis: int) -> Array:
    """Central differences along an axis (np.gradient, a quarter of its time)."""
    slope = np.empty_like(sheet)
    if axis == 0:
        slope[1:-1] = (sheet[2:] - sheet[:-2]) * 0.5
        slope[0], slope[-1] = sheet[1] - sheet[0], sheet[-1] - sheet[-2]
    else:
        slope[:, 1:-1] = (sheet[:, 2:] - sheet[:, :-2]) * 0.5
        slope[:, 0], slope[:, -1] = sheet[:, 1] - sheet[:, 0], sheet[:, -1] - sheet[:, -2]
    return slope
