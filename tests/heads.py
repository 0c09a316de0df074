"""Synthetic people for the tests: faces acted from the average one, and pictures of a head that is known exactly.

A face is landmarks [L, 3] in head units. A painted head has a colour at every place of its sheet, so that its picture
in any pose and expression is known, not guessed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from hypothesis import settings

from tmt.bank import build_bank, target_of
from tmt.canonical import build_surface
from tmt.drift import standing
from tmt.geometry import rotation_from_euler, transform
from tmt.pipeline import TalkingHeadPipeline
from tmt.pose import template
from tmt.render import Seen, deform, look, place
from tmt.topology import MEDIAPIPE_478, Eye
from tmt.types import (
    Array,
    CanonicalHead,
    Consent,
    FaceTrack,
    MediaInfo,
    Performance,
    Pose,
    Receipt,
    Surface,
    Target,
    Window,
)

TOPOLOGY = MEDIAPIPE_478
FPS = Fraction(25)
SIDE, SCALE = 160, 45.0  # px of a synthetic picture and px per head unit in it
DATA = Path(__file__).parent / "data"

# The same examples in every run: a test that fails does so for everybody. HYPOTHESIS_EXAMPLES looks further.
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))
settings.register_profile("tests", max_examples=EXAMPLES or 30, deadline=None, derandomize=not EXAMPLES, database=None)
settings.load_profile("tests")


def average() -> Array:
    """The average face [L, 3], lips closed to a hair."""
    shape = template(TOPOLOGY.name).copy()
    for upper, lower in TOPOLOGY.lip_pairs:
        shape[[upper, lower], 1] = shape[[upper, lower], 1].mean() + np.array([-0.004, 0.004])
    return shape


def person(width: float = 1.0, height: float = 1.0, eyes: float = 1.0) -> Array:
    """The average face made wider, longer, and with larger or smaller eye openings."""
    shape = average() * (width, height, 1.0)
    for eye in TOPOLOGY.eyes:
        for upper, lower in eye.lids:
            middle = shape[[upper, lower], 1].mean()
            shape[[upper, lower], 1] = middle + (shape[[upper, lower], 1] - middle) * eyes
    return shape


def act(
    shape: Array, mouth: float = 0.0, lids: float = 0.0, gaze: float = 0.0, brows: float = 0.0, smile: float = 0.0
) -> Array:
    """An expression of a face [L, 3]: lips opened by `mouth` head units, eyes closed by `lids` 0..1, irises moved by
    `gaze` eye widths, brows raised and mouth corners drawn apart by head units."""
    face = shape.copy()
    corners = shape[list(TOPOLOGY.inner_corners)]
    reach = abs(corners[1, 0] - corners[0, 0]) / 2
    fade = np.clip(1 - ((shape[:, 0] - corners[:, 0].mean()) / (1.05 * reach)) ** 2, 0, 1)
    below = np.isin(np.arange(len(shape)), TOPOLOGY.lower_lip) | (shape[:, 1] > corners[:, 1].mean() + 0.12)
    face[below, 1] += mouth * fade[below]
    face[list(TOPOLOGY.mouth), 0] += smile * (shape[list(TOPOLOGY.mouth), 0] - corners[:, 0].mean()) / reach
    for eye in TOPOLOGY.eyes:
        for upper, lower in eye.lids:
            face[upper, 1] += lids * (shape[lower, 1] - shape[upper, 1])
        face[list(eye.iris), 0] += gaze * eye_width(shape, eye)
        face[list(eye.brow), 1] -= brows
    return face


def eye_width(shape: Array, eye: Eye) -> float:
    """Distance of an eye's corners."""
    return float(np.linalg.norm(shape[eye.corners[0]] - shape[eye.corners[1]]))


def lid_gap(shape: Array, eye: Eye) -> float:
    """Opening of an eye at its middle."""
    return float(shape[eye.centre_lids[1], 1] - shape[eye.centre_lids[0], 1])


def lip_gap(shape: Array) -> float:
    """Opening of the mouth at its middle."""
    return float(shape[TOPOLOGY.lip_centres[1], 1] - shape[TOPOLOGY.lip_centres[0], 1])


def poses(yaw: Array, pitch: Array | float = 0.0, roll: Array | float = 0.0, scale: float = SCALE) -> Pose:
    """Poses [T] in a synthetic picture, the face in its middle; angles [T] in degrees."""
    rotation = rotation_from_euler(*(np.radians(a) for a in (yaw, pitch, roll)))
    count = len(rotation)
    return Pose(np.full(count, scale), rotation, np.tile([0.5 * SIDE, 0.4 * SIDE, 0.0], (count, 1)))


def faces_at(x: Array, scale: float = 100.0) -> Array:
    """The average face, frontal, moved sideways by x [T] px -> landmarks [T, L, 3] px."""
    return average() * scale + np.stack([x + 200, 0 * x + 200, 0 * x], 1)[:, None]


def track_of(faces: Array, pose: Pose, noise: float = 0.0) -> FaceTrack:
    """A perfect (or, by `noise` px, trembling) tracker's answer to faces [T, L, 3] in poses [T]."""
    landmarks = transform(pose, faces)
    landmarks = landmarks + np.random.default_rng(0).normal(0, noise, landmarks.shape) if noise else landmarks
    count = len(faces)
    return FaceTrack(
        landmarks.astype(np.float32), np.ones(count, bool), standing(count),
        np.ones(count, np.float32), (SIDE, SIDE), FPS,
    )


def performance_of(shape: Array, faces: Array, pose: Pose, reference: int = 0) -> Performance:
    """A performance that is known, not measured: neutral face [L, 3] and faces [T, L, 3] in poses [T]."""
    count = len(faces)
    return Performance(
        shape=shape, neutral=shape.astype(np.float32), pose=pose, canonical=faces.astype(np.float32),
        torso=standing(count), found=np.ones(count, bool), reference=reference, size=(SIDE, SIDE),
        fps=FPS,
    )


def window(side: int = SIDE, margin: int = 0) -> Window:
    """The middle of a synthetic picture."""
    return Window(float(margin), float(margin), float(side - 2 * margin), float(side - 2 * margin), 1.0)


@dataclass(frozen=True)
class Painted:
    """A head with a known colour everywhere. paint [G*8, G*8, 4] float 0..1: RGB and matte over the sheet."""

    performance: Performance
    surface: Surface
    paint: Array
    window: Window

    def seen(self, target: Target) -> Seen:
        """The sheet in the window."""
        offsets = deform(self.surface, target.canonical, target.swing)
        return look(self.surface, place(self.surface, offsets, target, self.performance), self.window)

    def photo(self, target: Target) -> Array:
        """The true picture of a target [H, W, 4] uint8, RGB and matte."""
        spot = self.seen(target).grid_xy * np.float32(len(self.paint) / (self.surface.grid - 1)) - np.float32(0.5)
        shot = cv2.remap(self.paint, spot[..., 0], spot[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.round(np.clip(shot, 0, 1) * 255).astype(np.uint8)

    def head(self, frames: Sequence[int]) -> CanonicalHead:
        """The canonical head that has seen these frames of the performance."""
        shots = [self.photo(target_of(self.performance, frame)) for frame in frames]
        bank = build_bank(self.surface, self.performance, self.window, np.array(frames), shots)
        info = MediaInfo(Path("painted.mp4"), SIDE, SIDE, FPS, len(self.performance), None, False, False)
        picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
        return CanonicalHead(
            name="painted", info=info, receipt=Receipt("text", (), ""), performance=self.performance,
            surface=self.surface, bank=bank, picture=picture, plate=picture.copy(),
            track=track_of(self.performance.canonical, self.performance.pose), seconds=0.0,
        )


def mottled(shape: tuple[int, int], seed: int = 0, grain: float = 3.0) -> Array:
    """A picture [H, W, 3] float 0..1 of soft coloured specks, `grain` px wide."""
    noise = np.random.default_rng(seed).normal(size=(*shape, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), grain)
    return np.clip(0.5 + 0.16 * soft / soft.std(), 0, 1)


def painted(performance: Performance, flat: bool = False) -> Painted:
    """Paint the head of a performance with specks of a tenth of a head unit."""
    view = window()
    surface = build_surface(performance, TOPOLOGY, view, flat=flat)
    grid = surface.grid
    at = (np.arange(8 * grid) + 0.5) / 8 * (grid - 1) / grid
    x, y = np.meshgrid(*(np.interp(at, np.arange(grid), line) for line in _ticks(surface)))
    specks = mottled((600, 600), grain=5.0)  # 100 px per head unit
    paint = cv2.remap(specks, np.float32(100 * x + 300), np.float32(100 * y + 300), cv2.INTER_LINEAR)
    return Painted(performance, surface, np.dstack([paint, np.ones_like(paint[..., :1])]), view)


def _ticks(surface: Surface) -> tuple[Array, Array]:
    """Where the columns and the rows of the sheet lie, head units."""
    sheet = surface.vertices.reshape(surface.grid, surface.grid, 3)
    return sheet[0, :, 0], sheet[:, 0, 1]


@cache
def acted() -> Painted:
    """A painted head that turns by 20 degrees to either side, nods, speaks, blinks, glances: 25 frames, 0 at rest."""
    time = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    yaw, pitch = 20 * np.sin(time), 6 * np.sin(2 * time)
    shape = average()
    faces = [
        act(shape, mouth=max(0.0, 0.2 * np.sin(3 * t)), lids=float(np.cos(t - 4) > 0.97), gaze=0.1 * np.sin(t + 1))
        for t in time
    ]
    pose = poses(np.r_[0.0, yaw], np.r_[0.0, pitch])
    return painted(performance_of(shape, np.stack([shape, *faces]), pose))


@cache
def pipeline() -> TalkingHeadPipeline:
    """The pipeline with its tracker, loaded once for all tests."""
    return TalkingHeadPipeline.from_pretrained()


@cache
def studied(name: str = "subject.mp4") -> CanonicalHead:
    """The canonical head of a file of tests/data, studied once for all tests."""
    return pipeline().study(DATA / name, consent=Consent(subject=True, driving=True, purpose=True))
