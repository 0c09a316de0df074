"""A frame of the subject, carried into canonical space: lifted by the head's depth, its pose and expression taken out.

The canonical picture ("atlas") lies on the sheet of `canonical.py`: a texel is a place of the sheet, whatever the pose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from tmt.bank import row_of
from tmt.geometry import smoothstep
from tmt.types import Array, Performance, Surface, Window
from tmt.ways import numbers_of

SIDE = 256  # texels of the atlas: what the network sees
FINE = 2  # finer by this are the colours that are shown
FACE = (0.6, 0.95)  # share of a vertex that follows the landmarks: from the second on they know its depth
NECK = (0.6, 0.95)  # of Surface.head, over which head gives way to torso
EDGE = 2.0  # px of a picture's border that are not trusted
FLAT = 0.05  # px^2 of a texel in the picture: below it is seen too much from the side to be measured
MOST_SLIP = 80.0  # texels per head unit


@dataclass(frozen=True)
class Sight:
    """One frame in canonical space. float32.

    pixels [4, F, F] RGB and matte 0..1, on a finer atlas; weight [S, S] 0..1, how well the sheet is seen; slip [2, S,
    S] texels that what is seen would move by if the head were a head unit deeper there; acted [S, S] head units, its
    expression; detail [S, S] log of the px^2 of a cell; head [S, S] 1 on the head, 0 on the torso; numbers [N] of pose
    and expression, see `ways.py`.
    """

    pixels: Array
    weight: Array
    slip: Array
    acted: Array
    detail: Array
    head: Array
    numbers: Array


def sight_of(
    surface: Surface, performance: Performance, window: Window, index: int, image: Array, fine: int = FINE
) -> Sight:
    """Frame `index` of the clip, its picture [H, W, 4] uint8 with matte in `window` -> what it shows of the head."""
    places, offsets, quality, area = row_of(surface, performance, window, index)
    pose, grid = performance.pose[index], surface.grid
    where = spread_out(places, grid, SIDE)
    finer = where if fine == 1 else spread_out(places, grid, SIDE * fine)
    x, y = finer[..., 0] - 0.5, finer[..., 1] - 0.5
    pixels = cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    ahead = (pose.scale * window.scale * pose.rotation[:2, 2]).astype(np.float32)  # px per head unit of depth
    slip, flat = _slip(where, ahead)
    each = quality, np.linalg.norm(offsets, axis=-1), area, loose(surface), turning(surface)
    values = spread_out(np.stack(each, 1).astype(np.float32), grid, SIDE)
    height, width = image.shape[:2]
    inside = ((where > EDGE) & (where < np.array([width - EDGE, height - EDGE], np.float32))).all(-1)
    weight = np.exp(np.minimum(values[..., 0], 0)) * inside * ~flat
    return Sight(
        np.ascontiguousarray(np.moveaxis(pixels, -1, 0), np.float32) / 255, weight.astype(np.float32),
        np.moveaxis(slip * values[..., 3:4], -1, 0).copy(), values[..., 1].copy(), values[..., 2].copy(),
        values[..., 4].copy(), numbers_of(performance.canonical[index], performance.neutral, pose.rotation),
    )


def loose(surface: Surface) -> Array:
    """[G*G] 0..1: where depth is not known from landmarks and turns with the head."""
    bound = np.asarray(surface.operator.sum(1)).ravel()
    return np.asarray((1 - smoothstep((bound - FACE[0]) / (FACE[1] - FACE[0]))) * surface.head, np.float32)


def deeper(surface: Surface, by: Array) -> Surface:
    """The surface moved `by` [G*G] head units of depth where landmarks do not know it."""
    vertices = surface.vertices.copy()
    vertices[:, 2] += by * loose(surface)
    return replace(surface, vertices=vertices)


def turning(surface: Surface) -> Array:
    """[G*G] 1 on what turns with the head wholly, 0 on what goes with the torso even in part."""
    return smoothstep((surface.head - NECK[0]) / (NECK[1] - NECK[0])).astype(np.float32)


def _slip(where: Array, ahead: Array) -> tuple[Array, Array]:
    """Places [S, S, 2] px of the texels and the way a deeper point goes [2] px -> that way in texels [S, S, 2], and
    where it cannot be told [S, S] bool."""
    across, down = np.gradient(where, axis=1), np.gradient(where, axis=0)
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    flat = area < FLAT
    area = np.where(flat, 1, area)
    x = (ahead[0] * down[..., 1] - ahead[1] * down[..., 0]) / area
    y = (across[..., 0] * ahead[1] - across[..., 1] * ahead[0]) / area
    return np.clip(np.stack([x, y], -1) * ~flat[..., None], -MOST_SLIP, MOST_SLIP).astype(np.float32), flat


@lru_cache(maxsize=4)
def _ticks(grid: int, side: int) -> tuple[Array, Array]:
    """Grid coordinates of the texels' centres, [side, side] each."""
    line = ((np.arange(side) + 0.5) / side * (grid - 1)).astype(np.float32)
    x, y = np.meshgrid(line, line)
    return x, y


def spread_out(values: Array, grid: int, side: int) -> Array:
    """Values [G*G, C] of the vertices -> at the texels [side, side, C]."""
    sheet = np.ascontiguousarray(values.reshape(grid, grid, -1), np.float32)
    return np.asarray(cv2.remap(sheet, *_ticks(grid, side), cv2.INTER_LINEAR)).reshape(side, side, -1)


def at_vertices(plane: Array, grid: int) -> Array:
    """Values at the texels [S, S] -> at the vertices [G*G]."""
    side = len(plane)
    line = (np.arange(grid) / (grid - 1) * side - 0.5).astype(np.float32)
    x, y = np.meshgrid(line, line)
    here = cv2.remap(np.ascontiguousarray(plane, np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(here).ravel()
