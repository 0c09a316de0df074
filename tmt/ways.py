"""The few numbers of a frame on which the colours of the recurrent head depend, and its colours in another frame."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from tmt.shipped import shipped_array
from tmt.types import Array, Atlas, Performance, Target

VIEW = np.float32(1 / 0.17)  # a number's unit of turning: ten degrees
FARTHEST = 2.0  # of white numbers together: as far off the usual as frames are on the mean; what is further is drawn so


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
    """The atlas with the colours [F, F, 4] that it has in a frame of its `subject`."""
    if atlas.slopes is None or atlas.white is None:
        return atlas
    told = atlas.white @ np.append(numbers_of(target.canonical, subject.neutral, target.pose.rotation), 1)
    told[:-1] *= min(1.0, FARTHEST / max(float(np.linalg.norm(told[:-1])), 1e-6))
    change = np.tensordot(told.astype(np.float32), atlas.slopes.astype(np.float32), 1)
    colours = atlas.colours.copy()
    colours[..., :3] = cv2.add(colours[..., :3], change, dtype=cv2.CV_8U)
    return replace(atlas, colours=colours)
