"""A pretended pipeline and an acted face for the tests of the evaluation: a tracker that reads frame numbers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np

from tmt.checkpoint import SHIPPED, Checkpoint
from tmt.errors import MediaError
from tmt.geometry import rotation_from_euler
from tmt.pose import template
from tmt.topology import MEDIAPIPE_478
from tmt.track import FaceTracker
from tmt.types import Array, CanonicalHead, Consent, HeadPath, Result, Settings
from tmt.video import VideoWriter, probe, read_frames

SIDE, FPS, FRAMES = 176, 25, 48
HALF_SWING = 35.0  # degrees
STEP, TAG = 5, 24  # grey levels from one frame number to the next, px of the corner that shows it


def landmarks_at(index: int) -> Array:
    """The acted face of frame `index`: it turns 35 degrees to either side, opens its mouth and moves about."""
    time = index / FRAMES * 2 * np.pi
    shape = template(MEDIAPIPE_478.name).copy()
    shape[list(MEDIAPIPE_478.lower_lip), 1] += 0.1 * (1 + np.sin(3 * time))
    turned = shape @ rotation_from_euler(np.radians(HALF_SWING) * np.sin(time) ** 3, 0.1 * np.sin(2 * time), 0.0).T
    acted: Array = (turned * 50 + np.array([SIDE / 2 + 5 * np.sin(time), SIDE / 2, 0])).astype(np.float32)
    return acted


def picture(index: int) -> Array:
    """A texture that moves with the face, with the frame's number as a grey corner."""
    noise = np.random.default_rng(0).normal(size=(SIDE, SIDE, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 4)
    image = np.clip(127 + 40 * np.roll(soft / soft.std(), index, 1), 0, 255).astype(np.uint8)
    image[:TAG, :TAG] = index * STEP
    return image


class NumberTracker(FaceTracker):
    """Finds in a picture the face of the frame whose number its corner shows."""

    topology = MEDIAPIPE_478

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker."""
        return landmarks_at(round(frame[4 : TAG - 4, 4 : TAG - 4].mean() / STEP))

    def matte(self, frame: Array) -> Array:
        """See FaceTracker."""
        return np.ones(frame.shape[:2], np.float32)


@dataclass
class PretendedPipeline:
    """`bank` gives the driving clip itself, `copy` a blurred one, `flat` fails; what is called is kept."""

    studied: list[str] = field(default_factory=list)
    settings: list[Settings] = field(default_factory=list)
    tracker: FaceTracker = field(default_factory=NumberTracker)
    checkpoint: Checkpoint = SHIPPED

    def study(self, path: Path, *, consent: Consent) -> CanonicalHead:
        """See Pipeline."""
        assert consent == Consent(True, True, True)
        self.studied.append(path.name)
        if "broken" in path.name:
            raise MediaError("no_frames", name=path.name)
        surface = SimpleNamespace(operator=np.ones((4, 1)), head=np.array([1.0, 1, 1, 0]))
        bank = SimpleNamespace(quality=np.log([[0.9, 0.9, 0.01, 0.9]]))
        return cast(CanonicalHead, SimpleNamespace(surface=surface, bank=bank, info=probe(path)))

    def transfer(self, head: CanonicalHead, driving: Path, out: Path, settings: Settings) -> Result:
        """See Pipeline."""
        self.settings.append(settings)
        if settings.method == "flat":
            raise ValueError("no depth")
        if settings.method == "copy":
            write_clip(out, [cv2.GaussianBlur(frame, (0, 0), 3) for frame in read_frames(driving)])
        else:
            shutil.copy(driving, out)
        return Result(out, out.with_suffix(".json"), {}, seconds={"track": 0.48, "fuse": 0.24})

    def view(self, head: CanonicalHead, out: Path, path: HeadPath, settings: Settings) -> Result:
        """See Pipeline: of the acted frames the one that is turned most as asked, half as far."""
        turns = [HALF_SWING * np.sin(i / FRAMES * 2 * np.pi) ** 3 for i in range(FRAMES)]
        frames = [picture(int(np.abs(np.array(turns) - yaw / 2).argmin())) for yaw in path.yaw]
        return Result(write_clip(out, frames), out.with_suffix(".json"), {})


def write_clip(path: Path, frames: Sequence[Array]) -> Path:
    """Frames [SIDE, SIDE, 3] uint8 as a clip."""
    with VideoWriter(path, size=(SIDE, SIDE), fps=Fraction(FPS), crf=6) as writer:
        for frame in frames:
            writer.write(frame)
    return path
