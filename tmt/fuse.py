"""The unlearned fusion: which of the bank's frames shows each place best.

Per vertex every frame gets a logit from view angle, local difference of expression, whole-region terms for the mouth
and each eye with its brow, visibility, and magnification (it decides what fills an opening mouth); per pixel a softmax
mixes the frames' own pixels (`warp.py`). This is the baseline that a learned fusion has to beat, and its fallback.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt import kernels_fuse
from tmt.bank import cell_area, view_direction
from tmt.drift import drifted
from tmt.geometry import smoothstep
from tmt.render import Seen, spread
from tmt.topology import Topology
from tmt.types import Array, FrameBank, Surface, Target


@dataclass(frozen=True)
class FusionWeights:
    """How fast a frame loses weight with its difference from the target. Head units unless said."""

    view_degrees: float = 3.0
    expression: float = 0.015
    region: tuple[float, float, float, float] = (0.010, 0.010, 0.010, 0.012)  # mouth, right eye, left eye, brows
    region_only: float = 0.4  # inside a region, this share of the two terms above gives way to the region's
    torso: float = 0.01  # of the picture's larger side
    magnification: float = 1.0
    sharpness: float = 2.0  # softmax temperature, inverse: sharper looks better, softer scores better
    floor: float = 0.10  # sources of less than this share of the best one are not sampled


FARTHEST = 0.025  # head units: an iris further off than that is painted (glance.py), and lids tell which frame is best
LASHES = np.array([0.02, 0.015, 0.01], np.float32)
LASHES_KEEP = 0.45  # share of what was there before
SHUT = (0.45, 0.75)  # height of an eye beside that in the sources: shut enough for lashes, and open
BONUS = 1.3  # for the frames in use: a new one must be this much better
COARSE = 4  # the best frames are chosen on every fourth vertex
ASIDE = (0.01, 0.04)  # of the width: beyond the sides of all pictures their edge is repeated so far, then nothing


@dataclass(frozen=True)
class Posed:
    """A target and the sheet deformed and placed for it: offsets [G*G, 3] head units, vertices [G*G, 3] picture px."""

    offsets: Array
    vertices: Array
    target: Target


@dataclass(frozen=True)
class Mix:
    """The chosen sources of one target frame: which [k] of the bank, their logits [k, G, G]; cavity [G, G] 0..1, where
    no source shows the mouth as open as it must be; lashes [G, G] 0..1, where none shows the eye as closed."""

    chosen: Array
    logits: Array
    cavity: Array
    lashes: Array


def score(
    bank: FrameBank, surface: Surface, posed: Posed, area: Array, topology: Topology, weights: FusionWeights,
    frames: Array, step: int = 1,
) -> tuple[Array, Array]:
    """Logits [k, n] of the bank's `frames` [k] on every `step`-th vertex; log how much larger each shows it."""
    grid, target = surface.grid, posed.target
    pick = np.arange(grid * grid).reshape(grid, grid)[::step, ::step].ravel()
    cosine = bank.view[frames] @ view_direction(target.pose.rotation)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    irises = [point for eye in topology.eyes for point in eye.iris]
    acted = np.empty((len(frames), len(weights.region)), np.float32)
    for row, (indices, width) in enumerate(zip(region_landmarks(topology), weights.region, strict=True)):
        away = bank.landmarks[np.ix_(frames, np.array(indices))] - target.canonical[list(indices), :2]
        square = np.where(np.isin(indices, irises), np.minimum((away**2).sum(-1), FARTHEST**2), (away**2).sum(-1))
        acted[:, row] = np.sqrt(square.mean(-1)) / width
    turned = (angle / weights.view_degrees).astype(np.float32)
    leant = (_apart(bank, frames, target) / weights.torso).astype(np.float32)
    units = np.array([weights.expression, weights.region_only, weights.magnification], np.float32)
    logits, larger = (np.empty((len(frames), len(pick)), np.float32) for _ in range(2))
    kernels_fuse.score(
        frames, pick, bank.offsets, posed.offsets, bank.area, area, bank.quality, surface.regions, surface.head, turned,
        acted, leant, units, logits, larger,
    )
    return logits, larger


def _apart(bank: FrameBank, frames: Array, target: Target) -> Array:
    """How far the window's lower corners, drifting with the torso, lie in the bank's `frames` [k] from where they lie
    in the target: mean, in its larger side."""
    window = bank.window
    bottom = window.top + window.height
    corners = np.array([[window.left, bottom], [window.left + window.width, bottom]])
    away = drifted(bank.torso[frames, None], corners) - drifted(target.torso, corners)
    return np.linalg.norm(away, axis=-1).mean(1) / max(window.width, window.height)


def region_landmarks(topology: Topology) -> tuple[tuple[int, ...], ...]:
    """Landmarks of the regions of `Surface.regions`: mouth, right eye, left eye, brows."""
    right, left = topology.eyes
    return topology.mouth, right.ring + right.iris, left.ring + left.iris, right.brow + left.brow


def choose(
    bank: FrameBank, surface: Surface, posed: Posed, topology: Topology, count: int,
    previous: Array | None = None, allowed: Array | None = None, weights: FusionWeights | None = None,
) -> Mix:
    """The best `count` frames of the bank for a target, by their share of the head and of mouth and eyes.

    `previous` are the frames chosen one frame earlier: they get a bonus, so that the choice does not flicker.
    `allowed` limits the choice.
    """
    weights = weights or FusionWeights()
    area = cell_area(posed.vertices, surface.grid)
    frames = np.arange(len(bank)) if allowed is None else allowed
    if len(frames) > count:
        coarse, _ = score(bank, surface, posed, area, topology, weights, frames, COARSE)
        value = _worth(_softmax(coarse * weights.sharpness), surface)
        if previous is not None:
            value[np.isin(frames, previous)] *= BONUS
        frames = np.sort(frames[np.argpartition(-value, count)[:count]])
    logits, larger = score(bank, surface, posed, area, topology, weights, frames)
    shape = (surface.grid, surface.grid)
    stretched = _sigmoid(-(1.0 + larger.max(0)) * 3)  # the best source shows it e times smaller
    squeezed = _sigmoid(((larger * _softmax(logits * weights.sharpness)).sum(0) - 0.8) * 4)
    squeezed *= surface.eyeballs * _closing(bank.landmarks[frames], posed.target, surface, topology)
    return Mix(
        frames, (logits * weights.sharpness).reshape(-1, *shape), (surface.interior * stretched).reshape(shape),
        squeezed.reshape(shape),
    )


def _closing(faces: Array, target: Target, surface: Surface, topology: Topology) -> Array:
    """[G*G] 1 on an eye that is nearly shut beside what the sources' `faces` [k, L, 2] show of it: an iris that looks
    aside squeezes what is beside it, too, and has no lashes there."""
    out = np.zeros(surface.grid**2, np.float32)
    for eye, region in zip(topology.eyes, surface.regions[1:3], strict=True):
        upper, lower = eye.centre_lids
        open_most = float(np.linalg.norm(faces[:, lower] - faces[:, upper], axis=-1).max())
        share = float(np.linalg.norm(target.canonical[lower, :2] - target.canonical[upper, :2])) / max(open_most, 1e-6)
        out += region * np.float32(1 - smoothstep(np.asarray((share - SHUT[0]) / (SHUT[1] - SHUT[0]))))
    return np.minimum(out, 1)


def _sigmoid(x: Array) -> Array:
    return (1 / (1 + np.exp(-np.clip(x, -30, 30)))).astype(np.float32)


def within_sides(pixels: Array, seen: Seen, mix: Mix, bank: FrameBank, head: Array) -> None:
    """Let the matte of pixels [H, W, 5] fade in place where the `head` [G*G] 0..1 lies left or right of all that the
    sources show: there is nothing but their last column of pixels, again and again. (Shoulders are plain enough.)"""
    grid, width = mix.logits.shape[-1], bank.images.shape[2]
    x = bank.places[mix.chosen][..., 0].reshape(-1, grid, grid)
    beyond = np.maximum(-x, x - width) / width
    if beyond.max() < ASIDE[0]:
        return
    weight = np.exp(mix.logits - mix.logits.max(0))
    shown = 1 - smoothstep((beyond - ASIDE[0]) / (ASIDE[1] - ASIDE[0]))
    share = (weight * shown).sum(0) / weight.sum(0)
    share = (1 - head.reshape(grid, grid) * (1 - share)).astype(np.float32)
    pixels[..., 3] *= spread(share, seen)


def shade(pixels: Array, seen: Seen, mix: Mix) -> None:
    """Darken pixels [H, W, 5] in place where lashes of a closing eye must be seen instead of a squeezed eyeball."""
    rows, columns = np.nonzero(mix.lashes > 0.05)
    if not len(rows):
        return
    left, top, width, height = cv2.boundingRect(
        cv2.inRange(seen.grid_xy, (columns.min() - 1.0, rows.min() - 1.0), (columns.max() + 1.0, rows.max() + 1.0))
    )
    if width == 0:
        return
    box = np.s_[top : top + height, left : left + width]
    share = cv2.remap(mix.lashes, seen.grid_xy[box], None, cv2.INTER_LINEAR, borderValue=0)[..., None]
    pixels[box][..., :3] += share * (pixels[box][..., :3] * (LASHES_KEEP - 1) + LASHES)


def _worth(share: Array, surface: Surface) -> Array:
    """share [K, n] of each frame on the coarse grid -> how much it matters [K]."""
    grid = surface.grid
    pick = np.arange(grid * grid).reshape(grid, grid)[::COARSE, ::COARSE].ravel()
    head = surface.head[pick] > 0.5
    value = share[:, head].mean(1)
    for region in surface.regions[:3, pick]:
        value = value + 0.3 * (share * region).sum(1) / max(float(region.sum()), 1e-6)
    return value


def _softmax(logits: Array) -> Array:
    exponent = np.exp(logits - logits.max(0))
    return exponent / exponent.sum(0)
