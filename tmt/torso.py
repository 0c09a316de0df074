"""How the shoulders move: the picture below the chin, laid from one reference frame over every other (Lucas and Kanade
1981, inverse compositional as Baker and Matthews 2004, robust).

All edges count together: along an outline or a collar no single place knows how far it went. Points followed one by one
lay 1.5 dB further off (12 clips, the reference frame's torso laid over the others').
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.drift import after, back, drifted, standing
from tmt.topology import Topology
from tmt.types import Array

WORK_WIDTH = 320  # px of the picture that is looked at: a tenth of a pixel there is enough for shoulders
LEVELS = 3  # each half as wide as the one before
BLOCK, PIXELS = 16, 30  # of every block of so many px no more than so many with the strongest edges
LEAST = 60  # of all of them, below which there is no torso
BESIDE = 2  # px around the person, so that the outline is seen against what is behind
NECK = (0.06, 0.25, 0.35)  # below the chin, face heights, no torso; nor down to the second within face widths
SOFT = 0.8  # px by which pictures are blurred
ROUNDS, ENOUGH = 12, 0.01  # steps at a level; px below which they end
NOISE = 4.0  # grey levels that an edge may always be wrong by
ALIKE, SAME = 0.5, 0.7  # correlation with the reference frame, another clip's, below which it is another torso
USUAL = 0.02  # growth and turn, beside a px of shift: edges too near each other to tell are believed to do no more
MOST = 0.3  # beyond which they are not shoulders


@dataclass(frozen=True)
class _Edges:
    """The reference frame's pixels of one level: points [N, 2] px around their `middle` [2]; their light [N], and how
    it goes with a drift of the points [N, 4]."""

    points: Array
    middle: Array
    light: Array
    slope: Array


class TorsoTracker:
    """Drift of the torso (see `drift.py`) in picture px since the frame it was started on; holds its last value when it
    is lost."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.shoulders: Array | None = None  # see FaceTrack
        self._levels: list[_Edges | None] = []
        self._scale = 1.0
        self._last = standing(1)[0].astype(np.float64)

    def start(self, frame: Array, landmarks: Array, matte: Array) -> None:
        """Choose the torso's edges in `frame`, where `matte` [H, W] says person, below the chin and beside the neck."""
        picture = _reduced(frame)
        self._scale = picture.shape[1] / frame.shape[1]
        body = _below_chin(picture.shape, landmarks[:, :2] * self._scale, matte, self.topology)
        self.shoulders = np.dstack([picture, body.astype(np.uint8)])
        self._levels = _edges_of(self.shoulders)

    def follow(self, frame: Array) -> Array:
        """Torso drift [4] float32 in this frame."""
        if self.shoulders is not None:
            found = _laid(self._levels, _reduced(frame), _resized(self._last, self._scale))
            if found is not None:
                self._last = _resized(found, 1 / self._scale)
        return self._last.astype(np.float32)


def between(one: Array, other: Array, guess: Array) -> Array | None:
    """The drift [4] from one clip's `shoulders` to another's, in px of these small pictures, from a guess; None where
    they are not the same clothes."""
    return _laid(_edges_of(one), other[..., 0], guess, SAME)


def _resized(drift: Array, scale: float) -> Array:
    """A drift [*, 4] of a picture as it is in one `scale` times as large."""
    return drift * np.array([scale, scale, 1, 1])


def _reduced(frame: Array) -> Array:
    """[H, W, 3] uint8 -> grey [h, w] uint8."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, WORK_WIDTH / frame.shape[1])
    size = round(frame.shape[1] * scale), round(frame.shape[0] * scale)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def _below_chin(shape: tuple[int, ...], face: Array, matte: Array, topology: Topology) -> Array:
    """[h, w] bool: the torso and a little around it, of a `face` [L, 2] in px of the reduced picture."""
    chin, top = face[topology.chin], face[topology.forehead]
    height, width = np.linalg.norm(chin - top), np.linalg.norm(np.subtract(*face[list(topology.cheeks)]))
    person = (cv2.resize(matte, shape[::-1], interpolation=cv2.INTER_AREA) > 0.5).astype(np.uint8)
    body = cv2.dilate(person, np.ones((2 * BESIDE + 1, 2 * BESIDE + 1))) > 0
    below, low = (max(0, round(chin[1] + share * height)) for share in NECK[:2])
    left, right = (max(0, round(chin[0] + side * NECK[2] * width)) for side in (-1, 1))
    body[:below] = False
    body[:low, left:right] = False
    return np.asarray(body)


def _pyramid(picture: Array) -> list[Array]:
    levels = [picture.astype(np.float32)]
    for _ in range(LEVELS - 1):
        levels.append(cv2.pyrDown(levels[-1]))
    return [cv2.GaussianBlur(level, (0, 0), SOFT) for level in levels]


def _edges_of(shoulders: Array) -> list[_Edges | None]:
    body = shoulders[..., 1].astype(np.float32)
    return [
        _edges(picture, cv2.resize(body, picture.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5)
        for picture in _pyramid(shoulders[..., 0])
    ]


def _edges(picture: Array, body: Array) -> _Edges | None:
    """The strongest edges of a picture [h, w] on the body [h, w]; None where there is next to nothing."""
    across, down = (cv2.Sobel(picture, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    strength = np.where(body, across**2 + down**2, 0)
    strength[[0, 1, -2, -1]] = strength[:, [0, 1, -2, -1]] = 0
    rows, columns = np.nonzero(strength > 1)
    order = np.lexsort((-strength[rows, columns], columns // BLOCK, rows // BLOCK))
    rows, columns = rows[order], columns[order]
    block = rows // BLOCK * picture.shape[1] + columns // BLOCK
    within = np.arange(len(block)) - np.searchsorted(block, block) < PIXELS
    rows, columns = rows[within], columns[within]
    if len(rows) < LEAST:
        return None
    points = np.stack([columns, rows], 1) + 0.5
    middle = points.mean(0)
    (x, y), gx, gy = (points - middle).T, across[rows, columns], down[rows, columns]
    slope = np.stack([gx, gy, gx * x + gy * y, gy * x - gx * y], 1).astype(np.float64)
    return _Edges(points - middle, middle, picture[rows, columns].astype(np.float64), slope)


def _laid(levels: list[_Edges | None], picture: Array, guess: Array, least: float = ALIKE) -> Array | None:
    """The drift [4] at which a reference frame's edges lie best on a picture [h, w] uint8; None: they do nowhere."""
    drift, alike = guess, 0.0
    for level, (edges, smooth) in reversed(list(enumerate(zip(levels, _pyramid(picture), strict=True)))):
        if edges is not None:
            drift, alike = _refined(edges, smooth, _resized(drift, 0.5**level))
            drift = _resized(drift, 2.0**level)
    return drift if alike > least and np.linalg.norm(drift[2:]) < MOST else None


def _refined(edges: _Edges, picture: Array, drift: Array) -> tuple[Array, float]:
    """The same at one level, in its px; and how alike edges and picture are there, correlation."""
    to_middle, from_middle = (np.array([*(sign * edges.middle), 0.0, 0.0]) for sign in (-1, 1))
    drift = after(to_middle, after(drift, from_middle))  # of points around the middle
    few = edges.points[:: max(1, len(edges.points) // 16)]
    ridge = np.diag([0, 0, 1, 1]) * (edges.slope[:, :2] ** 2).mean() / USUAL**2
    for _ in range(ROUNDS):
        wrong = _light_at(picture, drifted(drift, edges.points) + edges.middle) - edges.light
        wrong -= np.median(wrong)
        believed = 1 / (1 + (wrong / max(NOISE, 1.5 * float(np.median(np.abs(wrong))))) ** 2)
        weighed = edges.slope * believed[:, None]
        step = np.linalg.solve(weighed.T @ edges.slope + ridge, weighed.T @ wrong + ridge @ drift)
        drift = after(drift, back(step))
        if np.abs(drifted(step, few) - few).max() < ENOUGH:
            break
    return after(from_middle, after(drift, to_middle)), _alike(edges.light + wrong, edges.light, believed)


def _alike(one: Array, other: Array, weight: Array) -> float:
    """Correlation of two [N], each weighed; 0 where there is nothing to compare."""
    (one_all, both), (_, other_all) = np.cov(one, other, aweights=weight)
    return float(both / np.sqrt(one_all * other_all)) if min(one_all, other_all) > 1e-9 else 0.0


def _light_at(picture: Array, points: Array) -> Array:
    """A picture [h, w] at points [N, 2]."""
    where = (points - 0.5).astype(np.float32)[:, None]
    return cv2.remap(picture, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0].astype(np.float64)
