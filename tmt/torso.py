"""How the shoulders move: optical flow of points below the chin against one reference frame."""

from __future__ import annotations

import cv2
import numpy as np

from tmt.topology import Topology
from tmt.types import Array

WORK_WIDTH = 320  # flow is followed on a small picture: a tenth of a pixel there is enough for shoulders
FLOW = {"winSize": (17, 17), "maxLevel": 2, "flags": cv2.OPTFLOW_USE_INITIAL_FLOW}


class TorsoTracker:
    """Drift of the torso in picture px since the frame it was started on; holds its last value when it is lost."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.started = False
        self._points: Array | None = None
        self._last = np.zeros(2, np.float32)

    def start(self, frame: Array, landmarks: Array, matte: Array) -> None:
        """Choose points on the torso of `frame`, where `matte` [H, W] says person, below the chin."""
        self.started = True
        self._scale = min(1.0, WORK_WIDTH / frame.shape[1])
        self._grey = self._reduce(frame)
        chin, top = landmarks[self.topology.chin], landmarks[self.topology.forehead]
        face = float(np.linalg.norm(chin - top))
        mask = cv2.resize((matte > 0.8).astype(np.uint8) * 255, self._grey.shape[::-1])
        mask[: max(0, int((chin[1] + 0.06 * face) * self._scale))] = 0
        points = cv2.goodFeaturesToTrack(self._grey, 60, 0.002, 4, mask=mask) if mask.any() else None
        self._points = points if points is not None and len(points) >= 8 else None

    def follow(self, frame: Array) -> Array:
        """Torso drift [2] float32 px in this frame."""
        if self._points is None:
            return self._last.copy()
        grey = self._reduce(frame)
        guess = (self._points + self._last * self._scale).astype(np.float32)
        there, _, _ = cv2.calcOpticalFlowPyrLK(self._grey, grey, self._points, guess.copy(), **FLOW)
        back, _, _ = cv2.calcOpticalFlowPyrLK(grey, self._grey, there, self._points.copy(), **FLOW)
        good = np.abs(back - self._points)[:, 0].max(1) < 1.0
        if good.sum() >= 6:
            drift = (there - self._points)[good, 0]
            middle = np.median(drift, 0)
            if (np.abs(drift - middle).max(1) < 3.0).sum() >= 5:
                self._last = (middle / self._scale).astype(np.float32)
        return self._last.copy()

    def _reduce(self, frame: Array) -> Array:
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        if self._scale == 1.0:
            return grey
        size = (round(frame.shape[1] * self._scale), round(frame.shape[0] * self._scale))
        return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
