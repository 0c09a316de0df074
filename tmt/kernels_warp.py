"""Fast paths on the CPU (numba): the bank's frames as a target shows them, and their weighted mix; see `warp.py`.

All do only the rows `rows_from` to `rows_to`: threads share a picture by strips, with no global pool to clash over.
Arrays of which a length is * begin with the picture's row `first`.
Arguments are alike: grid_xy [H, W, 2]; places [K, G, G, 2] px of the images; logits [K, G, G]; images [K, h, w, 4]
uint8; home [3]: scale, x and y that take a pixel to where it lies in the images if nothing moves; rest [2] px: moved
less than the first is taken for no motion, more than the second for all of it; extra [h, w, K] logits of the pixels, at
any size, spread over the picture (0 x 0: none); sources of less than `floor` of the best one's share are left out; out
[H, W, 5]: RGB and matte 0..1, and how far the pixels have come, px of the images (0 where there is nothing).
"""

from __future__ import annotations

import numba as nb
import numpy as np

from tmt.kernels import cubic
from tmt.types import Array

FRACTIONS = 1024  # of a pixel, for which the bicubic weights are kept
TABLE = np.empty((FRACTIONS + 1, 4), np.float32)
for _number in range(FRACTIONS + 1):
    cubic(_number / FRACTIONS, TABLE[_number])


@nb.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def trace(
    rows_from: int, rows_to: int, first: int, grid_xy: Array, places: Array, home: Array, rest: Array, maps: Array,
    moved: Array,
) -> None:
    """Where each frame shows what is seen: written are maps [K, rows, W, 2] px from the middle of the first pixel, of
    the rows asked for alone, and moved [K, *, W] px of the images, 0 where nothing is seen."""
    grid = places.shape[1]
    for y in range(rows_from, rows_to):
        for x in range(grid_xy.shape[1]):
            gx, gy = grid_xy[y, x, 0], grid_xy[y, x, 1]
            if gx < 0:
                for k in range(places.shape[0]):
                    moved[k, y - first, x] = 0
                continue
            j, i = min(int(gx), grid - 2), min(int(gy), grid - 2)
            fx, fy = gx - np.float32(j), gy - np.float32(i)
            a, b, c, d = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
            home_x = (np.float32(x) + np.float32(0.5)) * home[0] + home[1]
            home_y = (np.float32(y) + np.float32(0.5)) * home[0] + home[2]
            for k in range(places.shape[0]):
                dx = a * places[k, i, j, 0] + b * places[k, i, j + 1, 0] - home_x
                dy = a * places[k, i, j, 1] + b * places[k, i, j + 1, 1] - home_y
                dx += c * places[k, i + 1, j, 0] + d * places[k, i + 1, j + 1, 0]
                dy += c * places[k, i + 1, j, 1] + d * places[k, i + 1, j + 1, 1]
                away = np.sqrt(dx * dx + dy * dy)
                pull = min(max((away - rest[0]) / (rest[1] - rest[0]), np.float32(0)), np.float32(1))
                pull = pull * pull * (np.float32(3) - np.float32(2) * pull)
                maps[k, y - rows_from, x, 0] = home_x + dx * pull - np.float32(0.5)
                maps[k, y - rows_from, x, 1] = home_y + dy * pull - np.float32(0.5)
                moved[k, y - first, x] = away


@nb.njit(cache=True, nogil=True, fastmath=True, inline="always")  # type: ignore[untyped-decorator]
def _shares(grid_xy: Array, x: int, y: int, logits: Array, extra: Array, floor: float, share: Array) -> None:
    """Written: the share [K] of every source in a pixel."""
    count, grid = logits.shape[0], logits.shape[1]
    tall, wide = extra.shape[0], extra.shape[1]
    gx, gy = grid_xy[y, x, 0], grid_xy[y, x, 1]
    j, i = min(int(gx), grid - 2), min(int(gy), grid - 2)
    fx, fy = gx - np.float32(j), gy - np.float32(i)
    a, b, c, d = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
    for k in range(count):
        share[k] = a * logits[k, i, j] + b * logits[k, i, j + 1]
        share[k] += c * logits[k, i + 1, j] + d * logits[k, i + 1, j + 1]
    if tall > 0:
        ex = (np.float32(x) + np.float32(0.5)) * (np.float32(wide) / np.float32(grid_xy.shape[1])) - np.float32(0.5)
        ey = (np.float32(y) + np.float32(0.5)) * (np.float32(tall) / np.float32(grid_xy.shape[0])) - np.float32(0.5)
        ex = min(max(ex, np.float32(0)), np.float32(wide - 1))
        ey = min(max(ey, np.float32(0)), np.float32(tall - 1))
        u, v = min(int(ex), wide - 2), min(int(ey), tall - 2)
        tx, ty = ex - np.float32(u), ey - np.float32(v)
        for k in range(count):
            share[k] += (extra[v, u, k] * (1 - tx) + extra[v, u + 1, k] * tx) * (1 - ty)
            share[k] += (extra[v + 1, u, k] * (1 - tx) + extra[v + 1, u + 1, k] * tx) * ty
    top = share[0]
    for k in range(1, count):
        top = max(top, share[k])
    kept = np.float32(0.0)
    for k in range(count):
        share[k] = np.exp(share[k] - top)
        if share[k] < floor:  # the best one has exp(0) = 1
            share[k] = 0
        kept += share[k]
    for k in range(count):
        share[k] /= kept


@nb.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def read(
    rows_from: int, rows_to: int, first: int, grid_xy: Array, images: Array, maps: Array, table: Array, warped: Array
) -> None:
    """Each frame by itself, bicubic, its border repeated outside: written is warped [K, *, W, 4] 0..1, 0 where nothing
    is seen."""
    unit, none, one = np.float32(1 / 255), np.float32(0), np.float32(1)
    for k in range(images.shape[0]):
        image = images[k]  # here and not where it is read: to count who holds it takes longer than to read
        rows, columns = image.shape[0], image.shape[1]
        for y in range(rows_from, rows_to):
            for x in range(grid_xy.shape[1]):
                red, green, blue, matte = none, none, none, none
                if grid_xy[y, x, 0] >= 0:
                    px = min(max(maps[k, y - rows_from, x, 0], np.float32(-2)), np.float32(columns + 1))
                    py = min(max(maps[k, y - rows_from, x, 1], np.float32(-2)), np.float32(rows + 1))
                    left, top = int(np.floor(px)), int(np.floor(py))
                    across = int((px - np.float32(left)) * np.float32(FRACTIONS) + np.float32(0.5))
                    down = int((py - np.float32(top)) * np.float32(FRACTIONS) + np.float32(0.5))
                    across, down = min(max(across, 0), FRACTIONS), min(max(down, 0), FRACTIONS)  # whatever is no number
                    left, top = left - 1, top - 1
                    if left >= 0 and top >= 0 and left + 3 < columns and top + 3 < rows:
                        for n in range(4):
                            for m in range(4):
                                weight = table[down, n] * table[across, m]
                                red += weight * image[top + n, left + m, 0]
                                green += weight * image[top + n, left + m, 1]
                                blue += weight * image[top + n, left + m, 2]
                                matte += weight * image[top + n, left + m, 3]
                    else:
                        for n in range(4):
                            i = min(max(top + n, 0), rows - 1)
                            for m in range(4):
                                weight, j = table[down, n] * table[across, m], min(max(left + m, 0), columns - 1)
                                red += weight * image[i, j, 0]
                                green += weight * image[i, j, 1]
                                blue += weight * image[i, j, 2]
                                matte += weight * image[i, j, 3]
                row = y - first
                warped[k, row, x, 0] = min(max(red * unit, none), one)
                warped[k, row, x, 1] = min(max(green * unit, none), one)
                warped[k, row, x, 2] = min(max(blue * unit, none), one)
                warped[k, row, x, 3] = min(max(matte * unit, none), one)


@nb.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def blend(
    rows_from: int, rows_to: int, first: int, grid_xy: Array, logits: Array, extra: Array, floor: float, warped: Array,
    moved: Array, out: Array,
) -> None:
    """Per pixel: softmax of the sources' logits, and the weighted sum of what `read` has drawn, and `trace` told."""
    share = np.empty(logits.shape[0], np.float32)
    for y in range(rows_from, rows_to):
        for x in range(grid_xy.shape[1]):
            red, green, blue, matte, come = (
                np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            )  # fmt: skip
            if grid_xy[y, x, 0] >= 0:
                _shares(grid_xy, x, y, logits, extra, floor, share)
                for k in range(share.shape[0]):
                    part = share[k]
                    if part > 0:
                        red += part * warped[k, y - first, x, 0]
                        green += part * warped[k, y - first, x, 1]
                        blue += part * warped[k, y - first, x, 2]
                        matte += part * warped[k, y - first, x, 3]
                        come += part * moved[k, y - first, x]
            out[y, x, 0], out[y, x, 1], out[y, x, 2], out[y, x, 3], out[y, x, 4] = red, green, blue, matte, come
