"""The frame bank: which of the subject's frames to keep, and where the surface lies in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np

from tmt.expression import measure
from tmt.geometry import euler_from_rotation, rotation_angle, smoothstep
from tmt.overlap import overlapped
from tmt.render import deform, look, place
from tmt.topology import Topology
from tmt.types import Array, FrameBank, Performance, Pose, Surface, Target, Window

UNIFORM, EXTREME = 40, 12  # farthest-point keyframes alone pick outliers (1 dB worse than uniform in time)
SEEN_WITHIN = 0.05  # head units: a vertex this little behind the nearest surface still counts as seen
VISIBILITY_SIDE = 256.0  # px of the longer side at which visibility is decided
LEAST_FACING = 0.03
SURELY_FACING = 0.2  # cosine from which skin is drawn out over what is hidden beside it: not the very outline
FACE = 0.93  # share of a vertex that follows the landmarks: 1 within the face, less with the distance from it
BESIDE = 13  # vertices
EDGE_ROOM = 0.012  # of the window's side: nearer to its edge nothing is called hidden
SMOOTHING, EVEN = 30, np.array([0.25, 0.5, 0.25], np.float32)  # rounds of a small filter over what is filled in
# What counts as one step of difference between two frames when extremes are picked.
STEP = {"yaw": 12.0, "pitch": 12.0, "roll": 30.0, "open": 0.10, "width": 0.06, "eyes": 0.06, "gaze": 0.12, "brow": 0.06}


def novelty(bank: FrameBank, target: Target, limits: tuple[float, float]) -> float:
    """How new a view is: 0 up to the first of two angles (degrees) from the nearest keyframe, 1 from the second on."""
    angle = np.degrees(rotation_angle(bank.pose.rotation, target.pose.rotation).min())
    return float(smoothstep((angle - limits[0]) / (limits[1] - limits[0])))


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
    swing = None if performance.swing is None else performance.swing[index]
    return Target(performance.pose[index], performance.canonical[index], performance.torso[index], swing=swing)


def build_bank(
    surface: Surface, performance: Performance, window: Window, index: Array, images: Sequence[Array]
) -> FrameBank:
    """Keyframes `index` [K] and their pictures with matte, each [H, W, 4] uint8 in `window` -> FrameBank."""
    row = partial(row_of, surface, performance, window, alone=len(index) == 1)
    rows = list(overlapped(partial(row, int(i)) for i in index))
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


def row_of(
    surface: Surface, performance: Performance, window: Window, index: int, *, alone: bool = False
) -> tuple[Array, Array, Array, Array]:
    """One keyframe's places, offsets, quality and area; `alone`: no other one shows what is hidden in it."""
    target = target_of(performance, index)
    offsets = deform(surface, target.canonical, target.swing)
    vertices = place(surface, offsets, target, performance)
    seen = visibility(surface, vertices, window, float(target.pose.scale))
    turned = facing(vertices, surface.grid)
    quality = np.log(seen) + 0.5 * np.log(np.maximum(turned, LEAST_FACING))
    places = window.to_window(vertices)[:, :2]
    if alone:
        places = unfolded(places, seen, turned, np.asarray(surface.operator.sum(1)).ravel() > FACE, window)
    return places, offsets, quality.astype(np.float32), cell_area(vertices, surface.grid)


def unfolded(places: Array, seen: Array, turned: Array, face: Array, window: Window) -> Array:
    """Places [G*G, 2] window px, with those of hidden vertices filled in smoothly from visible ones beside them.

    A turned-away cheek lies behind the face, and would show its eye and mouth a second time once the head turns back;
    so the last skin that was seen is drawn out over it, and what was seen beside the face over what is not face. seen,
    turned: see `visibility` and `facing`; face [G*G] bool.
    """
    grid = round(len(places) ** 0.5)
    room = EDGE_ROOM * max(window.shape)
    inside = ((places > room) & (places < np.array(window.shape[::-1]) - room)).all(1)
    hidden, sure = ((seen < 0.5) | (turned < 0)) & inside, (seen > 0.5) & (turned > SURELY_FACING)
    # The model's outline is a little inside the head's: what is seen just beside it is skin, and no background.
    folded = cv2.erode((hidden & ~face).astype(np.uint8).reshape(grid, grid), np.ones((3, 3), np.uint8))
    beside = cv2.dilate(folded, np.ones((BESIDE, BESIDE), np.uint8)).ravel() > 0
    sheet = places.reshape(grid, grid, 2)
    out = sheet.copy()
    for known, wanted in ((sure & face, hidden & face), (sure & ~face & ~beside, (hidden | beside) & inside & ~face)):
        if known.any() and wanted.any():
            filled = _filled(sheet, known.reshape(grid, grid, 1))
            out = np.where(wanted.reshape(grid, grid, 1), filled, out)
    return out.reshape(-1, 2)


def _filled(sheet: Array, known: Array) -> Array:
    """A sheet [G, G, 2] with what is not `known` [G, G, 1] carried on smoothly from what is."""
    unknown = (~known[..., 0]).astype(np.uint8)
    _, label = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    owner = np.zeros(label.max() + 1, int)
    owner[label[unknown == 0]] = np.flatnonzero(unknown == 0)
    filled = sheet.reshape(-1, 2)[owner[label]]
    for _ in range(SMOOTHING):
        filled = np.where(known, sheet, cv2.sepFilter2D(filled, -1, EVEN, EVEN))
    return filled.astype(np.float32)


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
