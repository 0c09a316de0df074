"""The player: subject, motion and result in step, next to each other or wiped over each other.

The HTML is wired by assets/player.js. Files are named by path; the script knows where the page is served from.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tmt.errors import Language
from tmt.page.texts import text

# Drawn, since not every computer has a font with such signs.
SPEAKER = (
    '<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">'
    '<path fill="currentColor" d="M4 9v6h4l5 5V4L8 9z"/>'
    '<path class="waves" fill="none" stroke="currentColor" stroke-width="2" d="M16 8q3 4 0 8M18.5 5.5q5.5 6.5 0 13"/>'
    '<path class="cross" stroke="currentColor" stroke-width="2" d="M16 9l6 6m0-6l-6 6"/></svg>'
)
CORNERS = (
    '<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">'
    '<path fill="none" stroke="currentColor" stroke-width="2" d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/></svg>'
)
STILLS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")


@dataclass(frozen=True)
class Lane:
    """One video of a player. role: subject, driving, result, or a method's name; name: how it is called."""

    role: str
    name: str
    path: Path


def lanes(files: dict[str, Path], language: Language) -> list[Lane]:
    """Lanes by role, named in the reader's language."""
    return [Lane(role, text(f"lane_{role}", language), path) for role, path in files.items()]


def player(
    shown: Sequence[Lane], fps: float, language: Language, *, mode: str = "wipe", autoplay: bool = False,
    pair: str | None = None, telling: bool = False,
) -> str:
    """A player of some lanes. The lane "result" leads: its sound is heard, its time counts. pair: the role that it is
    wiped over at first (usually the driving clip); telling: it shows by itself what can be seen in it."""
    lanes_html = "".join(_lane(lane) for lane in shown)
    return (
        f'<section class="tmt-player" data-fps="{fps:g}" data-mode="{mode}" data-autoplay="{int(autoplay)}"'
        f' data-telling="{int(telling)}"'
        f' aria-label="{text("lane_result", language)}"><div class="stage">{lanes_html}'
        f'<input class="wiper" type="range" min="0" max="100" value="50" aria-label="{text("wipe", language)}">'
        f'<span class="edge" aria-hidden="true"></span></div>{_controls(shown, pair or "driving", language)}</section>'
    )


def _lane(lane: Lane) -> str:
    """A video, or a picture of a subject that is one; the caption says what it is."""
    file = html.escape(str(lane.path), quote=True)
    name = html.escape(lane.name)
    if lane.path.suffix.lower() in STILLS:
        body = f'<img class="media" data-file="{file}" alt="{name}">'
    else:
        how = f'muted playsinline loop preload="auto" aria-label="{name}"'
        body = f'<video class="media" data-file="{file}" {how}></video>'
    return f'<figure class="lane" data-role="{html.escape(lane.role)}">{body}<figcaption>{name}</figcaption></figure>'


def _controls(shown: Sequence[Lane], pair: str, language: Language) -> str:
    def button(kind: str, sign: str) -> str:
        return f'<button type="button" class="{kind}" aria-label="{text(kind, language)}">{sign}</button>'

    others = "".join(
        f'<option value="{html.escape(lane.role)}"{" selected" if lane.role == pair else ""}>'
        f"{html.escape(lane.name)}</option>"
        for lane in shown
        if lane.role != "result"
    )
    speeds = f'<option value="1">1×</option><option value="0.25">{text("quarter", language)}</option>'
    return (
        f'<div class="controls">{button("play", "▶")}{button("back", "◀︎|")}{button("forward", "|▶︎")}'
        f'<input class="seek" type="range" min="0" max="1" step="any" value="0" aria-label="{text("seek", language)}">'
        f'<span class="time">0.00</span>'
        f'<select class="speed" aria-label="{text("speed", language)}">{speeds}</select>'
        f'<button type="button" class="mute" aria-pressed="true" aria-label="{text("mute", language)}">'
        f"{SPEAKER}</button>{button('full', CORNERS)}"
        f'<button type="button" class="mode" data-wipe="{text("view_wipe", language)}"'
        f' data-side="{text("view_side", language)}"></button>'
        f'<label class="under">{text("under", language)} <select class="pair">{others}</select></label></div>'
    )


def head_viewer(model: Path, language: Language) -> str:
    """A GLB to be turned by mouse, finger or arrow keys; wired by assets/head.js."""
    file = html.escape(str(model), quote=True)
    label = html.escape(f"{text('model', language)}: {text('model_help', language)}")
    return f'<div class="tmt-head" tabindex="0" role="img" aria-label="{label}" data-file="{file}"></div>'
