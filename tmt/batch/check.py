"""Whether everything that a batch is asked for can be begun, looked at before any of it is."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from tmt.batch.jobs import PAGE, TABLE, Pair
from tmt.errors import JobsError, MediaError, OutputError, SettingsError, TmtError
from tmt.run import check_settings
from tmt.video import probe

ABSENT = {"missing", "directory", "unreadable", "empty"}  # what else is wrong with a file is told when it is its turn
STEM = 90  # bytes of a clip's name in the name of an output
CONTROL = r"[\x00-\x1f\x7f]"
LONGEST = 255 - len("_side-by-side")  # bytes of an output's name


def checked(
    pairs: Sequence[Pair], folder: Path, table: Path | None = None, problems: Mapping[int, TmtError] | None = None
) -> tuple[Pair, ...]:
    """The pairs with outputs and lines of their own; JobsError with all that is wrong, `problems` found before among
    it. table: where they were read from, which is not overwritten either. Nothing is written."""
    name, found = "batch" if table is None else table.name, dict(problems or {})
    if not pairs and not found:
        raise JobsError("jobs_empty", name=name)
    named = with_outputs([replace(pair, line=pair.line or number) for number, pair in enumerate(pairs, 1)])
    inputs = {path for pair in named for path in (pair.subject, pair.driving)}
    wrong = {path: why for path in inputs if (why := _absent(path)) is not None}
    kept = {_identity(path) for path in (*inputs, *filter(None, [table]))} - {None}
    if any(_identity(folder / own) in kept for own in (TABLE, PAGE)):
        raise OutputError("same_file", name=TABLE if _identity(folder / TABLE) in kept else PAGE)
    taken: dict[str, int] = {}
    for pair in named:
        try:
            _check(pair, folder, wrong, kept, taken)
        except TmtError as error:
            found.setdefault(pair.line, error)
    if found:
        raise JobsError("jobs", found, name=name)
    return named


def with_outputs(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The pairs, each with a name for its output; those that are made up differ, and are the same every time."""
    taken = {_folded(pair.output) for pair in pairs}
    named = []
    for pair in pairs:
        output, stem, number = pair.output, f"{_stem(pair.subject)}_{_stem(pair.driving)}", 1
        while not output:
            name = f"{stem}_{number}.mp4" if number > 1 else f"{stem}.mp4"
            output, number = ("" if _folded(name) in taken else name), number + 1
        taken.add(_folded(output))
        named.append(replace(pair, output=output))
    return tuple(named)


def _check(
    pair: Pair, folder: Path, wrong: Mapping[Path, TmtError], kept: Collection[object], taken: dict[str, int]
) -> None:
    """TmtError unless a pair can be begun; `taken`: files that others write, by line, to which its own are added."""
    check_settings(pair.settings)
    if pair.subject_face is not None and pair.subject_face < 1:
        raise SettingsError("setting", name="subject_face", value=pair.subject_face, reason="1 or more")
    for path in (pair.subject, pair.driving):
        if path in wrong:
            raise wrong[path]
    _check_name(pair.output)
    files = pair.files(folder).values()
    for path in files:
        if _identity(path) in kept:
            raise OutputError("same_file", name=path.name)
        if _folded(path.name) in taken:
            raise OutputError("output_twice", name=pair.output, line=taken[_folded(path.name)])
    taken.update({_folded(path.name): pair.line for path in files})


def _check_name(name: str) -> None:
    """OutputError unless a name is a plain one, on every system, of an .mp4."""
    if PurePosixPath(name).name != name or PureWindowsPath(name).name != name or re.search(CONTROL, name):
        raise OutputError("output_folder", name=name)
    if PurePosixPath(name).suffix.lower() != ".mp4":
        raise OutputError("output_suffix", name=name, suffix=".mp4")
    if len(os.fsencode(name)) > LONGEST:
        raise OutputError("output_unwritable", name=name, reason="File name too long")


def _absent(path: Path) -> TmtError | None:
    """Why a file is not there to be read."""
    try:
        probe(path)
    except MediaError as error:
        return error if error.key in ABSENT else None
    return None


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from every other, whatever it is called; None where there is none."""
    try:
        state = path.stat()
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return None
    return state.st_dev, state.st_ino


def _folded(name: str) -> str:
    """A name as the least particular of file systems has it."""
    return unicodedata.normalize("NFC", name).casefold()


def _stem(path: Path) -> str:
    """A clip's name without what a file name cannot have everywhere, and not too long."""
    plain = re.sub(rf'[\\/:*?"<>|]|{CONTROL}', "_", path.stem)
    return os.fsencode(plain)[:STEM].decode("utf-8", "ignore")
