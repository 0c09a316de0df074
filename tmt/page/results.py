"""The widgets of the result, out of sight until there is one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from tmt.page.methods import method_choice

VARIANTS: tuple[Any, ...] = ("primary", *["secondary"] * 4)
FILES = ("video", "side", "report", "json", "receipt")  # in the order of the API
YAW, PITCH, ROLL = 35, 20, 20  # degrees either way


@dataclass(frozen=True)
class Job:
    """Work on a result that a button begins and another, there while it goes on, stops; panel: how far it is; note:
    that it was stopped."""

    start: gr.Button
    stop: gr.Button
    panel: gr.HTML
    note: gr.HTML


@dataclass(frozen=True)
class Results:
    """Everything that shows a result."""

    place: gr.Column
    about: gr.HTML
    player: gr.HTML
    numbers: gr.HTML
    method: gr.Dropdown
    comparing: Job
    section: gr.Accordion
    model: gr.HTML
    coverage: gr.Image
    building: gr.HTML
    angles: list[gr.Slider]
    view: gr.Image
    turning: Job
    turned: gr.HTML
    growing: Job
    growth: gr.Image
    opponent: gr.Dropdown
    blinding: Job
    blind_player: gr.HTML
    tally: gr.HTML
    voting: gr.Column
    votes: list[gr.Button]
    reveal: gr.Button
    votes_file: gr.DownloadButton
    decision: gr.Radio
    remark: gr.Textbox
    reviewer: gr.Textbox
    sign: gr.Button
    signed: gr.HTML
    files: list[gr.DownloadButton]
    glb: gr.DownloadButton
    review_file: gr.DownloadButton
    figures: gr.JSON
    delete: gr.Button
    sure: gr.Button
    keep: gr.Button

    @property
    def derived(self) -> list[Component]:
        """What was made from a run afterwards."""
        jobs = (self.comparing, self.turning, self.growing, self.blinding)
        told = [html for job in jobs for html in (job.panel, job.note)]
        return [*told, self.model, self.coverage, self.growth, self.view, self.turned, self.blind_player, self.tally,
                self.signed, self.glb, self.review_file, self.votes_file, self.decision, self.remark]  # fmt: skip


def as_new(results: Results) -> list[object]:
    """What was made from the run before, emptied; a button for a file that is not there yet stays out of sight, the 3D
    head waits to be opened again, the blind test to be begun."""
    gone = [button_for(None) if isinstance(part, gr.DownloadButton) else None for part in results.derived]
    return [*gone, gr.Accordion(open=False), gr.Column(visible=False)]


def button_for(file: Path | None) -> gr.DownloadButton:
    """A download button with its file; out of sight while there is none."""
    return gr.DownloadButton(value=None if file is None else str(file), visible=file is not None)


def build_results(t: gr.I18n) -> Results:
    """Lay the result out, inside a gr.Blocks."""
    made: dict[str, object] = {}
    with gr.Column(visible=False, elem_id="results", elem_classes="side") as place:
        gr.Markdown(t("your_result"), elem_id="your_result", elem_classes="step-title")
        made |= {"about": gr.HTML(elem_id="about")}
        made |= {"player": gr.HTML(elem_id="player"), "numbers": gr.HTML(elem_id="numbers")}
        for name, lay_out in (
            ("files", _files), ("review", _review), ("head", _head), ("methods", _methods), ("blind", _blind),
        ):  # fmt: skip
            with gr.Accordion(t(f"tab_{name}"), open=name == "files", elem_id=f"part_{name}") as section:
                made |= lay_out(t)
            if name == "head":
                made["section"] = section
    with gr.Row(elem_id="privacy_row"):
        gr.Markdown(t("privacy"), elem_id="privacy", elem_classes="hint")
        how: dict[str, Any] = {"size": "sm", "scale": 0}
        made["delete"] = gr.Button(t("delete"), variant="stop", min_width=260, elem_id="delete", **how)
        made["sure"] = gr.Button(t("delete_sure"), variant="stop", min_width=160, elem_id="sure", visible=False, **how)
        made["keep"] = gr.Button(t("delete_not"), min_width=100, elem_id="keep", visible=False, **how)
    figures = gr.JSON(visible=False, label=t("figures"))
    return Results(place=place, figures=figures, **made)  # type: ignore[arg-type]


def _files(t: gr.I18n) -> dict[str, object]:
    with gr.Row(elem_classes="downloads"):
        files = [
            gr.DownloadButton(_said(t, f"file_{name}"), elem_id=f"file_{name}", variant=variant)
            for name, variant in zip(FILES, VARIANTS, strict=True)
        ]
    return {"files": files}


def _review(t: gr.I18n) -> dict[str, object]:
    gr.Markdown(t("review_help"), elem_classes="hint")
    with gr.Row():
        choices = [(t("approve"), "approve"), (t("reject"), "reject")]
        decision = gr.Radio(choices, label=t("decision"), elem_id="decision")
        reviewer = gr.Textbox(label=t("reviewer"), max_lines=1, elem_id="reviewer")
    remark = gr.Textbox(label=t("remark"), lines=2, elem_id="remark")
    with gr.Row():
        sign = gr.Button(t("sign"), variant="primary", elem_id="sign")
        review_file = gr.DownloadButton(_said(t, "file_review"), elem_id="file_review", visible=False)
    signed = gr.HTML(elem_id="signed")
    return {"decision": decision, "remark": remark, "reviewer": reviewer, "sign": sign, "signed": signed,
            "review_file": review_file}  # fmt: skip


def _head(t: gr.I18n) -> dict[str, object]:
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            gr.Markdown(t("view_help"), elem_classes="hint")
            ranges = (("yaw", YAW), ("pitch", PITCH), ("roll", ROLL))
            angles = [gr.Slider(-most, most, 0, step=1, label=t(name), elem_id=name) for name, most in ranges]
            turning = _job(t, "turntable", "turntable")
            turned = gr.HTML(elem_id="turned")
        with gr.Column(min_width=300):
            view = gr.Image(label=t("view_image"), type="filepath", interactive=False, elem_id="view", height=400,
                            buttons=["download", "fullscreen"])  # fmt: skip
    gr.Markdown(t("model_help"), elem_classes="hint")
    building, model = gr.HTML(elem_id="building"), gr.HTML(elem_id="model")
    glb = gr.DownloadButton(_said(t, "file_glb"), elem_id="file_glb", visible=False)
    gr.Markdown(t("coverage_help"), elem_classes="hint")
    coverage = _map(t, "coverage")
    gr.Markdown(t("growth_help"), elem_classes="hint")
    growing = _job(t, "grow", "watch_growth")
    growth = _map(t, "growth")
    return {"angles": angles, "turning": turning, "view": view, "turned": turned, "glb": glb, "building": building,
            "model": model, "coverage": coverage, "growing": growing, "growth": growth}  # fmt: skip


def _map(t: gr.I18n, name: str) -> gr.Image:
    """A picture that explains itself by a text above it; a name laid over it would hide part of it."""
    return gr.Image(label=t(name), show_label=False, type="filepath", interactive=False, elem_id=name,
                    buttons=["download", "fullscreen"])  # fmt: skip


def _job(t: gr.I18n, name: str, words: str) -> Job:
    """The widgets of a job, one below the other; `words`: the text on its button."""
    with gr.Row(equal_height=True, elem_classes="job"):
        start = gr.Button(t(words), scale=3, elem_id=name)
        stop = gr.Button(t("stop"), scale=1, min_width=90, visible=False, elem_id=f"{name}_stop")
    panel, note = (gr.HTML(elem_id=f"{name}_{part}", elem_classes="told") for part in ("panel", "note"))
    return Job(start, stop, panel, note)


def _methods(t: gr.I18n) -> dict[str, object]:
    gr.Markdown(t("methods_help"), elem_classes="hint")
    method = method_choice(t, "warp2d", label=t("other_method"), elem_id="other_method")
    return {"method": method, "comparing": _job(t, "compare", "render_method")}


def _blind(t: gr.I18n) -> dict[str, object]:
    gr.Markdown(t("blind_help"), elem_classes="hint")
    opponent = method_choice(t, "warp2d", label=t("opponent"), elem_id="opponent")
    blinding = _job(t, "blind", "blind_start")
    player = gr.HTML(elem_id="blind_player")
    with gr.Column(visible=False, elem_id="voting") as voting:
        with gr.Row():
            votes = [gr.Button(t(f"vote_{key}"), elem_id=f"vote_{key}") for key in ("left", "same", "right")]
        reveal = gr.Button(t("blind_end"), elem_id="reveal")
    tally = gr.HTML(elem_id="tally", elem_classes="told")
    file = gr.DownloadButton(_said(t, "votes_file"), elem_id="votes_file", visible=False)
    return {"opponent": opponent, "blinding": blinding, "blind_player": player, "voting": voting, "votes": votes,
            "reveal": reveal, "tally": tally, "votes_file": file}  # fmt: skip


def _said(t: gr.I18n, key: str) -> Any:
    """A text for a label whose type leaves translations out, though the browser translates it all the same."""
    return t(key)
