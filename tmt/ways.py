"""The few numbers of a frame on which colours and outline of the recurrent head depend, and how it looks in another."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from tmt import kernels_ways
from tmt.shipped import shipped_array
from tmt.types import Array, Atlas, Performance, Target

VIEW = np.float32(1 / 0.17)  # a number's unit of turning: ten degrees
FARTHEST = 2.0  # of white numbers together: as far off the usual as frames are on the mean; what is further is drawn so

# Views by which the outline is told, in such units; with five of them, 20 degrees apart, 0.3 dB less over the head.
ASIDE = ((-3.5, 0.0), (-2.0, 0.0), (-1.0, 0.0), (0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.5, 0.0))
CENTRES = (*ASIDE, (0.0, -1.5), (0.0, 1.5))
APART = 0.4  # of what belongs to a view, likewise


@lru_cache(maxsize=2)
def expressions(count: int) -> Array:
    """What the offsets of `count` landmarks [L, 2] from the neutral face, in head units, add to the two commonest
    expressions [2, L, 2], whose numbers have variance 1 among people who speak."""
    return shipped_array(f"expressions-mediapipe-{count}.npy").astype(np.float32)


def numbers_of(canonical: Array, neutral: Array, rotation: Array) -> Array:
    """A frame's landmarks [L, 3], the relaxed ones [L, 3] and its rotation [3, 3] -> numbers [N]: expression, view."""
    offsets = (canonical - neutral)[:, :2].astype(np.float32)
    return np.concatenate([np.einsum("lc,klc->k", offsets, expressions(len(offsets))), rotation[2, :2] * VIEW]).astype(
        np.float32
    )


def whitening(usual: Array, covariance: Array) -> Array:
    """Mean [N] and covariance [N, N] of numbers -> [N + 1, N + 1] what makes (numbers, 1) white, keeping the 1."""
    white = np.linalg.inv(np.linalg.cholesky(covariance.astype(np.float64)))
    return np.block([[white, -(white @ usual)[:, None]], [np.zeros(len(usual)), np.ones(1)]])


def in_frame(atlas: Atlas, target: Target, subject: Performance) -> Atlas:
    """The atlas with the colours and the matte [F, F, 4] that it has in a frame of its `subject`."""
    if atlas.slopes is None or atlas.white is None:
        return _seen_from(atlas, target.pose.rotation[2, :2] * VIEW)
    numbers = numbers_of(target.canonical, subject.neutral, target.pose.rotation)
    told = atlas.white @ np.append(numbers, 1)
    told[:-1] *= min(1.0, FARTHEST / max(float(np.linalg.norm(told[:-1])), 1e-6))
    change = np.tensordot(told.astype(np.float32), atlas.slopes, 1)
    colours = cv2.add(atlas.colours, change, dtype=cv2.CV_8U)
    return _seen_from(replace(atlas, colours=colours), numbers[-2:])


def from_front(atlas: Atlas) -> Atlas:
    """The atlas with the matte that it has from the front."""
    return _seen_from(atlas, np.zeros(2))


def _seen_from(atlas: Atlas, view: Array) -> Atlas:
    """The atlas with the matte of a view [2]: less or more than the mean of all by as much as frames near that view
    have."""
    if atlas.outline is None:
        return atlas
    mattes, weights = atlas.outline
    mean = mattes.sum(0) / np.maximum(weights.sum(0), 1e-6)
    share = nearness(view)
    own = np.tensordot(share, mattes, 1) / np.maximum(np.tensordot(share, weights, 1), 1e-20)
    own = np.where(weights.sum(0) > 0, own, mean)
    size, colours = atlas.colours.shape[1::-1], np.empty_like(atlas.colours)
    own, mean = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (own, mean))
    kernels_ways.matte_of_view(atlas.colours, own, mean, colours)
    return replace(atlas, colours=colours)


def nearness(view: Array) -> Array:
    """How much each of CENTRES [V] says of a view [2]: the nearest that anything is known of decides, however far."""
    away = ((np.array(CENTRES) - view) ** 2).sum(-1) / APART**2
    return ((1 + away) ** -3.0).astype(np.float32)
