"""What a batch writes of itself: a table for machines, a page for people, both anew after every pair."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import closing
from io import StringIO
from pathlib import Path

from tmt.batch.jobs import PAGE, TABLE, Outcome, Pair
from tmt.batch.page import html_page
from tmt.errors import Language, TmtError
from tmt.shots import resized
from tmt.types import Array
from tmt.video import probe, read_frames
from tmt.whole import write_text

COLUMNS = ("line", "subject", "driving", "output", "status", "seconds", "frames", "tracked", "limits", "error")
POSTER = 320  # px, width of the pictures on the page at most
EARLY = 50  # frames: what comes later is not waited for

_BOM = "\ufeff"  # without it a spreadsheet takes UTF-8 for something else


class Ledger:
    """The outcomes of a batch so far, by line of its table."""

    def __init__(self, folder: Path, pairs: Sequence[Pair], language: Language) -> None:
        self._folder, self._pairs, self._language = folder, pairs, language
        self._outcomes: dict[Pair, Outcome] = {}
        self._posters: dict[Pair, Array] = {}

    def add(self, outcome: Outcome) -> None:
        """Take in what became of a pair."""
        self._outcomes[outcome.pair] = outcome
        if outcome.status != "failed" and (picture := poster(outcome.pair.files(self._folder)["video"])) is not None:
            self._posters[outcome.pair] = picture

    def write(self) -> None:
        """Write both files, each whole or not at all; OutputError."""
        file = StringIO()
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(self._row(self._outcomes[pair]) for pair in self._pairs if pair in self._outcomes)
        write_text(self._folder / TABLE, _BOM + file.getvalue())
        page = html_page(self._pairs, self._outcomes, self._posters, self._language)
        write_text(self._folder / PAGE, page)

    def _row(self, outcome: Outcome) -> dict[str, object]:
        """One line of the table. As in a report, files go by their names: folders may tell a user's."""
        pair = outcome.pair
        return {
            "line": pair.line, "subject": pair.subject.name, "driving": pair.driving.name, "output": pair.output,
            "status": outcome.status, "seconds": f"{outcome.seconds:.1f}", "frames": outcome.frames,
            "tracked": None if outcome.tracked is None else f"{outcome.tracked:.3f}",
            "limits": "; ".join(f"{name} {count}" for name, count in sorted(outcome.limits.items())),
            "error": outcome.error and outcome.error.text(self._language),
        }


def poster(video: Path) -> Array | None:
    """A picture [h, w, 3] uint8 from the middle of a video, or from its start if it is long; None if it has none."""
    try:
        info = probe(video)
        with closing(read_frames(video, start=min(EARLY, (info.frames or 1) // 2))) as frames:
            picture = next(frames, None)
    except TmtError:
        return None
    return None if picture is None else resized(picture, min(1.0, POSTER / picture.shape[1]))
