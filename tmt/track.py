"""Clip -> FaceTrack: find the face, follow its landmarks and the shoulders, one frame at a time.

The tracker is an interface, so that another backend can stand in; the landmark topology is data beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np

from tmt.errors import FaceError
from tmt.geometry import smoothstep
from tmt.skin import SkinFollower
from tmt.topology import Topology
from tmt.torso import TorsoTracker
from tmt.types import Array, FaceTrack

MIN_FACE_PIXELS = 40.0  # below this the landmarks carry no expression
PAD = 6  # frames
NEARBY = 0.05  # of the face's width: what moves together with a landmark
BRIDGE_SECONDS = 0.5  # shorter gaps are interpolated, longer ones hold the last face


class FaceTracker(Protocol):
    """Finds the landmarks of one face in a picture."""

    topology: Topology

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """frame [H, W, 3] uint8; previous [L, 3] landmarks px of the frame before -> [L, 3] float32 px or None."""

    def matte(self, frame: Array) -> Array:
        """frame [H, W, 3] uint8 -> [H, W] float32, 1 where there is a person."""


class TrackBuilder:
    """Collects one frame after another into a FaceTrack; memory grows by the landmarks alone. `skin` moves them onto
    the skin they name (a subject's need it in its keyframes alone, where it is done later)."""

    def __init__(self, tracker: FaceTracker, name: str, skin: bool = True) -> None:
        self.tracker, self.name = tracker, name
        self._skin = SkinFollower(tracker.topology) if skin else None
        self._landmarks: list[Array | None] = []
        self._torso_xy: list[Array] = []
        self._sharpness: list[float] = []
        self._last: Array | None = None
        self._torso = TorsoTracker(tracker.topology)
        self._size = (0, 0)

    def add(self, frame: Array) -> Array | None:
        """Track one more frame [H, W, 3] uint8; returns its landmarks [L, 3] px or None."""
        self._size = (frame.shape[1], frame.shape[0])
        found = self.tracker.detect(frame, self._last)
        if found is not None:
            self._last = found
            if not self._torso.started:
                self._torso.start(frame, found, self.tracker.matte(frame))
        kept = None if found is None else found.copy()
        if kept is not None and self._skin is not None:
            self._skin.add(frame, kept)
        self._landmarks.append(kept)
        self._torso_xy.append(self._torso.follow(frame))
        self._sharpness.append(face_sharpness(frame, found))
        return found

    def finish(self, fps: Fraction) -> FaceTrack:
        """All frames so far as a track; FaceError when no frame showed a usable face."""
        found = np.array([item is not None for item in self._landmarks], bool)
        if not found.any():
            raise FaceError("no_face", name=self.name)
        if self._skin is not None:
            self._skin.finish()
        landmarks = bridge_gaps(self._landmarks, max_gap=int(BRIDGE_SECONDS * fps))
        width = float(np.median(np.ptp(landmarks[:, : self.tracker.topology.surface, 0], axis=1)))
        if width < MIN_FACE_PIXELS:
            raise FaceError("face_too_small", name=self.name, pixels=width, limit=MIN_FACE_PIXELS)
        return FaceTrack(
            landmarks, found, np.stack(self._torso_xy), np.array(self._sharpness, np.float32), self._size, fps,
            None if self._skin is None else self._skin.mean,
        )


def track(
    frames: Iterable[Array], tracker: FaceTracker, fps: Fraction, name: str, tick: Callable[[], None] | None = None
) -> FaceTrack:
    """Track a whole clip; `tick` is called after every frame (progress, cancel)."""
    builder = TrackBuilder(tracker, name)
    for frame in frames:
        builder.add(frame)
        if tick is not None:
            tick()
    return builder.finish(fps)


def face_sharpness(frame: Array, landmarks: Array | None) -> float:
    """Variance of the Laplacian over the face, at a fixed face size so that clips compare; 0 without a face."""
    if landmarks is None:
        return 0.0
    low = np.maximum(landmarks[:, :2].min(0), 0).astype(int)
    high = np.ceil(landmarks[:, :2].max(0)).astype(int)
    patch = frame[low[1] : high[1], low[0] : high[0]]
    if min(patch.shape[:2]) < 8:
        return 0.0
    grey = cv2.resize(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), (160, 160), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def bridge_gaps(landmarks: list[Array | None], max_gap: int) -> Array:
    """Fill frames without a face: interpolate gaps up to `max_gap` frames, hold the last face through longer ones."""
    known = [index for index, item in enumerate(landmarks) if item is not None]
    stacked = np.empty((len(landmarks), *landmarks[known[0]].shape), np.float32)  # type: ignore[union-attr]
    last = landmarks[known[0]]
    for index, item in enumerate(landmarks):
        last = last if item is None else item
        stacked[index] = last
    for left, right in pairwise(known):
        if 1 < right - left <= max_gap + 1:
            for index in range(left + 1, right):
                share = (index - left) / (right - left)
                stacked[index] = (1 - share) * stacked[left] + share * stacked[right]
    return stacked


def steady(landmarks: Array, stable: tuple[int, ...], amount: float) -> Array:
    """Motion-adaptive smoothing of landmarks [T, L, 3] px: what moves is left alone, what only trembles is calmed.

    A plain filter of the same width blurs fast motion by more than a decibel. `amount` 0..1 scales the filter.
    """
    if amount <= 0 or len(landmarks) < 3:
        return landmarks
    from scipy.ndimage import gaussian_filter1d

    # Odd reflection: an end held still would pull the first and last frames of a moving head back.
    pad = min(PAD, len(landmarks) - 1)
    padded = np.pad(landmarks, ((pad, pad), (0, 0), (0, 0)), mode="reflect", reflect_type="odd")
    smooth = gaussian_filter1d(padded, 0.4 + 0.8 * amount, axis=0, mode="nearest")
    drift = gaussian_filter1d(padded[..., :2] - smooth[..., :2], 0.7, axis=0)
    face = float(np.ptp(landmarks[:, :, 0], axis=1).mean())
    # The detector's own noise is about 1/1000 of the face's width; three times that is certainly motion, of the head
    # or of the lips, lids and eyes alone.
    head = np.abs(drift[:, stable]).mean((1, 2))[:, None]
    motion = np.maximum(head, np.abs(_nearby(landmarks, face) @ drift).mean(-1)) / face
    keep = smoothstep((motion - 0.0008 * (0.5 + amount)) / 0.002)[..., None]
    return (smooth + (padded - smooth) * keep).astype(np.float32)[pad : len(padded) - pad]


def _nearby(landmarks: Array, face: float) -> Array:
    """Weights [L, L] of a mean over the landmarks around each, within about a twentieth of the face's width."""
    middle = np.median(landmarks[..., :2], 0) / face
    weight = np.exp(-((np.linalg.norm(middle[:, None] - middle[None], axis=-1) / NEARBY) ** 2))
    share: Array = (weight / weight.sum(1, keepdims=True)).astype(np.float32)
    return share
