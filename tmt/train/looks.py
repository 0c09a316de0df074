"""Another light and another camera on a crop: what the geometry must not depend on."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from tmt.types import Array

Look = Callable[[Array], Array]
GREY = np.array([0.299, 0.587, 0.114], np.float32)


def random_look(rng: np.random.Generator) -> Look:
    """How pictures [S, S, 4] uint8 with matte look: exposure, contrast, colours, blur, noise, and a matte that is
    somewhat wrong, as mattes are; frames of one sample alike."""
    gain = np.exp(rng.uniform(-0.45, 0.45) + rng.uniform(-0.2, 0.2, 3))
    gamma, pivot = np.exp(rng.uniform(-0.35, 0.35)), rng.uniform(-0.1, 0.1)
    steps = np.linspace(0, 1, 256)[:, None] ** gamma * gain + pivot * rng.uniform(0, 1)
    table = np.round(np.clip(steps, 0, 1) * 255).astype(np.uint8)[:, None]
    strength = 0.0 if rng.random() < 0.1 else float(rng.uniform(0.5, 1.4))
    mixing = (strength * np.eye(3) + (1 - strength) * GREY[None]).astype(np.float32)
    sigma = float(rng.uniform(0.4, 1.8)) if rng.random() < 0.35 else 0.0
    reach, soft = int(rng.integers(-3, 4)), float(rng.uniform(0.3, 2.5))
    noise = float(rng.uniform(0, 6)) if rng.random() < 0.5 else 0.0

    def look(image: Array) -> Array:
        colours = cv2.LUT(np.ascontiguousarray(image[..., :3]), table)
        colours = cv2.transform(colours, mixing)
        if sigma:
            colours = cv2.GaussianBlur(colours, (0, 0), sigma)
        if noise:
            grain = rng.standard_normal(colours.shape, np.float32) * np.float32(noise)
            colours = np.clip(colours + grain, 0, 255).astype(np.uint8)
        return np.dstack([colours, _worsened(np.ascontiguousarray(image[..., 3]), reach, soft)])

    return look


def _worsened(matte: Array, reach: int, soft: float) -> Array:
    """Wider (reach > 0) or narrower by some pixels, and softer."""
    if reach:
        change = cv2.dilate if reach > 0 else cv2.erode
        matte = change(matte, np.ones((abs(reach) + 1,) * 2, np.uint8))
    return cv2.GaussianBlur(matte, (0, 0), soft)
