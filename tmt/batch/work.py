"""The batch at work: one subject after another, each studied once and forgotten again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tmt import provenance
from tmt.batch.check import checked
from tmt.batch.earlier import Earlier, told
from tmt.batch.jobs import PAGE, TABLE, Doing, Outcome, Pair
from tmt.batch.ledger import Ledger
from tmt.batch.pace import Pace
from tmt.errors import Cancelled, Language, MediaError, OutputError, TmtError
from tmt.export import check_folder
from tmt.ffmpeg import short
from tmt.pipeline import TalkingHeadPipeline
from tmt.progress import Progress, nobody
from tmt.types import CanonicalHead, Consent
from tmt.video import probe

T = TypeVar("T")


def run(
    pipeline: TalkingHeadPipeline, pairs: Sequence[Pair], folder: Path, consent: Consent | None,
    *, redo: bool = False, progress: Callable[[Doing], None] | None = None, language: Language = "en",
) -> Iterator[Outcome]:
    """Transfer every pair into `folder`, which is made if it is missing, and yield what became of each, grouped by
    subject. One consent counts for all clips. What the folder holds from an earlier run with the same clips, settings
    and version is skipped, unless `redo`. A pair that fails is told and does not stop the others; leaving the iterator
    early keeps what is finished. batch.csv and index.html in the folder, in `language`, tell the same.

    Before anything is written: ConsentError; JobsError for any pair that cannot be begun; OutputError."""
    provenance.require(consent)
    todo = checked(pairs, folder)
    check_folder(folder, [TABLE, PAGE, *(path.name for pair in todo for path in pair.files(folder).values())])
    return _written(_Batch(pipeline, todo, folder, consent, progress), redo, Ledger(folder, todo, language))


def _written(batch: _Batch, redo: bool, ledger: Ledger) -> Iterator[Outcome]:
    """The outcomes, each of them written down before it is told."""
    for outcome in batch.outcomes(redo):
        ledger.add(outcome)
        if outcome.status != "skipped":  # those come all at once
            with suppress(OutputError):  # a spreadsheet that has the table open shall not stop a night's work
                ledger.write()
        yield outcome
    ledger.write()


class _Batch:
    """Pairs, and how far they are."""

    def __init__(
        self, pipeline: TalkingHeadPipeline, pairs: Sequence[Pair], folder: Path, consent: Consent | None,
        progress: Callable[[Doing], None] | None,
    ) -> None:
        self._pipeline, self._pairs, self._folder = pipeline, pairs, folder
        self._consent, self._progress = consent, progress
        self._through = 0  # pairs

    def outcomes(self, redo: bool) -> Iterator[Outcome]:
        """What became of every pair: first of those that were there, then subject by subject."""
        earlier, groups = Earlier(self._folder, self._pipeline), dict[object, list[Pair]]()
        for pair in self._pairs:
            found = None if redo else earlier.outcome(pair)
            if found is None:
                groups.setdefault((pair.subject, pair.subject_face), []).append(pair)
            else:
                self._through += 1
                yield found
        self._pace = Pace([pair for group in groups.values() for pair in group])
        for group in groups.values():
            yield from self._subject(group)

    def _subject(self, group: Sequence[Pair]) -> Iterator[Outcome]:
        """All pairs of one subject. Its head lives no longer than this."""
        started, ready = time.perf_counter(), []
        for pair in group:
            problem = attempt(lambda pair=pair: look(pair), pair.driving.name)  # type: ignore[misc]
            if isinstance(problem, TmtError):
                yield self._failed(pair, problem, started)
            else:
                ready.append(pair)
        if not ready:  # a wrong clip shall not cost a study first
            return
        first = ready[0]
        head = attempt(lambda: self._study(first, started), first.subject.name)
        for pair in ready:
            if isinstance(head, TmtError):
                yield self._failed(pair, head, started)
            else:
                yield self._transfer(head, pair, started)
            started = time.perf_counter()

    def _study(self, pair: Pair, started: float) -> CanonicalHead:
        say = self._said(pair, started)
        return self._pipeline.study(pair.subject, consent=self._consent, progress=say, face=pair.subject_face)

    def _transfer(self, head: CanonicalHead, pair: Pair, started: float) -> Outcome:
        video, say = pair.files(self._folder)["video"], self._said(pair, started)
        result = attempt(
            lambda: self._pipeline.transfer(head, pair.driving, video, pair.settings, progress=say), video.name
        )
        if isinstance(result, TmtError):
            return self._failed(pair, result, started)
        seconds = time.perf_counter() - started
        self._through += 1
        self._pace.finish(pair, seconds)
        return Outcome(pair, "done", seconds, **told(result.report))

    def _failed(self, pair: Pair, error: TmtError, started: float) -> Outcome:
        self._through += 1
        self._pace.finish(pair, 0.0)
        return Outcome(pair, "failed", time.perf_counter() - started, error=error)

    def _said(self, pair: Pair, started: float) -> Progress:
        """Who is told of the steps of a pair."""
        number, count, tell = self._through + 1, len(self._pairs), self._progress
        if tell is None:
            return nobody
        return lambda step: tell(Doing(number, count, pair, step, self._pace.left(time.perf_counter() - started)))


def look(pair: Pair) -> None:
    """MediaError for clips that a look into the files shows to be of no use."""
    probe(pair.subject)
    if probe(pair.driving).is_still:
        raise MediaError("driving_needs_motion", name=pair.driving.name)


def attempt(do: Callable[[], T], name: str) -> T | TmtError:
    """What `do` gives, or why it failed; `name`: whose failure that is, if it is one that nobody has foreseen. A stop
    on request is no failure."""
    try:
        return do()
    except Cancelled:
        raise
    except TmtError as error:
        return type(error)(error.key, **error.values)  # without the traceback, which would keep a head in memory
    except Exception as error:  # one clip that upsets some library shall not cost the others
        return TmtError("unexpected", name=name, reason=short(f"{type(error).__name__}: {error}"))
