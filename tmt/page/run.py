"""Between a page and a run: work in its own thread, seen step by step, stopped on request, after its turn has come."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from tmt.errors import Cancelled
from tmt.page.line import Line, Place
from tmt.types import Step

T = TypeVar("T")

PERIOD = 0.2  # s between two looks at a run: smooth to the eye, and a stop is felt at once

Report = Callable[[Step], None]  # how work says how far it is; raises Cancelled when it shall end


class Background(Generic[T]):
    """Work in a thread of its own.

    A server resumes a generator in any of its threads, and closes it in the one that serves everybody: neither suits
    work that keeps state by thread (inference mode, thread pools) or takes long to end.
    """

    def __init__(self, work: Callable[[Report], T]) -> None:
        """Work: called at once, with the function that it reports to."""
        self._stopped = threading.Event()
        self._latest = Step("start", 0, None)
        self._future: Future[T] = Future()
        here = contextvars.copy_context()  # who asks: a GPU that is lent by the minute wants to know
        # A daemon, unlike the threads of a pool: a server that ends does not wait for a run.
        threading.Thread(target=here.run, args=(self._do, work), name="transfer", daemon=True).start()

    def _do(self, work: Callable[[Report], T]) -> None:
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

    def result(self) -> T:
        """What the work gave; raises what it raised."""
        return self._future.result()

    def stop(self, then: Callable[[], None]) -> None:
        """Ask the work to end, without waiting; `then` runs when it has."""
        self._stopped.set()
        self._future.add_done_callback(lambda _: then())


def in_turn(line: Line, work: Callable[[Report], T], then: Callable[[], None]) -> Iterator[Step | Place | T]:
    """Wait in the line, then do the work: places, steps and at the end the result (a generator that may be closed).

    then: called when the work has ended without a result that was taken.
    """
    with line.ticket() as ticket:
        while (now := ticket.place()).place:
            yield now
            time.sleep(PERIOD)
        run, delivered = Background(work), False
        try:
            yield from run.steps()
            result = run.result()
            delivered = True
            yield result
        finally:
            if not delivered:
                run.stop(then)


class Pace:
    """Tells from the steps of a stage how long the rest of the run will take."""

    def __init__(self, later: Callable[[str], float] = lambda _: 0.0) -> None:
        """Later: seconds that the stages after a given one are expected to take."""
        self._stage, self._since, self._first, self._later = "", 0.0, 0, later

    def left(self, step: Step) -> float | None:
        """Seconds left, or None while nothing can be said."""
        now = time.monotonic()
        if step.stage != self._stage:
            self._stage, self._since, self._first = step.stage, now, step.done
        done, elapsed = step.done - self._first, now - self._since
        if step.total is None or done < 2 or elapsed < 1 or step.done >= step.total:
            return None
        return elapsed / done * (step.total - step.done) + self._later(step.stage)
