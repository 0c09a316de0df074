"""Hair, brows, lashes and beard as strands: where they root, how they fall, what carries them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.spatial import cKDTree

from tmt.train.heads import paint
from tmt.train.heads.asset import Array, Triple, smooth
from tmt.train.heads.figure import Carried, Figure
from tmt.train.heads.looks import Hair

POINTS = 10  # of a hair
STEP = 0.05  # dm, of a growing guide
KNOT = (0.0, 0.1, -1.85)  # where tied hair is tied


@dataclass(frozen=True)
class Strands:
    """Hairs at rest: points [S, P, 3], radius [P] dm, colour [S, 3], mass [S, P, 3]: the direction out of all the hair.

    `roots` carry them where they move with the skin.
    """

    points: Array
    radius: Array
    colour: Array
    mass: Array
    roots: Carried | None = None


class Body:
    """The skin at rest, to keep hair outside of it."""

    def __init__(self, figure: Figure) -> None:
        """Points and outward normals of the skin's quads."""
        self.quads = figure.quads("body")
        corners = figure.base[self.quads]
        cross = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        self.area = np.linalg.norm(cross, axis=1)
        self.normal = cross / np.maximum(self.area[:, None], 1e-9)
        outside = (corners[:, :, 2].mean(1) > -2) & ~figure.ear[self.quads].any(1)
        self.tree, self._kept = cKDTree(corners.mean(1)[outside]), np.flatnonzero(outside)
        self._middle = corners.mean(1)

    def push(self, points: Array, gap: float) -> Array:
        """points [N, 3] kept at least `gap` outside of the skin."""
        near = self._kept[self.tree.query(points)[1]]
        height = ((points - self._middle[near]) * self.normal[near]).sum(1)
        lift = np.clip(gap - height, 0, 0.3)
        out: Array = points + self.normal[near] * lift[:, None]
        return out


def scatter(figure: Figure, body: Body, count: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Random places on the head's skin: index of the quad [N], shares [N, 4], place on the sheet [N, 2]."""
    area = body.area * (figure.base[body.quads][:, :, 1].max(1) > -1.6) * ~figure.ear[body.quads].any(1)
    pick = rng.choice(len(body.quads), count, p=area / area.sum())
    u, v = rng.random((2, count))
    share = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], 1)
    place = paint.sheet((figure.reference[body.quads[pick]] * share[..., None]).sum(1))
    return pick, share, place


def hair(figure: Figure, body: Body, count: int) -> Strands | None:
    """The hair of the head: locks that follow guides; none if bald."""
    style = figure.person.hair
    if style.style == "bald":
        return None
    rng = np.random.default_rng(figure.person.seed + 1)
    pick, share, place = scatter(figure, body, count * 3, rng)
    edge = paint.hairline(place[:, 0], style.recede) + 0.03 * rng.normal(size=len(pick))
    keep = np.flatnonzero(
        (place[:, 1] > edge) & (rng.random(len(pick)) < smooth(-0.02, 0.12, place[:, 1] - edge) + 0.25)
    )[:count]
    roots = (figure.base[body.quads[pick[keep]]] * share[keep][..., None]).sum(1)
    normal, place = body.normal[pick[keep]], place[keep]
    lead = rng.choice(len(roots), min(900, len(roots)), replace=False)
    guides = _guides(roots[lead], normal[lead], place[lead], style, body, rng)
    points = _locks(roots, normal, roots[lead], guides, style, rng)
    return Strands(points, taper(0.0062, POINTS), _shades(style.colour, style.grey, len(roots), rng), mass(points, rng))


def _comb(root: Array, place: Array, style: Hair) -> tuple[Array, Array]:
    """Direction [G, 3] into which each guide is combed and its length [G]."""
    side = np.tanh((root[:, 0] - style.part) / 0.06)
    front, top = smooth(-0.9, -0.2, root[:, 2]), smooth(0.3, 0.9, root[:, 1])
    if style.style == "short":
        over = np.sign(style.part) * (1 - smooth(0.0, 0.12, (root[:, 0] - style.part) * np.sign(style.part)))
        across, up = -0.75 * over * top + 0.25 * side * (1 - top), 0.35 * top * front - 0.75 * (1 - top)
        way = np.stack([across, up, 0.25 * front * top - 0.45], 1)
        return way, style.length * (0.3 + 0.7 * smooth(0.3, 0.9, root[:, 1]))
    if style.style == "tied":  # along the skin to a knot at the back
        to = np.array(KNOT) - root
        far = np.linalg.norm(to, axis=1)
        return to / far[:, None] + np.stack([0 * far, 0.25 * top, 0 * far], 1), 0.9 * far
    if style.style == "curly":
        return np.zeros_like(root), style.length * (0.5 + 0.5 * smooth(0.0, 0.7, root[:, 1]))
    fringe = style.fringe & (np.abs(place[:, 0]) < 0.5) & (root[:, 2] > -0.55)
    back = 0.12 if style.style == "bob" else 0.45  # a bob falls straight down over the ears
    away = np.stack([0.6 * side, -0.35 - 0.2 * top, -back * front - 0.1], 1)
    down = np.stack([0.25 * root[:, 0], np.full(len(root), -0.3), np.full(len(root), 0.6)], 1)
    return np.where(fringe[:, None], down, away), np.full(len(root), 9.0)


def _guides(root: Array, normal: Array, place: Array, style: Hair, body: Body, rng: np.random.Generator) -> Array:
    """Paths [G, POINTS, 3] from roots [G, 3]: combed, pulled down, kept outside of the body."""
    way, length = _comb(root, place, style)
    way = way + rng.normal(0, 0.08, way.shape)
    stands = style.style in ("short", "curly", "tied")
    fringe = style.fringe & (np.abs(place[:, 0]) < 0.5) & (root[:, 2] > -0.55)
    end = np.where(fringe, 0.23, style.end) + rng.normal(0, 0.03 if style.style == "bob" else 0.09, len(root))
    heading = unit(normal * {"short": style.stand, "curly": 0.8, "tied": 0.06}.get(style.style, 0.45) + way)
    steps = int(max(12, 4.6 / STEP)) if not stands else int(np.ceil(length.max() / STEP)) + 2
    lift = 0.03 + 0.05 * rng.random(len(root))
    side, path = np.where(root[:, 0] < style.part, -1.0, 1.0), [root]
    for k in range(steps):
        pull = (
            (0.1 * way - [0, 0.05, 0])
            if stands
            else np.array([0.0, -0.22, 0.0]) + 0.14 * way * np.exp(-k / 9)[..., None]
        )
        if style.style == "tied":
            pull = 0.5 * unit(np.array(KNOT) - path[-1])
        heading = unit(heading + pull + rng.normal(0, 0.02, heading.shape))
        spot = path[-1] + STEP * heading
        if not stands:
            spot[:, 0] += _aside(spot, side, fringe)
        spot = body.push(spot, lift.mean() * min(1, (k + 1) / 4) + 0.02)
        heading = unit(0.5 * heading + 0.5 * unit(spot - path[-1]))
        path.append(spot)
    whole = np.concatenate([path[0][:, None], uniform_filter1d(np.stack(path, 1), 7, axis=1)[:, 1:]], 1)
    below = whole[..., 1] < end[:, None]
    last = np.where(below.any(1), below.argmax(1), steps).astype(float)
    return _resampled(whole, np.minimum(last, length / STEP))


def _aside(spot: Array, side: Array, fringe: Array) -> Array:
    """Step across [G], dm, that keeps hair at points [G, 3] beside the face and off the arms."""
    face = np.interp(spot[:, 1], [-1.6, -1.0, -0.5, 0.0, 0.4, 0.75], [0.42, 0.56, 0.68, 0.7, 0.6, 0.0])
    within = np.clip(face - side * spot[:, 0], 0, 0.045) * smooth(-0.75, -0.35, spot[:, 2]) * ~fringe
    return side * (within - 0.6 * np.clip(side * spot[:, 0] - 0.86, 0, 0.05))


def _resampled(path: Array, last: Array) -> Array:
    """The first `last` [G] steps of path [G, K, 3] as POINTS points."""
    at = np.linspace(0, 1, POINTS) * np.clip(last, 2, path.shape[1] - 1.001)[:, None]
    low = at.astype(int)
    rows = np.arange(len(path))[:, None]
    part = (at - low)[..., None]
    out: Array = path[rows, low] * (1 - part) + path[rows, low + 1] * part
    return out


def _locks(root: Array, normal: Array, lead: Array, guides: Array, style: Hair, rng: np.random.Generator) -> Array:
    """Strands [S, POINTS, 3]: each follows the nearest guide, closest at its tip, with waves and stray ends."""
    near = cKDTree(lead).query(root)[1]
    t = np.linspace(0, 1, POINTS)[:, None]
    offset = root - lead[near]
    scale = rng.uniform(*((0.96, 1.02) if style.style == "bob" else (0.85, 1.06)), (len(root), 1, 1))
    close = 1 - 0.55 * smooth(0.0, 0.8, t)
    points = root[:, None] + (guides[near] - guides[near][:, :1]) * scale + offset[:, None] * (close - 1)
    stray = np.cumsum(rng.normal(0, 1, points.shape), 1) * t * (0.006 if style.style != "curly" else 0.012)
    points = points + stray + normal[:, None] * 0.012 * rng.random((len(root), 1, 1)) * smooth(0, 0.3, t)
    if style.curl:
        phase = rng.uniform(0, 6.28, len(guides))[near][:, None] + rng.normal(0, 0.35, (len(root), 1))
        run = np.linalg.norm(np.diff(points, axis=1, prepend=points[:, :1]), axis=-1).cumsum(1)
        turn = run * (2 * np.pi / (0.55 if style.style != "curly" else 0.16)) + phase
        wave = np.stack([np.cos(turn), 0.3 * np.sin(turn), np.sin(turn)], -1) * style.curl
        points = points + wave * smooth(0.05, 0.5, t)
    return points


def _shades(colour: Triple, grey: float, count: int, rng: np.random.Generator) -> Array:
    """Colours [S, 3]: no two strands alike, some of them white."""
    out = np.array(colour) * np.exp(rng.normal(0, 0.22, (count, 1)))
    white = np.clip(grey + 0.35 * grey * rng.normal(size=(count, 1)), 0, 1)
    return np.clip(out + white * (np.array([0.46, 0.445, 0.425]) - out), 0, 1)


def taper(radius: float, points: int) -> Array:
    """Radius [points] of a hair, thinner towards its tip."""
    return radius * np.linspace(1, 0.25, points) ** 0.6


def mass(points: Array, rng: np.random.Generator) -> Array:
    """[S, P, 3]: away from the middle of the head, a little different for every strand."""
    out = unit((points - [0, 0.1, -0.75]) * [1.0, 0.6, 1.0])
    along = unit(np.gradient(points, axis=1))
    out = out - 0.7 * along * (out * along).sum(-1, keepdims=True)
    return unit(out + rng.normal(0, 0.22, (len(points), 1, 3)))


def unit(v: Array) -> Array:
    """Vectors [*, 3] at length 1."""
    out: Array = v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)
    return out


def on_skin(figure: Figure, body: Body, count: int) -> Strands:
    """Brows and beard: short strands that move with the skin, count of them tried."""
    rng = np.random.default_rng(figure.person.seed + 2)
    pick, share, place = scatter(figure, body, count, rng)
    root = (figure.base[body.quads[pick]] * share[..., None]).sum(1)
    a, front = np.abs(place[:, 0]), root[:, 2] > -0.9
    middle = paint.brow(a, figure.person.brow_tilt)
    half = np.interp(a, [0.1, 0.2, 0.4, 0.56], [0.023, 0.028, 0.02, 0.005]) * (0.6 + 0.45 * figure.person.brow_fullness)
    brow = front & (np.abs(place[:, 1] - middle) < half) & (a > 0.105 + 0.03 * rng.random(len(a))) & (a < 0.57)
    brow &= figure.reference[body.quads[pick], 2].min(1) > -0.3
    beard = (
        front
        & (rng.random(len(a)) < paint.beard_zone(*place.T))
        & (figure.person.beard > 0)
        & (rng.random(len(a)) < 0.5)
    )
    keep = brow | beard
    root, place, brow, pick, share = root[keep], place[keep], brow[keep], pick[keep], share[keep]
    side = np.sign(place[:, 0])
    off = place[:, 1] - paint.brow(place[:, 0], figure.person.brow_tilt)
    rise = np.interp(np.abs(place[:, 0]), [0.1, 0.2, 0.38, 0.5], [1.1, 0.5, 0.05, -0.4]) - 4 * off
    arch = np.stack([side, rise, np.full(len(side), -0.1)], 1)
    fall = np.stack([0.25 * root[:, 0], np.full(len(side), -1.0), np.full(len(side), 0.1)], 1)
    way = unit(np.where(brow[:, None], arch, fall)) + rng.normal(0, 0.22, root.shape)
    length = np.where(
        brow, rng.uniform(0.05, 0.085, len(side)), figure.person.beard * rng.uniform(0.6, 1.15, len(side))
    )
    t = np.linspace(0, 1, 5)[:, None]
    out = body.normal[pick][:, None] * np.where(brow, 0.3, 0.55)[:, None, None]
    points = root[:, None] + length[:, None, None] * t * (out * (1 - 0.55 * t) + way[:, None] * (0.35 + 0.5 * t))
    colour = np.where(brow[:, None], _shades(figure.person.brows, 0.3 * figure.person.hair.grey, len(side), rng),
                      _shades(figure.person.hair.colour, figure.person.hair.grey, len(side), rng))  # fmt: skip
    return Strands(points, taper(0.0026, 5), colour, mass(points, rng), Carried(body.quads[pick], share))
