"""A tracker that keeps to one face of several: it looks only around where that face was last seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tmt.topology import Topology
from tmt.track import FaceTracker
from tmt.types import Array

REACH = 1.1  # half of the side that is looked at, in face sizes: a head moves less than that between two frames


@dataclass(frozen=True)
class FaceBox:
    """Where a face is: centre x, y and size, picture px."""

    x: float
    y: float
    size: float


class ChosenFace:
    """A FaceTracker for one clip. It remembers where its face was; a new clip wants a new one."""

    def __init__(self, tracker: FaceTracker, face: FaceBox) -> None:
        self.tracker, self._face = tracker, face
        self.topology: Topology = tracker.topology

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker.detect."""
        if previous is not None:
            self._face = box_of(previous[: self.topology.surface])
        reach = REACH * self._face.size
        left, top = (max(0, int(c - reach)) for c in (self._face.x, self._face.y))
        part = frame[top : int(self._face.y + reach) + 1, left : int(self._face.x + reach) + 1]
        origin = np.array([left, top, 0], np.float32)
        found = self.tracker.detect(part, None if previous is None else previous - origin)
        if found is None:
            return None
        found = found + origin
        self._face = box_of(found[: self.topology.surface])
        return found

    def search(self, frame: Array) -> list[Array]:
        """See FaceTracker.search: the one face that is kept to."""
        found = self.detect(frame, None)
        return [] if found is None else [found]

    def hands(self, frame: Array) -> list[Array]:
        """See FaceTracker.hands."""
        return self.tracker.hands(frame)

    def matte(self, frame: Array) -> Array:
        """See FaceTracker.matte."""
        return self.tracker.matte(frame)


def box_of(points: Array) -> FaceBox:
    """Landmarks [N, 2+] px -> the box around them."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    x, y = (low + high) / 2
    return FaceBox(float(x), float(y), float((high - low).max()))
