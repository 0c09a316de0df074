"""How far a face stands out: landmark trackers guess depth from single pictures, and guess it too flat.

Chins and lips by a tenth of the eyes' distance and more. A head that was seen from the front alone then looks turned
by a tenth less than it shall be. What they miss on the mean is measured by `tmt.train.relief`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tmt.pose import PART, fit_poses
from tmt.shipped import shipped_array
from tmt.topology import Topology
from tmt.types import Array, Pose


@lru_cache(maxsize=2)
def usual_relief(topology_name: str) -> Array:
    """How much further away than a tracker has it each point lies in people on the mean [L], head units (nearer:
    negative)."""
    return shipped_array(f"relief-{topology_name}.npy").astype(np.float64)


def fit_raised(landmarks: Array, shape: Array, topology: Topology) -> tuple[Pose, Array]:
    """Poses [T] of landmarks [T, L, 3] px against a person's `shape` [L, 3] in its relief; and the landmarks as they
    lie."""
    by = usual_relief(topology.name)
    lying = raised(landmarks, fit_poses(landmarks, deeper(shape, -by), topology), by)
    return fit_poses(lying, shape, topology), lying


def raised(landmarks: Array, pose: Pose, by: Array) -> Array:
    """Landmarks [T, L, 3] px of a head in poses [T], further away `by` [L] head units; where they are seen stays."""
    out = landmarks.copy()
    for start in range(0, len(out), PART):
        part = pose[start : start + PART]
        out[start : start + PART, :, 2] += (part.scale * part.rotation[:, 2, 2])[:, None] * by
    return out


def deeper(shape: Array, by: Array) -> Array:
    """A shape [L, 3] whose points lie further away by [L]."""
    out = shape.copy()
    out[:, 2] += by
    return out
