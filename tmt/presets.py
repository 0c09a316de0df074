"""Ways of carrying a performance over that people ask for by name, and small changes to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from tmt.types import Settings

Preset = Literal["natural", "steady", "strong"]

PRESETS: dict[Preset, Settings] = {
    "natural": Settings(),
    "steady": Settings(steadiness=0.9, head=0.85, brows=0.85),
    "strong": Settings(steadiness=0.4, head=1.1, mouth=1.2, eyes=1.1, brows=1.4, gaze=1.15),
}
STRENGTHS = ("head", "mouth", "eyes", "brows", "gaze", "wrinkles")  # fields of Settings


def settings_of(preset: Preset, calm: float = 0.0, strengths: tuple[float, ...] = (), **others: object) -> Settings:
    """A preset, changed: `calm` is added to its steadiness, `strengths` multiply its own in the order of STRENGTHS.

    What leaves the range that a run accepts is brought back to its edge. `others`: further fields of Settings.
    """
    base = PRESETS[preset]
    changed: dict[str, object] = {"steadiness": min(1.0, max(0.0, base.steadiness + calm)), **others}
    for name, factor in zip(STRENGTHS, strengths, strict=False):
        changed[name] = min(2.0, max(0.0, getattr(base, name) * factor))
    return replace(base, **changed)  # type: ignore[arg-type]
