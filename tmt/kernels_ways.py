"""Fast path on the CPU (numba): the recurrent head's matte as it is in one frame; see `ways.py`."""

from __future__ import annotations

import numba as nb
import numpy as np

from tmt.types import Array


@nb.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def matte_of_view(colours: Array, own: Array, mean: Array, out: Array) -> None:
    """Colours [F, F, 4] uint8 into out, their matte less or more than usual by as much as a view's `own` is less or
    more than the `mean` of all, both [F, F] 0..1."""
    least, one = np.float32(1e-3), np.float32(1)
    for y in range(colours.shape[0]):
        for x in range(colours.shape[1]):
            for c in range(3):
                out[y, x, c] = colours[y, x, c]
            matte, mine, all_of = np.float32(colours[y, x, 3]) / np.float32(255), own[y, x], mean[y, x]
            if mine < all_of:
                matte *= mine / max(all_of, least)
            else:
                matte = one - (one - matte) * (one - mine) / max(one - all_of, least)
            out[y, x, 3] = np.uint8(min(max(matte, np.float32(0)), one) * np.float32(255) + np.float32(0.5))
