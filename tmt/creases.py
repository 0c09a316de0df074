"""Expression wrinkles: how a driver's skin folds with the face's motion, given to a subject who never showed it.

After the expression ratio images of Liu, Shan and Zhang (2001): the light on skin in an expression over that on the
same skin at rest is much the same for everybody. A driver's unrolled faces are explained by a few numbers of what their
landmarks do, beside where the head is turned (which moves light and gloss, and is left behind); what they explain of
the detail is kept, a map for each. A target asks for the difference between its own numbers and those of the frames
that it is mixed from: folds that these show already are not drawn a second time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from tmt.fuse import Mix
from tmt.geometry import euler_from_rotation, smoothstep
from tmt.render import Seen
from tmt.skin import SIDE, skin_map
from tmt.topology import Topology
from tmt.types import Array, Creases, FrameBank, Surface, Target

LEAST = 48  # faces from which folds can be told from noise
NUMBERS = 8  # of an expression
MOVES = 0.0025  # head units (mean over the landmarks) below which a number is the detector's noise
FINE, COARSE = 0.7, 10.0  # px of the unrolled face: folds are wider than noise and narrower than light and shade
DARK = 12.0  # grey levels added before the logarithm: noise in the dark is no fold
RIDGE = 0.03  # of the faces: how strongly numbers that hardly vary are distrusted
RELATED = 6.0  # frames of a clip are not independent: so much larger is the error of a map than it seems
SURELY = 3.0  # a map counts where its square is this many times its squared error
ODD = 3.0  # times the usual error: a face that is so badly explained is behind something
MOST = 0.25  # of the logarithm: no fold is deeper
BESIDE = 7  # px around lips, lids, brows and nostrils, where what changes is no fold
EDGE = 17  # px of the outline, where hair and background begin
STEP = 4  # what the mixed frames show is told on every fourth vertex


def learn(
    faces: Array, canonical: Array, neutral: Array, rotation: Array, topology: Topology
) -> Creases | None:
    """faces [N, S, S] uint8, unrolled and aligned with their mean; canonical landmarks [N, L, 3], their neutral [L, 3]
    and the head's rotation [N, 3, 3] in the same frames -> how this skin folds; None where nothing is to be seen."""
    if len(faces) < LEAST:
        return None
    offset = (canonical - neutral)[:, : topology.surface, :2].reshape(len(faces), -1).astype(np.float64)
    _, size, direction = np.linalg.svd(offset - offset.mean(0), full_matrices=False)
    spread = size / np.sqrt(len(faces))
    kept = np.flatnonzero(spread[:NUMBERS] / np.sqrt(topology.surface) > MOVES)
    if not len(kept):
        return None
    basis = direction[kept] / spread[kept, None]
    numbers = offset @ basis.T
    maps = _maps(np.concatenate([numbers, _turned(rotation)], 1), len(kept), _details(faces, topology))
    ends = np.stack([np.minimum(numbers.min(0), 0), np.maximum(numbers.max(0), 0)])
    basis = basis.reshape(len(kept), topology.surface, 2)
    own = neutral[:, :2], np.ones_like(neutral[:, :2])
    return Creases(basis.astype(np.float32), ends.astype(np.float32), maps, *own)


def laid_on(creases: Creases | None, neutral: Array, gain: Array) -> Creases | None:
    """A driver's, for a subject whose landmarks [L, 3] move by `gain` [L, 3] times the driver's."""
    return None if creases is None else replace(creases, neutral=neutral[:, :2], gain=gain[:, :2])


def _turned(rotation: Array) -> Array:
    """Columns [N, 6] that explain what the head's turn does to light and gloss."""
    angles = np.stack(euler_from_rotation(rotation), 1)
    columns = np.concatenate([angles, angles**2], 1)
    columns = columns - columns.mean(0)
    return np.asarray(columns / (columns.std(0) + np.radians(1.0)))


def _details(faces: Array, topology: Topology) -> Array:
    """Log of the light [N, S, S], of folds' fineness and on skin alone."""
    mask = region(topology)
    inner, outer = cv2.GaussianBlur(mask, (0, 0), FINE), cv2.GaussianBlur(mask, (0, 0), COARSE)
    out = np.empty(faces.shape, np.float32)
    for face, detail in zip(faces, out, strict=True):
        light = np.log(face + np.float32(DARK)) * mask
        near, wide = cv2.GaussianBlur(light, (0, 0), FINE), cv2.GaussianBlur(light, (0, 0), COARSE)
        np.multiply(near / np.maximum(inner, 1e-3) - wide / np.maximum(outer, 1e-3), mask, out=detail)
    return out


def _maps(columns: Array, wanted: int, details: Array) -> Array:
    """Columns [N, C] and details [N, S, S] -> what the first `wanted` columns explain of them, per unit [J, S, S]."""
    told = details.reshape(len(details), -1)
    inverse, slopes, left = _explained(columns, told)
    usual = left.mean(1) < ODD * np.median(left.mean(1))
    inverse, slopes, left = _explained(columns[usual], told[usual])
    error = RELATED * np.diag(inverse)[:wanted, None] * left.sum(0) / max(1, len(left) - len(slopes))
    maps, error = (a.reshape(wanted, *details.shape[1:]) for a in (slopes[:wanted], error))
    power, noise = (np.stack([cv2.GaussianBlur(one, (0, 0), 2.0) for one in some])
                    for some in (maps**2, error.astype(np.float32)))  # fmt: skip
    return np.asarray(maps * smoothstep((power / np.maximum(noise, 1e-12) / SURELY - 1) / 2), np.float32)


def _explained(columns: Array, told: Array) -> tuple[Array, Array, Array]:
    """Ridge regression of told [N, P] by columns [N, C]: inverse of the normal matrix, slopes [C, P], squares left."""
    columns = columns - columns.mean(0)
    told = told - told.mean(0)
    normal = columns.T @ columns
    inverse = np.linalg.inv(normal + RIDGE * len(columns) * np.eye(len(normal)))
    slopes = (inverse @ columns.T).astype(np.float32) @ told
    return inverse, slopes, (told - columns.astype(np.float32) @ slopes) ** 2


@lru_cache(maxsize=2)
def region(topology: Topology) -> Array:
    """Where skin folds [S, S] 0..1: not on lips, lids and brows, nor at the very outline."""
    layout = skin_map(topology)
    mask = cv2.GaussianBlur(cv2.erode(layout.skin, np.ones((EDGE, EDGE), np.uint8)), (0, 0), EDGE / 5)
    for ring in (topology.mouth, topology.nose_base, *(part for eye in topology.eyes for part in (eye.ring, eye.brow))):
        hull = np.ones((SIDE, SIDE), np.uint8)
        cv2.fillConvexPoly(hull, cv2.convexHull(np.round(layout.places[list(ring)]).astype(np.int32)), 0)
        away = cv2.distanceTransform(hull, cv2.DIST_L2, 5)
        mask = mask * smoothstep((2 * away - BESIDE) / BESIDE).astype(np.float32)
    return np.asarray(mask, np.float32)


class Unrolled:
    """Where a subject's sheet lies in the unrolled face and the other way round; prepared once."""

    def __init__(self, surface: Surface, topology: Topology) -> None:
        layout = skin_map(topology)
        self._grid = surface.grid
        within = np.asarray(surface.operator[:, : topology.surface].sum(1)).reshape(-1, 1)
        shown = surface.operator @ layout.places / np.maximum(within, 1e-3)
        self._places = np.where(within > 0.5, shown - 0.5, -SIDE).reshape(self._grid, self._grid, 2).astype(np.float32)
        rows, columns = np.divmod(np.flatnonzero(within > 0.5), self._grid)
        self._skin = tuple((float(reach(columns)), float(reach(rows))) for reach in (np.min, np.max))  # of the grid
        flat = np.asarray(layout.operator @ surface.parameter[:, :2]).reshape(SIDE, SIDE, 2)
        sheet = surface.vertices.reshape(self._grid, self._grid, 3)
        ticks = np.arange(self._grid) / STEP
        x, y = (np.interp(flat[..., i], line, ticks) for i, line in enumerate((sheet[0, :, 0], sheet[:, 0, 1])))
        self._home = np.stack([x, y], -1).astype(np.float32)

    def folds(self, target: Target, bank: FrameBank, mix: Mix) -> Array:
        """What the target's skin folds more than the mixed frames show: log of the light [S, S]."""
        creases = target.creases
        assert creases is not None, "the driver's"
        now = numbers_of(creases, target.canonical[None, :, :2])[0]
        then = numbers_of(creases, bank.landmarks[mix.chosen])
        logits = mix.logits[:, ::STEP, ::STEP]
        share = np.exp(logits - logits.max(0))
        shown = np.einsum("kj,kyx->jyx", then, share / share.sum(0)).astype(np.float32)
        out = np.zeros(creases.maps.shape[1:], np.float32)
        for one, number, before in zip(creases.maps, now, shown, strict=True):
            there = cv2.remap(before, self._home, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            out += one * (number - there)
        return np.clip(out, -MOST, MOST)

    def draw(self, pixels: Array, seen: Seen, target: Target, bank: FrameBank, mix: Mix, strength: float) -> None:
        """Fold the skin of pixels [H, W, 3 or more] in place, `strength` times as deep as the driver's."""
        self.darken(pixels, seen, self.folds(target, bank, mix) * np.float32(strength))

    def darken(self, pixels: Array, seen: Seen, folds: Array) -> None:
        """Let folds, log of the light [S, S], act on pixels [H, W, 3 or more] in place."""
        left, top, width, height = cv2.boundingRect(cv2.inRange(seen.grid_xy, *self._skin))
        if width == 0:
            return
        box = np.s_[top : top + height, left : left + width]
        where = cv2.remap(self._places, seen.grid_xy[box], None, cv2.INTER_LINEAR, borderValue=(-SIDE, -SIDE))
        light = cv2.remap(folds, where, None, cv2.INTER_LINEAR, borderValue=0)
        pixels[box][..., :3] *= cv2.exp(light)[..., None]


def numbers_of(creases: Creases, landmarks: Array) -> Array:
    """Landmarks [N, L, 2] of the subject -> the driver's numbers of such an expression [N, J], within those seen."""
    used = creases.basis.shape[1]
    offset = ((landmarks - creases.neutral) / creases.gain)[:, :used]
    return np.clip(np.einsum("nlc,jlc->nj", offset, creases.basis), *creases.ends)
