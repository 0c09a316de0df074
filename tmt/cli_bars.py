"""Progress of a command on stderr: a bar for each stage, with the time left."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmt.types import Step

if TYPE_CHECKING:
    import tqdm

    from tmt.progress import Progress


class Bars:
    """One bar at a time; none where stderr is no terminal, or with `quiet`."""

    def __init__(self, quiet: bool) -> None:
        self._hidden = True if quiet else None  # None: where stderr is no terminal
        self._title = ""
        self._bar: tqdm.tqdm[object] | None = None

    def say(self, step: Step, before: str = "", after: str = "") -> None:
        """Show a step; `before` the name of its stage stands what the stage is part of, `after` all a word on that."""
        import tqdm

        title = f"{before}{step.stage}"
        if self._bar is None or title != self._title:
            self.close()
            self._title = title
            self._bar = tqdm.tqdm(
                desc=title, total=step.total, unit="frame", disable=self._hidden, file=sys.stderr
            )
        if after:
            self._bar.set_postfix_str(after, refresh=False)
        self._bar.update(step.done - self._bar.n)

    def close(self) -> None:
        """End the bar on the screen: what is printed next stands below it."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None


@contextlib.contextmanager
def progress(options: argparse.Namespace) -> Iterator[Progress]:
    """Who is told of the steps of a command."""
    with contextlib.closing(Bars(options.quiet)) as bars:
        yield bars.say
