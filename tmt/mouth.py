"""A mouth's inside for those who never showed theirs: teeth, gums, tongue and the dark behind, as simple geometry.

Seen through the inner lips alone, in the light that comes in through them, and in the colours that the whites of the
subject's eyes, skin and lips tell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from tmt.fuse import Mix
from tmt.geometry import smoothstep, transform
from tmt.render import Seen, filled, rasterise
from tmt.teeth import PAINTED, sheets
from tmt.topology import Topology
from tmt.types import Array, CanonicalHead, Target, Window

USUAL_WIDTH = 0.42  # between the inner corners of lips at rest, head units
LIT = 2.0  # light comes in through the opening: at this many of its radii behind the lips half of it is left
REDDENED = np.array([1.0, 1.2, 1.2])  # light that flesh has thrown back is red: by how much faster each colour goes
LIP_SHADE = (0.80, 0.025)  # what is left of the light beside the lips, and how far their shade reaches, head units
ENOUGH = 12  # pixels tell a colour
USUAL_LIP = np.array([0.9, 0.68, 0.72])  # of bright skin, where no lip is seen
DARKEST = 0.5  # percentile of a head's pixels, with its hair: nostrils are no darker than an open mouth
HAZY = (0.15, 0.25)  # of full light, the darkest of a head: hair and nostrils of clear pictures, and in haze
NEEDED = 0.05  # of Mix.cavity: below this everywhere, some frame shows the mouth as it must be
FINER = 2  # samples per pixel and axis: teeth are small
# Measured on the open mouths of 18 people, in parts of what they show when shut: teeth as the brightest fifth between
# the lids, or at least as bright skin; tongue and throat as the lower lip.
TEETH_TO_WHITE, TEETH_TO_SKIN = np.array([1.38, 1.38, 1.28]), 0.95
FLESH_TO_LIP = np.array([0.95, 0.90, 0.94])
THROAT_TO_FLESH = np.array([0.30, 0.13, 0.12]) / FLESH_TO_LIP


@dataclass(frozen=True)
class Mouth:
    """A subject's: lip [3] the middle of the closed lips, size relative to the usual one; colours [3] RGB 0..1 of teeth
    and flesh in the light outside, above a haze; the darkest of the head, and the haze before it; nose [3] at rest, of
    a head without depth (None: it has): there teeth go with the nose, for no pose turns them."""

    lip: Array
    chin: Array
    size: float
    teeth: Array
    flesh: Array
    dark: Array
    haze: Array
    nose: Array | None = None


def mouth_of(head: CanonicalHead, topology: Topology) -> Mouth:
    """The generic mouth, fitted into a head."""
    neutral = head.performance.neutral
    corners = neutral[list(topology.inner_corners)]
    width = float(np.linalg.norm(corners[1] - corners[0]))
    lip = neutral[list(topology.lip_centres)].mean(0)
    lip[0] = corners[:, 0].mean()
    nose = None if neutral[:, 2].any() else _nose(neutral, topology)
    return Mouth(lip, neutral[topology.chin], width / USUAL_WIDTH, *_colours(head, topology), nose)


def _nose(face: Array, topology: Topology) -> Array:
    nose: Array = face[[topology.nose_root, topology.nose_tip]].mean(0)
    return nose


def _with_nose(target: Target, nose: Array, topology: Topology) -> Target:
    """The same landmarks in the picture, told from where the nose is."""
    away = _nose(target.canonical, topology) - nose
    there = transform(target.pose, np.stack([away, 0 * away]).astype(np.float64))
    pose = replace(target.pose, translation=target.pose.translation + there[0] - there[1])
    return replace(target, pose=pose, canonical=target.canonical - away)


def _colours(head: CanonicalHead, topology: Topology) -> tuple[Array, Array, Array, Array]:
    """Teeth [3] and flesh [3] as whites of eyes, skin and lips tell them, above a haze; the darkest that the head shows
    [3]; and the haze [3], or glare in the lens: it lies over a mouth's inside, too, and leaves so much less between
    light and dark."""
    bank, own, whites, skin, lips, darkest = head.bank, head.performance, [], [], [], []
    for index, picture in zip(bank.index, bank.images, strict=True):
        points = bank.window.to_window(transform(own.pose[index], own.canonical[index]))[:, :2]
        inside = _within(picture, [points[list(eye.ring)] for eye in topology.eyes])
        if len(inside) >= ENOUGH:
            grey = inside.mean(1)
            whites.append(inside[grey >= np.percentile(grey, 80)].mean(0))
        face = _within(picture, [points[list(topology.oval)]])
        skin.append(np.percentile(face, 90, axis=0) if len(face) else np.zeros(3))
        lip = _within(picture, [points[_outline(topology)]])
        if len(lip) >= ENOUGH:
            lips.append(np.median(lip, 0))
        above = picture[: max(1, int(points[topology.chin, 1]))]  # clothes may be in another light than the face
        shown = above[above[..., 3] > 127][:, :3]
        darkest.append(np.percentile(shown, DARKEST, axis=0) if len(shown) else np.zeros(3))
    dark = np.median(darkest, 0)
    haze = dark * smoothstep((dark.mean() / 255 - HAZY[0]) / (HAZY[1] - HAZY[0]))
    bright = np.maximum(np.median(skin, 0) - haze, 1)
    teeth = np.maximum(np.median(whites, 0) - haze if whites else bright, 1) * TEETH_TO_WHITE
    teeth = teeth * max(1.0, TEETH_TO_SKIN * float(bright.mean() / teeth.mean()))  # small eyes are all lash and shade
    flesh = np.maximum(np.median(lips, 0) - haze if lips else bright * USUAL_LIP, 0) * FLESH_TO_LIP
    return np.clip(teeth / 255, 0.15, 1 - haze / 255), flesh / 255, np.asarray(dark / 255), np.asarray(haze / 255)


def _outline(topology: Topology) -> list[int]:
    """Once around the lower lip."""
    columns, lip = len(topology.lip_pairs), topology.lower_lip
    return [*lip[:columns], *lip[-columns:][::-1]]


def _within(picture: Array, outlines: list[Array]) -> Array:
    """The colours [N, 3] of a picture within outlines [P, 2] px."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], (1.0,))
    return picture[mask > 0][:, :3]


def needed(mix: Mix) -> bool:
    """Whether no source shows the mouth as open as it must be."""
    return bool(mix.cavity.max() > NEEDED)


def fill(
    pixels: Array, seen: Seen, mix: Mix, target: Target, window: Window, mouth: Mouth, topology: Topology
) -> Array | None:
    """Paint the mouth into pixels [H, W, 5] in place where no source shows it as open as it must be; returns where, a
    mask [H, W] 0..1, or None where nothing was painted."""
    if mouth.nose is not None:
        target = _with_nose(target, mouth.nose, topology)
    ring = window.to_window(transform(target.pose, target.canonical[list(topology.inner_lips)]))[:, :2]
    low = np.maximum(np.floor(ring.min(0)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(ring.max(0)).astype(int) + 3, window.shape[::-1])
    if not needed(mix) or (high - low).min() < 4:
        return None
    box = np.s_[low[1] : high[1], low[0] : high[0]]
    share = cv2.remap(mix.cavity, seen.grid_xy[box], None, cv2.INTER_LINEAR, borderValue=0) * seen.covered[box]
    if share.max() < 0.02:
        return None
    opening, colours = _drawn(ring - low, tuple(high - low), low, target, window, mouth, topology)
    share = (np.minimum(1, 3 * share) * opening)[..., None]
    part = pixels[box]
    part[..., :3] += share * (colours - part[..., :3])
    where = np.zeros(pixels.shape[:2], np.float32)
    where[box] = share[..., 0]
    return where


def _drawn(
    ring: Array, size: tuple[int, ...], low: Array, target: Target, window: Window, mouth: Mouth, topology: Topology
) -> tuple[Array, Array]:
    """The opening [h, w] 0..1 and what is behind it [h, w, 3], in a box `size` (w, h) px of the window at `low`."""
    wide, tall = (int(n) * FINER for n in size)
    unit = float(target.pose.scale) * window.scale * FINER
    opening = filled(ring * FINER, [range(len(ring))], (tall, wide))
    throat = mouth.flesh * THROAT_TO_FLESH
    colours = np.broadcast_to(throat, (tall, wide, 3)).astype(np.float32).copy()
    nearest = np.full((tall, wide), np.inf, np.float32)
    start = window.to_window(transform(target.pose, mouth.lip[None].astype(np.float64)))[0, 2] * FINER
    dim = max(1.0, float(np.sqrt(opening.sum() / np.pi))) * LIT
    lips = target.canonical[list(topology.lip_centres), 1]
    for sheet, texture in sheets(mouth.lip, mouth.size, target.canonical[topology.chin] - mouth.chin, lips):
        points = window.to_window(transform(target.pose, sheet.reshape(-1, 3)))
        points[:, :2] -= low
        part = rasterise((points * FINER).reshape(sheet.shape), (tall, wide))
        painted = cv2.remap(
            texture, (part.grid_xy + 0.5) * PAINTED - 0.5, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        cover = painted[..., 2] * part.covered * (part.depth < nearest)
        away = np.maximum(np.where(part.covered, part.depth, start) - start, 0) / dim
        lit = (1 / (1 + away**2))[..., None] ** REDDENED
        surface = painted[..., :1] * mouth.teeth + painted[..., 1:2] * mouth.flesh
        colours += cover[..., None] * (throat + (surface - throat) * lit - colours)
        nearest = np.where(cover > 0.5, part.depth, nearest)
    left, reach = LIP_SHADE
    away = cv2.distanceTransform((opening > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    colours *= (left + (1 - left) * smoothstep(away / (reach * unit)))[..., None]
    shape = (int(size[0]), int(size[1]))
    colours = np.maximum(mouth.haze + colours, mouth.dark)
    small = cv2.resize(colours.astype(np.float32), shape, interpolation=cv2.INTER_AREA)
    return cv2.resize(opening, shape, interpolation=cv2.INTER_AREA), small
