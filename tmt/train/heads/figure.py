"""A person as arrays: surfaces with places on the painted sheet, eyes, teeth, and the points that carry each strand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tmt.train.heads import paint
from tmt.train.heads.asset import UNIT, Act, Array, Asset, ball, smooth, turned
from tmt.train.heads.looks import Person

BINDING = Path(__file__).with_name("landmarks.npz")  # corners [468, 4], share [468, 4]: MediaPipe's points on the asset
REFERENCE = {"macrodetails/caucasian-female-young": 1.0}  # the shape to which places on the sheet belong
NECK = np.array([0.0, -1.15, -0.7])  # the head turns about the neck's axis
STILL, FREE = -1.65, -0.85  # dm: below the first height nothing turns, above the second all does


@dataclass(frozen=True)
class Carried:
    """Roots on the skin: corners [S, 4] of the quad that carries each, and their shares [S, 4]."""

    corners: Array
    share: Array

    def of(self, points: Array) -> Array:
        """Where points [V, 3] of the skin have carried the roots [S, 3]."""
        out: Array = (points[self.corners] * self.share[..., None]).sum(1)
        return out


class Figure:
    """A shaped person: points of the asset `base` [V, 3] from the middle between the eyes, and where each lies."""

    def __init__(self, asset: Asset, person: Person, fit: float = 0.955) -> None:
        """Shape the asset; its expression units then move it. `fit`: radius of the eyes against the asset's own."""
        self.asset, self.person = asset, person
        self.base, self.reference = (self._centred(shape) for shape in (person.shape, REFERENCE))
        self.place = paint.sheet(self.reference)
        sides = [self.base[asset.points(f"-{side}-eye")] for side in "lr"]
        # 0.955 where the skin is subdivided: that draws the lids inwards, and the eyes have to stay behind them
        self.eyes = [(side.mean(0), fit * _spread(side)) for side in sides]
        self.eyeball, self.eye_quads = eyeball()
        self.ear = asset.mask("ears/l-ear-scale-incr", "ears/r-ear-scale-incr")[:, 0] > 0.3

    def _centred(self, shape: Mapping[str, float]) -> Array:
        points = self.asset.vertices + self.asset.displacement(shape)
        points[self.asset.points("upper-teeth")] += [0, -0.055, 0.018]  # the asset's hide behind the lip
        return points - points[self.asset.points("-eye")].mean(0)

    def quads(self, *groups: str) -> Array:
        """Faces [F, 4] of the groups whose names hold one of these words."""
        chosen = np.any([np.char.find(self.asset.group, name) >= 0 for name in groups], 0)
        return self.asset.faces[chosen]

    def expressed(self, act: Act) -> Array:
        """Points of the asset [V, 3] with the expression of a frame, the head still upright."""
        return self.base + self.asset.displacement({UNIT + name: weight for name, weight in act.units.items()})

    def eye_points(self, act: Act) -> list[Array]:
        """Both eyeballs [2][E, 3], turned by the gaze, the head still upright."""
        return [turned(centre + radius * self.eyeball, centre, act.gaze) for centre, radius in self.eyes]

    def eye_paint(self, directions: Array | None = None) -> Array:
        """Colours [E, 3] of an eyeball in its own points' directions or in others [E, 3].

        Pupil, iris with fibres and a dark rim, white that reddens to the corners.
        """
        rng = np.random.default_rng(self.person.seed)
        unit = self.eyeball if directions is None else directions
        unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
        off, turn = np.degrees(np.arccos(np.clip(unit[:, 2], -1, 1))), np.arctan2(unit[:, 1], unit[:, 0])
        waves = sum(np.sin(n * turn + p) for n, p in zip((7, 13, 23, 31), rng.uniform(0, 6.3, 4), strict=True)) / 4
        iris = np.array(self.person.iris) * (1 + 0.5 * waves[:, None] + 0.5 * smooth(21, 14, off)[:, None])
        iris *= 1 - 0.75 * smooth(25.5, 29.5, off)[:, None]
        white = np.array([0.66, 0.6, 0.56]) * (1 - smooth(34, 80, off)[:, None] * np.array([0.12, 0.38, 0.4]))
        white *= 1 - 0.06 * np.abs(rng.normal(size=(len(off), 1))) * np.array([0.3, 1, 1])
        colour = iris + smooth(29, 31.5, off)[:, None] * (white - iris)
        return colour * smooth(10.5, 12.5, off)[:, None] + 0.003

    def tooth_paint(self, quads: Array) -> Array:
        """Colours [V, 3] of teeth: darker towards the gums and the back."""
        points = self.base
        part = points[np.unique(quads)]
        depth = smooth(part[:, 2].max() - 0.05, part[:, 2].min(), points[:, 2])[:, None]
        return np.array([0.72, 0.66, 0.54]) * (1 - 0.75 * depth)

    def head_share(self, points: Array) -> Array:
        """Share [*, 1] of the head's turn that points at rest take: the neck bends, the shoulders stay."""
        tilt = 0.3 * np.clip(points[..., 2:3] + 0.7, -0.5, 0.8)  # the chin lies as low as the nape, and turns fully
        return smooth(STILL, FREE, points[..., 1:2] + tilt)

    def moved(self, points: Array, rest: Array, act: Act) -> Array:
        """Turn and shift points [*, 3] with the head, by the share of each point's place at rest."""
        weight = self.head_share(rest)
        return turned(points, NECK, act.turn, weight) + weight * np.array(act.shift)


def _spread(points: Array) -> float:
    """Mean distance of points [N, 3] from their middle."""
    return float(np.linalg.norm(points - points.mean(0), axis=1).mean())


def eyeball(rings: int = 72, parts: int = 72) -> tuple[Array, Array]:
    """An eye of unit radius that looks along +z, its cornea bulging: points [E, 3] and quads, finer at the front."""
    unit, quads = ball(rings, parts)
    polar = np.pi * (np.arccos(np.clip(unit[:, 2], -1, 1)) / np.pi) ** 1.5
    turn = np.arctan2(unit[:, 1], unit[:, 0])
    out = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], 1)
    bulge = 1 + 0.05 * np.cos(np.clip(polar / np.radians(34), 0, 1) * np.pi / 2) ** 2
    return out * bulge[:, None], quads
