"""The blind test: two methods in random order, one vote of each viewer on each pair, the names at the end."""

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
from tmt.page.results import button_for
from tmt.page.stream import Outputs, streamed
from tmt.page.texts import of_method, text
from tmt.page.visits import Run, Visit
from tmt.types import Method
from tmt.video import probe
from tmt.votes import Choice, Vote, keep, read, shuffled, tally, vote


class Blind:
    """Handlers of the blind test."""

    def __init__(self, desk: Desk, after: After) -> None:
        self.desk, self._after = desk, after

    def start(self, request: gr.Request, method: Method) -> Iterator[Outputs]:
        """Show the run and the same clip by another method, nobody knows which is which: player, buttons, tally,
        panel."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None or method == run.settings.method:
            why = "no_result" if run is None else "blind_itself"
            yield "", gr.Column(visible=False), "", message_panel(text(why, language), "wrong")
            return

        def shown(_: Path) -> Outputs:
            run.pair = shuffled(case_of(run), run.settings.method, method)
            return _unnamed(run, language), gr.Column(visible=True), "", ""

        work = self._after.by_method(visit, run, method)
        yield from streamed(
            self.desk.line, language, lambda: work, shown, lambda panel: ("", gr.Column(visible=False), "", panel),
            self.desk.left_of(run.driving, run.settings),
        )  # fmt: skip

    def left(self, request: gr.Request) -> str:
        """A vote for the left video."""
        return self._voted(request, "left")

    def right(self, request: gr.Request) -> str:
        """A vote for the right video."""
        return self._voted(request, "right")

    def same(self, request: gr.Request) -> str:
        """A vote for neither."""
        return self._voted(request, "same")

    def _voted(self, request: gr.Request, choice: Choice) -> str:
        """Keep a vote, in place of a former one on the pair, and say no more than that: the test goes on."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None or run.pair is None:
            return message_panel(text("no_result", language))
        given = vote(run.pair, choice, visit.voter)
        for file in filter(None, (_own_file(visit), self.desk.votes)):
            keep(file, given)
        return message_panel(text("voted", language, choice=text(f"vote_{choice}", language)), "done")

    def reveal(self, request: gr.Request) -> Outputs:
        """End the test: player with the names, no more buttons, the tally, the file with the visitor's own votes."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None or run.pair is None:
            return gr.skip(), gr.Column(visible=False), message_panel(text("no_result", language)), gr.skip()
        own = read(_own_file(visit))
        if not any(given.on(run.pair) for given in own):
            return gr.skip(), gr.skip(), message_panel(text("vote_first", language), "wrong"), gr.skip()
        shown = _shown(run, [_named(f"{side}: ", method, language) for side, method in _sides(run)], language)
        told = self._tally(run, own, language)
        run.pair = None  # a vote from now on would not be blind
        return shown, gr.Column(visible=False), told, button_for(_own_file(visit))

    def _tally(self, run: Run, own: list[Vote], language: Language) -> str:
        """All votes on the two methods: everybody's where they are collected, otherwise the visitor's."""
        assert run.pair is not None
        other = run.pair.right if run.pair.left == run.settings.method else run.pair.left
        votes = own if self.desk.votes is None else read(self.desk.votes)
        return tally_panel(tally(votes, run.settings.method, other), language)


def _own_file(visit: Visit) -> Path:
    visit.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return visit.folder / "votes.csv"


def _sides(run: Run) -> list[tuple[str, str]]:
    assert run.pair is not None
    return [("A", run.pair.left), ("B", run.pair.right)]


def _named(before: str, method: str, language: Language) -> str:
    return before + text(of_method(method), language)


def _unnamed(run: Run, language: Language) -> str:
    """The pair side by side as A and B."""
    return _shown(run, [side for side, _ in _sides(run)], language)


def _shown(run: Run, names: list[str], language: Language) -> str:
    """The pair side by side under these names; the files' names tell nothing."""
    shown = []
    for name, (side, method) in zip(names, _sides(run), strict=True):
        copy = run.folder / f"{secrets.token_hex(8)}.mp4"
        shutil.copy(run.videos[method], copy)
        shown.append(Lane(side, name, copy))
    return player(shown, float(probe(shown[0].path).fps), language, mode="side", autoplay=True)
