"""Below everything: is a video from tmt, and is it as it was? Asks no consent, for no face is looked at."""

from __future__ import annotations

import html
from inspect import getdoc
from pathlib import Path

import gradio as gr

from tmt.page.desk import Desk, language_of, toast
from tmt.page.panels import message_panel
from tmt.page.texts import text
from tmt.page.wiring_result import QUIET
from tmt.verify import Verdict, record, sentences, verify

KINDS = {"signed": "done", "changed": "wrong"}  # of panels; others are neither


def build_checking(t: gr.I18n, desk: Desk) -> None:
    """Lay it out and connect it, inside a gr.Blocks."""

    def check(request: gr.Request, file: str | None) -> tuple[object, object]:
        """What a video or picture says of where it comes from: its signed credentials and its invisible mark.

        Args:
            file: The video or picture.

        Returns:
            What is found, in words (HTML) and as JSON.
        """
        language = language_of(request)
        if not file:
            return "", None
        try:
            path = desk.take(desk.visit(request), file)
            verdict = verify(path, name=Path(file).name)
        except Exception as error:
            raise toast(error, language) from error
        return verdict_panel(sentences(verdict, language), verdict), record(verdict)

    def begin(request: gr.Request, file: str | None) -> str:
        return message_panel(text("verifying", language_of(request))) if file else ""

    with gr.Accordion(t("verify_title"), open=False, elem_id="verify"):
        gr.Markdown(t("verify_help"), elem_classes="hint")
        file = gr.File(label=t("verify_file"), elem_id="verify_file", height=120)
        shown = gr.HTML(elem_id="verified")
        figures = gr.JSON(visible=False)
    given = file.change(begin, file, shown, queue=False, **QUIET)
    done = given.then(
        check, file, [shown, figures], api_name="verify", api_description=getdoc(check), concurrency_limit=2,
        show_progress="hidden",
    )  # fmt: skip
    done.failure(lambda: "", None, shown, queue=False, **QUIET)  # why is told in the corner


def verdict_panel(words: list[str], verdict: Verdict) -> str:
    """A verdict in words, escaped: names in it are the file's own."""
    first, *others = (html.escape(line) for line in words)
    rest = "".join(f"<li>{line}</li>" for line in others)
    name = html.escape(verdict.name)
    kind = KINDS.get(verdict.finding, "")
    return f'<div class="panel {kind}"><strong>{name}</strong><p>{first}</p><ul>{rest}</ul></div>'
