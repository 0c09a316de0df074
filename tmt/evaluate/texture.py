"""A face's skin as seen from the front: what two faces share when pose, expression and light level are gone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import Delaunay

from tmt.pose import template
from tmt.topology import Topology
from tmt.types import Array

SIDE = 64  # px of the canonical face: identity lives below the pores
LOW_PASS = 1.0  # canonical px: landmark noise is about half of that
FACING = 0.2  # share of the median area below which a place is seen too obliquely, or from behind


@dataclass(frozen=True)
class Texture:
    """colour [S, S, 3] float32 0..1, low-passed; seen [S, S] bool: skin that faces the camera (no eyes, no mouth)."""

    colour: Array
    seen: Array


@dataclass(frozen=True)
class _Sheet:
    """weights [S*S, L surface] that carry landmarks to canonical px; skin [S, S] bool; eye distance in canonical px."""

    weights: csr_matrix
    skin: Array
    eye_distance: float


def canonical_texture(image: Array, landmarks: Array, topology: Topology) -> Texture:
    """image uint8 [H, W, 3], landmarks [L, 3] px -> the face laid flat onto the average face's outline."""
    sheet = _sheet(topology)
    places = (sheet.weights @ landmarks[: topology.surface, :2]).reshape(SIDE, SIDE, 2)
    right, left = (eye.corners[0] for eye in topology.eyes)
    shrink = float(np.linalg.norm(landmarks[right] - landmarks[left])) / sheet.eye_distance
    places = places.astype(np.float32)
    picture, origin = _around(image, places[sheet.skin], 3 * shrink + 2)
    if shrink > 1:
        picture = cv2.GaussianBlur(picture, (0, 0), shrink / 2)
    spot = places - origin - np.float32(0.5)  # pixel centres lie at .5 here, at whole numbers in OpenCV
    flat = cv2.remap(picture, spot[..., 0], spot[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Texture(cv2.GaussianBlur(flat, (0, 0), LOW_PASS) / 255, sheet.skin & _facing(places, sheet.skin))


def texture_similarity(a: Texture, b: Texture) -> float:
    """Normalised cross-correlation -1..1 of two textures where both are seen; each channel's level is taken out."""
    both = a.seen & b.seen
    if both.sum() < 16:
        return float("nan")
    x, y = (item.colour[both] - item.colour[both].mean(0) for item in (a, b))
    return float((x * y).sum() / max(float(np.linalg.norm(x) * np.linalg.norm(y)), 1e-9))


def mean_similarity(a: list[Texture], b: list[Texture]) -> float:
    """Mean `texture_similarity` of all pairs; NaN where there is none."""
    values = [texture_similarity(x, y) for x in a for y in b]
    return float(np.nanmean(values)) if values and not np.isnan(values).all() else float("nan")


def _around(image: Array, places: Array, margin: float) -> tuple[Array, Array]:
    """The part of a picture that holds places [N, 2] px, as float32, and its origin [2] px."""
    limit = np.array([image.shape[1], image.shape[0]])
    low = np.clip(np.floor(places.min(0) - margin), 0, limit - 1).astype(int)
    high = np.clip(np.ceil(places.max(0) + margin), low + 1, limit).astype(int)
    return image[low[1] : high[1], low[0] : high[0]].astype(np.float32), low.astype(np.float32)


def _facing(places: Array, skin: Array) -> Array:
    """[S, S] bool: where the map canonical -> picture [S, S, 2] keeps its handedness and enough area."""
    down, across = np.gradient(places, axis=0), np.gradient(places, axis=1)
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    facing: Array = area > FACING * np.median(np.abs(area[skin]))
    return facing


@lru_cache(maxsize=2)
def _sheet(topology: Topology) -> _Sheet:
    """The average face, frontal, as a raster."""
    face = template(topology.name)[: topology.surface, :2]
    low, span = face.min(0), float(np.ptp(face, axis=0).max()) * 1.02
    points = (face - low) / span * SIDE
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    centres = np.stack([x.ravel(), y.ravel()], 1)
    mesh = Delaunay(points)
    simplex = mesh.find_simplex(centres)
    inside = np.flatnonzero(simplex >= 0)
    affine = mesh.transform[simplex[inside]]
    two = np.einsum("nij,nj->ni", affine[:, :2], centres[inside] - affine[:, 2])
    weights = np.concatenate([two, 1 - two.sum(1, keepdims=True)], 1)
    columns = mesh.simplices[simplex[inside]].ravel()
    matrix = csr_matrix((weights.ravel(), (np.repeat(inside, 3), columns)), shape=(SIDE * SIDE, len(points)))
    skin = _fill(points, topology.oval) & (simplex >= 0).reshape(SIDE, SIDE)
    for hole in (topology.mouth, *(eye.ring for eye in topology.eyes)):
        skin &= ~_fill(points, hole)
    right, left = (eye.corners[0] for eye in topology.eyes)
    return _Sheet(matrix, skin, float(np.linalg.norm(points[right] - points[left])))


def _fill(points: Array, indices: tuple[int, ...]) -> Array:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    outline: Array = np.floor(points[list(indices)]).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(outline), (1.0,))
    return mask > 0
