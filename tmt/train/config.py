"""What a training run is asked for: one JSON file, checked, with every value's reason beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path

from tmt.errors import SettingsError

PARTS = ("both", "depth", "pose", "fusion")
WARPS = ("3d", "2d")


@dataclass(frozen=True)
class TrainConfig:
    """A run's numbers. Paths are not among them: they differ from machine to machine."""

    held_out: tuple[str, ...] = ()  # people that are never trained on and by whom the best weights are chosen
    heads: int = 0  # synthetic heads beside the real clips
    head_frames: int = 24  # of each: two or three expressions and a turn
    head_share: float = 0.4  # of all samples, when there are heads and real people
    samples: int = 2000  # drawn once and seen again in every pass, cropped and coloured differently
    checks: int = 48  # held-out samples
    batch: int = 8
    crop: int = 192  # px: convolutions do not mind, and a step costs half of 256
    rate: float = 1e-3  # at the peak; falls to nothing along a cosine
    warm_up: int = 100  # steps
    decay: float = 1e-4
    average: float = 0.998  # of the weights that are kept: a running mean over some 500 steps
    every: int = 250  # steps between looks at the held-out people
    seed: int = 1
    part: str = "both"  # what is trained alone: "depth" or "pose" of the geometry, "fusion" of head and fusion
    warp: str = "3d"  # what carries a fusion's frames to the target: the 3D head, or 2D landmarks for `learned2d`
    head_size: int = 256  # px of a synthetic head's picture
    network: dict[str, object] = field(default_factory=dict)  # what differs from FusionConfig


def read_config(path: Path | None, **changes: object) -> TrainConfig:
    """A config from JSON, with `changes` on top; SettingsError for a name or a type that is not in TrainConfig."""
    values: dict[str, object] = {}
    if path is not None:
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError("setting", name="config", value=path.name, reason=str(error)) from error
    values |= {name: value for name, value in changes.items() if value is not None}
    kinds = {item.name: type(getattr(TrainConfig(), item.name)) for item in fields(TrainConfig)}
    for name, value in values.items():
        kind = kinds.get(name)
        if kind is None:
            raise SettingsError("setting", name=name, value=value, reason=f"one of {', '.join(sorted(kinds))}")
        if kind is tuple and isinstance(value, list):
            values[name] = tuple(value)
        elif kind is float and isinstance(value, int):
            values[name] = float(value)
        elif not isinstance(value, kind):
            raise SettingsError("setting", name=name, value=value, reason=f"a {kind.__name__}")
    if values.get("part", PARTS[0]) not in PARTS:
        raise SettingsError("setting", name="part", value=values["part"], reason=f"one of {', '.join(PARTS)}")
    if values.get("warp", WARPS[0]) not in WARPS:
        raise SettingsError("setting", name="warp", value=values["warp"], reason=f"one of {', '.join(WARPS)}")
    return TrainConfig(**values)  # type: ignore[arg-type]
