"""What the page does when a button is pressed: checks, a run with its progress, a result or a message."""

from __future__ import annotations

import html
import logging
import secrets
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal, Protocol

import gradio as gr
from gradio.utils import get_upload_folder

from tmt import provenance
from tmt.errors import Language, TmtError
from tmt.page.run import Background, Pace, Report, message_panel, result_panel, running_panel
from tmt.page.texts import preferred, text
from tmt.pipeline import run_to_end
from tmt.types import CanonicalHead, Consent, Method, Mode, Result, Settings, Step

log = logging.getLogger(__name__)

Outputs = tuple[object, object, object, object, object]  # result, side by side, report, panel, place of the results


class Pipeline(Protocol):
    """What the page needs of `tmt.TalkingHeadPipeline`."""

    def study(self, subject: Path, /, *, consent: Consent, progress: Report | None = None) -> CanonicalHead:
        """Learn the subject."""

    def transfer_steps(
        self, head: CanonicalHead, driving: Path, out: Path, settings: Settings, /
    ) -> Generator[Step, None, Result]:
        """Do a transfer step by step; closing the generator leaves nothing behind."""


class Page:
    """The handlers of one page. They hold the pipeline and nothing of any visitor."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Pipeline: shared by all visitors, without state of a run."""
        self._pipeline = pipeline

    def check(
        self,
        request: gr.Request,
        subject: str | None,
        driving: str | None,
        consent_subject: bool,
        consent_driving: bool,
        consent_purpose: bool,
        *settings: object,
    ) -> list[dict[str, object]]:
        """What is missing, told at the widget where it is missing; nothing is queued before this is content."""
        language = _language(request)
        clip, consent = (text(key, language) for key in ("clip_needed", "consent_needed"))
        answers = [gr.validate(bool(path), clip) for path in (subject, driving)]
        answers += [
            gr.validate(given is True, consent) for given in (consent_subject, consent_driving, consent_purpose)
        ]
        return answers + [gr.validate(True, "")] * len(settings)

    def transfer(
        self,
        request: gr.Request,
        subject: str,
        driving: str,
        consent_subject: bool = False,
        consent_driving: bool = False,
        consent_purpose: bool = False,
        mode: Mode = "relative",
        full_frame: bool = False,
        size: Literal["auto", "256", "512", "1024"] = "auto",
        steadiness: float = 0.5,
        method: Method = "bank",
    ) -> Iterator[Outputs]:
        """Give the person in the subject clip the movements, expression and sound of the driving clip.

        Parameters:
            subject: clip of the person who is shown
            driving: clip of the person who moves
            consent_subject: the person shown in the subject clip has agreed
            consent_driving: the person in the driving clip has agreed
            consent_purpose: evaluation only, no impersonation, the AI marks stay
            mode: relative keeps the subject's own place and posture, absolute copies the driver's
            full_frame: the whole picture of the subject instead of a square around the head
            size: side of that square in pixels
            steadiness: 0 follows every movement, 1 calms trembling the most
            method: bank is the product, the others are for comparison
        Returns:
            The video, the side-by-side video, the report as JSON, a summary as HTML.
        """
        consent = Consent(subject=consent_subject, driving=consent_driving, purpose=consent_purpose)
        settings = Settings(
            mode, method, None if size == "auto" else int(size), full_frame, True, steadiness=steadiness
        )
        language = _language(request)
        try:
            provenance.require(consent)
            yield from self._run(Path(subject), Path(driving), consent, settings, language)
        except Exception as error:
            message = _explained(error, language)
            yield _only(message_panel(message, "wrong"))  # stays when the toast is gone
            # A file's name in it must not become markup.
            raise gr.Error(html.escape(message), duration=None, print_exception=False) from error

    def _run(
        self, subject: Path, driving: Path, consent: Consent, settings: Settings, language: Language
    ) -> Iterator[Outputs]:
        """Panels while it works, then the result."""
        folder = _new_folder()
        out = folder / f"{subject.stem[:24]}_{driving.stem[:24]}_AI-generated.mp4"

        def work(report: Report) -> Result:
            head = self._pipeline.study(subject, consent=consent, progress=report)
            return run_to_end(self._pipeline.transfer_steps(head, driving, out, settings), report)

        run, pace, delivered = Background(work), Pace(), False
        try:
            yield _only(running_panel(Step("start", 0, None), None, language))
            for step in run.steps():
                yield _only(running_panel(step, pace.left(step), language))
            result = run.result()
            side = result.side_by_side
            yield result.video, side, str(result.report_path), result_panel(result, language), gr.Column(visible=True)
            delivered = True
        finally:
            if not delivered:
                run.stop(then=lambda: shutil.rmtree(folder, ignore_errors=True))

    def asked(self, request: gr.Request, *_: object) -> tuple[str, str, gr.Button, gr.Button]:
        """What is shown until a run begins, which may wait for others: panel, note, buttons."""
        return running_panel(Step("queue", 0, None), None, _language(request)), "", *switched(busy=True)

    def stopped(self, request: gr.Request) -> tuple[str, gr.Button, gr.Button]:
        """What is shown after a stop: note, buttons."""
        return message_panel(text("stopped", _language(request))), *switched(busy=False)


def _only(panel: str) -> Outputs:
    """A panel, and no result. Not `gr.skip()`: after it Gradio makes the players anew, as it knows them."""
    return None, None, None, panel, gr.Column(visible=False)


def _new_folder() -> Path:
    """A fresh folder whose name nobody can guess, in Gradio's cache: it serves files from there and deletes them."""
    folder = Path(get_upload_folder()) / f"run-{secrets.token_hex(16)}"
    folder.mkdir(parents=True, mode=0o700)
    return folder


def _language(request: gr.Request | None) -> Language:
    """The reader's language."""
    return preferred(request.headers.get("accept-language") if request else None)


def _explained(error: Exception, language: Language) -> str:
    """What a visitor is told; a fault of the program is for the log."""
    if isinstance(error, TmtError):
        return error.text(language)
    log.error("a transfer failed", exc_info=error)
    return text("unexpected", language)


def switched(*, busy: bool) -> tuple[gr.Button, gr.Button]:
    """The run and stop buttons while a run is on, and otherwise."""
    return gr.Button(interactive=not busy), gr.Button(interactive=busy)
