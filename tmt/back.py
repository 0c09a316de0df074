"""The back of the head: what the sheet of the canonical head, which no more than faces the camera, leaves open.

Its outline is the person's own, read off the keyframes' mattes row by row from crown to neck. Behind it lies half an
ellipse per row, as deep as an average skull. What it wears: `hair.py`.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, minimum_filter1d

from tmt.bank import novelty
from tmt.depth import HeadPrior, fit_prior
from tmt.geometry import rotation_angle, smoothstep
from tmt.hair import TEXTURE, THROAT, Front, worn
from tmt.render import rasterise, skinned
from tmt.sight import spread_out
from tmt.topology import Topology
from tmt.types import Array, Back, FrameBank, Performance, Surface, Target, Window

ROWS, COLUMNS = 48, 33  # of the mesh
FINE = 512  # texels a side of the sheet, from which its hair is taken
FRAMES, ANGLE = 5, np.radians(8.0)  # keyframes nearest to the front; how much nearer ones count more
EAR = 0.42  # face heights: the outline's bumps that are no longer than this are ears, and belong to the sheet
WIDEST = 0.40  # of the face's width from the middle: no neck is wider
INSIDE, FORWARD = 0.05, 0.6  # head units: its edge begins where the sheet lies there, so far before the ears at most
INSET = 0.02  # head units that the back stays inside the outline
SKULL = 0.62  # of the face's height from the ears to the back of the head, with some hair
NECK = 0.45  # of the face's width from the ears to the nape; but a neck is round: no deeper than half as wide
NAPE = (0.42, 0.88)  # of the face's height below its top: where skull becomes neck, at the sides
BEHIND = (0.35, 1.0)  # and behind
BELOW = 0.32  # face heights under the chin where the back ends
SEEN = 0.5  # of the matte
NEWS = (3.0, 8.0)  # degrees from any keyframe's view: so near to it the outline it shows is right, and no longer


def back_of(surface: Surface, bank: FrameBank, performance: Performance, topology: Topology) -> Back | None:
    """The back of a subject's head; None where no outline is to be seen."""
    prior = fit_prior(performance.neutral.astype(np.float64), topology)
    front = _front(surface, bank, performance)
    outline = _outline(front, prior)
    if outline is None:
        return None
    y, low, high = outline
    turn = np.linspace(0, np.pi, COLUMNS)
    middle, half = (low + high) / 2, (high - low) / 2
    depth = surface.vertices[:, 2].reshape(surface.grid, surface.grid)
    edges = (low + INSIDE, high - INSIDE)
    sides = [np.clip(front.at(depth, edge, y), prior.back - FORWARD, prior.back) for edge in edges]
    share = (1 - np.cos(turn)) / 2
    bulge = _bulge(y, half, (sides[0] + sides[1]) / 2, prior)
    z = sides[0][:, None] * (1 - share) + sides[1][:, None] * share + bulge[:, None] * np.sin(turn)
    x = middle[:, None] - half[:, None] * np.cos(turn)
    vertices = np.stack([x, np.broadcast_to(y[:, None], x.shape), z], -1).astype(np.float32)
    below = (y - prior.chin) / prior.face_height
    head, solid = (1 - smoothstep(share) for share in ((below - 0.03) / 0.5, (below - BELOW + 0.15) / 0.15))
    colours = worn(front, prior, y, low, high, SKULL * prior.face_height)
    return Back(vertices, head.astype(np.float32), colours, solid.astype(np.float32))


def _front(surface: Surface, bank: FrameBank, performance: Performance) -> Front:
    """The keyframes nearest to the front, laid over each other on the sheet."""
    grid = surface.grid
    angle = rotation_angle(bank.pose.rotation, performance.pose.rotation[performance.reference])
    frames = np.argsort(angle)[:FRAMES]
    weight = np.exp(-angle[frames] / ANGLE)
    total = np.zeros((grid, grid, 4), np.float32)
    for frame, share in zip(frames, weight / weight.sum(), strict=True):
        places = bank.places[frame].reshape(grid, grid, 2) - np.float32(0.5)
        shown = cv2.remap(bank.images[frame], places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        shown[places[..., 1] < -1, 3] = 0  # hair that touches the picture's top goes on above it, but not for ever
        total += np.float32(share) * shown
    x, y = np.moveaxis(spread_out(bank.places[frames[0]], grid, FINE) - np.float32(0.5), -1, 0)
    image = bank.images[frames[0]]
    fine = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    fine[(x < 0) | (y < 0) | (x > image.shape[1] - 1) | (y > image.shape[0] - 1), 3] = 0  # no hair, a repeated edge
    sheet = surface.vertices.reshape(grid, grid, 3)
    return Front(sheet[0, :, 0], sheet[:, 0, 1], total[..., 3] / 255, total[..., :3] / 255, fine / np.float32(255))


def _outline(front: Front, prior: HeadPrior) -> tuple[Array, Array, Array] | None:
    """Rows y [ROWS] from the crown to the neck, and where the person begins and ends in them, low and high [ROWS]."""
    middle = int(np.abs(front.x - prior.centre[0]).argmin())
    column = front.person[:, middle] > SEEN
    face = int(np.abs(front.y - prior.centre[1]).argmin())
    if not column[face]:
        return None
    top = face - int(np.argmin(column[: face + 1][::-1])) + 1 if not column[: face + 1].all() else 0
    end = int(np.abs(front.y - (prior.chin + BELOW * prior.face_height)).argmin())
    rows, lows, highs = np.arange(top, end + 1), [], []
    for row in rows:
        line = front.person[row]
        lows.append(_edge(line[: middle + 1][::-1], front.x[: middle + 1][::-1]))
        highs.append(_edge(line[middle:], front.x[middle:]))
    y = np.linspace(front.y[top], front.y[end], ROWS)
    low, high = (np.interp(y, front.y[rows], side) for side in (lows, highs))
    step = float(y[1] - y[0])
    bump = max(3, round(EAR * prior.face_height / step) | 1)
    left, right = _opened(low, bump, -1), _opened(high, bump, 1)
    left, right = (_into_neck(y, side, prior) for side in (left, right))
    calm = 0.05 / step
    low, high = (gaussian_filter1d(side, calm, mode="nearest") for side in (left, right))
    return y, np.minimum(low + INSET, prior.centre[0]), np.maximum(high - INSET, prior.centre[0])


def _into_neck(y: Array, side: Array, prior: HeadPrior) -> Array:
    """A side of the outline [N] without the jaw, which the sheet has: from the skull straight to the neck."""
    height = prior.face_height
    start, end = prior.chin - (1 - NAPE[0]) * height, prior.chin - (1 - NAPE[1]) * height
    throat = (y > prior.chin + THROAT[0] * height) & (y < prior.chin + THROAT[1] * height)
    if not throat.any():
        return side
    middle = prior.centre[0]
    room = WIDEST * prior.face_width  # a short neck's outline is the shoulders'
    neck = middle + float(np.clip(np.median(side[throat]) - middle, -room, room))
    skull = float(np.interp(start, y, side))
    share = smoothstep((y - start) / (end - start))
    through = skull + (neck - skull) * share
    less = np.minimum(np.abs(side - middle), np.abs(through - middle))
    return np.asarray(np.where(y < start, side, middle + np.sign(neck - middle) * less))


def _edge(line: Array, x: Array) -> float:
    """Where a row of the matte, from the middle outwards, falls below SEEN, between its samples x."""
    outside = line <= SEEN
    if not outside.any():
        return float(x[-1])
    first = max(1, int(np.argmax(outside)))
    share = (line[first - 1] - SEEN) / max(float(line[first - 1] - line[first]), 1e-6)
    return float(x[first - 1] + np.clip(share, 0, 1) * (x[first] - x[first - 1]))


def _opened(values: Array, length: int, sign: int) -> Array:
    """Without bumps of up to `length` samples upwards (sign 1) or downwards (-1); both ends keep what they have."""
    room = sign * np.pad(values, length, mode="edge")
    return np.asarray(sign * maximum_filter1d(minimum_filter1d(room, length), length)[length:-length])


def _bulge(y: Array, half: Array, sides: Array, prior: HeadPrior) -> Array:
    """How far the back lies behind the outline in rows y [N] with half widths [N] and depths of the `sides` [N], head
    units. Skull and neck are counted from the ears: a brow's sides, a crown's and a jaw's stand out before them."""
    height = prior.face_height
    level, top = prior.centre[1], y[0]
    dome = np.sqrt(np.clip(1 - ((level - np.minimum(y, level)) / (level - top)) ** 2, 0, 1))
    down = smoothstep(((y - (prior.chin - height)) / height - BEHIND[0]) / (BEHIND[1] - BEHIND[0]))
    skull, neck = SKULL * height, np.minimum(NECK * prior.face_width, half)
    return np.asarray((prior.back - sides + skull * (1 - down) + neck * down) * dome)


def seen_behind(back: Back, bank: FrameBank, target: Target, subject: Performance, window: Window) -> Array | None:
    """The back of the head as a window shows it [H, W, 4] RGB and how solid it is, 0..1. In views that the bank has
    seen nothing is to be added (None): the person's outline there is known."""
    new = novelty(bank, target, NEWS)
    if new == 0:
        return None
    flat = back.vertices.reshape(-1, 3)
    points = window.to_window(skinned(flat, flat, np.repeat(back.head, COLUMNS), target, subject))
    seen = rasterise(points.reshape(*back.vertices.shape), window.shape)
    scale = np.array([(TEXTURE - 1) / (COLUMNS - 1), (TEXTURE - 1) / (ROWS - 1)], np.float32)
    where = np.maximum(seen.grid_xy, 0) * scale
    colours = cv2.remap(back.colours, where, None, cv2.INTER_LINEAR)
    solid = np.interp(np.maximum(seen.grid_xy[..., 1], 0), np.arange(ROWS), back.solid) * seen.covered
    alpha = new * cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 1.0)[..., None]
    return np.concatenate([colours, alpha], -1)
