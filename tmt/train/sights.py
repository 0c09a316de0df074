"""Clips -> what the recurrent head is learned from: frames of one clip as sights, and another frame that the head they
make shall look like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors import safe_open
from safetensors.numpy import save_file
from torch.utils.data import Dataset

from tmt.bank import target_of
from tmt.growth import glimpse_of
from tmt.networks.head import Glimpse, HeadCell
from tmt.render import deform, look, place, spread
from tmt.sight import SIDE, sight_of
from tmt.topology import Topology
from tmt.train.drawing import Kind
from tmt.train.samples import Subject
from tmt.types import Array

COUNT = 6  # frames of a sample
AWAY = 0.04  # of a clip's length: frames nearer to the target are not used
EYES = 4.0  # a texel of mouth or eyes counts this much more
EDGE = 6.0  # texels of a crop's border that are not judged
FIELDS = ("pixels", "weight", "slip", "acted", "detail", "flow", "trust", "lifted")
BYTES = ("pixels", "weight", "trust", "truth", "plate", "sources")  # 0..1


class Sights(Dataset[dict[str, torch.Tensor]]):
    """Samples in files, `passes` times over: a square of `crop` texels of the atlas, other ones and in another light in
    every pass (None: all of it, as it is)."""

    def __init__(self, files: Sequence[Path], seed: int, passes: int = 1, crop: int | None = None) -> None:
        self.files, self.seed, self.passes, self.crop = list(files), seed, passes, crop

    @property
    def count(self) -> int:
        """Samples of one pass."""
        return len(self.files)

    def __len__(self) -> int:
        return len(self.files) * self.passes

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng((self.seed, index))
        path = self.files[index % len(self.files)]
        arrays = read(path, None if self.crop is None else _square(path, self.crop, rng))
        if self.crop is not None:
            arrays = _coloured(arrays, rng)
        return {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}


def write(path: Path, arrays: dict[str, Array]) -> None:
    """At once or not at all; 0..1 in bytes."""
    stored = {
        name: np.round(np.clip(a, 0, 1) * 255).astype(np.uint8) if name in BYTES
        else np.ascontiguousarray(a, np.float32 if name == "where" else np.float16)
        for name, a in arrays.items()
    }
    part = path.with_suffix(".part")
    save_file(stored, part)
    part.replace(path)


def read(path: Path, box: tuple[int, int, int] | None = None) -> dict[str, Array]:
    """A sample; with `box` (left, top, side in texels) only that part of the atlas and what the target shows of it."""
    with safe_open(path, framework="numpy") as file:
        arrays = {}
        for name in file.keys():  # noqa: SIM118
            part = file.get_slice(name)
            if name in FIELDS and box is not None:
                left, top, side = box
                stored = part[:, :, top : top + side, left : left + side]
            else:
                stored = part[:]
            arrays[name] = stored.astype(np.float32) / (255 if name in BYTES else 1)
    if box is not None:
        where = arrays["where"] - np.array(box[:2], np.float32)[:, None, None]
        inside = ((where > EDGE) & (where < box[2] - EDGE)).all(0)
        arrays |= {"where": np.where(inside, where, np.float32(-1)), "care": arrays["care"] * inside}
    return arrays | {"lifted": np.zeros_like(arrays["weight"])}


def _square(path: Path, side: int, rng: np.random.Generator) -> tuple[int, int, int]:
    """A square of the atlas around a place that the target shows."""
    with safe_open(path, framework="numpy") as file:
        where = file.get_tensor("where")
        care = file.get_tensor("care")[0].astype(np.float32) * (where[0] >= 0)
    some = int(rng.choice(care.size, p=(care / care.sum()).ravel())) if care.sum() > 0 else 0
    middle = where[:, some // care.shape[1], some % care.shape[1]]
    left, top = np.clip((middle - side / 2) // 8 * 8, 0, SIDE - side).astype(int)
    return int(left), int(top), side


def sample(subject: Subject, _: Topology, rng: np.random.Generator) -> dict[str, Array]:
    """The fields of `networks.head.Glimpse` for COUNT frames [N, C, S, S], and the target: where [2, H, W] texels that
    its pixels show (-1: none), slip_there [2, H, W], truth [4, H, W], plate [3, H, W], care [1, H, W]."""
    frame = int(rng.choice(np.flatnonzero(subject.clip.found)))
    free = np.flatnonzero(np.abs(subject.bank.index - frame) > AWAY * len(subject.clip))
    return sights_of(subject, rng.choice(free, COUNT, replace=len(free) < COUNT)) | target_of_sights(subject, frame)


def sights_of(subject: Subject, chosen: Array) -> dict[str, Array]:
    """The fields of `networks.head.Glimpse` for some keyframes [N] -> [N, C, S, S]."""
    bank, net = subject.bank, _plain()
    state, glimpses = net.begin(1, SIDE, 1), []
    for k in chosen:
        sight = sight_of(subject.surface, subject.performance, bank.window, int(bank.index[k]), bank.images[k], 1)
        glimpses.append(glimpse_of(net, state, sight))
        with torch.inference_mode():
            state = net(state, glimpses[-1])
    return {name: np.stack([getattr(one, name)[0].numpy() for one in glimpses]) for name in FIELDS[:-1]}


@cache
def _plain() -> HeadCell:
    """The untrained cell, as small as can be: flows are measured against the head that it would make."""
    return HeadCell(4, 4, 4).eval()


def target_of_sights(subject: Subject, frame: int) -> dict[str, Array]:
    """What is known of a frame, and the frame."""
    surface, grid = subject.surface, subject.surface.grid
    target = target_of(subject.performance, frame)
    offsets = deform(surface, target.canonical, target.swing)
    vertices = place(surface, offsets, target, subject.performance)
    window = subject.bank.window
    seen = look(surface, vertices, window)
    own = sight_of(surface, subject.performance, window, frame, subject.clip.images[frame], 1)
    texels = np.where(seen.covered[..., None], seen.grid_xy / (grid - 1) * SIDE, -1).astype(np.float32)
    slip = [cv2.remap(one, texels[..., 0] - 0.5, texels[..., 1] - 0.5, cv2.INTER_LINEAR) for one in own.slip]
    truth = np.moveaxis(subject.clip.images[frame], -1, 0).astype(np.float32) / 255
    features = spread(surface.regions[:3].max(0).reshape(grid, grid), seen)
    heads = spread(surface.head.reshape(grid, grid), seen)
    plate = cv2.resize(subject.canvas.plate, truth.shape[:0:-1], interpolation=cv2.INTER_LINEAR)
    arrays = {
        "where": np.moveaxis(texels, -1, 0), "slip_there": np.stack(slip), "truth": truth,
        "plate": np.moveaxis(plate, -1, 0), "care": (heads * (truth[3] * 0.9 + 0.1) + EYES * features)[None],
    }  # fmt: skip
    return {name: _filled_up(a, -1.0 if name == "where" else 0.0) for name, a in arrays.items()}


def _filled_up(plane: Array, value: float) -> Array:
    """[C, H, W] -> [C, SIDE, SIDE]: clips differ in size, batches do not."""
    room = [(0, 0)] + [(0, SIDE - size) for size in plane.shape[1:]]
    return np.pad(plane, room, constant_values=value)


def _coloured(arrays: dict[str, Array], rng: np.random.Generator) -> dict[str, Array]:
    """Another light on all alike, and half of them seen in a mirror (texels and pictures turn round alike)."""
    gain = np.exp(rng.uniform(-0.3, 0.3) + rng.uniform(-0.1, 0.1, 3)).astype(np.float32)[:, None, None]
    out = dict(arrays)
    out["pixels"] = np.concatenate([np.clip(arrays["pixels"][:, :3] * gain, 0, 1), arrays["pixels"][:, 3:]], 1)
    out["truth"] = np.concatenate([np.clip(arrays["truth"][:3] * gain, 0, 1), arrays["truth"][3:]])
    out["plate"] = np.clip(arrays["plate"] * gain, 0, 1)
    return mirrored(out) if rng.random() < 0.5 else out


def mirrored(arrays: dict[str, Array]) -> dict[str, Array]:
    """Left and right changed."""
    side = arrays["weight"].shape[-1]
    out = {name: a[..., ::-1].copy() for name, a in arrays.items()}
    for name in ("slip", "flow"):
        out[name][:, 0] *= -1
    out["slip_there"][0] *= -1
    out["where"][0] = np.where(out["where"][0] < 0, -1, side - out["where"][0])
    return out


def glimpses(batch: dict[str, torch.Tensor]) -> list[Glimpse]:
    """A batch's frames one after another."""
    return [Glimpse(*(batch[name][:, n] for name in FIELDS)) for n in range(batch["pixels"].shape[1])]


def at(image: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """image [B, C, S, S] at places [B, 2, H, W] texels -> [B, C, H, W]."""
    where = places.permute(0, 2, 3, 1) * (2 / image.shape[-1]) - 1
    return F.grid_sample(image, where, padding_mode="border", align_corners=False)


HEAD_SAMPLE = Kind(sample, write, ".safetensors")
