"""Frames whose landmarks are lost: PoseNet follows the head through them where it can; else short gaps are interpolated
and long ones hold the last face.

Only the head's motion since the last landmarks is taken from PoseNet, and that up to the next ones: what it gets wrong
about a person as a whole cancels out. Of a turn no larger than what it doubts, less is believed. The face itself keeps
its last expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from tmt.checkpoint import SHIPPED, Weights
from tmt.geometry import power_rotation, rotation_angle
from tmt.headcrop import HeadCrop, crop_around
from tmt.headpose import Told, told_pose
from tmt.topology import Topology
from tmt.types import Array, Pose

TURN, ZOOM, SHIFT = np.radians(35.0), 1.35, 0.35  # a head does not do more from frame to frame; SHIFT in sides
OWN = np.radians(3.0)  # of what PoseNet doubts: a person's own, which cancels out


class HeadFollower:
    """PoseNet on frames without landmarks. Holds one crop and, per lost frame, a pose."""

    def __init__(self, topology: Topology, pose: Weights | None = SHIPPED.pose) -> None:
        self.topology, self._weights = topology, pose
        self.moves: dict[int, Pose] = {}  # lost frame -> its pose, picture px
        self.anchors: dict[int, Pose] = {}  # frame with landmarks beside a gap -> what PoseNet says there
        self._crop: HeadCrop | None = None
        self._picture: Array | None = None
        self._last: Pose | None = None
        self._start: Pose | None = None
        self._lost = False

    def seen(self, index: int, frame: Array, landmarks: Array) -> None:
        """A frame with landmarks: where the next search begins, and the end of a gap."""
        self._crop = crop_around(landmarks[: self.topology.surface, :2].astype(np.float64))
        self._picture = self._crop.cut(frame)
        if self._lost:
            self._anchor(index)
        self._lost, self._last = False, None

    def lost(self, index: int, frame: Array, another: bool = False) -> None:
        """A frame without landmarks; `another` scene or person: there is nobody to be followed until landmarks are
        back."""
        if self._crop is None or self._picture is None:
            return
        if another:
            self._lost, self._last = True, None
        if not self._lost:
            self._last = self._start = self._anchor(index - 1)
        self._lost = True
        if self._last is None:
            return
        told = told_pose(self._crop.cut(frame), self._crop, self._weights)
        if told is None or self._start is None or not _plausible(told.pose, self._last, self._crop.side):
            self._last = None  # out of sight: what comes after would be guessed from nothing
            return
        pose = told.pose
        step, grown = pose.translation[:2] - self._last.translation[:2], float(pose.scale / self._last.scale)
        self._crop = HeadCrop(self._crop.centre + step, self._crop.side * grown)
        self.moves[index], self._last = _believed(told, self._start), pose

    def _anchor(self, index: int) -> Pose | None:
        if self._crop is None or self._picture is None:
            return None
        told = told_pose(self._picture, self._crop, self._weights)
        if told is None:
            return None
        self.anchors[index] = told.pose
        return told.pose


def _believed(told: Told, start: Pose) -> Pose:
    """A pose whose turn since the `start` is as large as is likely: what a turn that is measured with an error is worth
    where turns are as large as this one (Wiener)."""
    turned = float(rotation_angle(told.pose.rotation, start.rotation))
    error = max(told.doubt - OWN, 0.0)
    share = turned**2 / max(turned**2 + error**2, 1e-12)
    turn = power_rotation(told.pose.rotation @ start.rotation.T, share)
    return replace(told.pose, rotation=turn @ start.rotation)


def _plausible(pose: Pose, last: Pose, side: float) -> bool:
    """Whether a head can have come here since the frame before."""
    turned = float(rotation_angle(pose.rotation, last.rotation))
    ratio = float(pose.scale / last.scale)
    moved = float(np.linalg.norm(pose.translation[:2] - last.translation[:2]))
    return turned < TURN and 1 / ZOOM < ratio < ZOOM and moved < SHIFT * side


def bridge_gaps(
    landmarks: list[Array | None], max_gap: int, moves: Mapping[int, Pose] | None = None,
    anchors: Mapping[int, Pose] | None = None, stable: tuple[int, ...] = (),
) -> Array:
    """Fill frames without a face: by the head's `moves` where they are known (with `anchors` at the gap's ends and the
    `stable` landmarks' indices), else interpolated up to `max_gap` frames, else as the last face."""
    known = [index for index, item in enumerate(landmarks) if item is not None]
    stacked = np.empty((len(landmarks), *landmarks[known[0]].shape), np.float32)  # type: ignore[union-attr]
    last = landmarks[known[0]]
    for index, item in enumerate(landmarks):
        last = last if item is None else item
        stacked[index] = last
    for left, right in pairwise(known):
        if 1 < right - left <= max_gap + 1:
            for index in range(left + 1, right):
                share = (index - left) / (right - left)
                stacked[index] = (1 - share) * stacked[left] + share * stacked[right]
    for left, right in pairwise([*known, len(landmarks)]):
        _follow(stacked, left, right, moves or {}, anchors or {}, stable)
    return stacked


def _follow(
    stacked: Array, left: int, right: int, moves: Mapping[int, Pose], anchors: Mapping[int, Pose],
    stable: tuple[int, ...],
) -> None:
    """Move the faces of a gap, between frames `left` and `right`, as far as the head was followed through it."""
    ends = [end for end in (left, right) if end in anchors and end < len(stacked)]
    faces = {end: stacked[end].astype(np.float64) for end in ends}
    for index in range(left + 1, right):
        if index not in moves or left not in anchors:
            break  # from here on the head was out of sight
        told = [_carried(faces[end], anchors[end], moves[index], stable) for end in ends]
        share = (index - left) / (right - left) if len(ends) == 2 else 0.0
        stacked[index] = told[0] if len(told) == 1 else (1 - share) * told[0] + share * told[1]


def _carried(face: Array, start: Pose, end: Pose, stable: tuple[int, ...]) -> Array:
    """Landmarks [L, 3] px moved as a head from pose to pose; its origin has the mean depth of the stable ones."""
    origin = np.array([*start.translation[:2], face[list(stable), 2].mean()])
    turn = end.rotation @ start.rotation.T * float(end.scale / start.scale)
    return np.asarray((face - origin) @ turn.T + [*end.translation[:2], origin[2]])
