"""Looking at a finished clip from outside: every frame on its own, with nothing that the renderer knew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tmt.errors import FaceError
from tmt.evaluate.identity import Identity
from tmt.evaluate.metrics import Box, box_around, traits
from tmt.evaluate.texture import Texture, canonical_texture
from tmt.geometry import fit_similarity, untransform
from tmt.pose import template
from tmt.topology import Topology
from tmt.track import FaceTracker
from tmt.types import Array
from tmt.video import read_frames

ROUNDS = 3  # of aligning the frames to their own mean; a fourth changes nothing


@dataclass(frozen=True)
class Seen:
    """What is seen of a face through a clip.

    landmarks [T, L, 3] px, NaN where no face was found; found [T] bool; shape [L, 3] the mean face in head units;
    rotation [T, 3, 3]; canonical [T, L, 3] landmarks with the pose removed; step: clip frames from one to the next.
    """

    landmarks: Array
    found: Array
    shape: Array
    rotation: Array
    canonical: Array
    step: int

    def __len__(self) -> int:
        return len(self.landmarks)

    def frame(self, index: int) -> int:
        """Frame number in the clip of the index-th one that was looked at."""
        return index * self.step

    def spread(self, count: int) -> list[int]:
        """At most `count` indices of frames with a face, even in time."""
        known = np.flatnonzero(self.found)
        return sorted({int(known[i]) for i in np.linspace(0, len(known) - 1, count).round().astype(int)})


@dataclass(frozen=True)
class Portrait:
    """A few looks at one person: embeddings (empty without an identity network) and canonical textures."""

    embeddings: list[Array]
    textures: list[Texture]


@dataclass(frozen=True)
class Observer:
    """The instruments: a landmark tracker, and where installed a network that tells people apart."""

    tracker: FaceTracker
    identity: Identity | None = None

    @property
    def topology(self) -> Topology:
        """Which landmark is which."""
        return self.tracker.topology

    def face(self, picture: Array) -> Array:
        """picture uint8 [H, W, 3] -> landmarks [L, 3] px, all NaN where there is no face."""
        found = self.tracker.detect(picture, None)
        return np.full((self.topology.count, 3), np.nan) if found is None else found.astype(np.float64)

    def look(self, path: Path, step: int) -> Seen:
        """Every `step`-th frame of a clip."""
        return self.see((self.face(frame) for frame in read_frames(path, every=step)), step, path.name)

    def see(self, landmarks: Iterable[Array], step: int, name: str) -> Seen:
        """Landmarks [L, 3] px of one frame after another (NaN: no face) -> Seen; FaceError where there is no face."""
        stacked = np.stack(list(landmarks))
        found = ~np.isnan(stacked[:, 0, 0])
        if not found.any():
            raise FaceError("no_face", name=name)
        return _split(stacked, found, self.topology, step)

    def portrait(self, path: Path, seen: Seen, indices: Sequence[int]) -> Portrait:
        """The person in some of the frames that were seen of a clip."""
        return self.portrait_at(path, [seen.frame(i) for i in indices], seen.landmarks[list(indices)])

    def portrait_at(self, path: Path, frames: Sequence[int], landmarks: Array) -> Portrait:
        """The person in these frames of a clip, by their landmarks [N, L, 3] px."""
        pairs = list(zip(fetch(path, frames), landmarks, strict=True))
        vectors = [self.identity(*pair, self.topology) for pair in pairs] if self.identity else []
        textures = [canonical_texture(*pair, self.topology) for pair in pairs]
        return Portrait([vector for vector in vectors if vector is not None], textures)


def _split(landmarks: Array, found: Array, topology: Topology, step: int) -> Seen:
    """Pose against the clip's own mean face, and the expression that is left.

    Plain least squares: the product's robust fit is under test here and must not judge itself.
    """
    stable, shape = list(topology.stable), template(topology.name)
    weights = np.ones(len(stable))
    for _ in range(ROUNDS):
        pose = fit_similarity(shape[stable], landmarks[found][:, stable], weights)
        shape = untransform(pose, landmarks[found]).mean(0)
    pose = fit_similarity(shape[stable], landmarks[found][:, stable], weights)
    rotation, canonical = np.full((len(found), 3, 3), np.nan), np.full(landmarks.shape, np.nan)
    rotation[found], canonical[found] = pose.rotation, untransform(pose, landmarks[found])
    return Seen(landmarks, found, shape, rotation, canonical, step)


def rotations_against(shape: Array, landmarks: Array, topology: Topology) -> Array:
    """Rotation [T, 3, 3] of landmarks [T, L, 3] px against a given face [L, 3], to compare clips of one person."""
    stable = list(topology.stable)
    rotation = np.full((len(landmarks), 3, 3), np.nan)
    found = ~np.isnan(landmarks[:, 0, 0])
    rotation[found] = fit_similarity(shape[stable], landmarks[found][:, stable], np.ones(len(stable))).rotation
    return rotation


def fetch(path: Path, frames: Sequence[int]) -> list[Array]:
    """The pictures with these frame numbers, uint8 [H, W, 3], in the order asked for; none is held beside them.

    Numbers past the end give the last frame (a still has only one).
    """
    wanted, kept, last = set(frames), {}, None
    for index, frame in enumerate(read_frames(path)):
        last = frame
        if index in wanted:
            kept[index] = frame
        if index >= max(wanted, default=-1):
            break
    assert last is not None, "a clip that was looked at has a frame"
    return [kept.get(index, last) for index in frames]


def diverse(seen: Seen, topology: Topology, count: int) -> list[int]:
    """`count` indices of frames whose pose and expression differ most (farthest points), in order of time."""
    known = np.flatnonzero(seen.found)
    steps = np.array([0.1, 0.08, 0.08, 0.08, 0.08, 0.15])  # of each trait: about equally visible
    turned = seen.rotation[known][:, 2, :2] / 0.25  # as a quarter of a radian is
    features = np.concatenate([turned, traits(seen.canonical[known], topology) / steps], 1)
    middle = np.median(features, 0)
    chosen = [int(np.linalg.norm(features - middle, axis=1).argmin())]
    while len(chosen) < min(count, len(known)):
        away = np.linalg.norm(features[:, None] - features[chosen], axis=-1).min(1)
        chosen.append(int(away.argmax()))
    return sorted(int(known[i]) for i in chosen)


def head_box(landmarks: Array, shape: tuple[int, ...]) -> Box:
    """Slices of one square of a picture that holds the face of all frames, with hair and neck; landmarks [N, L, 3] px
    (NaN: no face), shape (H, W, ...)."""
    if np.isnan(landmarks).all():
        return slice(0, shape[0]), slice(0, shape[1])
    low, high = np.nanmin(landmarks[..., :2], (0, 1)), np.nanmax(landmarks[..., :2], (0, 1))
    face = np.nanmedian(np.ptp(landmarks[..., :2], axis=1))
    half = float((high - low).max()) / 2 + 0.5 * float(face)
    return box_around(((low + high) / 2)[None], half, shape)
