"""Which handler each widget of a result calls, and which of them are endpoints with a name."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getdoc
from typing import Any

import gradio as gr

from tmt.page.after import After
from tmt.page.blind import Blind
from tmt.page.desk import Desk, language_of
from tmt.page.elsewhere import Elsewhere
from tmt.page.form import Form
from tmt.page.panels import message_panel
from tmt.page.results import Job, Results
from tmt.page.texts import text

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def scroll_to(selector: str, block: str = "start") -> str:
    """What brings something into sight; a moment later, when what was just written into it has its place."""
    found = f"document.querySelector('{selector}')"
    scroll = f"{found}?.scrollIntoView({{ behavior: 'smooth', block: '{block}' }})"
    return f"() => {{ setTimeout(() => {scroll}, 100); return []; }}"


def connect_result(desk: Desk, form: Form, results: Results, after: After) -> None:
    """Everything that is done with a result."""
    elsewhere, blind = Elsewhere(desk), Blind(desk, after)
    _head(results, elsewhere)
    _endpoints(form, results, elsewhere)
    _job(results.comparing, after.compare, results.method, [results.player, results.numbers], to="#player")
    shown = [results.blind_player, results.voting, results.tally]
    _job(results.blinding, blind.start, results.opponent, shown)
    for button, handler in zip(results.votes, (blind.left, blind.same, blind.right), strict=True):
        button.click(handler, None, results.tally, **QUIET)
    results.reveal.click(blind.reveal, None, [*shown, results.votes_file], **QUIET)
    results.sign.click(
        after.sign,
        [results.decision, results.remark, results.reviewer],
        [results.signed, results.files[2], results.review_file],
        **QUIET,
    )


def _head(results: Results, elsewhere: Elsewhere) -> None:
    """The run's subject from elsewhere: a still by sliders, a turntable, the 3D head."""
    gr.on(
        [results.section.expand, *(slider.change for slider in results.angles)],
        elsewhere.still,
        results.angles,
        results.view,
        trigger_mode="always_last",
        concurrency_limit=2,
        show_progress="minimal",
        api_visibility="private",
    )
    _job(results.turning, elsewhere.turntable, None, [results.turned])
    _job(results.growing, elsewhere.growth, None, [results.growth])
    shown = [results.glb, results.coverage, results.model, results.building]
    results.section.expand(elsewhere.model, None, shown, concurrency_limit=None, **QUIET)


def _endpoints(form: Form, results: Results, elsewhere: Elsewhere) -> None:
    """The same of any subject, for programs; nobody sees what they press."""
    inputs = [form.subject.file, *form.consents, form.subject.face]
    gr.Button(visible=False).click(
        elsewhere.view,
        [*inputs, *results.angles],
        results.view,
        api_name="view",
        api_description=getdoc(elsewhere.view),
        concurrency_limit=2,
    )
    gr.Button(visible=False).click(
        elsewhere.study,
        inputs,
        [results.glb, results.coverage, results.model, results.building],
        api_name="study",
        api_description=getdoc(elsewhere.study),
        concurrency_limit=None,
    )


def _job(
    job: Job, work: Callable[..., Any], inputs: gr.Dropdown | None, outputs: list[Any], to: str | None = None
) -> None:
    """A job's work, whose handler gives outputs and, last, the panel; begun by one button and stopped by the other. to:
    where its result is to be seen, if not here."""
    buttons = [job.start, job.stop]
    begun = job.start.click(lambda: ("", *_buttons(busy=True)), None, [job.note, *buttons], **QUIET)
    event = begun.then(work, inputs, [*outputs, job.panel], concurrency_limit=None, **QUIET)
    for end in (event.success, event.failure):  # not the note: a stop is a failure, too, and has said so
        end(lambda: _buttons(busy=False), None, buttons, **QUIET)
    if to is not None:
        event.success(None, None, None, js=scroll_to(to, "center"), **QUIET)
    job.stop.click(_stopped, None, [job.note, *buttons], cancels=[event], queue=False, **QUIET)


def _buttons(*, busy: bool) -> tuple[gr.Button, gr.Button]:
    """A job's two buttons while it goes on, and otherwise."""
    return gr.Button(interactive=not busy), gr.Button(visible=busy)


def _stopped(request: gr.Request) -> tuple[object, ...]:
    """A job's note and buttons after a stop."""
    return message_panel(text("stopped", language_of(request))), *_buttons(busy=False)
