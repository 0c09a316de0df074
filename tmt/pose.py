"""FaceTrack -> head pose in every frame, and the person's own mean shape: landmarks alone, no network.

Pose is a robust similarity on about forty points that expressions hardly move, against the person's mean shape; with
all landmarks hair and neck would wobble with the expression (measured: 0.34 dB).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tmt.geometry import fit_similarity_robust, untransform
from tmt.shipped import shipped_array
from tmt.topology import Topology
from tmt.types import Array, Pose

PART = 4096  # frames fitted at a time, so that a clip may be of any length
SHAPE_FRAMES = 400  # the mean shape needs no more than this many frames


@lru_cache(maxsize=2)
def template(topology_name: str) -> Array:
    """The average person's landmarks [L, 3] in head units: frontal, centred, one inter-ocular distance wide."""
    return shipped_array(f"template-{topology_name}.npy").astype(np.float64)


def fit_poses(landmarks: Array, shape: Array, topology: Topology) -> Pose:
    """landmarks [T, L, 3] px, shape [L, 3] -> Pose [T]."""
    stable = list(topology.stable)
    parts = [
        fit_similarity_robust(shape[stable], landmarks[start : start + PART, stable].astype(np.float64))
        for start in range(0, len(landmarks), PART)
    ]
    columns = zip(*((p.scale, p.rotation, p.translation) for p in parts), strict=True)
    return Pose(*(np.concatenate(column) for column in columns))


def mean_shape(landmarks: Array, topology: Topology, start: Array) -> Array:
    """The person's mean shape [L, 3] over a clip [T, L, 3], aligned to `start` so that all people share one frame."""
    some = landmarks[:: max(1, len(landmarks) // SHAPE_FRAMES)].astype(np.float64)
    stable, shape = list(topology.stable), start
    for _ in range(2):
        mean = untransform(fit_poses(some, shape, topology), some).mean(0)
        shape = untransform(fit_similarity_robust(start[stable], mean[stable]), mean)
    return shape


def frontalise(shape: Array, topology: Topology) -> Array:
    """Turn a shape [L, 3] to face the camera, centre it on its stable points and scale the eye distance to one."""
    shape = shape - shape[list(topology.stable)].mean(0)
    across = sum(_unit(shape[left] - shape[right]) for right, left in topology.symmetric)
    x = _unit(np.asarray(across))
    down = shape[topology.chin] - shape[topology.forehead]
    y = _unit(down - x * (x @ down))
    shape = shape @ np.stack([x, y, np.cross(x, y)], 1)
    right, left = (eye.corners[0] for eye in topology.eyes)
    return shape / np.linalg.norm(shape[right] - shape[left])


def _unit(vector: Array) -> Array:
    return vector / np.linalg.norm(vector)
