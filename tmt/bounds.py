"""How far a head may be turned from what its subject showed: a driver who turns further is held there, and a report
names what is less certain."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tmt.canvas import Canvas
from tmt.geometry import euler_from_rotation, rotation_angle, rotation_from_euler
from tmt.topology import Topology
from tmt.types import Array, CanonicalHead, Pose, Target, Targets

BEYOND = {"yaw": 25.0, "pitch": 20.0}  # degrees past the subject's own angles: ears and far cheek are guesses by then
GIVE = 6.0  # degrees over which a head comes to rest at its limit
NAME = "turned_past_range"
FAR_VIEW = np.radians(20.0)  # further than this from any frame of the bank, what is shown is partly guessed


@dataclass(frozen=True)
class Bounded:
    """Targets whose pose stays within the range of the head; held [T] bool where it would not have."""

    targets: Targets
    pose: Pose
    held: Array

    def __len__(self) -> int:
        return len(self.targets)

    def target(self, index: int) -> Target:
        """See Targets."""
        target = self.targets.target(index)
        if not self.held[index]:
            return target
        return replace(target, pose=self.pose[index], limits=(*target.limits, NAME))


def within_range(targets: Targets, head: CanonicalHead) -> Targets:
    """The targets, held softly where they turn or nod further than BEYOND what the bank's frames show."""
    yaw, pitch, roll = euler_from_rotation(targets.pose.rotation)
    own = euler_from_rotation(head.bank.pose.rotation)
    pairs = ((yaw, own[0], BEYOND["yaw"]), (pitch, own[1], BEYOND["pitch"]))
    kept = [_soft(np.degrees(angle), np.degrees(seen), room) for angle, seen, room in pairs]
    held = np.abs(np.stack(kept) - np.degrees(np.stack([yaw, pitch]))).max(0) > 0.5
    if not held.any():
        return targets
    rotation = rotation_from_euler(np.radians(kept[0]), np.radians(kept[1]), roll)
    rotation = np.where(held[:, None, None], rotation, targets.pose.rotation)
    return Bounded(targets, replace(targets.pose, rotation=rotation), held)


def _soft(angle: Array, own: Array, room: float) -> Array:
    """Angles [T] degrees that stay within GIVE of `room` past the least and the largest of `own`."""
    low, high = float(own.min()) - room, float(own.max()) + room
    over, under = np.maximum(angle - high, 0), np.maximum(low - angle, 0)
    return np.clip(angle, low, high) + GIVE * (np.tanh(over / GIVE) - np.tanh(under / GIVE))


def limits_of(head: CanonicalHead, target: Target, canvas: Canvas, topology: Topology) -> tuple[str, ...]:
    """Names of what makes this target less certain: a view far from all that was seen, a head leaving the picture."""
    names = []
    if rotation_angle(head.bank.pose.rotation, target.pose.rotation).min() > FAR_VIEW:
        names.append("view_far_from_subject")
    corners = target.pose.scale * (target.pose.rotation @ head.performance.neutral[list(topology.oval)].T).T
    inside = canvas.window.to_window((corners + target.pose.translation)[:, :2])
    height, width = canvas.window.shape
    if (inside < 0).any() or (inside > (width, height)).any():
        names.append("head_leaves_picture")
    return tuple(names)
