"""Calming the tracker's trembling without holding back what moves."""

from __future__ import annotations

import numpy as np
import pytest
from heads import TOPOLOGY, act, average, faces_at, lid_gap, lip_gap, poses, track_of
from scipy.ndimage import gaussian_filter1d

from tmt.motion import perform
from tmt.steady import steady

FACE = 155.0  # px, about the width of a face of 100 px per head unit


def test_a_trembling_still_face_is_calmed() -> None:
    still = faces_at(np.zeros(60))
    shaky = (still + np.random.default_rng(0).normal(0, FACE / 1000, still.shape)).astype(np.float32)
    calm = [np.diff(steady(shaky, TOPOLOGY.stable, amount), axis=0).std() for amount in (0.0, 0.25, 0.5, 1.0)]
    assert calm[0] == np.diff(shaky, axis=0).std()
    assert calm[0] > calm[1] > calm[2] > calm[3] and calm[2] < 0.45 * calm[0]


@pytest.mark.parametrize("jump", [4.0, 15.0, 60.0])
def test_a_sudden_step_is_kept(jump: float) -> None:
    moved = faces_at(jump * (np.arange(40) >= 20)).astype(np.float32)
    assert np.abs(steady(moved, TOPOLOGY.stable, 0.5) - moved).max() < min(0.25 * jump, 0.01 * FACE)


@pytest.mark.parametrize("period", [5, 8])
@pytest.mark.parametrize("amount", [0.25, 0.5, 1.0])
def test_a_fast_shake_of_the_head_passes_nearly_unchanged(period: int, amount: float) -> None:
    moved = faces_at(6 * np.sin(np.arange(48) * 2 * np.pi / period)).astype(np.float32)
    lost = np.abs(steady(moved, TOPOLOGY.stable, amount) - moved)[6:-6].max()
    plain = np.abs(gaussian_filter1d(moved, 0.4 + 0.8 * amount, axis=0) - moved)[6:-6].max()
    assert lost < 0.01 * FACE and lost < 0.6 * plain


def test_the_lips_of_a_still_head_keep_the_pace_of_speech() -> None:
    opening = 0.1 * (1 - np.cos(np.arange(40) * 2 * np.pi / 5))  # five syllables a second
    spoken = np.stack([act(average(), mouth=m) for m in opening]) * 100
    kept = [lip_gap(face) for face in steady(spoken.astype(np.float32), TOPOLOGY.stable, 0.5)[6:-6]]
    assert np.ptp(kept) > 0.9 * 20


def test_a_blink_of_a_still_head_still_closes_the_eyes() -> None:
    closed = np.isin(np.arange(40), (19, 20, 21))
    blinking = np.stack([act(average(), lids=float(c)) for c in closed]) * 100
    steadied = steady(blinking.astype(np.float32), TOPOLOGY.stable, 0.5)
    for eye in TOPOLOGY.eyes:
        assert min(lid_gap(face, eye) for face in steadied) < 0.1 * lid_gap(steadied[0], eye)


@pytest.mark.parametrize("speed", [1.0, 2.0, 3.0])
def test_a_clip_that_begins_and_ends_in_motion_is_hardly_held_back_there(speed: float) -> None:
    moving = faces_at(speed * np.arange(30.0)).astype(np.float32)
    np.testing.assert_allclose(steady(moving, TOPOLOGY.stable, 0.5), moving, atol=0.004 * FACE)


def test_clips_too_short_to_filter_are_left_alone() -> None:
    pair = faces_at(np.array([0.0, 5.0])).astype(np.float32)
    np.testing.assert_array_equal(steady(pair, TOPOLOGY.stable, 1.0), pair)


def test_a_clip_calmed_in_parts_is_the_same_as_calmed_whole() -> None:
    time = np.arange(300)
    faces = np.stack([act(average(), mouth=0.08 * (1 - np.cos(t / 3)), lids=float(t % 90 < 3)) for t in time]) * 100
    faces = faces + np.random.default_rng(1).normal(0, FACE / 800, faces.shape)
    faces[:, :, 0] += (20 * np.sin(time / 15))[:, None]
    clip = faces.astype(np.float32)
    whole = steady(clip, TOPOLOGY.stable, 0.5)
    for part in (37, 64, 299):
        np.testing.assert_allclose(steady(clip, TOPOLOGY.stable, 0.5, part), whole, atol=1e-4 * FACE)


def test_the_faces_of_a_long_clip_are_the_same_worked_out_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    angle = np.linspace(0, 9, 240)
    faces = np.stack([act(average(), mouth=0.1 * np.sin(a) ** 2) for a in angle])
    clip = track_of(faces, poses(12 * np.sin(angle), 4 * np.cos(angle)), noise=0.05)
    before = clip.landmarks.copy()
    whole = perform(clip, TOPOLOGY)
    for module in ("tmt.motion", "tmt.pose", "tmt.steady"):
        monkeypatch.setattr(f"{module}.PART", 50)
    parts = perform(clip, TOPOLOGY)
    np.testing.assert_allclose(parts.canonical, whole.canonical, atol=1e-5)
    np.testing.assert_allclose(parts.pose.rotation, whole.pose.rotation, atol=1e-5)
    assert parts.reference == whole.reference
    np.testing.assert_array_equal(clip.landmarks, before)  # the track is left as it was
