"""Novel views: the subject's own neutral head turned along a path, in the shape that a renderer draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tmt.geometry import rotation_from_euler
from tmt.types import HeadPath, Performance, Pose, Target


@dataclass(frozen=True)
class Views:
    """Targets of a HeadPath; pose [T] of the subject's head."""

    subject: Performance
    pose: Pose

    def __len__(self) -> int:
        return len(self.pose.scale)

    def target(self, index: int) -> Target:
        """The head in view `index`, with the expression of the reference frame."""
        reference = self.subject.reference
        return Target(self.pose[index], self.subject.canonical[reference], self.subject.torso[reference])


def along(subject: Performance, path: HeadPath) -> Views:
    """Turn the subject's reference head along a path."""
    start, count = subject.pose[subject.reference], len(path)
    turn = rotation_from_euler(*(np.radians(angles) for angles in (path.yaw, path.pitch, path.roll)))
    scale = np.full(count, float(start.scale))
    return Views(subject, Pose(scale, turn @ start.rotation, np.repeat(start.translation[None], count, 0)))
