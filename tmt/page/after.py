"""What can be done with a result: look at it, compare methods, sign it off, delete it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import gradio as gr

from tmt.errors import Language
from tmt.page.about import about_line, other_verdicts
from tmt.page.desk import Desk, language_of
from tmt.page.panels import message_panel, numbers_panel
from tmt.page.player import Lane, lanes, player
from tmt.page.results import button_for
from tmt.page.run import Report
from tmt.page.story import write_story
from tmt.page.stream import Outputs, Work, streamed
from tmt.page.texts import of_method, text
from tmt.page.visits import Run, Visit
from tmt.pipeline import run_to_end
from tmt.provenance import file_sha256
from tmt.receipt import Decision, review, write_review
from tmt.types import Method, Step
from tmt.video import probe


class After:
    """Handlers of the result."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self, request: gr.Request) -> tuple[object, ...]:
        """What it is of, player, numbers, and the place of all made visible."""
        run, language = self.desk.visit(request).run, language_of(request)
        if run is None:
            return "", "", "", gr.Column(visible=False)
        shown = run_player(run, language), numbers_panel(run.numbers, language)
        return about_line(run, language), *shown, gr.Column(visible=True)

    def compare(self, request: gr.Request, method: Method) -> Iterator[Outputs]:
        """Render the run's clips by another method: player, numbers, panel."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None:
            yield "", "", message_panel(text("no_result", language))
            return

        def shown(_: Path) -> Outputs:
            numbers = numbers_panel(run.numbers, language) + other_verdicts(run.numbers, language)
            joined = text("joined", language, name=text(of_method(method), language))
            return run_player(run, language, method), numbers, message_panel(joined, "done")

        work = self.by_method(visit, run, method)
        yield from streamed(
            self.desk.line, language, lambda: work, shown, lambda panel: (gr.skip(), gr.skip(), panel),
            self.desk.left_of(run.driving, run.settings),
        )  # fmt: skip

    def by_method(self, visit: Visit, run: Run, method: Method) -> Work[Path]:
        """Work that adds a method's video and numbers to a run."""
        settings = replace(run.settings, method=method, side_by_side=False)

        def work(report: Report) -> Path:
            if method not in run.videos:
                out = run.folder / f"{run.result.video.stem}_{method}.mp4"
                head = self.desk.head(visit, run.subject, run.agreed, report)
                result = run_to_end(self.desk.studio.transfer(head, run.driving, out, settings), report)
                report(Step("measure", 0, None))
                if run.cast is not None:
                    seconds = result.seconds.get("total", 0.0)
                    run.numbers[method] = self.desk.studio.judge(out, run.cast, settings, seconds)
                run.videos[method] = out
            return run.videos[method]

        return work

    def sign(
        self, request: gr.Request, decision: str | None, remark: str, reviewer: str
    ) -> tuple[object, object, object]:
        """Keep a reviewer's decision: note, the HTML report, the sign-off's own file."""
        run, language = self.desk.visit(request).run, language_of(request)
        if run is None:
            return message_panel(text("no_result", language)), None, None
        if decision not in ("approve", "reject"):
            return message_panel(text("decision_needed", language), "wrong"), gr.skip(), gr.skip()
        run.review = review(cast("Decision", decision), remark or "", reviewer or "")
        own = write_review(run.result.video, run.review, run.result.report)
        report = write_story(run, self.desk.price)
        note = text("signed", language, decision=text(run.review.decision, language))
        return message_panel(note, "done"), str(report), button_for(own)

    def delete(self, request: gr.Request) -> str:
        """Delete at once everything of this visitor: clips, results, the studied head.

        Returns:
            A message in the reader's language.
        """
        self.desk.visits.forget(request.session_hash)
        return message_panel(text("deleted", language_of(request)), "done")


def run_player(run: Run, language: Language, method: str | None = None) -> str:
    """The player of a run; other methods join it as further lanes, the latest to be compared with."""
    shown = lanes({**run.players, "result": run.result.video}, language)
    others = [name for name in run.videos if run.videos[name] != run.result.video]
    shown += [Lane(name, text(of_method(name), language), run.videos[name]) for name in others]
    pair = method if method in others else None
    return player(shown, float(probe(run.result.video).fps), language, pair=pair, autoplay=True)


def case_of(run: Run) -> str:
    """Which clips a vote is about, without naming them."""
    return file_sha256(run.result.video)[:12]
