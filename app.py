"""The page: two clips and three consents in, a video out. It only leads from widgets to the pipeline."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr
from fastapi import Request
from fastapi.responses import JSONResponse
from gradio.utils import get_upload_folder

from tmt import provenance
from tmt.checkpoint import add_options
from tmt.errors import TmtError
from tmt.page.checking import build_checking
from tmt.page.desk import Desk
from tmt.page.examples import load_examples
from tmt.page.form import build_form, html_texts
from tmt.page.results import build_results
from tmt.page.studio import RealStudio, Studio
from tmt.page.texts import LANGUAGES, catalogue
from tmt.page.visits import sweep_forever
from tmt.page.wiring import connect
from tmt.pipeline import TalkingHeadPipeline
from tmt.report_html import Price

ROOT = Path(__file__).parent
ASSETS, EXAMPLES = ROOT / "tmt" / "assets", ROOT / "examples"
SCRIPTS, STYLES = ("page.js", "player.js", "head.js"), ("page.css", "cards.css", "player.css")
HOURS = 2.0  # a clip is deleted after this time without its visitor: longer than any run, shorter than a working day
MAX_FILE = "500mb"  # a minute of 4K from a telephone
TITLE = "Talking-head motion transfer / 顔の動きの転写"  # a tab's title is not translated


@dataclass(frozen=True)
class Page:
    """A page that is built and not yet served."""

    blocks: gr.Blocks
    i18n: gr.I18n


def build(
    studio: Studio, *, examples: Path = EXAMPLES, hours: float = HOURS, price: Price | None = None,
    votes: Path | None = None,
) -> Page:
    """The page over a studio; nothing is loaded or served yet."""
    Path(get_upload_folder()).mkdir(parents=True, exist_ok=True)  # Gradio's file widget writes there at once
    shown = load_examples(examples)
    desk = Desk(studio, shown, hours * 3600, price, votes)
    values = {"hours": f"{hours:g}", "version": provenance.CONSENT_TEXT}
    extra = html_texts(shown)
    i18n = gr.I18n(**{key: {**catalogue(key, **values), **extra[key]} for key in LANGUAGES})
    if shown.clips:
        gr.set_static_paths([examples.resolve()])
    blocks = gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(900, int(hours * 3600)))
    with blocks:
        form = build_form(i18n, shown)
        connect(desk, form, build_results(i18n))
        build_checking(i18n, desk)
    sweep_forever(desk.visits)
    return Page(blocks, i18n)


def _theme() -> gr.themes.Base:
    """Quiet colours, the system's fonts (nothing is fetched), and texts that meet a contrast of 4.5:1: on grey, and on
    the buttons that matter, whose usual shade leaves white at 4.47:1."""
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
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_700",
        button_primary_border_color="*primary_600",
    )


async def _gone(request: Request, _error: Exception) -> JSONResponse:
    """A file that was deleted, or never was, is not found; Gradio would say that it is forbidden."""
    path = request.url.path.partition("/file=")[2]
    cache = Path(get_upload_folder()).resolve()
    gone = path and Path(path).resolve().is_relative_to(cache) and not Path(path).exists()
    return JSONResponse({"detail": "Not found" if gone else "Not allowed"}, 404 if gone else 403)


def launch(
    page: Page, host: str, port: int, *, share: bool = False, auth: tuple[str, str] | None = None,
    root_path: str | None = None, block: bool = True,
) -> None:
    """Serve the page: no analytics, no history, no monitoring, nothing fetched from elsewhere."""
    scripts = "".join(f"<script>{(ASSETS / name).read_text('utf-8')}</script>" for name in SCRIPTS)
    page.blocks.queue(max_size=32, default_concurrency_limit=8).launch(
        server_name=host,
        server_port=port,
        share=share,
        auth=auth,
        root_path=root_path,
        quiet=True,
        prevent_thread_lock=True,
        i18n=page.i18n,
        theme=_theme(),
        css_paths=[ASSETS / name for name in STYLES],
        head=scripts,
        max_file_size=MAX_FILE,
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        app_kwargs={"exception_handlers": {403: _gone}},
    )
    _say_where(page.blocks, share)
    if block:
        page.blocks.block_thread()


def _say_where(blocks: gr.Blocks, share: bool) -> None:
    """Where the page can be opened, on the terminal; a public link that could not be had does not end the page."""
    print(f"The page is at {blocks.local_url} (Ctrl+C ends it).", flush=True)
    if share and blocks.share_url:
        print(f"For others, for a week at most: {blocks.share_url}", flush=True)
    elif share:
        reason = "gradio.live cannot be reached from here (no internet, or a firewall)"
        print(f"No public link: {reason}. The page works at the address above.", file=sys.stderr, flush=True)


def _pair(value: str) -> tuple[str, str]:
    """USER:PASSWORD as a pair."""
    user, separator, password = value.partition(":")
    if not (user and separator and password):
        raise argparse.ArgumentTypeError("wanted: USER:PASSWORD")
    return user, password


def _price(value: str) -> Price:
    """RATE CURRENCY as a price per hour."""
    rate, _, currency = value.partition(" ")
    try:
        return Price(float(rate), currency.strip() or "USD")
    except ValueError:
        raise argparse.ArgumentTypeError('wanted: "RATE CURRENCY", such as "0.12 USD"') from None


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
    add_options(parser)
    parser.add_argument("--root-path", metavar="/PREFIX", help="where a proxy puts the page, if not at the root")
    parser.add_argument("--hours", type=float, default=HOURS, help="until deletion; default: %(default)s")
    parser.add_argument("--price", type=_price, metavar='"RATE CURRENCY"', help="per hour, for reports")
    parser.add_argument("--votes", type=Path, metavar="FILE.csv", help="collect the blind votes of all visitors here")
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
            studio = RealStudio(TalkingHeadPipeline.from_pretrained(options.checkpoint, revision=options.revision))
            page = build(studio, hours=options.hours, price=options.price, votes=options.votes)
            launch(page, options.host, options.port, share=options.share, auth=options.auth,
                   root_path=options.root_path)  # fmt: skip
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
