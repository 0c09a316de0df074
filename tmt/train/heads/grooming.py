"""What is done to a person before the camera: teeth set back, hair cut, thinned and put under the hat."""

from __future__ import annotations

import numpy as np

from tmt.train.heads import solids
from tmt.train.heads.figure import BINDING, Carried, Figure
from tmt.train.heads.strands import Strands

CHIN = 152  # of the landmarks


def set_back(figure: Figure) -> None:
    """Teeth that are smaller and lie deeper: without subdivision the lips are thinner in front of them."""
    shifts = {"upper-teeth": (0.0, 0.012, -0.045), "lower-teeth": (0.0, -0.035, -0.05), "tongue": (0.0, -0.07, -0.07)}
    for group, shift in shifts.items():
        part = np.unique(figure.quads(group))
        middle = figure.base[part].mean(0)
        figure.base[part] = middle + (figure.base[part] - middle) * [0.9, 0.78, 0.95] + shift


def under_hat(figure: Figure, strands: Strands) -> Strands:
    """The hair that a hat leaves to be seen."""
    keep = solids.bare(figure, strands.points[:, 0])
    made = Strands(strands.points[keep], strands.radius, strands.colour[keep], strands.mass[keep])
    return thinned(made, 8 if figure.person.hair.curl > 0 else 5 if figure.person.hair.style == "short" else 7, 0.0075)


def shaven(figure: Figure, strands: Strands) -> Strands:
    """The beard without what would grow down the neck."""
    chin = float((figure.base[np.load(BINDING)["corners"][CHIN].astype(int)]).mean(0)[1])
    assert strands.roots is not None
    keep = strands.points[:, 0, 1] > chin - 0.06
    roots = Carried(strands.roots.corners[keep], strands.roots.share[keep])
    return Strands(strands.points[keep], strands.radius, strands.colour[keep], strands.mass[keep], roots)


def thinned(strands: Strands, points: int, radius: float) -> Strands:
    """The same of fewer points, no thinner at its root than `radius` dm, so that it is not lost between samples."""
    pick = np.linspace(0, strands.points.shape[1] - 1, points).round().astype(int)
    wide = np.maximum(strands.radius, radius * np.linspace(1, 0.45, strands.points.shape[1]))[pick]
    return Strands(strands.points[:, pick], wide, strands.colour, strands.mass[:, pick], strands.roots)
