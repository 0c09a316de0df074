"""What is worn, as points and quads in the head's frame at rest: garment, collar, hat, glasses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tmt.train.heads.asset import Array, smooth
from tmt.train.heads.figure import Figure
from tmt.train.heads.looks import Glasses, Hat


@dataclass(frozen=True)
class Solid:
    """points [N, 3] dm, quads [F, 4], colour [N, 3] linear, place [N, 2] on the cloth, dm."""

    points: Array
    quads: Array
    colour: Array
    place: Array


def strip(rows: Array, closed: bool = False) -> Array:
    """Quads [F, 4] between neighbouring rows and columns of a grid of points [R, C, 3]; `closed`: columns meet."""
    count, many = rows.shape[:2]
    i, j = np.meshgrid(np.arange(count - 1), np.arange(many if closed else many - 1), indexing="ij")
    right = (j + 1) % many
    return np.stack([i * many + j, (i + 1) * many + j, (i + 1) * many + right, i * many + right], -1).reshape(-1, 4)


def tube(path: Array, radius: float, sides: int = 6) -> tuple[Array, Array]:
    """A round wire along path [N, 3]: points and quads."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    first = np.cross(along, np.where(np.abs(along[:, 1:2]) < 0.9, [[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(along, first)
    turn = np.arange(sides) * 2 * np.pi / sides
    ring = np.cos(turn)[:, None] * first[:, None] + np.sin(turn)[:, None] * second[:, None]
    rows = path[:, None] + radius * ring
    return rows.reshape(-1, 3), strip(rows, closed=True)


def normals(points: Array, quads: Array) -> Array:
    """Unit normals [N, 3] of the points, out of the faces around them."""
    corners = points[quads]
    cross = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    out = np.zeros_like(points)
    for k in range(4):
        np.add.at(out, quads[:, k], cross)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


def garment(figure: Figure, rng: np.random.Generator) -> Solid:
    """The skin below the neckline, a little larger; above the neckline it dips under the skin."""
    wear = figure.person.wear
    p, out, quads = _finer(figure, lambda near: np.abs(near).min(1) < 0.2)
    inside = neckline(figure, p)
    waves = sum(
        np.sin(p @ rng.normal(0, 3.2, 3) + rng.uniform(0, 6)) for _ in range(5)
    ) / 5 * smooth(0.05, 0.5, inside)  # fmt: skip
    loose = 0.06 + 0.1 * smooth(0.2, 0.9, inside) + 0.05 * waves + (0.05 if wear.kind in ("jacket", "hood") else 0.0)
    p = p + out * (smooth(-0.05, 0.04, inside) * (loose + 0.08) - 0.08)[:, None]
    colour = np.tile(np.array(wear.colour), (len(p), 1))
    if wear.kind == "jacket":  # the shirt shows between the lapels
        opening = 0.34 * smooth(-3.1, -1.55, p[:, 1]) - np.abs(p[:, 0])
        share = smooth(-0.015, 0.015, opening) * (p[:, 2] > -0.9)
        colour += share[:, None] * (np.array(wear.second) - colour)
    elif wear.kind == "crew":  # a band around the neck
        band = smooth(0.14, 0.11, inside)[:, None] * 0.5
        colour += band * (np.array(wear.second) * 0.5 + np.array(wear.colour) * 0.3 - colour)
    return Solid(p, quads, colour, p[:, :2])


def _finer(figure: Figure, chosen: Callable[[Array], Array], cuts: int = 4) -> tuple[Array, Array, Array]:
    """Points, normals and quads of the skin under the garment, finer where the neckline passes."""
    all_quads = figure.quads("body")
    inside = neckline(figure, figure.base)[all_quads]
    high = figure.base[all_quads].max(1)
    face = (high[:, 1] > -1.0) & (np.abs(high[:, 0]) < 0.55) & (high[:, 2] > -0.75)
    low = (inside.min(1) > -0.3) & ~face  # not the jaw, and not the mouth within
    all_quads, inside = all_quads[low], inside[low]
    fine = chosen(inside)
    both = np.concatenate([figure.base, normals(figure.base, figure.quads("body"))], 1)
    t = np.linspace(0, 1, cuts + 1)
    u, v = (side.ravel() for side in np.meshgrid(t, t))
    share = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], 1)
    dense = np.einsum("kc,fcd->fkd", share, both[all_quads[fine]])
    cell = strip(np.zeros((cuts + 1, cuts + 1, 3)))
    many = len(figure.base) + np.arange(len(dense))[:, None, None] * len(u) + cell[:, ::-1]
    points = np.concatenate([both, dense.reshape(-1, 6)])
    index, inverse = np.unique(np.concatenate([all_quads[~fine], many.reshape(-1, 4)]), return_inverse=True)
    return points[index, :3], points[index, 3:], inverse.reshape(-1, 4)


def neckline(figure: Figure, p: Array) -> Array:
    """How far points [N, 3] lie inside the garment, dm."""
    wear = figure.person.wear
    out: Array = wear.height - wear.slope * (p[:, 2] - 0.1) - p[:, 1]
    if wear.kind in ("v", "collar", "jacket"):
        deep = {"v": 0.55, "collar": 0.35, "jacket": 0.5}[wear.kind]
        out = out - deep * np.clip(1 - np.abs(p[:, 0]) / 0.42, 0, 1) * smooth(-0.8, -0.4, p[:, 2])
    return out


def collar(figure: Figure) -> Solid | None:
    """A shirt's collar, a hood's roll: a folded strip around the neck."""
    wear = figure.person.wear
    if wear.kind not in ("collar", "jacket", "hood"):
        return None
    angle = np.linspace(-2.62, 2.62, 45) if wear.kind != "hood" else np.linspace(-2.75, 2.75, 45)  # 0: the nape
    centre = np.array([0.0, 0.0, -0.75])
    way = np.stack([np.sin(angle), np.zeros_like(angle), -np.cos(angle)], 1)
    front = smooth(0.3, 2.6, np.abs(angle))
    height = -1.2 - (0.47 if wear.kind != "hood" else 0.5) * front
    body = figure.base[np.unique(figure.quads("body"))]
    reach = np.array([_reach(body, centre, w, h) for w, h in zip(way, height, strict=True)])
    reach = np.convolve(np.pad(reach, 3, mode="edge"), np.ones(7) / 7, "valid")
    if wear.kind == "hood":
        profile = [(0.02, -0.2), (0.03, 0.02), (0.1, 0.12), (0.22, 0.12), (0.34, 0.0), (0.42, -0.2), (0.42, -0.42)]
    else:
        profile = [(0.015, -0.15), (0.02, 0.05), (0.03, 0.13), (0.05, 0.14), (0.08, 0.06), (0.13, -0.08), (0.15, -0.14)]
    rows = []
    for out, up in profile:
        drop = 0.1 * front * (out > 0.1) if wear.kind != "hood" else 0.0 * front
        row = centre + way * (reach + out)[:, None]
        row[:, 1] = height + up - drop
        rows.append(row)
    grid = np.stack(rows)
    shade = wear.second if wear.kind == "jacket" else wear.colour
    points = grid.reshape(-1, 3)
    return Solid(points, strip(grid)[:, ::-1], np.tile(np.array(shade) * 0.95, (len(points), 1)), points[:, :2])


def _reach(body: Array, centre: Array, way: Array, height: float) -> float:
    """How far the neck reaches from its axis at a height, in a direction."""
    flat = body - centre
    along = flat @ way
    off = np.linalg.norm(flat - along[:, None] * way - [0, 1, 0] * flat[:, 1:2], axis=1)
    near = (np.abs(body[:, 1] - height) < 0.14) & (off < 0.18) & (along > 0)
    return float(np.percentile(along[near], 80)) if near.any() else 0.5


def hat(figure: Figure, worn: Hat) -> Solid:
    """A beanie, or a cap with its peak: the scalp, larger; below the edge it dips under the skin."""
    index, inverse = np.unique(figure.quads("body"), return_inverse=True)
    quads = inverse.reshape(-1, 4)
    p, out = figure.base[index], normals(figure.base, figure.quads("body"))[index]
    rise = _above(p, worn)
    keep = (rise > -0.25)[quads].all(1) & ~figure.ear[index][quads].any(1)
    puff = 0.1 + (0.16 if worn.kind == "beanie" else 0.1) * smooth(0.1, 0.6, rise)
    p = p + out * (smooth(-0.04, 0.04, rise) * (puff + 0.06) - 0.06)[:, None]
    colour = np.tile(np.array(worn.colour), (len(p), 1))
    if worn.kind == "beanie":
        colour = np.where((rise < 0.26)[:, None], np.array(worn.second), colour)
    place = np.stack([np.arctan2(p[:, 0], p[:, 2] + 0.7), p[:, 1]], 1)
    made = Solid(p, quads[keep], colour, place)
    return made if worn.kind == "beanie" else joined(made, _peak(figure, worn))


def _above(p: Array, worn: Hat) -> Array:
    """How far points lie above the edge of the hat, dm: it sits lower at the nape."""
    rise: Array = p[:, 1] - worn.edge + 0.32 * np.clip(-p[:, 2] - 0.2, 0, 1.6) * 0.8
    return rise


def _peak(figure: Figure, worn: Hat) -> Solid:
    """The peak of a cap."""
    head = figure.base[np.abs(figure.base[:, 1] - worn.edge) < 0.12]
    front, side = head[:, 2].max(), np.abs(head[:, 0]).max()
    x = np.linspace(-0.92, 0.92, 19)
    rows = []
    for reach in np.linspace(-0.06, 0.75, 6):
        z = front - 0.55 * (1 - np.sqrt(1 - x**2 * 0.95)) + reach * np.sqrt(np.clip(1 - x**2, 0, 1))
        y = worn.edge + 0.05 - 0.22 * max(reach, 0) - 0.18 * x**2
        rows.append(np.stack([x * side * 0.98, y, z], 1))
    grid = np.stack([*rows, *[row - [0, 0.025, 0] for row in rows[::-1]]])
    points = grid.reshape(-1, 3)
    return Solid(points, strip(grid), np.tile(np.array(worn.second), (len(points), 1)), points[:, [0, 2]])


def glasses(figure: Figure, worn: Glasses) -> tuple[Solid, Solid]:
    """Frame and lenses."""
    base = figure.base
    bridge = base[(np.abs(base[:, 0]) < 0.12) & (np.abs(base[:, 1] + 0.02) < 0.1)][:, 2].max()
    brow = base[(np.abs(np.abs(base[:, 0]) - 0.3) < 0.15) & (np.abs(base[:, 1]) < 0.2)][:, 2].max()
    z = max(bridge + 0.04, brow + 0.05)
    span = figure.eyes[0][0][0]
    turn = np.linspace(0, 2 * np.pi, 33)[:-1]
    parts, lenses = [], []
    for side in (1, -1):
        power = 2 / worn.square
        x = worn.width * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
        y = worn.height * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
        x, y = side * (span + 0.01) + x, y - 0.05
        ring = np.stack([x, y, z - 0.22 * (x / 0.55) ** 2 * 0.55], 1)
        parts.append(_wire(np.concatenate([ring, ring[:2]]), worn))
        middle = ring.mean(0)
        lenses.append(np.concatenate([middle[None], ring]))
        outer = ring[np.abs(ring[:, 0]).argmax()] + [0, 0.05, 0]
        ear = np.array([side * (np.abs(base[figure.ear][:, 0]).min() + 0.04), 0.06, -0.85])
        parts.append(_wire(outer + np.linspace(0, 1, 8)[:, None] ** 0.8 * (ear - outer), worn))
    gap = span + 0.01 - worn.width
    arch = np.linspace(-1, 1, 9)
    parts.append(_wire(np.stack([arch * gap, 0.03 - 0.05 * arch**2, np.full(9, z)], 1), worn))
    fan = np.array([[0, 1 + k, 1 + (k + 1) % 32, 1 + (k + 1) % 32] for k in range(32)])
    points = np.concatenate(lenses)
    lens = Solid(points, np.concatenate([fan, fan + 33]), np.tile(worn.shade, (len(points), 1)), points[:, :2])
    return joined(*parts), lens


def _wire(path: Array, worn: Glasses) -> Solid:
    points, quads = tube(path, worn.thick)
    return Solid(points, quads, np.tile(np.array(worn.colour), (len(points), 1)), points[:, :2])


def joined(*parts: Solid) -> Solid:
    """Several as one."""
    starts = np.cumsum([0, *(len(part.points) for part in parts[:-1])])
    quads = np.concatenate([part.quads + start for part, start in zip(parts, starts, strict=True)])
    rest = (np.concatenate([getattr(part, name) for part in parts]) for name in ("points", "colour", "place"))
    points, colour, place = rest
    return Solid(points, quads, colour, place)


def bare(figure: Figure, roots: Array) -> Array:
    """[S] bool: hairs rooted where no hat is."""
    worn = figure.person.hat
    return np.ones(len(roots), bool) if worn is None else _above(roots, worn) < -0.1


def cloth_tile(figure: Figure, rng: np.random.Generator, size: int = 256) -> Array:
    """Pattern [size, size, 3] that multiplies the cloth's colour; it repeats every TILE dm."""
    wear = figure.person.wear
    x = np.arange(size) / size
    second = np.clip(np.array(wear.second) / np.maximum(np.array(wear.colour), 0.02), 0.15, 4)
    wide = int(rng.integers(2, 9))
    wave = (np.sin(2 * np.pi * wide * x) > rng.uniform(-0.2, 0.8)).astype(float)
    across, up = np.broadcast_to(wave[None], (size, size)), np.broadcast_to(wave[:, None], (size, size))
    share = {"stripes": across, "bands": up, "checks": (across + up) / 2}.get(wear.pattern, np.zeros((size, size)))
    grain = 1 + (0.05 + 0.12 * wear.knit) * rng.normal(size=(size, size))
    rib = 1 + 0.12 * wear.knit * np.sin(2 * np.pi * 24 * x)[None] * np.sin(2 * np.pi * 24 * x)[:, None]
    out: Array = (1 + share[..., None] * (second - 1)) * (grain * rib)[..., None]
    return out


TILE = 0.9  # dm
