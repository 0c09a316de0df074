"""The blind test: two methods in random order, votes into a CSV, a running tally."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import gradio as gr

from tmt.errors import Language
from tmt.page.after import After, case_of
from tmt.page.desk import Desk, language_of
from tmt.page.panels import message_panel, tally_panel
from tmt.page.player import Lane, player
from tmt.page.stream import Outputs, streamed
from tmt.page.texts import text
from tmt.page.visits import Run, Visit
from tmt.types import Method
from tmt.video import probe
from tmt.votes import Choice, append, read, shuffled, tally, vote


class Blind:
    """Handlers of the blind test."""

    def __init__(self, desk: Desk, after: After) -> None:
        self.desk, self._after = desk, after

    def start(self, request: gr.Request, method: Method) -> Iterator[Outputs]:
        """Show the run and the same clip by another method, nobody knows which is which: player, buttons, panel."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None:
            yield "", gr.Row(visible=False), message_panel(text("no_result", language))
            return
        own: Method = run.settings.method
        if method == own:  # nothing to tell apart
            method = "fused" if method != "fused" else "warp2d"

        def shown(_: Path) -> Outputs:
            run.pair = shuffled(case_of(visit), own, method)
            return _unnamed(run, language), gr.Row(visible=True), ""

        work = self._after.by_method(visit, run, method)
        yield from streamed(
            self.desk.line, language, lambda: work, shown, lambda panel: ("", gr.Row(visible=False), panel)
        )

    def left(self, request: gr.Request) -> tuple[object, ...]:
        """A vote for the left video."""
        return self._voted(request, "left")

    def right(self, request: gr.Request) -> tuple[object, ...]:
        """A vote for the right video."""
        return self._voted(request, "right")

    def same(self, request: gr.Request) -> tuple[object, ...]:
        """A vote for neither."""
        return self._voted(request, "same")

    def _voted(self, request: gr.Request, choice: Choice) -> tuple[object, ...]:
        """Keep a vote and shuffle anew: player, tally, the CSV file."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None or run.pair is None:
            return "", message_panel(text("no_result", language)), None
        given, own = vote(run.pair, choice), self._own_file(visit)
        visit.votes.append(given)
        append(own, given)
        if self.desk.votes is not None:
            append(self.desk.votes, given)
        everybody = read(self.desk.votes) if self.desk.votes is not None else visit.votes
        other = run.pair.right if run.pair.left == run.settings.method else run.pair.left
        counted = tally(everybody, run.settings.method, other)
        run.pair = shuffled(run.pair.case, run.settings.method, other)
        return _unnamed(run, language), tally_panel(counted, language), str(own)

    def _own_file(self, visit: Visit) -> Path:
        visit.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return visit.folder / "votes.csv"


def _unnamed(run: Run, language: Language) -> str:
    """The pair side by side as A and B; the files' names tell nothing."""
    assert run.pair is not None
    shown = []
    for name, method in zip("AB", (run.pair.left, run.pair.right), strict=True):
        copy = run.folder / f"{secrets.token_hex(8)}.mp4"
        shutil.copy(run.videos[method], copy)
        shown.append(Lane(name, name, copy))
    return player(shown, float(probe(shown[0].path).fps), language, mode="side", autoplay=True)
