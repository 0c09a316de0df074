"""Blind comparisons: which of two videos was preferred, kept as CSV, with a tally and what it is worth."""

from __future__ import annotations

import csv
import math
import os
import secrets
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from tmt.errors import OutputError

Choice = Literal["left", "right", "same"]
Z95 = 1.959964  # of the normal distribution: 95 % lie within
_WRITING = threading.Lock()


@dataclass(frozen=True)
class Pair:
    """Two methods, named in the order in which they are shown; `case` tells clips apart without naming them."""

    case: str
    left: str
    right: str


@dataclass(frozen=True)
class Vote:
    """One answer: UTC time, case, the methods as shown, the choice, and whose it is, by a number that tells no more
    (empty: unknown)."""

    utc: str
    case: str
    left: str
    right: str
    choice: Choice
    viewer: str = ""

    @property
    def winner(self) -> str | None:
        """The method that was preferred; None: no difference seen."""
        return {"left": self.left, "right": self.right}.get(self.choice)

    def on(self, pair: Pair | Vote) -> bool:
        """Whether it is about that pair, in whatever order it was shown."""
        return self.case == pair.case and {self.left, self.right} == {pair.left, pair.right}

    def replaces(self, former: Vote) -> bool:
        """Whether the same viewer has thought again: one vote of each on a pair counts."""
        return bool(self.viewer) and self.viewer == former.viewer and self.on(former)


@dataclass(frozen=True)
class Tally:
    """Votes for `first` and `second`, undecided ones, and the 95 % confidence interval (Wilson) of first's share among
    the decided ones."""

    first: str
    second: str
    first_wins: int
    second_wins: int
    same: int
    low: float
    high: float

    @property
    def decided(self) -> bool:
        """Whether the interval leaves out an even score."""
        return self.low > 0.5 or self.high < 0.5


def shuffled(case: str, first: str, second: str) -> Pair:
    """Two methods in an order that nobody can foresee."""
    left, right = (first, second) if secrets.randbelow(2) else (second, first)
    return Pair(case, left, right)


def vote(pair: Pair, choice: Choice, viewer: str = "") -> Vote:
    """An answer of this moment."""
    utc = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Vote(utc, pair.case, pair.left, pair.right, choice, viewer)


def keep(path: Path, given: Vote) -> None:
    """Add a vote to a CSV file, whole or not at all; the viewer's former one on the same pair gives way."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with _WRITING:
            votes = [former for former in read(path) if not given.replaces(former)]
            with part.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, [field.name for field in fields(Vote)])
                writer.writeheader()
                writer.writerows(map(asdict, [*votes, given]))
            os.replace(part, path)
    except OSError as error:
        raise OutputError("output_unwritable", name=path.name, reason=error.strerror) from error


def read(path: Path) -> list[Vote]:
    """All votes of a CSV file; none where there is no such file."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [Vote(**row) for row in csv.DictReader(file)]  # type: ignore[arg-type]
    except FileNotFoundError:
        return []


def tally(votes: Sequence[Vote], first: str, second: str) -> Tally:
    """Count the votes on these two methods."""
    on_both = [given for given in votes if {given.left, given.right} == {first, second}]
    wins = [sum(given.winner == method for given in on_both) for method in (first, second)]
    low, high = wilson(wins[0], sum(wins))
    return Tally(first, second, wins[0], wins[1], len(on_both) - sum(wins), low, high)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % confidence interval of a share 0..1; everything is possible while there are no trials."""
    if trials == 0:
        return 0.0, 1.0
    share, z2 = successes / trials, Z95**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return max(0.0, middle - half), min(1.0, middle + half)
