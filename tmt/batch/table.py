"""A table of jobs, CSV with a header, or two lists of clips -> the pairs of a batch."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

from tmt.batch.check import checked
from tmt.batch.jobs import Pair
from tmt.errors import JobsError, SettingsError, TmtError
from tmt.run import check_settings
from tmt.types import Settings

CLIPS = ("subject", "driving")
OWN = (*CLIPS, "output", "subject_face")
SETTINGS = asdict(Settings())  # every other column is one of these
TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
EXPECTED = {bool: "yes or no", int: "a whole number", float: "a number"}


def read_jobs(
    table: Path, folder: Path, defaults: Settings | None = None, subject_face: int | None = None
) -> tuple[Pair, ...]:
    """The pairs of a table, known to be doable in `folder`; paths are relative to the table's own folder, what a row
    leaves empty is as in `defaults` and `subject_face`. JobsError tells all rows that are wrong at once."""
    usual = Pair(table, table, settings=defaults or Settings(), subject_face=subject_face)
    lines = _lines(table)
    columns = _columns(next(lines, (0, []))[1], table.name)
    pairs, problems = [], dict[int, TmtError]()
    for number, cells in lines:
        try:
            pairs.append(_pair(_named(columns, cells), usual, number))
        except TmtError as error:
            problems[number] = error
    return checked(pairs, folder, table, problems)


def all_pairs(
    subjects: Sequence[Path], drivings: Sequence[Path], settings: Settings | None = None,
    subject_face: int | None = None,
) -> tuple[Pair, ...]:
    """Every subject with every driving clip."""
    both = enumerate(product(subjects, drivings), 1)
    return tuple(
        Pair(subject, driving, settings=settings or Settings(), subject_face=subject_face, line=line)
        for line, (subject, driving) in both
    )


def _lines(table: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with the number of their first line."""
    line = 1
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets put a byte order mark before UTF-8
            reader = csv.reader(file, skipinitialspace=True)
            for cells in reader:
                stripped = [cell.strip() for cell in cells]
                if any(stripped):
                    yield line, stripped
                line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise JobsError("jobs_unreadable", name=table.name, reason="it is not UTF-8") from error
    except csv.Error as error:
        raise JobsError("jobs_unreadable", name=table.name, reason=str(error)) from error
    except FileNotFoundError as error:
        raise JobsError("missing", name=table.name) from error
    except OSError as error:
        raise JobsError("unreadable", name=table.name, reason=error.strerror or str(error)) from error


def _columns(header: Sequence[str], name: str) -> list[str]:
    """The names of the columns as fields of Settings spell them; JobsError for one that is unknown or missing."""
    columns = [title.lower().lstrip("-").replace("-", "_") for title in header]
    known = (*OWN, *SETTINGS)
    for column in CLIPS:  # first, since that is what a table without commas lacks
        if column not in columns:
            raise JobsError("column_missing", name=name, column=column)
    for column in filter(None, columns):
        if column not in known:
            raise JobsError("column_unknown", name=name, column=column, known=", ".join(known))
        if columns.count(column) > 1:
            raise JobsError("column_twice", name=name, column=column)
    return columns


def _named(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """A row's cells that are not empty, by column."""
    named = {}
    for column, cell in zip_longest(columns, cells, fillvalue=""):
        if cell and not column:
            raise JobsError("cells_too_many")
        if cell:
            named[column] = cell
    return named


def _pair(cells: Mapping[str, str], usual: Pair, line: int) -> Pair:
    """The pair of a row; its clips are looked for beside the table."""
    for column in CLIPS:
        if column not in cells:
            raise JobsError("cell_missing", column=column)
    changed: dict[str, Any] = {name: _value(name, cells[name], SETTINGS[name]) for name in SETTINGS if name in cells}
    face = _value("subject_face", cells["subject_face"], None) if "subject_face" in cells else usual.subject_face
    return Pair(
        subject=usual.subject.parent / cells["subject"], driving=usual.driving.parent / cells["driving"],
        output=cells.get("output", ""), settings=check_settings(replace(usual.settings, **changed)),
        subject_face=face, line=line,
    )


def _value(name: str, cell: str, default: object) -> Any:
    """A cell as its setting has it; without a default it is a whole number."""
    kind: type[Any] = int if default is None else type(default)
    try:
        return TRUTH[cell.lower()] if kind is bool else kind(cell)
    except (KeyError, ValueError) as error:
        raise SettingsError("setting", name=name, value=cell, reason=EXPECTED[kind]) from error
