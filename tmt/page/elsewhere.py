"""The subject from elsewhere: the head in three dimensions, one picture from an angle, a turntable video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import gradio as gr

from tmt.page.agreement import Agreement, agreed_to
from tmt.page.desk import Desk, language_of, toast
from tmt.page.panels import message_panel
from tmt.page.player import Lane, head_viewer, player
from tmt.page.results import button_for
from tmt.page.run import Report
from tmt.page.stream import Outputs, Work, streamed
from tmt.page.studio import Clip
from tmt.page.texts import text
from tmt.page.transfer import Face
from tmt.page.visits import Visit
from tmt.types import Result, Step
from tmt.video import save_png


class Elsewhere:
    """Handlers of the 3D head and of novel views."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def study(
        self,
        request: gr.Request,
        subject: str,
        consent_subject: bool = False,
        consent_driving: bool = False,
        consent_purpose: bool = False,
        subject_face: Face = "auto",
    ) -> Iterator[Outputs]:
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

        def begin() -> Work[Mapping[str, Path]]:
            agreed = agreed_to(consent_subject, consent_driving, consent_purpose)
            return self._files(visit, self.desk.clip(visit, subject, "subject", subject_face), agreed)

        def shown(files: Mapping[str, Path]) -> Outputs:
            model = files["head.glb"]
            return str(model), str(files["coverage.png"]), head_viewer(model, language), ""

        yield from streamed(self.desk.line, language, begin, shown, lambda panel: (None, None, "", panel))

    def model(self, request: gr.Request) -> Iterator[Outputs]:
        """The same of the run's subject, whatever the form holds by now."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None:
            yield button_for(None), None, "", message_panel(text("no_result", language))
            return

        def shown(files: Mapping[str, Path]) -> Outputs:
            model = files["head.glb"]
            return button_for(model), str(files["coverage.png"]), head_viewer(model, language), ""

        work = self._files(visit, run.subject, run.agreed)
        none = (button_for(None), None, "")
        yield from streamed(self.desk.line, language, lambda: work, shown, lambda panel: (*none, panel))

    def _files(self, visit: Visit, clip: Clip, agreed: Agreement) -> Work[Mapping[str, Path]]:
        """Work that gives the head's files, made now or kept from before."""

        def work(report: Report) -> Mapping[str, Path]:
            head = self.desk.head(visit, clip, agreed, report)
            report(Step("build", 0, None))
            key = self.desk.key_of(clip)
            if key not in visit.head_files:
                visit.head_files[key] = self.desk.studio.files(head, self.desk.visits.new_folder(visit), report)
            return visit.head_files[key]

        return work

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
            agreed = agreed_to(consent_subject, consent_driving, consent_purpose)
            clip = self.desk.clip(visit, subject, "subject", subject_face)
            return self._picture(visit, clip, agreed, (yaw, pitch, roll))
        except Exception as error:
            raise toast(error, language) from error

    def still(self, request: gr.Request, yaw: float, pitch: float, roll: float) -> object:
        """The same of the run's subject, whatever the form holds by now."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None:
            return None
        try:
            return self._picture(visit, run.subject, run.agreed, (yaw, pitch, roll))
        except Exception as error:
            raise toast(error, language) from error

    def _picture(self, visit: Visit, clip: Clip, agreed: Agreement, angles: tuple[float, float, float]) -> str:
        """The head from an angle, as a file."""
        show = self.desk.viewer(visit, clip, agreed)
        path = self.desk.visits.new_folder(visit) / "view_AI-generated.png"
        save_png(path, show(angles))
        return str(path)

    def turntable(self, request: gr.Request) -> Iterator[Outputs]:
        """The head turning from side to side: a player, and a panel while it is made."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None:
            yield "", message_panel(text("no_result", language))
            return
        out = run.folder / "turntable_AI-generated.mp4"

        def work(report: Report) -> Result:
            head = self.desk.head(visit, run.subject, run.agreed, report)
            return self.desk.studio.turntable(head, out, report)

        def shown(result: Result) -> Outputs:
            lane = Lane("result", text("turntable_video", language), result.video)
            return player([lane], 25, language, mode="side", autoplay=True), ""

        yield from streamed(self.desk.line, language, lambda: work, shown, lambda panel: ("", panel))

    def growth(self, request: gr.Request) -> Iterator[Outputs]:
        """The head after one frame, two, four and so on: a picture, and a panel while it is made."""
        visit, language = self.desk.visit(request), language_of(request)
        run = visit.run
        if run is None:
            yield None, message_panel(text("no_result", language))
            return

        def work(report: Report) -> Path:
            head = self.desk.head(visit, run.subject, run.agreed, report)
            report(Step("build", 0, None))
            return self.desk.studio.growth(head, self.desk.visits.new_folder(visit), report)

        yield from streamed(
            self.desk.line, language, lambda: work, lambda path: (str(path), ""), lambda panel: (None, panel)
        )
