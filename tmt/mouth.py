"""A mouth's inside for those who never showed theirs: teeth, gums, tongue and the dark behind, as simple geometry.

The upper teeth are the skull's, the lower ones and the tongue go with the jaw; both are seen through the inner lips
alone, in the light that the whites of the subject's eyes tell. Sizes are an average adult's, in head units (an adult's
are about 90 mm), and scale with the width of the mouth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from tmt.fuse import Mix
from tmt.geometry import smoothstep, transform
from tmt.render import Seen, filled, rasterise
from tmt.topology import Topology
from tmt.types import Array, CanonicalHead, Target, Window

USUAL_WIDTH = 0.42  # between the inner corners of lips at rest, head units
ARCH, ARCH_DEPTH = 0.27, 0.30  # half the width of the upper row of teeth, and how far it reaches back
BEHIND = 0.055  # the front teeth lie this far behind the lips
TEETH, GUM = 0.105, 0.10  # height of a front tooth and of the gum above it
SHOWN = 0.022  # the upper teeth end this far below the line of the closed lips
OVERBITE, INSIDE = 0.025, 0.03  # how far they cover the lower ones, and how far those lie behind them
JAW = 0.95  # share of the chin's motion that is the jaw's
MOST_UPPER, MOST_LOWER = 0.085, 0.055  # of the teeth that a lip bares at most: hardly anybody shows more
TONGUE_WIDTH, TONGUE_LENGTH, TONGUE_LOW, TONGUE_HIGH = 0.19, 0.45, 0.05, 0.32
DIM = 0.60  # head units of depth behind the front teeth over which light falls to 1/e
LIP_SHADE = (0.80, 0.025)  # what is left of the light beside the lips, and how far their shade reaches, head units
DARKEST = 0.5  # percentile of a head's pixels, with its hair: nostrils are no darker than an open mouth
NEEDED = 0.05  # of Mix.cavity: below this everywhere, some frame shows the mouth as it must be
FINER = 2  # samples per pixel and axis: teeth are small
UPPER_MM = (8.5, 15.0, 22.5, 29.5, 36.5, 46.5)  # where each tooth ends, along the arch from its middle
LOWER_MM = (5.5, 11.5, 18.5, 25.5, 32.5, 43.0)
ENAMEL, GUMS = np.array([0.95, 0.91, 0.83]), np.array([0.74, 0.44, 0.44])
FLESH, THROAT = np.array([0.82, 0.48, 0.48]), np.array([0.17, 0.07, 0.075])
ROWS, COLUMNS = 24, 96  # of a part's sheet
PAINTED = 4  # texels per vertex


@dataclass(frozen=True)
class Mouth:
    """A subject's: lip [3] the middle of the closed lips, size relative to the usual one, light and dark [3] RGB 0..1;
    nose [3] at rest, of a head without depth (None: it has): there teeth go with the nose, for no pose turns them."""

    lip: Array
    chin: Array
    size: float
    light: Array
    dark: Array
    nose: Array | None = None


def mouth_of(head: CanonicalHead, topology: Topology) -> Mouth:
    """The generic mouth, fitted into a head."""
    neutral = head.performance.neutral
    corners = neutral[list(topology.inner_corners)]
    width = float(np.linalg.norm(corners[1] - corners[0]))
    lip = neutral[list(topology.lip_centres)].mean(0)
    lip[0] = corners[:, 0].mean()
    nose = None if neutral[:, 2].any() else _nose(neutral, topology)
    return Mouth(lip, neutral[topology.chin], width / USUAL_WIDTH, *_light(head, topology), nose)


def _nose(face: Array, topology: Topology) -> Array:
    nose: Array = face[[topology.nose_root, topology.nose_tip]].mean(0)
    return nose


def _with_nose(target: Target, nose: Array, topology: Topology) -> Target:
    """The same landmarks in the picture, told from where the nose is."""
    away = _nose(target.canonical, topology) - nose
    there = transform(target.pose, np.stack([away, 0 * away]).astype(np.float64))
    pose = replace(target.pose, translation=target.pose.translation + there[0] - there[1])
    return replace(target, pose=pose, canonical=target.canonical - away)


def _light(head: CanonicalHead, topology: Topology) -> tuple[Array, Array]:
    """Colour of the light on the face [3]: what is brightest between the lids, no darker than the brightest skin. And
    the darkest that the head shows [3]: haze, or glare in the lens, lies over a mouth's inside, too."""
    bank, brightest, skin, darkest = head.bank, [], [], []
    for index, picture in zip(bank.index, bank.images, strict=True):
        own = head.performance
        points = bank.window.to_window(transform(own.pose[index], own.canonical[index]))[:, :2]
        mask = np.zeros(picture.shape[:2], np.uint8)
        for eye in topology.eyes:
            cv2.fillPoly(mask, [np.round(points[list(eye.ring)]).astype(np.int32)], 1)
        outline = np.zeros_like(mask)
        cv2.fillConvexPoly(outline, np.round(points[list(topology.oval)]).astype(np.int32), 1)
        skin.append(np.percentile(picture[outline > 0][:, :3], 90, axis=0) if outline.any() else np.zeros(3))
        above = picture[: max(1, int(points[topology.chin, 1]))]  # clothes may be in another light than the face
        shown = above[above[..., 3] > 127][:, :3]
        darkest.append(np.percentile(shown, DARKEST, axis=0) if len(shown) else np.zeros(3))
        inside = picture[mask > 0][:, :3]
        if len(inside) >= 12:
            grey = inside.mean(1)
            brightest.append(inside[grey >= np.percentile(grey, 80)].mean(0))
    white = np.median(brightest or [np.full(3, 150.0)], 0) / 255
    light = max(float(white.mean()), float(np.median(skin, 0).mean()) / 255)  # small eyes are all lash and shade
    lit = np.clip(1.6 * light * (0.5 + 0.5 * white / white.mean()), 0.15, 1.0)
    return np.asarray(lit), np.asarray(np.median(darkest, 0) / 255)


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
    colours = np.broadcast_to(THROAT, (tall, wide, 3)).astype(np.float32).copy()
    nearest = np.full((tall, wide), np.inf, np.float32)
    front = mouth.lip + (0, 0, BEHIND * mouth.size)
    teeth = window.to_window(transform(target.pose, front[None].astype(np.float64)))[0, 2] * FINER
    lips = target.canonical[list(topology.lip_centres), 1]
    for sheet, texture in _parts(mouth, target.canonical[topology.chin] - mouth.chin, lips):
        points = window.to_window(transform(target.pose, sheet.reshape(-1, 3)))
        points[:, :2] -= low
        part = rasterise((points * FINER).reshape(sheet.shape), (tall, wide))
        painted = cv2.remap(
            texture, (part.grid_xy + 0.5) * PAINTED - 0.5, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        cover = painted[..., 3] * part.covered * (part.depth < nearest)
        lit = np.exp(-np.maximum(np.where(part.covered, part.depth, teeth) - teeth, 0) / unit / DIM)
        colours += cover[..., None] * (painted[..., :3] * lit[..., None] - colours)
        nearest = np.where(cover > 0.5, part.depth, nearest)
    left, reach = LIP_SHADE
    away = cv2.distanceTransform((opening > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    colours *= (left + (1 - left) * smoothstep(away / (reach * unit)))[..., None] * mouth.light
    shape = (int(size[0]), int(size[1]))
    colours = np.maximum(colours, mouth.dark)
    small = cv2.resize(colours.astype(np.float32), shape, interpolation=cv2.INTER_AREA)
    return cv2.resize(opening, shape, interpolation=cv2.INTER_AREA), small


def _parts(mouth: Mouth, chin: Array, lips: Array) -> list[tuple[Array, Array]]:
    """Sheets [R, C, 3] in canonical space and their textures [r, c, 4], from the back to the front; `chin` [3] how far
    it has moved, lips [2] how high the upper and the lower one are now."""
    size, jaw = mouth.size, JAW * chin * (1, 1, 0.5)
    across, down = np.meshgrid(np.linspace(-1, 1, COLUMNS), np.linspace(0, 1, ROWS))
    edge = min(mouth.lip[1] + SHOWN * size, lips[0] + MOST_UPPER * size)
    low = max(mouth.lip[1] + (SHOWN - OVERBITE) * size + jaw[1], lips[1] - MOST_LOWER * size)
    jaw = jaw * (1, 0, 1)
    angle = across * np.radians(80)
    front = mouth.lip[2] + BEHIND * size

    def row(top: Array, inside: float) -> Array:
        narrower = ARCH * size * (1 - inside)
        x, z = narrower * np.sin(angle), front + (inside + ARCH_DEPTH * (1 - np.cos(angle))) * size
        return np.stack([mouth.lip[0] + x, np.broadcast_to(top, x.shape), z], -1)

    upper = row(edge - (1 - down) * (TEETH + GUM) * size, 0.0)
    lower = row(low + down * (TEETH + GUM) * size, INSIDE) + jaw
    dome = np.sin(np.minimum(1.3 * down, 1) * np.pi / 2)
    tongue = np.stack([
        mouth.lip[0] + TONGUE_WIDTH * size * across,
        low + size * (TONGUE_LOW + 0.06 * across**2 - TONGUE_HIGH * dome),
        front + size * (2 * INSIDE + TONGUE_LENGTH * down),
    ], -1) + jaw  # fmt: skip
    return [(tongue[::-1], _tongue()), (lower, _teeth(LOWER_MM, upper=False)), (upper, _teeth(UPPER_MM, upper=True))]


@lru_cache(maxsize=2)
def _teeth(ends: tuple[float, ...], upper: bool) -> Array:
    """A row of teeth in its gum [r, c, 4]: rows as the sheet's, columns along the arch."""
    across, down = _texels()
    height = TEETH / (TEETH + GUM)
    along = np.abs(across) * ends[-1]
    borders = np.array([0.0, *ends])
    which = np.clip(np.searchsorted(borders, along, side="right") - 1, 0, len(ends) - 1)
    q = 2 * (along - borders[which]) / (borders[which + 1] - borders[which]) - 1  # -1..1 across a tooth
    length = np.array([1.0, 0.92, 1.0, 0.86, 0.82, 0.75] if upper else [0.86, 0.88, 0.97, 0.9, 0.86, 0.8])[which]
    depth = (1 - down) if upper else down  # from the biting edge to the gum
    edge = (1 - length) * height + 0.05 * height * q**4
    root = height * (0.9 + 0.12 * q**2)
    gap = smoothstep((np.abs(q) - 0.82) / 0.18)
    shade = (1 - 0.10 * q**2 - 0.45 * gap) * (0.86 + 0.14 * smoothstep((root - depth) / (0.7 * height)))
    shade *= 1 - 0.05 * which  # those further back are darker
    gum = smoothstep((depth - root) / 0.05)[..., None]
    colours = ENAMEL * shade[..., None] * (1 - gum) + GUMS * (0.9 - 0.1 * np.cos(np.pi * q))[..., None] * gum
    cover = smoothstep((depth - edge) / 0.04)
    return np.dstack([colours, cover]).astype(np.float32)


@lru_cache(maxsize=1)
def _tongue() -> Array:
    """A tongue [r, c, 4], its tip in the last row."""
    across, down = _texels()
    furrow = (1 - 0.08 * np.exp(-((across / 0.12) ** 2))) * (1 - 0.35 * across**4)
    tip = 1 - smoothstep((np.hypot(across, np.maximum(0, 2.5 * down - 1.6)) - 0.8) / 0.2)
    colours = FLESH * (furrow * (0.85 + 0.15 * down))[..., None]
    return np.dstack([colours, tip]).astype(np.float32)


def _texels() -> tuple[Array, Array]:
    """Across -1..1 and down 0..1 at the texels of a part."""
    across, down = np.linspace(-1, 1, COLUMNS * PAINTED), np.linspace(0, 1, ROWS * PAINTED)
    grid = np.meshgrid(across, down)
    return grid[0], grid[1]
