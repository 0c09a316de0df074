"""Work spread over processes: the same results in the same order, one thread each, and failures are not swallowed."""

from __future__ import annotations

import math
import os

import pytest

from tmt.train.parallel import THREADS, spread


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_work_that_is_spread_comes_back_in_its_order(workers: int) -> None:
    assert list(spread(math.factorial, range(6), workers)) == [1, 1, 2, 6, 24, 120]


def test_every_process_has_one_thread_and_this_one_keeps_its_own() -> None:
    before = {name: os.environ.get(name) for name in THREADS}
    assert list(spread(os.getenv, THREADS, 2)) == ["1"] * len(THREADS)
    assert {name: os.environ.get(name) for name in THREADS} == before


@pytest.mark.parametrize("workers", [1, 2])
def test_what_fails_in_one_process_fails_here(workers: int) -> None:
    with pytest.raises(ValueError, match="factorial"):
        list(spread(math.factorial, [2, -1, 3], workers))
