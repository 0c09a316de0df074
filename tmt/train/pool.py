"""Samples on disk: drawn once by all cores, read again in every pass. Small integers, 3 MB each at 256 px."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from tmt.attend import MAPS
from tmt.topology import Topology
from tmt.train.clip import Clip
from tmt.train.samples import LEAST_FRAMES, Sample, random_sample, subject_of
from tmt.types import Array

Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]  # sources, hints, maps, truth
SIGNED = MAPS.index("depth")  # -1..1, all others are 0..1 (how far pixels have come, and the logits, a little beyond)
BRIGHTEST, STRONGEST = 0.35, 0.25  # of the random changes of exposure and of the colours' balance


def people_of(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Clips by person."""
    people: dict[str, list[Clip]] = {}
    for clip in clips:
        people.setdefault(clip.person, []).append(clip)
    return people


def fill(
    folder: Path, clips: Callable[[int], Iterable[Clip]], people: int, count: int, topology: Topology, seed: int,
    warp: str = "3d",
) -> Iterator[int]:
    """Draw `count` samples into `folder`, the same for a seed; yields how many there are. `clips(n)` are those of the
    n-th of so many `people`, who get equally many samples; only one person's heads are held at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    for person in range(people):
        numbers = range(person, count, people)
        if all(_file(folder, number).is_file() for number in numbers):
            continue
        subjects = [subject_of(clip, topology, warp) for clip in clips(person)]
        subjects = [subject for subject in subjects if len(subject.bank) >= LEAST_FRAMES]
        for number in numbers if subjects else ():
            rng = np.random.default_rng((seed, number))
            subject = subjects[int(rng.integers(len(subjects)))]
            _write(_file(folder, number), random_sample(subject, topology, rng))
            yield number


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.npz"


def _write(path: Path, sample: Sample) -> None:
    """Colours and masks in bytes, the rest in half precision."""
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
    """One sample as drawn: sources [K, 4, H, W], hints [K, 2, H, W], maps [C, H, W], truth [4, H, W], float32."""
    with np.load(path) as file:
        maps = file["maps"].astype(np.float32) / 255
        return {
            "sources": file["sources"].astype(np.float32) / 255, "hints": file["hints"].astype(np.float32),
            "maps": np.insert(maps, SIGNED, file["depth"].astype(np.float32), 0),
            "truth": file["truth"].astype(np.float32) / 255,
        }  # fmt: skip


class Samples(Dataset[Tensors]):
    """The pool as a dataset: sample `i` of pass `p` is item p * len + i, cropped, mirrored and coloured by the seed."""

    def __init__(self, files: Sequence[Path], crop: int, seed: int, passes: int = 1, plain: bool = False) -> None:
        self.files, self.crop, self.seed, self.passes, self.plain = list(files), crop, seed, passes, plain

    def __len__(self) -> int:
        return len(self.files) * self.passes

    def __getitem__(self, index: int) -> Tensors:
        arrays = read(self.files[index % len(self.files)])
        rng = np.random.default_rng((self.seed, index))
        arrays = cropped(arrays, self.crop, None if self.plain else rng)
        if not self.plain:
            arrays = coloured(arrays, rng)
        sources, hints, maps, truth = (torch.from_numpy(np.ascontiguousarray(a, np.float32)) for a in arrays.values())
        return sources, hints, maps, truth


def cropped(
    arrays: dict[str, Array], side: int, rng: np.random.Generator | None, *, flip: bool = True
) -> dict[str, Array]:
    """A square of the sample, at random and perhaps mirrored (if `flip`), or (without rng) around the head."""
    maps = arrays["maps"]
    height, width = maps.shape[1:]
    rows, columns = np.nonzero(maps[MAPS.index("lips")] + maps[MAPS.index("lids")] > 0)
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


def coloured(arrays: dict[str, Array], rng: np.random.Generator) -> dict[str, Array]:
    """Another light on everything alike: exposure, balance of colours, gamma."""
    gain = np.exp(rng.uniform(-1, 1) * BRIGHTEST + rng.uniform(-1, 1, 3) * STRONGEST / 2).astype(np.float32)
    gamma = np.float32(np.exp(rng.uniform(-1, 1) * STRONGEST))
    order = rng.permutation(3) if rng.random() < 0.1 else np.arange(3)

    def change(colours: Array) -> Array:
        lit = np.clip(np.power(colours[..., order, :, :], gamma) * gain[:, None, None], 0, 1)
        return np.asarray(lit, np.float32)

    plate = MAPS.index("red")
    for name, start in (("sources", 0), ("truth", 0), ("maps", plate)):
        values = arrays[name] = np.array(arrays[name])
        values[..., start : start + 3, :, :] = change(values[..., start : start + 3, :, :])
    return arrays
