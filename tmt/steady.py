"""Calming the tracker's trembling without holding back what moves, in parts, so that a clip may be of any length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tmt.geometry import smoothstep
from tmt.types import Array

PART = 1024  # frames worked on at a time: some 50 MB of landmarks and their filters
AROUND = 12  # frames; the filters reach no further than 8
PAD = 6  # frames
NEARBY = 0.05  # of the face's width: what moves together with a landmark
SOME = 400  # frames are enough for the face's size and where its landmarks lie to each other


def by_parts(function: Callable[[Array], Array], values: Array, size: int = PART) -> Array:
    """function(values) of an array [T, ...] frame by frame, worked out in parts: its inner arrays stay small."""
    parts = [function(values[start : start + size]) for start in range(0, len(values), size)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def steady(landmarks: Array, stable: tuple[int, ...], amount: float, part: int = PART) -> Array:
    """Motion-adaptive smoothing of landmarks [T, L, 3] px: what moves is left alone, what only trembles is calmed.

    A plain filter of the same width blurs fast motion by more than a decibel. `amount` 0..1 scales the filter.
    """
    count = len(landmarks)
    if amount <= 0 or count < 3:
        return landmarks
    some = landmarks[:: max(1, count // SOME)]
    face = float(np.ptp(some[:, :, 0], axis=1).mean())
    near = _nearby(some, face)
    out = np.empty(landmarks.shape, np.float32)
    for start in range(0, count, part):
        end = min(start + part, count)
        low, high = max(0, start - AROUND), min(count, end + AROUND)
        calm = _filtered(landmarks[low:high], stable, amount, face, near)
        out[start:end] = calm[start - low : end - low]
    return out


def _filtered(landmarks: Array, stable: tuple[int, ...], amount: float, face: float, near: Array) -> Array:
    """One part of a clip; `face` px, `near` [L, L] weights of the landmarks around each."""
    from scipy.ndimage import gaussian_filter1d

    # Odd reflection: an end held still would pull the first and last frames of a moving head back.
    pad = min(PAD, len(landmarks) - 1)
    padded = np.pad(landmarks, ((pad, pad), (0, 0), (0, 0)), mode="reflect", reflect_type="odd")
    smooth = gaussian_filter1d(padded, 0.4 + 0.8 * amount, axis=0, mode="nearest")
    drift = gaussian_filter1d(padded[..., :2] - smooth[..., :2], 0.7, axis=0)
    # The detector's own noise is about 1/1000 of the face's width; three times that is certainly motion, of the head
    # or of the lips, lids and eyes alone.
    head = np.abs(drift[:, stable]).mean((1, 2))[:, None]
    motion = np.maximum(head, np.abs(near @ drift).mean(-1)) / face
    keep = smoothstep((motion - 0.0008 * (0.5 + amount)) / 0.002)[..., None]
    return (smooth + (padded - smooth) * keep).astype(np.float32)[pad : len(padded) - pad]


def _nearby(landmarks: Array, face: float) -> Array:
    """Weights [L, L] of a mean over the landmarks around each, within about a twentieth of the face's width."""
    middle = np.median(landmarks[..., :2], 0) / face
    weight = np.exp(-((np.linalg.norm(middle[:, None] - middle[None], axis=-1) / NEARBY) ** 2))
    share: Array = (weight / weight.sum(1, keepdims=True)).astype(np.float32)
    return share
