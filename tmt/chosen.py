"""Which of several faces: counted from the left, found in a few shots of the clip, and kept to by its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tmt.errors import FaceError
from tmt.shots import Shots, take_shots
from tmt.topology import Topology
from tmt.track import FaceTracker
from tmt.types import Array
from tmt.video import probe

SAMPLES = 24  # frames that are looked at, even in time
FACE_SHOTS = 5  # of them are searched for all faces
OTHER_FACE = 0.25  # of the first face's size: smaller ones are people in the background
REACH = 1.1  # half of the side that is looked at, in face sizes: a head moves less than that between two frames


@dataclass(frozen=True)
class FaceBox:
    """Where a face is: centre x, y and size, picture px."""

    x: float
    y: float
    size: float

    def at(self, scale: float) -> FaceBox:
        """The same in pictures of `scale` px per px."""
        return FaceBox(self.x * scale, self.y * scale, self.size * scale)


@dataclass(frozen=True)
class Crowd:
    """The faces of the shot that shows most, clip px, from the left; the largest and most central one's index among
    them; that shot's index."""

    faces: tuple[FaceBox, ...]
    main: int
    shot: int


def faces_in(shots: Shots, tracker: FaceTracker) -> Crowd:
    """Everybody in a clip but people far behind."""
    best, fullest = list[FaceBox](), 0
    for index in np.unique(np.linspace(0, len(shots.pictures) - 1, FACE_SHOTS).round().astype(int)):
        found = tracker.search(shots.pictures[index])
        if len(found) > len(best):
            best, fullest = [box_of(points[: tracker.topology.surface] / shots.scale) for points in found], int(index)
    large = [box for box in best if box.size >= OTHER_FACE * best[0].size]
    from_left = sorted(large, key=lambda box: box.x)
    return Crowd(tuple(from_left), from_left.index(large[0]) if large else 0, fullest)


def keep_to(path: Path, number: int | None, tracker: FaceTracker, scale: float = 1.0) -> FaceTracker:
    """A tracker for one clip that keeps to its `number`-th face from the left, from 1; FaceError where there is none.
    None: whichever face is found first, the largest and most central. `scale`: px it will see per clip px."""
    if number is None:
        return tracker
    crowd = faces_in(take_shots(probe(path), SAMPLES), tracker)
    if not crowd.faces:
        raise FaceError("no_face", name=path.name)
    if not 1 <= number <= len(crowd.faces):
        raise FaceError("face_index", name=path.name, index=number, count=len(crowd.faces))
    return ChosenFace(tracker, crowd.faces[number - 1].at(scale))


class ChosenFace(FaceTracker):
    """A FaceTracker for one clip. It remembers where its face was; a new clip wants a new one."""

    def __init__(self, tracker: FaceTracker, face: FaceBox) -> None:
        """face: its place in the pictures that the tracker will see."""
        self.tracker, self._face, self._met = tracker, face, False
        self.topology: Topology = tracker.topology

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker.detect; without `previous` only the surroundings of the face's last place are looked at."""
        found = self._nearby(frame) if previous is None else self.tracker.detect(frame, previous)
        if found is not None:
            self._meet(found)
        return found

    def search(self, frame: Array) -> list[Array]:
        """See FaceTracker.search: the nearest to its last place first; to begin with only what is near at all."""
        found = sorted(self.tracker.search(frame), key=self._away)
        if not self._met:
            found = [face for face in found if self._away(face) < REACH * self._face.size][:1]
        for face in found[:1]:
            self._meet(face)
        return found

    def hands(self, frame: Array) -> list[Array]:
        """See FaceTracker.hands."""
        return self.tracker.hands(frame)

    def matte(self, frame: Array) -> Array:
        """See FaceTracker.matte."""
        return self.tracker.matte(frame)

    def _nearby(self, frame: Array) -> Array | None:
        reach = REACH * self._face.size
        left, top = (max(0, int(c - reach)) for c in (self._face.x, self._face.y))
        part = frame[top : int(self._face.y + reach) + 1, left : int(self._face.x + reach) + 1]
        found = self.tracker.detect(part, None)
        return None if found is None else found + np.array([left, top, 0], np.float32)

    def _away(self, face: Array) -> float:
        box = box_of(face[: self.topology.surface])
        return float(np.hypot(box.x - self._face.x, box.y - self._face.y))

    def _meet(self, face: Array) -> None:
        self._face, self._met = box_of(face[: self.topology.surface]), True


def box_of(points: Array) -> FaceBox:
    """Landmarks [N, 2+] px -> the box around them."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    x, y = (low + high) / 2
    return FaceBox(float(x), float(y), float((high - low).max()))
