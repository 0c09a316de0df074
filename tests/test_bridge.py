"""Frames without landmarks: PoseNet carries the head through gaps, by its motion alone, and only while it is sure."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from heads import TOPOLOGY, acted, average, poses
from hypothesis import given
from hypothesis import strategies as st

from tmt import headpose
from tmt.bridge import HeadFollower, bridge_gaps
from tmt.geometry import rotation_angle, rotation_from_euler, transform
from tmt.headcrop import SIDE as CROP
from tmt.headcrop import HeadCrop
from tmt.networks.pose import HeadPose
from tmt.pose import fit_poses
from tmt.types import Array, Pose

YAW = np.array([0.0, 6.0, 13.0, 21.0, 30.0, 24.0, 12.0])


def faces() -> list[Array]:
    """A head that turns away and back [L, 3] px."""
    return list(transform(poses(YAW), np.repeat(average()[None], len(YAW), 0)).astype(np.float32))


def turned(by: float) -> dict[int, Pose]:
    """True poses of all frames, as somebody sees them who is `by` radians wrong about this head."""
    wrong = rotation_from_euler(by, 0.5 * by, 0.0)
    pose = poses(YAW)
    return {t: Pose(pose.scale[t], pose.rotation[t] @ wrong, pose.translation[t]) for t in range(len(YAW))}


def error(found: Array, frame: int) -> float:
    """Degrees by which a frame's face is turned wrongly."""
    told = fit_poses(found[frame : frame + 1], average(), TOPOLOGY)
    return float(np.degrees(rotation_angle(told.rotation[0], poses(YAW).rotation[frame])))


@pytest.mark.parametrize("end", [5, 7])
def test_a_head_that_is_followed_turns_on_through_a_gap(end: int) -> None:
    known: list[Array | None] = [face if t < 2 or t >= end else None for t, face in enumerate(faces())]
    told = turned(0.15)
    gap = range(2, end)
    moves, anchors = {t: told[t] for t in gap}, {t: told[t] for t in (1, end) if t < len(YAW)}
    found = bridge_gaps(known, 0, moves, anchors, TOPOLOGY.stable)
    held = bridge_gaps(known, 0)
    for frame in gap:
        assert error(found, frame) < 4.0
        assert error(held, frame) > 4.0
    np.testing.assert_array_equal(found[1], faces()[1])


def test_what_comes_after_it_was_lost_from_sight_is_held() -> None:
    known: list[Array | None] = [face if t < 2 else None for t, face in enumerate(faces())]
    told = turned(0.0)
    found = bridge_gaps(known, 0, {2: told[2], 4: told[4]}, {1: told[1]}, TOPOLOGY.stable)
    assert error(found, 2) < 1.0
    np.testing.assert_array_equal(found[4], faces()[1])


class _Teller(torch.nn.Module):
    """A PoseNet that says what it is told."""

    dtype = torch.float32

    def __init__(self, doubt: float, yaw: list[float]) -> None:
        super().__init__()
        self.doubt, self.yaw = doubt, iter(yaw)

    def forward(self, crop: torch.Tensor) -> HeadPose:
        assert crop.shape == (1, 3, CROP, CROP)
        rotation = rotation_from_euler(np.radians(next(self.yaw)), 0.0, 0.0)
        parts = (rotation, 0.26, np.full(2, 0.5), self.doubt)
        return HeadPose(*(torch.tensor(part, dtype=torch.float32)[None] for part in parts))


def follow(monkeypatch: pytest.MonkeyPatch, doubt: float, yaw: list[float]) -> HeadFollower:
    """One frame with landmarks, three without, one with them again."""
    net = _Teller(doubt, yaw)
    monkeypatch.setattr(headpose, "load_pose", lambda _: net)
    head, follower = acted(), HeadFollower(TOPOLOGY)
    frame = np.full((160, 160, 3), 90, np.uint8)
    marks = transform(head.performance.pose[0], head.performance.canonical[0].astype(np.float64))
    follower.seen(0, frame, marks)
    for index in (1, 2, 3):
        follower.lost(index, frame)
    follower.seen(4, frame, marks)
    return follower


def test_every_lost_frame_and_both_ends_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    follower = follow(monkeypatch, -4.0, [0.0, 5.0, 10.0, 15.0, 20.0])
    assert list(follower.moves) == [1, 2, 3]
    assert list(follower.anchors) == [0, 4]


def test_poses_that_are_unsure_or_jump_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not follow(monkeypatch, 0.5, [0.0] * 5).moves
    assert list(follow(monkeypatch, -4.0, [0.0, 5.0, 80.0, 85.0]).moves) == [1]


def test_of_a_turn_that_is_smaller_than_the_doubt_less_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    def turns(degrees: float) -> list[float]:
        moves = follow(monkeypatch, float(np.log(np.radians(degrees))), [0.0, 4.0, 12.0, 30.0, 30.0]).moves
        start = rotation_from_euler(0.0, 0.0, 0.0)
        return [float(np.degrees(rotation_angle(pose.rotation, start))) for pose in moves.values()]

    np.testing.assert_allclose(turns(2.5), [4.0, 12.0, 30.0], atol=0.01)  # a person's own
    small, middle, large = turns(9.0)
    assert small < 0.4 * 4.0 and 0.7 * 12.0 < middle < 0.9 * 12.0 and large > 0.95 * 30.0


def test_after_a_cut_nobody_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    net = _Teller(-4.0, [0.0] * 9)
    monkeypatch.setattr(headpose, "load_pose", lambda _: net)
    head, follower = acted(), HeadFollower(TOPOLOGY)
    frame = np.full((160, 160, 3), 90, np.uint8)
    follower.seen(0, frame, transform(head.performance.pose[0], head.performance.canonical[0].astype(np.float64)))
    follower.lost(1, frame)
    follower.lost(2, frame, another=True)
    follower.lost(3, frame)
    assert list(follower.moves) == [1]


def test_without_weights_nothing_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headpose, "load_pose", lambda _: None)
    follower = HeadFollower(TOPOLOGY)
    frame = np.zeros((160, 160, 3), np.uint8)
    follower.seen(0, frame, faces()[0])
    follower.lost(1, frame)
    assert (follower.moves, follower.anchors) == ({}, {})


@given(st.floats(60, 900), st.floats(0, 400), st.floats(0, 300))
def test_a_crop_of_any_size_anywhere_is_a_picture(side: float, x: float, y: float) -> None:
    image = np.random.default_rng(0).integers(0, 255, (300, 400, 4), np.uint8)
    assert HeadCrop(np.array([x, y]), side).cut(image).shape == (CROP, CROP, 4)
