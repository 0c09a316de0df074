"""One picture instead of a whole run: the most telling moment of a driving clip, or the head from a chosen angle."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from tmt import label
from tmt.chosen import keep_to
from tmt.draw import canvas_for, draw
from tmt.errors import FaceError, MediaError
from tmt.geometry import rotation_angle
from tmt.motion import off_neutral
from tmt.renderer import Renderer
from tmt.run import check_settings
from tmt.shots import find, sampled_performance, take_shots
from tmt.study import laid
from tmt.track import FaceTracker
from tmt.types import Array, CanonicalHead, HeadPath, Performance, Pose, Settings, Target, Targets
from tmt.video import probe
from tmt.views import along

LOOKS = 24  # frames of the driving clip from which the moment is chosen
TURN = np.radians(25.0)  # a turn that counts as much as EXPRESSION
EXPRESSION = 0.03  # head units of mean landmark motion


@dataclass(frozen=True)
class Preview:
    """driving, result [H, W, 3] uint8: one moment, `at` s into the driving clip. The result bears its label."""

    driving: Array
    result: Array
    at: float


@dataclass(frozen=True)
class Moment:
    """The one frame of a driving clip that differs most from its neutral one: picture [h, w, 3] uint8, `at` s into the
    clip, and which it is, `index`, of the frames of a performance that were looked at."""

    picture: Array
    at: float
    performance: Performance
    index: int


@dataclass(frozen=True)
class _Only:
    """One frame of a plan."""

    plan: Targets
    index: int

    @property
    def pose(self) -> Pose:
        return self.plan.pose[np.array([self.index])]

    def __len__(self) -> int:
        return 1

    def target(self, index: int) -> Target:
        return self.plan.target(self.index)


def moment_of(driving: Path, tracker: FaceTracker, face: int | None = None) -> Moment:
    """The moment of a driving clip to be shown; `face`: which one of several, from the left from 1."""
    info = probe(driving)
    if info.is_still:
        raise MediaError("driving_needs_motion", name=driving.name)
    shots = take_shots(info, LOOKS)
    found = find(shots, keep_to(driving, face, tracker, shots.scale))
    if found is None:
        raise FaceError("no_face", name=driving.name)
    performance, _ = sampled_performance(shots, found, tracker.topology)
    index = most_telling(performance)
    shot = found.shots[index]
    return Moment(shots.pictures[shot], float(shots.numbers[shot] / info.fps), performance, index)


def preview(head: CanonicalHead, moment: Moment, tracker: FaceTracker, settings: Settings) -> Preview:
    """Transfer one moment of a driving clip."""
    settings = check_settings(settings, head.checkpoint)
    head, plan = laid(head, moment.performance, tracker.topology, settings)
    return Preview(moment.picture, _first(head, _Only(plan, moment.index), settings, tracker), moment.at)


class Stills:
    """The subject's own head from any angle, prepared once: a second picture costs a rendered frame and no more."""

    def __init__(self, head: CanonicalHead, tracker: FaceTracker) -> None:
        self._head, self._lock = head, threading.Lock()
        canvas = canvas_for(head, self._turned((0.0, 0.0, 0.0)), Settings(), tracker.topology)
        self._renderer = Renderer(head, tracker.topology, canvas, Settings())

    def picture(self, angles: tuple[float, float, float]) -> Array:
        """The head turned by (yaw, pitch, roll) degrees from its reference frame -> [H, W, 3] uint8, labelled."""
        target = self._turned(angles).target(0)
        with self._lock:
            self._renderer.restart()
            return label.burn_uint8(self._renderer.draw(target))

    def _turned(self, angles: tuple[float, float, float]) -> Targets:
        yaw, pitch, roll = (np.array([float(angle)]) for angle in angles)
        return along(self._head.performance, HeadPath(yaw, pitch, roll, Fraction(25)))


def most_telling(performance: Performance) -> int:
    """The frame furthest from neutral in pose and expression, short of the few most extreme ones."""
    moved = off_neutral(performance) / EXPRESSION
    turned = rotation_angle(performance.pose.rotation, performance.pose.rotation[performance.reference]) / TURN
    order = np.argsort(moved + turned)
    return int(order[min(len(order) - 1, round(0.9 * len(order)))])


def _first(head: CanonicalHead, targets: Targets, settings: Settings, tracker: FaceTracker) -> Array:
    with closing(draw(head, targets, settings, tracker, Counter())) as pictures:
        return next(pictures)[0]
