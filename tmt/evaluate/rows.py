"""One line of an evaluation's tables: frozen, in the order of the columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tmt.evaluate.metrics import Closeness, Traits


@dataclass(frozen=True)
class Run:
    """How a transfer went: frames written and wanted, measured frames in which no face was found, wall-clock s."""

    frames: int
    wanted: int
    missed: int
    seconds: float


@dataclass(frozen=True)
class SelfRow:
    """Self-reenactment: the second half of a clip drives the first; the truth is known. `coverage`: share of the head
    seen in the subject's frames."""

    protocol: ClassVar[str] = "self"
    case: str
    method: str
    close: Closeness
    coverage: float
    run: Run


@dataclass(frozen=True)
class CrossRow:
    """Another person drives. pose_deg: error of the change of pose; c_, g_: correlation and gain of the expression;
    shape_: distance of the mean face, head units; jitter: second differences, IOD; csim_, texture_: likeness."""

    protocol: ClassVar[str] = "cross"
    case: str
    method: str
    pose_deg: float
    c: Traits
    g: Traits
    shape_subject: float
    shape_driver: float
    jitter: float
    jitter_driver: float
    csim_subject: float
    csim_driver: float
    csim_self: float
    texture_subject: float
    texture_driver: float
    run: Run


@dataclass(frozen=True)
class ViewRow:
    """Novel view: studied are frames near the front, judged are turned ones. yaw_deg: mean turn of those frames."""

    protocol: ClassVar[str] = "view"
    case: str
    method: str
    yaw_deg: float
    pose_deg: float
    close: Closeness
    csim: float
    texture: float
    run: Run


@dataclass(frozen=True)
class ExpressionRow:
    """Expressions held out: studied are the calmest frames, judged the liveliest. "smooth": without the driver's
    wrinkles. apart: mean distance of those faces from the clip's usual one, head units."""

    protocol: ClassVar[str] = "expression"
    case: str
    method: str
    apart: float
    close: Closeness
    run: Run


@dataclass(frozen=True)
class HardRow:
    """Bad footage, self-reenactment: a clip as it is, dark, backlit, small, coarsely compressed; true is the clean one.
    akd in IOD, pose_deg: error of the pose; akd_x, pose_x: how many times what clean footage gives."""

    protocol: ClassVar[str] = "hard"
    case: str
    method: str
    akd: float
    pose_deg: float
    akd_x: float
    pose_x: float
    run: Run


@dataclass(frozen=True)
class TurnRow:
    """Turntable: the whole clip is studied, the head turned from side to side. yaw_gain, yaw_error: the angle seen
    against the one asked for, degrees; csim, texture: likeness to the subject."""

    protocol: ClassVar[str] = "turn"
    case: str
    method: str
    yaw_gain: float
    yaw_error: float
    jitter: float
    csim: float
    texture: float
    run: Run


@dataclass(frozen=True)
class TruthRow:
    """Another person drives, and the same performance is known on the subject. depth_: mean error in head units, scale
    and offset fitted; pose_deg: error of the change of pose; missed: frames without a face."""

    protocol: ClassVar[str] = "truth"
    case: str
    method: str
    close: Closeness
    depth_face: float
    depth_head: float
    pose_deg: float
    missed: int


@dataclass(frozen=True)
class GrowthRow:
    """The recurrent head alone, self-reenactment: after so many frames ("head 04"), as a plain filter, as an average,
    and from the same frames in other orders; against a rendered truth after so many frames ("truth 04"). `coverage`:
    share of what all the frames show of the person."""

    protocol: ClassVar[str] = "growth"
    case: str
    method: str
    close: Closeness
    coverage: float


@dataclass(frozen=True)
class LostRow:
    """Landmarks taken away for one second in two: `judged` frames; turn_deg, place: how far the head is from where they
    say it is, degrees and IOD; "held": the last face, "PoseNet": followed in pictures that are spoilt or are not."""

    protocol: ClassVar[str] = "lost"
    case: str
    method: str
    judged: int
    turn_deg: float
    place: float


@dataclass(frozen=True)
class Failure:
    """A case, or one method of it, that gave no row, and why; `skipped`: it does not apply, nothing went wrong."""

    protocol: str
    case: str
    method: str
    reason: str
    skipped: bool = False


Row = SelfRow | CrossRow | ViewRow | ExpressionRow | HardRow | TurnRow | TruthRow | GrowthRow | LostRow
Outcome = Row | Failure
Cell = str | float | int
PREFIXED = ("c", "g")  # nested fields whose names only mean something with the outer name in front


def cells(row: object) -> dict[str, Cell]:
    """A row as column name -> value; nested dataclasses are laid flat."""
    flat: dict[str, Cell] = {}
    for field in dataclasses.fields(row):  # type: ignore[arg-type]
        value = getattr(row, field.name)
        if dataclasses.is_dataclass(value):
            prefix = f"{field.name}_" if field.name in PREFIXED else ""
            flat |= {prefix + name: cell for name, cell in cells(value).items()}
        else:
            flat[field.name] = value
    return flat


def means(rows: Sequence[Row]) -> Iterator[dict[str, Cell]]:
    """For each method, in order of appearance, the mean of its rows; what could not be measured is left out of it.

    Only cases that every method finished count, so that methods are compared on the same clips.
    """
    methods = list(dict.fromkeys(row.method for row in rows))
    finished = [case for case in dict.fromkeys(row.case for row in rows)
                if {row.method for row in rows if row.case == case} == set(methods)]  # fmt: skip
    for method in methods:
        table = [cells(row) for row in rows if row.method == method and row.case in finished]
        if table:
            numbers = [name for name, value in table[0].items() if not isinstance(value, str)]
            mean = {name: nanmean([float(line[name]) for line in table]) for name in numbers}
            yield {"case": f"mean of {len(table)}", "method": method, **mean}


def nanmean(values: Sequence[float]) -> float:
    """Mean of what is not NaN; NaN, without a warning, where nothing is left."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def mean_closeness(frames: Sequence[Closeness]) -> Closeness:
    """Frame by frame results -> their mean."""
    return Closeness(*(nanmean(column) for column in zip(*map(dataclasses.astuple, frames), strict=True)))
