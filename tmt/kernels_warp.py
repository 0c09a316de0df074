"""The fast path of what the attention fusion looks at: every chosen frame as the target shows it (numba)."""

from __future__ import annotations

import numba as nb
import numpy as np

from tmt.kernels import cubic
from tmt.types import Array


@nb.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def warp(
    rows_from: int, rows_to: int, grid_xy: Array, places: Array, images: Array, home: Array, rest: Array,
    warped: Array, moved: Array,
) -> None:
    """Each of K frames, drawn where the sheet is seen (bicubic), and how far its pixels have come.

    grid_xy [H, W, 2]; places [K, G, G, 2] px of the images; images [K, h, w, 4] uint8; home [3] and rest [2] as in
    `kernels.fuse`. Written: warped [K, 4, H, W] 0..1 and moved [K, H, W] px of the images, 0 where nothing is seen;
    only rows `rows_from` to `rows_to`, as there.
    """
    count, grid = places.shape[0], places.shape[1]
    rows, columns = images.shape[1], images.shape[2]
    hx, hy = np.empty(4, np.float32), np.empty(4, np.float32)
    for k in range(count):
        for y in range(rows_from, rows_to):
            for x in range(grid_xy.shape[1]):
                gx, gy = grid_xy[y, x, 0], grid_xy[y, x, 1]
                if gx < 0:
                    for c in range(4):
                        warped[k, c, y, x] = 0
                    moved[k, y, x] = 0
                    continue
                j, i = min(int(gx), grid - 2), min(int(gy), grid - 2)
                fx, fy = gx - np.float32(j), gy - np.float32(i)
                w00, w01, w10, w11 = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
                p, q = places[k, i], places[k, i + 1]
                home_x = (np.float32(x) + np.float32(0.5)) * home[0] + home[1]
                home_y = (np.float32(y) + np.float32(0.5)) * home[0] + home[2]
                dx = w00 * p[j, 0] + w01 * p[j + 1, 0] + w10 * q[j, 0] + w11 * q[j + 1, 0] - home_x
                dy = w00 * p[j, 1] + w01 * p[j + 1, 1] + w10 * q[j, 1] + w11 * q[j + 1, 1] - home_y
                away = np.sqrt(dx * dx + dy * dy)
                moved[k, y, x] = away
                pull = min(max((away - rest[0]) / (rest[1] - rest[0]), np.float32(0)), np.float32(1))
                pull = pull * pull * (np.float32(3) - np.float32(2) * pull)
                px, py = home_x + dx * pull - np.float32(0.5), home_y + dy * pull - np.float32(0.5)
                cx, cy = int(np.floor(px)), int(np.floor(py))
                cubic(px - np.float32(cx), hx)
                cubic(py - np.float32(cy), hy)
                c0, c3 = min(max(cx - 1, 0), columns - 1), min(max(cx + 2, 0), columns - 1)
                c1, c2 = min(max(cx, 0), columns - 1), min(max(cx + 1, 0), columns - 1)
                red, green, blue, matte = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
                for n in range(4):
                    line = images[k, min(max(cy - 1 + n, 0), rows - 1)]
                    p0, p1, p2, p3 = line[c0], line[c1], line[c2], line[c3]
                    share = hy[n] / np.float32(255.0)
                    w0, w1, w2, w3 = share * hx[0], share * hx[1], share * hx[2], share * hx[3]
                    red += w0 * p0[0] + w1 * p1[0] + w2 * p2[0] + w3 * p3[0]
                    green += w0 * p0[1] + w1 * p1[1] + w2 * p2[1] + w3 * p3[1]
                    blue += w0 * p0[2] + w1 * p1[2] + w2 * p2[2] + w3 * p3[2]
                    matte += w0 * p0[3] + w1 * p1[3] + w2 * p2[3] + w3 * p3[3]
                warped[k, 0, y, x] = min(max(red, np.float32(0)), np.float32(1))
                warped[k, 1, y, x] = min(max(green, np.float32(0)), np.float32(1))
                warped[k, 2, y, x] = min(max(blue, np.float32(0)), np.float32(1))
                warped[k, 3, y, x] = min(max(matte, np.float32(0)), np.float32(1))
