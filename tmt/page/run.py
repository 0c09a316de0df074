"""Between a page and a run: work in its own thread, seen step by step, stopped on request; panels that tell of it."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait

from tmt.errors import Cancelled, Language
from tmt.page.texts import TEXTS, text
from tmt.types import Result, Step

PERIOD = 0.2  # s between two looks at a run: smooth to the eye, and a stop is felt at once

Report = Callable[[Step], None]  # how work says how far it is; raises Cancelled when it shall end


class Background:
    """Work in a thread of its own.

    A server resumes a generator in any of its threads, and closes it in the one that serves everybody: neither suits
    work that keeps state by thread (inference mode, thread pools) or takes long to end.
    """

    def __init__(self, work: Callable[[Report], Result]) -> None:
        """Work: called at once, with the function that it reports to."""
        self._stopped = threading.Event()
        self._latest = Step("start", 0, None)
        self._future: Future[Result] = Future()
        # A daemon, unlike the threads of a pool: a server that ends does not wait for a run.
        threading.Thread(target=self._do, args=(work,), name="transfer", daemon=True).start()

    def _do(self, work: Callable[[Report], Result]) -> None:
        try:
            self._future.set_result(work(self._report))
        except BaseException as error:
            self._future.set_exception(error)

    def _report(self, step: Step) -> None:
        if self._stopped.is_set():
            raise Cancelled("cancelled")
        self._latest = step

    def steps(self) -> Iterator[Step]:
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
        """Nothing is known yet."""
        self._stage, self._since, self._first = "", 0.0, 0

    def left(self, step: Step) -> float | None:
        """Seconds left in this stage, or None while nothing can be said."""
        now = time.monotonic()
        if step.stage != self._stage:
            self._stage, self._since, self._first = step.stage, now, step.done
        done, elapsed = step.done - self._first, now - self._since
        if step.total is None or done < 2 or elapsed < 1 or step.done >= step.total:
            return None
        return elapsed / done * (step.total - step.done)


def running_panel(step: Step, left: float | None, language: Language) -> str:
    """A bar with the stage's name, the count and the time left."""
    name = text(step.stage if step.stage in TEXTS else "work", language)
    notes = [f"{step.done} / {step.total}"] if step.total else []
    notes += [text("left", language, time=_duration(left, language))] if left is not None else []
    return (
        f'<div class="panel running"><div class="line"><strong>{name}</strong><span>{" · ".join(notes)}</span></div>'
        f"{_bar(name, step)}</div>"
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
    frames, lost = (_number(result.report, "frames", "driving", key) for key in ("total", "held"))
    total = result.seconds.get("total")
    study = _number(result.report, "seconds", "study")
    rows = [("frames", frames, "{:.0f}"), ("frames_lost", lost, "{:.0f}")]
    rows += [("seconds_per_frame", total / frames if total and frames else None, "{:.2f}")]
    rows += [("seconds_total", total + (study or 0) if total else None, "{:.1f}")]
    cells = "".join(
        f"<div><dt>{text(key, language)}</dt><dd>{form.format(value)}</dd></div>"
        for key, value, form in rows
        if value is not None
    )
    return f'<div class="panel done" role="status"><strong>{text("done", language)}</strong><dl>{cells}</dl></div>'


def message_panel(message: str, kind: str = "") -> str:
    """One message; kind: "wrong" for an error."""
    return f'<div class="panel {kind}" role="status">{html.escape(message)}</div>'


def _duration(seconds: float, language: Language) -> str:
    """A time as a person says it."""
    if seconds < 90:
        return text("seconds", language, count=max(1, round(seconds)))
    return text("minutes", language, count=round(seconds / 60))


def _number(report: Mapping[str, object], *keys: str) -> float | None:
    """A number deep in a report, or None where it has none."""
    value: object = report
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, (int, float)) else None
