"""A driving clip's head poses by all of its pixels: every frame is laid over keyframes, of the subject where that is
the same person, else of the clip itself."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from tmt.align import SIDE, VIEWS, Aligner, View, posed, settled
from tmt.bank import choose_keyframes, target_of
from tmt.between import between_shapes, carried, carried_window, into, lifted, opposite, over
from tmt.canonical import build_surface
from tmt.canvas import cut, head_window
from tmt.geometry import rotation_angle, rotation_from_vector, rotation_vector, untransform
from tmt.level import levelled
from tmt.motion import NEUTRAL_FRAMES, neutral_face
from tmt.neckline import parted
from tmt.retarget import sameness
from tmt.topology import Topology
from tmt.track import FaceTracker
from tmt.types import Array, CanonicalHead, FaceTrack, MediaInfo, Performance, Pose, Step, Target, Window
from tmt.working import working_frames

KEYFRAMES = 16  # of a clip's own, that are laid over each other


class _Known(Protocol):
    """What frames of a clip are laid over."""

    def pose(self, performance: Performance, number: int, picture: Array) -> Pose:
        """Of a frame of the clip, by its `picture` [h, w, 3] uint8."""


@dataclass(frozen=True)
class _Own:
    """The clip's own keyframes."""

    aligner: Aligner
    views: Sequence[View]

    def pose(self, performance: Performance, number: int, picture: Array) -> Pose:
        return self.aligner.pose(target_of(performance, number), picture, self.views)


class _Subjects:
    """The keyframes of a head that is the same person's; the clip's pictures are cut to `window`."""

    def __init__(self, head: CanonicalHead, driver: Performance, window: Window, topology: Topology) -> None:
        self.head, self.known = head, dict[int, View]()
        self.aligner = Aligner(head.surface, head.performance, head.bank.window, topology)
        self.between, self.laid = between_shapes(head.performance, driver, topology), into(head.performance, driver)
        self.window = carried_window(window, self.laid)

    def pose(self, performance: Performance, number: int, picture: Array) -> Pose:
        bank, subject = self.head.bank, self.head.performance
        pose = carried(over(performance.pose[number], self.between), self.laid)
        face = untransform(self.between, performance.canonical[number].astype(np.float64)).astype(np.float32)
        away = rotation_angle(subject.pose.rotation[bank.index], pose.rotation)
        views = [self._view(int(k)) for k in np.argsort(away, kind="stable")[:VIEWS]]
        target = Target(pose, face, subject.torso[subject.reference])
        found = self.aligner.pose(target, picture, views, self.window)
        return over(lifted(found, self.laid), opposite(self.between))

    def _view(self, k: int) -> View:
        if k not in self.known:
            self.known[k] = self.aligner.view(int(self.head.bank.index[k]), self.head.bank.images[k])
        return self.known[k]


def aligned(
    info: MediaInfo, track: FaceTrack, performance: Performance, tracker: FaceTracker, head: CanonicalHead | None = None
) -> Generator[Step, None, Performance]:
    """The performance of a clip, read once more, with poses in which all of the head lies as in keyframes: of `head`,
    where that is the same person's. A generator of progress ("align")."""
    topology, window = tracker.topology, head_window(track, tracker.topology, SIDE)
    known: _Known
    if head is not None and sameness(head.performance, performance, topology)[0] > 0:
        known = _Subjects(head, performance, window, topology)
    else:
        performance, known = _own(info, track, performance, window, tracker)
    frames, poses = [], []
    with closing(working_frames(info)) as pictures:
        for number, picture in zip(range(len(performance)), pictures, strict=False):
            if performance.found[number]:
                frames.append(number)
                poses.append(known.pose(performance, number, cut(picture, window)))
            yield Step("align", number + 1, len(performance))
    performance = _bridged(performance, np.array(frames), poses)
    found = np.flatnonzero(performance.found)
    neutral, _ = neutral_face(performance.canonical[found[:: max(1, len(found) // NEUTRAL_FRAMES)]], topology)
    return replace(performance, neutral=neutral)


def _own(
    info: MediaInfo, track: FaceTrack, performance: Performance, window: Window, tracker: FaceTracker
) -> tuple[Performance, _Own]:
    """A clip's own keyframes, laid over each other."""
    topology, every = tracker.topology, choose_keyframes(performance, track.sharpness, tracker.topology)
    index = every[np.unique(np.linspace(0, len(every) - 1, KEYFRAMES).round().astype(int))]
    images = _cuts(info, index, window, tracker)
    surface = parted(build_surface(performance, topology, window), performance, window, index, images, topology)
    performance = settled(surface, performance, window, index, images, topology)
    aligner = Aligner(surface, performance, window, topology)
    return performance, _Own(aligner, [aligner.view(int(n), image) for n, image in zip(index, images, strict=True)])


def _cuts(info: MediaInfo, index: Array, window: Window, tracker: FaceTracker) -> list[Array]:
    """Keyframes `index` [K] cut to a window, with matte [H, W, 4] uint8."""
    wanted, images = set(index.tolist()), []
    with closing(working_frames(info)) as frames:
        for number, frame in enumerate(frames):
            if number in wanted:
                crop = cut(frame, window)
                images.append(np.dstack([crop, np.round(tracker.matte(levelled(crop)) * 255).astype(np.uint8)]))
            if number >= index[-1]:
                break
    return images


def _bridged(performance: Performance, frames: Array, poses: Sequence[Pose]) -> Performance:
    """A performance with the `poses` of its `frames` [N]; between them what they change fades from one to the next."""
    old = performance.pose
    told = np.array([_change(old[frame], pose) for frame, pose in zip(frames, poses, strict=True)])
    others = np.setdiff1d(np.arange(len(performance)), frames)
    between = np.stack([np.interp(others, frames, told[:, axis]) for axis in range(7)], 1)
    filled = [_changed(old[frame], change) for frame, change in zip(others, between, strict=True)]
    return posed(performance, np.concatenate([frames, others]), [*poses, *filled])


def _change(pose: Pose, other: Pose) -> Array:
    """From one pose to another [7]: turn, growth, and shift in head units."""
    turn, shift = rotation_vector(other.rotation @ pose.rotation.T), (other.translation - pose.translation) / pose.scale
    return np.concatenate([turn, [np.log(other.scale / pose.scale)], shift])


def _changed(pose: Pose, change: Array) -> Pose:
    """A pose after a `_change`."""
    turn = rotation_from_vector(change[:3]) @ pose.rotation
    return Pose(pose.scale * np.exp(change[3]), turn, pose.translation + change[4:] * pose.scale)
