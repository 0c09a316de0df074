"""A driving clip's poses by direct alignment, on rendered clips."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from heads import DATA, pipeline, studied

from tmt.direct import aligned
from tmt.errors import Cancelled
from tmt.geometry import rotation_angle, transform
from tmt.motion import perform
from tmt.pipeline import TalkingHeadPipeline, run_to_end
from tmt.progress import nobody
from tmt.track import TrackBuilder
from tmt.types import CanonicalHead, FaceTrack, MediaInfo, Performance, Settings, Step
from tmt.video import probe
from tmt.working import working_frames

TOPOLOGY = pipeline().tracker.topology


@cache
def tracked(name: str) -> tuple[MediaInfo, FaceTrack, Performance]:
    """A clip's landmarks, and its performance by them alone."""
    info = probe(DATA / name)
    builder = TrackBuilder(pipeline().tracker, name)
    for frame in working_frames(info):
        builder.add(frame)
    track = builder.finish(info.fps)
    return info, track, perform(track, TOPOLOGY, 0.3)


def told(name: str, head: CanonicalHead | None = None) -> tuple[Performance, Performance]:
    """The performance by landmarks, and after alignment."""
    info, track, before = tracked(name)
    return before, run_to_end(aligned(info, track, before, pipeline().tracker, head), nobody)


@pytest.mark.parametrize("known", ["its own keyframes", "the subject's"])
def test_alignment_changes_poses_little_and_leaves_landmarks_where_they_are(known: str) -> None:
    before, after = told("subject.mp4", studied() if known == "the subject's" else None)
    turned = np.degrees(rotation_angle(before.pose.rotation, after.pose.rotation))
    assert 0.01 < turned.mean() < 1.5
    assert turned.max() < 4
    places = [transform(p.pose, p.canonical.astype(np.float64))[..., :2] for p in (before, after)]
    np.testing.assert_allclose(places[1], places[0], atol=0.01)


def test_a_person_driven_by_himself_lies_over_his_own_keyframes() -> None:
    head = studied()
    before, after = told("subject.mp4", head)
    index = head.bank.index
    off = [rotation_angle(p.pose.rotation[index], head.performance.pose.rotation[index]) for p in (before, after)]
    assert np.degrees(np.mean(off[1])) < 0.3
    assert np.mean(off[1]) < np.mean(off[0])


def test_a_face_that_landmarks_lost_is_followed_by_its_picture_and_keeps_its_expression() -> None:
    info, track, before = tracked("driving.mp4")
    _, whole = told("driving.mp4")
    turns = np.degrees(rotation_angle(whole.pose.rotation[10:30], whole.pose.rotation[9]))
    last = 10 + int((turns > 6).argmax())
    lost = np.arange(10, last + 1)
    frames = np.arange(len(before))
    frames[lost] = 9  # held where it was when it was last seen
    held = replace(before, found=~np.isin(np.arange(len(before)), lost), pose=before.pose[frames])
    after = run_to_end(aligned(info, track, held, pipeline().tracker), nobody)
    off = [float(np.degrees(rotation_angle(p.pose.rotation[last], whole.pose.rotation[last]))) for p in (held, after)]
    assert off[0] > 4
    assert off[1] < 0.6 * off[0]
    np.testing.assert_array_equal(after.canonical[lost], before.canonical[lost])


def test_progress_is_told_of_every_frame_and_may_end_it() -> None:
    info, track, before = tracked("driving.mp4")
    steps: list[Step] = []

    def stop(step: Step) -> None:
        steps.append(step)
        if step.done == 3:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        run_to_end(aligned(info, track, before, pipeline().tracker), stop)
    assert [(step.stage, step.done, step.total) for step in steps] == [("align", n, 40) for n in (1, 2, 3)]
    assert Path(info.path).is_file()


def test_without_alignment_landmarks_alone_tell_the_poses() -> None:
    _, _, before = tracked("driving.mp4")
    plain = TalkingHeadPipeline(pipeline().tracker, ("alignment",))
    steps: list[Step] = []
    drive = run_to_end(plain.drive(DATA / "driving.mp4", Settings(steadiness=0.3)), steps.append)
    np.testing.assert_array_equal(drive.performance.pose.rotation, before.pose.rotation)
    assert {step.stage for step in steps} == {"track"}
