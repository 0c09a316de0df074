"""What a report says of the clips and the result as files: size, rate, length, how the faces were followed."""

from __future__ import annotations

import html
from collections.abc import Mapping

from tmt.errors import Language
from tmt.report_words import WORDS, word
from tmt.types import MediaInfo

ROLES = ("subject", "driving", "result")


def clips_part(clips: Mapping[str, MediaInfo], report: Mapping[str, object], language: Language) -> str:
    """A column for each file, and the limits that acted while the result was drawn."""
    columns = {role: _facts(clips[role], _mapping(_mapping(report, "frames"), role), language)
               for role in ROLES if role in clips}  # fmt: skip
    table = ""
    if columns:
        rows = [key for key in next(iter(columns.values())) if any(column[key] for column in columns.values())]
        head = "".join(f"<th>{word(role, language)}</th>" for role in columns)
        body = ""
        for key in rows:
            cells = "".join(f"<td>{column[key]}</td>" for column in columns.values())
            body += f"<tr><td>{word(key, language)}</td>{cells}</tr>"
        table = f'<div class="wide"><table><tr><th></th>{head}</tr>{body}</table></div>'
    return f"<h2>{word('clips', language)}</h2>{table}{_limits(report, language)}"


def _facts(info: MediaInfo, tracked: Mapping[str, object], language: Language) -> dict[str, str]:
    """Row -> what stands in a file's column, escaped."""
    rate, length = word("still", language), ""
    if not info.is_still:
        rate = word("rate", language, value=float(info.fps))
        length = "" if info.seconds is None else word("seconds", language, value=info.seconds)
    facts = {
        "fact_size": f"{info.width} × {info.height}", "fact_rate": rate, "fact_length": length,
        "fact_frames": str(info.frames or ""), "fact_sound": word(f"sound_{info.has_audio}", language),
        "fact_tracked": "", "fact_held": "",
    }  # fmt: skip
    if tracked:
        facts["fact_tracked"] = f"{tracked.get('tracked')} / {tracked.get('total')}"
        facts["fact_held"] = f"{tracked.get('held')}{_reasons(_mapping(tracked, 'reasons'), language)}"
    return {key: html.escape(value) for key, value in facts.items()}


def _reasons(reasons: Mapping[str, object], language: Language) -> str:
    """Why a face was not followed, and in how many frames."""
    named = [f"{_named('reason', key, language)} {count}" for key, count in reasons.items()]
    return f" ({', '.join(named)})" if named else ""


def _limits(report: Mapping[str, object], language: Language) -> str:
    acted = _mapping(report, "limits")
    listed = "".join(
        f"<li>{html.escape(word('limit_frames', language, name=_named('limit', key, language), count=count))}</li>"
        for key, count in acted.items()
    )
    listed = listed or f"<li>{word('no_limits', language)}</li>"
    return f"<h2>{word('limits', language)}</h2><ul>{listed}</ul>"


def _named(kind: str, key: str, language: Language) -> str:
    """A name that the report's JSON uses, in words where there are some."""
    return word(f"{kind}_{key}", language) if f"{kind}_{key}" in WORDS else key


def _mapping(report: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = report.get(name)
    return value if isinstance(value, Mapping) else {}
