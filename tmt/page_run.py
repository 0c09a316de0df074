"""Between a page and a run: work in its own thread, seen step by step and stopped on request; panels that tell of it."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from tmt.errors import Cancelled, Language
from tmt.page_texts import TEXTS, text
from tmt.types import Result

PERIOD = 0.2  # s between two looks at a run: smooth to the eye, and a stop is felt at once


class Step(Protocol):
    """How far a run is: `total` is None where it is unknown."""

    @property
    def stage(self) -> str:
        """Name of what is being done."""

    @property
    def done(self) -> int:
        """Units done, mostly frames."""

    @property
    def total(self) -> int | None:
        """Units in all."""


@dataclass(frozen=True)
class Progress:
    """A step as the page keeps it."""

    stage: str
    done: int = 0
    total: int | None = None


class Report(Protocol):
    """What work calls to say how far it is."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Raises Cancelled when the work shall end."""


class Job:
    """Work in a thread of its own.

    A server resumes a generator in any of its threads, and closes it in the one that serves everybody: neither suits
    work that keeps state by thread (inference mode, thread pools) or takes long to end.
    """

    def __init__(self, work: Callable[[Report], Result]) -> None:
        self._stopped = threading.Event()
        self._latest = Progress("start")
        pool = ThreadPoolExecutor(1, thread_name_prefix="transfer")
        self._future = pool.submit(work, self._report)
        pool.shutdown(wait=False)

    def _report(self, stage: str, done: int, total: int | None) -> None:
        if self._stopped.is_set():
            raise Cancelled("cancelled")
        self._latest = Progress(stage, done, total)

    def steps(self) -> Iterator[Progress]:
        """The latest step, a few times a second, until the work ends."""
        while not wait([self._future], PERIOD).done:
            yield self._latest

    def result(self) -> Result:
        """What the work gave; raises what it raised."""
        return self._future.result()

    def stop(self, then: Callable[[], None]) -> None:
        """Ask the work to end, without waiting; `then` runs when it has."""
        self._stopped.set()
        self._future.add_done_callback(lambda _: then())


class Pace:
    """Tells from the steps of a stage how long the rest of it will take."""

    def __init__(self) -> None:
        self._stage, self._since, self._first = "", 0.0, 0

    def left(self, step: Step) -> float | None:
        """Seconds left in this stage, or None while nothing can be said."""
        now = time.monotonic()
        if step.stage != self._stage:
            self._stage, self._since, self._first = step.stage, now, step.done
        done, elapsed = step.done - self._first, now - self._since
        if step.total is None or done < 2 or elapsed < 1:
            return None
        return elapsed / done * max(0, step.total - step.done)


def running_panel(step: Step, left: float | None, language: Language) -> str:
    """A bar with the stage's name, the count and the time left."""
    name = text(step.stage if step.stage in TEXTS else "work", language)
    notes = [f"{step.done} / {step.total}"] if step.total else []
    notes += [text("left", language, time=_duration(left, language))] if left is not None else []
    return (
        f'<div class="panel running"><div class="line"><strong>{name}</strong><span>{" · ".join(notes)}</span></div>'
        f'{_bar(name, step)}</div>'
    )


def _bar(name: str, step: Step) -> str:
    """A bar that is as full as the step is far, or that moves where nobody knows."""
    if not step.total:
        return f'<div class="bar" role="progressbar" aria-label="{name}"><div class="unknown"></div></div>'
    percent = min(100, round(100 * step.done / step.total))
    role = f'role="progressbar" aria-label="{name}" aria-valuenow="{percent}"'
    return f'<div class="bar" {role}><div style="width: {percent}%"></div></div>'


def result_panel(result: Result, language: Language) -> str:
    """What a reader wants to know of a finished run, as far as its report tells it."""
    frames, lost = (_count(result.report, "frames", "driving", key) for key in ("total", "held"))
    total = sum(result.seconds.values())
    rows = [("frames", _plain(frames)), ("frames_lost", _plain(lost))]
    rows += [("seconds_per_frame", f"{total / frames:.2f}")] if frames and total else []
    rows += [("seconds_total", f"{total:.1f}")] if total else []
    cells = "".join(f"<div><dt>{text(key, language)}</dt><dd>{value}</dd></div>" for key, value in rows if value)
    return f'<div class="panel done" role="status"><strong>{text("done", language)}</strong><dl>{cells}</dl></div>'


def message_panel(message: str) -> str:
    """One sentence."""
    return f'<div class="panel" role="status">{html.escape(message)}</div>'


def is_running(panel: str) -> bool:
    """Whether a panel tells of a run that has not ended."""
    return "running" in panel


def _duration(seconds: float, language: Language) -> str:
    """A time as a person says it."""
    if seconds < 90:
        return text("seconds", language, count=max(1, round(seconds)))
    return text("minutes", language, count=round(seconds / 60))


def _plain(count: int | None) -> str:
    return "" if count is None else str(count)


def _count(report: Mapping[str, object], *keys: str) -> int | None:
    """A whole number deep in a report, or None where it has none."""
    value: object = report
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, int) else None
