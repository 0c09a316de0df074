"""The widgets of the form: consent, the two clips, the preset and the panel of settings, the buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from tmt import provenance
from tmt.page.examples import Examples, chips, showcase
from tmt.page.methods import method_choice
from tmt.preflight import Role
from tmt.presets import STRENGTHS
from tmt.types import Settings

SIZES = ("auto", "256", "512", "1024")
FACES = ["auto", "1", "2", "3", "4", "5", "6"]  # words, as the description of the API asks for
# A press on one of an example's buttons: which one goes to the server.
PRESSED = """element.addEventListener('click', (event) => {
  for (const kind of ['pair', 'clip']) {
    const button = event.target.closest(`[data-${kind}]`);
    if (button) trigger('click', { [kind]: Number(button.dataset[kind]) });
  }
});"""


@dataclass(frozen=True)
class Side:
    """The widgets of one clip."""

    file: gr.File
    camera: gr.Video
    chips: gr.HTML
    face: gr.Radio
    card: gr.HTML


@dataclass(frozen=True)
class Form:
    """All widgets of the form, and the inputs of a run in the order of the API."""

    showcase: gr.HTML
    subject: Side
    driving: Side
    consents: list[gr.Checkbox]
    settings: list[Component]
    preview: gr.Button
    run: gr.Button
    stop: gr.Button
    panel: gr.HTML
    note: gr.HTML
    shown: gr.HTML

    @property
    def inputs(self) -> list[Component]:
        """Clips, consents, faces, settings."""
        return [self.subject.file, self.driving.file, *self.consents, self.subject.face, self.driving.face,
                *self.settings]  # fmt: skip

    @property
    def buttons(self) -> list[Component]:
        """Run, preview, stop."""
        return [self.run, self.preview, self.stop]


def build_form(t: gr.I18n, examples: Examples) -> Form:
    """Lay the form out, inside a gr.Blocks."""
    gr.Markdown(t("heading"), elem_id="heading")
    gr.Markdown(t("introduction"), elem_id="introduction")
    hero = gr.HTML(t("showcase"), elem_id="showcase", js_on_load=PRESSED, visible=bool(examples.pairs))
    gr.Markdown(t("try_it"), elem_id="try_it")
    consents = _consents(t)
    with gr.Row(equal_height=False, elem_id="steps"):
        sides = [_side(t, examples, role) for role in ("subject", "driving")]
    return Form(hero, sides[0], sides[1], consents, *_third_step(t))


def _third_step(t: gr.I18n) -> tuple[Any, ...]:
    """Preset, panel of settings, buttons, and where their progress is told."""
    with gr.Column(elem_id="third", elem_classes="side"):
        gr.Markdown(t("result_step"), elem_classes="step-title")
        presets = [(t("natural"), "natural"), (t("steady_preset"), "steady"), (t("strong"), "strong")]
        preset = gr.Radio(presets, value="natural", label=t("preset"), info=t("preset_help"), elem_id="preset")
        settings = [preset, *_more(t)]
        with gr.Row(elem_id="buttons"):
            preview = gr.Button(t("preview"), scale=2, elem_id="preview")
            run = gr.Button(t("run"), variant="primary", scale=3, elem_id="run")
            stop = gr.Button(t("stop"), scale=1, interactive=False, elem_id="stop")
        panel, note, shown = (gr.HTML(elem_id=name) for name in ("panel", "note", "preview_out"))
    return settings, preview, run, stop, panel, note, shown


def _consents(t: gr.I18n) -> list[gr.Checkbox]:
    """One unticked box for each statement."""
    with gr.Column(elem_id="consents", elem_classes="side"):
        gr.Markdown(t("consent_title"), elem_classes="step-title")
        gr.Markdown(t("consent_why"), elem_classes="hint")
        keys = (f"consent_{key}" for key in provenance.STATEMENTS)
        return [gr.Checkbox(False, label=t(key), elem_id=key, elem_classes="consent") for key in keys]


def _side(t: gr.I18n, examples: Examples, role: Role) -> Side:
    """One clip: its file, the camera, examples, the card."""
    with gr.Column(min_width=300, elem_id=f"{role}_side", elem_classes="side"):
        gr.Markdown(t(f"{role}_step"), elem_classes="step-title")
        gr.Markdown(t(f"{role}_help"), elem_classes="hint")
        file = gr.File(label=t(role), elem_id=role, height=150)
        some = bool(examples.of(role))
        picks = gr.HTML(t(f"chips_{role}"), elem_id=f"{role}_chips", js_on_load=PRESSED, visible=some)
        with gr.Accordion(t("record"), open=False, elem_id=f"{role}_record"):
            camera = gr.Video(
                label=t("webcam"), sources=["webcam"], webcam_options=gr.WebcamOptions(mirror=False),
                include_audio=True, height=240, elem_id=f"{role}_camera",
            )  # fmt: skip
        card = gr.HTML(elem_id=f"{role}_card")
        face = gr.Radio(FACES, value=FACES[0], label=t("which_face"), visible=False, elem_id=f"{role}_face")
    return Side(file, camera, picks, face, card)


def _more(t: gr.I18n) -> list[Component]:
    """The closed panel."""
    usual = Settings()
    with gr.Accordion(t("more"), open=False, elem_id="more"):
        with gr.Row():
            full = gr.Checkbox(
                usual.full_frame, label=t("full_frame"), info=t("full_frame_help"), elem_id="full_frame"
            )
            modes = [(t(key), key) for key in ("relative", "absolute")]
            mode = gr.Radio(modes, value=usual.mode, label=t("mode"), info=t("mode_help"), elem_id="mode")
        with gr.Row():
            sizes = [(t(key) if key == "auto" else key, key) for key in SIZES]
            size = gr.Radio(sizes, value="auto", label=t("size"), info=t("size_help"), elem_id="size")
            sounds = [(t(f"sound_{key}"), key) for key in ("driving", "subject", "none")]
            sound = gr.Radio(sounds, value=usual.sound, label=t("sound"), info=t("sound_help"), elem_id="sound")
        with gr.Row():
            calm = gr.Slider(-0.5, 0.5, 0, step=0.05, label=t("calm"), info=t("calm_help"), elem_id="calm")
            strengths = [_strength(t, key) for key in STRENGTHS[:2]]
        with gr.Row():
            strengths += [_strength(t, key) for key in STRENGTHS[2:]]
        method = method_choice(t, usual.method, label=t("method"), info=t("method_help"), elem_id="method")
    return [full, mode, size, sound, method, calm, *strengths]


def _strength(t: gr.I18n, key: str) -> gr.Slider:
    return gr.Slider(0, 2, 1, step=0.05, label=t(key), info=t(f"{key}_help"), elem_id=key)


def html_texts(examples: Examples) -> dict[str, dict[str, str]]:
    """Whole pieces of HTML that the browser picks by language, as if they were texts: key -> language -> HTML."""
    return {
        language: {
            "showcase": showcase(examples, language),
            "chips_subject": chips(examples, "subject", language),
            "chips_driving": chips(examples, "driving", language),
        }
        for language in ("en", "ja")
    }
