"""Trials of lost faces: landmarks are taken away for one second in two, of clear pictures, blurred ones, ones with
mouth and chin covered, and ones that end at the nose; judged is how far the head is then from where they say it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tmt.bridge import HeadFollower, bridge_gaps
from tmt.errors import FaceError
from tmt.evaluate import metrics
from tmt.evaluate.observe import rotations_against
from tmt.evaluate.rows import LostRow, Outcome
from tmt.evaluate.trial import Setup, survive
from tmt.geometry import rotation_angle
from tmt.topology import Topology
from tmt.track import TrackBuilder
from tmt.types import Array
from tmt.video import probe, read_frames

BLUR = 0.04  # of the face's width: a head moved so fast
WIDE, TALL = 0.36, 0.30  # of the face's width and height, from the middle of what covers mouth and chin to its edge
LIP = 0.25  # from the chin to the forehead: where that middle lies

Spoil = Callable[[Array, Array, Topology], Array]


def lost_faces(clips: Sequence[Path], setup: Setup) -> Iterator[Outcome]:
    """Twice `seconds` of every clip in every way, the last face held and followed by PoseNet."""
    for clip in clips:
        yield from survive("lost", clip.stem, _case(clip, setup))


def _case(clip: Path, setup: Setup) -> Iterator[Outcome]:
    tracker, fps = setup.pipeline.tracker, probe(clip).fps
    topology, builder = tracker.topology, TrackBuilder(tracker, clip.name, skin=False)
    faces, kept = [], []
    followers = {way: HeadFollower(topology, setup.pipeline.checkpoint.pose) for way in WAYS}
    for index, frame in enumerate(islice(read_frames(clip), round(2 * setup.seconds * fps))):
        face, gone = builder.add(frame), index // max(1, round(fps)) % 2 == 1
        faces.append(face)
        kept.append(None if gone else face)
        for way, follower in followers.items():
            if gone:
                follower.lost(index, frame if face is None else WAYS[way](frame, face, topology))
            elif face is not None:
                follower.seen(index, frame, face)
    judged = np.array([face is not None and k is None for face, k in zip(faces, kept, strict=True)], bool)
    if all(face is None for face in kept) or not judged.any():
        raise FaceError("no_face", name=clip.name)
    yield _row(clip.stem, "held", bridge_gaps(kept, 0), faces, judged, topology)
    for way, follower in followers.items():
        followed = bridge_gaps(kept, 0, follower.moves, follower.anchors, topology.stable)
        yield _row(clip.stem, f"PoseNet, {way}", followed, faces, judged, topology)


def _row(case: str, method: str, told: Array, faces: list[Array | None], judged: Array, topology: Topology) -> LostRow:
    """Faces as they are `told` [T, L, 3] px against those that were tracked, in the frames that are `judged` [T]."""
    true = np.stack([face for face, asked in zip(faces, judged, strict=True) if asked and face is not None])
    turns = [rotations_against(true[0], some, topology) for some in (true, told[judged])]
    stable = list(topology.stable)
    away = np.linalg.norm((told[judged] - true)[:, stable, :2].mean(1), axis=-1) / metrics.iod(true, topology)
    return LostRow(
        case, method, int(judged.sum()), float(np.degrees(rotation_angle(*turns).mean())), float(away.mean())
    )


def _blurred(frame: Array, face: Array, topology: Topology) -> Array:
    width = float(np.ptp(face[: topology.surface, 0]))
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), BLUR * width))


def _covered(frame: Array, face: Array, topology: Topology) -> Array:
    """A patch of the face's own colour, lighter above, before mouth and chin."""
    chin, top = face[topology.chin, :2], face[topology.forehead, :2]
    wide, tall = (float(np.ptp(face[: topology.surface, axis])) * half for axis, half in ((0, WIDE), (1, TALL)))
    tilt = float(np.degrees(np.arctan2(*(chin - top)[::-1]))) - 90
    mask = np.zeros(frame.shape[:2], np.float32)
    middle = tuple(round(float(v)) for v in chin + LIP * (top - chin))
    cv2.ellipse(mask, middle, (max(1, round(wide)), max(1, round(tall))), tilt, 0, 360, (1.0,), -1)
    nose = np.clip(np.round(face[topology.nose_root, :2]).astype(int), 0, np.array(frame.shape[1::-1]) - 1)
    shade = np.linspace(1.1, 0.7, frame.shape[0])[:, None, None] * frame[nose[1], nose[0]]
    soft = cv2.GaussianBlur(mask, (0, 0), 0.02 * wide)[..., None]
    return np.asarray(np.clip(frame + soft * (shade - frame), 0, 255), np.uint8)


def _halved(frame: Array, face: Array, topology: Topology) -> Array:
    """The picture ends at the nose, on the side where there is less of it; beyond it its edge goes on."""
    x = int(np.clip(round(float(face[topology.nose_tip, 0])), 1, frame.shape[1] - 2))
    out = frame.copy()
    if x > frame.shape[1] / 2:
        out[:, x:] = frame[:, x : x + 1]
    else:
        out[:, :x] = frame[:, x : x + 1]
    return out


WAYS: Mapping[str, Spoil] = {
    "clear": lambda frame, *_: frame, "blurred": _blurred, "covered": _covered, "halved": _halved,
}  # fmt: skip
