"""Fast path on the CPU (numba): what the pixels say of how a head swings, all points at once; see `swing.py`."""

from __future__ import annotations

import numba as nb
import numpy as np

from tmt.kernels_align import compared
from tmt.types import Array


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def told(
    planes: Array, ahead: Array, places: Array, noise: float, colours: Array, weight: Array, nodes: Array,
    normal: Array, wanted: Array,
) -> float:
    """Add to the normal equations of all nodes' moves: normal [B, 2 N] in LAPACK's lower band, wanted [2 N], a node's
    move across beside its move down. Returns the cost. planes [h, w, 9]: see `kernels_align`; ahead [2, 2] px that a
    move of one goes across and down; places [P, 2] px of the points, colours [P, 3] that they should have, within
    `noise`; weight [P]; nodes [P, 2] where the points lie among the rows of S x S nodes."""
    side = int(np.sqrt(len(wanted) // 2))
    cost, here, share, first = 0.0, np.zeros(9), np.zeros(4), np.zeros(4, np.int64)
    for n in range(len(nodes)):
        if weight[n] <= 0:
            continue
        square, xx, xy, yy, x, y = compared(planes, places[n], ahead, colours[n], noise, here)
        if square < 0:
            continue
        cost += weight[n] * np.log1p(square) / 2
        trust = weight[n] / (1 + square)
        column, row = min(int(nodes[n, 0]), side - 2), min(int(nodes[n, 1]), side - 2)
        right, low = nodes[n, 0] - column, nodes[n, 1] - row
        for k in range(4):  # the nodes around the point, in ascending order
            share[k] = (right if k % 2 else 1 - right) * (low if k > 1 else 1 - low)
            first[k] = 2 * ((row + k // 2) * side + column + k % 2)
            wanted[first[k]] += trust * share[k] * x
            wanted[first[k] + 1] += trust * share[k] * y
        for i in range(4):
            for j in range(i + 1):
                part, below = trust * share[i] * share[j], first[i] - first[j]
                normal[below, first[j]] += part * xx
                normal[below, first[j] + 1] += part * yy
                normal[below + 1, first[j]] += part * xy
                if below > 0:
                    normal[below - 1, first[j] + 1] += part * xy
    return cost
