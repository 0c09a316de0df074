"""How the shoulders move: the picture below the chin, laid from one reference frame over every other (Lucas and Kanade
1981, inverse compositional as Baker and Matthews 2004, robust).

All edges count together: along an outline or a collar no single place knows how far it went. Points followed one by one
lay 1.5 dB further off (12 clips, the reference frame's torso laid over the others').
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.drift import after, back, shifted, standing
from tmt.topology import Topology
from tmt.types import Array

WORK_WIDTH = 320  # px of the picture that is looked at: a tenth of a pixel there is enough for shoulders
LEVELS = 3  # each half as wide as the one before
BLOCK, PIXELS = 16, 30  # of every block of so many px no more than so many with the strongest edges
LEAST = 60  # of all of them, below which there is no torso
BESIDE = 2  # px around the person, so that the outline is seen against what is behind
NECK = (0.06, 0.25, 0.35)  # below the chin, face heights, no torso; nor down to the second within face widths
SOFT = 0.8  # px by which pictures are blurred
ROUNDS, ENOUGH = 12, 0.02  # steps at a level; px below which they end
NOISE = 4.0  # grey levels that an edge may always be wrong by
ALIKE, SAME = 0.5, 0.7  # correlation with a known frame, of another clip, below which it is not the same torso
WELL = 0.8  # below which another frame may know more
INSIDE = 0.4  # of the torso's edges, that must be in the picture
USUAL = 0.02  # growth and turn, beside a px of shift: edges too near each other to tell are believed to do no more
MOST = 0.3  # beyond which they are not shoulders


@dataclass(frozen=True)
class _Edges:
    """A frame's pixels of one level: points [N], complex, px around their `middle`; their light [N], and how it goes
    with a drift of the points [N, 4]."""

    points: Array
    middle: complex
    light: Array
    slope: Array


@dataclass(frozen=True)
class _Known:
    """A frame whose torso's drift [4] is known, in px of the reduced picture: its `shoulders` as in a FaceTrack, and
    their edges by level."""

    drift: Array
    shoulders: Array
    levels: list[_Edges | None]


class TorsoTracker:
    """Drift of the torso (see `drift.py`) in picture px since the frame it was started on; holds its last value when it
    is lost. Where the body has turned away from how that frame shows it, a later one takes its place."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._known: list[_Known] = []  # the first frame, and one that came later
        self._recent: tuple[Array, Array] | None = None  # picture and drift of the last frame in which all was well
        self._last = standing(1)[0].astype(np.float64)  # in px of the reduced picture
        self._scale, self._chin = 1.0, np.zeros(2)  # where it was when the torso was last seen

    @property
    def shoulders(self) -> Array | None:
        """Of the first frame, see FaceTrack; None before it."""
        return self._known[0].shoulders if self._known else None

    def start(self, frame: Array, landmarks: Array, matte: Array) -> None:
        """Choose the torso's edges in `frame`, where `matte` [H, W] says person, below the chin and beside the neck."""
        picture = _reduced(frame)
        self._scale = picture.shape[1] / frame.shape[1]
        face = landmarks[:, :2].astype(np.float64) * self._scale
        self._chin = face[self.topology.chin]
        body = _below_chin(picture.shape, face, matte, self.topology)
        self._known = [_known(standing(1)[0], picture, body)]

    def follow(self, frame: Array, face: Array | None = None) -> Array:
        """Torso drift [4] float32 in this frame. A torso is looked for where it was last, and where it would be had it
        gone with the `face` [L, 3] px since."""
        chin = self._chin if face is None else face[self.topology.chin, :2] * self._scale
        if any(known.levels[0] for known in self._known):
            picture = _reduced(frame)
            guesses = [self._last, shifted(self._last, chin - self._chin)][: 1 + bool(np.any(chin != self._chin))]
            drift, alike = self._found(_pyramid(picture), guesses)
            if alike > ALIKE:
                self._last, self._chin = drift, chin
                self._recent = (picture, drift) if alike > WELL else self._recent
        return _resized(self._last, 1 / self._scale).astype(np.float32)

    def _found(self, pyramid: list[Array], guesses: list[Array]) -> tuple[Array, float]:
        """The drift in a picture by what is known, and how alike the torsos are."""
        found = [_since(known, pyramid, guesses) for known in self._known]
        best = max(found, key=lambda one: one[1])
        if best[1] > WELL or self._recent is None:
            return best
        first, (picture, drift) = self._known[0], self._recent
        later = _known(drift, picture, _carried(first.shoulders[..., 1], drift))
        again = _since(later, pyramid, guesses)
        if again[1] <= best[1]:
            return best
        self._known, self._recent = [first, later], None
        return again


def between(one: Array, other: Array, guess: Array) -> Array | None:
    """The drift [4] from one clip's `shoulders` to another's, in px of these small pictures, from a guess; None where
    they are not the same clothes."""
    known = _known(standing(1)[0], one[..., 0], one[..., 1])
    drift, alike = _since(known, _pyramid(other[..., 0]), [guess])
    return drift if alike > SAME else None


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


def _known(drift: Array, picture: Array, body: Array) -> _Known:
    """What a picture [h, w] uint8 tells whose torso is the `body` [h, w]."""
    levels = [
        _edges(level, cv2.resize(body.astype(np.float32), level.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5)
        for level in _pyramid(picture)
    ]
    return _Known(drift, np.dstack([picture, body.astype(np.uint8)]), levels)


def _carried(body: Array, drift: Array) -> Array:
    """A body [h, w] uint8 that has drifted."""
    x, y, grown, turned = drift
    matrix = np.array([[1 + grown, -turned, x], [turned, 1 + grown, y]])
    return np.asarray(cv2.warpAffine(body, matrix, body.shape[::-1], flags=cv2.INTER_NEAREST))


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
    points = columns + 0.5 + 1j * (rows + 0.5)
    middle = complex(points.mean())
    points -= middle
    x, y, gx, gy = points.real, points.imag, across[rows, columns], down[rows, columns]
    slope = np.stack([gx, gy, gx * x + gy * y, gy * x - gx * y], 1).astype(np.float64)
    return _Edges(points, middle, picture[rows, columns].astype(np.float64), slope)


def _since(known: _Known, pyramid: list[Array], guesses: list[Array]) -> tuple[Array, float]:
    """The drift [4] at which a known frame's edges lie best on another, seen at all levels, from the better of some
    guesses; and how alike the two torsos are, correlation."""
    moves, alike = [after(guess, back(known.drift)) for guess in guesses], 0.0
    for level, (edges, picture) in reversed(list(enumerate(zip(known.levels, pyramid, strict=True)))):
        if edges is not None:
            best, alike = moves[0], -1.0
            for move in moves:
                found, likeness = _refined(edges, picture, _resized(move, 0.5**level))
                best, alike = max((best, alike), (found, likeness), key=lambda one: one[1])
                if alike > WELL:
                    break
            moves = [_resized(best, 2.0**level)]
    drift = after(moves[0], known.drift)
    return drift, alike if np.linalg.norm(drift[2:]) < MOST else 0.0


def _refined(edges: _Edges, picture: Array, guess: Array) -> tuple[Array, float]:
    """The same at one level, in its px, from one guess."""
    factor, shift = complex(1 + guess[2], guess[3]), complex(guess[0], guess[1])
    shift += (factor - 1) * edges.middle  # of points around the middle
    few = edges.points[:: max(1, len(edges.points) // 16)]
    ridge = np.array([0, 0, 1, 1]) * (edges.slope[:, :2] ** 2).mean() / USUAL**2
    for _ in range(ROUNDS):
        there = factor * edges.points + (shift + edges.middle)
        inside = (there.real > 0) & (there.real < picture.shape[1]) & (there.imag > 0) & (there.imag < picture.shape[0])
        if inside.mean() < INSIDE:
            return guess, 0.0
        wrong = _light_at(picture, there) - edges.light
        wrong -= np.median(wrong[inside])
        usual = 1.5 * float(np.median(np.abs(wrong[inside])))
        believed = inside / (1 + (wrong / max(NOISE, usual)) ** 2)
        weighed = edges.slope * believed[:, None]
        pull = ridge * [0, 0, factor.real - 1, factor.imag]
        x, y, grown, turned = np.linalg.solve(weighed.T @ edges.slope + np.diag(ridge), weighed.T @ wrong + pull)
        step, change = complex(x, y), complex(grown, turned)
        factor, shift = factor / (1 + change), shift - factor * step / (1 + change)
        if np.abs(change * few + step).max() < ENOUGH:
            break
    shift -= (factor - 1) * edges.middle
    drift = np.array([shift.real, shift.imag, factor.real - 1, factor.imag])
    return drift, _alike(edges.light + wrong, edges.light, believed)


def _alike(one: Array, other: Array, weight: Array) -> float:
    """Correlation of two [N], each weighed; 0 where there is nothing to compare."""
    (one_all, both), (_, other_all) = np.cov(one, other, aweights=weight)
    return float(both / np.sqrt(one_all * other_all)) if min(one_all, other_all) > 1e-9 else 0.0


def _light_at(picture: Array, points: Array) -> Array:
    """A picture [h, w] at points [N], complex."""
    where = np.stack([points.real, points.imag], 1).astype(np.float32)[:, None] - np.float32(0.5)
    return cv2.remap(picture, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0].astype(np.float64)
