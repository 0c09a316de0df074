"""The bank's pixels mixed into a texture (numba): only the frames that count at a texel are looked at there."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from tmt.kernels import cubic
from tmt.types import Array


@nb.njit(cache=True, nogil=True, fastmath=True)
def _add(image: Array, px: Any, py: Any, weight: Any, hx: Array, hy: Array, out: Array) -> None:
    """Add image [H, W, 4] at a place px, times a weight, to out [4]; hx, hy [4]: room to work in."""
    rows, columns = image.shape[0], image.shape[1]
    px, py = px - np.float32(0.5), py - np.float32(0.5)
    cx, cy = int(np.floor(px)), int(np.floor(py))
    cubic(px - np.float32(cx), hx)
    cubic(py - np.float32(cy), hy)
    c0, c3 = min(max(cx - 1, 0), columns - 1), min(max(cx + 2, 0), columns - 1)
    c1, c2 = min(max(cx, 0), columns - 1), min(max(cx + 1, 0), columns - 1)
    for n in range(4):
        line, w = image[min(max(cy - 1 + n, 0), rows - 1)], weight * hy[n]
        p0, p1, p2, p3 = line[c0], line[c1], line[c2], line[c3]
        for c in range(4):
            out[c] += w * (hx[0] * p0[c] + hx[1] * p1[c] + hx[2] * p2[c] + hx[3] * p3[c])


@nb.njit(cache=True, nogil=True, fastmath=True)
def mix_texels(
    from_row: int, to_row: int, columns: Array, rows: Array, used: Array, counts: Array, share: Array, places: Array,
    images: Array, out: Array,
) -> None:
    """Per texel the sum of the frames' pixels (bicubic), weighted by their shares (bilinear).

    columns, rows [S]: grid coordinates of the texels; used [G-1, G-1, N]: the numbers of the frames that count in a
    cell, counts [G-1, G-1] how many they are; share [K, G, G]; places [K, G, G, 2] px; images [K, H, W, 4] uint8;
    out [S, S, 4] 0..255. Only rows `from_row` to `to_row` are done, so that threads share the texture by strips.
    """
    hx, hy = np.empty(4, np.float32), np.empty(4, np.float32)
    last = share.shape[1] - 2
    for y in range(from_row, to_row):
        i = min(max(int(np.floor(rows[y])), 0), last)
        fy = rows[y] - np.float32(i)
        for x in range(len(columns)):
            j = min(max(int(np.floor(columns[x])), 0), last)
            fx = columns[x] - np.float32(j)
            w00, w01 = (1 - fx) * (1 - fy), fx * (1 - fy)
            w10, w11 = (1 - fx) * fy, fx * fy
            out[y, x] = 0
            for n in range(counts[i, j]):
                k = used[i, j, n]
                a, b, p, q = share[k, i], share[k, i + 1], places[k, i], places[k, i + 1]
                weight = w00 * a[j] + w01 * a[j + 1] + w10 * b[j] + w11 * b[j + 1]
                if weight == 0:
                    continue
                px = w00 * p[j, 0] + w01 * p[j + 1, 0] + w10 * q[j, 0] + w11 * q[j + 1, 0]
                py = w00 * p[j, 1] + w01 * p[j + 1, 1] + w10 * q[j, 1] + w11 * q[j + 1, 1]
                _add(images[k], px, py, weight, hx, hy, out[y, x])


def frames_by_cell(share: Array) -> tuple[Array, Array]:
    """share [K, G, G] -> the numbers of the frames that count at a corner of each cell [G-1, G-1, N], how many
    [G-1, G-1]."""
    counted = share > 0
    cells = counted[:, 1:, 1:] | counted[:, 1:, :-1] | counted[:, :-1, 1:] | counted[:, :-1, :-1]
    counts = cells.sum(0)
    first = np.argsort(~cells, axis=0, kind="stable")[: max(int(counts.max()), 1)]
    return np.ascontiguousarray(np.moveaxis(first, 0, -1)).astype(np.int32), counts.astype(np.int32)
