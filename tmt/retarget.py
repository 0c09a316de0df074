"""The driver's performance on the subject's face: what to add to pose and expression, frame by frame.

Relative: how the driver's head differs from its rest pose is added to the subject's head at rest. Absolute: the
driving head as it stands in its own picture, position and size included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tmt.between import between_shapes, carried, into, over
from tmt.creases import laid_on
from tmt.depth import neck
from tmt.drift import about, after, back, drifted
from tmt.geometry import power_rotation, rotation_angle, smoothstep, transform, untransform
from tmt.motion import rest_pose
from tmt.openings import below_lip, close_lids, part_lips, turn_eyes, uncross
from tmt.skin import beside, laid_over, skin_map
from tmt.topology import Topology
from tmt.torso import between
from tmt.types import Array, Creases, Performance, Pose, Settings, Target

DEPTH_GAIN = 0.5  # expression in depth is noisy and seen least
# Likeness of mean faces (measured on 13 people): .92 to 1 for one person, up to .89 for two. Head units between the
# most alike frames (on five of them): up to .012 for one person, from .019 for two.
SAME_FACE, SAME_SHAPE = (0.87, 0.92), (0.0130, 0.0175)
SAME_FRAMES = 60
BROWS = 1.2  # a warp shows no wrinkles around a brow: it is moved further, until as much is found in the result
TORSO, TORSO_SLACK = 1.1, 3.0  # times, and px more, that the torso may move as the head does


@dataclass(frozen=True)
class Retarget:
    """A driver laid over a subject; `target` gives any frame. gain [L, 3] scales offsets, strength [L, 1] is set."""

    subject: Performance
    driver: Performance
    topology: Topology
    settings: Settings
    gain: Array
    strength: Array
    same: float  # 1: the driver is the subject, whose expression passes unchanged
    gauge: Array  # [L, 2] head units: from the driver's mean face to the skin of the same name in the subject's
    between: Pose  # of the subject's shape in the driver's
    pose: Pose  # [T] of the subject's head
    torso: Array  # [T, 4] drift, picture px
    creases: Creases | None = None  # the driver's, for this subject

    def __len__(self) -> int:
        return len(self.driver)

    def target(self, index: int) -> Target:
        """The subject's head in driving frame `index`."""
        canonical = self._expression(index)
        return Target(self.pose[index], canonical, self.torso[index], creases=self.creases, swing=self._swing(index))

    def _swing(self, index: int) -> Array | None:
        """What the same person's head did beside its pose and landmarks; nobody else's hair and ears are alike."""
        if self.subject.swing is None or self.driver.swing is None or self.same == 0:
            return None
        calmer = min(1.0, self.settings.head) if self.settings.mode == "relative" else 1.0
        return np.asarray(self.same * calmer * self.driver.swing[index].astype(np.float32))

    def _expression(self, index: int) -> Array:
        subject, driver, now, settings = self.subject, self.driver, self.driver.canonical[index], self.settings
        offset = now - driver.neutral
        moved = subject.neutral + offset * self.gain * self.strength
        moved = part_lips(moved, subject.neutral, now, self.gain, self.topology, settings.mouth)
        moved = turn_eyes(moved, subject.neutral, now, driver.neutral, self.topology, settings.gaze)
        moved = close_lids(moved, subject.neutral, now, driver.neutral, self.topology, settings.eyes)
        moved = uncross(moved, now, self.topology.lip_pairs + self.topology.lid_pairs)
        if self.same > 0:
            now = now.copy()
            now[:, :2] += self.gauge
            own = untransform(self.driver_in_subject(index), transform(driver.pose[index], now))
            strength = self.strength.copy()
            strength[list(self.topology.right_eye.iris + self.topology.left_eye.iris)] = settings.gaze
            own = subject.neutral + (own - subject.neutral) * strength
            moved = moved + self.same * (own - moved)
            moved = uncross(moved, now, self.topology.lip_pairs + self.topology.lid_pairs)
        return below_lip(moved, subject.neutral, self.topology).astype(np.float32)

    def driver_in_subject(self, index: int) -> Pose:
        """The pose at which the subject's own shape lies over the driver's head in a frame, in the driver's picture."""
        return over(self.driver.pose[index], self.between)


def retarget(subject: Performance, driver: Performance, topology: Topology, settings: Settings) -> Retarget:
    """Lay a driver over a subject."""
    same, gauge = sameness(subject, driver, topology)
    between = between_shapes(subject, driver, topology)
    if settings.mode == "absolute":
        pose = carried(over(driver.pose, between), into(subject, driver))
    else:
        pose = _relative_pose(subject, driver, settings.head)
    torso = _torso(subject, driver, pose, topology)
    if settings.mode == "absolute" and same > 0:
        torso = _same_clothes(subject, driver, torso)
    gain = offset_gain(subject.neutral, driver.neutral, topology)
    return Retarget(
        subject=subject, driver=driver, topology=topology, settings=settings, gain=gain,
        strength=strengths(subject.neutral, topology, settings), same=same, gauge=gauge,
        between=between, pose=pose, torso=torso,
        creases=laid_on(driver.creases, subject.neutral, gain),
    )


def sameness(subject: Performance, driver: Performance, topology: Topology) -> tuple[float, Array]:
    """1 when two performances are one person's in one make-up and light, 0 when certainly not; and how far the skin
    that the subject's landmarks name lies beside the driver's [L, 2] head units (0 between two people).

    Two witnesses: the mean faces, and the most alike pair of frames (of one person some frame of one clip matches some
    frame of the other, whatever the expressions; mean or neutral landmarks depend more on what was said).
    """
    nothing = np.zeros((topology.count, 2), np.float32)
    if subject.mean_face is None or driver.mean_face is None:
        return 0.0, nothing
    like, flow = laid_over(subject.mean_face, driver.mean_face, topology)
    if like <= SAME_FACE[0]:
        return 0.0, nothing
    few = [p.canonical[:: max(1, len(p) // SAME_FRAMES), : topology.surface, :2] for p in (subject, driver)]
    nearest = min(float(np.linalg.norm(few[1] - face, axis=-1).mean(-1).min()) for face in few[0])
    same = _between(like, SAME_FACE) * (1 - _between(nearest, SAME_SHAPE))
    return same, beside(skin_map(topology), flow, driver.neutral) if same > 0 else nothing


def _between(value: float, ends: tuple[float, float]) -> float:
    """0 below the first of `ends`, 1 above the second."""
    return float(smoothstep(np.asarray((value - ends[0]) / (ends[1] - ends[0]))))


def offset_gain(subject: Array, driver: Array, topology: Topology) -> Array:
    """How much of the driver's landmark offsets suits the subject's face [L, 3]: by face size and mouth width."""

    def width(shape: Array) -> float:
        return float(np.linalg.norm(shape[topology.cheeks[0]] - shape[topology.cheeks[1]]))

    def height(shape: Array) -> float:
        return float(np.linalg.norm(shape[topology.chin] - shape[topology.forehead]))

    def mouth(shape: Array) -> float:
        return float(np.linalg.norm(shape[topology.mouth_corners[0]] - shape[topology.mouth_corners[1]]))

    gain = np.empty((topology.count, 3), np.float32)
    gain[:, 0], gain[:, 1] = width(subject) / width(driver), height(subject) / height(driver)
    gain[list(topology.mouth), 0] = np.clip(mouth(subject) / mouth(driver), 0.7, 1.4)
    gain[:, 2] = DEPTH_GAIN
    for eye in topology.eyes:
        gain[list(eye.brow), 1] *= BROWS
    return gain


def strengths(neutral: Array, topology: Topology, settings: Settings) -> Array:
    """The user's strengths per landmark [L, 1], blended over the face by nearness to mouth, eyes and brows."""
    groups = [
        (topology.mouth + (topology.chin,), settings.mouth),
        (topology.right_eye.ring + topology.left_eye.ring, settings.eyes),
        (topology.right_eye.brow + topology.left_eye.brow, settings.brows),
    ]
    nearness = []
    for indices, _ in groups:
        away = np.linalg.norm(neutral[:, None, :2] - neutral[None, list(indices), :2], axis=-1).min(1)
        nearness.append(np.exp(-((away / 0.12) ** 2)) + 1e-6)
    share = np.stack(nearness, 1)
    strength = (share * [value for _, value in groups]).sum(1, keepdims=True) / share.sum(1, keepdims=True)
    return strength.astype(np.float32)


def _relative_pose(subject: Performance, driver: Performance, strength: float) -> Pose:
    """Driver's change since its rest pose, on the subject's rest pose: rotation, size, and place in head units."""
    start, theirs = rest_pose(subject), rest_pose(driver)
    turn = power_rotation(driver.pose.rotation @ theirs.rotation.T, strength)
    growth = (driver.pose.scale / theirs.scale) ** strength
    shift = (driver.pose.translation - theirs.translation) * (start.scale / theirs.scale) * strength
    return Pose(start.scale * growth, turn @ start.rotation, start.translation + shift)


def _torso(subject: Performance, driver: Performance, pose: Pose, topology: Topology) -> Array:
    """Torso drift [T, 4]: the driver's, in the subject's head size, from where the base of the skull puts it (against
    the middle of the head: -0.4 to 0.8 dB over the heads of twelve people, 0.1 on the mean)."""
    first, start = driver.reference, subject.torso[subject.reference]
    ratio = float(pose.scale[first] / driver.pose.scale[first])
    home, theirs = neck(subject.pose[subject.reference], subject, topology), neck(driver.pose[first], driver, topology)
    since = after(driver.torso, back(driver.torso[first]))
    head, size = np.linalg.norm((pose.translation - pose.translation[first])[:, :2], axis=1), pose.scale[first]
    shift = _no_more((drifted(since, theirs) - theirs) * ratio, head * TORSO + TORSO_SLACK)
    grown, turned = np.abs(pose.scale / size - 1), rotation_angle(pose.rotation, pose.rotation[first])
    change = _no_more(since[:, 2:], grown + turned + TORSO_SLACK / size)
    # A head that is nearer brings its body along; one that is farther away does not: its picture ends too soon.
    larger = max(1.0, float(pose.scale[first] / subject.pose.scale[subject.reference]))
    change = (change + [1, 0]) * larger - [1, 0]
    drift = about(home, neck(pose[first], subject, topology) - home + shift, change)
    return after(drift, start).astype(np.float32)


def _same_clothes(subject: Performance, driver: Performance, torso: Array) -> Array:
    """Torso drift [T, 4] of a subject who is the driver: the clothes of one clip are looked for in the other, about
    where `torso` [T, 4] has them, which is what remains where they are not found."""
    if subject.shoulders is None or driver.shoulders is None:
        return torso
    ratio, shift = into(subject, driver)
    laid, first = np.array([*shift, ratio - 1, 0.0]), driver.reference
    small = _times(subject.shoulders.shape[1] / subject.size[0])
    theirs = _times(driver.shoulders.shape[1] / driver.size[0])
    guess = after(back(after(laid, driver.torso[first])), torso[first])
    found = between(subject.shoulders, driver.shoulders, after(theirs, after(guess, back(small))))
    if found is None:
        return torso
    since = after(back(theirs), after(found, small))
    return after(after(laid, driver.torso), since).astype(np.float32)


def _times(scale: float) -> Array:
    return np.array([0.0, 0.0, scale - 1, 0.0])


def _no_more(vectors: Array, limit: Array) -> Array:
    """vectors [T, 2], none longer than its limit [T]."""
    return vectors * np.minimum(1, limit / np.maximum(np.linalg.norm(vectors, axis=1), 1e-6))[:, None]
