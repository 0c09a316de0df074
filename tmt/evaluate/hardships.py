"""Trials of bad footage: both halves of a clip made dark, backlit, small or coarse, judged against the clean truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from tmt.evaluate import metrics
from tmt.evaluate.clips import LOSS, halves
from tmt.evaluate.observe import Observer, Seen, diverse, rotations_against
from tmt.evaluate.protocols import SELF_STEP
from tmt.evaluate.rows import HardRow, Outcome, nanmean
from tmt.evaluate.trial import CONSENT, MOMENTS, Setup, Trial, draw, missed, survive
from tmt.geometry import rotation_angle
from tmt.level import levelled
from tmt.types import Array, Method
from tmt.video import VideoWriter, probe, read_frames

DARK, NOISE = 0.10, 0.012  # of the light that is left, and the sensor's noise, both in linear light
SHADE, GLARE, WHITE = 0.18, 0.06, 2.5  # light left on the person, veil over everything, light behind; linear
SMALL = 120  # px of the picture's shorter side
COARSE = 38  # crf
EXACT = 1e-4  # errors below this are none, and nothing is divided by less
WIDE = 1.1  # face heights around the face that are in the shade


def hardships(clips: Sequence[Path], setup: Setup) -> Iterator[Outcome]:
    """Self-reenactment, absolute, of every clip as it is and spoilt in each way."""
    for clip in clips:
        yield from survive("hard", clip.stem, _case(clip, setup))


def _case(clip: Path, setup: Setup) -> Iterator[Outcome]:
    parts = halves(clip, setup.out / "parts", setup.seconds)
    truth = setup.observer.look(parts[1], SELF_STEP)
    clean: dict[Method, HardRow] = {}
    for way in ("clean", *WAYS):
        yield from survive("hard", clip.stem, _way(clip.stem, way, parts, truth, clean, setup), way)


def _way(
    name: str, way: str, parts: tuple[Path, Path], truth: Seen, clean: dict[Method, HardRow], setup: Setup
) -> Iterator[Outcome]:
    """One way in which both `parts` are spoilt; rows of `clean` footage are kept, to be compared with."""
    first, second = parts if way == "clean" else (spoilt(part, way, setup.observer) for part in parts)
    head = setup.pipeline.study(first, consent=CONSENT)
    trial = Trial(setup, "hard", f"{name}-{way}", head, second, truth, "absolute")
    for method in setup.methods:
        video, seconds = trial.transfer(method)
        found = _faces(video, probe(parts[1]).height, truth.step, setup.observer)[: len(truth)]
        akd, pose = _errors(found, truth, setup.observer)
        lost = missed(found[truth.found[: len(found)]])
        base = clean.get(method)
        times = (1.0, 1.0) if base is None else (akd / max(base.akd, EXACT), pose / max(base.pose_deg, EXACT))
        row = HardRow(name, f"{method}, {way}", akd, pose, *times, trial.run(video, lost, seconds))
        clean.setdefault(method, row)
        yield row
    draw(trial, first, diverse(truth, setup.observer.topology, MOMENTS))


def _faces(video: Path, height: int, step: int, observer: Observer) -> Array:
    """Faces [T, L, 3] of a result, looked at as large as the truth is, `height` px, and in its light: a judge shall not
    stumble over what was done to the footage."""
    ratio, found = height / probe(video).height, []
    for picture in read_frames(video, every=step):
        large = cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_CUBIC)
        shown = large if ratio != 1 else picture
        face = observer.face(shown)
        found.append(face if np.isnan(face[0, 0]) else observer.face(levelled(shown, face)))
    return np.stack(found)


def _errors(found: Array, truth: Seen, observer: Observer) -> tuple[float, float]:
    """Landmarks' distance in IOD, and the pose's in degrees, of faces [T, L, 3] (NaN: none) from the true ones."""
    true, surface = truth.landmarks[: len(found)], slice(observer.topology.surface)
    sizes = metrics.iod(true, observer.topology)
    pairs = zip(true[:, surface], found[:, surface], sizes, strict=True)
    akd = nanmean([metrics.landmark_distance(a, b, float(size)) for a, b, size in pairs])
    turns = [rotations_against(truth.shape, faces, observer.topology) for faces in (true, found)]
    return akd, float(np.degrees(np.nanmean(rotation_angle(*turns))))


def spoilt(clip: Path, way: str, observer: Observer) -> Path:
    """A clip spoilt in one of WAYS, beside it."""
    target, info = clip.with_name(f"{clip.stem}-{way}.mp4"), probe(clip)
    spoil = WAYS[way](observer)
    frames = map(spoil.change, read_frames(clip))
    size = (info.width, info.height)
    if spoil.side:
        scale = spoil.side / min(size)
        size = (round(size[0] * scale / 2) * 2, round(size[1] * scale / 2) * 2)
    with VideoWriter(target, size=size, fps=info.fps, crf=spoil.crf) as writer:
        for frame in frames:
            writer.write(frame if not spoil.side else cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
    return target


@dataclass(frozen=True)
class _Spoil:
    """How a clip is spoilt: `change` of one picture [H, W, 3] uint8, its shorter side px (None: as it is), loss."""

    change: Callable[[Array], Array]
    side: int | None = None
    crf: int = LOSS


def _dark(rng: np.random.Generator, picture: Array) -> Array:
    light = (picture / np.float32(255)) ** 2.2 * DARK
    light += rng.normal(0, 1, picture.shape).astype(np.float32) * (NOISE * np.sqrt(light + 0.01))
    return _shown(light)


class _Backlit:
    """A person in the shade of a bright background; where no face is found, as in the picture before."""

    def __init__(self, observer: Observer) -> None:
        self._observer, self._person = observer, np.zeros((0, 0), np.float32)

    def __call__(self, picture: Array) -> Array:
        face = self._observer.face(picture)
        if not np.isnan(face[0, 0]):
            self._person = _person(face, picture.shape[:2])
        if self._person.shape != picture.shape[:2]:
            self._person = np.ones(picture.shape[:2], np.float32)
        light = (picture / np.float32(255)) ** 2.2
        return _shown(light * (WHITE + (SHADE - WHITE) * self._person[..., None]) + GLARE)


def _person(face: Array, shape: tuple[int, ...]) -> Array:
    """About where head and shoulders are [H, W] 0..1 by a face's landmarks [L, 3] px."""
    low, high = face[:, :2].min(0), face[:, :2].max(0)
    tall, middle = float(high[1] - low[1]), (low + high) / 2
    mask = np.zeros(shape, np.float32)
    axes = (round(0.5 * WIDE * tall + 0.2 * tall), round(0.5 * tall * (1 + WIDE / 2)))
    cv2.ellipse(mask, (round(middle[0]), round(middle[1] - 0.15 * tall)), axes, 0, 0, 360, (1.0,), -1)
    left, right = (round(middle[0] + side * WIDE * tall) for side in (-1, 1))
    mask[round(min(high[1] + 0.15 * tall, shape[0])) :, max(0, left) : max(0, right)] = 1
    return cv2.GaussianBlur(mask, (0, 0), 0.12 * tall)


def _shown(light: Array) -> Array:
    """Linear light -> picture uint8."""
    return np.asarray(np.round(np.clip(light, 0, 1) ** (1 / 2.2) * 255), np.uint8)


WAYS: Mapping[str, Callable[[Observer], _Spoil]] = {
    "dark": lambda _: _Spoil(partial(_dark, np.random.default_rng(1))),
    "backlit": lambda observer: _Spoil(_Backlit(observer)),
    "small": lambda _: _Spoil(lambda picture: picture, side=SMALL),
    "coarse": lambda _: _Spoil(lambda picture: picture, crf=COARSE),
}
