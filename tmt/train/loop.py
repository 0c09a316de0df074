"""One loop for every stage: learn within a budget, look at held-out people, keep the best, resume where it stopped.

A run's folder holds `best` (the weights to ship), `state` (everything needed to go on, in files of at most 16 MB),
`log.csv`, TensorBoard's log where that is installed, and contact sheets of the held-out people.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, Dataset

from tmt.train.config import TrainConfig
from tmt.train.journal import Journal, resume, save_state
from tmt.train.parallel import one_thread
from tmt.types import Array

RESERVE = 0.04  # of the budget, for the last look and for saving
LAPS = 10_000  # passes through the pool: more than any budget


class Stage(Protocol):
    """What is trained: a network, its samples, its loss, and how held-out people are looked at."""

    def samples(self, config: TrainConfig) -> tuple[Dataset[Any], int]:
        """Everything to learn from, LAPS times over, and how many samples one pass has."""

    def held_out(self, config: TrainConfig) -> Dataset[Any]:
        """What the best weights are chosen by."""

    def build(self, config: TrainConfig) -> Any:
        """An untrained network."""

    def load(self, folder: Path) -> Any:
        """A network to start from."""

    def step(self, net: torch.nn.Module, batch: Any) -> torch.Tensor:
        """The loss of one batch."""

    def look(self, net: torch.nn.Module | None, batches: list[Any]) -> tuple[dict[str, float], Array]:
        """Mean measures over held-out batches (None: without a network; {} where that says nothing), with "loss", and
        a contact sheet."""


@dataclass(frozen=True)
class Budget:
    """When to stop: after `seconds` of wall clock in this call, or at step `steps` of the run (then the same seed gives
    the same weights); whichever comes first."""

    seconds: float = math.inf
    steps: int | None = None

    def share(self, started: float, step: int) -> float:
        """How much of it is used, 0..1."""
        by_time = (time.monotonic() - started) / (self.seconds * (1 - RESERVE))
        return min(1.0, max(by_time, step / self.steps if self.steps else 0.0))


def run(
    stage: Stage, out: Path, config: TrainConfig, budget: Budget, start: Path | None = None, workers: int = 1,
    data: Mapping[str, object] | None = None,
) -> Iterator[str]:
    """Train a stage; yields lines of progress. Goes on from `out` if a run is there, else from the weights in `start`,
    else from nothing. `data`: what the samples were drawn from, for the record."""
    torch.manual_seed(config.seed)
    accelerator = Accelerator(mixed_precision="bf16" if torch.cuda.is_available() else "no")
    net = stage.load(start) if start else stage.build(config)
    net = net.to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=_mean_of(config.average))
    optimiser = torch.optim.AdamW(net.parameters(), config.rate, weight_decay=config.decay, betas=(0.9, 0.99))
    progress = resume(out, net, average.module, optimiser)
    average.n_averaged.fill_(progress.step)
    samples, count = stage.samples(config)
    loader = DataLoader(
        samples, config.batch, sampler=_Order(count, config, progress.step),
        num_workers=workers, persistent_workers=workers > 0, prefetch_factor=4 if workers else None,
        worker_init_fn=one_thread,
    )  # fmt: skip
    net, optimiser, loader = accelerator.prepare(net, optimiser, loader)
    average.to(accelerator.device)
    held_out = [_to(batch, accelerator.device) for batch in DataLoader(stage.held_out(config), config.batch)]
    journal = Journal(out, config, data or {})
    started, since = time.monotonic(), progress.seconds
    mean: torch.Tensor | float = 0.0
    if progress.step == 0:
        for name, seen in _before(stage, average.module if start else None, held_out):
            row = {"step": 0, "seconds": 0.0, "train": math.nan, **seen}
            journal.keep(row, average.module, progress, best=name == "start")
            yield f"{name}: {_told(seen)}"
    for batch in loader:
        used = budget.share(started, progress.step)
        for group in optimiser.param_groups:
            group["lr"] = rate_at(config, progress.step, used)
        if used < 1:
            with accelerator.autocast():
                loss = stage.step(net, batch)
            optimiser.zero_grad(set_to_none=True)
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            average.update_parameters(accelerator.unwrap_model(net))
            progress.step += 1
            mean = mean + loss.detach()  # as a number it would wait for the device at every step
            progress.seconds = since + time.monotonic() - started
        if (used >= 1 or progress.step % config.every == 0) and accelerator.is_main_process:
            seen, sheet = stage.look(average.module, held_out)
            learned, mean = float(mean) / config.every, 0.0
            row = {"step": progress.step, "seconds": round(progress.seconds, 1), "train": learned, **seen}
            journal.keep(row, average.module, progress, sheet, best=seen["loss"] < progress.best)
            save_state(out, accelerator.unwrap_model(net), average.module, optimiser, progress)
            left = (time.monotonic() - started) * (1 / max(used, 1e-6) - 1)
            yield f"step {progress.step}: {_told(seen)}; {left / 60:.1f} min left"
        if used >= 1:
            break
    journal.close()
    yield f"best at step {progress.best_step}: {out / 'best'}"


def _before(stage: Stage, start: torch.nn.Module | None, held_out: list[Any]) -> Iterator[tuple[str, dict[str, float]]]:
    """What is reached without a network, and by the weights that are started from: they are the best until there is
    better."""
    if plain := stage.look(None, held_out)[0]:
        yield "unlearned", plain
    if start is not None:
        yield "start", stage.look(start, held_out)[0]


def rate_at(config: TrainConfig, step: int, used: float) -> float:
    """The learning rate: up within the first steps, then down along a cosine as the budget is `used` (0..1)."""
    return config.rate * min(1.0, (step + 1) / config.warm_up) * 0.5 * (1 + math.cos(math.pi * used))


class _Order(torch.utils.data.Sampler[int]):
    """Every pass in another order by the seed, from where the run stopped."""

    def __init__(self, count: int, config: TrainConfig, step: int) -> None:
        self.count, self.seed, self.start = count, config.seed, step * config.batch

    def __iter__(self) -> Iterator[int]:
        for lap in range(self.start // self.count, LAPS):
            order = np.random.default_rng((self.seed, lap)).permutation(self.count) + lap * self.count
            yield from order[max(0, self.start - lap * self.count) :].tolist()

    def __len__(self) -> int:
        return self.count * LAPS


def _mean_of(decay: float) -> Callable[[Any, Any, Any], None]:
    """Running mean of the weights; shorter at first."""

    @torch.no_grad()
    def update(kept: list[torch.Tensor], now: list[torch.Tensor], count: torch.Tensor | int) -> None:
        rate = min(decay, (1 + float(count)) / (10 + float(count)))
        torch._foreach_lerp_(kept, now, 1 - rate)

    return update


def _to(batch: Any, device: torch.device) -> Any:
    """A batch, a list or a dictionary of tensors, on a device."""
    if isinstance(batch, dict):
        return {name: part.to(device) for name, part in batch.items()}
    return [part.to(device) for part in batch]


def _told(seen: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in seen.items())
