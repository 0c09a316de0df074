"""One loop for every stage: learn within a budget, look at held-out people, keep the best, resume where it stopped.

A run's folder holds `best` (the weights to ship), `state` (everything needed to go on, in files of at most 16 MB),
`log.csv`, TensorBoard's log where that is installed, and contact sheets of the held-out people.
"""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from accelerate import Accelerator
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader

from tmt.train import fusion
from tmt.train.config import TrainConfig
from tmt.train.pool import Samples, Tensors
from tmt.types import Array

PART_BYTES = 15_000_000  # of a file of the state: some transports carry no more than 16 MB
RESERVE = 0.04  # of the budget, for the last look and for saving
LAPS = 10_000  # passes through the pool: more than any budget
SHOWN = 6  # held-out samples on a contact sheet


@dataclass
class Progress:
    """How far a run is. `best` is the least held-out loss so far."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_step: int = 0


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
    out: Path, config: TrainConfig, train: list[Path], check: list[Path], budget: Budget, start: Path | None = None,
    workers: int = 1,
) -> Iterator[str]:
    """Train the fusion on samples (files of the pool); yields lines of progress. Goes on from `out` if a run is there,
    else from the weights in `start`, else from nothing."""
    torch.manual_seed(config.seed)
    accelerator = Accelerator(mixed_precision="bf16" if torch.cuda.is_available() else "no")
    net = fusion.FusionNet.from_pretrained(start) if start else fusion.build(config.network)
    net = net.to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=_mean_of(config.average))
    optimiser = torch.optim.AdamW(net.parameters(), config.rate, weight_decay=config.decay, betas=(0.9, 0.99))
    progress = _resume(out, net, average.module, optimiser)
    average.n_averaged.fill_(progress.step)
    loader = DataLoader(
        Samples(train, config.crop, config.seed, LAPS), config.batch, sampler=_Order(len(train), config, progress),
        num_workers=workers, persistent_workers=workers > 0, prefetch_factor=4 if workers else None,
    )  # fmt: skip
    net, optimiser, loader = accelerator.prepare(net, optimiser, loader)
    average.to(accelerator.device)
    held_out = list(_batches(check, config, accelerator.device))
    journal = Journal(out, config)
    started, since, mean = time.monotonic(), progress.seconds, 0.0
    if progress.step == 0:
        unlearned, _ = look(None, held_out)
        journal.add({"step": 0, "seconds": 0.0, "train": math.nan, **unlearned})
        yield f"unlearned: {_told(unlearned)}"
    for batch in loader:
        used = budget.share(started, progress.step)
        for group in optimiser.param_groups:
            group["lr"] = rate_at(config, progress.step, used)
        if used < 1:
            with accelerator.autocast():
                loss = fusion.step(net, batch)
            optimiser.zero_grad(set_to_none=True)
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            average.update_parameters(accelerator.unwrap_model(net))
            progress.step += 1
            mean += float(loss.detach())
            progress.seconds = since + time.monotonic() - started
        if used >= 1 or progress.step % config.every == 0:
            seen, sheet = look(average.module, held_out)
            row = {"step": progress.step, "seconds": round(progress.seconds, 1), "train": mean / config.every, **seen}
            mean = 0.0
            if accelerator.is_main_process:
                journal.add(row, sheet)
                if seen["loss"] < progress.best:
                    progress.best, progress.best_step = seen["loss"], progress.step
                    _save_best(out, average.module, journal.rows, config)
                _save_state(out, accelerator.unwrap_model(net), average.module, optimiser, progress)
            left = (time.monotonic() - started) * (1 / max(used, 1e-6) - 1)
            yield f"step {progress.step}: {_told(seen)}; {left / 60:.1f} min left"
        if used >= 1:
            break
    journal.close()
    yield f"best at step {progress.best_step}: {out / 'best'}"


def rate_at(config: TrainConfig, step: int, used: float) -> float:
    """The learning rate: up within the first steps, then down along a cosine as the budget is `used` (0..1)."""
    return config.rate * min(1.0, (step + 1) / config.warm_up) * 0.5 * (1 + math.cos(math.pi * used))


class _Order(torch.utils.data.Sampler[int]):
    """Every pass in another order by the seed, from where the run stopped."""

    def __init__(self, count: int, config: TrainConfig, progress: Progress) -> None:
        self.count, self.seed, self.start = count, config.seed, progress.step * config.batch

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


def _batches(files: list[Path], config: TrainConfig, device: torch.device) -> Iterator[Tensors]:
    """Held-out samples, uncropped but for size, always the same."""
    for batch in DataLoader(Samples(files, 256, config.seed, plain=True), config.batch):
        yield tuple(part.to(device) for part in batch)  # type: ignore[misc]


@torch.no_grad()
def look(net: torch.nn.Module | None, batches: list[Tensors]) -> tuple[dict[str, float], Array]:
    """Mean measures over held-out samples, and a contact sheet: truth, unlearned, learned."""
    seen: list[dict[str, float]] = []
    rows: list[Array] = []
    for sources, hints, maps, truth in batches:
        image = fusion.compose(None if net is None else net(sources, hints, maps), sources, hints, maps)
        seen += [fusion.measures(image[i : i + 1], maps[i : i + 1], truth[i : i + 1]) for i in range(len(image))]
        plain = fusion.compose(None, sources[:1], hints[:1], maps[:1])
        if len(rows) < SHOWN:
            rows.append(torch.cat([truth[0, :3], plain[0], image[0]], 2).clamp(0, 1).permute(1, 2, 0).cpu().numpy())
    means = {name: float(np.mean([one[name] for one in seen])) for name in seen[0]}
    return means, (np.concatenate(rows) * 255).round().astype(np.uint8)


def _told(seen: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in seen.items())


class Journal:
    """log.csv, TensorBoard where it is installed, and contact sheets."""

    def __init__(self, out: Path, config: TrainConfig) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self._out, self.rows = out, _rows(out / "log.csv")
        (out / "config.json").write_text(json.dumps(asdict(config), indent=1) + "\n", encoding="utf-8")
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._board = None
        else:
            self._board = SummaryWriter(str(out / "board"))

    def add(self, row: dict[str, float], sheet: Array | None = None) -> None:
        """One look at the held-out people."""
        self.rows.append({name: f"{value:.6g}" for name, value in row.items()})
        with (self._out / "log.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)
        if self._board is not None:
            for name, value in row.items():
                self._board.add_scalar(name, value, int(row["step"]))
        if sheet is not None:
            cv2.imwrite(str(self._out / "sheet.png"), sheet[..., ::-1])
            if self._board is not None:
                self._board.add_image("held out", sheet, int(row["step"]), dataformats="HWC")

    def close(self) -> None:
        """Write what is left."""
        if self._board is not None:
            self._board.close()


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _save_best(out: Path, net: torch.nn.Module, rows: list[dict[str, str]], config: TrainConfig) -> None:
    """The weights as they ship: half precision, with curve and config beside them."""
    import copy

    folder = out / "best"
    copy.deepcopy(net).half().save_pretrained(folder)
    with (folder / "curve.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (folder / "training.json").write_text(json.dumps(asdict(config), indent=1) + "\n", encoding="utf-8")


def _save_state(
    out: Path, net: torch.nn.Module, average: torch.nn.Module, optimiser: torch.optim.Optimizer, progress: Progress
) -> None:
    """Everything to go on with, in files of at most PART_BYTES."""
    tensors = {f"net.{k}": v for k, v in net.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{k}": v for k, v in state.items()}
    folder = out / "state"
    folder.mkdir(exist_ok=True)
    parts: list[dict[str, torch.Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        if size + tensor.nbytes > PART_BYTES and parts[-1]:
            parts.append({})
            size = 0
        parts[-1][name] = tensor.detach().cpu().contiguous()
        size += tensor.nbytes
    for number, part in enumerate(parts):
        save_file(part, folder / f"{number:03d}.safetensors")
    (folder / "progress.json").write_text(json.dumps(asdict(progress)) + "\n", encoding="utf-8")


def _resume(out: Path, net: torch.nn.Module, average: torch.nn.Module, optimiser: torch.optim.Optimizer) -> Progress:
    """Go on where a run in `out` stopped; a fresh Progress when there is none."""
    folder = out / "state"
    if not (folder / "progress.json").is_file():
        return Progress()
    tensors: dict[str, torch.Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(path)
    for name, module in (("net", net), ("average", average)):
        module.load_state_dict({k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")})
    states: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimiser."):
            _, index, name = key.split(".")
            states.setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict({"state": states, "param_groups": optimiser.state_dict()["param_groups"]})
    return Progress(**json.loads((folder / "progress.json").read_text(encoding="utf-8")))
