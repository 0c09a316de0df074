"""Fast paths on the CPU (numba): rasterise, score the bank's frames, fuse pixels.

Each equals its plain reference in `render.py` and `fuse.py`, which tests hold them to and which run on a GPU.
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


@nb.njit(cache=True, nogil=True, fastmath=True)
def fuse(
    rows_from: int, rows_to: int, grid_xy: Array, places: Array, logits: Array, extra: Array, images: Array,
    floor: float, home: Array, rest: Array, out: Array,
) -> None:
    """Per pixel: softmax of the sources' logits, and the weighted sum of their pixels (bicubic).

    grid_xy [H, W, 2]; places [K, G, G, 2] px of the images; logits [K, G, G]; extra [h, w, K] logits of the pixels, at
    any size, spread over the picture (0 x 0: none); images [K, h, w, 4] uint8; sources of
    less than `floor` of the best one's share are left out; home [3]: scale, x and y that take a pixel to where it lies
    in the images if nothing moves; rest [2] px: moved less than the first is taken for no motion, more than the second
    for all of it; out [H, W, 5]: RGB and matte 0..1, and how far the pixels have come, px of the images (0 where there
    is nothing). Only rows `rows_from` to `rows_to` are done: threads share the picture by strips, with no global
    thread pool to clash over.
    """
    height, width = grid_xy.shape[0], grid_xy.shape[1]
    count, grid = logits.shape[0], logits.shape[1]
    tall, wide = extra.shape[0], extra.shape[1]
    step_x, step_y = np.float32(wide) / np.float32(width), np.float32(tall) / np.float32(height)
    rows, columns = images.shape[1], images.shape[2]
    weight = np.empty(count, np.float32)
    xs = np.empty(count, np.float32)
    ys = np.empty(count, np.float32)
    hx, hy = np.empty(4, np.float32), np.empty(4, np.float32)
    for y in range(rows_from, rows_to):
        for x in range(width):
            gx, gy = grid_xy[y, x, 0], grid_xy[y, x, 1]
            for c in range(5):
                out[y, x, c] = 0
            if gx < 0:
                continue
            j, i = min(int(gx), grid - 2), min(int(gy), grid - 2)
            fx, fy = gx - np.float32(j), gy - np.float32(i)
            w00, w01 = (1 - fx) * (1 - fy), fx * (1 - fy)
            w10, w11 = (1 - fx) * fy, fx * fy
            top = np.float32(-1e9)
            for k in range(count):
                a, b = logits[k, i], logits[k, i + 1]
                p, q = places[k, i], places[k, i + 1]
                weight[k] = w00 * a[j] + w01 * a[j + 1] + w10 * b[j] + w11 * b[j + 1]
                xs[k] = w00 * p[j, 0] + w01 * p[j + 1, 0] + w10 * q[j, 0] + w11 * q[j + 1, 0]
                ys[k] = w00 * p[j, 1] + w01 * p[j + 1, 1] + w10 * q[j, 1] + w11 * q[j + 1, 1]
            if tall > 0:
                ex = (np.float32(x) + np.float32(0.5)) * step_x - np.float32(0.5)
                ey = (np.float32(y) + np.float32(0.5)) * step_y - np.float32(0.5)
                ex = min(max(ex, np.float32(0)), np.float32(wide - 1))
                ey = min(max(ey, np.float32(0)), np.float32(tall - 1))
                u, v = min(int(ex), wide - 2), min(int(ey), tall - 2)
                tx, ty = ex - np.float32(u), ey - np.float32(v)
                for k in range(count):
                    upper = extra[v, u, k] * (1 - tx) + extra[v, u + 1, k] * tx
                    lower = extra[v + 1, u, k] * (1 - tx) + extra[v + 1, u + 1, k] * tx
                    weight[k] += upper * (1 - ty) + lower * ty
            for k in range(count):
                top = max(top, weight[k])
            for k in range(count):
                weight[k] = np.exp(weight[k] - top)
            kept = np.float32(0.0)
            for k in range(count):
                if weight[k] < floor:  # the best one has exp(0) = 1
                    weight[k] = 0
                kept += weight[k]
            red, green, blue, matte = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            moved = np.float32(0)
            home_x = (np.float32(x) + np.float32(0.5)) * home[0] + home[1]
            home_y = (np.float32(y) + np.float32(0.5)) * home[0] + home[2]
            for k in range(count):
                if weight[k] == 0:
                    continue
                share = weight[k] / kept / np.float32(255.0)
                away = np.sqrt((xs[k] - home_x) ** 2 + (ys[k] - home_y) ** 2)
                moved += weight[k] / kept * away
                pull = min(max((away - rest[0]) / (rest[1] - rest[0]), np.float32(0)), np.float32(1))
                pull = pull * pull * (np.float32(3) - np.float32(2) * pull)
                px = home_x + (xs[k] - home_x) * pull - np.float32(0.5)
                py = home_y + (ys[k] - home_y) * pull - np.float32(0.5)
                cx, cy = int(np.floor(px)), int(np.floor(py))
                cubic(px - np.float32(cx), hx)
                cubic(py - np.float32(cy), hy)
                c0, c3 = min(max(cx - 1, 0), columns - 1), min(max(cx + 2, 0), columns - 1)
                c1, c2 = min(max(cx, 0), columns - 1), min(max(cx + 1, 0), columns - 1)
                for n in range(4):
                    line = images[k, min(max(cy - 1 + n, 0), rows - 1)]
                    p0, p1, p2, p3 = line[c0], line[c1], line[c2], line[c3]
                    w0, w1 = share * hy[n] * hx[0], share * hy[n] * hx[1]
                    w2, w3 = share * hy[n] * hx[2], share * hy[n] * hx[3]
                    red += w0 * p0[0] + w1 * p1[0] + w2 * p2[0] + w3 * p3[0]
                    green += w0 * p0[1] + w1 * p1[1] + w2 * p2[1] + w3 * p3[1]
                    blue += w0 * p0[2] + w1 * p1[2] + w2 * p2[2] + w3 * p3[2]
                    matte += w0 * p0[3] + w1 * p1[3] + w2 * p2[3] + w3 * p3[3]
            out[y, x, 0], out[y, x, 1], out[y, x, 2], out[y, x, 3], out[y, x, 4] = red, green, blue, matte, moved
