"""A run as one HTML file to forward: pictures inside, nothing fetched, in the reader's language."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from tmt import provenance
from tmt.errors import Language
from tmt.receipt import Review
from tmt.report_words import WORDS, word
from tmt.types import Array

QUALITY = 82  # of the embedded JPEGs
STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.6 system-ui, "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", sans-serif; color: #1e293b;
  max-width: 900px; margin: 2rem auto; padding: 0 1rem; background: #fff; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.meta, .note, figcaption { color: #64748b; font-size: .875rem; }
.ai { border-left: 4px solid #4f46e5; padding: .5rem .75rem; background: #eef2ff; margin: 1rem 0; }
.moments { display: grid; gap: 6px; overflow-x: auto; }
.moments img { width: 100%; display: block; border-radius: 4px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; }
.card { border: 1px solid #e2e8f0; border-radius: 8px; padding: 12px; }
.card b { display: block; font-size: 1.3rem; } .good b { color: #047857; } .fair b { color: #b45309; }
.poor b { color: #b91c1c; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: 4px 12px 4px 0;
  border-bottom: 1px solid #e2e8f0; vertical-align: top; font-size: .9rem; overflow-wrap: anywhere; }
td:last-child { font-variant-numeric: tabular-nums; } code { font-size: .8rem; }
@media print { body { margin: 0; } }
"""


@dataclass(frozen=True)
class Finding:
    """A question, its verdict ("good", "fair", "poor", "unknown"), and the numbers behind it, in words."""

    question: str
    verdict: str
    detail: str


@dataclass(frozen=True)
class Price:
    """What an hour of the computer costs."""

    rate: float
    currency: str


@dataclass(frozen=True)
class Story:
    """All that a report tells. moments: (s, pictures by role [H, W, 3] uint8); looks: (s, reason)."""

    report: Mapping[str, object]
    moments: Sequence[tuple[float, Mapping[str, Array]]]
    findings: Sequence[Finding]
    looks: Sequence[tuple[float, str]]
    figures: Mapping[str, object]
    seconds: Mapping[str, float]
    video_seconds: float
    review: Review | None
    price: Price | None


def html_report(story: Story, language: Language) -> str:
    """The whole file."""
    title = word("title", language)
    body = [
        f"<h1>{title}</h1>", _paragraph(f"{word('made', language)}: {story.report.get('created_utc', '')}", "meta"),
        _label(story, language), _moments(story, language), _findings(story, language), _review(story, language),
        _cost(story, language), _consent(story, language), _settings(story, language), _figures(story, language),
    ]  # fmt: skip
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}'
    return (
        f'<!doctype html>\n<html lang="{language}"><head>{head}</title><style>{STYLE}</style></head>\n<body>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def finding(question: str, verdict: str, language: Language, **numbers: float) -> Finding:
    """One of the three questions, answered."""
    return Finding(question, verdict, word(f"{question}_detail", language, **numbers))


def _label(story: Story, language: Language) -> str:
    label = story.report.get("label")
    shown = isinstance(label, Mapping) and bool(label.get("visible"))
    words = f"{word('generated', language)} {word('label_on' if shown else 'label_off', language)}"
    return _paragraph(f"<strong>AI生成 / AI-generated</strong><br>{words}", "ai", escaped=True)


def _moments(story: Story, language: Language) -> str:
    if not story.moments:
        return ""
    columns, rows = len(story.moments), []
    for role in story.moments[0][1]:
        for seconds, pictures in story.moments:
            caption = f"{word(role, language)} · {word('at', language, seconds=seconds)}"
            rows.append(
                f'<figure style="margin:0"><img alt="{html.escape(caption)}" src="{data_uri(pictures[role])}">'
                f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            )
    grid = f"grid-template-columns: repeat({columns}, minmax(120px, 1fr))"
    return f'<h2>{word("result", language)}</h2><div class="moments" style="{grid}">{"".join(rows)}</div>'


def _findings(story: Story, language: Language) -> str:
    if not story.findings:
        return ""
    cards = [
        f'<div class="card {item.verdict}">{word(item.question, language)}<b>{word(item.verdict, language)}</b>'
        f'<span class="note">{html.escape(item.detail)}</span></div>'
        for item in story.findings
    ]
    looks = [f"{word('at', language, seconds=at)}: {word(reason, language)}" for at, reason in story.looks]
    listed = "".join(f"<li>{html.escape(look)}</li>" for look in looks) or f"<li>{word('no_looks', language)}</li>"
    return (
        f'<h2>{word("summary", language)}</h2><div class="cards">{"".join(cards)}</div>'
        f"<h2>{word('looks', language)}</h2><ul>{listed}</ul>"
    )


def _review(story: Story, language: Language) -> str:
    title, signed = f"<h2>{word('review', language)}</h2>", story.review
    if signed is None:
        return title + _paragraph(word("not_reviewed", language))
    rows = {"review": word(signed.decision, language), "remark": signed.remark, "reviewer": signed.reviewer}
    return title + _table({word(key, language): value for key, value in {**rows, "when": signed.utc}.items() if value})


def _cost(story: Story, language: Language) -> str:
    stages = {key: value for key, value in story.seconds.items() if f"stage_{key}" in WORDS}
    total = sum(stages.values())
    rows = {word(f"stage_{key}", language): word("seconds", language, value=value) for key, value in stages.items()}
    rows[word("total", language)] = word("seconds", language, value=total)
    notes = [word("per_second", language, value=total / story.video_seconds)] if story.video_seconds else []
    price = story.price
    if price is None:
        notes.append(word("no_price", language))
    else:
        amount = total / 3600 * price.rate
        notes.append(word("price", language, amount=amount, rate=price.rate, currency=price.currency))
    return f"<h2>{word('cost', language)}</h2>{_table(rows)}{_paragraph(' · '.join(notes), 'note')}"


def _consent(story: Story, language: Language) -> str:
    consent = story.report.get("consent")
    if not isinstance(consent, Mapping):
        return ""
    words = provenance.statements(language)
    listed = "".join(f"<li>{html.escape(words[key])}</li>" for key in consent.get("statements", ()) if key in words)
    line = word("consent_text", language, version=consent.get("text"), utc=consent.get("utc"))
    rows = {
        f"{word(f'role_{role}', language)}: {entry['name']}": entry["sha256"]
        for part in ("inputs", "outputs")
        for role, entry in _mapping(story.report, part).items()
        if isinstance(entry, Mapping) and f"role_{role}" in WORDS
    }
    return (
        f"<h2>{word('consent', language)}</h2><ul>{listed}</ul>{_paragraph(line, 'note')}"
        f"<h2>{word('inputs', language)}</h2>{_table(rows)}"
    )


def _settings(story: Story, language: Language) -> str:
    listed = ", ".join(f"{name} {version}" for name, version in _mapping(story.report, "versions").items())
    versions = f"{word('versions', language)}: {listed}" if listed else ""
    rows = {
        word(f"set_{name}", language) if f"set_{name}" in WORDS else name:
            word(f"is_{value}", language) if f"is_{value}" in WORDS else value
        for name, value in _mapping(story.report, "settings").items()
    }  # fmt: skip
    return (
        f"<h2>{word('settings', language)}</h2>{_table(rows)}"
        f"{_paragraph(versions, 'note')}"
    )


def _figures(story: Story, language: Language) -> str:
    if not story.figures:
        return ""
    note = _paragraph(word("figures_note", language), "note")
    return f"<h2>{word('figures', language)}</h2>{note}{_table(story.figures)}"


def _table(rows: Mapping[str, object]) -> str:
    cells = "".join(f"<tr><td>{html.escape(str(key))}</td><td>{_shown(value)}</td></tr>" for key, value in rows.items())
    return f"<table>{cells}</table>"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:.4g}"
    return "–" if value is None else html.escape(str(value))


def _paragraph(words: str, kind: str = "", escaped: bool = False) -> str:
    return f'<p class="{kind}">{words if escaped else html.escape(words)}</p>' if words else ""


def _mapping(report: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = report.get(name)
    return value if isinstance(value, Mapping) else {}


def data_uri(picture: Array) -> str:
    """A picture [H, W, 3] uint8 as a JPEG inside a URL."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
