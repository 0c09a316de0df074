"""What is kept of each visitor while they are here: their files, the heads learned from them, their last run.

Everything is kept under the visitor's session, in memory and in a folder whose name nobody can guess; it goes when they
ask for it, or after a set time.
"""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tmt.errors import Language
from tmt.evaluate.protocols import Cast
from tmt.evaluate.run_numbers import RunNumbers
from tmt.page.agreement import Agreement
from tmt.page.studio import Clip, Viewer
from tmt.preflight import Preflight, Role
from tmt.receipt import Review
from tmt.types import CanonicalHead, Result, Settings
from tmt.votes import Pair

HEADS = 2  # of one visitor: the one in use, and the one before
ALL_HEADS = 8  # of all visitors: a head takes up to 120 MB
HEAD_SECONDS = 30 * 60.0  # without use
LEFT_SECONDS = 60.0  # after a page was closed: what it asked for last may still be on its way


@dataclass
class Run:
    """A visitor's last transfer, and what was made from it since."""

    subject: Clip
    driving: Clip
    settings: Settings
    language: Language
    agreed: Agreement  # for it, and for what is made from it: a head that had to give way is studied again
    folder: Path
    result: Result
    seconds: dict[str, float]
    preset: str
    finished: str  # UTC, ISO 8601
    players: Mapping[str, Path] = field(default_factory=dict)
    cast: Cast | None = None
    videos: dict[str, Path] = field(default_factory=dict)  # method -> video, the run's own first
    numbers: dict[str, RunNumbers] = field(default_factory=dict)  # method -> numbers
    review: Review | None = None
    pair: Pair | None = None


@dataclass
class Visit:
    """One visitor. `lock` guards what two of their events could change at once."""

    folder: Path
    used: float
    left: float | None = None  # when their page was closed
    files: set[Path] = field(default_factory=set)
    heads: OrderedDict[str, CanonicalHead] = field(default_factory=OrderedDict)
    viewer: tuple[str, Viewer] | None = None  # of the head that was last looked at, under its key in `heads`
    head_files: dict[str, Mapping[str, Path]] = field(default_factory=dict)  # likewise
    looks: dict[tuple[str, str, int | None], Preflight] = field(default_factory=dict)
    looking: Mapping[Role, threading.Lock] = field(
        default_factory=lambda: {"subject": threading.Lock(), "driving": threading.Lock()}
    )
    chosen: dict[Role, str] = field(default_factory=dict)  # the clips in the form
    cards: Counter[Role] = field(default_factory=Counter)  # how often the card under a clip was asked for
    run: Run | None = None
    voter: str = field(default_factory=lambda: secrets.token_hex(4))  # in a blind test
    lock: threading.RLock = field(default_factory=threading.RLock)

    def drop_heads(self) -> None:
        """Forget the heads, and what was prepared from them."""
        self.heads.clear()
        self.viewer = None


class Visits:
    """All visitors, by session."""

    def __init__(self, cache: Callable[[], Path], keep_seconds: float, clock: Callable[[], float] = time.time) -> None:
        """Cache: the folder that files are served from; keep_seconds: after so long without a sign of them."""
        self._cache, self._keep, self._clock = cache, keep_seconds, clock
        self._visits: dict[str, Visit] = {}
        self._lock = threading.Lock()

    def of(self, session: str | None) -> Visit:
        """The visitor of a session; without one, somebody who comes but once."""
        self.sweep()
        key = session or secrets.token_hex(16)
        with self._lock:
            if key not in self._visits:
                self._visits[key] = Visit(self._cache() / f"visit-{secrets.token_hex(16)}", self._clock())
            visit = self._visits[key]
            visit.used, visit.left = self._clock(), None
            return visit

    def leave(self, session: str | None) -> None:
        """Note that a visitor's page was closed or loaded anew: nobody can come back to what was on it."""
        with self._lock:
            visit = self._visits.get(session or "")
            if visit is not None:
                visit.left = self._clock()

    def hold(self, visit: Visit, path: Path) -> None:
        """Remember a file as the visitor's, if it was uploaded (the examples belong to nobody)."""
        if path.is_relative_to(self._cache().resolve()) or path.is_relative_to(self._cache()):
            visit.files.add(path)

    def keep_head(self, visit: Visit, key: str, head: CanonicalHead) -> None:
        """Keep a studied head for the visitor's next run; older ones give way."""
        with self._lock:
            visit.heads[key] = head
            visit.heads.move_to_end(key)
            while len(visit.heads) > HEADS:
                visit.heads.popitem(last=False)
            rest = sorted((v for v in self._visits.values() if v is not visit and v.heads), key=lambda v: v.used)
            total = sum(len(v.heads) for v in self._visits.values())
            while total > ALL_HEADS and rest:
                total -= len(rest[0].heads)
                rest.pop(0).drop_heads()

    def new_folder(self, visit: Visit) -> Path:
        """A fresh folder for a run, unguessable, inside what is served."""
        folder = visit.folder / secrets.token_hex(16)
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def forget(self, session: str | None) -> None:
        """Delete everything of a visitor: files, results, heads."""
        with self._lock:
            visit = self._visits.pop(session or "", None)
            if visit is not None:
                self._delete(visit)

    def sweep(self) -> None:
        """Forget visitors who left, and visitors and heads that were not used for long."""
        now = self._clock()
        with self._lock:
            for key, visit in list(self._visits.items()):
                if now - visit.used > self._keep or (visit.left is not None and now - visit.left > LEFT_SECONDS):
                    self._delete(self._visits.pop(key))
                elif now - visit.used > HEAD_SECONDS:
                    visit.drop_heads()

    def _delete(self, visit: Visit) -> None:
        """Remove the visitor's files, except uploads of the very same content that somebody else is using."""
        others: set[Path] = set().union(*(other.files for other in self._visits.values()))
        for path in visit.files - others:
            path.unlink(missing_ok=True)
        shutil.rmtree(visit.folder, ignore_errors=True)
        visit.files.clear()
        visit.drop_heads()
        visit.head_files.clear()
        visit.looks.clear()
        visit.run = None


def sweep_forever(visits: Visits, period: float = 60.0) -> None:
    """Start a thread that sweeps now and then, so that files go although nobody comes."""

    def work() -> None:
        while True:
            time.sleep(period)
            visits.sweep()

    threading.Thread(target=work, name="sweep", daemon=True).start()
