"""A synthetic person as arrays: a CC0 parametric head that is shaped, coloured, haired and posed. No real person.

`tmt/train/heads/asset.py` says what the asset holds. Points are in decimetres from the middle between the eyes; colours
are linear RGB in [0, 1].
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))
from tmt.train.heads.asset import UNIT, Act, Array, Asset, Triple, ball, smooth, turned

NECK = np.array([0.0, -1.15, -0.7])  # the head turns about the neck's axis
SKIN, CLOTH, WET = 0, 1, 2  # material slots of the surface
LASH = (0.015, 0.015, 0.015)
STRAND = 6  # points of a hair


@dataclass(frozen=True)
class Person:
    """Looks: macro and detail targets with weights, colours, length of the hair in decimetres."""

    shape: Mapping[str, float]
    skin: Triple
    lips: Triple
    hair: Triple
    iris: Triple
    cloth: Triple
    hair_length: float


class Head:
    """A person at rest and posed: a painted surface (body, teeth, tongue, lashes, eyes) and strands (hair, brows)."""

    def __init__(self, asset: Asset, person: Person) -> None:
        """Shape the asset's head and grow its hair."""
        self.asset, self.person = asset, person
        base = asset.vertices + asset.displacement(person.shape)
        self.base = base - base[asset.points("-eye")].mean(0)
        sides = [self.base[asset.points(f"-{side}-eye")] for side in "lr"]
        # 0.95: subdivision draws the lids inwards, and the eyes have to stay behind them
        self.eyes = [(side.mean(0), 0.95 * float(np.linalg.norm(side - side.mean(0), axis=1).mean())) for side in sides]
        self._unit, quads = ball()
        keep = ~np.char.endswith(asset.group, "-eye")  # finer spheres replace the asset's coarse eyes
        n = len(self.base)
        self.quads = np.concatenate([asset.faces[keep], quads + n, quads + n + len(self._unit)])
        self.slots = np.full(len(self.quads), WET)
        group, middle = asset.group[keep], self.base[asset.faces[keep]].mean(1)
        cloth = np.where(self._clothed(middle), CLOTH, SKIN)
        lashes = np.char.find(group, "lashes") >= 0  # no highlights on them: the cloth's dull material
        self.slots[: len(group)] = np.where(group == "body", cloth, np.where(lashes, CLOTH, WET))
        self.paint = np.concatenate([self._body_paint(), *[self._eye_paint()] * 2])
        self.surface, self.strands = self._rest_surface(), self._grow(np.random.default_rng(7))

    def posed(self, act: Act) -> tuple[Array, Array]:
        """Surface points [N, 3] and strand points [S, STRAND, 3] in one frame."""
        delta = self.asset.displacement({UNIT + name: weight for name, weight in act.units.items()})
        eyes = [turned(centre + radius * self._unit, centre, act.gaze) for centre, radius in self.eyes]
        surface = np.concatenate([self.base + delta, *eyes])
        roots = (delta[self._root] * self._share[..., None]).sum(1)
        return self._moved(surface, self.surface, act), self._moved(self.strands + roots[:, None], self.strands, act)

    def _moved(self, points: Array, rest: Array, act: Act) -> Array:
        """Turn and shift the head; the neck bends, the shoulders stay."""
        weight = smooth(-1.65, -1.0, rest[..., 1:2])
        return turned(points, NECK, act.turn, weight) + weight * np.array(act.shift)

    def _rest_surface(self) -> Array:
        return np.concatenate([self.base, *(centre + radius * self._unit for centre, radius in self.eyes)])

    def _clothed(self, p: Array) -> Array:
        """Which points [*, 3] the garment covers: below a neckline that follows the loops of the neck."""
        return p[..., 1] < -1.57 - 0.47 * np.maximum(p[..., 2] + 0.49, -1.0)

    def _scalp(self, p: Array) -> Array:
        """How far points [*, 3] lie above the hairline, decimetres."""
        z = p[..., 2] - 0.38 * smooth(0.35, 0.7, np.abs(p[..., 0]))  # the hair reaches lower at the temples
        line = np.interp(z, [-1.4, -0.95, -0.65, -0.3, 0.05], [-0.55, -0.45, 0.0, 0.42, 0.6])
        return p[..., 1] - line

    def _body_paint(self) -> Array:
        """[V, 3] colours of the asset's vertices."""
        asset, person = self.asset, self.person
        out = np.tile(np.array(person.skin), (len(self.base), 1))
        lips = asset.mask("mouth/mouth-upperlip-volume-incr") + asset.mask("mouth/mouth-lowerlip-volume-incr")
        ears = asset.mask("ears/l-ear-scale-incr", "ears/r-ear-scale-incr") > 0.12
        for share, colour in (
            (smooth(0.25, 0.6, lips), person.lips),
            (smooth(0.0, 0.15, self._scalp(self.base))[:, None] * ~ears, person.hair),
            (self._clothed(self.base)[:, None], person.cloth),
        ):
            out = out + share * (np.array(colour) - out)
        parts = {"teeth": (0.7, 0.66, 0.6), "tongue": (0.45, 0.12, 0.12), "lashes-1": LASH, "lashes-2": LASH}
        for group, colour in parts.items():
            out[asset.points(group)] = colour
        return out

    def _eye_paint(self) -> Array:
        """[rings * parts, 3] colours of an eye: pupil, iris with a dark rim, white."""
        z = self._unit[:, 2:]
        iris = np.where(z < 0.9, 0.35, 1.0) * np.array(self.person.iris)
        return np.where(z > 0.97, 0.004, np.where(z > 0.875, iris, np.array([0.7, 0.68, 0.66])))

    def _grow(self, rng: np.random.Generator) -> Array:
        """Strands [S, STRAND, 3] of hair and brows; keeps the quad and the shares that carry each root."""
        quads = self.asset.faces[self.asset.group == "body"]
        corners = self.base[quads]
        area = np.linalg.norm(np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]), axis=1)
        area = area * (corners[:, :, 1].min(1) > -1.0)
        pick = rng.choice(len(quads), 60000, p=area / area.sum())
        share = rng.dirichlet(np.ones(4), len(pick))
        root = (corners[pick] * share[..., None]).sum(1)
        ears = (self.asset.mask("ears/l-ear-scale-incr", "ears/r-ear-scale-incr") > 0.12)[quads[pick], 0].any(1)
        scalp = (self._scalp(root) > rng.random(len(root)) * 0.15) & ~ears & (rng.random(len(root)) < 0.35)
        brow = self._on_brow(root)
        keep = scalp | brow
        self._root, self._share, root, brow = quads[pick][keep], share[keep], root[keep], brow[keep][:, None]
        return self._strands(root, brow, rng)

    def _strands(self, root: Array, brow: Array, rng: np.random.Generator) -> Array:
        """Strands from roots [S, 3]; hair falls, brows (where brow [S, 1]) point outwards."""
        out = root - [0, 0.25, -0.65]
        out = out / np.linalg.norm(out, axis=1, keepdims=True)
        x, front = root[:, 0], smooth(-0.5, -0.1, root[:, 2])
        hair = np.stack([np.tanh(x / 0.1) * (0.1 + 0.4 * front), 0.5 * front - 0.9, np.full(len(x), -0.45)], 1)
        fall = np.where(brow, np.stack([np.sign(x), *np.full((2, len(x)), 0.15)], 1), hair)
        fall = fall + rng.normal(0, 0.12, fall.shape)
        step = np.where(brow, 0.07, self.person.hair_length) * rng.uniform(0.7, 1.2, brow.shape) / (STRAND - 1)
        points = [root]
        for k in np.arange(1, STRAND) / STRAND:
            points.append(points[-1] + step * (out * (1 - k) * np.where(brow, 0.3, 0.5) + fall * (0.3 + k)))
        return np.stack(points, 1)

    def _on_brow(self, p: Array) -> Array:
        """Which points [*, 3] lie on an eyebrow: near the arc through the vertices that the brow units move most."""
        names = ("eyebrows-left-inner-up", "eyebrows-left-up", "eyebrows-left-extern-up")
        nodes = self.base[[self.asset.peak(UNIT + name) for name in names]]
        arc = np.polynomial.Polynomial.fit(nodes[:, 0], nodes[:, 1], 2)
        x = np.abs(p[..., 0])
        inside = (x > nodes[0, 0] - 0.05) & (x < nodes[-1, 0] + 0.05) & (p[..., 2] > -0.3)
        return inside & (np.abs(p[..., 1] - arc(x)) < 0.03)
