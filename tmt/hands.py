"""Whether a hand lies before a face: landmarks go on through it, but what is seen is no face."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from tmt.topology import Topology
from tmt.types import Array

SHARE = 0.15  # of a hand's points within the face's outline make it a hand before the face
PIXELS = 384  # of the picture in which hands are looked for


class HandFinder(Protocol):
    """What of a tracker is asked."""

    topology: Topology

    def hands(self, frame: Array) -> list[Array]:
        """Hands in a picture, each as points [N, 2] px."""


def touched(frame: Array, landmarks: Array, tracker: HandFinder) -> bool:
    """Whether a hand lies before the face."""
    outline = np.ascontiguousarray(landmarks[list(tracker.topology.oval), :2], np.float32)
    low, high = outline.min(0), outline.max(0)
    room = (high - low).max()
    left, top = (int(v) for v in np.maximum(low - room, 0))
    part = frame[top : max(0, int(high[1] + room)), left : max(0, int(high[0] + room))]
    if min(part.shape[:2]) < 16:
        return False
    scale = min(1.0, PIXELS / max(part.shape[:2]))
    size = round(part.shape[1] * scale), round(part.shape[0] * scale)
    seen = tracker.hands(cv2.resize(part, size, interpolation=cv2.INTER_AREA))
    places = [hand / scale + (left, top) for hand in seen]
    inside = [sum(cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0 for x, y in hand) for hand in places]
    return any(count >= SHARE * len(hand) for count, hand in zip(inside, places, strict=True))
