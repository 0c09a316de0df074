"""What crosses a module border: frozen dataclasses with shapes and units. Conventions are in `geometry.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import torch
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from tmt.checkpoint import Checkpoint

Array = np.ndarray
Method = Literal["copy", "warp2d", "learned2d", "single", "flat", "head", "bank", "fused"]
TRACKERS = ("mediapipe", "face-alignment", "posenet")
PARTS = ("depth", "certainty", "alignment", "swing", "head")  # left out; depth: DepthNet, head: as a source
METHODS: tuple[Method, ...] = ("copy", "warp2d", "learned2d", "single", "flat", "head", "bank", "fused")
Mode = Literal["relative", "absolute"]
Sound = Literal["driving", "subject", "none"]


@dataclass(frozen=True)
class Consent:
    """What the user affirms. No defaults: a caller that says nothing has not consented."""

    subject: bool
    driving: bool
    purpose: bool


@dataclass(frozen=True)
class Receipt:
    """What was affirmed, and when: version of the consent text, ids of its statements, UTC time (ISO 8601)."""

    text: str
    statements: tuple[str, ...]
    utc: str


@dataclass(frozen=True)
class MediaInfo:
    """A probed video or picture; width, height as read (rotation applied), `aspect` of a pixel and `matrix` of its YUV,
    which an output keeps; `frames`: None where unknown; `missing` s: what a file that is cut off once had behind."""

    path: Path
    width: int
    height: int
    fps: Fraction
    frames: int | None
    seconds: float | None
    has_audio: bool
    is_still: bool
    aspect: Fraction = Fraction(1)
    matrix: Literal["bt601", "bt709"] = "bt601"
    missing: float = 0.0


@dataclass(frozen=True)
class Window:
    """A part of a picture: left, top, width, height in picture px, shown at `scale` window px per picture px."""

    left: float
    top: float
    width: float
    height: float
    scale: float

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in window px."""
        return round(self.height * self.scale), round(self.width * self.scale)

    def to_window(self, points: Array) -> Array:
        """points [*, 2 or 3] picture px -> window px (a third coordinate is only scaled)."""
        origin = np.array([self.left, self.top, 0], points.dtype)[: points.shape[-1]]
        return (points - origin) * np.asarray(self.scale, points.dtype)

    def at(self, scale: float) -> Window:
        """The same part at another scale."""
        return Window(self.left, self.top, self.width, self.height, scale)


@dataclass(frozen=True)
class FaceTrack:
    """Landmarks of one face through a clip. landmarks [T, L, 3] float32 picture px (z likewise, smaller is nearer);
    found [T] bool (False: bridged or held); torso [T, 4] drift (`drift.py`) of the shoulders since a first frame, which
    shoulders [h, w, 2] uint8 shows reduced, in grey, with where they are; sharpness [T] variance of the Laplacian over
    the face; size (width, height) of the picture; lost: why frames have no good face, and how many; mean_face [S, S]
    uint8 that landmarks were moved onto (None: were not); faces [S, S] uint8 that lie on it, of some frames; bars
    (left, top, right, bottom) px of black."""

    landmarks: Array
    found: Array
    torso: Array
    sharpness: Array
    size: tuple[int, int]
    fps: Fraction
    lost: Mapping[str, int] = field(default_factory=dict)
    mean_face: Array | None = None
    faces: Mapping[int, Array] = field(default_factory=dict)
    bars: tuple[int, int, int, int] = (0, 0, 0, 0)
    shoulders: Array | None = None

    def __len__(self) -> int:
        return len(self.landmarks)


@dataclass(frozen=True)
class Pose:
    """Similarity from canonical head units to picture px, x = scale * rotation @ X + translation (weak perspective):
    scale [*], px per head unit; rotation [*, 3, 3]; translation [*, 3] px."""

    scale: Array
    rotation: Array
    translation: Array

    def __getitem__(self, index: int | Array | slice) -> Pose:
        return Pose(self.scale[index], self.rotation[index], self.translation[index])


@dataclass(frozen=True)
class Creases:
    """How the skin of an unrolled face folds: basis [J, L, 2], what landmark offsets from `neutral` [L, 2] head units,
    over `gain` [L, 2], add to a few numbers; ends [2, J], least and most of these; maps [J, S, S], log light a unit."""

    basis: Array
    ends: Array
    maps: Array
    neutral: Array
    gain: Array


@dataclass(frozen=True)
class Performance:
    """A clip's motion with its identity taken out: pose and expression in canonical coordinates. shape [L, 3] mean
    shape; neutral [L, 3] relaxed lips, open eyes, straight gaze; pose of T frames; canonical [T, L, 3] landmarks with
    the pose removed; torso [T, 4] drift; reference: the neutral, frontal frame; mean_face [S, S] uint8: which skin
    landmarks name; creases: how it folds (None: unknown); shoulders: as tracked; swing [T, S, S, 2] head units: how a
    studied head's sheet moves beside all that, see swing.py (None: unknown)."""

    shape: Array
    neutral: Array
    pose: Pose
    canonical: Array
    torso: Array
    found: Array
    reference: int
    size: tuple[int, int]
    fps: Fraction
    mean_face: Array | None = None
    creases: Creases | None = None
    shoulders: Array | None = None
    swing: Array | None = None

    def __len__(self) -> int:
        return len(self.canonical)


@dataclass(frozen=True)
class Target:
    """The subject's head in one frame: pose in its picture, canonical [L, 3], torso [4] drift; creases; swing."""

    pose: Pose
    canonical: Array
    torso: Array
    limits: tuple[str, ...] = ()
    creases: Creases | None = None
    swing: Array | None = None


class Targets(Protocol):
    """Whatever says where the head shall be in each frame of a run."""

    @property
    def pose(self) -> Pose:
        """Of the subject's head, [T]."""

    def __len__(self) -> int: ...

    def target(self, index: int) -> Target:
        """The head in frame `index`."""


@dataclass(frozen=True)
class Surface:
    """The head as a height field in canonical space: a sheet whose vertices follow the landmarks. vertices [G*G, 3]
    head units, mouth open; parameter [L, 3] landmarks of that shape; operator sparse [G*G, L] landmark -> vertex
    offsets; head [G*G] 1 on the head, 0 on the torso; head_far: where it is turned far; regions [4, G*G] mouth, right
    eye, left eye, brows; interior, eyeballs [G*G] between lips, lids; eyes: landmarks of irises, corners. float32."""

    grid: int
    vertices: Array
    parameter: Array
    operator: csr_matrix
    head: Array
    regions: Array
    interior: Array
    eyeballs: Array
    eyes: tuple[tuple[tuple[int, ...], tuple[int, int]], ...] = ()
    head_far: Array | None = None


@dataclass(frozen=True)
class FrameBank:
    """Keyframes of the subject and where each vertex of the surface lies in them. float32 unless said. images [K, H, W,
    4] uint8, RGB and matte, in `window`; index [K] of the clip's frames; places [K, G*G, 2] window px; offsets [K, G*G,
    3] head units, expression; quality [K, G*G] log of visibility, facing; area [K, G*G] log of picture px^2 a cell;
    view [K, 3] to the camera, landmarks [K, L, 2], canonical; torso [K, 4] drift; pose [K]."""

    window: Window
    images: Array
    index: Array
    places: Array
    offsets: Array
    quality: Array
    area: Array
    view: Array
    landmarks: Array
    torso: Array
    pose: Pose

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Back:
    """The back of the head: vertices [R, C, 3] head units, from the right side round to the left; head [R] 1 where it
    turns with the head, 0 with the torso; colours [S, S, 3] float 0..1 over rows and columns; solid [R] 0..1."""

    vertices: Array
    head: Array
    colours: Array
    solid: Array


@dataclass(frozen=True)
class Atlas:
    """The recurrent head on the sheet: colours [F, F, 4] uint8 RGB, matte; weight [S, S] how surely known (a sum over
    frames); depth [S, S] head units that parallax moved it by. slopes [N + 1, F, F, 4]: what white [N + 1, N + 1] @
    (numbers of a frame, 1) adds to colours; outline [2, V, S, S]: mattes by view; float32, ways.py (None: none)."""

    colours: Array
    weight: Array
    depth: Array
    slopes: Array | None = None
    white: Array | None = None
    outline: Array | None = None


@dataclass(frozen=True, eq=False)
class CanonicalHead:
    """Everything learned from the subject: `study` makes it once, any number of renders use it. picture [H, W, 3]
    uint8: the reference frame whole; plate [h, w, 3] uint8: the background behind the bank's window."""

    name: str
    info: MediaInfo
    receipt: Receipt
    performance: Performance
    surface: Surface
    bank: FrameBank
    picture: Array
    plate: Array
    track: FaceTrack
    seconds: float
    back: Back | None = None
    atlas: Atlas | None = None
    face: int | None = None  # which one of the clip's was asked for, from the left from 1
    checkpoint: Checkpoint | None = None  # it was studied with, and is drawn by; None: what ships


@dataclass(frozen=True)
class Settings:
    """How a transfer is done. Strengths multiply the driver's offsets (1 = as driven); `steadiness` 0..1; `size` px of
    the head's crop, in a `full_frame` at most. None: its own pixels, from 256 to 512, or to 1024 in the full frame."""

    mode: Mode = "relative"
    method: Method = "fused"
    size: int | None = None
    full_frame: bool = False
    side_by_side: bool = False
    sound: Sound = "driving"
    label: bool = True
    mark: bool = True  # the invisible one
    head: float = 1.0
    mouth: float = 1.0
    eyes: float = 1.0
    brows: float = 1.0
    gaze: float = 1.0
    wrinkles: float = 1.0
    steadiness: float = 0.5
    driving_face: int | None = None  # of several, counted from the left from 1; None: the largest and most central
    sources: int = 6  # bank frames per target frame: more is smoother, fewer is sharper and faster


@dataclass(frozen=True)
class HeadPath:
    """Head angles over time for novel views: yaw, pitch, roll [T] degrees, added to the subject's reference pose."""

    yaw: Array
    pitch: Array
    roll: Array
    fps: Fraction

    def __len__(self) -> int:
        return len(self.yaw)


@dataclass(frozen=True)
class Step:
    """Progress of a run: `stage` is "study", "build", "track", "align" or "render"; `total` is None while unknown."""

    stage: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Frame:
    """One rendered frame: image [3, H, W] float RGB in [0, 1]; limits that acted on it."""

    index: int
    image: torch.Tensor
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What a run wrote. `report` is what the .json beside the video holds."""

    video: Path
    report_path: Path
    report: Mapping[str, object]
    side_by_side: Path | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
