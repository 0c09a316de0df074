"""A performance separates who from what: pose, expression, neutral face, reference frame; and paths for novel views."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from heads import TOPOLOGY, act, average, lid_gap, lip_gap, poses, track_of
from hypothesis import given
from hypothesis import strategies as st

from tmt.drift import standing
from tmt.expression import measure
from tmt.geometry import rotation_angle, transform
from tmt.motion import neutral_face, perform, smooth_torso, turntable
from tmt.relief import fit_raised, usual_relief
from tmt.types import Array, Pose
from tmt.views import along

COUNT = 60
PHASE = np.linspace(0, 2 * np.pi, COUNT, endpoint=False)


def acting() -> tuple[Array, Pose]:
    """Faces [T, L, 3] and poses [T]: rests a third of the time, then speaks, blinks and glances while it turns."""
    busy = np.arange(COUNT) >= COUNT // 3
    faces = np.stack(
        [
            act(average(), mouth=0.12 * b * (1 - np.cos(4 * t)), lids=float(b and np.cos(3 * t) > 0.7),
                gaze=0.15 * b * np.sin(2 * t - 4.2))
            for t, b in zip(PHASE, busy, strict=True)
        ]
    )
    return faces, poses(20 * np.sin(PHASE - 0.7), 6 * np.sin(2 * PHASE), 4 * np.sin(PHASE))


@pytest.mark.parametrize("steadiness", [0.0, 0.5])
def test_a_performance_gives_back_pose_and_expression(steadiness: float) -> None:
    faces, pose = acting()
    found = perform(track_of(faces, pose), TOPOLOGY, steadiness)
    inner = slice(3, -3)
    assert np.degrees(rotation_angle(found.pose.rotation, pose.rotation))[inner].max() < 0.5
    away = found.canonical - faces
    away[..., 2] -= usual_relief(TOPOLOGY.name)
    assert np.abs(away).mean() < 0.005
    assert np.corrcoef([lip_gap(f) for f in found.canonical], [lip_gap(f) for f in faces])[0, 1] > 0.99
    gaze, true = measure(found.canonical, TOPOLOGY).gaze, measure(faces, TOPOLOGY).gaze
    np.testing.assert_allclose(gaze[inner], true[inner], atol=0.02)


def test_pose_and_canonical_face_together_are_the_landmarks_in_their_relief() -> None:
    faces, pose = acting()
    track = track_of(faces, pose, noise=0.3)
    found = perform(track, TOPOLOGY, steadiness=0.0)
    _, lying = fit_raised(track.landmarks, found.shape, TOPOLOGY)
    np.testing.assert_allclose(transform(found.pose, found.canonical), lying, atol=0.01)
    np.testing.assert_array_equal(lying[..., :2], track.landmarks[..., :2])


def test_trembling_of_the_tracker_changes_the_pose_by_less_than_half_a_degree() -> None:
    faces, pose = acting()
    found = perform(track_of(faces, pose, noise=0.1), TOPOLOGY)
    assert np.degrees(rotation_angle(found.pose.rotation, pose.rotation))[3:-3].max() < 0.5


def test_the_neutral_face_has_relaxed_lips_open_eyes_and_a_straight_gaze() -> None:
    faces, _ = acting()
    neutral, relaxed = neutral_face(faces.astype(np.float32), TOPOLOGY)
    assert np.abs(neutral - average()).max() < 0.02
    assert lip_gap(neutral) < 0.03
    for eye in TOPOLOGY.eyes:
        assert lid_gap(neutral, eye) > 0.95 * lid_gap(average(), eye)
    assert abs(float(measure(neutral[None], TOPOLOGY).gaze[0])) < 0.03
    assert relaxed.shape == (COUNT,) and relaxed.any()


def test_a_person_who_never_closes_the_mouth_still_has_a_neutral_face() -> None:
    faces = np.stack([act(average(), mouth=0.1 + 0.05 * np.sin(t), gaze=0.2 * np.cos(t)) for t in PHASE])
    neutral, relaxed = neutral_face(faces.astype(np.float32), TOPOLOGY)
    assert np.isfinite(neutral).all() and relaxed.any()
    assert lip_gap(neutral) < np.median([lip_gap(face) for face in faces])


def test_a_single_frame_is_its_own_neutral_face_and_reference() -> None:
    face = act(average(), mouth=0.05)
    found = perform(track_of(face[None], poses(np.array([10.0]))), TOPOLOGY)
    assert found.reference == 0 and len(found) == 1
    np.testing.assert_allclose(found.neutral, found.canonical[0], atol=1e-5)


def test_the_reference_frame_is_frontal_at_rest_and_one_that_was_found() -> None:
    faces, pose = acting()
    track = track_of(faces, pose)
    first = perform(track, TOPOLOGY).reference
    assert abs(20 * np.sin(PHASE[first] - 0.7)) < 5 and PHASE[first] < 2 * np.pi / 3
    found = np.ones(COUNT, bool)
    found[first] = False
    assert perform(replace(track, found=found), TOPOLOGY).reference != first


def test_the_reference_frame_is_pitched_as_when_it_looks_ahead_however_long_it_looks_down_aside() -> None:
    faces = np.repeat(average()[None], COUNT, 0)
    ahead = np.arange(COUNT) < COUNT // 3
    nod = np.where(ahead, 0.0, 14.0)
    nod[:3] = (14.0, 9.0, 4.0)  # looks up at once
    found = perform(track_of(faces, poses(np.where(ahead, 0.0, 20.0 * np.sin(PHASE)), nod, 0 * nod)), TOPOLOGY)
    assert 3 <= found.reference < COUNT // 3


def test_frames_without_a_face_do_not_enter_shape_and_neutral_face() -> None:
    faces, pose = acting()
    track = track_of(faces, pose)
    landmarks, found = track.landmarks.copy(), np.ones(COUNT, bool)
    landmarks[50:] = landmarks[49]
    found[50:] = False
    held = perform(replace(track, landmarks=landmarks, found=found), TOPOLOGY, 0.0)
    cut = perform(replace(track, landmarks=landmarks[:50], found=found[:50], torso=track.torso[:50]), TOPOLOGY, 0.0)
    np.testing.assert_allclose(held.shape, cut.shape, atol=1e-6)
    np.testing.assert_allclose(held.neutral, cut.neutral, atol=1e-5)


def test_a_still_torso_stays_still_and_a_moving_one_keeps_its_way() -> None:
    assert not smooth_torso(standing(9)).any()
    way = np.stack([np.linspace(0, 20, 40), np.zeros(40)], 1).astype(np.float32)
    np.testing.assert_allclose(smooth_torso(way)[4:-4], way[4:-4], atol=1e-3)


# Novel views


@given(
    st.tuples(st.floats(-60, 0), st.floats(0, 60)), st.tuples(st.floats(-30, 0), st.floats(0, 30)),
    st.floats(1.0, 8.0), st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(60)]),
)
def test_a_turntable_reaches_both_ends_and_no_further(
    yaw: tuple[float, float], pitch: tuple[float, float], seconds: float, fps: Fraction
) -> None:
    path = turntable(yaw, pitch, seconds, fps)
    for angles, ends in ((path.yaw, yaw), (path.pitch, pitch)):
        assert angles[0] == 0
        assert ends[0] - 1e-9 <= angles.min() and angles.max() <= ends[1] + 1e-9
        np.testing.assert_allclose([angles.min(), angles.max()], ends, atol=0.02 * (ends[1] - ends[0]) + 1e-9)
    assert len(path) == round(seconds * fps) and path.fps == fps and not path.roll.any()


def test_a_turntable_is_continuous_and_loops() -> None:
    path = turntable((-30.0, 30.0), seconds=4.0)
    steps = np.diff(np.append(path.yaw, path.yaw[0]))
    assert np.abs(steps).max() < 1.05 * 30 * 2 * np.pi / len(path)


def test_a_turntable_of_a_single_moment_does_not_fail() -> None:
    assert np.isfinite(turntable(seconds=0.0).yaw).all()


def test_views_start_from_the_reference_frame_and_turn_the_head_as_asked() -> None:
    faces, pose = acting()
    subject = perform(track_of(faces, pose), TOPOLOGY)
    path = turntable((-20.0, 20.0), (-10.0, 10.0))
    views = along(subject, path)
    start = subject.pose[subject.reference]
    assert len(views) == len(path)
    first = views.target(0)
    np.testing.assert_allclose(first.pose.rotation, start.rotation, atol=1e-12)
    np.testing.assert_array_equal(first.canonical, subject.canonical[subject.reference])
    assert (first.pose.scale, *first.pose.translation) == (start.scale, *start.translation)
    right = int(path.yaw.argmax())
    nose = TOPOLOGY.stable[9]
    moved = transform(views.target(right).pose, subject.neutral)[nose] - transform(start, subject.neutral)[nose]
    assert moved[0] > 5  # yaw > 0 turns the nose to the right of the picture
