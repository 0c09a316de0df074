"""The stage "joint": the recurrent head and the fusion learn together. The head that the cell makes of a few frames is
posed and drawn with its own depth, and is one more source that the fusion may attend to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from tmt.atlas import AWAY, PRICE, SURE
from tmt.attend import LOGIT_UNIT, MAPS, MOVED_UNIT
from tmt.bank import target_of
from tmt.fuse import Mix, Posed, choose
from tmt.networks.fusion import FusionNet
from tmt.networks.head import HeadCell, State
from tmt.render import deform, look, place, spread
from tmt.sight import NECK
from tmt.topology import Topology
from tmt.train import fusion, sights
from tmt.train.config import TrainConfig
from tmt.train.drawing import Kind
from tmt.train.head import Batch, drawn_head, posed
from tmt.train.head import loss as head_loss
from tmt.train.pool import cropped
from tmt.train.samples import LESSONS, ODDS, SOURCES, Subject, sample_of, withheld
from tmt.types import Array

OWN = 0.3  # of the head by itself, beside the finished picture
PICTURE = ("sources", "hints", "maps", "truth", "where", "slip_there", "top", "plate", "care")
MIDDLE = [MAPS.index("lips"), MAPS.index("lids")]  # of a face
LOWEST = 1.5  # of the hints, as in `attend.gather`


def sample(subject: Subject, topology: Topology, rng: np.random.Generator) -> dict[str, Array]:
    """A fusion's sample and the sights of some of the same frames: nothing of the target is among either. top [1, H,
    W]: the logit of the best frame, from which the hints are counted."""
    frame = int(rng.choice(np.flatnonzero(subject.clip.found)))
    allowed = withheld(subject, frame, str(rng.choice(LESSONS, p=ODDS)), rng)
    told = sample_of(subject, frame, allowed, topology)
    chosen = rng.choice(allowed, sights.COUNT, replace=len(allowed) < sights.COUNT)
    there = sights.target_of_sights(subject, frame)
    height, width = told.evidence.maps.shape[1:]
    picture = {name: there[name][:, :height, :width] for name in ("where", "slip_there", "plate", "care")}
    return sights.sights_of(subject, chosen) | picture | {
        "sources": told.evidence.sources, "hints": told.evidence.hints, "maps": told.evidence.maps,
        "truth": told.truth, "top": _top(subject, frame, allowed, topology, (height, width)),
    }  # fmt: skip


def posed_and_mixed(subject: Subject, frame: int, allowed: Array, topology: Topology) -> tuple[Posed, Mix]:
    """A frame of the clip as a target, and the mix of the `allowed` frames [n] for it."""
    target = target_of(subject.performance, frame)
    offsets = deform(subject.surface, target.canonical, target.swing)
    posed = Posed(offsets, place(subject.surface, offsets, target, subject.performance), target)
    return posed, choose(subject.bank, subject.surface, posed, topology, SOURCES, None, allowed)


def _top(subject: Subject, frame: int, allowed: Array, topology: Topology, shape: tuple[int, int]) -> Array:
    posed, mix = posed_and_mixed(subject, frame, allowed, topology)
    top = spread(mix.logits.max(0), look(subject.surface, posed.vertices, subject.canvas.window))
    room = [(0, a - b) for a, b in zip(shape, top.shape, strict=True)]
    return np.pad(top, room, mode="edge")[None]


class Samples(Dataset[dict[str, torch.Tensor]]):
    """Files of `sample`, `passes` times over: a square of `crop` px of the picture, in another light in every pass."""

    def __init__(self, files: Sequence[Path], seed: int, crop: int, passes: int = 1, *, plain: bool = False) -> None:
        self.files, self.seed, self.crop, self.passes, self.plain = list(files), seed, crop, passes, plain

    def __len__(self) -> int:
        return len(self.files) * self.passes

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng((self.seed, index))
        arrays = sights.read(self.files[index % len(self.files)])
        picture, light = {name: arrays[name] for name in PICTURE}, None if self.plain else rng
        picture = cropped(picture, arrays["maps"][MIDDLE], self.crop, light, flip=False)
        arrays |= picture
        if not self.plain:
            arrays = _lit(arrays, np.exp(rng.uniform(-0.3, 0.3) + rng.uniform(-0.1, 0.1, 3)))
        return {name: torch.from_numpy(np.ascontiguousarray(a, np.float32)) for name, a in arrays.items()}


def _lit(arrays: dict[str, Array], gain: Array) -> dict[str, Array]:
    """All colours times a gain [3]."""
    out, plate = dict(arrays), MAPS.index("red")
    for name, start in (("pixels", 0), ("sources", 0), ("truth", 0), ("plate", 0), ("maps", plate)):
        out[name] = arrays[name].copy()
        part = out[name][..., start : start + 3, :, :]
        part[:] = np.clip(part * gain[:, None, None], 0, 1)
    return out


class Joint(nn.Module):
    """Both networks."""

    def __init__(self, head: HeadCell, fuse: FusionNet) -> None:
        super().__init__()
        self.head, self.fusion = head, fuse

    def save_pretrained(self, folder: Path) -> None:
        """Each into its own folder."""
        self.head.save_pretrained(folder / "head")
        self.fusion.save_pretrained(folder / "fusion")


def with_head(state: State, colours: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """The bank's sources and their hints, and the head `colours` [B, 4, H, W] as the last of them, as `attend.gather`
    puts it."""
    covered = (batch["where"][:, :1] >= 0).to(colours)
    weight = sights.at(state.weight[:, :1], batch["where"])
    head = ((batch["maps"][:, MAPS.index("head")][:, None] - NECK[0]) / (NECK[1] - NECK[0])).clamp(0, 1)
    sure = weight / (weight + SURE) * head * head * (3 - 2 * head)  # as `sight.turning`
    over = sure.clamp(min=1e-6).log() - PRICE - batch["top"]
    logits = torch.cat([batch["hints"][:, :, 0] * LOGIT_UNIT, over], 1) - over.clamp(min=0)
    moved = torch.cat([batch["hints"][:, :, 1], min(AWAY / MOVED_UNIT, 2.0) * covered], 1)
    hints = torch.stack([(logits / LOGIT_UNIT).clamp(min=-LOWEST), moved], 2)
    return torch.cat([batch["sources"], (colours * covered)[:, None]], 1), hints


def made(net: Joint, batch: Batch, *, learn_head: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """The finished picture and the head alone, both [B, 3, H, W]."""
    frames = sights.glimpses(batch)
    with torch.set_grad_enabled(learn_head and torch.is_grad_enabled()):
        state = net.head.begin(len(batch["pixels"]), frames[0].weight.shape[-1], 1)
        for frame in frames:
            state = net.head(state, frame)
        colours, alone = drawn_head(net.head, state, batch), posed(net.head, state, batch)
    sources, hints = with_head(state, colours, batch)
    return fusion.compose(net.fusion(sources, hints, batch["maps"]), sources, hints, batch["maps"]), alone


@dataclass(frozen=True)
class JointStage:
    """What the loop asks a stage for; `train` and `check` are files of `sample`. part "fusion" keeps the head as is."""

    train: Sequence[Path]
    check: Sequence[Path]
    part: str = "both"
    laps: int = 10_000

    def samples(self, config: TrainConfig) -> tuple[Samples, int]:
        """Squares of the pictures."""
        return Samples(self.train, config.seed, config.crop, self.laps), len(self.train)

    def held_out(self, config: TrainConfig) -> Samples:
        """Of people that are not trained on, always the same."""
        return Samples(self.check, config.seed, 256, plain=True)

    def build(self, config: TrainConfig) -> Joint:
        """Untrained networks."""
        return Joint(HeadCell(), FusionNet(**config.network))

    def load(self, folder: Path) -> Joint:
        """Networks to start from: folders `head` and `fusion`."""
        return Joint(HeadCell.from_pretrained(folder / "head"), FusionNet.from_pretrained(folder / "fusion"))

    def step(self, net: torch.nn.Module, batch: Any) -> torch.Tensor:
        """The loss of one batch."""
        both: Joint = net.module if hasattr(net, "module") else net  # type: ignore[assignment]
        image, alone = made(both, batch, learn_head=self.part != "fusion")
        total = fusion.loss(image, batch["maps"], batch["truth"])
        return total if self.part == "fusion" else total + OWN * head_loss(alone, batch)

    @torch.no_grad()
    def look(self, net: torch.nn.Module | None, batches: list[Any]) -> tuple[dict[str, float], Array]:
        """Mean measures over held-out samples, and a sheet: truth, bank unlearned, head alone, learned."""
        told: list[dict[str, float]] = []
        rows: list[Array] = []
        for batch in batches:
            sources, hints, maps, truth = (batch[name] for name in ("sources", "hints", "maps", "truth"))
            plain = fusion.compose(None, sources, hints, maps)
            image, alone = (plain, plain) if net is None else made(net, batch)  # type: ignore[arg-type]
            told += [fusion.measures(image[i : i + 1], maps[i : i + 1], truth[i : i + 1]) for i in range(len(image))]
            if len(rows) < fusion.SHOWN:
                parts = torch.cat([truth[0, :3], plain[0], alone[0], image[0]], 2)
                rows.append(parts.clamp(0, 1).permute(1, 2, 0).cpu().numpy())
        means = {name: float(np.mean([one[name] for one in told])) for name in told[0]}
        return means, (np.concatenate(rows) * 255).round().astype(np.uint8)


JOINT_SAMPLE = Kind(sample, sights.write, ".safetensors")
