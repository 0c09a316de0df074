"""How a subject's head lies in a driver's, and the driver's picture over the subject's."""

from __future__ import annotations

import numpy as np

from tmt.geometry import fit_similarity_robust
from tmt.topology import Topology
from tmt.types import Array, Performance, Pose, Window


def between_shapes(subject: Performance, driver: Performance, topology: Topology) -> Pose:
    """How the subject's mean shape lies in the driver's."""
    stable = list(topology.stable)
    return fit_similarity_robust(subject.shape[stable], driver.shape[stable])


def over(pose: Pose, between: Pose) -> Pose:
    """Poses of one head as those of another that lies `between` in it."""
    shift = pose.scale[..., None] * (pose.rotation @ between.translation)
    return Pose(pose.scale * between.scale, pose.rotation @ between.rotation, pose.translation + shift)


def opposite(between: Pose) -> Pose:
    """How the other head lies in the one."""
    turn = between.rotation.T
    return Pose(1 / between.scale, turn, -(turn @ between.translation) / between.scale)


def into(subject: Performance, driver: Performance) -> tuple[float, Array]:
    """How the driver's picture is laid over the subject's: times, and shift [2] px."""
    ratio = min(subject.size) / min(driver.size)
    return ratio, (np.array(subject.size) - np.array(driver.size) * ratio) / 2


def carried(pose: Pose, laid: tuple[float, Array]) -> Pose:
    """Poses in a picture that is laid over another one, as they are in the other."""
    ratio, shift = laid
    return Pose(pose.scale * ratio, pose.rotation, pose.translation * ratio + np.append(shift, 0.0))


def lifted(pose: Pose, laid: tuple[float, Array]) -> Pose:
    """The inverse of `carried`."""
    ratio, shift = laid
    return Pose(pose.scale / ratio, pose.rotation, (pose.translation - np.append(shift, 0.0)) / ratio)


def carried_window(window: Window, laid: tuple[float, Array]) -> Window:
    """A window on a picture that is laid over another one, as one on the other."""
    ratio, (right, down) = laid
    left, top, width, height = (side * ratio for side in (window.left, window.top, window.width, window.height))
    return Window(left + right, top + down, width, height, window.scale / ratio)
