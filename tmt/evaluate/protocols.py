"""Trials with a driver: a person drives themself, so the truth is known, or another person drives.

Both run with the full frame, without label and sound, so that results can be compared with the footage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from tmt.errors import FaceError
from tmt.evaluate import metrics
from tmt.evaluate.clips import cut, halves
from tmt.evaluate.observe import Observer, Portrait, Seen, diverse
from tmt.evaluate.rows import CrossRow, Outcome, Run, SelfRow
from tmt.evaluate.texture import mean_similarity
from tmt.evaluate.trial import (
    CONSENT,
    LOOKS,
    MOMENTS,
    Setup,
    Trial,
    compare,
    draw,
    each_method,
    head_coverage,
    missed,
    survive,
)
from tmt.types import CanonicalHead, Method
from tmt.video import probe

SELF_STEP, CROSS_STEP = 4, 2  # frames from one measured to the next
SUBJECT_LOOKS = 40  # frames of a subject from which the mean face is taken


def self_reenactment(clips: Sequence[Path], setup: Setup) -> Iterator[Outcome]:
    """The second half of each clip drives the first: absolute, so the truth is known."""
    for clip in clips:
        yield from survive("self", clip.stem, _self_case(clip, setup))


def _self_case(clip: Path, setup: Setup) -> Iterator[Outcome]:
    first, second = halves(clip, setup.out / "parts", setup.seconds)
    truth = setup.observer.look(second, SELF_STEP)
    trial = Trial(setup, "self", clip.stem, setup.pipeline.study(first, consent=CONSENT), second, truth, "absolute")
    yield from each_method(trial, lambda method: _self_row(trial, method))
    draw(trial, first, diverse(truth, setup.observer.topology, MOMENTS))


def _self_row(trial: Trial, method: Method) -> SelfRow:
    video, seconds = trial.transfer(method)
    close, landmarks = compare(trial, video, np.flatnonzero(trial.driver.found))
    return SelfRow(trial.case, method, close, head_coverage(trial.head), trial.run(video, missed(landmarks), seconds))


def cross_identity(pairs: Sequence[tuple[Path, Path]], setup: Setup) -> Iterator[Outcome]:
    """(subject, driving) pairs: relative, twice `seconds` long. One study serves a subject's drivers in a row."""
    for subject, group in groupby(pairs, key=lambda pair: pair[0]):
        drivers = [driving for _, driving in group]
        yield from survive("cross", subject.stem, _cross_subject(subject, drivers, setup))


def _cross_subject(subject: Path, drivers: list[Path], setup: Setup) -> Iterator[Outcome]:
    head = setup.pipeline.study(subject, consent=CONSENT)
    seen, own = person_in(subject, setup.observer)
    for driving in drivers:
        case = f"{subject.stem}-by-{driving.stem}"
        work = _cross_case(case, subject, driving, head, (seen, own), setup)
        yield from survive("cross", case, work)


def person_in(subject: Path, observer: Observer) -> tuple[Seen, Portrait]:
    """What is seen of the person in a subject clip."""
    seen = observer.look(subject, max(1, (probe(subject).frames or 1) // SUBJECT_LOOKS))
    return seen, observer.portrait(subject, seen, seen.spread(LOOKS))


def _cross_case(
    case: str, subject: Path, driving: Path, head: CanonicalHead, person: tuple[Seen, Portrait], setup: Setup
) -> Iterator[Outcome]:
    part = cut(driving, setup.out / "parts" / f"{driving.stem}-driving.mp4", 0.0, 2 * setup.seconds)
    driver = setup.observer.look(part, CROSS_STEP)
    other = setup.observer.portrait(part, driver, driver.spread(LOOKS))
    trial = Trial(setup, "cross", case, head, part, driver, "relative")
    yield from each_method(trial, lambda method: _cross_row(trial, method, person, other))
    draw(trial, subject, diverse(driver, setup.observer.topology, MOMENTS))


def _cross_row(trial: Trial, method: Method, person: tuple[Seen, Portrait], other: Portrait) -> CrossRow:
    video, seconds = trial.transfer(method)
    names, cast = (trial.case, method), Cast(*person, trial.driver, other)
    return cross_row(names, video, cast, trial.setup.observer, lambda lost: trial.run(video, lost, seconds))


@dataclass(frozen=True)
class Cast:
    """What is seen of the two people whose clips made a result."""

    subject: Seen
    own: Portrait
    driver: Seen
    other: Portrait


def cross_row(
    names: tuple[str, str], video: Path, cast: Cast, observer: Observer, run: Callable[[int], Run],
    result: Seen | None = None,
) -> CrossRow:
    """Judge a finished transfer. names: case and method; run: frames without a face -> how the transfer went; result:
    the video as seen with CROSS_STEP, where that is known already."""
    topology, driver, result = observer.topology, cast.driver, result or observer.look(video, CROSS_STEP)
    count = min(len(driver), len(result))
    both = np.flatnonzero(driver.found[:count] & result.found[:count])
    if not len(both):
        raise FaceError("no_face", name=video.name)
    c, g = metrics.follow(*(metrics.traits(clip.canonical[both], topology) for clip in (driver, result)))
    made = observer.portrait(video, result, result.spread(LOOKS))
    return CrossRow(
        case=names[0], method=names[1], c=c, g=g,
        pose_deg=metrics.pose_change_error(driver.rotation[both], result.rotation[both]),
        shape_subject=metrics.shape_distance(result.shape, cast.subject.shape, topology),
        shape_driver=metrics.shape_distance(result.shape, driver.shape, topology),
        jitter=metrics.jitter(result.landmarks[both], topology),
        jitter_driver=metrics.jitter(driver.landmarks[both], topology),
        csim_subject=metrics.cosine_similarity(made.embeddings, cast.own.embeddings),
        csim_driver=metrics.cosine_similarity(made.embeddings, cast.other.embeddings),
        csim_self=metrics.cosine_similarity(cast.own.embeddings, cast.own.embeddings),
        texture_subject=mean_similarity(made.textures, cast.own.textures),
        texture_driver=mean_similarity(made.textures, cast.other.textures),
        run=run(count - len(both)),
    )  # fmt: skip
