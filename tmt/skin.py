"""What landmarks miss: how the skin between them moves, seen by aligning every frame's face with the clip's mean face.

Landmarks are a detector's guess, a pixel or two beside the skin they name, and each frame's guess differs. A face
unrolled by its landmarks and compared with the person's own mean face (dense inverse search flow, Kroeger et al. 2016)
shows by how much; the landmarks then move there. Lids and irises keep the detector's word: what opens and closes cannot
be found in a mean. Lips go half of the way: they roll, but their outline is in the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import cv2
import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import Delaunay, cKDTree

from tmt.canonical import barycentric, open_mouth
from tmt.geometry import smoothstep
from tmt.overlap import overlapped
from tmt.pose import template
from tmt.topology import Topology
from tmt.types import Array

SIDE = 192  # px of the unrolled face: 256 gains .02 dB for twice the time
LEAST = 30  # textures, a second or so: the mean of fewer is the face of one word, and calls it rest
ROUNDS = 2  # mean, align, mean again
SPREAD = 3.5  # px over which a certain place speaks for its surroundings
DOUBT = 0.075  # certainty below this pulls the flow to nothing
FAR = 10.0  # px: the skin is never further from its landmark
UNLIKE = 10.0  # grey levels of remaining difference at which a place is not believed
WAITING, LEARNED = 250, 50  # frames that wait for the mean face, and how many of them make it
KEPT = 320  # faces that are kept at most, 37 KB each
NEIGHBOURS = 16  # landmarks that tell how the texture lies in the picture around one of them
OWN = 0.05  # head units around lips and lids where the landmarks' own word fades out
LIPS = 0.5  # of the way that lips go (five training clips: mouth SSIM .849 -> .855, AKD .0087 -> .0085 in the result)


@dataclass(frozen=True)
class SkinMap:
    """The unrolled face, the same for everybody: operator [S*S, L] from landmarks to the pixels of the texture, places
    [L, 2] px of the landmarks in it, skin [S, S] 0..1, free [L] 0..1 (0: keeps the detector's word). A landmark's
    surroundings: around [L, N] its neighbours, slope [L, 2, N] their weights in the local change of picture px."""

    operator: csr_matrix
    places: Array
    skin: Array
    free: Array
    around: Array
    slope: Array


@dataclass(frozen=True)
class SkinModel:
    """A person's mean face: mean [S, S] uint8 grey, fine [S, S] its detail, certainty [S, S] 0..1 of its gradients."""

    layout: SkinMap
    mean: Array
    fine: Array
    certainty: Array


@lru_cache(maxsize=2)
def skin_map(topology: Topology) -> SkinMap:
    """Lay the average person's landmarks out flat, mouth open."""
    opened = open_mouth(template(topology.name), topology)
    flat = opened[: topology.surface, :2]
    low, high = flat.min(0), flat.max(0)
    places = ((opened[:, :2] - (low + high) / 2) / (high - low).max() / 1.02 + 0.5) * SIDE
    centres = np.stack([axis.ravel() for axis in np.meshgrid(np.arange(SIDE), np.arange(SIDE))], 1) + 0.5
    operator, inside = barycentric(Delaunay(places[: topology.surface]), centres, topology.count)
    skin = inside.reshape(SIDE, SIDE).astype(np.uint8)
    for ring in (topology.inner_lips, *(eye.ring for eye in topology.eyes)):
        cv2.fillPoly(skin, [np.round(places[list(ring)]).astype(np.int32)], 0)
    lips, lids = (
        smoothstep(np.linalg.norm(flat[:, None] - flat[None, kept], axis=-1).min(1) / OWN)
        for kept in (topology.mouth, topology.right_eye.ring + topology.left_eye.ring)
    )
    free = np.zeros(topology.count, np.float32)
    free[: topology.surface] = np.minimum(LIPS + (1 - LIPS) * lips, lids)
    around, slope = _surroundings(places)
    return SkinMap(
        operator.astype(np.float32), places.astype(np.float32), skin.astype(np.float32), free, around, slope
    )


def _surroundings(places: Array) -> tuple[Array, Array]:
    """places [L, 2] -> neighbours [L, N] and the least-squares slope over them [L, 2, N]."""
    _, around = cKDTree(places).query(places, k=NEIGHBOURS)
    offset = places[around] - places[around].mean(1, keepdims=True)
    normal = offset.transpose(0, 2, 1) @ offset
    slope = np.linalg.solve(normal + np.eye(2), offset.transpose(0, 2, 1))
    return around, slope.astype(np.float32)


def unroll(layout: SkinMap, frame: Array, landmarks: Array) -> Array:
    """frame [H, W, 3] uint8, landmarks [L, 3] px -> the face's grey texture [S, S] uint8."""
    low = np.maximum(np.floor(landmarks[:, :2].min(0)).astype(int) - 2, 0)
    high = np.ceil(landmarks[:, :2].max(0)).astype(int) + 3
    part = frame[low[1] : high[1], low[0] : high[0]]
    if min(part.shape[:2]) < 2:
        return np.zeros((SIDE, SIDE), np.uint8)
    where = _positions(layout, landmarks - np.append(low, 0.0)) - 0.5
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)
    return cv2.remap(grey, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def learn(layout: SkinMap, textures: Sequence[Array]) -> SkinModel | None:
    """Textures [S, S] uint8 of one person -> their mean face, sharpened by aligning them; None for too few."""
    if len(textures) < LEAST:
        return None
    model = _model(layout, textures)
    for _ in range(ROUNDS - 1):
        model = _model(layout, [_warp(*one) for one in zip(textures, _motions(model, textures), strict=True)])
    return model


def _motions(model: SkinModel, textures: Iterable[Array]) -> Iterable[Array]:
    return overlapped(partial(motion, model, texture) for texture in textures)


def motion(model: SkinModel, texture: Array) -> Array:
    """How far beside the mean face a texture [S, S] uint8 lies: [S, S, 2] px of the texture."""
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(model.mean, texture, None)
    rest = np.abs(_detail(_warp(texture, flow)) - model.fine)
    certain = model.certainty * np.exp(-((cv2.GaussianBlur(rest, (0, 0), 2) / UNLIKE) ** 2))
    weighted = cv2.GaussianBlur(flow * certain[..., None], (0, 0), SPREAD)
    flow = weighted / (cv2.GaussianBlur(certain, (0, 0), SPREAD) + DOUBT)[..., None]
    length = np.hypot(flow[..., 0], flow[..., 1])
    limited: Array = flow * np.minimum(1, FAR / np.maximum(length, 1e-6))[..., None]
    return limited


def follow(model: SkinModel, texture: Array, landmarks: Array) -> Array:
    """Landmarks [L, 3] px and the texture unrolled by them -> how far the skin they name lies beside them [L, 2] px."""
    return beside(model.layout, motion(model, texture), landmarks)


def beside(layout: SkinMap, flow: Array, landmarks: Array) -> Array:
    """A flow [S, S, 2] of the texture's px -> the same at landmarks [L, 3], in their unit [L, 2]."""
    shift = _read(flow, layout.places) * layout.free[:, None]
    change = layout.slope @ landmarks[layout.around, :2].astype(np.float32)
    return np.einsum("li,lij->lj", shift, change)


def laid_over(subject: Array, driver: Array, topology: Topology) -> tuple[float, Array]:
    """Two mean faces [S, S] -> their correlation -1..1 once the second one lies over the first (of one person in one
    light nearly 1), and the flow [S, S, 2] px that lays it there.

    Between two clips of one person there is some: what a mean face calls the cheek depends on how much was smiled.
    """
    layout = skin_map(topology)
    model = _model_of(layout, subject)
    shown, flow = layout.skin > 0, motion(model, driver)
    return float(np.corrcoef(model.fine[shown], _detail(_warp(driver, flow))[shown])[0, 1]), flow


def _positions(layout: SkinMap, landmarks: Array) -> Array:
    """Picture px [S, S, 2] of the texture's pixels."""
    return np.asarray(layout.operator @ landmarks[:, :2].astype(np.float32)).reshape(SIDE, SIDE, 2)


def _read(values: Array, places: Array) -> Array:
    """values [S, S, 2] at places [L, 2] px -> [L, 2]."""
    here = (places - 0.5).astype(np.float32)[:, None]
    return cv2.remap(values, here, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]


def _model(layout: SkinMap, textures: Sequence[Array]) -> SkinModel:
    total = np.zeros((SIDE, SIDE), np.float32)
    for texture in textures:
        total += texture
    return _model_of(layout, np.round(total / len(textures)).astype(np.uint8))


def _model_of(layout: SkinMap, mean: Array) -> SkinModel:
    slopes = (cv2.Sobel(mean, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    energy = cv2.GaussianBlur(sum(slope**2 for slope in slopes), (0, 0), 3)
    usual = float(np.median(energy[layout.skin > 0])) * 0.3 + 1e-3
    return SkinModel(layout, mean, _detail(mean), energy / (energy + usual) * layout.skin)


def _detail(texture: Array) -> Array:
    """What is finer than light and shade [S, S] float32."""
    values = texture.astype(np.float32)
    return values - cv2.GaussianBlur(values, (0, 0), 8)


def _warp(texture: Array, flow: Array) -> Array:
    return cv2.remap(texture, flow + _grid(), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@lru_cache(maxsize=1)
def _grid() -> Array:
    return np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), -1).astype(np.float32)


class SkinFollower:
    """Moves the landmarks of frame after frame onto the skin. The mean face is learned from the clip's first frames,
    which wait for it as textures. Some of the faces that lie on it are kept; memory does not grow with the clip."""

    def __init__(self, topology: Topology) -> None:
        self._layout = skin_map(topology)
        self._model: SkinModel | None = None
        self._waiting: list[tuple[Array, Array, int]] = []
        self._kept: dict[int, Array] = {}
        self._every = 1

    def add(self, frame: Array, landmarks: Array, number: int) -> None:
        """The clip's frame `number`, [H, W, 3] uint8, with its landmarks [L, 3] px: they are changed in place, now or
        later."""
        texture = unroll(self._layout, frame, landmarks)
        if self._model is not None:
            self._move(motion(self._model, texture), texture, landmarks, number)
            return
        self._waiting.append((texture, landmarks, number))
        if len(self._waiting) >= WAITING:
            self.finish()

    def _move(self, flow: Array, texture: Array, landmarks: Array, number: int) -> None:
        landmarks[:, :2] += beside(self._layout, flow, landmarks)
        if number % self._every:
            return
        self._kept[number] = _warp(texture, flow)
        if len(self._kept) > KEPT:
            self._every *= 2
            self._kept = {at: face for at, face in self._kept.items() if at % self._every == 0}

    def finish(self) -> None:
        """No more frames to wait for."""
        if self._model is not None:
            return
        every = max(1, len(self._waiting) // LEARNED)
        self._model = learn(self._layout, [texture for texture, *_ in self._waiting[::every]])
        if self._model is not None:
            for one, flow in zip(self._waiting, _motions(self._model, (w[0] for w in self._waiting)), strict=True):
                self._move(flow, *one)
        self._waiting = []

    @property
    def mean(self) -> Array | None:
        """The clip's mean face [S, S] uint8 grey; None before `finish`, or for a clip too short to have one."""
        return None if self._model is None else self._model.mean

    def faces(self, clear: Array) -> dict[int, Array]:
        """Some faces [S, S] uint8 that lie on the mean face, by frame; only of those that are `clear` [T] bool."""
        return {number: face for number, face in self._kept.items() if clear[number]}
