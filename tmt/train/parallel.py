"""Work that is the same for every item, spread over processes: each draws alone, with one thread."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

import cv2
import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def spread(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """function(item) of every item, in their order, by so many processes; up to one: in this process.

    `function` must be picklable: one of a module (not of a `__main__`), or a `functools.partial` of it. Processes are
    spawned, not forked: torch and numba keep threads, and a GPU in use does not survive a fork. What fails in one fails
    here.
    """
    if workers <= 1:
        yield from map(function, items)
        return
    kept = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read when libraries are loaded, before anything of ours runs
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, one_thread)
    try:
        yield from pool.map(function, items)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def one_thread(worker: int = 0) -> None:
    """For this process, the so-manieth: many with many threads each get in each other's way."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
