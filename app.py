"""The page: two clips and three consents in, a video out. It only leads from widgets to the pipeline."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component
from gradio.data_classes import FileData

from tmt import provenance
from tmt.errors import TmtError
from tmt.page.handlers import Page, Pipeline, switched
from tmt.page.texts import catalogue
from tmt.pipeline import TalkingHeadPipeline
from tmt.types import METHODS, Settings

ASSETS = Path(__file__).parent / "tmt" / "assets"
SIZES = ("auto", "256", "512", "1024")
HOURS = 2  # a clip is deleted after this time: longer than any run, shorter than a working day
MAX_FILE = "500mb"  # a minute of 4K from a telephone
TITLE = "Talking-head motion transfer / 顔の動きの転写"  # a tab's title is not translated
i18n = gr.I18n(en=catalogue("en", hours=HOURS), ja=catalogue("ja", hours=HOURS))


def _as_it_is(video: gr.Video) -> gr.Video:
    """Serve files untouched: Gradio's check needs ffprobe wherever there is an ffmpeg, and could encode again."""
    # Not a subclass: for those, Gradio writes a stub file beside the source. It lasts while no handler returns an
    # update (a gr.Video or gr.skip()) for the player instead of a value.
    video.postprocess = lambda value: None if value is None else FileData(path=str(value), orig_name=Path(value).name)
    return video


def _clips() -> list[gr.Video]:
    """The two uploads, shown as they come."""
    videos = []
    with gr.Row():
        for key in ("subject", "driving"):
            with gr.Column():
                videos.append(_as_it_is(gr.Video(label=i18n(key), sources=["upload"], height=260, elem_id=key)))
                gr.Markdown(i18n("no_preview"), elem_classes="hint no-preview")
                gr.Markdown(i18n(f"{key}_help"), elem_classes="hint")
    return videos


def _consents() -> list[gr.Checkbox]:
    """One unticked box for each statement."""
    with gr.Group():
        gr.Markdown(i18n("consent_title"), elem_classes="step")
        keys = (f"consent_{key}" for key in provenance.STATEMENTS)
        return [gr.Checkbox(False, label=i18n(key), elem_id=key, elem_classes="consent") for key in keys]


def _settings() -> list[Component]:
    """Widgets of mode, full frame, size, steadiness, method."""
    usual = Settings()
    with gr.Group():
        modes = [(i18n(key), key) for key in ("relative", "absolute")]
        mode = gr.Radio(modes, value=usual.mode, label=i18n("mode"), info=i18n("mode_help"), elem_id="mode")
        full_frame = gr.Checkbox(
            usual.full_frame, label=i18n("full_frame"), info=i18n("full_frame_help"), elem_id="full_frame"
        )
    with gr.Accordion(i18n("more"), open=False, elem_id="more"):
        sizes = [(i18n(key) if key == "auto" else key, key) for key in SIZES]
        size = gr.Radio(sizes, value="auto", label=i18n("size"), info=i18n("size_help"), elem_id="size")
        steadiness = gr.Slider(
            0,
            1,
            usual.steadiness,
            step=0.05,
            label=i18n("steadiness"),
            info=i18n("steadiness_help"),
            elem_id="steadiness",
        )
        methods = [(i18n(key), key) for key in reversed(METHODS)]
        method = gr.Dropdown(
            methods, value=usual.method, label=i18n("method"), info=i18n("method_help"), elem_id="method"
        )
    return [mode, full_frame, size, steadiness, method]


def _results() -> tuple[list[Component], gr.Column]:
    """Widgets of the result, out of sight until there is one."""
    with gr.Column(visible=False, elem_id="results") as place:
        videos = [
            _as_it_is(gr.Video(label=i18n(key), interactive=False, elem_id=key, buttons=["download"], height=height))
            for key, height in (("result", 440), ("side_by_side", None))
        ]
        report = gr.File(label=i18n("report"), interactive=False, elem_id="report")
    return [*videos, report], place


def build(pipeline: Pipeline) -> gr.Blocks:
    """The page over a pipeline; nothing is loaded or served yet."""
    page = Page(pipeline)
    blocks = gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(900, HOURS * 3600))
    with blocks:
        gr.Markdown(i18n("heading"))
        gr.Markdown(i18n("introduction"))
        inputs = [*_clips(), *_consents(), *_settings()]
        with gr.Row():
            run = gr.Button(i18n("run"), variant="primary", scale=4, elem_id="run")
            stop = gr.Button(i18n("stop"), scale=1, interactive=False, elem_id="stop")
        panel, note = gr.HTML(elem_id="panel"), gr.HTML(elem_id="note")
        results, place = _results()
        gr.Markdown(i18n("privacy"), elem_id="privacy", elem_classes="hint")
        _connect(page, inputs, [panel, note, run, stop], [*results, panel, place])
    return blocks


def _connect(page: Page, inputs: list[Component], state: list[Component], outputs: list[Block]) -> None:
    """Run: check, lock the buttons, transfer, free them. Stop works while a run waits in the queue, too."""
    _, note, run, stop = state
    assert isinstance(run, gr.Button)
    assert isinstance(stop, gr.Button)
    asked = run.click(page.asked, inputs, state, validator=page.check, show_progress="hidden", api_visibility="private")
    event = asked.success(
        page.transfer,
        inputs,
        outputs,
        validator=page.check,
        api_name="transfer",
        concurrency_limit=1,
        show_progress="hidden",
        scroll_to_output=True,
    )
    for end in (event.success, event.failure):
        end(lambda: switched(busy=False), None, [run, stop], show_progress="hidden", api_visibility="private")
    # Not into the panel: a late word of the run would replace it. The style sheet hides that one.
    stop.click(
        page.stopped,
        None,
        [note, run, stop],
        cancels=[event],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _theme() -> gr.themes.Base:
    """Quiet colours, the system's fonts (nothing is fetched), and grey texts that meet a contrast of 4.5:1."""
    theme = gr.themes.Default(
        primary_hue="indigo",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return theme.set(
        checkbox_border_color="*neutral_400",
        checkbox_border_color_dark="*neutral_500",
        body_text_color_subdued="*neutral_500",
        block_info_text_color="*neutral_500",
    )


def launch(
    blocks: gr.Blocks,
    host: str,
    port: int,
    *,
    share: bool = False,
    auth: tuple[str, str] | None = None,
    block: bool = True,
) -> None:
    """Serve the page: no analytics, no history, no monitoring, nothing fetched from elsewhere."""
    script = (ASSETS / "page.js").read_text(encoding="utf-8")
    blocks.queue(max_size=16).launch(
        server_name=host,
        server_port=port,
        share=share,
        auth=auth,
        prevent_thread_lock=not block,
        i18n=i18n,
        theme=_theme(),
        css_paths=ASSETS / "page.css",
        head=f"<script>{script}</script>",
        max_file_size=MAX_FILE,
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
    )


def _pair(value: str) -> tuple[str, str]:
    """USER:PASSWORD as a pair."""
    user, separator, password = value.partition(":")
    if not (user and separator and password):
        raise argparse.ArgumentTypeError("wanted: USER:PASSWORD")
    return user, password


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description="Serve the page on this computer.")
    parser.add_argument(
        "--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"), help="default: %(default)s"
    )
    parser.add_argument("--port", type=int, default=int(os.environ.get("GRADIO_SERVER_PORT", "7860")))
    parser.add_argument(
        "--share", action="store_true", help="a public link through gradio.live; combine it with --auth"
    )
    parser.add_argument("--auth", type=_pair, metavar="USER:PASSWORD", help="ask visitors for it")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; clips and results are gone when it ends."""
    options = _options().parse_args(arguments)
    if options.share and not options.auth:
        print("--share without --auth: anybody who has the link can use this page.", file=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # an end in order, which empties the folder below
    with tempfile.TemporaryDirectory(prefix="tmt-page-", ignore_cleanup_errors=True) as cache:
        os.environ["GRADIO_TEMP_DIR"] = cache
        try:
            page = build(TalkingHeadPipeline.from_pretrained())
            launch(page, options.host, options.port, share=options.share, auth=options.auth)
        except TmtError as error:
            print(error, file=sys.stderr)
            return error.status
        except OSError:
            reason = "the port is taken, or the host is not this computer"
            print(f"{options.host}:{options.port} cannot be used: {reason}.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
