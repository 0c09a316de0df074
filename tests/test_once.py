"""What is worked out of a head once."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

from test_baselines import head

from tmt.once import once


def test_it_is_worked_out_once_for_a_head_and_a_key() -> None:
    one, asked = replace(head()), []

    def make() -> int:
        asked.append(1)
        return len(asked)

    assert [once(one, "a", make), once(one, "a", make), once(one, "b", make)] == [1, 1, 2]
    assert once(replace(one), "a", make) == 3, "another head, however alike"


def test_a_head_that_nobody_holds_takes_along_what_was_worked_out() -> None:
    class Kept:
        pass

    one = replace(head())
    kept = weakref.ref(once(one, "a", Kept))
    assert kept() is not None
    del one
    gc.collect()
    assert kept() is None
