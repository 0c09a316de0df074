"""The command `batch`: many transfers by one call, from a table of jobs or all pairs of two lists of clips."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tmt.cli_bars import Bars
from tmt.errors import Cancelled, Language
from tmt.types import Consent, Settings

if TYPE_CHECKING:
    from tmt.batch import Doing, Outcome, Pair
    from tmt.pipeline import TalkingHeadPipeline


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """What a batch is asked for beside the settings of a transfer."""
    parser.add_argument("jobs", type=Path, nargs="?", metavar="JOBS.csv",
                        help="a row a transfer: subject, driving, and if wanted output and any setting")
    for role in ("subject", "driving"):
        parser.add_argument(f"--{role}s", type=Path, nargs="+", metavar="CLIP", help="instead of a table: all pairs")
    parser.add_argument("--redo", action="store_true", help="render again what is there already")
    parser.set_defaults(usage_error=parser.error)


def perform(
    options: argparse.Namespace, settings: Settings, affirm: Callable[[argparse.Namespace], Consent],
    load: Callable[[argparse.Namespace], TalkingHeadPipeline], language: Language,
) -> int:
    """Do the batch; 0 if all of it is done, 3 if some failed, 130 if it was interrupted."""
    if bool(options.jobs) == bool(options.subjects) or bool(options.subjects) != bool(options.drivings):
        options.usage_error("give either JOBS.csv or both --subjects and --drivings")
    consent = affirm(options)
    from tmt.batch import run

    pairs, bars = _pairs(options, settings), Bars(options.quiet)
    failed = 0
    try:
        pipeline = load(options)
        with contextlib.closing(bars):
            for outcome in run(pipeline, pairs, options.output, consent, redo=options.redo, language=language,
                               progress=lambda doing: _show(doing, bars)):  # fmt: skip
                bars.close()
                failed += outcome.status == "failed"
                _tell(outcome, options.output, language)
    except KeyboardInterrupt:
        print(f"tmt: {Cancelled('batch_stopped').text(language)}", file=sys.stderr)
        return Cancelled.status
    from tmt.batch.jobs import PAGE, TABLE
    print(options.output / TABLE, options.output / PAGE, sep="\n")
    return 3 if failed else 0


def _pairs(options: argparse.Namespace, settings: Settings) -> tuple[Pair, ...]:
    from tmt.batch import all_pairs, checked, read_jobs

    if options.jobs:
        return read_jobs(options.jobs, options.output, settings, options.subject_face)
    return checked(all_pairs(options.subjects, options.drivings, settings, options.subject_face), options.output)


def _show(doing: Doing, bars: Bars) -> None:
    minutes, seconds = divmod(round(doing.left), 60)
    bars.say(doing.step, f"{doing.number}/{doing.count} ", f"all: {minutes}:{seconds:02} left")


def _tell(outcome: Outcome, folder: Path, language: Language) -> None:
    """A result by its file on stdout, a failure by its line and cause on stderr."""
    if outcome.error is None:
        print(outcome.pair.files(folder)["video"], flush=True)
    else:
        where = f"{outcome.pair.line}行目：" if language == "ja" else f"line {outcome.pair.line}: "
        print(f"tmt: {where}{outcome.error.text(language)}", file=sys.stderr, flush=True)
