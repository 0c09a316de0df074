"""What each person performs: eased motion of head, gaze and face, with the small restlessness of somebody alive."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from people.looks import PERFORMERS, SUBJECTS, Person
from people.speech import mouth
from synthetic_head import Act, smooth

FPS = 25
LINES = Path(__file__).with_name("lines.json")  # when each phoneme of the spoken lines begins, as espeak-ng said it
Weights = dict[str, float]
Key = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A spoken line: text, espeak-ng's voice, pitch 0..99 and pace in words a minute, second at which it begins."""

    text: str
    voice: str
    pitch: int
    pace: int
    start: float = 0.15


@dataclass(frozen=True)
class Clip:
    """A clip: who, how many frames, what they do at t seconds, what they say."""

    person: Person
    frames: int
    act: Callable[[float], Act]
    line: Line | None = None


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
            turn[axis] += size * rng.uniform(0.5, 1) * math.sin(2 * math.pi * pace * t + rng.uniform(0, 6.3)) / (1 + pace)
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
    return brows | sides(0.7 * weight, "eye-{}-opened-up") | {"mouth-open": jaw * weight, "mouth-protusion": 0.15 * weight}


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


def play(seed: int, t: float, turn: tuple[float, float, float], gaze: tuple[float, float], shut: float, *parts: Weights) -> Act:
    """A frame: turn (pitch, yaw, roll), gaze (pitch, yaw) against the head, lids, expression; restlessness is added."""
    sway, dart = restless(seed, t)
    lids = sides(min(1.0, shut), "eye-{}-closure")
    units = together(*parts)
    if shut > 0.05:  # lids that shut do not also narrow or widen
        units = {name: weight * (1 - shut) if "slit" in name or "opened" in name else weight for name, weight in units.items()}
    shift = (0.02 * math.sin(1.9 * t + seed), 0.012 * math.sin(2.6 * t + seed), 0.0)
    angles = (turn[0] + sway[0], turn[1] + sway[1], turn[2] + sway[2])
    return Act(angles, (gaze[0] + dart[0], gaze[1] + dart[1], 0.0), shift, together(units, lids))


def spoken(name: str, t: float, start: float) -> Weights:
    """The mouth of a line of LINES at t seconds of a clip in which it begins at `start`."""
    return mouth([(at, phoneme) for at, phoneme in json.loads(LINES.read_text(encoding="utf-8"))[name]], t - start)


def _subject_1(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.3, 0), (1.0, -32), (1.25, -32), (2.1, 30), (2.35, 30), (2.95, 0))
    pitch = eased(t, (0, 0), (0.7, 3), (1.6, -9), (2.4, 8), (2.9, 0))
    talk = {"mouth-open": 0.55 * hold(t, 0.05, 0.6) + 0.35 * hold(t, 1.35, 1.85), "mouth-part-later": 0.35 * hold(t, 1.9, 2.3)}
    return play(11, t, (pitch, yaw, 0.08 * yaw), (0, -0.25 * yaw), blink(t, 1.1, 2.6), talk, smile(hold(t, 2.2, 3.4), 0.7))


def _subject_2(t: float) -> Act:
    yaw = eased(t, (0, 4), (0.8, 28), (1.1, 28), (2.0, -34), (2.3, -34), (2.9, 0))
    pitch = eased(t, (0, 2), (0.6, -14), (1.5, 10), (2.4, -4), (2.9, 2))
    talk = {"mouth-open": 0.5 * hold(t, 0.45, 0.95) + 0.3 * hold(t, 2.3, 2.8), "mouth-protusion": 0.5 * hold(t, 1.2, 1.7)}
    return play(22, t, (pitch, yaw, -0.06 * yaw), (0, -0.2 * yaw), blink(t, 0.25, 1.95), talk, brows(0.8 * hold(t, 1.5, 2.2)),
                smile(0.8 * hold(t, 2.5, 3.4), 0.9))  # fmt: skip


def _subject_3(t: float) -> Act:  # lips stay shut all the time
    yaw = eased(t, (0, 0), (0.7, -25), (1.0, -25), (1.9, 36), (2.2, 36), (2.9, 3))
    pitch = eased(t, (0, 0), (0.5, 6), (1.3, -8), (2.2, 4), (2.9, 0))
    lips = {"mouth-compression": 0.3 * hold(t, 0.8, 1.4)}
    return play(33, t, (pitch, yaw, 0.05 * yaw), (0, -0.25 * yaw), blink(t, 0.85, 2.45), lips, smile(0.6 * hold(t, 1.9, 3.4)),
                brows(0.7 * hold(t, 0.3, 0.9)))  # fmt: skip


def _subject_4(t: float) -> Act:
    yaw = eased(t, (0, -3), (0.6, 20), (1.5, -30), (1.8, -30), (2.6, 24), (2.99, 8))
    pitch = eased(t, (0, 0), (0.8, 12), (1.6, -10), (2.5, 3), (2.99, 0))
    talk = {"mouth-open": 0.6 * hold(t, 0.2, 0.75), "mouth-parling": 0.6 * hold(t, 1.3, 1.8), "mouth-pursing": 0.6 * hold(t, 1.8, 2.2)}
    return play(44, t, (pitch, yaw, 0.1 * yaw), (0, -0.2 * yaw), blink(t, 1.0, 2.2), talk, smile(0.7 * hold(t, 2.2, 3.4), 0.6),
                brows(0.0, 0.5 * hold(t, 1.1, 1.7)))  # fmt: skip


def _performer_1(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.5, 7), (1.2, -9), (2.0, 8), (2.7, -3), (3.1, 0))
    pitch = eased(t, (0, 0), (0.3, -4), (0.7, 4), (1.4, -3), (2.1, 4), (2.9, 0))
    return play(55, t, (pitch, yaw, 0.3 * yaw), (0, -0.3 * yaw), blink(t, 0.85, 2.35), spoken("performer_1", t, 0.15),
                brows(0.8 * hold(t, 0.9, 1.5) + 0.5 * hold(t, 2.0, 2.5)), smile(0.35 * hold(t, 2.5, 3.6)))  # fmt: skip


def _performer_2(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.6, -8), (1.3, 5), (2.1, -4), (2.9, 0))
    pitch = eased(t, (0, 0), (0.5, 3), (1.0, -2), (1.8, 4), (2.35, 9), (2.95, 0))
    return play(66, t, (pitch, yaw, -0.25 * yaw), (0, -0.2 * yaw), blink(t, 0.5, 1.75, 2.5), spoken("performer_2", t, 0.15),
                brows(0.6 * hold(t, 1.0, 1.6)), smile(0.5 * hold(t, 2.2, 3.6)))  # fmt: skip


def _performer_3(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.6, 6), (1.1, 6), (1.6, -10), (2.3, -10), (2.9, 2))
    pitch = eased(t, (0, 2), (0.7, -7), (1.2, -7), (1.8, 5), (2.9, 0))
    look = eased(t, (0, 0), (0.12, 0), (0.25, 14), (0.5, 14), (0.62, 0), (1.7, 0), (1.82, -13), (2.15, -13), (2.3, 0))
    return play(77, t, (pitch, yaw, 0.2 * yaw), (0, look), blink(t, 0.55, 1.6), surprise(hold(t, 0.65, 1.55), 0.45),
                smile(hold(t, 1.75, 3.6), 0.9), brows(0.0, 0.5 * hold(t, 0.05, 0.55)))  # fmt: skip


def _performer_4(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.2, 0), (0.95, 40), (1.15, 40), (2.15, -40), (2.35, -40), (2.98, 0))
    pitch = eased(t, (0, 0), (0.55, -20), (1.1, 0), (1.6, 20), (2.2, 0), (2.98, 0))
    talk = {"mouth-open": 0.4 * hold(t, 0.3, 0.8) + 0.3 * hold(t, 1.4, 1.85), "mouth-pursing": 0.5 * hold(t, 2.0, 2.5)}
    return play(88, t, (pitch, yaw, 0), (0, -0.3 * yaw), blink(t, 1.05, 2.25), talk, smile(0.6 * hold(t, 2.4, 3.6)))


LINES_SPOKEN = {
    "performer_1": Line("Hello. Isn't this a wonderful morning for a walk?", "en-us", 42, 165),
    "performer_2": Line("きょうは とても よい おてんき ですね。", "ja", 62, 138),
}
ACTS: dict[str, tuple[int, Callable[[float], Act]]] = {
    "subject_1": (75, _subject_1), "subject_2": (75, _subject_2), "subject_3": (75, _subject_3), "subject_4": (75, _subject_4),
    "performer_1": (80, _performer_1), "performer_2": (75, _performer_2), "performer_3": (75, _performer_3),
    "performer_4": (75, _performer_4),
}  # fmt: skip
CLIPS = {name: Clip(person, *ACTS[name], LINES_SPOKEN.get(name)) for name, person in (SUBJECTS | PERFORMERS).items()}
