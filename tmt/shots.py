"""A few frames of a clip, even in time: enough to see who is in it and how they move, long before it is tracked."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass

import cv2
import numpy as np

from tmt.bars import Bars
from tmt.drift import standing
from tmt.motion import perform
from tmt.topology import Topology
from tmt.track import FaceTracker, face_sharpness, in_usual_light
from tmt.types import Array, FaceTrack, MediaInfo, Performance
from tmt.working import enlarged, working_frames

LOOK = 1280  # px, longer side of what is looked at


@dataclass(frozen=True)
class Shots:
    """Frames of a clip, even in time: their numbers, and pictures [h, w, 3] uint8 at `scale` px per clip px."""

    info: MediaInfo
    numbers: list[int]
    pictures: list[Array]
    scale: float


@dataclass(frozen=True)
class Found:
    """Shots that show the face: their indices among the shots, landmarks [N, L, 3] clip px, sharpness [N]."""

    shots: list[int]
    landmarks: Array
    sharpness: Array


def take_shots(info: MediaInfo, count: int) -> Shots:
    """At most `count` frames of a clip as a run sees them, but no larger than LOOK px."""
    every, times = max(1, -(-(info.frames or 1) // count)), enlarged(info)
    smaller = min(1.0, LOOK / (times * max(info.width, info.height)))
    shots = Shots(info, [], [], times * smaller)
    with closing(working_frames(info, every)) as frames:
        for index, frame in zip(range(count), frames, strict=False):
            shots.numbers.append(index * every)
            shots.pictures.append(resized(frame, smaller))
    return shots


def find(shots: Shots, tracker: FaceTracker) -> Found | None:
    """Search each shot for the face, on its own; None where none shows it."""
    indices, landmarks, sharpness = [], [], []
    for index, picture in enumerate(shots.pictures):
        points = tracker.detect(picture, None)
        if points is not None:
            points = in_usual_light(picture, points, tracker)
            indices.append(index)
            landmarks.append(points / np.float32(shots.scale))
            sharpness.append(face_sharpness(picture, points))
    return Found(indices, np.stack(landmarks), np.array(sharpness, np.float32)) if indices else None


def sampled_performance(shots: Shots, found: Found, topology: Topology) -> tuple[Performance, FaceTrack]:
    """The motion in the shots that show the face, one frame for each."""
    count, info = len(found.shots), shots.info
    bars = Bars()
    for picture in shots.pictures:
        bars.add(picture)
    left, top, right, bottom = (math.ceil(lines / shots.scale) for lines in bars.sides())
    track = FaceTrack(
        found.landmarks, np.ones(count, bool), standing(count), found.sharpness,
        (info.width, info.height), info.fps, bars=(left, top, right, bottom),
    )  # fmt: skip
    return perform(track, topology, 0.0), track


def resized(frame: Array, scale: float) -> Array:
    """A picture [H, W, 3] uint8 shrunk to `scale`; never enlarged."""
    if scale >= 1:
        return frame.copy()
    size = round(frame.shape[1] * scale), max(1, round(frame.shape[0] * scale))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
