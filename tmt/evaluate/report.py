"""Runs the trials over a folder of clips and writes what came out: CSV, a Markdown table, contact sheets."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tmt.errors import OutputError, SettingsError
from tmt.evaluate import ANYWHERE, PROTOCOLS
from tmt.evaluate.clips import find_clips, pairs
from tmt.evaluate.expressions import unseen_expression
from tmt.evaluate.protocols import cross_identity, self_reenactment
from tmt.evaluate.rows import Cell, Failure, Outcome, Row, cells, means
from tmt.evaluate.trial import Setup
from tmt.evaluate.truth import find_truth, pairs_in, true_trials
from tmt.evaluate.views import novel_view, turning

MORE_DIGITS = (  # shares of a face: small numbers
    "akd", "apart", "depth_face", "depth_head", "shape_subject", "shape_driver", "jitter", "jitter_driver", "place",
)  # fmt: skip


def run_trials(
    folder: Path, setup: Setup, protocols: Sequence[str] = ANYWHERE, say: Callable[[str], None] = print
) -> int:
    """All protocols over all clips of a folder -> exit status, 1 where something failed; results under `setup.out`.

    Tables are written again after every protocol, so a run that is stopped keeps what it has.
    """
    unknown = [name for name in protocols if name not in PROTOCOLS]
    if unknown:
        raise SettingsError("setting", name="protocols", value=unknown[0], reason=f"known are {', '.join(PROTOCOLS)}")
    clips = find_clips(folder)
    outcomes: list[Outcome] = []
    try:
        setup.out.mkdir(parents=True, exist_ok=True)
        for name in protocols:
            for outcome in _trials(name, clips, setup):
                say(line(outcome))
                outcomes.append(outcome)
            write(outcomes, setup.out)
    except OSError as error:
        raise OutputError("output_unwritable", name=setup.out.name, reason=error.strerror or error) from error
    say((setup.out / "tables.md").read_text(encoding="utf-8"))
    return int(any(isinstance(item, Failure) and not item.skipped for item in outcomes))


def _trials(name: str, clips: tuple[list[Path], list[Path]], setup: Setup) -> Iterator[Outcome]:
    if name == "cross":
        return cross_identity(pairs(*clips), setup)
    if name == "truth":
        return true_trials(find_truth(clips[0][0].parent), setup)
    if name == "growth":
        from tmt.evaluate.growth import growing

        return growing(clips[0], setup, pairs_in(clips[0][0].parent))
    if name == "hard":
        from tmt.evaluate.hardships import hardships

        return hardships(clips[0], setup)
    if name == "lost":
        from tmt.evaluate.lost import lost_faces

        return lost_faces(clips[0], setup)
    trials = {"self": self_reenactment, "view": novel_view, "turn": turning, "expression": unseen_expression}
    return trials[name](clips[0], setup)


def write(outcomes: Sequence[Outcome], out: Path) -> None:
    """One CSV for each protocol, all rows; `tables.md` with means first, then every case, then what gave no row."""
    text: list[str] = []
    for name in PROTOCOLS:
        rows = [item for item in outcomes if not isinstance(item, Failure) and item.protocol == name]
        if rows:
            _csv(rows, out / f"{name}.csv")
            lines = [*means(rows), *(cells(row) for row in rows)]
            text += [f"## {name}", "", (type(rows[0]).__doc__ or "").replace("\n   ", ""), "", *markdown(lines), ""]
    lost = [item for item in outcomes if isinstance(item, Failure)]
    if lost:
        text += ["## Without a result", "", *(f"- {line(item)}" for item in lost), ""]
    (out / "tables.md").write_text("\n".join(text) + "\n", encoding="utf-8")


def _csv(rows: Sequence[Row], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = [cells(row) for row in rows]
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def markdown(lines: Sequence[Mapping[str, Cell]]) -> list[str]:
    """Lines of one kind -> a Markdown table; a column that no line could measure is left out."""
    names = [name for name in lines[0] if not all(_is_nan(entry[name]) for entry in lines)]
    head = ["| " + " | ".join(names) + " |", "|" + "|".join("---" for _ in names) + "|"]
    return head + ["| " + " | ".join(show(name, entry[name]) for name in names) + " |" for entry in lines]


def show(name: str, value: Cell) -> str:
    """A value as the table shows it: dB, degrees and seconds with few digits, shares with more."""
    if isinstance(value, str):
        return value
    if _is_nan(value):
        return "-"
    if name in ("frames", "wanted", "missed", "judged"):
        return f"{value:.0f}"
    if name.endswith(("psnr", "_deg", "_error")) or name == "seconds":
        return f"{value:.2f}"
    return f"{value:.4f}" if name in MORE_DIGITS else f"{value:.3f}"


def _is_nan(value: Cell) -> bool:
    return not isinstance(value, str) and bool(np.isnan(value))


def line(outcome: Outcome) -> str:
    """One outcome in one line, for the terminal."""
    where = " ".join(part for part in (outcome.protocol, outcome.case, outcome.method) if part)
    if isinstance(outcome, Failure):
        return f"{where}: {'skipped' if outcome.skipped else 'FAILED'}, {outcome.reason}"
    numbers = {name: value for name, value in cells(outcome).items() if not isinstance(value, str)}
    return f"{where}: " + " ".join(f"{name} {show(name, value)}" for name, value in list(numbers.items())[:12])
