"""Which handler each widget calls, and which of them are endpoints with a name."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getdoc
from typing import Any

import gradio as gr

from tmt.page.after import After
from tmt.page.blind import Blind
from tmt.page.desk import Desk, language_of
from tmt.page.elsewhere import Elsewhere
from tmt.page.form import Form, Side
from tmt.page.intake import Intake
from tmt.page.panels import message_panel
from tmt.page.results import DERIVED, Job, Results
from tmt.page.texts import text
from tmt.page.transfer import Transfer, switched

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
Handler = Callable[..., Any]
TO_RESULT = "() => { document.querySelector('#results')?.scrollIntoView({ behavior: 'smooth' }); return []; }"


def connect(desk: Desk, form: Form, results: Results) -> None:
    """Everything, inside a gr.Blocks."""
    intake, transfer, after = Intake(desk), Transfer(desk), After(desk)
    form.showcase.click(intake.use_pair, None, [form.subject.file, form.driving.file], **QUIET)
    form.subject.chips.click(intake.use_subject, None, form.subject.file, **QUIET)
    form.driving.chips.click(intake.use_driving, None, form.driving.file, **QUIET)
    for side in (form.subject, form.driving):
        side.camera.stop_recording(intake.recorded, side.camera, side.file, **QUIET)
    _side(form, form.subject, form.consents[0], intake.subject_arrived, intake.subject_card)
    _side(form, form.driving, form.consents[1], intake.driving_arrived, intake.driving_card)
    _work(form, results, transfer, after)
    _head(form, results, Elsewhere(desk))
    _methods(results, after, Blind(desk, after))
    _end(form, results, after)


def _as_new() -> list[object]:
    """What was made from the run before, emptied; the 3D head waits to be opened again."""
    return [*[None] * DERIVED, gr.Accordion(open=False), gr.Row(visible=False)]


def _side(form: Form, side: Side, box: gr.Checkbox, arrived: Handler, card: Handler) -> None:
    """A clip's card follows its file, the chosen face and the consent. A new file has its box unticked first, not in
    the queue, and is looked at by what the boxes say then."""
    shown = [side.file, side.face, *form.consents], [side.card, side.face]
    new = side.file.change(arrived, [side.file, box], box, queue=False, **QUIET)
    new.then(card, *shown, trigger_mode="multiple", concurrency_limit=4, **QUIET)
    changes = [side.face.input, *(box.change for box in form.consents)]
    gr.on(changes, card, *shown, trigger_mode="always_last", concurrency_limit=4, **QUIET)


def _work(form: Form, results: Results, transfer: Transfer, after: After) -> None:
    """Run and preview: check, lock the buttons, work, free them. Stop works while a run waits in the line, too."""
    state = [form.panel, form.note, form.shown, *form.buttons]
    events = []
    asked = form.run.click(transfer.asked, form.inputs, state, validator=transfer.check, **QUIET)
    event = asked.success(
        transfer.transfer,
        form.inputs,
        [*results.files, results.figures, form.panel],
        validator=transfer.check,
        api_name="transfer",
        api_description=getdoc(transfer.transfer),
        concurrency_limit=None,
        show_progress="hidden",
    )
    shown = event.success(after.show, None, [results.player, results.numbers, results.place], **QUIET)
    shown.then(_as_new, None, [*results.derived, results.section, results.voting], js=TO_RESULT, **QUIET)
    events.append(event)
    asked = form.preview.click(transfer.asked, form.inputs, state, validator=transfer.check, **QUIET)
    events.append(
        asked.success(transfer.preview, form.inputs, form.shown, concurrency_limit=None, scroll_to_output=True, **QUIET)
    )
    events[-1].then(lambda: "", None, form.panel, **QUIET)
    for event in events:
        for end in (event.success, event.failure):
            end(lambda: switched(busy=False), None, form.buttons, **QUIET)
    # Not into the panel: a late word of the run would replace it. The style sheet hides that one.
    form.stop.click(transfer.stopped, None, [form.note, *form.buttons], cancels=events, queue=False, **QUIET)


def _head(form: Form, results: Results, elsewhere: Elsewhere) -> None:
    """The subject from elsewhere: a still by sliders, a turntable, the 3D head."""
    inputs = [form.subject.file, *form.consents, form.subject.face]
    gr.on(
        [results.section.expand, *(slider.change for slider in results.angles)],
        elsewhere.view,
        [*inputs, *results.angles],
        results.view,
        api_name="view",
        api_description=getdoc(elsewhere.view),
        trigger_mode="always_last",
        concurrency_limit=2,
        show_progress="minimal",
    )
    _job(results.turning, elsewhere.turntable, None, [results.turned])
    _job(results.growing, elsewhere.growth, None, [results.growth])
    results.section.expand(
        elsewhere.study,
        inputs,
        [results.glb, results.coverage, results.model, results.building],
        api_name="study",
        api_description=getdoc(elsewhere.study),
        concurrency_limit=None,
        show_progress="hidden",
    )


def _methods(results: Results, after: After, blind: Blind) -> None:
    """Other methods, and the blind test."""
    _job(results.comparing, after.compare, results.method, [results.player, results.numbers])
    _job(results.blinding, blind.start, results.method, [results.blind_player, results.voting])
    for button, handler in zip(results.votes, (blind.left, blind.same, blind.right), strict=True):
        button.click(handler, None, [results.blind_player, results.tally, results.votes_file], **QUIET)


def _job(job: Job, work: Handler, inputs: gr.Dropdown | None, outputs: list[Any]) -> None:
    """A job's work, whose handler gives outputs and, last, the panel; begun by one button and stopped by the other."""
    buttons = [job.start, job.stop]
    begun = job.start.click(lambda: ("", *_buttons(busy=True)), None, [job.note, *buttons], **QUIET)
    event = begun.then(work, inputs, [*outputs, job.panel], concurrency_limit=None, **QUIET)
    for end in (event.success, event.failure):  # not the note: a stop is a failure, too, and has said so
        end(lambda: _buttons(busy=False), None, buttons, **QUIET)
    job.stop.click(_stopped, None, [job.note, *buttons], cancels=[event], queue=False, **QUIET)


def _buttons(*, busy: bool) -> tuple[gr.Button, gr.Button]:
    """A job's two buttons while it goes on, and otherwise."""
    return gr.Button(interactive=not busy), gr.Button(visible=busy)


def _stopped(request: gr.Request) -> tuple[object, ...]:
    """A job's note and buttons after a stop."""
    return message_panel(text("stopped", language_of(request))), *_buttons(busy=False)


def _unticked(count: int) -> list[gr.Checkbox]:
    """The boxes as at the beginning."""
    return [gr.Checkbox(value=False, info="") for _ in range(count)]


def _end(form: Form, results: Results, after: After) -> None:
    """Sign-off and deletion."""
    results.sign.click(
        after.sign,
        [results.decision, results.remark, results.reviewer],
        [results.signed, results.files[2], results.review_file],
        **QUIET,
    )
    gone = results.delete.click(after.delete, None, form.note, api_name="delete", show_progress="hidden")
    emptied = [form.subject.file, form.driving.file, form.subject.camera, form.driving.camera, *results.emptied]
    gone.then(
        lambda: [*[None] * len(emptied), "", "", gr.Column(visible=False), *_unticked(len(form.consents))],
        None,
        [*emptied, form.panel, form.shown, results.place, *form.consents],
        **QUIET,
    )
