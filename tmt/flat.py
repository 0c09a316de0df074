"""The learned 2D baseline: a performance and a head as one sees them who knows no depth.

All is landmarks in the picture plane. A pose is a similarity within it, and what is left of a head that turns or nods
is motion of its landmarks, as an expression is. So the bank's frames are chosen, hinted and warped by the same code as
the 3D head's, with nothing of depth, view angle or hidden skin in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tmt.bank import build_bank
from tmt.canonical import build_surface
from tmt.geometry import fit_similarity_robust, transform, untransform
from tmt.motion import NEUTRAL_FRAMES, canonical_faces, neutral_face
from tmt.neckline import parted
from tmt.pose import fit_poses, template
from tmt.topology import Topology
from tmt.types import Array, CanonicalHead, Performance, Pose, Surface, Target, Targets, Window

IN_PLANE = np.array([1.0, 1.0, 0.0])
REACH = 1.6  # head units: hair turns with the face's outline, farther out than an expression reaches (measured)
LAYER = 0.01  # of any head: where a warp folds, what lies nearer to the nose is on top, by so much per head unit
ALIKE = 4  # the neutral face is sought in this part of the frames: those that are turned most like the reference


def flattened(performance: Performance, topology: Topology) -> Performance:
    """A performance by its landmarks' places in the picture alone. Which frame two people are laid over each other at
    stays the same, so that methods can be compared."""
    landmarks = transform(performance.pose, performance.canonical)
    landmarks[..., 2] = 0
    stable, start = list(topology.stable), landmarks[performance.reference].astype(np.float64)
    upright = fit_similarity_robust(template(topology.name)[stable] * IN_PLANE, start[stable])
    shape = untransform(upright, start)
    pose = fit_poses(landmarks, shape, topology)
    canonical = canonical_faces(landmarks, pose, landmarks)
    neutral = _neutral(canonical[performance.found], shape, topology)
    return replace(performance, shape=shape, neutral=neutral, pose=pose, canonical=canonical, creases=None, swing=None)


@dataclass(frozen=True)
class InPlane:
    """Targets of a head that turns in space, by their landmarks' places in the picture; `subject` is flattened."""

    targets: Targets
    subject: Performance
    topology: Topology

    @cached_property
    def pose(self) -> Pose:
        """See Targets."""
        poses = [self.target(index).pose for index in range(len(self))]
        columns = zip(*((p.scale, p.rotation, p.translation) for p in poses), strict=True)
        return Pose(*(np.stack(column) for column in columns))

    def __len__(self) -> int:
        return len(self.targets)

    def target(self, index: int) -> Target:
        """See Targets."""
        target, stable = self.targets.target(index), list(self.topology.stable)
        landmarks = transform(target.pose, target.canonical.astype(np.float64)) * IN_PLANE
        pose = fit_similarity_robust(self.subject.shape[stable], landmarks[stable])
        return replace(target, pose=pose, canonical=untransform(pose, landmarks).astype(np.float32))


def _neutral(canonical: Array, shape: Array, topology: Topology) -> Array:
    """The relaxed face [L, 3] of those of canonical [T, L, 3] that are turned as the reference frame's `shape` is."""
    some, stable = canonical[:: max(1, len(canonical) // NEUTRAL_FRAMES)], list(topology.stable)
    away = np.linalg.norm(some[:, stable] - shape[stable].astype(np.float32), axis=-1).mean(1)
    neutral, _ = neutral_face(some[np.argsort(away)[: max(8, len(some) // ALIKE)]], topology)
    return neutral


def flat_surface(performance: Performance, topology: Topology, window: Window) -> Surface:
    """The sheet of a flattened performance, in the picture plane but for the order of its layers."""
    surface = build_surface(performance, topology, window, flat=True, reach=REACH)
    vertices = surface.vertices * IN_PLANE.astype(np.float32)
    vertices[:, 2] = LAYER * np.linalg.norm(vertices - surface.parameter[topology.nose_tip], axis=1)
    return replace(surface, vertices=vertices)


def flat_head(head: CanonicalHead, topology: Topology) -> CanonicalHead:
    """A studied head as the learned 2D baseline has it: the same frames, and landmarks in them."""
    performance, bank = flattened(head.performance, topology), head.bank
    surface, images = flat_surface(performance, topology, bank.window), list(bank.images)
    surface = parted(surface, performance, bank.window, bank.index, images, topology)
    bank = build_bank(surface, performance, bank.window, bank.index, images)
    return replace(head, performance=performance, surface=surface, bank=bank, back=None, atlas=None)
