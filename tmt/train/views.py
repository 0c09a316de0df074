"""Clips -> what depth and pose are learned from: three frames of one head in crops around it, as networks see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from tmt.geometry import rotation_angle, smoothstep, untransform
from tmt.headcrop import HeadCrop, crop_around
from tmt.motion import perform
from tmt.topology import Topology
from tmt.train.clip import Clip
from tmt.train.covers import mirrored_covers, random_blur, random_covers
from tmt.train.looks import random_look
from tmt.train.samples import STEADINESS, track_of
from tmt.types import Array, Pose

COUNT = 3  # frames of a sample: the first is looked at, the others tell whether its depth is right
FIELD = 32  # side of the grid on which expression is told
REACH = 0.035  # of the crop: how far a landmark's motion is felt
BELOW = (0.05, 0.30)  # face heights under the chin over which head becomes neck: it does not turn with the head
TURN, SHIFT, ZOOM = 15.0, 0.06, 0.22  # degrees, sides, and log: crops are not as exact as landmarks
EDGES, ODDS = (0.24, 0.2, 0.2, 0.1), (0.5, 0.15, 0.15, 0.2)  # most that lies beyond bottom, left, right, top; how often
EVEN = 2.0  # degrees: frames hardly turned are drawn too
BYTES = ("crops", "head", "matte")
FRAMES = ("crops", "head", "rotation", "scale", "translation", "covers", "blur")
HEAD, CLOTH = (1, 2, 3, 4, 6), 5  # labels of what belongs to a synthetic head, and of what it wears below


@dataclass(frozen=True)
class Turning:
    """A clip with what is known of its head: poses [T], faces [T, L, 3] canonical; depth [T, H, W] head units from the
    head's origin, clothes too, NaN where nobody is (None: real)."""

    clip: Clip
    pose: Pose
    faces: Array
    depth: Array | None


def turning_of(clip: Clip, topology: Topology) -> Turning:
    """A cached clip; synthetic ones bring their truth."""
    if clip.truth is None:
        performance = perform(track_of(clip, topology), topology, STEADINESS)
        return Turning(clip, performance.pose, performance.canonical, None)
    pose = clip.truth.pose
    faces = untransform(pose, clip.landmarks.astype(np.float64)).astype(np.float32)
    depth = np.where(np.isin(clip.truth.labels, (*HEAD, CLOTH)), clip.truth.depth.astype(np.float32), np.nan)
    depth[~np.isfinite(depth)] = np.nan
    counted = [_from_origin(one, clip.landmarks[t], pose[t]) for t, one in enumerate(depth)]
    return Turning(clip, pose, faces, np.stack(counted))


def _from_origin(depth: Array, landmarks: Array, pose: Pose) -> Array:
    """Depth [H, W] counted from the eyes -> from the head's origin, as the landmarks [L, 3] px have it."""
    x, y = np.clip(landmarks[:, :2].astype(int).T, 0, np.array(depth.shape)[::-1, None] - 1)
    told = (landmarks[:, 2] - pose.translation[2]) / pose.scale
    return np.asarray(depth - np.nanmedian(depth[y, x] - told), np.float32)


class Views(Dataset[dict[str, torch.Tensor]]):
    """Samples by the seed: `passes` times `count`, people drawn alike."""

    def __init__(
        self, turnings: Sequence[Turning], topology: Topology, seed: int, count: int, passes: int = 1, *,
        plain: bool = False, lone: bool = False,
    ) -> None:
        """`plain`: neither moved nor coloured; `lone`: of synthetic heads one frame, the others are empty."""
        self.topology, self.seed, self.count, self.passes = topology, seed, count, passes
        self.plain, self.lone = plain, lone
        people: dict[str, list[Turning]] = {}
        for one in turnings:
            people.setdefault(one.clip.person, []).append(one)
        self.real = [p for p in people.values() if p[0].depth is None]
        self.heads = [p for p in people.values() if p[0].depth is not None]

    def __len__(self) -> int:
        return self.count * self.passes

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng((self.seed, index))
        groups = [group for group in (self.heads, self.real) if group]
        group = groups[index % len(groups)] if len(groups) > 1 and rng.random() < 0.5 else groups[0]
        clips = group[int(rng.integers(len(group)))]
        one = clips[int(rng.integers(len(clips)))]
        lone = self.lone and one.depth is not None
        arrays = sample(one, self.topology, rng, plain=self.plain, count=1 if lone else COUNT)
        return {name: torch.from_numpy(a) for name, a in packed(arrays).items()}


def packed(arrays: dict[str, Array]) -> dict[str, Array]:
    """A sample as it travels: pictures in bytes, COUNT frames (those that are missing are empty)."""
    lacking = COUNT - len(arrays["scale"])
    bytes_of = {name: np.round(arrays[name] * 255).astype(np.uint8) for name in BYTES}
    out = {name: np.ascontiguousarray(a, np.float32) for name, a in arrays.items()} | bytes_of
    for name in FRAMES if lacking else ():
        more = np.zeros_like(out[name][:1]) if name in BYTES else out[name][:1]
        out[name] = np.concatenate([out[name], *[more] * lacking])
    more = np.zeros((COUNT - 1 - len(out["field"]), *out["field"].shape[1:]), np.float32)
    return out | {"field": np.concatenate([out["field"], more])}


def unpacked(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Samples [B, ...] as the losses take them: pictures 0..1."""
    return {name: part.float() / 255 if part.dtype == torch.uint8 else part for name, part in batch.items()}


def sample(
    one: Turning, topology: Topology, rng: np.random.Generator, *, plain: bool = False, count: int = COUNT
) -> dict[str, Array]:
    """Some frames N: crops [N, 3, S, S]; matte [1, S, S] of the first; head [N, 1, S, S] where it is; rotation [N, 3,
    3], scale [N], translation [N, 2] in sides of the crop; covers [N, MOST, NUMBERS], blur [N, 1] (`covers`); field
    [N - 1, 3, FIELD, FIELD], what the expression moves from the first to the others, head units; marks [L, 3] of the
    first in sides; depth [1, S, S] sides, NaN where unknown; true [1] whether it is told."""
    frames = _some(one, rng, count)
    jitter = np.zeros(4) if plain else rng.uniform(-1, 1, 4) * (SHIFT, SHIFT, ZOOM, np.radians(TURN))
    look = None if plain else random_look(rng)
    flip = not plain and rng.random() < 0.5
    out: dict[str, list[Array]] = {}
    kept: list[tuple[HeadCrop, Array]] = []
    for t in frames:
        marks = one.clip.landmarks[t]
        crop = crop_around(marks[: topology.surface, :2]).moved(jitter[:2], float(np.exp(jitter[2])), jitter[3])
        image = crop.cut(one.clip.images[t])
        told = crop.seen(one.pose[t])
        kept.append((crop, crop.to_crop(marks)))
        head = image[..., 3] / np.float32(255) * _above_neck(kept[-1][1], topology, image.shape[0])
        shown = image if look is None else look(image)
        out.setdefault("crops", []).append(np.moveaxis(shown[..., :3], -1, 0) / np.float32(255))
        out.setdefault("matte", []).append(shown[None, ..., 3] / np.float32(255))
        out.setdefault("head", []).append(head[None])
        out.setdefault("rotation", []).append(told.rotation)
        out.setdefault("scale", []).append(told.scale)
        out.setdefault("translation", []).append(told.translation[:2])
        x, y = (np.clip(kept[-1][1][topology.nose_tip, :2], 0, 0.999) * image.shape[0]).astype(int)
        out.setdefault("covers", []).append(random_covers(rng, kept[-1][1], out["crops"][-1][:, y, x], topology))
        out.setdefault("blur", []).append(random_blur(rng))
    arrays = {name: np.stack(values).astype(np.float32) for name, values in out.items()}
    arrays["matte"] = arrays["matte"][0]
    crop, marks = kept[0]
    moves = (one.faces[frames[1:]] - one.faces[frames[0]]).astype(np.float32)
    arrays["field"] = np.array([_spread(marks[:, :2], move) for move in moves], np.float32).reshape(-1, 3, FIELD, FIELD)
    arrays["marks"] = (marks - (0, 0, crop.depth_of(one.pose[frames[0]])))[list(topology.stable)].astype(np.float32)
    side = arrays["crops"].shape[-1]
    arrays["depth"] = np.full((1, side, side), np.nan, np.float32)
    arrays["true"] = np.array([one.depth is not None], np.float32)
    if one.depth is not None:
        arrays["depth"][0] = crop.cut(one.depth[frames[0]], nearest=True) * arrays["scale"][0]
        head = np.isfinite(one.depth[frames[0]])
        if one.clip.truth is not None:
            head &= one.clip.truth.labels[frames[0]] != CLOTH
        arrays["head"][0, 0] = crop.cut(head.astype(np.uint8), nearest=True)
        if not plain:
            beyond = _beyond(rng, side)
            arrays["matte"][:, beyond], arrays["depth"][:, beyond] = 0, np.nan
    return mirrored(arrays) if flip else arrays


def _beyond(rng: np.random.Generator, side: int) -> Array:
    """[S, S] bool beside the picture: real ones often end close to the head, rendered ones do not."""
    out = np.zeros((side, side), bool)
    for end, most, odds in zip(["bottom", "left", "right", "top"], EDGES, ODDS, strict=True):
        away = int(rng.uniform(0, most) * side) if rng.random() < odds else 0
        band = np.s_[side - away :] if end in ("bottom", "right") else np.s_[:away]
        if end in ("bottom", "top"):
            out[band] = True
        else:
            out[:, band] = True
    return out


def _some(one: Turning, rng: np.random.Generator, count: int) -> Array:
    """Numbers of frames: any one, and others that are rather turned away from it."""
    found = np.flatnonzero(one.clip.found)
    first = int(rng.choice(found))
    if count == 1:
        return np.array([first])
    away = np.degrees(rotation_angle(one.pose.rotation[found], one.pose.rotation[first])) + EVEN
    away[found == first] = 0
    some = rng.choice(found, count - 1, p=away / away.sum(), replace=len(found) < count)
    return np.array([first, *some])


def _above_neck(marks: Array, topology: Topology, side: int) -> Array:
    """[S, S] 1 on the head, fading to 0 under the chin; marks [L, 3] sides of the crop."""
    chin, top = marks[topology.chin, :2], marks[topology.forehead, :2]
    height = float(np.linalg.norm(chin - top))
    down = (chin - top) / height
    places = (np.arange(side) + 0.5) / side
    under = (places[None] - chin[0]) * down[0] + (places[:, None] - chin[1]) * down[1]
    return np.asarray(1 - smoothstep((under / height - BELOW[0]) / (BELOW[1] - BELOW[0])), np.float32)


def _spread(marks: Array, moves: Array) -> Array:
    """Moves [L, 3] of landmarks at [L, 2] sides -> [3, FIELD, FIELD], fading outside the face."""
    places = (np.arange(FIELD) + 0.5) / FIELD
    wide = np.exp(-0.5 * ((places[None] - marks[:, :1]) / REACH) ** 2)
    tall = np.exp(-0.5 * ((places[None] - marks[:, 1:]) / REACH) ** 2)
    total = np.stack([(tall * part[:, None]).T @ wide for part in moves.T])
    return np.asarray(total / (tall.T @ wide + 0.3), np.float32)


def mirrored(arrays: dict[str, Array]) -> dict[str, Array]:
    """The same seen in a mirror: x turns round in the pictures and in the head."""
    planes = ("crops", "matte", "head", "field", "depth")
    out = {name: a[..., ::-1] if name in planes else a.copy() for name, a in arrays.items()}
    turn = np.diag([-1.0, 1.0, 1.0]).astype(np.float32)
    out["rotation"] = turn @ arrays["rotation"] @ turn
    out["field"] = out["field"] * np.array([-1, 1, 1], np.float32)[:, None, None]
    out["translation"][:, 0] = 1 - arrays["translation"][:, 0]
    out["marks"][:, 0] = 1 - arrays["marks"][:, 0]
    out["covers"] = mirrored_covers(arrays["covers"])
    return out
