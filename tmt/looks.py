"""What tells one face from another, or from itself behind a hand: its colours at the landmarks, its proportions."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.geometry import untransform
from tmt.pose import fit_poses, template
from tmt.topology import Topology
from tmt.types import Array

SIDE = 48  # px the face's width is reduced to: finer detail moves with every expression
EVERY = 3  # landmarks
KEPT = 16  # views of the person followed, to compare with
NEW_VIEW = 0.93  # a view that resembles none of those kept so much is kept, too
# Where the same face scores below and another one above, of colours (1 - correlation) and proportions (head units).
# On nine clips of nine people the same face stays under 1.3 but for the widest turns, no other one under 1.5.
COLOUR, PROPORTION, SAME = 0.25, 0.03, 1.5


@dataclass(frozen=True)
class Look:
    """A face as it looked once: colour [N, 3] at some landmarks, less their mean; shape [S, 2] head units."""

    colour: Array
    shape: Array


def look_of(frame: Array, landmarks: Array, topology: Topology) -> Look | None:
    """The look of a face in a picture [H, W, 3] uint8; None when too little of it is inside."""
    points = landmarks[: topology.surface, :2]
    low = np.maximum(np.floor(points.min(0)).astype(int) - 2, 0)
    high = np.ceil(points.max(0)).astype(int) + 2
    part = frame[low[1] : max(high[1], 0), low[0] : max(high[0], 0)]
    if min(part.shape[:2]) < 8:
        return None
    scale = SIDE / float(high[0] - low[0])
    size = max(4, round(part.shape[1] * scale)), max(4, round(part.shape[0] * scale))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    at = ((points[::EVERY] - low) * (size[0] / part.shape[1], size[1] / part.shape[0]) - 0.5).astype(np.float32)
    colour = cv2.remap(small, at[:, :1], at[:, 1:], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
    stable, average = list(topology.stable), template(topology.name)
    straight = untransform(fit_poses(landmarks[None], average, topology), landmarks[None].astype(np.float64))[0]
    return Look(colour - colour.mean(0), (straight[stable, :2] - average[stable, :2]).astype(np.float32))


def resemblance(a: Look, b: Look) -> float:
    """Correlation of two looks' colours, -1..1."""
    length = float(np.linalg.norm(a.colour) * np.linalg.norm(b.colour))
    return float((a.colour * b.colour).sum()) / length if length > 1e-6 else 1.0  # a plain one tells nothing


class Acquaintance:
    """The looks of the person who is followed through a clip."""

    def __init__(self) -> None:
        self._views: list[Look] = []

    def __len__(self) -> int:
        return len(self._views)

    def meet(self, look: Look) -> None:
        """Remember a look of this person when it is a new one."""
        if len(self._views) < KEPT and all(resemblance(look, view) < NEW_VIEW for view in self._views):
            self._views.append(look)

    def strangeness(self, look: Look) -> float:
        """0: this very face; above SAME: another person's."""
        return min((_strangeness(look, view) for view in self._views), default=0.0)


def _strangeness(a: Look, b: Look) -> float:
    apart = float(np.linalg.norm(a.shape - b.shape, axis=-1).mean())
    return (1 - resemblance(a, b)) / COLOUR + apart / PROPORTION
