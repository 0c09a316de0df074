"""Give back the fine detail that interpolating and mixing takes: unsharp masking by a measured amount."""

from __future__ import annotations

import cv2
import numpy as np

from tmt.types import Array

RADIUS = 0.8  # px: what cubic interpolation and the mixing of aligned frames lose is finer than this
WANTED = 0.92  # of the true sharpness: noise cannot be told from detail, so all of it would be too much
MOST = 0.6  # more than this draws haloes


def add_detail(pixels: Array, gain: float) -> None:
    """Sharpen the colours of pixels [H, W, 3 or 4] float in place."""
    if gain <= 0:
        return
    colour = np.ascontiguousarray(pixels[..., :3])
    pixels[..., :3] = cv2.addWeighted(colour, 1 + gain, cv2.GaussianBlur(colour, (0, 0), RADIUS), -gain, 0)


def matching_gain(drawn: list[tuple[Array, Array]], truth: list[tuple[Array, Array]]) -> float:
    """The gain at which drawn pictures are WANTED times as sharp inside the face as the true ones, 0 .. MOST.

    Each item: picture [H, W, 3] (drawn: float 0..1, truth: uint8) and the face's outline [N, 2] px.
    """
    wanted = np.array([_sharpness(picture.astype(np.float32) / 255, outline) for picture, outline in truth])
    low, high = 0.0, MOST
    for _ in range(6):
        middle = (low + high) / 2
        reached = np.array([_sharpness(picture, outline, middle) for picture, outline in drawn])
        if np.median(reached / np.maximum(wanted, 1e-9)) < WANTED:
            low = middle
        else:
            high = middle
    return low


def _sharpness(picture: Array, outline: Array, gain: float = 0.0) -> float:
    """Variance of the Laplacian inside the face, after adding detail."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(outline).astype(np.int32)), 1)
    left, top, width, height = cv2.boundingRect(mask)
    box = np.s_[top : top + height, left : left + width]
    part, inside = picture[box].copy(), mask[box]
    add_detail(part, gain)
    laplacian = cv2.Laplacian(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), cv2.CV_32F)
    return float(laplacian[cv2.erode(inside, np.ones((9, 9), np.uint8)) > 0].var())


def helpful_share(plain: list[Array], learned: list[Array], truth: list[Array]) -> float:
    """How far to go from pictures [H, W, 3] float without the network to those with it, 0..1, to come nearest to the
    true ones [H, W, 4] uint8 where their mattes say that there is a person."""
    along, length = 0.0, 1e-9
    for without, having, true in zip(plain, learned, truth, strict=True):
        step, person = having - without, true[..., 3:] / np.float32(255)
        along += float((person * step * (true[..., :3] / np.float32(255) - without)).sum())
        length += float((person * step * step).sum())
    return float(np.clip(along / length, 0, 1))
