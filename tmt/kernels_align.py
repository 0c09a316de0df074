"""Fast path on the CPU (numba): what the pixels say of a pose, all points at once; see `align.py`."""

from __future__ import annotations

import numba as nb
import numpy as np

from tmt.types import Array


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def compared(planes: Array, place: Array, ahead: Array, colours: Array, noise: float, here: Array) -> tuple[float, ...]:
    """How a point looks at a place [2] px of planes [h, w, 9] beside the `colours` [3] that it should have, within
    `noise`: squared difference (-1: outside), and of a move of one, which goes `ahead` [2, 2] px across and down, the
    normal equations xx, xy, yy, x, y. Bilinear; `here` [9] is room."""
    height, width = planes.shape[:2]
    px, py = place[0] - 0.5, place[1] - 0.5
    if not (0.5 < px < width - 1.5 and 0.5 < py < height - 1.5):
        return -1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    x0, y0 = int(px), int(py)
    fx, fy = px - x0, py - y0
    for c in range(9):
        above = (1 - fx) * planes[y0, x0, c] + fx * planes[y0, x0 + 1, c]
        below = (1 - fx) * planes[y0 + 1, x0, c] + fx * planes[y0 + 1, x0 + 1, c]
        here[c] = (1 - fy) * above + fy * below
    square = xx = xy = yy = x = y = 0.0
    for c in range(3):
        apart = (colours[c] - here[c]) / noise
        across = (here[c + 3] * ahead[0, 0] + here[c + 6] * ahead[1, 0]) / noise
        down = (here[c + 3] * ahead[0, 1] + here[c + 6] * ahead[1, 1]) / noise
        square += apart * apart
        xx, xy, yy = xx + across * across, xy + across * down, yy + down * down
        x, y = x + across * apart, y + down * apart
    return square, xx, xy, yy, x, y


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def accumulate(
    planes: Array, turned: Array, places: Array, unit: float, noise: float, colours: Array, weight: Array,
    normal: Array, wanted: Array,
) -> float:
    """Normal equations [7, 7], [7], which are filled, and the cost of a pose: planes [h, w, 9], colours and how they
    change across and down; turned [N, 3] head units and places [N, 2] px of the points; `unit` px per head unit;
    colours [N, 3] that they should have, within `noise`; weight [N]."""
    cost, ahead = 0.0, unit * np.eye(2)
    here, by_x, by_y = np.zeros(9), np.zeros(7), np.zeros(7)
    by_x[4], by_y[5] = 1.0, 1.0
    normal[:], wanted[:] = 0.0, 0.0
    for n in range(len(turned)):
        if weight[n] <= 0:
            continue
        square, xx, xy, yy, x, y = compared(planes, places[n], ahead, colours[n], noise, here)
        if square < 0:
            continue
        cost += weight[n] * np.log1p(square) / 2
        trust = weight[n] / (1 + square)
        by_x[1], by_x[2], by_x[3] = turned[n, 2], -turned[n, 1], turned[n, 0]
        by_y[0], by_y[2], by_y[3] = -turned[n, 2], turned[n, 0], turned[n, 1]
        for i in range(6):
            along_x, along_y = by_x[i] * xx + by_y[i] * xy, by_x[i] * xy + by_y[i] * yy
            wanted[i] += trust * (by_x[i] * x + by_y[i] * y)
            for j in range(i + 1):
                normal[i, j] += trust * (along_x * by_x[j] + along_y * by_y[j])
    for i in range(6):
        for j in range(i):
            normal[j, i] = normal[i, j]
    return cost
