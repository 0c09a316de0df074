"""What can be done with a result: look at it, compare methods, sign it off, see the head from elsewhere, delete it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import gradio as gr

from tmt import provenance
from tmt.errors import Language
from tmt.page.desk import Desk, consent_of, explained, language_of, toast
from tmt.page.line import Place
from tmt.page.panels import message_panel, numbers_panel, running_panel, waiting_panel
from tmt.page.player import Lane, head_viewer, lanes, player
from tmt.page.run import Report, in_turn
from tmt.page.story import write_story
from tmt.page.texts import text
from tmt.page.transfer import Face
from tmt.page.visits import Run, Visit
from tmt.pipeline import run_to_end
from tmt.provenance import file_sha256
from tmt.receipt import Decision, review, write_review
from tmt.types import Method, Result, Step
from tmt.video import probe, save_png


class After:
    """Handlers of the result."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self, request: gr.Request) -> tuple[object, ...]:
        """Player, numbers, and the place of both made visible."""
        run, language = self.desk.visit(request).run, language_of(request)
        if run is None:
            return "", "", gr.Column(visible=False)
        return run_player(run, language), numbers_panel(run.numbers, language), gr.Column(visible=True)

    def compare(self, request: gr.Request, method: Method) -> Iterator[tuple[object, ...]]:
        """Render the run's clips by another method: player, numbers, panel."""
        visit, language = self.desk.visit(request), language_of(request)
        try:
            run = visit.run
            if run is None:
                yield "", "", message_panel(text("no_result", language))
                return
            for item in in_turn(self.desk.line, self.by_method(visit, run, method), lambda: None):
                if isinstance(item, Path):
                    yield run_player(run, language, method), numbers_panel(run.numbers, language), ""
                else:
                    yield gr.skip(), gr.skip(), progress(item, language)
        except Exception as error:
            yield gr.skip(), gr.skip(), message_panel(explained(error, language), "wrong")
            raise toast(error, language) from error

    def by_method(self, visit: Visit, run: Run, method: Method) -> Callable[[Report], Path]:
        """Work that adds a method's video and numbers to a run."""
        settings = replace(run.settings, method=method, side_by_side=False)

        def work(report: Report) -> Path:
            if method not in run.videos:
                out = run.folder / f"{run.result.video.stem}_{method}.mp4"
                head = self.desk.head(visit, run.subject, run.consent, report)
                result = run_to_end(self.desk.studio.transfer(head, run.driving, out, settings), report)
                report(Step("measure", 0, None))
                if run.cast is not None:
                    seconds = result.seconds.get("total", 0.0)
                    run.numbers[method] = self.desk.studio.judge(out, run.cast, method, seconds)
                run.videos[method] = out
            return run.videos[method]

        return work

    def study(
        self,
        request: gr.Request,
        subject: str,
        consent_subject: bool = False,
        consent_driving: bool = False,
        consent_purpose: bool = False,
        subject_face: Face = "auto",
    ) -> Iterator[tuple[object, ...]]:
        """Learn a subject: the canonical head as a 3D file, and how much of it was seen.

        Parameters:
            subject: clip or picture of the person
            consent_subject: the person shown has agreed
            consent_driving: nobody else's movements are used without consent
            consent_purpose: evaluation only, no impersonation, the AI marks stay
            subject_face: which face, from the left from 1; auto is the largest and most central
        Returns:
            The head as GLB, a picture of its coverage, a viewer as HTML, the last message.
        """
        visit, language = self.desk.visit(request), language_of(request)
        try:
            consent = consent_of(consent_subject, consent_driving, consent_purpose)
            provenance.require(consent)
            clip = self.desk.clip(visit, subject, "subject", subject_face)
            folder = self.desk.visits.new_folder(visit)

            def work(report: Report) -> dict[str, Path]:
                head = self.desk.head(visit, clip, consent, report)
                report(Step("build", 0, None))
                return dict(self.desk.studio.files(head, folder))

            for item in in_turn(self.desk.line, work, lambda: None):
                if isinstance(item, dict):
                    model = item["head.glb"]
                    yield str(model), str(item["coverage.png"]), head_viewer(model, language), ""
                else:
                    yield None, None, "", progress(item, language)
        except Exception as error:
            yield None, None, "", message_panel(explained(error, language), "wrong")
            raise toast(error, language) from error

    def view(
        self,
        request: gr.Request,
        subject: str,
        consent_subject: bool = False,
        consent_driving: bool = False,
        consent_purpose: bool = False,
        subject_face: Face = "auto",
        yaw: float = 0.0,
        pitch: float = 0.0,
        roll: float = 0.0,
    ) -> str:
        """The subject's own head from another angle: one picture.

        Parameters:
            subject: clip or picture of the person
            consent_subject: the person shown has agreed
            consent_driving: nobody else's movements are used without consent
            consent_purpose: evaluation only, no impersonation, the AI marks stay
            subject_face: which face, from the left from 1; auto is the largest and most central
            yaw: degrees to the right of the picture, -35 to 35
            pitch: degrees upwards, -20 to 20
            roll: degrees clockwise, -20 to 20
        Returns:
            A PNG picture with the AI label on it.
        """
        visit, language = self.desk.visit(request), language_of(request)
        try:
            consent = consent_of(consent_subject, consent_driving, consent_purpose)
            provenance.require(consent)
            clip = self.desk.clip(visit, subject, "subject", subject_face)
            head = self.desk.head(visit, clip, consent, lambda _: None)
            path = self.desk.visits.new_folder(visit) / "view_AI-generated.png"
            save_png(path, self.desk.studio.still(head, (yaw, pitch, roll)))
            return str(path)
        except Exception as error:
            raise toast(error, language) from error

    def turntable(self, request: gr.Request) -> Iterator[tuple[object, ...]]:
        """The head turning from side to side: a player, and a panel while it is made."""
        visit, language = self.desk.visit(request), language_of(request)
        try:
            run = visit.run
            if run is None:
                yield "", message_panel(text("no_result", language))
                return
            out = run.folder / "turntable_AI-generated.mp4"

            def work(report: Report) -> Result:
                head = self.desk.head(visit, run.subject, run.consent, report)
                return self.desk.studio.turntable(head, out, report)

            for item in in_turn(self.desk.line, work, lambda: None):
                if isinstance(item, Result):
                    lane = Lane("result", text("turntable_video", language), item.video)
                    yield player([lane], 25, language, mode="side", autoplay=True), ""
                else:
                    yield "", progress(item, language)
        except Exception as error:
            yield "", message_panel(explained(error, language), "wrong")
            raise toast(error, language) from error

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
        return message_panel(note, "done"), str(report), str(own)

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
    shown += [Lane(name, text(name, language), run.videos[name]) for name in others]
    pair = method if method in others else None
    return player(shown, float(probe(run.result.video).fps), language, pair=pair)


def progress(item: object, language: Language) -> str:
    """A step, or a place in the line."""
    if isinstance(item, Place):
        return waiting_panel(item, language)
    assert isinstance(item, Step)
    return running_panel(item, None, language)


def case_of(visit: Visit) -> str:
    """Which clips a vote is about, without naming them."""
    assert visit.run is not None
    return file_sha256(visit.run.result.video)[:12]
