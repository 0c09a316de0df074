"""The subject's eyeballs: the white, told by all frames together as a smooth shade, and the iris, by those that show
most of it. An eye is measured in its own width, across from its outer corner to the inner one, and down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.geometry import smoothstep, transform
from tmt.render import filled
from tmt.topology import Eye, Topology
from tmt.types import Array, CanonicalHead, Pose, Window

# Lengths are eye widths, from corner to corner.
SURE = 0.04  # inwards of it, from which a pixel shows eye and nothing else
CLEAR = 1.25  # radii of the iris beyond which there is white alone
REACH = 1.3  # radii of the iris that its picture covers
IRIS = 48  # px of that picture
ACROSS, DOWN = 96, 48  # samples of an eye, over SPAN in width and height
SPAN = (1.2, 0.6)
RINGS = 12  # around the pupil, each of one colour where lids hide it
BEST = 5  # frames that tell the iris
ASLANT = 0.2  # share of an eye's area that is left of it, below which it is seen from its side
OPEN = 0.12  # height of the opening, below which a frame says nothing
ENOUGH = 60  # samples of white: fewer say only how bright it is
DARKER, BRIGHTER = 0.05, 0.12  # than the white's own shade, from which a sample is a lash or a gleam
SHADES = 5  # terms of the white's shade, see `terms_of`
CALM = (0.0, 0.01, 0.002, 0.02, 0.02)  # what keeps them near to a usual ball's, whose shade falls by so much
EDGES, UNDER_LID, LID_SHADE = 0.22, 0.30, 0.45  # to the corners, under the upper lid, and as far down as that
PALE = 0.6  # share of the colour that is the white's own
LIT, LIGHT = 75, 1.2  # percentile of the lids that is lit skin; of its light a white has this at least (seen wide: 1.3)
BRIGHTEST = 0.9  # what it is raised to at most: a ball keeps its shade
WHITE = 88  # percentile of what lies between iris and lids: the rest is lash, rim and shadow


@dataclass(frozen=True)
class Eyeball:
    """One eye of a subject: white [SHADES, 3], iris [IRIS, IRIS, 3] RGB 0..1, the radius of the iris, and its centre
    [2] when it looks straight on, eye widths."""

    white: Array
    iris: Array
    radius: float
    straight: Array


@dataclass(frozen=True)
class Socket:
    """An eye in a picture: where its middle [2] lies, px per eye width [2, 2] (columns: across, down), and its ring
    [R, 2] and the centre of its iris [2] in eye widths."""

    middle: Array
    axes: Array
    ring: Array
    iris: Array

    def to_eye(self, places: Array) -> Array:
        """Places [*, 2] px -> eye widths."""
        return np.asarray((places - self.middle) @ np.linalg.inv(self.axes).T)

    def to_picture(self, places: Array) -> Array:
        """Places [*, 2] eye widths -> px."""
        return np.asarray(places @ self.axes.T + self.middle)


def socket_of(shape: Array, pose: Pose, window: Window, eye: Eye) -> Socket | None:
    """Landmarks [L, 3] head units in a pose -> the eye as `window` shows it; None where it is seen from its side."""
    first, last = shape[list(eye.corners)].astype(np.float64)
    across = last - first
    width = float(np.linalg.norm(across))
    down = np.array([0.0, 1.0, 0.0]) - across * (across[1] / width**2)
    down *= width / np.linalg.norm(down)
    middle = (first + last) / 2
    axes = (pose.rotation @ np.stack([across, down], 1))[:2] * float(pose.scale) * window.scale
    if abs(np.linalg.det(axes.astype(np.float64))) < ASLANT * (width * float(pose.scale) * window.scale) ** 2:
        return None
    there = window.to_window(transform(pose, np.vstack([middle, shape[list(eye.ring + eye.iris)]])))[:, :2]
    socket = Socket(there[0], axes, np.empty((0, 2)), np.empty(2))
    seen = socket.to_eye(there[1:])
    ring, iris = seen[: len(eye.ring)], seen[len(eye.ring) :].mean(0)
    return Socket(there[0], axes, ring, iris)


def eyeballs_of(head: CanonicalHead, topology: Topology) -> tuple[Eyeball | None, ...]:
    """Both eyes as the subject's frames tell them; None for one that no frame shows open."""
    return tuple(_eyeball(head, eye) for eye in topology.eyes)


def _eyeball(head: CanonicalHead, eye: Eye) -> Eyeball | None:
    """See `eyeballs_of`."""
    own, bank = head.performance, head.bank
    u, v = _samples()
    sockets, samples, inside = [], [], []
    for index, picture in zip(bank.index, bank.images, strict=True):
        socket = socket_of(own.canonical[index], own.pose[index], bank.window, eye)
        if socket is None or height_of(socket.ring) < OPEN:
            continue
        places = socket.to_picture(np.stack([u, v], -1)).astype(np.float32) - np.float32(0.5)
        colours = np.ascontiguousarray(picture[..., :3])
        samples.append(cv2.remap(colours, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        inside.append(_within(socket.ring))
        sockets.append(socket)
    if not sockets:
        return None
    pictures, deep = np.stack(samples).astype(np.float32) / 255, np.stack(inside)
    radius = _radius(head, eye)
    away = np.stack([np.hypot(u - s.iris[0], v - s.iris[1]) / radius for s in sockets])
    white = _clean(_white(pictures, deep, away, [s.ring for s in sockets]), pictures[deep == 0])
    iris = _iris(pictures, deep, away, sockets, radius)
    straight = socket_of(own.neutral, own.pose[own.reference], bank.window, eye) or sockets[0]
    return None if iris is None else Eyeball(white, iris, radius, straight.iris)


def _samples() -> tuple[Array, Array]:
    """Where an eye is looked at [DOWN, ACROSS], eye widths across and down from its middle."""
    u, v = (((np.arange(n) + 0.5) / n - 0.5) * span for n, span in zip((ACROSS, DOWN), SPAN, strict=True))
    grid = np.meshgrid(u, v)
    return grid[0], grid[1]


def _within(ring: Array) -> Array:
    """How far inside the lids the samples [DOWN, ACROSS] lie, eye widths; 0 outside."""
    scale = ACROSS / SPAN[0]
    mask = filled((ring + np.array(SPAN) / 2) * scale, [range(len(ring))], (DOWN, ACROSS)) > 0.5
    return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3) / np.float32(scale)


def height_of(ring: Array) -> float:
    """Of the opening between the lids, eye widths."""
    upper, lower = _lids(ring)
    return float((lower[:, 1] - upper[:, 1]).max())


def _lids(ring: Array) -> tuple[Array, Array]:
    """The lids' lines [R/2 + 1, 2] of a ring that goes along the upper lid and back along the lower one."""
    half = len(ring) // 2
    return ring[: half + 1], np.vstack([ring[:1], ring[half:][::-1]])


def terms_of(u: Array, v: Array, ring: Array) -> Array:
    """What the shade of the white goes by [*, SHADES]: across, and between the upper lid (0) and the lower one (1)."""
    upper, lower = (np.interp(u, *line.T) for line in _lids(ring))
    between = np.clip((v - upper) / np.maximum(lower - upper, 0.02), 0, 1)
    return np.stack([np.ones_like(u), u, u * u, between, between * between], -1)


def _ball(u: Array, between: Array) -> Array:
    """Light on a usual eyeball, 1 in its middle."""
    lid = 1 - UNDER_LID * (1 - smoothstep(between / LID_SHADE))
    return np.asarray((1 - EDGES * np.minimum(4 * u * u, 1.2)) * lid)


def shade_of(white: Array, terms: Array) -> Array:
    """Colour of the white [*, 3] at places with such `terms` [*, SHADES]."""
    return np.asarray((terms @ white) * _ball(terms[..., 1], terms[..., 3])[..., None])


def _white(pictures: Array, deep: Array, away: Array, rings: list[Array]) -> Array:
    """Shade of the white [SHADES, 3] from samples [n, DOWN, ACROSS, 3]: lashes and gleams are left out."""
    u, v = _samples()
    shown = (deep > SURE) & (away > CLEAR)
    if shown.sum() < ENOUGH:
        shown = deep > 0
    terms = np.concatenate([terms_of(u[mask], v[mask], ring) for mask, ring in zip(shown, rings, strict=True)])
    lit = _ball(terms[:, 1], terms[:, 3])
    colours = pictures[shown].astype(np.float64) / lit[:, None]
    middle = colours[lit >= np.median(lit)]
    grey = middle.mean(1)
    out = np.zeros((SHADES, 3))
    out[0] = np.median(middle[grey >= np.percentile(grey, 2 * WHITE - 100)], 0)
    if len(colours) < ENOUGH:
        return out
    for _ in range(5):
        apart = (colours - terms @ out).mean(1)
        weight = 1 / (1 + (apart / np.where(apart < 0, DARKER, BRIGHTER)) ** 4)
        weighed = terms * weight[:, None]
        calm = np.diag(CALM) * weight.sum()
        out = np.linalg.solve(weighed.T @ terms + calm, weighed.T @ colours)
    return out


def _clean(white: Array, skin: Array) -> Array:
    """The white [SHADES, 3] with less of the lids' red, and lighter than the skin [N, 3] around it, as whites are:
    where only slivers were seen they are mixed with both, and an eye that shows much of it would seem shut."""
    grey = white.mean(1, keepdims=True)
    out = grey + PALE * (white - grey)
    least = min(LIGHT * float(np.percentile(skin.mean(1), LIT)), BRIGHTEST)
    return np.asarray(out * max(1.0, least / max(float(out[0].mean()), 1e-3)))


def _iris(pictures: Array, deep: Array, away: Array, sockets: list[Socket], radius: float) -> Array | None:
    """The iris [IRIS, IRIS, 3] as the frames that show most of it agree on it; what lids always hide as the rest of
    the same ring around the pupil. None where nothing is shown."""
    shown = ((deep > SURE / 2) & (away < 1)).sum((1, 2)) / np.maximum((away < 1).sum((1, 2)), 1)
    ticks = ((np.arange(IRIS) + 0.5) / IRIS * 2 - 1) * REACH
    x, y = np.meshgrid(ticks, ticks)
    scale = ACROSS / SPAN[0]
    layers = []
    for k in np.argsort(-shown)[:BEST]:
        places = [(x * radius + sockets[k].iris[0] + SPAN[0] / 2) * scale - 0.5,
                  (y * radius + sockets[k].iris[1] + SPAN[1] / 2) * scale - 0.5]  # fmt: skip
        where = [np.asarray(p, np.float32) for p in places]
        colour = cv2.remap(pictures[k], where[0], where[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        sure = cv2.remap(deep[k], where[0], where[1], cv2.INTER_LINEAR, borderValue=0) > SURE / 2
        layers.append(np.where(sure[..., None], colour, np.nan))
    stack = np.stack(layers)
    known = np.isfinite(stack[..., 0]).any(0)
    if known.mean() < 0.1:
        return None
    middle = np.zeros((IRIS, IRIS, 3))
    middle[known] = np.nanmedian(stack[:, known], 0)
    rings = np.clip((np.hypot(x, y) / REACH * RINGS).astype(int), 0, RINGS - 1)
    each = [middle[known & (rings == n)] for n in range(RINGS)]
    profile = np.array([(ring if len(ring) else middle[known]).mean(0) for ring in each])
    sure = cv2.GaussianBlur(cv2.erode(known.astype(np.uint8), np.ones((3, 3))).astype(np.float32), (0, 0), 1.5)
    sure = (sure * known)[..., None]
    return np.clip(middle * sure + profile[rings] * (1 - sure), 0, 1).astype(np.float32)


def _radius(head: CanonicalHead, eye: Eye) -> float:
    """Of the iris, eye widths: the median of all frames."""
    faces = head.performance.canonical[head.bank.index]
    width = np.linalg.norm(faces[:, eye.corners[0]] - faces[:, eye.corners[1]], axis=-1)
    rim = faces[:, list(eye.iris[1:]), :2]
    away = np.linalg.norm(rim - rim.mean(1, keepdims=True), axis=-1).mean(1)
    return float(np.clip(np.median(away / width), 0.15, 0.28))


def glance_of(faces: Array, eye: Eye) -> Array:
    """Faces [n, L, 2] -> the iris centre from the middle of the eye [n, 2], eye widths across and down."""
    first, last = faces[:, eye.corners[0]], faces[:, eye.corners[1]]
    across = last - first
    square = (across**2).sum(-1, keepdims=True)
    away = faces[:, list(eye.iris)].mean(1) - (first + last) / 2
    down = np.stack([-across[:, 1], across[:, 0]], -1)
    return np.concatenate([(away * across).sum(-1, keepdims=True), (away * down).sum(-1, keepdims=True)], 1) / square
