"""The numbers of one finished run: those of `tmt evaluate`, what they mean to a person, and the frames to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tmt.chosen import keep_to
from tmt.evaluate.identity import load_identity
from tmt.evaluate.judge import FaceMeshJudge
from tmt.evaluate.observe import Observer
from tmt.evaluate.protocols import CROSS_STEP, Cast, cross_row, person_in
from tmt.evaluate.rows import Cell, CrossRow, Run, cells
from tmt.evaluate.standouts import Look, looks_of, shut_eyes
from tmt.evaluate.trial import LOOKS
from tmt.evaluate.verdicts import (
    Likeness,
    Part,
    Verdict,
    asked_of,
    follows_of,
    likeness_of,
    parts_of,
    same_of,
    verdict_of,
)
from tmt.types import Settings
from tmt.video import probe

CALM, RESTLESS = 1.2, 1.7  # times the motion clip's own trembling


@dataclass(frozen=True)
class RunNumbers:
    """row: as `tmt evaluate` has it for a cross trial. likeness: whom the face is like, trace by trace; parts: how each
    part of it follows; trembling: jitter over the driver's. Their verdicts, and the frames to look at in order of time.
    """

    row: CrossRow
    likeness: tuple[Likeness, ...]
    parts: tuple[Part, ...]
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


def numbers(
    video: Path, cast: Cast, names: tuple[str, str], observer: Observer, seconds: float,
    settings: Settings | None = None,
) -> RunNumbers:
    """Judge a finished video. names: case and method; seconds: what the transfer took; settings: what was asked for,
    None as filmed."""
    result = observer.look(video, CROSS_STEP)
    info = probe(video)
    frames = info.frames or 0
    row = cross_row(names, video, cast, observer, lambda lost: Run(frames, frames, lost, seconds), result)
    shut = float((shut_eyes(cast.subject, cast.driver, result, observer.topology) >= 1).mean())
    parts = parts_of(row, cast.driver, result, shut, asked_of(settings), observer.topology)
    likeness = likeness_of(row)
    trembling = row.jitter / max(row.jitter_driver, 1e-9)
    return RunNumbers(
        row, likeness, parts, trembling, same_of(likeness), follows_of(parts),
        verdict_of(-trembling, -CALM, -RESTLESS),
        looks_of(cast.subject, cast.driver, result, float(info.fps), observer.topology),
    )  # fmt: skip


def _keeping(path: Path, face: int | None, observer: Observer) -> Observer:
    return Observer(keep_to(path, face, observer.tracker), observer.identity)
