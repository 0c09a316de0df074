"""How far a face stands out: landmark trackers guess depth from single pictures, and guess it too flat.

Chins and lips by a tenth of the eyes' distance and more. A head that was seen from the front alone then looks turned
by a tenth less than it shall be. What they miss on the mean is measured by `tmt.train.relief`, what this very face has
beside that by the clip: what turns to the side moves across the picture by its depth. That is structure from motion
(Tomasi and Kanade 1992) by the sideways row alone, for up and down jaws and brows move by themselves.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tmt.geometry import changed, fit_similarity, similarity_slopes, transform
from tmt.pose import PART, fit_poses, template
from tmt.shipped import shipped_array
from tmt.topology import Topology
from tmt.types import Array, Performance, Pose

SOME = 120  # frames are enough
ROUNDS, STEPS = 6, 2  # of depths, and of poses in each
PLACE, DEPTH = 0.008, 0.05  # head units by which a landmark is wrong in the picture, and across it
LOOSE, STRAY = 0.025, 0.03  # head units off from which a landmark counts less for the pose, and for its own depth
ALIKE = 20  # independent looks that a clip's frames are worth: landmarks err alike in frames that look alike
SPREAD = 0.03  # head units by which people differ from each other
AROUND, ACTING = 0.15, 0.08  # head units: what lies as deep as its neighbours; how far from the lips all acts with them


@lru_cache(maxsize=2)
def usual_relief(topology_name: str) -> Array:
    """How much further away than a tracker has it each point lies in people on the mean [L], head units (nearer:
    negative)."""
    return shipped_array(f"relief-{topology_name}.npy").astype(np.float64)


def fit_raised(landmarks: Array, shape: Array, topology: Topology, *, in_place: bool = False) -> tuple[Pose, Array]:
    """Poses [T] of landmarks [T, L, 3] px against a person's `shape` [L, 3] in its relief; and the landmarks as they
    lie."""
    by = usual_relief(topology.name)
    lying = raised(landmarks, fit_poses(landmarks, set_back(shape, -by), topology), by, in_place=in_place)
    return fit_poses(lying, shape, topology), lying


def some_of(count: int) -> Array:
    """Numbers of SOME of so many frames, spread over them."""
    return np.unique(np.linspace(0, count - 1, min(SOME, count)).round().astype(int))


def own_relief(performance: Performance, topology: Topology) -> Array:
    """How much further away than a performance has it each point of this very face lies [L] head units, as far as its
    turns tell. What acts by itself lies as what is around it; who turns little is not believed twice, for then
    landmarks err by as much as they move."""
    found, shape = np.flatnonzero(performance.found), performance.shape
    some = found[some_of(len(found))]
    pose = performance.pose[some]
    landmarks = transform(pose, performance.canonical[some].astype(np.float64))
    by, known = measured_relief(landmarks, pose, shape, topology)
    steady = np.linalg.norm(shape[:, None, :2] - shape[None, list(topology.mouth), :2], axis=-1).min(1) > ACTING
    for eye in topology.eyes:
        steady[list(eye.ring + eye.iris + eye.brow)] = False
    apart = np.linalg.norm(shape[:, None, :2] - shape[None, steady, :2], axis=-1)
    near = np.exp(-0.5 * (apart / AROUND) ** 2)
    return np.asarray(near @ (by * known)[steady] / near.sum(1))


def raised(landmarks: Array, pose: Pose, by: Array, *, in_place: bool = False) -> Array:
    """Landmarks [T, L, 3] px of a head in poses [T], further away `by` [L] head units; where they are seen stays."""
    out = landmarks if in_place else landmarks.copy()
    for start in range(0, len(out), PART):
        part = pose[start : start + PART]
        out[start : start + PART, :, 2] += (part.scale * part.rotation[:, 2, 2])[:, None] * by
    return out


def set_back(shape: Array, by: Array) -> Array:
    """A shape [L, 3] whose points lie further away, `by` [L]."""
    out = shape.copy()
    out[:, 2] += by
    return out


@lru_cache(maxsize=2)
def mirror(topology_name: str) -> Array:
    """Of every landmark the one that lies where it does in a mirror [L]."""
    shape = template(topology_name)
    apart = np.linalg.norm((shape * [-1, 1, 1])[:, None] - shape[None], axis=-1)
    return np.asarray(apart.argmin(1))


def measured_relief(landmarks: Array, pose: Pose, shape: Array, topology: Topology) -> tuple[Array, Array]:
    """How much further away than `shape` [L, 3] has it each point lies [L] head units, and how much of that the clip
    told [L] 0..1: the less of it, the nearer to nothing. landmarks [T, L, 3] px with their `pose` [T]. Both halves of a
    face are taken to be alike."""
    seen, other = landmarks.astype(np.float64), mirror(topology.name)
    stable, worth = list(topology.stable), min(1.0, ALIKE / len(seen)) / PLACE**2
    solid, home, known = shape, shape[stable], np.zeros(len(shape))
    for _ in range(ROUNDS):
        told = solid[:, 2] - shape[:, 2]
        pose = _laid(raised(seen, pose, told)[:, stable], pose, solid[stable])
        off = (seen - transform(pose, solid)) / pose.scale[:, None, None]
        step, sure = _sideways(off[..., 0], pose.rotation[:, 0], worth)
        away, sure = sure * (told + step[:, 1]), sure + sure[other]
        known = sure / (sure + SPREAD**-2)
        depth = (away + away[other]) / (sure + SPREAD**-2)
        for eye in topology.eyes:  # which look back at the camera when the head turns away
            depth[list(eye.iris)] = depth[list(eye.ring)].mean()
        aside = solid[:, 0] - shape[:, 0] + step[:, 0] + step[:, 2] * (depth - told - step[:, 1])
        upward = _mean(off[..., 1] - pose.rotation[:, 1, 2, None] * (depth - told), pose.rotation[:, 1, 1])
        solid = np.stack([shape[:, 0] + (aside - aside[other]) / 2, solid[:, 1] + upward, shape[:, 2] + depth], 1)
        # A face that leans or grows as a whole is only another way of counting its poses.
        solid = transform(fit_similarity(solid[stable], home, np.ones(len(stable))), solid)
    return solid[:, 2] - shape[:, 2], known


def _sideways(off: Array, row: Array, worth: float) -> tuple[Array, Array]:
    """Least squares of what points lack across the picture `off` [T, L] head units, seen in poses whose first row is
    [T, 3]: steps [L, 3] aside and away, and how the one goes with the other; how sure the latter is [L]."""
    trust = worth / np.maximum(1, np.abs(off) / STRAY)
    beside, both, deep = (values @ trust for values in (row[:, 0] ** 2, row[:, 0] * row[:, 2], row[:, 2] ** 2))
    wanted_x, wanted_z = row[:, 0] @ (trust * off), row[:, 2] @ (trust * off)
    sure = np.maximum(deep - both**2 / beside, 1e-9)
    away = (wanted_z - both / beside * wanted_x) / sure
    return np.stack([(wanted_x - both * away) / beside, away, -both / beside], 1), sure


def _mean(off: Array, slope: Array) -> Array:
    """The step [L] that explains most of what points lack [T, L] if it shows by `slope` [T]."""
    trust = 1 / np.maximum(1, np.abs(off) / STRAY)
    return np.asarray(slope @ (trust * off) / (slope**2 @ trust))


def _laid(seen: Array, pose: Pose, shape: Array) -> Pose:
    """Poses [T] of points [T, N, 3] px, begun at `pose`, that believe places more than depths (Gauss and Newton)."""
    belief = np.array([PLACE, PLACE, DEPTH]) ** -2.0
    for _ in range(STEPS):
        apart = (seen - transform(pose, shape)) / pose.scale[:, None, None]
        trust = belief / np.maximum(1, np.linalg.norm(apart[..., :2], axis=-1) / LOOSE)[..., None]
        slopes = similarity_slopes(shape @ np.swapaxes(pose.rotation, -1, -2))
        weighted = slopes * trust[..., None]
        normal = np.einsum("tnci,tncj->tij", weighted, slopes)
        wanted = np.einsum("tnci,tnc->ti", weighted, apart)
        pose = changed(pose, np.linalg.solve(normal, wanted[..., None])[..., 0])
    return pose
