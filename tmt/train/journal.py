"""What a run leaves behind: curve, contact sheets, the best weights, and everything needed to go on."""

from __future__ import annotations

import copy
import csv
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import torch
from safetensors.torch import load_file, save_file

from tmt.train.config import TrainConfig
from tmt.types import Array

PART_BYTES = 15_000_000  # of a file of the state: some transports carry no more than 16 MB


@dataclass
class Progress:
    """How far a run is. `best` is the least held-out loss so far."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_step: int = 0


class Journal:
    """log.csv, TensorBoard where it is installed, and contact sheets."""

    def __init__(self, out: Path, config: TrainConfig, data: Mapping[str, object]) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self._out, self.rows = out, _rows(out / "log.csv")
        facts = {"numbers": asdict(config), **data}
        self._facts = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._board = None
        else:
            self._board = SummaryWriter(str(out / "board"))

    def keep(
        self, row: dict[str, float], net: torch.nn.Module, progress: Progress, sheet: Array | None = None, *, best: bool
    ) -> None:
        """One look at the held-out people; if it is the `best`, its weights are kept."""
        self.rows.append({name: f"{value:.6g}" for name, value in row.items()})
        _write_rows(self._out / "log.csv", self.rows)
        if self._board is not None:
            for name, value in row.items():
                self._board.add_scalar(name, value, int(row["step"]))
        if sheet is not None:
            cv2.imwrite(str(self._out / "sheet.png"), sheet[..., ::-1])
            if self._board is not None:
                self._board.add_image("held out", sheet, int(row["step"]), dataformats="HWC")
        if best:
            progress.best, progress.best_step = row["loss"], int(row["step"])
            self._save_best(net)

    def _save_best(self, net: torch.nn.Module) -> None:
        """The weights as they ship: half precision; the curve, the numbers and what was trained on beside them."""
        folder = self._out / "best"
        half: Any = copy.deepcopy(net).half()
        half.save_pretrained(folder)
        _write_rows(folder / "curve.csv", self.rows)
        (folder / "training.json").write_text(self._facts, encoding="utf-8")

    def close(self) -> None:
        """Write what is left."""
        if self._board is not None:
            self._board.close()


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def save_state(
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


def resume(out: Path, net: torch.nn.Module, average: torch.nn.Module, optimiser: torch.optim.Optimizer) -> Progress:
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
