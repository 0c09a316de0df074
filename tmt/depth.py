"""Depth of the whole head from landmarks: their own depth inside the face, an ellipsoid with an ear plateau and a neck
cylinder outside. Over a flat head it gains 2 dB; what it cannot know are ears, hair and jaw of this very person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tmt.geometry import smoothstep, transform
from tmt.topology import Topology
from tmt.types import Array, Performance, Pose

# Of the face's width. Ears lie well behind the cheeks' outline, and the temples fall off to them steeply: with the back
# of the head 0.8 dB better on training clips turned by 12 to 27 degrees than ears level with the cheeks and no back.
EARS_BEHIND, SKULL_WIDTH = 0.20, 0.535
ENOUGH = 1.0  # weight of points on a vertex from which they are believed wholly
FAITH = 0.4  # mean weight of a vertex's points below which an average skull is the better guess for a part
RELIEF = (0.75, 1.2)  # share of the face's relief that a measure shows, for which it may be made up
SCALES = (1.2, 3.0, 7.0, 16.0)  # vertices over which gaps between points are bridged, ever more coarsely
BORDER, FADES = 3.0, 20.0  # vertices: what counts as the end of the face, and over which a step there fades out
FADE = 0.7  # what is bridged at the coarsest scale counts this much at least outside all points


@dataclass(frozen=True)
class Measured:
    """What points tell of a sheet: depth [G, G] head units, weight [G, G] of all points on a vertex (0: none), and
    faith [G, G], their mean weight."""

    depth: Array
    weight: Array
    faith: Array


@dataclass(frozen=True)
class HeadPrior:
    """An average skull and neck fitted to a face: depth z [*] head units at canonical x, y [*] (smaller is nearer)."""

    centre: tuple[float, float]
    radius: tuple[float, float, float]  # across, above the centre, depth
    below: float  # radius below the centre
    back: float  # depth of the ears
    chin: float
    face_height: float
    face_width: float

    def __call__(self, x: Array, y: Array) -> Array:
        """Depth at canonical places x, y [*] -> [*], head units."""
        dx, dy = x - self.centre[0], y - self.centre[1]
        reach = (dx / self.radius[0]) ** 2 + (dy / np.where(dy < 0, self.radius[1], self.below)) ** 2
        skull = self.back - self.radius[2] * np.sqrt(np.clip(1 - reach, 0, None))
        round_neck = np.sqrt(np.clip(1 - (dx / (0.36 * self.face_width)) ** 2, 0, None))
        under_chin = smoothstep((y - self.chin + 0.1 * self.face_height) / (0.2 * self.face_height))
        neck = self.back - 0.30 * self.face_width * round_neck * under_chin
        return np.minimum(skull, neck)


def fit_prior(neutral: Array, topology: Topology) -> HeadPrior:
    """neutral [L, 3] head units -> the prior that fits this face; proportions of an average adult head."""
    right, left = (neutral[i] for i in topology.cheeks)
    top, chin = neutral[topology.forehead], neutral[topology.chin]
    height, width = float(chin[1] - top[1]), float(left[0] - right[0])
    centre_y = float(neutral[topology.nose_root, 1]) - 0.05 * height
    return HeadPrior(
        centre=(float(left[0] + right[0]) / 2, centre_y),
        radius=(SKULL_WIDTH * width, centre_y - (float(top[1]) - 0.38 * height), 0.62 * height + EARS_BEHIND * width),
        below=1.05 * (float(chin[1]) - centre_y),
        back=float(neutral[list(topology.cheek_ring), 2].mean()) + EARS_BEHIND * width,
        chin=float(chin[1]), face_height=height, face_width=width,
    )


def head_depth(
    points: Array, landmarks: Array, prior: HeadPrior, spread: Callable[[Array], Array], inside: Array
) -> Array:
    """Depth [N] of the sheet's points [N, 2].

    `landmarks` [L, 3] of the sheet's own shape; `spread` carries values at the landmarks [L] over the sheet [N]
    (interpolated inside the face, falling off outside); `inside` [N] bool.
    """
    correction = landmarks[:, 2] - prior(landmarks[:, 0], landmarks[:, 1])
    depth = prior(points[:, 0], points[:, 1]) + spread(correction)
    return np.where(inside, spread(landmarks[:, 2]), depth)


def corrected(depth: Array, measured: Measured, inside: Array, part: Array) -> Array:
    """A sheet's depth [G, G] by landmarks and prior, brought to what was measured.

    Inside the face (`inside` [G, G] bool) the landmarks' own depth stays, outside `part` [G, 1] 0..1 the prior.
    """
    known = measured.weight > 0
    face = known & inside
    if not face.any():
        return depth
    alike = _like_the_face(measured, depth, face)
    away = np.where(known, alike - depth, 0.0).astype(np.float32)
    away = (away - _step(away, face)) * np.minimum(measured.faith / FAITH, 1).astype(np.float32)
    away[inside | ~known] = 0.0
    sure = np.where(inside, 1.0, np.minimum(measured.weight / ENOUGH, 1.0)).astype(np.float32)
    total, trust = away * sure, sure
    out, left = np.zeros_like(away), np.ones_like(away)
    for scale in SCALES:
        share = np.clip(cv2.GaussianBlur(trust, (0, 0), scale), 0, 1)
        mean = cv2.GaussianBlur(total, (0, 0), scale) / np.maximum(share, 1e-4)
        take = left * smoothstep(share / 0.5)
        out += take * mean
        left -= take
    return np.asarray(depth + part * (out + left * mean * FADE))


def _step(away: Array, face: Array) -> Array:
    """By how much a measure [G, G] would leave the landmarks' depth at once where the `face` [G, G] bool ends: its
    difference there, carried outwards and fading."""
    share = np.maximum(cv2.GaussianBlur(face.astype(np.float32), (0, 0), BORDER), 1e-6)
    near = cv2.GaussianBlur(away * face, (0, 0), BORDER) / share
    outwards = cv2.distanceTransform((~face).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(near * np.exp(-outwards / FADES))


def _like_the_face(measured: Measured, depth: Array, face: Array) -> Array:
    """What was measured [G, G], with the offset and the relief that the landmarks' `depth` [G, G] has on the `face` [G,
    G] bool. Its offset is a matter of the head's origin; and a network that is not sure tells all relief too flat, the
    skull's like the face's. Poses are the landmarks', too: with another relief the skull would turn by another angle.
    """
    share = measured.weight[face] / measured.weight[face].sum()
    told, known = measured.depth[face], depth[face]
    middle, origin = share @ told, share @ known
    spread = max(float(share @ (known - origin) ** 2), 1e-9)
    relief = float(share @ ((told - middle) * (known - origin))) / spread
    return np.asarray((measured.depth - middle) / np.clip(relief, *RELIEF) + origin)


def neck(pose: Pose, subject: Performance, topology: Topology, above: float = 0.0) -> Array:
    """Where the base of the skull, around which a head turns, or a place so many face heights `above` it, lies in each
    frame [T, 2] px."""
    prior = fit_prior(subject.neutral.astype(np.float64), topology)
    pivot = np.array([prior.centre[0], prior.chin - above * prior.face_height, prior.back])
    places: Array = transform(pose, pivot[None])[..., 0, :2]
    return places
