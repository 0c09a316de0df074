"""Clip -> FaceTrack: find the face, follow its landmarks and the shoulders, one frame at a time.

The tracker is an interface, so that another backend can stand in; the landmark topology is data beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from typing import Protocol

import cv2
import numpy as np

from tmt.bars import Bars
from tmt.bridge import HeadFollower, bridge_gaps
from tmt.checkpoint import SHIPPED, Weights
from tmt.errors import FaceError
from tmt.hands import touched
from tmt.level import levelled
from tmt.looks import SAME, Acquaintance, look_of
from tmt.skin import SkinFollower
from tmt.topology import Topology
from tmt.torso import TorsoTracker
from tmt.types import Array, FaceTrack

MIN_FACE_PIXELS = 40.0  # below this the landmarks carry no expression
BRIDGE_SECONDS = 0.5  # shorter gaps are interpolated, longer ones hold the last face
EDGE = 0.03  # of the picture's side: a face last seen this near to it has left the picture
ASIDE = 0.16  # of the face's width: a nose this far from between the cheeks belongs to a face turned some 35 degrees
CUT = 8.0  # grey levels by which a whole picture, reduced to 16 x 16 px, differs from the one before it
SCENE = 128  # pixels of a picture's shorter side that are enough for that
LOOK_EVERY = 5  # frames between looks at a face that was never out of sight
HAND_EVERY, HAND_KEEPS = 6, 6  # frames between looks for hands; frames around a hand that count as covered


class FaceTracker(Protocol):
    """Finds the landmarks of faces in a picture."""

    topology: Topology

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """frame [H, W, 3] uint8; previous [L, 3] landmarks px of the frame before -> [L, 3] float32 px or None. With
        `previous` that face is followed, without it the largest and most central one is looked for."""

    def matte(self, frame: Array) -> Array:
        """frame [H, W, 3] uint8 -> [H, W] float32, 1 where there is a person."""

    def search(self, frame: Array) -> list[Array]:
        """All faces of a picture [L, 3] px, the largest and most central first."""
        found = self.detect(frame, None)
        return [] if found is None else [found]

    def hands(self, frame: Array) -> list[Array]:
        """Hands in a picture, each as points [N, 2] px; none where the backend knows no hands."""
        return []


class TrackBuilder:
    """Collects one frame after another into a FaceTrack; memory grows by the landmarks alone.

    Whoever is found first is followed to the end: another person's face is no face. `skin` moves the landmarks onto the
    skin they name (a subject's need it in its keyframes alone, where it is done later).
    """

    def __init__(
        self, tracker: FaceTracker, name: str, skin: bool = True, enlarged: int = 1, pose: Weights | None = SHIPPED.pose
    ) -> None:
        """`enlarged`: how many times larger than filmed the pictures are; `pose`: the PoseNet that bridges gaps."""
        self.tracker, self.name, self._enlarged = tracker, name, enlarged
        self._skin = SkinFollower(tracker.topology) if skin else None
        self._landmarks: list[Array | None] = []
        self._torso_xy: list[Array] = []
        self._sharpness: list[float] = []
        self._covered: list[int] = []
        self._strangers: set[int] = set()
        self._last: Array | None = None
        self._scene: Array | None = None
        self._cut = False
        self._known = Acquaintance()
        self._torso = TorsoTracker(tracker.topology)
        self._follower = HeadFollower(tracker.topology, pose)
        self._size, self._bars = (0, 0), Bars()
        self._beside, self._later = ThreadPoolExecutor(1, thread_name_prefix="tmt-track"), Future[None]()
        self._later.set_result(None)

    def add(self, frame: Array) -> Array | None:
        """Track one more frame [H, W, 3] uint8; returns its landmarks [L, 3] px or None."""
        self._size = (frame.shape[1], frame.shape[0])
        self._bars.add(frame)
        every = max(1, min(frame.shape[:2]) // SCENE)
        scene = cv2.resize(frame[::every, ::every], (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32)
        self._cut = self._scene is None or float(np.abs(scene - self._scene).mean()) > CUT
        self._scene = scene
        found, number = self._find(frame), len(self._landmarks)
        self._last = self._last if found is None else found
        kept = None if found is None else found.copy()
        self._landmarks.append(kept)
        self._later.result()  # one frame is looked at while the face is looked for in the next
        another = self._cut or number in self._strangers
        self._later = self._beside.submit(self._look, number, frame, found, kept, another)
        return found

    def _look(self, number: int, frame: Array, found: Array | None, kept: Array | None, another: bool) -> None:
        """All that the search for the next frame's face can do without; changes what is `kept` [L, 3] px in place."""
        if found is None:
            self._follower.lost(number, frame, another=another)
        else:
            if self._torso.shoulders is None:
                self._torso.start(frame, found, self.tracker.matte(levelled(frame)))
            if number % HAND_EVERY == 0 and touched(frame, found, self.tracker):
                self._covered.append(number)
            self._follower.seen(number, frame, found)
        if kept is not None and self._skin is not None:
            self._skin.add(frame, kept, number)
        self._torso_xy.append(self._torso.follow(frame, found))
        self._sharpness.append(face_sharpness(frame, found))

    def _find(self, frame: Array) -> Array | None:
        """The face that is followed, in this frame."""
        if self._last is not None:
            found = self.tracker.detect(levelled(frame, self._last), self._last)
            if found is not None and self._is_known(frame, found):
                return found
        known = (face for face in self.tracker.search(frame) if self._is_known(frame, face))
        return next((in_usual_light(frame, face, self.tracker) for face in known), None)

    def _is_known(self, frame: Array, found: Array) -> bool:
        """Whether this is the face followed so far; it is looked at closely after a gap and after a cut."""
        lost = not self._landmarks or self._landmarks[-1] is None
        if not lost and not self._cut and len(self._landmarks) % LOOK_EVERY:
            return True
        look = look_of(frame, found, self.tracker.topology)
        if look is None:
            return not lost
        if (lost or self._cut) and self._known.strangeness(look) > SAME:
            self._strangers.add(len(self._landmarks))
            return False
        self._known.meet(look)
        return True

    def finish(self, fps: Fraction, clear: bool = False) -> FaceTrack:
        """All frames so far as a track; FaceError when no frame showed a usable face. With `clear`, frames whose face
        is behind a hand do not count as found, as long as enough others do."""
        self._later.result()
        self._beside.shutdown()
        found = np.array([item is not None for item in self._landmarks], bool)
        if not found.any():
            raise FaceError("no_face", name=self.name)
        if self._skin is not None:
            self._skin.finish()
        follower, stable = self._follower, self.tracker.topology.stable
        longest = int(BRIDGE_SECONDS * fps)
        landmarks = bridge_gaps(self._landmarks, longest, follower.moves, follower.anchors, stable)
        width = float(np.median(np.ptp(landmarks[:, : self.tracker.topology.surface, 0], axis=1))) / self._enlarged
        if width < MIN_FACE_PIXELS:
            raise FaceError("face_too_small", name=self.name, pixels=width, limit=MIN_FACE_PIXELS)
        lost, covered = self._reasons(found), self._behind_hands(found)
        if covered.any():
            lost["covered_by_hand"] = int(covered.sum())
            if clear and (found & ~covered).sum() >= max(5, 0.2 * found.sum()):
                found &= ~covered
        self._landmarks.clear()
        return FaceTrack(
            landmarks, found, np.stack(self._torso_xy), np.array(self._sharpness, np.float32), self._size, fps, lost,
            *((None, {}) if self._skin is None else (self._skin.mean, self._skin.faces(~covered))), self._bars.sides(),
            self._torso.shoulders,
        )

    def _reasons(self, found: Array) -> dict[str, int]:
        """Why frames have no face of their own, and how many."""
        reasons, last = Counter[str](), None
        for index, item in enumerate(self._landmarks):
            last = item if item is not None else last
            if not found[index]:
                reasons["another_face" if index in self._strangers else self._reason(last)] += 1
        return dict(reasons)

    def _reason(self, last: Array | None) -> str:
        """What became of a face that was last seen here."""
        if last is None:
            return "not_yet_seen"
        topology, size = self.tracker.topology, np.array(self._size)
        skin = last[: topology.surface, :2]
        if (skin.min(0) < EDGE * size).any() or (skin.max(0) > (1 - EDGE) * size).any():
            return "left_picture"
        right, left = (last[index, 0] for index in topology.cheeks)
        turned = abs(last[topology.nose_tip, 0] - (right + left) / 2) > 2 * ASIDE * abs(left - right)
        return "turned_away" if turned else "hidden"

    def _behind_hands(self, found: Array) -> Array:
        """[T] bool: found, but behind a hand."""
        covered = np.zeros(len(found), bool)
        for index in self._covered:
            covered[max(0, index - HAND_KEEPS) : index + HAND_KEEPS + 1] = True
        return covered & found


def in_usual_light(frame: Array, face: Array, tracker: FaceTracker) -> Array:
    """A face [L, 3] px that has just been found, looked at again in usual light where it is dark or flat."""
    better = levelled(frame, face)
    found = None if better is frame else tracker.detect(better, face)
    return face if found is None else found


def track(
    frames: Iterable[Array], tracker: FaceTracker, fps: Fraction, name: str, tick: Callable[[], None] | None = None,
    skin: bool = True,
) -> FaceTrack:
    """Track a whole clip; `tick` is called after every frame (progress, cancel)."""
    builder = TrackBuilder(tracker, name, skin=skin)
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


def with_matte(crop: Array, tracker: FaceTracker) -> Array:
    """A crop [H, W, 3] uint8 with where the person is as its fourth channel."""
    return np.dstack([crop, np.round(tracker.matte(levelled(crop)) * 255).astype(np.uint8)])
