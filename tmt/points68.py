"""68 landmarks (the iBUG order) -> the 478 of the face mesh: what a tracker that knows fewer points gives the stages.

The mesh's residuals from the average face are linear in those of the 68 points, by weights learned from tracked clips;
the irises are looked for in the picture itself.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from tmt.geometry import fit_similarity_robust, transform, untransform
from tmt.pose import template
from tmt.shipped import shipped_array
from tmt.topology import MEDIAPIPE_478, Eye
from tmt.types import Array

# Which landmark of the mesh each of the 68 is: jaw, brows, nose, eyes, lips; the person's right first.
MESH = (
    (162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389)
    + (71, 63, 105, 66, 107, 336, 296, 334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305)
    + (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
    + (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87)
)
STEADY = (0, 1, 15, 16, *range(27, 36), 36, 39, 42, 45)  # of the 68: those that expressions hardly move
IRIS = 0.19  # radius over the eye's width
DARK = 2.0  # power of darkness: the pupil counts more than lashes


@lru_cache(maxsize=1)
def weights() -> Array:
    """[3, 468, 68]: how far each point of the mesh goes with each of the 68, across, down and in depth."""
    return shipped_array("dense-68-468.npy").astype(np.float64)


def straightened(points: Array) -> tuple[Array, Array]:
    """Points [T, 468 or more, 3] px -> residuals from the average face [T, 468, 3], head units, seen by the 68's pose;
    and those of the 68 alone [T, 68, 3]."""
    average = template(MEDIAPIPE_478.name)
    steady = [MESH[index] for index in STEADY]
    pose = fit_similarity_robust(average[steady], points[:, steady].astype(np.float64))
    away = untransform(pose, points.astype(np.float64)) - average
    return away[:, : MEDIAPIPE_478.surface], away[:, list(MESH)]


def densify(points: Array, frame: Array | None = None) -> Array:
    """points [68, 3] px -> [478, 3] float32 px; the irises as the picture [H, W, 3] uint8 shows them, or straight."""
    average, surface = template(MEDIAPIPE_478.name), MEDIAPIPE_478.surface
    known = average[list(MESH)]
    pose = fit_similarity_robust(known[list(STEADY)], points[list(STEADY)].astype(np.float64))
    away = untransform(pose, points.astype(np.float64)) - known
    face = average.copy()
    face[:surface] += np.einsum("dls,sd->ld", weights(), away)
    mesh = transform(pose, face)
    mesh[list(MESH)] = points  # what was measured stays
    for eye in MEDIAPIPE_478.eyes:
        _place_iris(mesh, eye, frame)
    return np.asarray(mesh, np.float32)


def _place_iris(mesh: Array, eye: Eye, frame: Array | None) -> None:
    """Put an iris [5] of the mesh in place, between the lids."""
    corners, lids = mesh[list(eye.corners)], mesh[list(eye.centre_lids)]
    width = float(np.linalg.norm(corners[0, :2] - corners[1, :2]))
    centre = 0.5 * corners.mean(0) + 0.5 * lids.mean(0)
    if frame is not None:
        centre[:2] += _darkest(frame, mesh[list(eye.ring), :2], centre[:2], width)
    around = np.array([(0, 0), (1, 0), (0, -1), (-1, 0), (0, 1)]) * IRIS * width
    mesh[list(eye.iris)] = centre
    mesh[list(eye.iris), :2] += around


def _darkest(frame: Array, ring: Array, centre: Array, width: float) -> Array:
    """From the eye's centre to the middle of what is dark between the lids [2] px; nothing where the eye is closed."""
    low = np.maximum(np.floor(ring.min(0)).astype(int), 0)
    high = np.ceil(ring.max(0)).astype(int) + 1
    part = frame[low[1] : high[1], low[0] : high[0]]
    opening = float(np.ptp(ring[:, 1]))
    if min(part.shape[:2]) < 3 or opening < 0.12 * width:
        return np.zeros(2)
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(inside, [np.round(ring - low).astype(np.int32)], 1)
    bright = float(np.percentile(grey[inside > 0], 80)) if inside.any() else 0.0
    share = np.maximum(bright - grey, 0) ** DARK * inside
    if share.sum() < 1e-3:
        return np.zeros(2)
    y, x = np.indices(grey.shape) + 0.5
    dark = np.array([(share * x).sum(), (share * y).sum()]) / share.sum() + low
    limit = np.array([0.25 * width, 0.2 * opening])
    return np.clip(dark - centre, -limit, limit)
