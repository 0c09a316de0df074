"""Smooth noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import ndimage

from tmt.train.heads.asset import Array


def smoothed(rng: np.random.Generator, sigma: float, shape: tuple[int, ...]) -> Array:
    """Smooth noise of a shape and of unit deviation, blurred by sigma px."""
    step = max(1, int(sigma / 2))
    small = rng.normal(size=(-(-shape[0] // step), -(-shape[1] // step))).astype(np.float32)
    small = ndimage.gaussian_filter(small, sigma / step, mode="wrap")
    wide = ndimage.zoom(small, step, order=1) if step > 1 else small
    wide = wide[: shape[0], : shape[1]]
    return wide / wide.std()


@lru_cache(maxsize=64)
def shared(sigma: float, shape: tuple[int, ...], number: int) -> Array:
    """One of the fields of noise that all sheets of a shape share."""
    rng = np.random.default_rng([number, *shape, round(sigma * 1e4)])
    return smoothed(rng, sigma, shape)
