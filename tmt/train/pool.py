"""Samples on disk: drawn once by all cores, read again in every pass. Small integers, 3 MB each at 256 px; that is also
how they travel to the device, where they become colours in another light."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from tmt.attend import MAPS
from tmt.train.drawing import Kind
from tmt.train.samples import Sample, random_sample
from tmt.types import Array

Packed = dict[str, torch.Tensor]  # a sample, or a batch of them, as it is kept and travels
Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]  # sources, hints, maps, truth
SIGNED = MAPS.index("depth")  # -1..1, all others are 0..1
KEPT = MAPS[:SIGNED] + MAPS[SIGNED + 1 :]  # the maps that are kept as bytes
MIDDLE = [KEPT.index("lips"), KEPT.index("lids")]  # of a face
BRIGHTEST, STRONGEST = 0.35, 0.25  # of the random changes of exposure and of the colours' balance


def write(path: Path, sample: Sample) -> None:
    """Colours and masks in bytes, the rest in half precision; at once or not at all."""
    part = path.with_suffix(".part.npz")
    maps = sample.evidence.maps
    np.savez(
        part, sources=_bytes(sample.evidence.sources), hints=sample.evidence.hints.astype(np.float16),
        maps=_bytes(np.delete(maps, SIGNED, 0)), depth=maps[SIGNED].astype(np.float16), truth=_bytes(sample.truth),
    )  # fmt: skip
    part.replace(path)


def _bytes(values: Array) -> Array:
    return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)


def read(path: Path) -> dict[str, Array]:
    """One sample as it is kept: sources [K, 4, H, W], maps [C - 1, H, W] (KEPT) and truth [4, H, W] uint8, hints
    [K, 2, H, W] and depth [H, W] float16."""
    with np.load(path) as file:
        return {name: file[name] for name in ("sources", "hints", "maps", "depth", "truth")}


class Samples(Dataset[Packed]):
    """The pool as a dataset: sample `i` of pass `p` is item p * len + i, cropped, mirrored and lit by the seed."""

    def __init__(self, files: Sequence[Path], crop: int, seed: int, passes: int = 1, plain: bool = False) -> None:
        self.files, self.crop, self.seed, self.passes, self.plain = list(files), crop, seed, passes, plain

    def __len__(self) -> int:
        return len(self.files) * self.passes

    def __getitem__(self, index: int) -> Packed:
        rng = None if self.plain else np.random.default_rng((self.seed, index))
        arrays = read(self.files[index % len(self.files)])
        arrays = cropped(arrays, arrays["maps"][MIDDLE], self.crop, rng)
        if rng is not None:
            arrays |= random_light(rng)
        return {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}


def cropped(
    arrays: dict[str, Array], middle: Array, side: int, rng: np.random.Generator | None, *, flip: bool = True
) -> dict[str, Array]:
    """A square of the sample, at random and perhaps mirrored (if `flip`), or (without rng) around where the `middle`
    [*, H, W] is not zero."""
    height, width = middle.shape[-2:]
    rows, columns = np.nonzero(middle.reshape(-1, height, width).any(0))
    centre = np.array([rows.mean(), columns.mean()] if len(rows) else [height / 2, width / 2])
    if rng is not None:
        centre = centre + rng.uniform(-0.35, 0.35, 2) * side
    ends = zip(centre, (height, width), strict=True)
    top, left = (int(np.clip(round(c - side / 2), 0, max(0, n - side))) for c, n in ends)
    turn = -1 if flip and rng is not None and rng.random() < 0.5 else 1
    out = {}
    for name, values in arrays.items():
        part = values[..., top : top + side, left : left + side]
        room = [(0, 0)] * (values.ndim - 2) + [(0, side - n) for n in part.shape[-2:]]
        out[name] = np.pad(part, room, mode="edge")[..., ::turn]
    return out


def random_light(rng: np.random.Generator) -> dict[str, Array]:
    """Another light: gain [3] of exposure and balance, gamma [1], and now and then the colours in another order [3]."""
    gain = np.exp(rng.uniform(-1, 1) * BRIGHTEST + rng.uniform(-1, 1, 3) * STRONGEST / 2)
    gamma = np.exp(rng.uniform(-1, 1, 1) * STRONGEST)
    order = rng.permutation(3) if rng.random() < 0.1 else np.arange(3)
    return {"gain": gain.astype(np.float32), "gamma": gamma.astype(np.float32), "order": order}


def unpacked(batch: Packed) -> Tensors:
    """A batch as it travels -> sources [B, K, 4, H, W], hints [B, K, 2, H, W], maps [B, C, H, W], truth [B, 4, H, W],
    float32 0..1; everything alike in the light that it was given, if any."""
    sources, maps, truth = (batch[name].float() / 255 for name in ("sources", "maps", "truth"))
    maps = torch.cat([maps[:, :SIGNED], batch["depth"].float()[:, None], maps[:, SIGNED:]], 1)
    if "gain" in batch:
        plate = MAPS.index("red")
        parts = sources[:, :, :3], truth[:, None, :3], maps[:, None, plate : plate + 3]
        for part in parts:
            part.copy_(lit(part, batch))
    return sources, batch["hints"].float(), maps, truth


def lit(colours: torch.Tensor, light: Packed) -> torch.Tensor:
    """colours [B, N, 3, H, W] 0..1 in the light of every sample, see `random_light`."""
    some = light["order"][:, None, :, None, None].expand_as(colours)
    gain, gamma = light["gain"][:, None, :, None, None], light["gamma"][:, None, :, None, None]
    return (torch.gather(colours, 2, some) ** gamma * gain).clamp(0, 1)


FUSION = Kind(random_sample, write, ".npz")
