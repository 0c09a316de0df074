"""Clips -> what a fusion is trained on: a head built from a clip's frames, one of its frames as the target, and the
frames near to it left out, so that the network learns to do without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np

from tmt.align import Aligner, Picture, View, pictured, posed
from tmt.attend import Evidence, gather, small_canvas
from tmt.bank import build_bank, choose_keyframes, target_of
from tmt.canonical import build_surface
from tmt.canvas import Canvas, bank_canvas
from tmt.expression import measure
from tmt.flat import flat_surface, flattened
from tmt.fuse import Mix, Posed, choose
from tmt.geometry import rotation_angle
from tmt.keyframes import Keyframes, keyframes_of, settled
from tmt.motion import perform, with_own_neutral
from tmt.neckline import outlined, parted
from tmt.plate import background_plate
from tmt.relief import own_relief, raised, usual_relief
from tmt.render import deform, look, place
from tmt.sweep import swept
from tmt.swing import Swinger, swung
from tmt.topology import Topology
from tmt.track import face_sharpness
from tmt.train.clip import Clip
from tmt.types import Array, FaceTrack, FrameBank, Performance, Surface, Target, Window
from tmt.warp import warped_by

T = TypeVar("T")
SOURCES = 6  # as Settings.sources
STEADINESS = 0.3  # as of a studied subject
FEWEST = 2  # frames of the bank that are left at least
LEAST_FRAMES = 8  # of a bank: a clip that gives fewer teaches nothing
LESSONS = ("near", "few", "closed", "frontal", "all")  # what is withheld, see `withheld`
ODDS = (0.40, 0.15, 0.20, 0.15, 0.10)


@dataclass(frozen=True)
class Subject:
    """A clip as a canonical head, for training: all its frames are targets, its keyframes the bank."""

    clip: Clip
    performance: Performance
    surface: Surface
    bank: FrameBank
    canvas: Canvas
    openness: Array  # [K] of the bank's mouths, head units
    turned: Array  # [T, 3, 3] rotation of the head: what is withheld goes by it, whatever the method knows


@dataclass(frozen=True)
class Sample:
    """Evidence, and the true picture [4, H, W] RGB and matte 0..1 of the same size."""

    evidence: Evidence
    truth: Array


def subject_of(clip: Clip, topology: Topology, warp: str = "3d") -> Subject:
    """Study a cached clip as `study` does a file; `warp` "2d" as the learned 2D baseline sees it."""
    track, window = track_of(clip, topology), whole_of(clip)
    performance = perform(track, topology, STEADINESS)
    index, turned = choose_keyframes(performance, track.sharpness, topology), performance.pose.rotation
    openness = measure(performance.canonical[index], topology).mouth_open
    images = [clip.images[i] for i in index]
    if warp == "2d":
        performance = flattened(performance, topology)
        surface = parted(flat_surface(performance, topology, window), performance, window, index, images, topology)
    else:
        relief = own_relief(performance, topology)
        rough = build_surface(performance, topology, window, relief=relief)
        rough = outlined(rough, performance, window, index, images, topology)
        keyframes = keyframes_of(Aligner(rough, performance, topology), index, images, window)
        performance = _laid_over(clip, rough, performance, keyframes, topology)
        surface = build_surface(performance, topology, window, relief=relief)
        surface = parted(surface, performance, window, index, images, topology)
        surface = swept(surface, performance, window, index, images)
        performance = _swinging(clip, surface, performance, keyframes, topology)
    bank = build_bank(surface, performance, window, index, images)
    canvas = small_canvas(bank_canvas(background_plate(bank.images), bank.window), bank)
    return Subject(clip, performance, surface, bank, canvas, np.asarray(openness), turned)


def _laid_over(
    clip: Clip, surface: Surface, performance: Performance, keyframes: Keyframes, topology: Topology
) -> Performance:
    """A performance in which all of the head lies in every frame as in the keyframes: these over each other as `study`
    has them, the others over these as a driving clip's are."""
    performance = settled(surface, performance, keyframes, topology)
    aligner = Aligner(surface, performance, topology)
    others, poses = _others(clip, performance, keyframes, aligner, aligner.pose)
    return with_own_neutral(posed(performance, others, poses), topology)


def _swinging(
    clip: Clip, surface: Surface, performance: Performance, keyframes: Keyframes, topology: Topology
) -> Performance:
    """A performance with how the head swings: in keyframes as `study` has it, in others as in a driving clip's."""
    performance = swung(surface, performance, keyframes, topology)
    aligner = Aligner(surface, performance, topology)
    others, swings = _others(clip, performance, keyframes, aligner, Swinger(aligner).swing)
    swing = np.asarray(performance.swing).copy()
    swing[others] = np.reshape(swings, (-1, *swing.shape[1:]))
    return replace(performance, swing=swing)


def _others(
    clip: Clip, performance: Performance, keyframes: Keyframes, aligner: Aligner,
    tell: Callable[[Target, Picture, Sequence[View]], T],
) -> tuple[Array, list[T]]:
    """The frames [N] that are no keyframes, and what is told of each beside these."""
    views, window = keyframes.anew(aligner).views, whole_of(clip)
    others = np.setdiff1d(np.flatnonzero(performance.found), keyframes.index)
    told = [tell(target_of(performance, n), pictured(clip.images[n], window), views) for n in others.tolist()]
    return others, told


def whole_of(clip: Clip) -> Window:
    """All of a clip's picture."""
    height, width = clip.images.shape[1:3]
    return Window(0.0, 0.0, float(width), float(height), 1.0)


def track_of(clip: Clip, topology: Topology) -> FaceTrack:
    """A cached clip's track; of a synthetic head as a tracker would have it, whose depth is too flat."""
    height, width = clip.images.shape[1:3]
    landmarks = clip.landmarks
    if clip.truth is not None:
        landmarks = raised(landmarks, clip.truth.pose, -usual_relief(topology.name))
    sharpness = [face_sharpness(i[..., :3], p) for i, p in zip(clip.images, landmarks, strict=True)]
    return FaceTrack(
        landmarks, clip.found, clip.torso, np.array(sharpness, np.float32), (width, height), Fraction(clip.fps)
    )


def withheld(subject: Subject, frame: int, lesson: str, rng: np.random.Generator) -> Array:
    """Frames of the bank [n] that may be used for the target `frame`; never the target itself.

    near: none within a random share of the clip; few: a handful only; closed: no mouth more open than some limit below
    the target's; frontal: no view nearer than some angle to the target's; all: only the target is withheld.
    """
    bank, count = subject.bank, len(subject.bank)
    away = np.abs(bank.index - frame)
    free = away > 0
    if lesson == "near":
        free = away > rng.uniform(0.02, 0.35) * len(subject.clip)
    elif lesson == "few":
        some = rng.choice(count, min(count, int(rng.integers(FEWEST, 8))), replace=False)
        free &= np.isin(np.arange(count), some)
    elif lesson == "closed":
        now = float(np.interp(frame, bank.index, subject.openness))
        free &= subject.openness < max(rng.uniform(0.2, 0.9) * now, float(np.sort(subject.openness)[FEWEST]))
    elif lesson == "frontal":
        angle = rotation_angle(subject.turned[bank.index], subject.turned[frame])
        free &= angle > min(rng.uniform(0.0, np.radians(20)), float(np.sort(angle)[-FEWEST - 1]))
    if free.sum() < FEWEST:
        free = away >= np.sort(away)[-FEWEST]
    return np.flatnonzero(free)


def sample_of(
    subject: Subject, frame: int, allowed: Array, topology: Topology, sources: int = SOURCES
) -> Sample:
    """One target frame, drawn from the `allowed` frames of the bank [n]."""
    target = target_of(subject.performance, frame)
    offsets = deform(subject.surface, target.canonical, target.swing)
    posed = Posed(offsets, place(subject.surface, offsets, target, subject.performance), target)
    mix = _repeated(choose(subject.bank, subject.surface, posed, topology, sources, None, allowed), sources)
    window = subject.canvas.window
    seen = look(subject.surface, posed.vertices, window)
    warps = warped_by(seen, window, subject.bank, subject.bank.images, mix)
    evidence = gather(subject.surface, topology, posed, mix, subject.canvas, seen, warps)
    truth = np.moveaxis(subject.clip.images[frame], -1, 0).astype(np.float32) / 255
    room = [(0, 0)] + [(0, a - b) for a, b in zip(evidence.maps.shape[1:], truth.shape[1:], strict=True)]
    return Sample(evidence, np.pad(truth, room, mode="edge"))


def _repeated(mix: Mix, count: int) -> Mix:
    """Too few sources are told twice, at so little weight that nothing changes: every sample has the same shape."""
    lacking = count - len(mix.chosen)
    if lacking <= 0:
        return mix
    chosen = np.concatenate([mix.chosen, np.resize(mix.chosen, lacking)])
    logits = np.concatenate([mix.logits, np.resize(mix.logits, (lacking, *mix.logits.shape[1:])) - 100])
    return Mix(chosen, logits.astype(np.float32), mix.cavity, mix.lashes)


def random_sample(subject: Subject, topology: Topology, rng: np.random.Generator) -> Sample:
    """A random frame of a subject by a random lesson."""
    found = np.flatnonzero(subject.clip.found)
    frame = int(rng.choice(found))
    lesson = str(rng.choice(LESSONS, p=ODDS))
    return sample_of(subject, frame, withheld(subject, frame, lesson, rng), topology)
