"""The background plate: what is behind the head, as far as some frame shows it."""

from __future__ import annotations

import cv2
import numpy as np

from tmt.composite import AWAY
from tmt.types import Array

PLATE_FRAMES = 15  # frames whose median is the background
BACKGROUND_BELOW = 0.16  # matte under which a pixel is background


def background_plate(images: Array) -> Array:
    """Keyframes [K, H, W, 4] uint8 RGB and matte -> what is behind the head [H, W, 3] uint8.

    The median of the frames in which a pixel is background; where it never is, filled smoothly from around.
    """
    some = images[np.unique(np.linspace(0, len(images) - 1, PLATE_FRAMES).round().astype(int))]
    reach = max(3, round(AWAY * images.shape[2]))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    free = np.stack([cv2.erode((i[..., 3] < BACKGROUND_BELOW * 255).astype(np.uint8), disc) for i in some])
    return background_of(some[..., :3], free)[0].astype(np.uint8)


def background_of(pictures: Array, free: Array) -> tuple[Array, Array]:
    """Pictures [K, H, W, 3] uint8 where they are `free` [K, H, W] uint8 0 or 1 -> their median, filled smoothly where
    none is, [H, W, 3] float 0..255; and how much half of them vary by [H, W], 255 where fewer than four tell."""
    count = free.sum(0, dtype=np.int64)
    values = np.where(free[..., None] > 0, pictures.astype(np.uint16), 999)
    values.sort(0)
    last = np.maximum(count - 1, 0)
    middle, low, high = (
        np.take_along_axis(values, (last * part // 4)[None, ..., None], 0)[0].astype(np.float32) for part in (2, 1, 3)
    )
    known = (count > 0).astype(np.float32)
    varies = np.where(count < 4, np.float32(255), (high - low).max(-1))
    return np.clip(filled_around(middle * known[..., None], known), 0, 255).astype(np.float32), varies


def filled_around(image: Array, known: Array) -> Array:
    """Fill the unknown part of image [H, W, C > 1] (zero there) from ever coarser averages of the known [H, W]."""
    height, width = known.shape
    if min(height, width) <= 2:
        total = max(float(known.sum()), 1e-6)
        mean = (image * known[..., None]).sum((0, 1)) / total
        return np.where(known[..., None] > 0, image, mean)
    size = ((width + 1) // 2, (height + 1) // 2)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    colour = cv2.resize(image * known[..., None], size, interpolation=cv2.INTER_AREA)
    low = filled_around(colour / np.maximum(share, 1e-6)[..., None], np.minimum(share * 4, 1))
    filled = cv2.resize(low, (width, height), interpolation=cv2.INTER_LINEAR)
    return image * known[..., None] + filled * (1 - known[..., None])
