"""The parts of a performance: eased motion of head, gaze and face, with the small restlessness of somebody alive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from tmt.train.heads.asset import Act, smooth

Weights = dict[str, float]
Key = tuple[float, float]

REST: dict[str, float] = {}
SHAPES: dict[str, dict[str, float]] = {
    "a": {"mouth-open": 0.42, "mouth-part-later": 0.2},
    "e": {"mouth-part-later": 0.3, "mouth-parling": 0.5, "mouth-retraction": 0.25},
    "i": {"mouth-depression-retraction": 0.3, "mouth-retraction": 0.5, "mouth-parling": 0.3},
    "o": {"mouth-protusion": 0.5, "mouth-open": 0.22},
    "u": {"mouth-pursing": 0.6, "mouth-protusion": 0.3},
    "m": {"mouth-compression": 0.3},
    "f": {"mouth-compression": 0.2, "mouth-parling": 0.35, "mouth-retraction": 0.15},
    "s": {"mouth-parling": 0.45, "mouth-depression-retraction": 0.22},
    "S": {"mouth-protusion": 0.45, "mouth-parling": 0.2},
    "t": {"mouth-parling": 0.55, "mouth-open": 0.06},
    "k": {"mouth-parling": 0.6, "mouth-open": 0.1},
}  # mouth shapes as weights of the asset's expression units


def eased(t: float, *keys: Key) -> float:
    """Value at t between (time, value) keys, at rest at every key."""
    for (t0, v0), (t1, v1) in pairwise(keys):
        if t < t1:
            return v0 + (v1 - v0) * float(smooth(t0, t1, np.asarray(t)))
    return keys[-1][1]


def hold(t: float, start: float, end: float, ramp: float = 0.22) -> float:
    """Rises at `start`, stays, is gone at `end`."""
    return float(smooth(start, start + ramp, np.asarray(t)) * smooth(end, end - ramp, np.asarray(t)))


def blink(t: float, *moments: float) -> float:
    """Lids that shut in 0.09 s and open in 0.18 s."""
    shut = 0.0
    for moment in moments:
        ramp = 0.09 if t < moment else 0.18
        shut = max(shut, float(smooth(ramp, 0.02, np.asarray(abs(t - moment)))))
    return shut


def restless(seed: int, t: float) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """Small motion that nobody intends: turn of the head (pitch, yaw, roll) and darting gaze (pitch, yaw), degrees."""
    rng = np.random.default_rng(seed)
    turn = [0.0, 0.0, 0.0]
    for axis, size in enumerate((0.7, 0.9, 0.5)):
        for pace in (0.35, 0.8, 1.7):
            turn[axis] += (
                size * rng.uniform(0.5, 1) * math.sin(2 * math.pi * pace * t + rng.uniform(0, 6.3)) / (1 + pace)
            )
    gaze, darts = np.zeros(2), np.cumsum(rng.uniform(0.25, 0.9, 20))
    for moment in darts:
        gaze = gaze + float(smooth(moment, moment + 0.04, np.asarray(t))) * (rng.normal(0, 1.3, 2) - gaze)
    return (turn[0], turn[1], turn[2]), (float(gaze[0]), float(gaze[1]))


def sides(weight: float, *names: str) -> Weights:
    """Units of the left and the right side with one weight."""
    return {name.format(side): weight for name in names for side in ("left", "right")}


def smile(weight: float, teeth: float = 0.0) -> Weights:
    """A smile, with the lids drawn up; `teeth`: how far the lips part."""
    lids = sides(0.12 * weight, "eye-{}-slit")
    return {"mouth-corner-puller": 0.75 * weight, "mouth-upward-retraction": 0.55 * teeth * weight} | lids


def surprise(weight: float, jaw: float = 0.4) -> Weights:
    """Raised brows, wide eyes, a dropped jaw."""
    brows = sides(0.9 * weight, "eyebrows-{}-up", "eyebrows-{}-inner-up", "eyebrows-{}-extern-up")
    return (
        brows | sides(0.7 * weight, "eye-{}-opened-up") | {"mouth-open": jaw * weight, "mouth-protusion": 0.15 * weight}
    )


def brows(up: float, down: float = 0.0) -> Weights:
    """Brows raised, or knitted."""
    return sides(up, "eyebrows-{}-up", "eyebrows-{}-inner-up") | sides(down, "eyebrows-{}-down")


def together(*parts: Mapping[str, float]) -> Weights:
    """Weights added up; none above 1.1."""
    out: Weights = {}
    for part in parts:
        for name, weight in part.items():
            out[name] = min(1.1, out.get(name, 0.0) + weight)
    return out


def play(
    seed: int, t: float, turn: tuple[float, float, float], gaze: tuple[float, float], shut: float, *parts: Weights
) -> Act:
    """A frame: turn (pitch, yaw, roll), gaze (pitch, yaw) against the head, lids, expression; restlessness is added."""
    sway, dart = restless(seed, t)
    lids = sides(min(1.0, shut), "eye-{}-closure")
    units = together(*parts)
    if shut > 0.05:  # lids that shut do not also narrow or widen
        units = {
            name: weight * (1 - shut) if "slit" in name or "opened" in name else weight
            for name, weight in units.items()
        }
    shift = (0.02 * math.sin(1.9 * t + seed), 0.012 * math.sin(2.6 * t + seed), 0.0)
    angles = (turn[0] + sway[0], turn[1] + sway[1], turn[2] + sway[2])
    return Act(angles, (gaze[0] + dart[0], gaze[1] + dart[1], 0.0), shift, together(units, lids))
