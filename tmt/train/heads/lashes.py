"""Lashes as strands along the edges of the lids."""

from __future__ import annotations

import numpy as np

from tmt.train.heads.asset import Array
from tmt.train.heads.figure import Carried, Figure
from tmt.train.heads.strands import Strands, mass, taper, unit


def lashes(figure: Figure, count: int = 70) -> Strands:
    """Lashes along the strips that the asset has for them: from the lid's edge outwards, curved."""
    rng = np.random.default_rng(figure.person.seed + 3)
    rows = []
    for side, (centre, _) in zip("lr", figure.eyes, strict=True):
        for lid, many, reach in (("2", count, 0.62), ("1", count // 2, 0.34)):  # 2: upper lid
            quads = figure.quads(f"{side}-eyelashes-{lid}")
            rows.append(_lash_row(figure, quads, centre, many, reach * figure.person.lashes, rng))
    corners, share, points = (np.concatenate(column) for column in zip(*rows, strict=True))
    colour = np.tile(np.minimum(np.array(figure.person.brows) * 0.4, 0.05) + 0.008, (len(points), 1))
    return Strands(points, taper(0.0014, 5), colour, mass(points, rng), Carried(corners, share))


def _lash_row(
    figure: Figure, quads: Array, centre: Array, count: int, reach: float, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """One lid's lashes: quads that carry them [S, 4], shares [S, 4], strands [S, 5, 3]."""
    points = figure.base
    far = np.linalg.norm(points[quads] - centre, axis=-1)
    order = far.mean(1).argsort()[: max(1, len(quads) // 2)]  # the half of the strip that lies on the lid
    pick = quads[order[rng.integers(0, len(order), count)]]
    near = np.linalg.norm(points[pick] - centre, axis=-1).argsort(1)
    weights = np.zeros((count, 4))
    along = rng.random(count)
    weights[np.arange(count), near[:, 0]], weights[np.arange(count), near[:, 1]] = along, 1 - along
    root = (points[pick] * weights[..., None]).sum(1)
    upper = 1.0 if reach > 0.5 * figure.person.lashes else -0.7
    out = unit(root - centre) * [1.3, 0.5, 1.0] + np.array([0, 0.25 * upper, 0.25]) + rng.normal(0, 0.1, (count, 3))
    t = np.linspace(0, 1, 5)[:, None]
    length = 0.1 * reach * rng.uniform(0.7, 1.1, (count, 1, 1))
    strands = root[:, None] + length * (t * unit(out)[:, None] + t**2 * np.array([0, 0.5 * upper, 0]))
    return pick, weights, strands
