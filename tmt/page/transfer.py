"""Preview and transfer: checks, the line, progress, a result or a message."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import gradio as gr

from tmt.errors import Language, TmtError
from tmt.page.agreement import Agreement, agreed_to
from tmt.page.desk import Desk, explained, language_of, notice, toast
from tmt.page.panels import duration, message_panel, preview_panel, running_panel
from tmt.page.run import Pace, Report, in_turn
from tmt.page.story import write_papers
from tmt.page.stream import Work, panel_of, streamed
from tmt.page.studio import Clip
from tmt.page.texts import text
from tmt.page.visits import Run, Visit
from tmt.pipeline import run_to_end
from tmt.presets import Preset, settings_of
from tmt.preview import Preview
from tmt.provenance import utc_now
from tmt.types import Method, Mode, Settings, Sound, Step

Face = Literal["auto", "1", "2", "3", "4", "5", "6"]
Size = Literal["auto", "256", "512", "1024"]
# video, side by side, HTML report, JSON report, receipt, figures, panel
Outputs = tuple[object, object, object, object, object, object, object]


class Transfer:
    """Handlers of the two buttons that start work."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def check(self, request: gr.Request, *values: object) -> list[dict[str, object]]:
        """Which consent is missing, told at its box; nothing is queued before this is content."""
        words = text("consent_needed", language_of(request))
        given = [gr.validate(value is True, words) for value in values[2:5]]
        fine = gr.validate(True, "")
        return [fine, fine, *given, *[fine] * len(values[5:])]

    def preview(
        self, request: gr.Request, subject: str, driving: str, c1: bool, c2: bool, c3: bool, *how: object
    ) -> Iterator[tuple[object, ...]]:
        """One frame, from the most telling moment of the driving clip: what is shown, and the panel."""
        language, visit = language_of(request), self.desk.visit(request)

        def begin() -> Work[Preview]:
            agreed = agreed_to(c1, c2, c3)
            first, second, settings = self._chosen(visit, subject, driving, how)

            def work(report: Report) -> Preview:
                head = self.desk.head(visit, first, agreed, report)
                report(Step("moment", 0, None))
                return self.desk.studio.preview(head, self.desk.studio.moment(second), settings)

            return work

        def shown(found: Preview) -> tuple[object, ...]:
            return preview_panel(found, language), ""

        def told(panel: str) -> tuple[object, ...]:
            return "", f'<div class="trial">{panel}</div>'  # the result below stays what it was

        yield from streamed(self.desk.line, language, begin, shown, told, self.desk.estimate.after_of_preview)

    def transfer(
        self,
        request: gr.Request,
        subject: str,
        driving: str,
        consent_subject: bool = False,
        consent_driving: bool = False,
        consent_purpose: bool = False,
        subject_face: Face = "auto",
        driving_face: Face = "auto",
        preset: Preset = "natural",
        full_frame: bool = False,
        mode: Mode = "relative",
        size: Size = "auto",
        sound: Sound = "driving",
        method: Method = "fused",
        calm: float = 0.0,
        head: float = 1.0,
        mouth: float = 1.0,
        eyes: float = 1.0,
        brows: float = 1.0,
        gaze: float = 1.0,
        wrinkles: float = 1.0,
    ) -> Iterator[Outputs]:
        """Give the person in the subject clip the movements, expression and sound of the driving clip.

        Parameters:
            subject: clip or picture of the person who is shown
            driving: clip of the person who moves
            consent_subject: the person shown in the subject clip has agreed
            consent_driving: the person in the driving clip has agreed
            consent_purpose: evaluation only, no impersonation, the AI marks stay
            subject_face: which face of the subject clip, from the left from 1; auto is the largest and most central
            driving_face: which face of the driving clip
            preset: natural, steady (a calmer head) or strong (a livelier expression)
            full_frame: the whole picture of the subject instead of a square around the head
            mode: relative keeps the subject's own place and posture, absolute copies the driver's
            size: side of that square in pixels
            sound: whose sound the result has
            method: fused is the product, bank the same without the learned part, the others are for comparison
            calm: added to the preset's steadiness, -0.5 to 0.5
            head: times the preset's head movement
            mouth: times the preset's mouth
            eyes: times the preset's eyelids
            brows: times the preset's brows
            gaze: times the preset's gaze
            wrinkles: times the driver's wrinkles
        Returns:
            Video, side-by-side video, report as HTML, report as JSON, consent receipt as JSON, figures, last message.
        """
        language = language_of(request)
        how = (subject_face, driving_face, preset, full_frame, mode, size, sound, method, calm, head, mouth, eyes,
               brows, gaze, wrinkles)  # fmt: skip
        try:
            agreed, visit = agreed_to(consent_subject, consent_driving, consent_purpose), self.desk.visit(request)
            yield _only(running_panel(Step("start", 0, None), None, language))
            first, second, settings = self._chosen(visit, subject, driving, how)
            yield from self._run(visit, first, second, settings, agreed, language, preset)
        except Exception as error:
            yield _only(message_panel(explained(error, language), "wrong"))  # stays when the toast is gone
            raise toast(error, language) from error

    def _chosen(
        self, visit: Visit, subject: str, driving: str, how: tuple[object, ...]
    ) -> tuple[Clip, Clip, Settings]:
        """Clips and settings out of the widgets' values."""
        subject_face, driving_face, preset, full_frame, mode, size, sound, method, calm, *strengths = how
        first = self.desk.clip(visit, subject, "subject", str(subject_face))
        second = self.desk.clip(visit, driving, "driving", str(driving_face))
        settings = settings_of(
            preset, float(calm), tuple(strengths), full_frame=full_frame, mode=mode, sound=sound, method=method,  # type: ignore[arg-type]
            size=None if size == "auto" else int(str(size)), side_by_side=True, driving_face=second.face,
        )  # fmt: skip
        return first, second, settings

    def _run(
        self, visit: Visit, subject: Clip, driving: Clip, settings: Settings, agreed: Agreement, language: Language,
        preset: Preset,
    ) -> Iterator[Outputs]:
        """Panels while it works, then the result."""
        folder = self.desk.visits.new_folder(visit)
        work = self._work(visit, subject, driving, settings, agreed, language, folder, preset)
        pace = Pace(self.desk.left_of(driving, settings))
        started = time.monotonic()
        for item in in_turn(self.desk.line, work, lambda: shutil.rmtree(folder, ignore_errors=True)):
            if isinstance(item, Run):
                visit.run = item
                report, receipt = write_papers(item, self.desk.price)
                result = item.result
                figures = {method: numbers.figures() for method, numbers in item.numbers.items()}
                done = text("done", language, time=duration(time.monotonic() - started, language))
                yield (
                    str(result.video), str(result.side_by_side), str(report), str(result.report_path), str(receipt),
                    figures, message_panel(done, "done"),
                )  # fmt: skip
            else:
                yield _only(panel_of(item, pace, language))

    def _work(
        self, visit: Visit, subject: Clip, driving: Clip, settings: Settings, agreed: Agreement, language: Language,
        folder: Path, preset: Preset,
    ) -> Callable[[Report], Run]:
        """The work itself, which runs in a thread of its own."""
        studio, estimate = self.desk.studio, self.desk.estimate
        out = folder / f"{subject.path.stem[:24]}_{driving.path.stem[:24]}_AI-generated.mp4"

        def work(report: Report) -> Run:
            head = self.desk.head(visit, subject, agreed, report)
            result = run_to_end(studio.transfer(head, driving, out, settings), report)
            seconds = {"study": head.seconds, **result.seconds}
            total = seconds.pop("total", 0.0)
            report(Step("measure", 0, None))
            run = Run(subject, driving, settings, language, agreed, folder, result, seconds, preset, utc_now())
            run.videos[settings.method] = result.video
            clock = time.perf_counter()
            try:
                run.cast = studio.observe(subject, driving)
                report(Step("measure", 1, 2))
                run.numbers[settings.method] = studio.judge(result.video, run.cast, settings, total)
            except TmtError:
                pass  # a result that the judge sees no face in has no numbers; the player shows why
            seconds["judge"] = time.perf_counter() - clock
            run.players = studio.clips(head, driving, settings.full_frame, folder)
            frames = studio.facts(driving.path, "driving").info.frames or 0
            tracked = seconds.get("decode", 0.0) + seconds.get("track", 0.0)
            spent = {"track": tracked, "align": seconds.get("align", 0.0), "judge": seconds["judge"]}
            estimate.learn(settings, frames, {"transfer": total, **spent})
            return run

        return work

    def asked(
        self, request: gr.Request, subject: str | None, driving: str | None, *_: object
    ) -> Iterator[tuple[object, ...]]:
        """What is shown until a run begins: panel, note, preview, buttons. It does not begin without both clips."""
        language = language_of(request)
        if not (subject and driving):  # Gradio's file widget would not show a validator's word
            words = text("clip_needed", language)
            yield message_panel(words, "wrong"), "", "", *switched(busy=False)
            raise notice(words)
        yield running_panel(Step("start", 0, None), None, language), "", "", *switched(busy=True)

    def stopped(self, request: gr.Request) -> tuple[object, ...]:
        """What is shown after a stop: note, buttons."""
        return message_panel(text("stopped", language_of(request))), *switched(busy=False)


def _only(panel: str) -> Outputs:
    """A panel, and no result."""
    return None, None, None, None, None, None, panel


def switched(*, busy: bool) -> tuple[gr.Button, gr.Button, gr.Button]:
    """The run, preview and stop buttons while a run is on, and otherwise."""
    return gr.Button(interactive=not busy), gr.Button(interactive=not busy), gr.Button(interactive=busy)
