"""Fast path on the CPU (numba): how well each frame of the bank shows each place; see `fuse.score`."""

from __future__ import annotations

import numba as nb
import numpy as np

from tmt.types import Array


@nb.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def score(
    frames: Array, places: Array, bank_offsets: Array, offsets: Array, bank_area: Array, area: Array, quality: Array,
    regions: Array, head: Array, turned: Array, acted: Array, leant: Array, units: Array, logits: Array, larger: Array,
) -> None:
    """Into logits and larger [k, n], of the bank's `frames` [k] at the sheet's vertices `places` [n].

    bank_offsets [N, V, 3] beside offsets [V, 3] of the target; bank_area [N, V] beside its area [V]; quality [N, V];
    regions [4, V]; head [V]; what frames cost by view (turned [k]), in each region (acted [k, 4]) and on the torso
    (leant [k]). units [3]: head units of expression that cost 1; inside a region the share of view and expression that
    gives way to the region's; what being shown larger counts.
    """
    expression, only, counts = units[0], units[1], units[2]
    for i in range(frames.shape[0]):
        frame = frames[i]
        for j in range(places.shape[0]):
            v = places[j]
            dx = bank_offsets[frame, v, 0] - offsets[v, 0]
            dy = bank_offsets[frame, v, 1] - offsets[v, 1]
            dz = bank_offsets[frame, v, 2] - offsets[v, 2]
            inside, cost = np.float32(0), np.float32(0)
            for r in range(4):
                inside += regions[r, v]
                cost += acted[i, r] * regions[r, v]
            here = turned[i] + np.sqrt(dx * dx + dy * dy + dz * dz) / expression
            cost += here * (np.float32(1) - only * min(inside, np.float32(1))) + leant[i] * (np.float32(1) - head[v])
            more = bank_area[frame, v] - area[v]
            larger[i, j] = more
            logits[i, j] = quality[frame, v] - cost + counts * min(max(more, np.float32(-3)), np.float32(0))
