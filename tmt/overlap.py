"""Work on several things at once, with results in their order and never more than a few of them held."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
AT_ONCE = 2  # things: much of each keeps one core busy and no more


def overlapped(tasks: Iterable[Callable[[], T]], at_once: int = AT_ONCE) -> Generator[T, None, None]:
    """Results of the tasks, in their order; `at_once` threads work ahead, and one result more may wait.

    The tasks are drawn from their iterable in the caller's thread: what must happen one after another belongs there.
    Closing the generator, or an error in a task, ends the work: begun tasks are waited for, others dropped. The tasks
    share torch's threads: were each to use them all, they would wait for each other.
    """
    threads = torch.get_num_threads()
    share = max(1, min(threads, (os.cpu_count() or 1) // at_once))
    pool = ThreadPoolExecutor(
        at_once, thread_name_prefix="tmt-overlap", initializer=torch.set_num_threads, initargs=(share,)
    )
    waiting = deque[Future[T]]()
    try:
        for task in tasks:
            waiting.append(pool.submit(task))
            if len(waiting) > at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)  # of threads yet to come: each keeps its own number, but for new ones the last

