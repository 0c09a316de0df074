"""A handler's work as what its widgets show: panels while it is on, its result, or what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from tmt.errors import Language
from tmt.page.desk import explained, toast
from tmt.page.line import Line, Place
from tmt.page.panels import message_panel, running_panel, waiting_panel
from tmt.page.run import Pace, Report, in_turn
from tmt.types import Step

T = TypeVar("T")
Outputs = tuple[object, ...]
Work = Callable[[Report], T]


def streamed(
    line: Line, language: Language, begin: Callable[[], Work[T]], shown: Callable[[T], Outputs],
    told: Callable[[str], Outputs], later: Callable[[str], float] = lambda _: 0.0,
) -> Iterator[Outputs]:
    """Outputs of a handler. begin: checks, and gives the work that is done in its turn; shown: what the widgets show of
    its result; told: what they show while there is only a panel (HTML); later: see Pace."""
    pace = Pace(later)
    try:
        for item in in_turn(line, begin(), lambda: None):
            if isinstance(item, (Step, Place)):
                yield told(panel_of(item, pace, language))
            else:
                yield shown(item)
    except Exception as error:
        yield told(message_panel(explained(error, language), "wrong"))  # stays when the toast is gone
        raise toast(error, language) from error


def panel_of(item: Step | Place, pace: Pace, language: Language) -> str:
    """A step, or a place in the line, as a reader sees it."""
    if isinstance(item, Place):
        return waiting_panel(item, language)
    return running_panel(item, pace.left(item), language)
