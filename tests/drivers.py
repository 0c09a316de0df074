"""Drivers for the tests: people of several proportions who all act the same, and a short clip."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from heads import DATA, SCALE, act, average, mottled, performance_of, person, poses
from media_files import make

from tmt.retarget import Retarget
from tmt.skin import SIDE
from tmt.types import Array, Performance

PHASE = np.linspace(0, 2 * np.pi, 24, endpoint=False)
DRIVERS = {"average": (1.0, 1.0, 1.0), "wide": (1.15, 0.95, 0.7), "long": (0.92, 1.1, 1.3)}


@cache
def complexion(person: int) -> Array:
    """A person's mean face: specks that nobody else has."""
    return np.round(mottled((SIDE, SIDE), seed=person)[..., 0] * 255).astype(np.uint8)


@cache
def acting(width: float = 1.0, height: float = 1.0, eyes: float = 1.0, scale: float = SCALE) -> Performance:
    """A person who turns, speaks, blinks, glances and raises the brows; frame 0 frontal and at rest."""
    shape = person(width, height, eyes)
    faces = np.stack(
        [
            act(shape, mouth=max(0.0, 0.15 * np.sin(2 * t)), lids=float(np.cos(t - 3) > 0.95), gaze=0.12 * np.sin(t),
                brows=0.03 * np.sin(3 * t) ** 2)
            for t in PHASE
        ]
    )
    pose = poses(15 * np.sin(PHASE), 5 * np.sin(2 * PHASE), 4 * np.sin(PHASE), scale)
    return replace(performance_of(shape, faces, pose), mean_face=complexion(int(100 * (width + height + eyes))))


@cache
def subject() -> Performance:
    """Another clip of the average face, in another place, size and view."""
    shape = average()
    faces = np.stack([act(shape, mouth=0.1 * np.sin(t) ** 2) for t in PHASE])
    pose = poses(10 * np.cos(PHASE), -5.0, 3.0, scale=60.0)
    pose = replace(pose, translation=pose.translation + (20, 8, 0))
    return replace(performance_of(shape, faces, pose), reference=6, mean_face=complexion(300))


def faces(plan: Retarget) -> Array:
    """The canonical faces [T, L, 3] of all frames."""
    return np.stack([plan.target(index).canonical for index in range(len(plan))])


def still(shape: Array) -> Performance:
    """One frame at rest."""
    return performance_of(shape, shape[None], poses(np.array([0.0])))


@cache
def short_clip(name: str, frames: int, folder: Path) -> Path:
    """The first frames of a clip of tests/data, with its sound."""
    out = folder / f"short {name}"
    return make(out, "-i", str(DATA / name), "-frames:v", str(frames), "-t", str(frames / 25), "-crf", "4")
