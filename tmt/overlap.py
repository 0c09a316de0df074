"""Work on several things at once, with results in their order and never more than a few of them held."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def overlapped(tasks: Iterable[Callable[[], T]], at_once: int) -> Generator[T, None, None]:
    """Results of the tasks, in their order; `at_once` threads work ahead, and one result more may wait.

    The tasks are drawn from their iterable in the caller's thread: what must happen one after another belongs there.
    Closing the generator, or an error in a task, ends the work: begun tasks are waited for, others dropped.
    """
    waiting, pool = deque[Future[T]](), ThreadPoolExecutor(at_once, thread_name_prefix="tmt-overlap")
    try:
        for task in tasks:
            waiting.append(pool.submit(task))
            if len(waiting) > at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
