"""The driver's performance on the subject's face: what to add to pose and expression, frame by frame.

Relative: what changed since the driver's reference frame is added to the subject's reference frame. Absolute: the
driving head as it stands in its own picture, position and size included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tmt.geometry import fit_similarity_robust, power_rotation, smoothstep, transform, untransform
from tmt.topology import Eye, Topology
from tmt.types import Array, Performance, Pose, Settings, Target

DEPTH_GAIN = 0.5  # expression in depth is noisy and seen least
LEAST_GAP = 0.002  # head units: lips and lids touch but never cross
SAME_PERSON = (0.0095, 0.0130)  # head units between the most alike frames: one person below, two people above
SAME_FRAMES = 60
# A warp shows less than it is asked for: no wrinkles around a brow, no skin that folds. Measured against what is found
# again in the result, these make up for it.
CLOSING, OPENING, BROWS, GAZE = 1.25, 1.08, 1.2, 1.25
GLANCE = 0.20  # eye widths: an iris further from its place of rest would fold the white of the eye
TORSO_SLACK = 3.0  # px the torso may move more than the head


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
    pose: Pose  # [T] of the subject's head
    torso: Array  # [T, 2] picture px

    def __len__(self) -> int:
        return len(self.driver)

    def target(self, index: int) -> Target:
        """The subject's head in driving frame `index`."""
        canonical = self._expression(index)
        return Target(self.pose[index], canonical, self.torso[index])

    def _expression(self, index: int) -> Array:
        subject, driver, now, settings = self.subject, self.driver, self.driver.canonical[index], self.settings
        offset = now - driver.neutral
        moved = subject.neutral + offset * self.gain * self.strength
        moved = part_lips(moved, subject.neutral, now, self.gain, self.topology, settings.mouth)
        moved = turn_eyes(moved, subject.neutral, now, driver.neutral, self.topology, settings.gaze)
        moved = close_lids(moved, subject.neutral, now, driver.neutral, self.topology, settings.eyes)
        moved = uncross(moved, now, self.topology.lip_pairs + self.topology.lid_pairs)
        if self.same > 0:
            own = untransform(self.driver_in_subject(index), transform(driver.pose[index], driver.canonical[index]))
            strength = self.strength.copy()
            strength[list(self.topology.right_eye.iris + self.topology.left_eye.iris)] = settings.gaze
            own = subject.neutral + (own - subject.neutral) * strength
            moved = moved + self.same * (own - moved)
            moved = uncross(moved, now, self.topology.lip_pairs + self.topology.lid_pairs)
        return moved.astype(np.float32)

    def driver_in_subject(self, index: int) -> Pose:
        """The pose at which the subject's own shape lies over the driver's landmarks of a frame."""
        stable = list(self.topology.stable)
        landmarks = transform(self.driver.pose[index], self.driver.canonical[index][stable])
        return fit_similarity_robust(self.subject.shape[stable], landmarks)


def retarget(subject: Performance, driver: Performance, topology: Topology, settings: Settings) -> Retarget:
    """Lay a driver over a subject."""
    same = sameness(subject, driver, topology)
    if settings.mode == "absolute":
        pose = _absolute_pose(subject, driver, topology)
    else:
        pose = _relative_pose(subject, driver, settings.head)
    return Retarget(
        subject=subject, driver=driver, topology=topology, settings=settings,
        gain=offset_gain(subject.neutral, driver.neutral, topology),
        strength=strengths(subject.neutral, topology, settings), same=same, pose=pose,
        torso=_torso(subject, driver, pose),
    )


def sameness(subject: Performance, driver: Performance, topology: Topology) -> float:
    """1 when two performances are one person's, 0 when certainly not.

    Of the same person some frame of one clip matches some frame of the other within the detector's noise; of two
    people none does, whatever their expressions (the mean or neutral faces of two clips do not tell them apart).
    """
    few = [p.canonical[:: max(1, len(p) // SAME_FRAMES), : topology.surface, :2] for p in (subject, driver)]
    nearest = min(float(np.linalg.norm(few[1] - face, axis=-1).mean(-1).min()) for face in few[0])
    low, high = SAME_PERSON
    return float(1 - smoothstep(np.asarray((nearest - low) / (high - low))))


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


def part_lips(
    moved: Array, neutral: Array, driver: Array, gain: Array, topology: Topology, strength: float
) -> Array:
    """Set the gap between the inner lips to the driver's: their closed mouth closes the subject's, whatever either's
    lips do at rest. Whole lips move, so that they keep their thickness; the lower one goes most of the way."""
    columns = len(topology.lip_pairs)
    out = moved.copy()
    upper = np.array(topology.upper_lip).reshape(-1, columns)
    lower = np.array(topology.lower_lip).reshape(-1, columns)
    up, low = upper[0], lower[0]
    theirs = np.maximum(driver[low, 1] - driver[up, 1], 0.0) * gain[low, 1] * OPENING
    own = neutral[low, 1] - neutral[up, 1]
    lack = own + (theirs - own) * strength - (moved[low, 1] - moved[up, 1])
    out[upper, 1] -= 0.3 * lack
    out[lower, 1] += 0.7 * lack
    return out


def turn_eyes(
    moved: Array, neutral: Array, driver: Array, driver_neutral: Array, topology: Topology, strength: float
) -> Array:
    """Place the irises: the driver's glance, in eye widths away from where the corners of the eye put the iris."""
    out = moved.copy()
    for eye in topology.eyes:
        corners, iris = list(eye.corners), list(eye.iris)
        size = _gap(neutral, eye.corners)
        glance = (_glance(driver, eye) - _glance(driver_neutral, eye)) * GAZE * strength
        length = float(np.linalg.norm(glance))
        glance *= min(1.0, GLANCE / max(length, 1e-6))
        rest = neutral[iris] - neutral[corners].mean(0)
        out[iris] = moved[corners].mean(0) + rest
        out[iris, :2] += glance * size
    return out


def _glance(shape: Array, eye: Eye) -> Array:
    """Iris centre [2] from the middle between the corners, eye widths."""
    middle = shape[list(eye.corners), :2].mean(0)
    return (shape[list(eye.iris), :2].mean(0) - middle) / _gap(shape, eye.corners)


def close_lids(
    moved: Array, neutral: Array, driver: Array, driver_neutral: Array, topology: Topology, strength: float
) -> Array:
    """Set the lids' gap: a driver's closed eye closes the subject's wholly, whatever the size of their eyes.

    Of the two ways to carry a closing lid over (by the same distance, or by the same share) the one that closes more
    is taken; opening wider is carried by distance.
    """
    out = moved.copy()
    for eye in topology.eyes:
        size = _gap(neutral, eye.corners) / _gap(driver_neutral, eye.corners)
        for upper, lower in eye.lids:
            own, theirs = neutral[lower, 1] - neutral[upper, 1], driver_neutral[lower, 1] - driver_neutral[upper, 1]
            now = driver[lower, 1] - driver[upper, 1]
            by_distance = own + (now - theirs) * size
            by_share = own * max(now, 0.0) / max(theirs, 1e-3)
            wanted = by_distance if now > theirs else max(min(by_distance, by_share), 0.0)
            wanted = max(own + (wanted - own) * CLOSING, 0.0) if now < theirs else wanted
            wanted = own + (wanted - own) * strength
            correction = (wanted - (out[lower, 1] - out[upper, 1])) / 2
            out[upper, 1] -= correction * 1.5  # the upper lid does most of the way
            out[lower, 1] += correction * 0.5
    return out


def uncross(moved: Array, driver: Array, pairs: tuple[tuple[int, int], ...]) -> Array:
    """Push apart upper and lower landmarks that would cross, to the gap the driver shows, at most a hair."""
    upper, lower = (list(side) for side in zip(*pairs, strict=True))
    least = np.clip(driver[lower, 1] - driver[upper, 1], LEAST_GAP, 5 * LEAST_GAP)
    lack = np.maximum(least - (moved[lower, 1] - moved[upper, 1]), 0) / 2
    out = moved.copy()
    out[lower, 1] += lack
    out[upper, 1] -= lack
    return out


def _gap(shape: Array, pair: tuple[int, int]) -> float:
    return float(np.linalg.norm(shape[pair[0]] - shape[pair[1]]))


def _relative_pose(subject: Performance, driver: Performance, strength: float) -> Pose:
    """Driver's change since its reference, on the subject's reference pose: rotation, size, and place in head units."""
    start, theirs = subject.pose[subject.reference], driver.pose[driver.reference]
    turn = power_rotation(driver.pose.rotation @ theirs.rotation.T, strength)
    growth = (driver.pose.scale / theirs.scale) ** strength
    shift = (driver.pose.translation - theirs.translation) * (start.scale / theirs.scale) * strength
    return Pose(start.scale * growth, turn @ start.rotation, start.translation + shift)


def _absolute_pose(subject: Performance, driver: Performance, topology: Topology) -> Pose:
    """The subject's shape laid over the driver's landmarks, carried from the driver's picture into the subject's."""
    stable = list(topology.stable)
    landmarks = transform(driver.pose, driver.canonical[:, stable].astype(np.float64))
    pose = fit_similarity_robust(subject.shape[stable], landmarks)
    ratio = min(subject.size) / min(driver.size)
    shift = (np.array(subject.size) - np.array(driver.size) * ratio) / 2
    return Pose(pose.scale * ratio, pose.rotation, pose.translation * ratio + np.append(shift, 0.0))


def _torso(subject: Performance, driver: Performance, pose: Pose) -> Array:
    """Torso drift [T, 2]: the driver's, in the subject's head size, from where the head's own place puts it."""
    ratio = float(pose.scale[driver.reference] / driver.pose.scale[driver.reference])
    start = subject.torso[subject.reference]
    moved = (pose.translation - subject.pose.translation[subject.reference])[:, :2]
    offset = moved[driver.reference]
    drift = (driver.torso - driver.torso[driver.reference]) * ratio
    limit = np.linalg.norm(moved - offset, axis=1) * 1.1 + TORSO_SLACK
    length = np.linalg.norm(drift, axis=1)
    drift = drift * np.minimum(1, limit / np.maximum(length, 1e-6))[:, None]
    return (start + offset + drift).astype(np.float32)
