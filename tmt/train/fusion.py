"""The stage "fusion": the attention fusion learns to give back a frame that its bank lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tmt.attend import LOGIT_UNIT, MAPS
from tmt.detail import RADIUS
from tmt.fuse import LASHES, LASHES_KEEP
from tmt.networks.blocks import blurred
from tmt.networks.fusion import FusionNet, Repair
from tmt.train.config import TrainConfig
from tmt.train.pool import Packed, Samples, unpacked
from tmt.train.precision import whole
from tmt.types import Array

DETAIL = 0.35  # the product measures it for every head; between .2 and .6
REGION = 5.0  # a pixel of mouth or eyes counts this much more: they are a fiftieth of the picture
SSIM_SHARE, SLOPE_SHARE = 0.15, 0.5  # beside the plain difference


def compose(repair: Repair | None, sources: torch.Tensor, hints: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """The finished picture [B, 3, H, W], as `renderer` makes it from what the network says (None: unlearned)."""
    logits = hints[:, :, 0] * LOGIT_UNIT
    if repair is not None:
        logits = logits + repair.logits
    colours = (torch.softmax(logits, 1)[:, :, None] * sources[:, :, :3]).sum(1)
    colours = colours + DETAIL * (colours - blurred(colours, RADIUS))
    dark = torch.from_numpy(LASHES).to(colours)[:, None, None]
    colours = colours + _map(maps, "lashes") * (colours * (LASHES_KEEP - 1) + dark)
    matte, near = _map(maps, "matte"), _map(maps, "near")
    if repair is not None:
        matte = (matte + near * repair.matte).clamp(0, 1)
    plate = maps[:, MAPS.index("red") : MAPS.index("red") + 3]
    image = colours * matte + plate * (1 - matte)
    return image if repair is None else image + near * repair.picture


def loss(image: torch.Tensor, maps: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Difference, structure and slopes against the true picture [B, 4, H, W], where the network may change anything."""
    weight = _weight(maps, truth)
    true = truth[:, :3]
    plain = ((image - true) ** 2 + 1e-6).sqrt()
    slopes = sum((torch.diff(image, dim=d) - torch.diff(true, dim=d)).abs().mean() for d in (2, 3))
    structure = 1 - ssim_map(image, true)
    return (weight * (plain + SSIM_SHARE * structure)).mean() + SLOPE_SHARE * slopes


def _weight(maps: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """[B, 1, H, W] of mean 1."""
    person = torch.maximum(truth[:, 3:], _map(maps, "covered") * _map(maps, "matte"))
    weight = _map(maps, "near") * (0.2 + 0.8 * person) + REGION * (_map(maps, "mouth") + _map(maps, "eyes"))
    weight = weight * (1 - _map(maps, "cavity"))  # what no frame shows is painted, see mouth.py
    return weight / weight.mean().clamp(min=1e-3)


@torch.no_grad()
def measures(image: torch.Tensor, maps: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    """How near pictures are to the truth: loss, PSNR over the person, SSIM of mouth and eyes; means over the batch."""
    true, image = truth[:, :3], image.clamp(0, 1)
    structure = ssim_map(image, true).mean(1, keepdim=True)
    error = ((image - true) ** 2).mean(1, keepdim=True)

    def over(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return (values * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp(min=1e-3)

    mse = over(error, truth[:, 3:]).clamp(min=1e-6)
    return {
        "loss": float(loss(image, maps, truth)), "psnr": float((-10 * mse.log10()).mean()),
        "mouth": float(over(structure, _map(maps, "mouth") * (1 - _map(maps, "cavity"))).mean()),
        "eyes": float(over(structure, _map(maps, "eyes")).mean()),
    }  # fmt: skip


def step(net: torch.nn.Module, batch: Packed) -> torch.Tensor:
    """The loss of one batch."""
    sources, hints, maps, truth = unpacked(batch)
    repair = whole(net(sources, hints, maps))
    with torch.autocast(truth.device.type, enabled=False):
        return loss(compose(repair, sources, hints, maps), maps, truth)


SHOWN = 6  # held-out samples on a contact sheet


@dataclass(frozen=True)
class FusionStage:
    """What the loop asks a stage for; `train` and `check` are files of the pool."""

    train: Sequence[Path]
    check: Sequence[Path]
    laps: int = 10_000  # passes through the pool: more than any budget

    def samples(self, config: TrainConfig) -> tuple[Samples, int]:
        """The pool, cropped and coloured differently in every pass."""
        return Samples(self.train, config.crop, config.seed, self.laps), len(self.train)

    def held_out(self, config: TrainConfig) -> Samples:
        """Uncropped but for size, always the same."""
        return Samples(self.check, 256, config.seed, plain=True)

    def build(self, config: TrainConfig) -> FusionNet:
        """An untrained network."""
        return FusionNet(**config.network)

    def load(self, folder: Path) -> FusionNet:
        """A network to start from."""
        net: FusionNet = FusionNet.from_pretrained(folder)
        return net

    def step(self, net: torch.nn.Module, batch: Any) -> torch.Tensor:
        """The loss of one batch."""
        return step(net, batch)

    @torch.no_grad()
    def look(self, net: torch.nn.Module | None, batches: list[Any]) -> tuple[dict[str, float], Array]:
        """Mean measures over held-out samples, and a contact sheet: truth, unlearned, learned."""
        seen: list[dict[str, float]] = []
        rows: list[Array] = []
        for sources, hints, maps, truth in map(unpacked, batches):
            image = compose(None if net is None else net(sources, hints, maps), sources, hints, maps)
            seen += [measures(image[i : i + 1], maps[i : i + 1], truth[i : i + 1]) for i in range(len(image))]
            plain = compose(None, sources[:1], hints[:1], maps[:1])
            if len(rows) < SHOWN:
                rows.append(torch.cat([truth[0, :3], plain[0], image[0]], 2).clamp(0, 1).permute(1, 2, 0).cpu().numpy())
        means = {name: float(np.mean([one[name] for one in seen])) for name in seen[0]}
        return means, (np.concatenate(rows) * 255).round().astype(np.uint8)


def ssim_map(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Structural similarity [B, C, H, W] of pictures in 0..1 (Wang et al. 2004), Gaussian window of 1.5 px."""
    mean_a, mean_b = blurred(a, 1.5), blurred(b, 1.5)
    var_a, var_b = blurred(a * a, 1.5) - mean_a**2, blurred(b * b, 1.5) - mean_b**2
    both = blurred(a * b, 1.5) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    return ((2 * mean_a * mean_b + c1) * (2 * both + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))


def _map(maps: torch.Tensor, name: str) -> torch.Tensor:
    index = MAPS.index(name)
    return maps[:, index : index + 1]
