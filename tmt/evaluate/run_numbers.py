"""The numbers of one finished run: those of `tmt evaluate`, what they mean to a person, and the frames to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tmt.chosen import keep_to
from tmt.evaluate.identity import load_identity
from tmt.evaluate.judge import FaceMeshJudge
from tmt.evaluate.metrics import iod, traits
from tmt.evaluate.observe import Observer, Seen
from tmt.evaluate.protocols import CROSS_STEP, Cast, cross_row, person_in
from tmt.evaluate.rows import Cell, CrossRow, Run, cells, nanmean
from tmt.evaluate.trial import LOOKS
from tmt.geometry import euler_from_rotation
from tmt.topology import Topology
from tmt.types import Array
from tmt.video import probe

Verdict = Literal["good", "fair", "poor", "unknown"]
Reason = Literal["lost", "mouth", "eyes", "turned", "jump"]

MOST_LOOKS = 6  # frames that are named
APART = 0.4  # s between two of them
MOUTH, EYES = 0.06, 0.18  # IOD, eye openings: a difference from what was asked for that an eye notices
FAR = 25.0  # degrees of yaw from which the far side is partly guessed
JUMP = 0.035  # IOD of second difference, beyond the driver's own
STILL = 0.03  # spread of a trait below which it drowns in the detector's noise


@dataclass(frozen=True)
class Look:
    """A frame that deserves a look: number in the result, its time in s, why, and how much (1: just noticeable)."""

    frame: int
    seconds: float
    reason: Reason
    weight: float


@dataclass(frozen=True)
class RunNumbers:
    """row: as `tmt evaluate` has it for a cross trial. identity: which of the two people the result's face is like, in
    shape and skin, 1 the subject, 0 the driver; following: mean correlation with what the driver moves; trembling:
    jitter over the driver's. Their verdicts, and the frames to look at in order of time."""

    row: CrossRow
    identity: float
    following: float
    trembling: float
    same: Verdict
    follows: Verdict
    steady: Verdict
    looks: tuple[Look, ...]

    def figures(self) -> dict[str, Cell]:
        """All numbers by the names of the evaluation's columns."""
        return {key: value for key, value in cells(self.row).items() if key not in ("case", "method")}


@dataclass(frozen=True)
class People:
    """The clips of a run, and the chosen face of each where there are several, from the left from 1."""

    subject: Path
    driving: Path
    subject_face: int | None = None
    driving_face: int | None = None


def load_observer() -> Observer:
    """The instruments of the evaluation."""
    return Observer(FaceMeshJudge(), load_identity())


def observe(people: People, observer: Observer) -> Cast:
    """What is seen of subject and driver: once for all methods of a run."""
    subject, own = person_in(people.subject, _keeping(people.subject, people.subject_face, observer))
    eye = _keeping(people.driving, people.driving_face, observer)
    driver = eye.look(people.driving, CROSS_STEP)
    return Cast(subject, own, driver, observer.portrait(people.driving, driver, driver.spread(LOOKS)))


def numbers(video: Path, cast: Cast, names: tuple[str, str], observer: Observer, seconds: float) -> RunNumbers:
    """Judge a finished video. names: case and method; seconds: what the transfer took."""
    result = observer.look(video, CROSS_STEP)
    frames = probe(video).frames or 0
    row = cross_row(names, video, cast, observer, lambda lost: Run(frames, frames, lost, seconds), result)
    identity = _identity(row)
    following = _following(row, cast.driver, observer.topology)
    trembling = row.jitter / max(row.jitter_driver, 1e-9)
    return RunNumbers(
        row, identity, following, trembling, _verdict(identity, 0.6, 0.5), _verdict(following, 0.85, 0.65),
        _verdict(-trembling, -1.2, -1.7), _looks(cast.driver, result, float(probe(video).fps), observer.topology),
    )  # fmt: skip


def _keeping(path: Path, face: int | None, observer: Observer) -> Observer:
    return Observer(keep_to(path, face, observer.tracker), observer.identity)


def _verdict(value: float, good: float, fair: float) -> Verdict:
    if np.isnan(value):
        return "unknown"
    return "good" if value >= good else "fair" if value >= fair else "poor"


def _identity(row: CrossRow) -> float:
    """How much nearer the result is to the subject than to the driver, 0..1: mean of the face's shape and its skin."""
    shape = row.shape_driver / max(row.shape_subject + row.shape_driver, 1e-9)
    to_subject, to_driver = 1 - row.texture_subject, 1 - row.texture_driver
    return nanmean([shape, to_driver / max(to_subject + to_driver, 1e-9)])


def _following(row: CrossRow, driver: Seen, topology: Topology) -> float:
    """Mean correlation of mouth, its width, eyes and gaze, as far as the driver moves them."""
    now = traits(driver.canonical[driver.found], topology)
    moved = now.std(0) > STILL * np.array([0.5, 0.5, 1, 1, 1, 0.5])
    known = [row.c.mouth, row.c.width, row.c.eye_r, row.c.eye_l, float("nan"), row.c.gaze]
    return nanmean([value for value, moves in zip(known, moved, strict=True) if moves])


def _looks(driver: Seen, result: Seen, fps: float, topology: Topology) -> tuple[Look, ...]:
    """The frames where something stands out, the worst first to be taken, no two of them close together."""
    count = min(len(driver), len(result))
    weights = _weights(driver, result, count, topology)
    chosen: list[Look] = []
    for reason, index in sorted(((r, i) for r in weights for i in range(count)), key=lambda ri: -weights[ri[0]][ri[1]]):
        weight, seconds = float(weights[reason][index]), index * CROSS_STEP / fps
        if weight < 1 or len(chosen) == MOST_LOOKS:
            break
        if all(abs(look.seconds - seconds) >= APART for look in chosen):
            chosen.append(Look(index * CROSS_STEP, seconds, reason, weight))
    return tuple(sorted(chosen, key=lambda look: look.seconds))


def _weights(driver: Seen, result: Seen, count: int, topology: Topology) -> dict[Reason, Array]:
    """How much each measured frame stands out, by reason [count]; 1 is just noticeable, NaN becomes 0."""
    theirs, own = (traits(clip.canonical[:count], topology) for clip in (driver, result))
    yaw = np.abs(np.degrees(euler_from_rotation(result.rotation[:count])[0]))
    eyes = (_off(theirs[:, 2:4], own[:, 2:4])).max(1)
    lost = 3.0 * ~(driver.found[:count] & result.found[:count])
    shaking = _shaking(result, count, topology) - _shaking(driver, count, topology)
    raw: dict[Reason, Array] = {
        "lost": lost, "mouth": _off(theirs[:, :1], own[:, :1])[:, 0] / MOUTH, "eyes": eyes / EYES, "turned": yaw / FAR,
        "jump": shaking / JUMP,
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
