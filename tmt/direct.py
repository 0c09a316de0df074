"""A driving clip's head poses by all of its pixels: every frame is laid over keyframes, of the subject where that is
the same person, else of the clip itself; and how that person's head swings."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np

from tmt.align import SIDE, VIEWS, Aligner, Picture, View, bridged, pictured, stayed
from tmt.bank import choose_keyframes, target_of
from tmt.between import between_shapes, carried, carried_window, into, lifted, opposite, over
from tmt.canonical import build_surface
from tmt.canvas import cut, head_window
from tmt.geometry import rotation_angle, untransform
from tmt.keyframes import keyframes_of, settled
from tmt.motion import with_own_neutral
from tmt.neckline import outlined
from tmt.overlap import overlapped
from tmt.retarget import sameness
from tmt.swing import Swinger
from tmt.topology import Topology
from tmt.track import FaceTracker, with_matte
from tmt.types import Array, CanonicalHead, FaceTrack, MediaInfo, Performance, Pose, Step, Target, Window
from tmt.working import working_frames

KEYFRAMES = 10  # of a clip's own, that are laid over each other


class _Known(Protocol):
    """What frames of a clip are laid over."""

    def laid(self, performance: Performance, number: int, picture: Picture) -> tuple[Pose, Array | None]:
        """Pose and swing (None: unknown) of a frame of the clip, by its picture."""


@dataclass(frozen=True)
class _Own:
    """The clip's own keyframes."""

    aligner: Aligner
    views: Sequence[View]

    def laid(self, performance: Performance, number: int, picture: Picture) -> tuple[Pose, Array | None]:
        lost = not performance.found[number]
        return self.aligner.pose(target_of(performance, number), picture, self.views, lost), None


class _Subjects:
    """The keyframes of a head that is the same person's, whose skin of the same name lies `gauge` [L, 2] beside."""

    def __init__(self, head: CanonicalHead, driver: Performance, topology: Topology, gauge: Array) -> None:
        self.head, self.known, self.gauge = head, dict[int, View](), gauge
        self.aligner = Aligner(head.surface, head.performance, topology)
        self.swinger = None if head.performance.swing is None else Swinger(self.aligner)
        self.between, self.into = between_shapes(head.performance, driver, topology), into(head.performance, driver)

    def laid(self, performance: Performance, number: int, picture: Picture) -> tuple[Pose, Array | None]:
        bank, subject = self.head.bank, self.head.performance
        pose = carried(over(performance.pose[number], self.between), self.into)
        now = performance.canonical[number].astype(np.float64)
        face = untransform(self.between, now).astype(np.float32)
        away = rotation_angle(subject.pose.rotation[bank.index], pose.rotation)
        views = [self._view(int(k)) for k in np.argsort(away, kind="stable")[:VIEWS]]
        target = Target(pose, face, subject.torso[subject.reference])
        picture = replace(picture, window=carried_window(picture.window, self.into))
        found = self.aligner.pose(target, picture, views, not performance.found[number])
        swing = None
        if self.swinger is not None and performance.found[number]:
            now[:, :2] += self.gauge
            face = stayed(untransform(self.between, now), pose, found)
            swing = self.swinger.swing(Target(found, face, target.torso), picture, views)
        return over(lifted(found, self.into), opposite(self.between)), swing

    def _view(self, k: int) -> View:
        if k not in self.known:
            bank = self.head.bank
            self.known[k] = self.aligner.view(int(bank.index[k]), pictured(bank.images[k], bank.window))
        return self.known[k]


def aligned(
    info: MediaInfo, track: FaceTrack, performance: Performance, tracker: FaceTracker, head: CanonicalHead | None = None
) -> Generator[Step, None, Performance]:
    """The performance of a clip, read once more, with poses in which all of the head lies as in keyframes: of `head`,
    where that is the same person's, and then with its swing. A generator of progress ("align")."""
    topology, window = tracker.topology, head_window(track, tracker.topology, SIDE)
    known: _Known
    placed = performance  # better than landmarks alone have it, to begin with
    same, gauge = (0.0, None) if head is None else sameness(head.performance, performance, topology)
    if head is not None and gauge is not None and same > 0:
        known = _Subjects(head, performance, topology, gauge)
    else:
        placed, known = _own(info, track, performance, window, tracker)
    poses: list[Pose] = []
    swing: Array | None = None
    with closing(working_frames(info)) as frames, closing(_at_once(known, placed, frames, window)) as told:
        for number, (pose, moved) in enumerate(told):
            poses.append(pose)
            if moved is not None:
                swing = np.zeros((len(performance), *moved.shape), np.float16) if swing is None else swing
                swing[number] = moved
            yield Step("align", number + 1, len(performance))
    performance = bridged(performance, np.arange(len(poses)), poses)
    return with_own_neutral(replace(performance, swing=swing), topology)


def _at_once(
    known: _Known, performance: Performance, frames: Iterable[Array], window: Window
) -> Generator[tuple[Pose, Array | None], None, None]:
    """Pose and swing in every frame, some worked out at a time."""

    def told(number: int, image: Array) -> tuple[Pose, Array | None]:
        return known.laid(performance, number, pictured(image, window))

    numbered = zip(range(len(performance)), frames, strict=False)
    tasks = (partial(told, number, cut(frame, window)) for number, frame in numbered)
    return overlapped(tasks)


def _own(
    info: MediaInfo, track: FaceTrack, performance: Performance, window: Window, tracker: FaceTracker
) -> tuple[Performance, _Own]:
    """A clip's own keyframes, laid over each other."""
    topology, every = tracker.topology, choose_keyframes(performance, track.sharpness, tracker.topology)
    index = every[np.unique(np.linspace(0, len(every) - 1, KEYFRAMES).round().astype(int))]
    images = _cuts(info, index, window, tracker)
    surface = outlined(build_surface(performance, topology, window), performance, window, index, images, topology)
    keyframes = keyframes_of(Aligner(surface, performance, topology), index, images, window)
    performance = settled(surface, performance, keyframes, topology)
    aligner = Aligner(surface, performance, topology)
    return performance, _Own(aligner, keyframes.anew(aligner).views)


def _cuts(info: MediaInfo, index: Array, window: Window, tracker: FaceTracker) -> list[Array]:
    """Keyframes `index` [K] cut to a window, with matte [H, W, 4] uint8."""
    wanted, images = set(index.tolist()), []
    with closing(working_frames(info)) as frames:
        for number, frame in enumerate(frames):
            if number in wanted:
                images.append(with_matte(cut(frame, window), tracker))
            if number >= index[-1]:
                break
    return images
