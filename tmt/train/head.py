"""The stage "head": the recurrent cell learns gains, memory and reading, so that the head it has made of some frames
looks like another frame of the clip when it is posed like it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from tmt.networks.head import HeadCell, State
from tmt.train.config import TrainConfig
from tmt.train.fusion import SHOWN, SLOPE_SHARE, SSIM_SHARE, ssim_map
from tmt.train.sights import Sights, at, glimpses
from tmt.types import Array

Batch = dict[str, torch.Tensor]


def drawn_head(net: HeadCell, state: State, batch: Batch) -> torch.Tensor:
    """The head so far as the target stands [B, 4, H, W]: a pixel shows the texel it hits, less the slip that the depth
    found since makes there."""
    colours, depth = net.read(state)
    places = batch["where"]
    return at(colours, places - batch["slip_there"] * at(depth, places))


def posed(net: HeadCell, state: State, batch: Batch) -> torch.Tensor:
    """`drawn_head` over the background [B, 3, H, W]."""
    pixels = drawn_head(net, state, batch)
    shown = (batch["where"][:, :1] >= 0) * pixels[:, 3:]
    return pixels[:, :3] * shown + batch["plate"] * (1 - shown)


def loss(image: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Difference, structure and slopes against the true picture, where the head is."""
    true, care = batch["truth"][:, :3], batch["care"]
    care = care / care.mean((1, 2, 3), keepdim=True).clamp(min=1e-3)
    plain = ((image - true) ** 2 + 1e-6).sqrt() + SSIM_SHARE * (1 - ssim_map(image, true))
    slopes = sum(
        ((torch.diff(image, dim=d) - torch.diff(true, dim=d)).abs() * care.narrow(d, 1, care.shape[d] - 1)).mean()
        for d in (2, 3)
    )
    return (care * plain).mean() + SLOPE_SHARE * slopes


def step(net: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """The loss of one batch: after some of the frames, and after all of them."""
    cell: HeadCell = net.module if hasattr(net, "module") else net  # type: ignore[assignment]
    frames = glimpses(batch)
    some = 1 + int(torch.randint(len(frames) - 1, ()))
    side, fine = frames[0].weight.shape[-1], frames[0].pixels.shape[-1]
    state = cell.begin(len(batch["pixels"]), side, fine // side)
    total = torch.zeros((), device=batch["pixels"].device)
    for number, frame in enumerate(frames, 1):
        state = net(state, frame)
        if number in (some, len(frames)):
            total = total + 0.5 * loss(posed(cell, state, batch), batch)
    return total


@dataclass(frozen=True)
class HeadStage:
    """What the loop asks a stage for."""

    train: Sights
    check: Sights

    def samples(self, config: TrainConfig) -> tuple[Sights, int]:
        """Some frames and another one, never the same twice."""
        return self.train, self.train.count

    def held_out(self, config: TrainConfig) -> Sights:
        """Of people that are not trained on, always the same."""
        return self.check

    def build(self, config: TrainConfig) -> HeadCell:
        """The plain filter."""
        return HeadCell(**config.network)

    def load(self, folder: Path) -> HeadCell:
        """A cell to start from."""
        net: HeadCell = HeadCell.from_pretrained(folder)
        return net

    def step(self, net: torch.nn.Module, batch: Any) -> torch.Tensor:
        """The loss of one batch."""
        return step(net, batch)

    @torch.no_grad()
    def look(self, net: torch.nn.Module | None, batches: list[Any]) -> tuple[dict[str, float], Array]:
        """Measures over held-out samples after the first frame, after half and after all (None: the plain filter), and
        a sheet: the atlas, the head as the target stands, the target."""
        cell = HeadCell(4, 4, 4).to(batches[0]["pixels"].device) if net is None else net
        told: dict[str, list[float]] = {}
        rows: list[Array] = []
        for batch in batches:
            frames = glimpses(batch)
            side = frames[0].weight.shape[-1]
            state = cell.begin(len(batch["pixels"]), side, 1)  # type: ignore[operator]
            for number, frame in enumerate(frames, 1):
                state = cell(state, frame)
                if number in (1, len(frames) // 2, len(frames)):
                    image = posed(cell, state, batch)  # type: ignore[arg-type]
                    told.setdefault(f"psnr{number}", []).extend(_psnr(image, batch))
            told.setdefault("loss", []).append(float(loss(image, batch)))
            if len(rows) < SHOWN:
                atlas = cell.read(state)[0][:1, :3]  # type: ignore[operator]
                parts = [F.interpolate(p[:1], (256, 256)) for p in (atlas, image, batch["truth"][:, :3])]
                rows.append((torch.cat(parts, 3)[0].permute(1, 2, 0).clamp(0, 1).cpu().numpy() * 255).astype(np.uint8))
        return {name: float(np.mean(values)) for name, values in told.items()}, np.concatenate(rows)


def _psnr(image: torch.Tensor, batch: Batch) -> list[float]:
    """Over the person's head, one number for each sample."""
    weight = (batch["care"] > 0.3).float()
    error = ((image - batch["truth"][:, :3]) ** 2).mean(1, keepdim=True)
    mean = (error * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp(min=1)
    return [float(v) for v in -10 * mean.clamp(min=1e-6).log10()]
