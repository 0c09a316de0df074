"""Fast paths on the CPU (numba): rasterise, and the weights of a bicubic reading.

The rasteriser equals its plain reference in `render.py`, which tests hold it to and which runs on a GPU.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from typing import Any

import numba as nb
import numpy as np

from tmt.types import Array

EMPTY = np.float32(-1.0)
WIDE = 3  # px: of a wider triangle only the filled part of each row is tried
BACK = np.float32(0.15)  # share of the picture's height that back faces lie behind front ones: they only fill holes


def _find_cache() -> None:
    """Where neither this folder nor the user's can be written, compiled code is kept for this process alone."""
    try:
        nb.njit(cache=True)(_find_cache)
    except RuntimeError:
        config: Any = nb.config
        config.CACHE_DIR = tempfile.mkdtemp(prefix="tmt-numba-")
        atexit.register(shutil.rmtree, config.CACHE_DIR, ignore_errors=True)


_find_cache()


@nb.njit(cache=True, nogil=True)
def _cut(
    px: np.float32, py: np.float32, lean: np.float32, inward: np.float32, y: np.float32, low: int, high: int
) -> tuple[int, int]:
    """Those of the pixels `low` to `high` of the row at y inside an edge, and one more: the edge passes (px, py), goes
    `lean` to the right a row, and has its inside to the right where `inward` is above 0; 0: it is level."""
    at = px + (y - py) * lean
    if inward > 0 and at - np.float32(1.5) > low:
        low = int(min(at - np.float32(1.5), np.float32(high + 1)))
    elif inward < 0 and at + np.float32(0.5) < high:
        high = int(max(at + np.float32(0.5), np.float32(low - 1)))
    return low, high


@nb.njit(cache=True, nogil=True)
def _box(a: float, b: float, c: float, size: int) -> tuple[int, int]:
    """The first and the last of `size` pixels whose middles lie between three coordinates."""
    low, high = int(np.ceil(min(a, b, c) - 0.5)), int(np.floor(max(a, b, c) - 0.5))
    return max(low, 0), min(high, size - 1)


@nb.njit(cache=True, nogil=True)
def _draw(
    ax: np.float32, ay: np.float32, az: np.float32, bx: np.float32, by: np.float32, bz: np.float32,
    cx: np.float32, cy: np.float32, cz: np.float32, x0: int, x1: int, y0: int, y1: int, back: np.float32,
    number: int, triangle: Array, uv: Array, depth: Array,
) -> None:
    """One triangle (corners px) in a box of pixels -> where it is nearest: its number, u and v to b and c, depth."""
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if abs(area) < 1e-9:
        return
    behind = np.float32(0.0) if area > 0 else back
    for y in range(y0, y1 + 1):
        py = np.float32(y) + np.float32(0.5)
        for x in range(x0, x1 + 1):
            px = np.float32(x) + np.float32(0.5)
            u = ((px - ax) * (cy - ay) - (py - ay) * (cx - ax)) / area
            v = ((bx - ax) * (py - ay) - (by - ay) * (px - ax)) / area
            if u < -1e-6 or v < -1e-6 or u + v > 1.000001:
                continue
            z = az + u * (bz - az) + v * (cz - az) + behind
            if z < depth[y, x]:
                depth[y, x] = z
                triangle[y, x] = number
                uv[y, x, 0], uv[y, x, 1] = u, v


@nb.njit(cache=True, fastmath=False, nogil=True)
def rasterise(points: Array, grid_xy: Array, depth: Array) -> None:
    """Sheet points [G, G, 3] px -> per pixel the grid coordinates seen there [H, W, 2] (-1: none), depth [H, W]."""
    depth[:] = np.inf
    grid_xy[:] = EMPTY
    triangle = np.full(depth.shape, -1, np.int32)
    rows, columns = points.shape[0], points.shape[1]
    height, width = depth.shape
    back = BACK * np.float32(height)
    for i in range(rows - 1):
        for j in range(columns - 1):
            number = (i << 12 | j) << 1  # no division when it is taken apart
            ax, ay, az = points[i, j, 0], points[i, j, 1], points[i, j, 2]
            bx, by, bz = points[i, j + 1, 0], points[i, j + 1, 1], points[i, j + 1, 2]
            cx, cy, cz = points[i + 1, j, 0], points[i + 1, j, 1], points[i + 1, j, 2]
            dx, dy, dz = points[i + 1, j + 1, 0], points[i + 1, j + 1, 1], points[i + 1, j + 1, 2]
            (x0, x1), (y0, y1) = _box(ax, bx, cx, width), _box(ay, by, cy, height)
            _draw(ax, ay, az, bx, by, bz, cx, cy, cz, x0, x1, y0, y1, back, number, triangle, grid_xy, depth)
            (x0, x1), (y0, y1) = _box(dx, cx, bx, width), _box(dy, cy, by, height)
            _draw(dx, dy, dz, cx, cy, cz, bx, by, bz, x0, x1, y0, y1, back, number + 1, triangle, grid_xy, depth)
    for y in range(height):
        for x in range(width):
            number = triangle[y, x]
            if number < 0:
                continue
            i, j = number >> 13, number >> 1 & 4095
            u, v = grid_xy[y, x, 0], grid_xy[y, x, 1]
            if number & 1 == 0:
                grid_xy[y, x, 0], grid_xy[y, x, 1] = j + u, i + v
            else:
                grid_xy[y, x, 0], grid_xy[y, x, 1] = j + 1 - u, i + 1 - v


@nb.njit(cache=True, fastmath=False, nogil=True)
def rasterise_mesh(points: Array, faces: Array, triangle: Array, uv: Array, depth: Array) -> None:
    """points [N, 3] px and faces [F, 3] -> per pixel the nearest face [H, W] (-1: none), u and v [H, W, 2], depth."""
    depth[:] = np.inf
    triangle[:] = -1
    uv[:] = 0
    height, width = depth.shape
    none = np.float32(0.0)
    for f in range(len(faces)):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, az = points[i, 0], points[i, 1], points[i, 2]
        bx, by, bz = points[j, 0], points[j, 1], points[j, 2]
        cx, cy, cz = points[k, 0], points[k, 1], points[k, 2]
        (x0, x1), (y0, y1) = _box(ax, bx, cx, width), _box(ay, by, cy, height)
        if x1 - x0 <= WIDE:
            _draw(ax, ay, az, bx, by, bz, cx, cy, cz, x0, x1, y0, y1, none, f, triangle, uv, depth)
            continue
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        turn = np.float32(1.0) if area > 0 else np.float32(-1.0)
        left, right, far = (cy - ay) * turn, (ay - by) * turn, (by - cy) * turn
        ac = (cx - ax) / (cy - ay) if left != 0 else none
        ab = (bx - ax) / (by - ay) if right != 0 else none
        bc = (cx - bx) / (cy - by) if far != 0 else none
        for y in range(y0, y1 + 1):
            py = np.float32(y) + np.float32(0.5)
            low, high = _cut(ax, ay, ac, left, py, x0, x1)
            low, high = _cut(ax, ay, ab, right, py, low, high)
            low, high = _cut(bx, by, bc, far, py, low, high)
            _draw(ax, ay, az, bx, by, bz, cx, cy, cz, low, high, y, y, none, f, triangle, uv, depth)


@nb.njit(cache=True, nogil=True)
def cubic(t: float, weights: Array) -> None:
    """Weights [4] of the samples around a position t in 0..1 (cubic convolution, a = -0.75, as torch's bicubic)."""
    a, s = np.float32(-0.75), np.float32(1.0) - t
    weights[0] = a * t * s * s
    weights[1] = ((a + 2) * t - (a + 3)) * t * t + 1
    weights[2] = ((a + 2) * s - (a + 3)) * s * s + 1
    weights[3] = a * s * t * t
