"""The pre-flight card under each clip: a picture with the crop on it, facts, and what to do about what was found."""

from __future__ import annotations

import html

from tmt.errors import Language, TmtError
from tmt.page.panels import duration
from tmt.page.texts import text
from tmt.preflight import Preflight, Role
from tmt.report_html import data_uri
from tmt.types import Window


def clip_card(found: Preflight, role: Role, language: Language, *, looked: bool, seconds: float | None) -> str:
    """The card. looked: faces were looked at; seconds: what this clip will cost."""
    level = found.level if looked or found.level == "red" else "plain"
    title = text(level, language) if level != "plain" else text("after_consent", language)
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _facts(found, language, seconds))
    remarks = "".join(
        f'<li class="{item.level}">{html.escape(text(f"remark_{item.key}", language, **dict(item.values)))}</li>'
        for item in found.remarks
    )
    return (
        f'<div class="clip {level}" role="status"><div class="verdict">{html.escape(title)}</div>'
        f'<div class="body">{_picture(found, role, language)}<dl>{rows}</dl></div>'
        f"{f'<ul>{remarks}</ul>' if remarks else ''}</div>"
    )


def checking_card(language: Language) -> str:
    """While the clip is looked at."""
    return f'<div class="clip checking" role="status"><div class="verdict">{text("checking", language)}…</div></div>'


def refused_card(error: TmtError, language: Language) -> str:
    """A clip that cannot be read at all."""
    return (
        f'<div class="clip red" role="status"><div class="verdict">{text("red", language)}</div>'
        f'<ul><li class="red">{html.escape(error.text(language))}</li></ul></div>'
    )


def _facts(found: Preflight, language: Language, seconds: float | None) -> list[tuple[str, str]]:
    info = found.info
    facts: list[tuple[str, str, dict[str, object]]] = []
    if info.seconds is not None:
        facts.append(("fact_length", "value_seconds", {"value": info.seconds}))
    facts.append(("fact_size", "value_size", {"width": info.width, "height": info.height}))
    if not info.is_still:
        facts.append(("fact_rate", "value_rate", {"value": float(info.fps)}))
    if found.crop is not None:
        facts.append(("fact_face", "value_pixels", {"value": found.face_pixels}))
        if not info.is_still:
            facts.append(("fact_turn", "value_degrees", {"low": found.yaw[0], "high": found.yaw[1]}))
            facts.append(("fact_nod", "value_degrees", {"low": found.pitch[0], "high": found.pitch[1]}))
            facts.append(("fact_reference", "value_at", {"value": found.at}))
    rows = [(text(name, language), text(form, language, **values)) for name, form, values in facts]
    if seconds is not None:
        rows.append((text("fact_time", language), duration(seconds, language)))
    return rows


def _picture(found: Preflight, role: Role, language: Language) -> str:
    """The reference frame; on it the crop, and a button for each face where there are several."""
    if found.picture is None:
        return ""
    marks = "" if found.crop is None else _box(found, found.crop, "crop")
    if len(found.faces) > 1:
        for index, face in enumerate(found.faces):
            side = Window(face.x - face.size / 2, face.y - face.size / 2, face.size, face.size, 1.0)
            marks += _face_button(found, side, role, index, language)
    alt = html.escape(text("crop_shown" if found.crop is not None else "still", language))
    return f'<div class="frame"><img alt="{alt}" src="{data_uri(found.picture)}">{marks}</div>'


def _place(found: Preflight, window: Window) -> str:
    """A window as CSS percentages of the picture."""
    width, height = found.info.width, found.info.height
    values = {
        "left": window.left / width, "top": window.top / height, "width": window.width / width,
        "height": window.height / height,
    }  # fmt: skip
    return "; ".join(f"{name}: {100 * value:.2f}%" for name, value in values.items())


def _box(found: Preflight, window: Window, kind: str) -> str:
    return f'<span class="{kind}" style="{_place(found, window)}"></span>'


def _face_button(found: Preflight, window: Window, role: Role, index: int, language: Language) -> str:
    pressed = "true" if index == found.face else "false"
    label = text("face_button", language, number=index + 1)
    return (
        f'<button type="button" class="face" data-face="{index}" data-role="{role}" aria-pressed="{pressed}"'
        f' aria-label="{label}" style="{_place(found, window)}">{index + 1}</button>'
    )
