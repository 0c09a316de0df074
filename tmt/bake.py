"""CanonicalHead -> the relaxed head as a mesh with one picture on it: what can be looked at without any target."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from tmt.bank import view_direction
from tmt.fuse import region_landmarks
from tmt.geometry import smoothstep
from tmt.render import deform
from tmt.texel import frames_by_cell, mix_texels
from tmt.topology import Topology
from tmt.types import Array, CanonicalHead, FrameBank

TEXTURE = 1024  # px a side: twice what a head of 500 px shows
# The cut through the neck, of the face's height and width: level below the chin, half the neck's width with what the
# cut takes to climb there; above the chin beside the neck, and how it rises beyond: ears and hair stay, shoulders go.
NECK, HALF_NECK, CORNER, SIDES, RISE = 0.24, 0.40, 0.12, 0.08, 0.45
SEEN = -0.7  # of FrameBank.quality, from which a frame counts as seeing a vertex: about a half
PERSON = 0.6  # of the matte
SOLID, SPILL = 0.9, 5  # of the matte, and texels inside: from there on a colour has no background in it
BORDER = 2.0  # px of a picture's edge that are left out
EDGE = 0.02  # head units over which the cut fades
EXPRESSION, VIEW, REGION = 0.015, 8.0, 0.010  # head units, degrees, head units: what costs a frame 1 of its score
QUALITY = 4.0  # weight of visibility and facing: each part of the head wants the frame that turns it to the camera
SHARPNESS = 2.0  # inverse temperature: a mix of many frames is soft
SMOOTH = 1.5  # vertices over which the choice of frames changes: no seams
RIM = 2  # cells around the head that are mixed, too: colours are carried outwards from there
STRIPS = 16  # of the texture, shared out among threads
FLOOR = 0.05  # of the best frame's share, under which a frame is left out

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class BakedHead:
    """The subject's relaxed head, in canonical space.

    vertices [G*G, 3] head units; texture [S, S, 4] uint8 RGB and matte over `box` of the grid (first column, first row,
    last column, last row); seen [G*G] how many bank frames see a vertex as part of the person, best [G*G] how well the
    best of them does (see FrameBank.quality); cells [G-1, G-1] bool, the head's own.
    """

    grid: int
    vertices: Array
    texture: Array
    box: Box
    seen: Array
    best: Array
    cells: Array

    @property
    def corners(self) -> Array:
        """[G*G] bool: vertices of the head's cells."""
        own = np.zeros((self.grid, self.grid), bool)
        for rows in (np.s_[1:], np.s_[:-1]):
            for columns in (np.s_[1:], np.s_[:-1]):
                own[rows, columns] |= self.cells
        return own.ravel()

    def ticks(self, side: int) -> tuple[Array, Array]:
        """Grid coordinates of the columns and rows of a texture of `side` px, each [side]."""
        return _ticks(self.box, side)

    def uv(self, grid_xy: Array) -> Array:
        """Grid coordinates [*, 2] -> texture coordinates [*, 2], 0..1 from the top left inside the box."""
        low, high = np.array(self.box[:2], np.float32), np.array(self.box[2:], np.float32)
        return np.asarray((grid_xy - low) / (high - low), np.float32)


def bake(head: CanonicalHead, topology: Topology, side: int = TEXTURE) -> BakedHead:
    """Mix the bank's frames into one texture of `side` px and cut the head out of the sheet."""
    surface = head.surface
    bank = _with_useful_matte(head.bank, surface.regions.max(0) > 0.5)
    offsets = deform(surface, head.performance.neutral)
    share = _shares(head, offsets, topology)
    matte = np.stack([_at(image[..., 3], places) for image, places in zip(bank.images, bank.places, strict=True)]) / 255
    person = (share.reshape(matte.shape) * matte).sum(0) > PERSON
    vertices = surface.vertices + offsets
    inside = np.minimum(above_cut(vertices, head.performance.neutral, topology), _in_picture(bank))
    part = (person & (inside > 0)).reshape(surface.grid, surface.grid)
    cells = largest(any_corner(part))
    rows, columns = np.nonzero(cells)
    box = int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
    texture = _trim(_texture(bank, share, cells, box, side), inside, box)
    return BakedHead(
        grid=surface.grid, vertices=vertices, texture=texture, box=box,
        seen=((bank.quality > SEEN) & (matte > PERSON)).sum(0), best=bank.quality.max(0), cells=cells,
    )


def _with_useful_matte(bank: FrameBank, face: Array) -> FrameBank:
    """The bank; with its matte left out where that misses even the `face` [G*G] bool."""
    hit = [_at(image[..., 3], places[face]).mean() for image, places in zip(bank.images, bank.places, strict=True)]
    if np.mean(hit) > PERSON * 255:
        return bank
    images = bank.images.copy()
    images[..., 3] = 255
    return replace(bank, images=images)


def _shares(head: CanonicalHead, offsets: Array, topology: Topology) -> Array:
    """Shares [K, G, G] of the bank's frames in each vertex of the relaxed head, `offsets` [G*G, 3]."""
    surface, bank, subject = head.surface, head.bank, head.performance
    frontal = view_direction(subject.pose.rotation[subject.reference])
    angle = np.degrees(np.arccos(np.clip(bank.view @ frontal, -1, 1)))
    acted = np.linalg.norm(bank.offsets - offsets, axis=-1)
    logits = QUALITY * bank.quality - angle[:, None] / VIEW - acted / EXPRESSION
    for mask, indices in zip(surface.regions, region_landmarks(topology), strict=True):
        away = bank.landmarks[:, list(indices)] - subject.neutral[list(indices), :2]
        logits -= np.sqrt((away**2).sum(-1).mean(-1))[:, None] / REGION * mask
    logits += np.clip(bank.area - bank.area.max(0), -3, 0)
    sheets = (SHARPNESS * logits).reshape(-1, surface.grid, surface.grid).astype(np.float32)
    smooth = np.stack([cv2.GaussianBlur(sheet, (0, 0), SMOOTH) for sheet in sheets])
    share = np.exp(smooth - smooth.max(0))
    share[share < FLOOR] = 0
    return np.asarray(share / share.sum(0), np.float32)


def _at(plane: Array, places: Array) -> Array:
    """plane [H, W] at places [N, 2] px -> [N] float."""
    xy = places[None] - np.float32(0.5)
    value = cv2.remap(plane, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(value[0], np.float32)


def _in_picture(bank: FrameBank) -> Array:
    """How far each vertex [G*G] lies inside the picture in the best of the frames, head units; below 0: outside."""
    height, width = bank.images.shape[1:3]
    x, y = np.moveaxis(bank.places, -1, 0)
    border = np.minimum(np.minimum(x, width - x), np.minimum(y, height - y)) - BORDER
    return np.asarray((border / (bank.pose.scale * bank.window.scale)[:, None]).max(0), np.float32)


def any_corner(vertices: Array) -> Array:
    """[G, G] bool -> cells [G-1, G-1] with any corner in it: the texture's matte draws the exact outline."""
    return np.asarray(vertices[1:, 1:] | vertices[1:, :-1] | vertices[:-1, 1:] | vertices[:-1, :-1])


def largest(cells: Array) -> Array:
    """The largest connected part of a mask: people in the background are no part of the head."""
    _, names, statistics, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=4)
    return np.asarray(names == 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA])))


def cut_level(neutral: Array, topology: Topology) -> float:
    """Where the head is cut off below the chin, y in head units."""
    chin, top = neutral[topology.chin, 1], neutral[topology.forehead, 1]
    return float(chin + NECK * (chin - top))


def above_cut(vertices: Array, neutral: Array, topology: Topology) -> Array:
    """How far vertices [N, 3] lie above the cut through the neck [N], head units; below 0 they are torso."""
    right, left, chin, top = (neutral[i] for i in (*topology.cheeks, topology.chin, topology.forehead))
    height, width = chin[1] - top[1], left[0] - right[0]
    aside = np.abs(vertices[:, 0] - (right[0] + left[0]) / 2) / (HALF_NECK * width)
    neck = 1 - smoothstep((aside - 1) / CORNER)
    cut = (NECK + SIDES) * neck - SIDES - RISE * np.maximum(aside - 1, 0)
    return np.asarray(chin[1] + height * cut - vertices[:, 1])


def _texture(bank: FrameBank, share: Array, cells: Array, box: Box, side: int) -> Array:
    """The bank's pixels mixed by `share` [K, G, G] over a box of the grid -> [side, side, 4] uint8; 0 far from the
    head's `cells` [G-1, G-1] bool."""
    columns, rows = _ticks(box, side)
    used, counts = frames_by_cell(share)
    counts[cv2.dilate(cells.astype(np.uint8), np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)) == 0] = 0
    places = bank.places.reshape(*share.shape, 2)
    pixels = np.empty((side, side, 4), np.float32)
    edges = np.linspace(0, side, STRIPS + 1).astype(int)

    def strip(index: int) -> None:
        span = int(edges[index]), int(edges[index + 1])
        mix_texels(*span, columns, rows, used, counts, share, places, bank.images, pixels)

    with ThreadPoolExecutor(2, thread_name_prefix="tmt-bake") as pool:
        list(pool.map(strip, range(STRIPS)))
    return np.asarray(np.round(np.clip(pixels, 0, 255)), np.uint8)


def _trim(texture: Array, inside: Array, box: Box) -> Array:
    """Cut the matte of a texture [S, S, 4] where `inside` [G*G] is below 0, and carry the person's colours outwards:
    smaller copies of the texture must not mix in the background."""
    grid, side = int(np.sqrt(inside.size)), len(texture)
    x, y = np.meshgrid(*_ticks(box, side))
    sheet = inside.reshape(grid, grid).astype(np.float32)
    cut = np.clip(cv2.remap(sheet, x, y, cv2.INTER_LINEAR) / EDGE + 0.5, 0, 1)
    matte = texture[..., 3:].astype(np.float32) / 255
    solid = cv2.erode((matte > SOLID).astype(np.uint8), np.ones((SPILL, SPILL), np.uint8))
    rows, columns = distance_transform_edt(solid == 0, return_distances=False, return_indices=True)
    near = cv2.GaussianBlur(texture[rows, columns, :3], (0, 0), SPILL)
    keep = np.clip((matte - PERSON) / (SOLID - PERSON), 0, 1)
    colour = texture[..., :3] * keep + near * (1 - keep)
    return np.asarray(np.round(np.dstack([colour, 255 * np.minimum(matte[..., 0], cut)])), np.uint8)


def _ticks(box: Box, side: int) -> tuple[Array, Array]:
    """Grid coordinates of the texture's columns and rows, each [side]."""
    steps = (np.arange(side, dtype=np.float32) + 0.5) / side
    return steps * (box[2] - box[0]) + box[0], steps * (box[3] - box[1]) + box[1]
