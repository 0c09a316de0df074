"""Which handler each widget of the form calls, and which of them are endpoints with a name."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getdoc
from typing import Any

import gradio as gr

from tmt.page.after import After
from tmt.page.desk import Desk
from tmt.page.form import Form, Side
from tmt.page.intake import Intake
from tmt.page.results import Results, as_new
from tmt.page.transfer import Transfer, switched
from tmt.page.wiring_result import QUIET, connect_result, scroll_to

Handler = Callable[..., Any]


def connect(desk: Desk, form: Form, results: Results) -> None:
    """Everything, inside a gr.Blocks."""
    intake, after = Intake(desk), After(desk)
    form.showcase.click(intake.use_pair, None, [form.subject.file, form.driving.file], **QUIET)
    form.subject.chips.click(intake.use_subject, None, form.subject.file, **QUIET)
    form.driving.chips.click(intake.use_driving, None, form.driving.file, **QUIET)
    for side in (form.subject, form.driving):
        side.camera.stop_recording(intake.recorded, side.camera, side.file, **QUIET)
    _side(form, form.subject, form.consents[0], intake.subject_arrived, intake.subject_card)
    _side(form, form.driving, form.consents[1], intake.driving_arrived, intake.driving_card)
    work = _work(form, results, Transfer(desk), after)
    connect_result(desk, form, results, after)
    _deletion(form, results, after, work)
    _leaving(desk)


def _leaving(desk: Desk) -> None:
    """A page that is closed says so, by what assets/page.js sends. A connection that ends would say less: a telephone
    that sleeps has not left."""
    own = gr.HTML(visible=False)
    here = gr.on(None, desk.session, None, own, queue=False, **QUIET)
    here.then(None, own, None, js="(session) => { window.tmtSession = session; return []; }", **QUIET)
    gr.Button(visible=False).click(
        desk.leave, None, None, api_name="leave", api_visibility="undocumented", queue=False, show_progress="hidden"
    )


def _side(form: Form, side: Side, box: gr.Checkbox, arrived: Handler, card: Handler) -> None:
    """A clip's card follows its file, the chosen face and the consent. A new file has its box unticked first, not in
    the queue, and is looked at by what the boxes say then."""
    shown = [side.file, side.face, *form.consents], [side.card, side.face]
    new = side.file.change(arrived, [side.file, box], box, queue=False, **QUIET)
    new.then(card, *shown, trigger_mode="multiple", concurrency_limit=4, **QUIET)
    changes = [side.face.input, *(box.change for box in form.consents)]
    gr.on(changes, card, *shown, trigger_mode="always_last", concurrency_limit=4, **QUIET)


def _work(form: Form, results: Results, transfer: Transfer, after: After) -> list[Any]:
    """Run and preview: check, lock the buttons, work, free them; the events of the work. Stop works while a run waits
    in the line, too."""
    state = [form.panel, form.note, form.shown, *form.buttons]
    asked = [
        button.click(transfer.asked, form.inputs, state, validator=transfer.check, **QUIET)
        for button in (form.run, form.preview)
    ]
    for event in asked:
        event.success(None, None, None, js=scroll_to("#panel", "nearest"), **QUIET)
    run = asked[0].success(
        transfer.transfer,
        form.inputs,
        [*results.files, results.figures, form.panel],
        validator=transfer.check,
        api_name="transfer",
        api_description=getdoc(transfer.transfer),
        concurrency_limit=None,
        show_progress="hidden",
    )
    shown = run.success(after.show, None, [results.about, results.player, results.numbers, results.place], **QUIET)
    fresh = [*results.derived, results.section, results.voting]
    shown.then(lambda: as_new(results), None, fresh, js=scroll_to("#results"), **QUIET)
    preview = asked[1].success(
        transfer.preview, form.inputs, [form.shown, form.panel], concurrency_limit=None, **QUIET
    )
    preview.success(None, None, None, js=scroll_to("#preview_out", "center"), **QUIET)
    for event in (run, preview):
        for end in (event.success, event.failure):
            end(lambda: switched(busy=False), None, form.buttons, **QUIET)
    # Not into the panel: a late word of the run would replace it. The style sheet hides that one.
    stop = [form.note, *form.buttons]
    form.stop.click(transfer.stopped, None, stop, cancels=[run, preview], queue=False, **QUIET)
    return [run, preview]


def _deletion(form: Form, results: Results, after: After, work: list[Any]) -> None:
    """Asked once more, then everything is gone: what is shown, what is ticked, a run that is on."""
    asking = [results.delete, results.sure, results.keep]

    def asked(*, again: bool) -> list[gr.Button]:
        return [gr.Button(visible=not again), gr.Button(visible=again), gr.Button(visible=again)]

    question = results.delete.click(lambda: asked(again=True), None, asking, queue=False, **QUIET)
    question.then(None, None, None, js="() => { document.querySelector('#keep')?.focus(); return []; }", **QUIET)
    results.keep.click(lambda: asked(again=False), None, asking, queue=False, **QUIET)
    gone = results.sure.click(
        after.delete, None, form.note, cancels=work, api_name="delete", show_progress="hidden"
    )  # fmt: skip
    files = [form.subject.file, form.driving.file, form.subject.camera, form.driving.camera]
    blank = [*files, results.about, results.player, results.numbers, *results.files, results.figures]
    gone.then(
        lambda: [
            *[None] * len(blank), *as_new(results), "", "", gr.Column(visible=False), *asked(again=False),
            *switched(busy=False), *(gr.Checkbox(value=False, info="") for _ in form.consents),
        ],
        None,
        [*blank, *results.derived, results.section, results.voting, form.panel, form.shown, results.place, *asking,
         *form.buttons, *form.consents],
        **QUIET,
    )  # fmt: skip
