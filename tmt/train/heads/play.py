"""A random performance: speech, glances, blinks, moods and turns of the head, smooth in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tmt.train.heads import act
from tmt.train.heads.act import SHAPES, Key, Weights
from tmt.train.heads.asset import Act, Array

MOUTHS = tuple(SHAPES)


@dataclass(frozen=True)
class Play:
    """acts [T]; sway [T, 3] dm of the whole person; drift [T, 2] of the camera, shares of the picture."""

    acts: tuple[Act, ...]
    sway: Array
    drift: Array


def random_play(seed: int, times: Array, calm: Mapping[str, float]) -> Play:
    """What somebody does at times [T], seconds from 0 on; calm: units at rest."""
    rng = np.random.default_rng([seed, 6])
    until = float(times[-1]) + 2.0
    wide = rng.random()
    yaws = 40 if wide < 0.25 else 18 if wide < 0.6 else 7
    pitches = 20 if wide < 0.2 else 8
    rest = rng.normal(0, [3, 4, 2.5])
    turns = [
        _keys(rng, until, rest[0], pitches / 2, pitches), _keys(rng, until, rest[1], yaws / 1.6, yaws),
        _keys(rng, until, rest[2], 3.5, 12),
    ]  # fmt: skip
    parts = [_speech(rng, until), *(_mood(rng, until) for _ in range(3))]
    blinks = np.cumsum(rng.uniform(0.8, 3.5, int(until / 0.8) + 2)) - 0.7
    looks = [_keys(rng, until, 0, 4, 12, quick=True), _keys(rng, until, 0, 7, 22, quick=True)]
    follow = rng.uniform(-0.35, 0.0)
    acts = []
    for t in times:
        turn = tuple(act.eased(t, *keys) for keys in turns)
        gaze = (act.eased(t, *looks[0]) - 0.2 * turn[0], act.eased(t, *looks[1]) + follow * turn[1])
        shut = act.blink(t, *blinks)
        resting = {unit: weight * (1 - shut) if "closure" in unit else weight for unit, weight in calm.items()}
        weights = [resting] + [{name: act.eased(t, *keys) for name, keys in part.items()} for part in parts]
        acts.append(_possible(act.play(seed, t, (turn[0], turn[1], turn[2]), gaze, shut, *weights)))
    sway = np.stack([_wander(rng, times, 0.035), _wander(rng, times, 0.015), _wander(rng, times, 0.05)], 1)
    hand = float(rng.choice([0, 0, 0.003, 0.008]))
    return Play(tuple(acts), sway, np.stack([_wander(rng, times, hand), _wander(rng, times, hand)], 1))


def _possible(one: Act) -> Act:
    """Lips are pursed or pushed forward only so far: more turns the asset's cheeks inside out."""
    much = one.units.get("mouth-pursing", 0.0) + one.units.get("mouth-protusion", 0.0)
    if much <= 0.75:
        return one
    less = {name: one.units[name] * 0.75 / much for name in ("mouth-pursing", "mouth-protusion") if name in one.units}
    return Act(one.turn, one.gaze, one.shift, {**one.units, **less})


def _keys(
    rng: np.random.Generator, until: float, rest: float, spread: float, most: float, quick: bool = False
) -> list[Key]:
    """(time, value) keys around a resting value; `quick`: jumps between fixations."""
    t, keys = -rng.uniform(0, 1), [(-2.0, float(rest))]
    while t < until:
        value = float(np.clip(rest + rng.normal(0, spread), -most, most))
        if quick:
            t += rng.uniform(0.2, 1.2)
            keys += [(t, keys[-1][1]), (t + 0.05, value)]
            t += 0.05
        else:
            t += rng.uniform(0.4, 1.3) * (1 + abs(value - keys[-1][1]) / 40)
            keys.append((t, value))
            if rng.random() < 0.4:
                t += rng.uniform(0.1, 0.8)
                keys.append((t, value))
    return keys


def _speech(rng: np.random.Generator, until: float) -> dict[str, list[Key]]:
    """Mouths that follow each other as in speech, with pauses -> keys of every unit."""
    units = sorted({unit for shape in SHAPES.values() for unit in shape})
    keys: dict[str, list[Key]] = {unit: [(-2.0, 0.0)] for unit in units}
    talks, force = rng.random() < 0.75, rng.uniform(0.7, 1.35)
    t, speaking = -rng.uniform(0, 1), rng.random() < 0.7
    while t < until:
        if talks and speaking:
            shape = SHAPES[MOUTHS[int(rng.integers(len(MOUTHS)))]]
            t += rng.uniform(0.07, 0.17)
            for unit in units:
                keys[unit].append((t, shape.get(unit, 0.0) * force * rng.uniform(0.7, 1.15)))
            speaking = rng.random() < 0.94
        else:
            for unit in units:
                keys[unit] += [(t + 0.12, 0.0), (t + 0.5, 0.0)]
            t += 0.5 + rng.exponential(0.5 if talks else 2.0)
            for unit in units:
                keys[unit].append((t, 0.0))
            speaking = True
    return keys


def _moods(rng: np.random.Generator) -> Weights:
    name = rng.choice(["smile", "laugh", "surprise", "brows", "frown", "sneer", "doubt", "pout", "squint", "sad"])
    side, most = str(rng.choice(["left", "right"])), rng.uniform(0.4, 1.0)
    made: dict[str, Weights] = {
        "smile": act.smile(1.0, 0.3 * rng.random()), "laugh": act.smile(1.0, 1.0) | {"mouth-open": 0.25},
        "surprise": act.surprise(1.0, rng.uniform(0.1, 0.9)), "brows": act.brows(1.0), "frown": act.brows(0.0, 1.0),
        "sneer": {f"nose-{side}-elevation": 0.9, "nose-compression": 0.5, "mouth-upward-retraction": 0.35},
        "doubt": {f"eyebrows-{side}-up": 1.0, f"eyebrows-{side}-extern-up": 0.7, "mouth-depression": 0.4},
        "pout": {"mouth-pursing": 0.5, "mouth-protusion": 0.35},
        "squint": act.sides(0.8, "eye-{}-slit") | act.brows(0.0, 0.5) | {"nose-compression": 0.5},
        "sad": act.sides(0.9, "eyebrows-{}-inner-up") | {"mouth-depression": 0.7, "mouth-compression": 0.3},
    }
    return {unit: float(most * weight) for unit, weight in made[str(name)].items()}


def _mood(rng: np.random.Generator, until: float) -> dict[str, list[Key]]:
    """Something felt for a while -> keys of its units."""
    start, stay = rng.uniform(-1.5, until), rng.uniform(0.4, 2.0)
    rise, fall = rng.uniform(0.2, 0.5), rng.uniform(0.3, 0.8)
    times = (start, start + rise, start + rise + stay, start + rise + stay + fall)
    felt = _moods(rng)
    return {unit: [(-3.0, 0.0), *zip(times, (0.0, w, w, 0.0), strict=True)] for unit, w in felt.items()}


def _wander(rng: np.random.Generator, times: Array, size: float) -> Array:
    """[T] slow random motion."""
    out = np.zeros(len(times))
    for pace in (0.15, 0.4, 0.9):
        out += size * rng.uniform(0.4, 1) * np.sin(2 * np.pi * pace * times + rng.uniform(0, 6.3)) / (1 + pace)
    return out
