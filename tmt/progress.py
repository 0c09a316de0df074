"""How far some work is, said while it goes on: who is told may raise Cancelled, and so end it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from tmt.types import Step

Progress = Callable[[Step], None]


def nobody(step: Step) -> None:
    """No progress wanted."""


def counted(say: Progress, stage: str, total: int) -> Callable[[], None]:
    """What says, each time that it is called, that one more of `total` parts of a stage is done."""
    done = count(1)
    return lambda: say(Step(stage, next(done), total))
