"""The canonical head's surface: a sheet in canonical space whose vertices follow the landmarks.

Its mouth is open, so that lips part without tearing: barycentric weights inside the face, a screened-harmonic fall-off
outside. The operator stays sparse (a tenth of the time of the dense one).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.linalg import splu
from scipy.spatial import Delaunay

from tmt.depth import corrected, fit_prior, head_depth
from tmt.geometry import smoothstep
from tmt.lift import Cloud, laid
from tmt.relief import set_back
from tmt.topology import Topology
from tmt.types import Array, Performance, Surface, Window

GRID = 128  # vertices a side: 192 measured no better
OPEN_MOUTH = 0.22  # gap between the lips of the canonical mouth, head units
MARGIN = 1.22  # the sheet over the window, so that its edge stays outside the picture when the head moves
REACH = 0.40  # fall-off length of expression and depth outside the face, head units (its value hardly matters)
IRIS = (0.13, 0.50)  # eye widths from the iris centre: up to the first all moves with it, at the second nothing
LID = 0.05  # eye widths from the lid over which the eyeball gives way to it
LOCKS = 0.3  # face heights below the chin from which measured depth fades out: hair falls so far, shoulders do not turn
DROP = 1e-3  # weights below this are left out of the operator


@dataclass(frozen=True)
class _Sheet:
    """Axis-parallel grid: x [G], y [G] head units, denser in the face."""

    x: Array
    y: Array

    @property
    def points(self) -> Array:
        """[G*G, 2]."""
        return np.stack([a.ravel() for a in np.meshgrid(self.x, self.y)], 1)

    def to_grid(self, points: Array) -> Array:
        """points [N, 2] head units -> grid coordinates [N, 2]."""
        ticks = np.arange(len(self.x))
        return np.stack([np.interp(points[:, 0], self.x, ticks), np.interp(points[:, 1], self.y, ticks)], 1)


def build_surface(
    performance: Performance, topology: Topology, window: Window, flat: bool = False, cloud: Cloud | None = None,
    reach: float = REACH, relief: Array | None = None,
) -> Surface:
    """The subject's surface over `window` (picture px) around the reference pose; `flat` leaves the depth out, `cloud`
    is what DepthNet saw of it; `reach`, see REACH; `relief` [L] how much further away than landmarks the face lies."""
    neutral = performance.neutral.astype(np.float64)
    opened = open_mouth(neutral, topology)
    by = np.zeros(len(neutral)) if relief is None else relief
    sheet = _sheet(performance, window, opened[list(topology.oval), :2].mean(0))
    points = sheet.points
    mesh = Delaunay(opened[: topology.surface, :2])
    face, inside = barycentric(mesh, points, topology.count)
    face = face + _gaze(mesh, opened, points, topology)
    prior = fit_prior(set_back(neutral, by), topology)
    extend = _Extension(inside, sheet, reach)
    depth = head_depth(
        points, set_back(opened, by), prior, lambda values: extend(face @ values[:, None])[:, 0], inside
    )
    depth = depth.reshape(GRID, GRID)
    if cloud is not None:
        above = 1 - smoothstep((sheet.y - prior.chin - LOCKS * prior.face_height) / (0.5 * prior.face_height))
        depth = corrected(depth, laid(cloud, sheet.x, sheet.y), inside.reshape(GRID, GRID), above[:, None])
    depth = cv2.GaussianBlur(depth.astype(np.float32), (0, 0), 1.2)
    if flat:
        depth = np.full_like(depth, prior.back - 0.2)
    head = 1 - smoothstep((points[:, 1] - prior.chin - 0.03 * prior.face_height) / (0.5 * prior.face_height))
    return Surface(
        grid=GRID,
        vertices=np.concatenate([points, depth.reshape(-1, 1)], 1).astype(np.float32),
        parameter=opened.astype(np.float32),
        operator=extend.operator(face).astype(np.float32),
        head=head.astype(np.float32),
        regions=_regions(opened, sheet, topology),
        interior=_interior(opened, sheet, topology),
        eyeballs=_eyeballs(opened, sheet, topology),
        eyes=tuple((eye.iris, eye.corners) for eye in topology.eyes),
    )


def open_mouth(neutral: Array, topology: Topology) -> Array:
    """Landmarks [L, 3] with the jaw let down by OPEN_MOUTH: everything below the lips sinks, fading sideways."""
    shape = neutral.copy()
    corners = neutral[list(topology.inner_corners)]
    middle_y, middle_x = corners[:, 1].mean(), corners[:, 0].mean()
    half, chin = abs(corners[1, 0] - corners[0, 0]) / 2, neutral[topology.chin, 1]
    drop, side = neutral[:, 1] - middle_y, neutral[:, 0] - middle_x
    lower = np.zeros(len(neutral), bool)
    lower[list(topology.lower_lip)] = True
    sinks = lower | (drop >= 0.02)
    sinks[list(topology.upper_lip + topology.lip_corners)] = False
    drop = np.maximum(drop, 0)
    fade = np.maximum(0, 1 - (side / (half * 1.02 + drop * 0.9)) ** 2)
    fade *= 1 - 0.5 * np.minimum(1, drop / (chin - middle_y))
    shape[sinks, 1] += (OPEN_MOUTH * fade)[sinks]
    for up, low in topology.lip_pairs:
        shape[low, 1] += max(0.0, 0.02 - (shape[low, 1] - shape[up, 1]))
    return shape


def _sheet(performance: Performance, window: Window, face: Array) -> _Sheet:
    """Ticks that cover the window with MARGIN around the reference pose, about twice as dense at the face."""
    pose = performance.pose[performance.reference]
    scale, shift = float(pose.scale), pose.translation
    ticks = []
    for low, length, offset, centre in (
        (window.left, window.width, shift[0], face[0]),
        (window.top, window.height, shift[1], face[1]),
    ):
        middle, half = (low + length / 2 - offset) / scale, length / scale * MARGIN / 2
        focus = np.clip((centre - middle) / half, -0.5, 0.5)
        line = np.linspace(-1, 1, GRID)
        bent = 0.5 * (line - focus) + 0.5 * (line - focus) ** 3
        bent = np.where(bent < 0, bent / -bent[0] * (1 + focus), bent / bent[-1] * (1 - focus)) + focus
        ticks.append(middle + bent * half)
    return _Sheet(ticks[0], ticks[1])


def barycentric(mesh: Delaunay, points: Array, count: int) -> tuple[csr_matrix, Array]:
    """Weights [N, count] of points [N, 2] in a triangulated skin, and which of them lie in it [N] bool."""
    simplex = mesh.find_simplex(points)
    inside = simplex >= 0
    affine = mesh.transform[simplex[inside]]
    two = np.einsum("nij,nj->ni", affine[:, :2], points[inside] - affine[:, 2])
    weights = np.concatenate([two, 1 - two.sum(1, keepdims=True)], 1)
    rows = np.repeat(np.flatnonzero(inside), 3)
    columns = mesh.simplices[simplex[inside]].ravel()
    return csr_matrix((weights.ravel(), (rows, columns)), shape=(len(points), count)), inside


def _gaze(mesh: Delaunay, opened: Array, points: Array, topology: Topology) -> csr_matrix:
    """Weights [N, L] that carry the eyeball with its iris, beyond what the lids carry: the iris moves as a whole, the
    white gives way up to the lids. (Irises as mesh vertices would fold the mesh in a sideways glance.)"""
    total = csr_matrix((len(points), topology.count))
    for eye in topology.eyes:
        centre = opened[list(eye.iris), :2].mean(0)
        width = np.linalg.norm(opened[eye.corners[0], :2] - opened[eye.corners[1], :2])
        core, end = IRIS
        reach = np.linalg.norm(points - centre, axis=1) / width
        share = 1 - smoothstep((reach - core) / (end - core))
        ring = opened[list(eye.ring), :2].astype(np.float32)
        for row in np.flatnonzero(share):
            depth = cv2.pointPolygonTest(ring, (float(points[row, 0]), float(points[row, 1])), True)
            share[row] *= float(smoothstep(np.asarray(depth / (LID * width))))
        own, _ = barycentric(mesh, centre[None], topology.count)
        iris = csr_matrix((np.full(len(eye.iris), 1 / len(eye.iris)), (np.zeros(len(eye.iris), int), list(eye.iris))),
                          shape=(1, topology.count))
        total = total + csr_matrix(share[:, None]) @ (iris - own)
    return total


class _Extension:
    """Carries values known in the face to all of the sheet: screened-harmonic, falling off over `reach`. One
    factorisation serves the operator and the depth."""

    def __init__(self, inside: Array, sheet: _Sheet, reach: float) -> None:
        system = _screened_laplacian(sheet, reach)
        self.known, self.unknown = np.flatnonzero(inside), np.flatnonzero(~inside)
        rows = system[self.unknown]
        self._border = rows[:, self.known]
        self._solve = splu(rows[:, self.unknown].tocsc(), permc_spec="MMD_AT_PLUS_A").solve

    def __call__(self, within: Array) -> Array:
        """values [N, C], right where known -> [N, C]."""
        values = np.array(within, float)
        values[self.unknown] = self._solve(-(self._border @ within[self.known]))
        return values

    def operator(self, face: csr_matrix) -> csr_matrix:
        """Landmark offsets -> vertex offsets for the whole sheet [N, L]; only landmarks at the border reach outside."""
        used = np.unique((self._border @ face[self.known]).nonzero()[1])
        carried = self(face[:, used].toarray())[self.unknown]
        carried[np.abs(carried) < DROP] = 0
        part = coo_matrix(carried)
        rows = self.unknown[part.row]
        return (face + csr_matrix((part.data, (rows, used[part.col])), shape=face.shape)).tocsr()


def _screened_laplacian(sheet: _Sheet, reach: float) -> csr_matrix:
    """Finite-volume Laplacian of the uneven grid minus 1 / reach^2."""
    count = len(sheet.x)
    wide_x, wide_y = np.gradient(sheet.x), np.gradient(sheet.y)
    index = np.arange(count * count).reshape(count, count)
    a = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    b = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    across = (wide_y[:, None] / np.diff(sheet.x)[None]).ravel()
    down = (wide_x[None] / np.diff(sheet.y)[:, None]).ravel()
    weight = np.concatenate([across, down])
    links = coo_matrix((np.r_[weight, weight], (np.r_[a, b], np.r_[b, a])), shape=(index.size, index.size)).tocsr()
    area = (wide_y[:, None] * wide_x[None]).ravel()
    return (diags(np.asarray(links.sum(1)).ravel() + area / reach**2) - links).tocsr()


def _regions(opened: Array, sheet: _Sheet, topology: Topology) -> Array:
    """Soft masks [4, G*G] of mouth, right eye, left eye, and brows without the eyes."""
    mouth = _hull(opened, topology.mouth, sheet, 4)
    right, left = (_hull(opened, eye.ring, sheet, 5) for eye in topology.eyes)
    brows = np.maximum(*(_hull(opened, eye.brow, sheet, 3) for eye in topology.eyes))
    return np.stack([mouth, right, left, np.clip(brows - right - left, 0, 1)]).reshape(4, -1)


def _hull(opened: Array, indices: tuple[int, ...], sheet: _Sheet, grow: int) -> Array:
    mask = np.zeros((GRID, GRID), np.uint8)
    outline = cv2.convexHull(sheet.to_grid(opened[list(indices), :2]).astype(np.float32))
    cv2.fillConvexPoly(mask, np.round(outline).astype(np.int32), 1)
    mask = cv2.dilate(mask, np.ones((2 * grow + 1, 2 * grow + 1), np.uint8))
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), grow * 0.7 + 0.5)


def _interior(opened: Array, sheet: _Sheet, topology: Topology) -> Array:
    """Soft mask [G*G] of what lies between the inner lips."""
    mask = np.zeros((GRID, GRID), np.uint8)
    cv2.fillPoly(mask, [np.round(sheet.to_grid(opened[list(topology.inner_lips), :2])).astype(np.int32)], 1)
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0).ravel()


def _eyeballs(opened: Array, sheet: _Sheet, topology: Topology) -> Array:
    """Soft mask [G*G] of what lies between the lids of both eyes."""
    mask = np.zeros((GRID, GRID), np.uint8)
    rings = [np.round(sheet.to_grid(opened[list(eye.ring), :2])).astype(np.int32) for eye in topology.eyes]
    for ring in rings:
        cv2.fillPoly(mask, [ring], 1)
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8).ravel()
