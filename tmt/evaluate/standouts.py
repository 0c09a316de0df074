"""The frames of a result that deserve a look: where a face is lost, differs from what was asked for, or jumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tmt.evaluate.metrics import iod, traits
from tmt.evaluate.observe import Seen
from tmt.evaluate.protocols import CROSS_STEP
from tmt.geometry import euler_from_rotation
from tmt.topology import Topology
from tmt.types import Array

Reason = Literal["lost", "mouth", "eyes", "shut", "gaze", "brows", "turned", "jump"]

MOST_LOOKS = 6  # frames that are named
APART = 0.4  # s between two of them
# Differences from what was asked for that an eye notices: IOD, eye openings, IOD, eye widths. Each is about ten
# times the detector's noise.
MOUTH, EYES, BROWS, GAZE = 0.06, 0.15, 0.04, 0.12
# Of what is usual for a person: below the first an eye is nearly shut, from the second on it is open, and the two eyes
# are apart by at least the third.
SHUT, OPEN, GAP = 0.6, 0.7, 0.2
GRAVE: tuple[Reason, ...] = ("lost", "shut")
FAR = 25.0  # degrees of yaw from which the far side is partly guessed
JUMP = 0.035  # IOD of second difference, beyond the driver's own


@dataclass(frozen=True)
class Look:
    """A frame that deserves a look: number in the result, its time in s, why, and how much (1: just noticeable)."""

    frame: int
    seconds: float
    reason: Reason
    weight: float


def looks_of(subject: Seen, driver: Seen, result: Seen, fps: float, topology: Topology) -> tuple[Look, ...]:
    """The frames where something stands out, no two of them close together: of each reason the worst, then the worst of
    what is left, so that one thing that is wrong all the time does not hide the others."""
    weights = _weights(subject, driver, result, topology)
    looks = [
        Look(index * CROSS_STEP, index * CROSS_STEP / fps, reason, float(weight))
        for reason, values in weights.items() for index, weight in enumerate(values) if weight >= 1
    ]  # fmt: skip
    looks.sort(key=lambda look: -look.weight)
    first = {look.reason: look for look in reversed(looks)}
    chosen: list[Look] = []
    # Stable: the worst first; what nobody could mean before what may be a matter of degree.
    for look in sorted(looks, key=lambda look: (look is not first[look.reason], look.reason not in GRAVE)):
        if len(chosen) < MOST_LOOKS and all(abs(look.seconds - other.seconds) >= APART for other in chosen):
            chosen.append(look)
    return tuple(sorted(chosen, key=lambda look: look.seconds))


def shut_eyes(subject: Seen, driver: Seen, result: Seen, topology: Topology) -> Array:
    """How much more shut an eye of the result is than the driver's, in GAP [count], where it is nearly shut and the
    driver's is open: each measured against what is usual for its own person, so that a squint that stays shows, too."""
    count = min(len(driver), len(result))
    usual, theirs, own = (_eyes(clip, topology) for clip in (subject, driver, result))
    theirs = theirs[:count] / np.nanmedian(theirs, 0)
    own = own[:count] / np.nanmedian(usual, 0)
    wrong = (own < SHUT) & (theirs >= OPEN)  # NaN: neither
    return np.asarray(np.where(wrong, theirs - own, 0.0).max(1) / GAP)


def _eyes(seen: Seen, topology: Topology) -> Array:
    return np.asarray(traits(seen.canonical, topology)[:, 2:4])


def _weights(subject: Seen, driver: Seen, result: Seen, topology: Topology) -> dict[Reason, Array]:
    """How much each measured frame stands out, by reason [count]; 1 is just noticeable, NaN becomes 0."""
    count = min(len(driver), len(result))
    off = _off(*(traits(clip.canonical[:count], topology) for clip in (driver, result)))
    yaw = np.abs(np.degrees(euler_from_rotation(result.rotation[:count])[0]))
    shaking = _shaking(result, count, topology) - _shaking(driver, count, topology)
    raw: dict[Reason, Array] = {
        "lost": 3.0 * ~(driver.found[:count] & result.found[:count]),
        "shut": shut_eyes(subject, driver, result, topology),
        "mouth": off[:, 0] / MOUTH, "eyes": off[:, 2:4].max(1) / EYES, "brows": off[:, 4] / BROWS,
        "gaze": off[:, 5] / GAZE, "turned": yaw / FAR, "jump": shaking / JUMP,
    }  # fmt: skip
    return {reason: np.nan_to_num(values, nan=0.0) for reason, values in raw.items()}


def _off(driver: Array, result: Array) -> Array:
    """How far traits [T, C] are from the driver's once each person's own middle is taken out."""
    return np.abs((result - np.nanmedian(result, 0)) - (driver - np.nanmedian(driver, 0)))


def _shaking(seen: Seen, count: int, topology: Topology) -> Array:
    """Second difference of the surface landmarks around each frame [count], in IOD."""
    points = seen.landmarks[:count, : topology.surface, :2]
    out = np.zeros(count)
    if count > 2:
        out[1:-1] = np.linalg.norm(np.diff(points, 2, axis=0), axis=-1).mean(1)
    shaking: Array = out / np.nanmean(iod(seen.landmarks[:count], topology))
    return shaking
