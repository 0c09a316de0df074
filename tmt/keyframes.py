"""Keyframes of one clip that are laid over each other, each over those that are turned like it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from tmt.align import Aligner, Picture, View, bridged, pictured
from tmt.bank import target_of
from tmt.between import opposite, over
from tmt.geometry import rotation_from_vector, rotation_vector
from tmt.overlap import overlapped
from tmt.topology import Topology
from tmt.types import Array, Performance, Pose, Surface, Target, Window

T = TypeVar("T")
PASSES = 2  # of laying them over each other


@dataclass(frozen=True)
class Keyframes:
    """Frames `index` [K] of a clip, their pictures, and what these show of the head."""

    index: Array
    pictures: Sequence[Picture]
    views: Sequence[View]

    def anew(self, aligner: Aligner) -> Keyframes:
        """With the head as an aligner knows it by now."""
        numbered = zip(self.views, self.index.tolist(), self.pictures, strict=True)
        return replace(self, views=list(overlapped(partial(aligner.again, *one) for one in numbered)))

    def each(self, tell: Callable[[Target, Picture, Sequence[View]], T], performance: Performance) -> list[T]:
        """What is told of each as a target of a performance, beside all the others."""
        numbered = enumerate(zip(self.index.tolist(), self.pictures, strict=True))
        tasks = (
            partial(tell, target_of(performance, number), picture, [*self.views[:k], *self.views[k + 1 :]])
            for k, (number, picture) in numbered
        )
        return list(overlapped(tasks))


def keyframes_of(aligner: Aligner, index: Array, images: Sequence[Array], window: Window) -> Keyframes:
    """Frames `index` [K] with pictures [H, W, 4] uint8 in `window`."""
    pictures = list(overlapped(partial(pictured, image, window) for image in images))
    numbered = zip(index.tolist(), pictures, strict=True)
    return Keyframes(index, pictures, list(overlapped(partial(aligner.view, *one) for one in numbered)))


def settled(surface: Surface, performance: Performance, keyframes: Keyframes, topology: Topology) -> Performance:
    """A performance whose keyframes, seen as it has them, are laid over each other; on the mean they stay where
    landmarks put them. Frames between them change as they do."""
    start, index = performance, keyframes.index
    for number in range(PASSES if len(index) > 1 else 0):
        aligner = Aligner(surface, performance, topology)
        seen = keyframes.anew(aligner) if number else keyframes
        poses = seen.each(aligner.pose, performance)
        performance = bridged(start, index, _centred(start.pose[index], poses))
    return performance


def _centred(start: Pose, poses: Sequence[Pose]) -> list[Pose]:
    """Poses [K] that differ from those at the start [K] by nothing on the mean, as the head itself sees it."""
    apart = [over(opposite(start[k]), pose) for k, pose in enumerate(poses)]
    turn = rotation_from_vector(rotation_vector(np.stack([one.rotation for one in apart])).mean(0))
    scale = np.exp(np.mean([np.log(one.scale) for one in apart]))
    mean = Pose(np.asarray(scale), turn, np.mean([one.translation for one in apart], axis=0))
    return [over(pose, opposite(mean)) for pose in poses]
