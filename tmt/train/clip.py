"""What the networks are trained on: one clip of one head, real and tracked or synthetic and exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tmt.types import Array, Pose


@dataclass(frozen=True)
class Truth:
    """What only a synthetic clip knows exactly.

    pose [T] of the head in canonical head units; depth [T, H, W] float16 head units from the plane of the eyes' middle,
    forward is negative, inf where no head is; labels [T, H, W] uint8, indices into `heads.LABELS`.
    """

    pose: Pose
    depth: Array
    labels: Array


@dataclass(frozen=True)
class Clip:
    """One head through time, cut out of its picture.

    images [T, H, W, 4] uint8 RGB and matte (255: person); landmarks [T, L, 3] float32 px of the images (z in the same
    unit, smaller is nearer); found [T] bool; torso [T, 4] drift of the shoulders since the first frame; `person`
    names who it is, for balance and for holding people out; `synthetic` heads have their `truth`.
    """

    name: str
    person: str
    images: Array
    landmarks: Array
    found: Array
    torso: Array
    fps: Fraction
    truth: Truth | None = None

    def __len__(self) -> int:
        return len(self.images)
