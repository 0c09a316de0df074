"""Trials of expressions that the subject's footage does not hold: calm frames are studied, lively ones judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tmt.evaluate.observe import Seen
from tmt.evaluate.rows import ExpressionRow, Failure, Outcome
from tmt.evaluate.trial import CONSENT, MOMENTS, Setup, Trial, compare, draw, missed, some, survive
from tmt.evaluate.views import STEP, held_out_parts
from tmt.types import Array, Method

CALM, LIVELY = 40, 75  # percentiles of how far a face is from its clip's usual one: studied below, judged above
ENOUGH = 8  # calm looks that a trial needs
FOLDING = ("single", "flat", "bank", "fused")  # methods that draw a driver's wrinkles


def unseen_expression(clips: Sequence[Path], setup: Setup) -> Iterator[Outcome]:
    """Absolute, driven by the lively footage itself; methods that lend the driver's wrinkles also without them."""
    for clip in clips:
        yield from survive("expression", clip.stem, _case(clip, setup))


def _case(clip: Path, setup: Setup) -> Iterator[Outcome]:
    whole = setup.observer.look(clip, STEP)
    usual = usual_face(whole)
    away = liveliness(whole, usual)
    calm, lively = away <= np.nanpercentile(away, CALM), away >= np.nanpercentile(away, LIVELY)
    if calm.sum() < ENOUGH:
        reason = f"{calm.sum()} calm frames are too few"
        yield Failure("expression", clip.stem, "", reason, skipped=True)
        return
    studied, driving = held_out_parts(clip, calm, lively, setup, ("calm", "lively"))
    truth = setup.observer.look(driving, STEP)
    head = setup.pipeline.study(studied, consent=CONSENT)
    trial = Trial(setup, "expression", clip.stem, head, driving, truth, "absolute")
    far = liveliness(truth, usual)  # a part that is lively throughout has another usual face
    judged = np.flatnonzero(far >= np.nanpercentile(away, LIVELY))
    for method in setup.methods:
        yield from survive("expression", clip.stem, _rows(trial, method, judged, far), method)
    draw(trial, studied, some(judged, MOMENTS))


def _rows(trial: Trial, method: Method, judged: Array, far: Array) -> Iterator[Outcome]:
    for wrinkles, name in ((1.0, method), (0.0, f"{method}, smooth"))[: 1 + (method in FOLDING)]:
        video, seconds = trial.transfer(method, wrinkles)
        close, landmarks = compare(trial, video, judged)
        yield ExpressionRow(
            trial.case, name, float(far[judged].mean()), close, trial.run(video, missed(landmarks), seconds)
        )


def usual_face(seen: Seen) -> Array:
    """A clip's usual face [L, 2], head units."""
    return np.asarray(np.median(seen.canonical[seen.found, :, :2], 0))


def liveliness(seen: Seen, usual: Array) -> Array:
    """How far each face [T] is from a `usual` one, mean over the landmarks, head units; NaN without a face."""
    away = np.linalg.norm(seen.canonical[..., :2] - usual, axis=-1).mean(1)
    return np.where(seen.found, away, np.nan)
