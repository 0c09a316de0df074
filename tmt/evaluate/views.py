"""Trials of views that the subject's footage does not hold: turned frames held out, and a turntable.

All that depends on how novel views are asked for is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tmt.evaluate import metrics
from tmt.evaluate.clips import cut, duration, select
from tmt.evaluate.observe import Portrait, Seen, rotations_against
from tmt.evaluate.rows import Failure, Outcome, TurnRow, ViewRow, nanmean
from tmt.evaluate.texture import mean_similarity, texture_similarity
from tmt.evaluate.trial import (
    CONSENT,
    LOOKS,
    MOMENTS,
    Setup,
    Trial,
    compare,
    draw,
    each_method,
    missed,
    some,
    survive,
)
from tmt.geometry import euler_from_rotation, rotation_angle
from tmt.motion import turntable
from tmt.types import Array, HeadPath, Method
from tmt.video import probe

STEP = 2  # frames from one looked at to the next
NEAR, FAR = 10.0, 20.0  # degrees of yaw: studied up to the one, judged beyond the other
ENOUGH = 8  # looks of each kind that a trial needs
SWING = 30.0  # degrees to either side of the turntable


def novel_view(clips: Sequence[Path], setup: Setup) -> Iterator[Outcome]:
    """Studied are the frames near the front, judged those turned far: absolute, driven by the turned footage itself."""
    for clip in clips:
        yield from survive("view", clip.stem, _view_case(clip, setup))


def _view_case(clip: Path, setup: Setup) -> Iterator[Outcome]:
    whole = setup.observer.look(clip, STEP)
    turn = yaw_degrees(whole)
    near, far = np.abs(turn) < NEAR, np.abs(turn) > FAR
    if min(near.sum(), far.sum()) < ENOUGH:
        reason = f"{near.sum()} frames within {NEAR:.0f} and {far.sum()} beyond {FAR:.0f} degrees are too few"
        yield Failure("view", clip.stem, "", reason, skipped=True)
        return
    studied, driving = held_out_parts(clip, near, far, setup, ("near", "turned"))
    truth = setup.observer.look(driving, STEP)
    head = setup.pipeline.study(studied, consent=CONSENT)
    trial = Trial(setup, "view", clip.stem, head, driving, truth, "absolute")
    judged = np.flatnonzero(np.abs(yaw_degrees(truth)) > FAR)
    own = setup.observer.portrait(clip, whole, some(np.flatnonzero(near)))
    yield from each_method(trial, lambda method: _view_row(trial, method, judged, whole, own))
    draw(trial, studied, some(judged, MOMENTS))


def held_out_parts(
    clip: Path, near: Array, far: Array, setup: Setup, names: tuple[str, str]
) -> tuple[Path, Path]:
    """The frames to study, looks `near` [T], as a clip, and the part of the clip, at most `seconds` long, with most of
    those to judge, `far` [T]; `names` of both."""
    info, folder = probe(clip), setup.out / "parts"
    studied = select(clip, folder / f"{clip.stem}-{names[0]}.mp4", np.repeat(near, STEP))
    length = min(setup.seconds, duration(clip))
    looks = max(1, int(length * info.fps / STEP))
    total = np.concatenate([[0], np.cumsum(far)])
    start = int((total[looks:] - total[:-looks]).argmax()) if looks < len(far) else 0
    return studied, cut(clip, folder / f"{clip.stem}-{names[1]}.mp4", float(start * STEP / info.fps), length)


def _view_row(trial: Trial, method: Method, judged: Array, whole: Seen, own: Portrait) -> ViewRow:
    video, seconds = trial.transfer(method)
    observer, driver = trial.setup.observer, trial.driver
    close, landmarks = compare(trial, video, judged)
    judged = judged[: len(landmarks)]
    turns = [rotations_against(whole.shape, face, observer.topology) for face in (landmarks, driver.landmarks[judged])]
    seen = [i for i in some(np.arange(len(judged))) if not np.isnan(landmarks[i, 0, 0])]
    looks = [driver.frame(int(judged[i])) for i in seen]
    made = observer.portrait_at(video, looks, landmarks[seen])
    truth = observer.portrait_at(trial.driving, looks, driver.landmarks[judged[seen]])
    return ViewRow(
        case=trial.case, method=method, close=close,
        yaw_deg=float(np.abs(yaw_degrees(driver)[judged]).mean()),
        pose_deg=float(np.degrees(np.nanmean(rotation_angle(*turns)))),
        csim=metrics.cosine_similarity(made.embeddings, own.embeddings),
        texture=nanmean([texture_similarity(a, b) for a, b in zip(made.textures, truth.textures, strict=True)]),
        run=trial.run(video, missed(landmarks), seconds),
    )  # fmt: skip


def turning(clips: Sequence[Path], setup: Setup) -> Iterator[Outcome]:
    """The whole clip is studied and the head turned from side to side: no truth, but angle and likeness are known."""
    for clip in clips:
        yield from survive("turn", clip.stem, _turn_case(clip, setup))


def _turn_case(clip: Path, setup: Setup) -> Iterator[Outcome]:
    seen = setup.observer.look(clip, max(1, (probe(clip).frames or 1) // LOOKS))
    own = setup.observer.portrait(clip, seen, seen.spread(LOOKS))
    path = turntable((-SWING, SWING), seconds=setup.seconds)
    order = np.argsort(path.yaw)
    trial = Trial(setup, "turn", clip.stem, setup.pipeline.study(clip, consent=CONSENT), clip, seen, "view")
    yield from each_method(trial, lambda method: _turn_row(trial, method, path, own))
    draw(trial, clip, [int(order[i]) for i in np.linspace(0, len(order) - 1, MOMENTS).round().astype(int)])


def _turn_row(trial: Trial, method: Method, path: HeadPath, own: Portrait) -> TurnRow:
    video, seconds = trial.view(method, path)
    observer = trial.setup.observer
    result = observer.look(video, STEP)
    asked = path.yaw[::STEP][: len(result)]
    rotation = rotations_against(trial.driver.shape, result.landmarks, observer.topology)
    yaw = np.degrees(euler_from_rotation(rotation)[0])
    made = observer.portrait(video, result, result.spread(LOOKS))
    return TurnRow(
        case=trial.case, method=method,
        yaw_gain=metrics.gain(asked[result.found], yaw[result.found]),
        yaw_error=float(np.nanmean(np.abs(yaw - np.nanmedian(yaw - asked) - asked))),
        jitter=metrics.jitter(result.landmarks[result.found], observer.topology),
        csim=metrics.cosine_similarity(made.embeddings, own.embeddings),
        texture=mean_similarity(made.textures, own.textures),
        run=trial.run(video, missed(result.landmarks), seconds, len(path)),
    )  # fmt: skip


def yaw_degrees(seen: Seen) -> Array:
    """Turn of the head to the side [T], NaN without a face."""
    yaw: Array = np.degrees(euler_from_rotation(seen.rotation)[0])
    return yaw
