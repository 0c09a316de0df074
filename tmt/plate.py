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
    count = free.sum(0, dtype=np.int64)
    values = np.where(free[..., None] > 0, some[..., :3].astype(np.uint16), 999)
    values.sort(0)
    middle = np.maximum(count - 1, 0) // 2
    plate = np.take_along_axis(values, middle[None, ..., None], 0)[0].astype(np.float32)
    known = (count > 0).astype(np.float32)
    return np.clip(_pull_push(plate * known[..., None], known), 0, 255).astype(np.uint8)


def _pull_push(image: Array, known: Array) -> Array:
    """Fill the unknown part of image [H, W, 3] (zero there) from ever coarser averages of the known part [H, W]."""
    height, width = known.shape
    if min(height, width) <= 2:
        total = max(float(known.sum()), 1e-6)
        mean = (image * known[..., None]).sum((0, 1)) / total
        return np.where(known[..., None] > 0, image, mean)
    size = ((width + 1) // 2, (height + 1) // 2)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    colour = cv2.resize(image * known[..., None], size, interpolation=cv2.INTER_AREA)
    low = _pull_push(colour / np.maximum(share, 1e-6)[..., None], np.minimum(share * 4, 1))
    filled = cv2.resize(low, (width, height), interpolation=cv2.INTER_LINEAR)
    return image * known[..., None] + filled * (1 - known[..., None])
