"""What a batch is asked for and what it tells: pairs of clips, how each is coming along, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tmt.errors import TmtError
from tmt.run import side_by_side_of
from tmt.types import Settings, Step

Status = Literal["done", "skipped", "failed"]

TABLE, PAGE = "batch.csv", "index.html"  # what a batch tells of itself in its folder


@dataclass(frozen=True)
class Pair:
    """A row of a batch. output: a file name in the batch's folder ("": made of the clips' names); subject_face: of
    several, from the left from 1; line: where it stands in its table (0: nowhere)."""

    subject: Path
    driving: Path
    output: str = ""
    settings: Settings = field(default_factory=Settings)
    subject_face: int | None = None
    line: int = 0

    def files(self, folder: Path) -> dict[str, Path]:
        """What is written for it, by role."""
        video = folder / self.output
        beside = {"side_by_side": side_by_side_of(video)} if self.settings.side_by_side else {}
        return {"video": video, **beside, "report": video.with_suffix(".json")}


@dataclass(frozen=True)
class Doing:
    """How far a batch is: `number` of `count` pairs is at `step`; left: s until the end of all, as far as known."""

    number: int
    count: int
    pair: Pair
    step: Step
    left: float


@dataclass(frozen=True)
class Outcome:
    """What became of a pair. seconds: spent on it now, its subject's study included where it was the first to need it;
    frames of the driving clip, and the share of them 0..1 in which the face was tracked (None: not done); limits that
    acted, with the number of frames; error: why it failed."""

    pair: Pair
    status: Status
    seconds: float = 0.0
    frames: int | None = None
    tracked: float | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    error: TmtError | None = None
