"""Several tasks at once: order, bounds, errors, and an early end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest
import torch

from tmt.overlap import overlapped


def test_results_come_in_the_order_of_the_tasks_whichever_ends_first() -> None:
    second = threading.Event()

    def first() -> int:
        assert second.wait(10), "the second task was to run beside the first"
        return 1

    def other() -> int:
        second.set()
        return 2

    assert list(overlapped([first, other, lambda: 3], 2)) == [1, 2, 3]


def test_no_more_is_begun_than_may_wait() -> None:
    begun = []

    def tasks() -> Iterator[Callable[[], int]]:
        for number in range(20):
            begun.append(number)
            yield partial(int, number)

    for done, result in enumerate(overlapped(tasks(), 2)):
        assert result == done
        assert len(begun) <= done + 3


def test_tasks_are_drawn_in_the_thread_that_asks() -> None:
    drawn = []

    def tasks() -> Iterator[Callable[[], int]]:
        for _ in range(4):
            drawn.append(threading.get_ident())
            yield threading.get_ident

    worked = set(overlapped(tasks(), 2))
    assert set(drawn) == {threading.get_ident()}
    assert threading.get_ident() not in worked


def test_an_error_in_a_task_comes_in_its_turn_and_ends_the_work() -> None:
    begun = []

    def task(number: int) -> int:
        begun.append(number)
        return 1 // (3 - number)

    results = overlapped((partial(task, number) for number in range(100)), 2)
    got = []
    with pytest.raises(ZeroDivisionError):
        for result in results:
            got.append(result)
    assert len(got) == 3
    assert max(begun) < 10


def test_closing_early_leaves_no_thread_at_work() -> None:
    with closing(overlapped((partial(int, number) for number in range(100)), 2)) as results:
        assert next(results) == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("tmt-overlap")]


def test_tasks_share_the_threads_and_leave_none_fewer_to_others() -> None:
    asked: list[int] = []

    def count() -> int:
        return torch.get_num_threads()

    before = torch.get_num_threads()
    assert max(overlapped([count] * 4, 2)) <= max(1, (os.cpu_count() or 1) // 2)
    assert torch.get_num_threads() == before
    later = threading.Thread(target=lambda: asked.append(count()))
    later.start()
    later.join()
    assert asked == [before]
