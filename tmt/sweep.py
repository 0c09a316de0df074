"""Depth of hair, ears and neck by plane sweep (Collins 1996): of many depths, that at which the clip's own frames agree
best on what a place of the head looks like. The photometric loss that trains a depth network, solved for one clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tmt.bank import row_of
from tmt.sight import deeper
from tmt.types import Array, Performance, Surface, Window

FRAMES = 12  # that are looked at: twenty measured half a percent better
DEPTHS = np.linspace(-1.0, 0.8, 19, dtype=np.float32)  # head units by which the head may be deeper than an average one
COARSE = 2  # on every second vertex: all of them measured no better
MATTE, SLOPE = 2.0, 1.0  # weight of the outline and of a grey's slope (a pixel) beside colour
APART = 0.3  # of all that together, from which a frame shows something else
ROUNDS = 3  # of agreeing on what a place looks like, without the frames that show something else
BLUR = 0.3  # of a coarse cell, mean over the sheet: before pictures are compared
NEAR, WIDE, SHARE = 1.0, 3.5, 0.6  # coarse cells that decide together; those around them, and how much they count
STAY = 0.1  # price of a depth one head unit from an average head
LITTLE = 0.5  # spread of the views (sine) at which that price doubles: what turns little tells little of depth
DECIDED = 0.01  # difference of costs that decides between two depths
GREY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class _Frame:
    """One frame for the sweep: pictures [h, w, 4] of colour and outline and [h, w, 2] of slopes; places [g, g, 2] px of
    the coarse vertices, how well each is seen [g, g] 0..1, and the way a deeper one goes [2] px a head unit."""

    pictures: tuple[Array, Array]  # cv2 takes four channels at most, and copies what is a part of something larger
    places: Array
    seen: Array
    ahead: Array


def swept(
    surface: Surface, performance: Performance, window: Window, index: Array, images: Sequence[Array]
) -> Surface:
    """The surface with the depth that frames `index` [K], pictures [H, W, 4] uint8 with matte in `window`, agree on,
    where landmarks do not know it. As it is when they all see it from one side."""
    chosen = np.unique(np.linspace(0, len(index) - 1, min(FRAMES, len(index))).round().astype(int))
    views = performance.pose.rotation[index[chosen]][:, :2, 2]
    spread = float(np.sqrt(views.var(0).sum()))
    if spread < 1e-3:
        return surface
    grid = surface.grid
    frames = [_frame(surface, performance, window, int(index[k]), images[k]) for k in chosen]
    cost = np.stack([_disagreement(frames, depth) for depth in DEPTHS])
    depth = best_depth(cost, STAY * (1 + (LITTLE / spread) ** 2))
    full = cv2.GaussianBlur(cv2.resize(depth, (grid, grid), interpolation=cv2.INTER_LINEAR), (0, 0), 1.0)
    return deeper(surface, full.ravel())


def _frame(surface: Surface, performance: Performance, window: Window, index: int, image: Array) -> _Frame:
    places, _, quality, _ = row_of(surface, performance, window, index)
    pose, grid = performance.pose[index], surface.grid
    coarse = np.s_[COARSE // 2 :: COARSE, COARSE // 2 :: COARSE]
    sigma = BLUR * COARSE * max(window.shape) / grid
    soft = cv2.GaussianBlur(image, (0, 0), sigma).astype(np.float32) / 255
    matte = soft[..., 3:]
    slopes = [cv2.Sobel(soft[..., :3] @ GREY, cv2.CV_32F, *axis, scale=SLOPE / 8) for axis in ((1, 0), (0, 1))]
    return _Frame(
        (np.dstack([soft[..., :3] * matte + 0.5 * (1 - matte), MATTE * matte]), np.dstack(slopes)),  # no background
        places.reshape(grid, grid, 2)[coarse], np.exp(np.minimum(quality, 0)).reshape(grid, grid)[coarse],
        (pose.scale * window.scale * pose.rotation[:2, 2]).astype(np.float32),
    )  # fmt: skip


def _disagreement(frames: Sequence[_Frame], depth: float) -> Array:
    """How much the frames differ, 0..1 [g, g], if the head were `depth` head units deeper everywhere."""
    found, seen = [], []
    for frame in frames:
        there = frame.places + frame.ahead * np.float32(depth) - np.float32(0.5)
        x, y = there[..., 0], there[..., 1]
        parts = [cv2.remap(one, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for one in frame.pictures]
        height, width = frame.pictures[0].shape[:2]
        inside = (there > 1).all(-1) & (x < width - 2) & (y < height - 2)
        found.append(np.dstack(parts))
        seen.append(frame.seen * inside)
    looks, weight = np.stack(found), np.stack(seen)[..., None] + np.float32(1e-4)
    agreed = weight
    for _ in range(ROUNDS + 1):
        mean = (agreed * looks).sum(0) / agreed.sum(0)
        apart = ((looks - mean) ** 2).sum(-1, keepdims=True)
        agreed = weight * (APART**2 / (apart + APART**2)) ** 2
    return np.asarray((weight * apart / (apart + APART**2)).sum(0) / weight.sum(0))[..., 0]


def best_depth(cost: Array, stay: float) -> Array:
    """cost [D, g, g] 0..1 at DEPTHS, and the price of leaving an average head's depth -> depth [g, g] head units."""
    around = [cv2.GaussianBlur(one, (0, 0), NEAR) + SHARE * cv2.GaussianBlur(one, (0, 0), WIDE) for one in cost]
    total = np.stack(around) + stay * (DEPTHS**2)[:, None, None]
    likely = np.exp(-(total - total.min(0)) / DECIDED)
    depth = (likely * DEPTHS[:, None, None]).sum(0) / likely.sum(0)
    return cv2.GaussianBlur(cv2.medianBlur(depth.astype(np.float32), 3), (0, 0), 0.6)
