"""A quick look at a clip before any work: what is in it, which faces, how they turn, and what would spoil a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from tmt.canvas import head_window
from tmt.chosen import SAMPLES, ChosenFace, Crowd, FaceBox, box_of, faces_in
from tmt.expression import measure
from tmt.geometry import euler_from_rotation
from tmt.probe import inspect
from tmt.shots import Found, Shots, find, resized, sampled_performance, take_shots
from tmt.topology import Topology
from tmt.track import MIN_FACE_PIXELS, FaceTracker
from tmt.types import Array, MediaInfo, Window

Role = Literal["subject", "driving"]
Level = Literal["green", "amber", "red"]

PICTURE = 480  # px, width of the picture that is shown at most
CROP = 640  # px, as `study` keeps it
SMALL_FACE = 80.0  # px wide: below it eyes and lips blur
LONG = {"subject": 60.0, "driving": 60.0}  # s from which the clip is worth a warning
SHORT = 1.0  # s
TURN = 12.0  # degrees: a subject that turns less shows little of the sides
FAR = 30.0  # degrees: beyond it the far side of a head is guessed
DARK = 50.0  # mean grey of a face, 0..255
OPEN_MOUTH = 0.06  # gap of the lips, inter-ocular distances


@dataclass(frozen=True)
class Remark:
    """One thing to know about a clip; `values` fill the words that somebody else has for `key`."""

    key: str
    level: Level
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Preflight:
    """What is seen of a clip. Without a face only `info`, `picture` and `remarks` mean anything.

    picture [h, w, 3] uint8 at `scale` (its px per clip px), taken `at` s: the reference frame, or one with all faces;
    faces: from the left; face: index of the chosen one; face_pixels: its width; yaw, pitch: degrees from, to; crop: the
    part of the picture that is used; found: share of the looked-at frames with the face.
    """

    info: MediaInfo
    remarks: tuple[Remark, ...]
    picture: Array | None = None
    scale: float = 1.0
    at: float = 0.0
    faces: tuple[FaceBox, ...] = ()
    face: int = 0
    face_pixels: float = 0.0
    yaw: tuple[float, float] = (0.0, 0.0)
    pitch: tuple[float, float] = (0.0, 0.0)
    crop: Window | None = None
    found: float = 0.0

    @property
    def level(self) -> Level:
        """The worst of the remarks."""
        levels = {remark.level for remark in self.remarks}
        return "red" if "red" in levels else "amber" if "amber" in levels else "green"


def file_facts(path: Path, role: Role) -> Preflight:
    """What the file itself tells, without looking at anybody's face."""
    info, stream = inspect(path)
    remarks = list(_of_file(info, role))
    if stream is not None and stream.transfer:
        remarks.append(Remark("hdr", "green"))
    if stream is not None and stream.interlaced:
        remarks.append(Remark("interlaced", "green"))
    return Preflight(info, tuple(remarks))


def look_over(path: Path, role: Role, tracker: FaceTracker, face: int | None = None) -> Preflight:
    """The whole look; `face` chooses among several, from the left from 1 (None: the largest and most central; a number
    too high: the last). Raises MediaError for what is no clip."""
    facts = file_facts(path, role)
    shots = take_shots(facts.info, SAMPLES)
    crowd = faces_in(shots, tracker)
    if crowd.faces:
        index = crowd.main if face is None else min(max(face, 1), len(crowd.faces)) - 1
        alone = len(crowd.faces) == 1
        found = find(shots, tracker if alone else ChosenFace(tracker, crowd.faces[index].at(shots.scale)))
        if found is not None:
            return _judged(facts, role, shots, found, (crowd, index), tracker.topology)
    picture, scale = _small(shots, 0)
    return Preflight(facts.info, (*facts.remarks, Remark("no_face", "red")), picture, scale)


def _judged(
    facts: Preflight,
    role: Role,
    shots: Shots,
    found: Found,
    chosen: tuple[Crowd, int],
    topology: Topology,
) -> Preflight:
    info, (crowd, face) = facts.info, chosen
    faces = crowd.faces
    performance, track = sampled_performance(shots, found, topology)
    yaw, pitch, _ = (np.degrees(angles) for angles in euler_from_rotation(performance.pose.rotation))
    shown = crowd.shot if len(faces) > 1 else found.shots[performance.reference]
    if len(faces) == 1:
        faces = (box_of(found.landmarks[performance.reference][: topology.surface]),)
    pixels = float(np.median(np.ptp(found.landmarks[:, : topology.surface, 0], axis=1)))
    share = len(found.shots) / len(shots.numbers)
    remarks = [*facts.remarks, *_of_face(pixels, share, len(faces), info.is_still)]
    if _brightness(shots, found, topology) < DARK:
        remarks.append(Remark("dark", "amber"))
    if role == "subject" and not info.is_still:
        remarks += _of_subject(yaw, float(measure(performance.canonical, topology).mouth_open.max()))
    elif float(np.abs(yaw).max()) > FAR:
        remarks.append(Remark("driving_turns_far", "amber", {"degrees": round(float(np.abs(yaw).max()))}))
    picture, scale = _small(shots, shown)
    return Preflight(
        info=info,
        remarks=tuple(remarks),
        picture=picture,
        scale=scale,
        at=float(shots.numbers[shown] / info.fps),
        faces=faces,
        face=face,
        face_pixels=pixels,
        yaw=(float(yaw.min()), float(yaw.max())),
        pitch=(float(pitch.min()), float(pitch.max())),
        crop=head_window(track, topology, CROP),
        found=share,
    )


def _of_file(info: MediaInfo, role: Role) -> Iterator[Remark]:
    if info.is_still:
        yield Remark("still_subject", "amber") if role == "subject" else Remark("still_driving", "red")
    elif info.seconds is not None and info.seconds < SHORT:
        yield Remark("short", "amber", {"seconds": round(info.seconds, 1)})
    elif info.seconds is not None and info.seconds > LONG[role]:
        yield Remark(f"long_{role}", "amber", {"seconds": round(info.seconds)})
    if role == "driving" and not info.is_still and not info.has_audio:
        yield Remark("silent", "green")


def _of_face(pixels: float, share: float, count: int, still: bool) -> Iterator[Remark]:
    if pixels < MIN_FACE_PIXELS:
        yield Remark("tiny_face", "red", {"pixels": round(pixels), "limit": round(MIN_FACE_PIXELS)})
    elif pixels < SMALL_FACE:
        yield Remark("small_face", "amber", {"pixels": round(pixels), "limit": round(SMALL_FACE)})
    if count > 1:
        yield Remark("several_faces", "amber", {"count": count})
    if share < 0.9 and not still:
        yield Remark("lost_face", "amber", {"percent": round(100 * (1 - share))})


def _of_subject(yaw: Array, mouth: float) -> Iterator[Remark]:
    if float(np.ptp(yaw)) < TURN:
        yield Remark("turns_little", "amber", {"degrees": round(float(np.ptp(yaw)))})
    if mouth < OPEN_MOUTH:
        yield Remark("mouth_closed", "amber")


def _brightness(shots: Shots, found: Found, topology: Topology) -> float:
    """Mean grey 0..255 of the middle of the face in all shots that show it."""
    values = []
    for index, points in zip(found.shots, found.landmarks, strict=True):
        box = box_of(points[: topology.surface] * shots.scale)
        rows, columns = (slice(max(0, int(c - box.size / 3)), int(c + box.size / 3) + 1) for c in (box.y, box.x))
        patch = shots.pictures[index][rows, columns]
        values += [float(patch.mean())] if patch.size else []
    return float(np.mean(values)) if values else 255.0


def _small(shots: Shots, index: int) -> tuple[Array, float]:
    """A shot as it is shown, and its px per clip px."""
    picture = shots.pictures[index]
    smaller = resized(picture, min(1.0, PICTURE / picture.shape[1]))
    return smaller, smaller.shape[1] / shots.info.width
