"""Says on the picture that it is AI-generated, and names the panels of a side-by-side video.

The texts are shipped as coverage masks (`assets/README.md`), so no font is needed and every machine draws the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
import torch

from tmt.shipped import shipped
from tmt.types import Array

LABEL_TEXT = "AI生成 / AI-generated"
Caption = Literal["subject", "driving", "result"]

HEIGHT_SHARE = 0.045  # of the picture's height; codes of practice ask for readable, TC260 for 20 px: at least .04
MIN_HEIGHT = 20  # px of the box: below it the strokes of the Japanese text run together
MARGIN_SHARE = 0.015  # of the picture's shorter side
PAD_TOP, PAD_SIDE, RADIUS = 0.10, 0.28, 0.25  # of the box's height
SHADE = 0.6  # opacity of the black box: white text keeps a contrast of 5.7:1 even on a white picture


@dataclass(frozen=True)
class Box:
    """Where a text sits, in picture px: top, left, height, width."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that it covers."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def label_box(height: int, width: int) -> Box:
    """The box of the AI label, top right, in a picture of height x width px."""
    box_height, box_width, margin = _box_size("label", height, width)
    return Box(margin, width - margin - box_width, box_height, box_width)


def caption_box(which: Caption, height: int, width: int) -> Box:
    """The box of a panel's caption, bottom left, in a picture of height x width px."""
    box_height, box_width, margin = _box_size(which, height, width)
    return Box(height - margin - box_height, margin, box_height, box_width)


def burn(image: torch.Tensor) -> torch.Tensor:
    """A copy of image [*, 3, H, W], RGB in [0, 1], with the AI label on it."""
    box = label_box(int(image.shape[-2]), int(image.shape[-1]))
    keep, ink = _planes(box.height, box.width, image.device, image.dtype)
    rows, columns = box.slices
    burned = image.clone()
    burned[..., rows, columns] = burned[..., rows, columns] * keep + ink
    return burned


def burn_uint8(frame: Array) -> Array:
    """A copy of frame [H, W, 3] uint8 with the AI label on it."""
    return _stamped(frame, "label", label_box(*frame.shape[:2]))


def caption(frame: Array, which: Caption) -> Array:
    """A copy of frame [H, W, 3] uint8, one panel of a side-by-side picture, with its name on it."""
    return _stamped(frame, which, caption_box(which, *frame.shape[:2]))


def _stamped(frame: Array, name: str, box: Box) -> Array:
    """A copy of frame [H, W, 3] uint8 with one text in its box."""
    keep, ink = _stamp(name, box.height, box.width)
    burned = frame.copy()
    part = burned[box.slices] * keep[..., None] + 255 * ink[..., None]
    burned[box.slices] = np.rint(part).astype(np.uint8)
    return burned


def _box_size(name: str, height: int, width: int) -> tuple[int, int, int]:
    """Box height, box width and margin in px; a picture too small for the least height gets what fits into it."""
    margin = round(MARGIN_SHARE * min(height, width))
    rows, columns = _mask(name).shape
    shape = (1 - 2 * PAD_TOP) * columns / rows + 2 * PAD_SIDE  # box width per box height
    wanted = max(MIN_HEIGHT, int(np.ceil(HEIGHT_SHARE * height)))
    fits = min(height - 2 * margin, int((width - 2 * margin) / shape))
    box_height = max(1, min(wanted, fits))
    return box_height, max(1, min(round(box_height * shape), width - 2 * margin)), margin


@lru_cache(maxsize=8)
def _mask(name: str) -> Array:
    """Coverage [h, w] float32 in [0, 1] of a text, large."""
    # Decoded from bytes: imread fails on paths outside ASCII on Windows.
    data = shipped(f"{name}.png")
    mask = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(mask, np.float32) / 255


@lru_cache(maxsize=32)
def _stamp(name: str, height: int, width: int) -> tuple[Array, Array]:
    """keep and ink [height, width] float32, so that picture * keep + ink is white text on a translucent box."""
    pad, side = round(PAD_TOP * height), round(PAD_SIDE * height)
    size = max(1, width - 2 * side), max(1, height - 2 * pad)
    text = np.zeros((height, width), np.float32)
    text[pad : pad + size[1], side : side + size[0]] = cv2.resize(_mask(name), size, interpolation=cv2.INTER_AREA)
    text = np.minimum(text, 1)  # resizing overshoots by a rounding error, which would leave [0, 1]
    keep = (1 - SHADE * _rounded(height, width)) * (1 - text)
    return keep, text


def _rounded(height: int, width: int) -> Array:
    """Coverage [height, width] in [0, 1] of a box with rounded corners, from the distance to its edge."""
    radius = RADIUS * height
    y = np.abs(np.arange(height) + 0.5 - height / 2) - (height / 2 - radius)
    x = np.abs(np.arange(width) + 0.5 - width / 2) - (width / 2 - radius)
    distance = np.hypot(np.maximum(y, 0)[:, None], np.maximum(x, 0)[None]) - radius
    coverage: Array = np.clip(0.5 - distance, 0, 1).astype(np.float32)
    return coverage


@lru_cache(maxsize=32)
def _planes(height: int, width: int, device: torch.device, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """The label's keep and ink planes [height, width] where the picture lives."""
    with torch.inference_mode(False):  # cached: they must serve callers outside inference mode too
        keep, ink = (torch.from_numpy(plane).to(device, dtype) for plane in _stamp("label", height, width))
    return keep, ink
