"""A run as one HTML file to forward: pictures inside, nothing fetched, in the reader's language."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image

from tmt import provenance
from tmt.errors import Language
from tmt.receipt import Review
from tmt.report_clips import clips_part
from tmt.report_figures import figures_table, shown_value
from tmt.report_findings import Finding, finding_card
from tmt.report_words import WORDS, labelled, local_time, word
from tmt.types import Array, MediaInfo

ASSETS = Path(__file__).parent / "assets"
QUALITY = 82  # of the embedded JPEGs
STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.6 system-ui, "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", sans-serif; color: #1e293b;
  max-width: 1100px; margin: 2rem auto; padding: 0 1rem; background: #fff; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.meta, .note, figcaption { color: #64748b; font-size: .875rem; }
.ai { border-left: 4px solid #4f46e5; padding: .5rem .75rem; background: #eef2ff; margin: 1rem 0; }
.signed { border: 2px solid #94a3b8; border-radius: 12px; padding: .5rem .9rem; margin: 1rem 0; }
.signed b { font-size: 1.3rem; margin-left: .5em; } .signed p { margin: .2rem 0; overflow-wrap: anywhere; }
.signed.approve { border-color: #047857; } .signed.approve b { color: #047857; }
.signed.reject { border-color: #b91c1c; } .signed.reject b { color: #b91c1c; }
.moment { display: grid; gap: 6px; grid-template-columns: repeat(3, minmax(0, 1fr)); margin: 0 0 1rem;
  break-inside: avoid; }
.moment figure { margin: 0; } .moment img { width: 100%; display: block; border-radius: 4px; cursor: zoom-in; }
/* A picture that is pressed fills the window; the box that remembers it is out of sight and takes the keyboard. */
.moment input { position: absolute; opacity: 0; }
.moment input:focus-visible + img { outline: 3px solid #4f46e5; }
.moment input:checked + img { position: fixed; inset: 0; width: 100vw; height: 100vh; object-fit: contain; z-index: 9;
  background: rgb(15 23 42 / 92%); border-radius: 0; cursor: zoom-out; }
.wide { overflow-x: auto; } th { font-weight: 600; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: 4px 12px 4px 0;
  border-bottom: 1px solid #e2e8f0; vertical-align: top; font-size: .9rem; overflow-wrap: anywhere; }
td:not(:first-child) { font-variant-numeric: tabular-nums; } .figures td:last-child { white-space: nowrap; }
@media (max-width: 640px) {
  .moment { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .moment .result { grid-column: 1 / -1; order: -1; }
}
@media print { body { margin: 0; } }
"""


@dataclass(frozen=True)
class Price:
    """What an hour of the computer costs."""

    rate: float
    currency: str


@dataclass(frozen=True)
class Story:
    """All that a report tells. moments: (s, pictures by role [H, W, 3] uint8); looks: (s, reason); clips: what is known
    of subject, driving clip and result as files."""

    report: Mapping[str, object]
    moments: Sequence[tuple[float, Mapping[str, Array]]]
    findings: Sequence[Finding]
    looks: Sequence[tuple[float, str]]
    figures: Mapping[str, object]
    seconds: Mapping[str, float]
    video_seconds: float
    review: Review | None
    price: Price | None
    clips: Mapping[str, MediaInfo] = field(default_factory=dict)


def html_report(story: Story, language: Language) -> str:
    """The whole file: what was decided first, then what was found, then all that it rests on."""
    title = word("title", language)
    made = labelled(word("made", language), local_time(story.report.get("created_utc", ""), language), language)
    body = [
        f"<h1>{title}</h1>", _paragraph(made, "meta"), _review(story, language), _label(story, language),
        _findings(story, language), _moments(story, language), clips_part(story.clips, story.report, language),
        _settings(story, language), _figures(story, language), _cost(story, language), _consent(story, language),
    ]  # fmt: skip
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}'
    style = STYLE + (ASSETS / "cards.css").read_text("utf-8")
    return (
        f'<!doctype html>\n<html lang="{language}"><head>{head}</title><style>{style}</style></head>\n<body>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _label(story: Story, language: Language) -> str:
    label = story.report.get("label")
    shown = isinstance(label, Mapping) and bool(label.get("visible"))
    visible = word("label_on" if shown else "label_off", language)
    words = f"{word('generated', language)} {visible} {_sealed(story, language)}"
    return _paragraph(f"<strong>AI生成 / AI-generated</strong><br>{words}", "ai", escaped=True)


def _sealed(story: Story, language: Language) -> str:
    """Signature and mark of the result."""
    mark, signed = (story.report.get(key) for key in ("mark", "credentials"))
    if not isinstance(mark, Mapping) or not isinstance(signed, Mapping):
        return ""
    if not signed.get("signed"):
        return html.escape(word("unsigned", language, reason=str(signed.get("reason"))))
    return html.escape(word("sealed", language, number=mark.get("number") or "-"))


def _moments(story: Story, language: Language) -> str:
    if not story.moments:
        return ""
    rows = ""
    for seconds, pictures in story.moments:
        shown = ""
        for role, picture in pictures.items():
            caption = html.escape(f"{word(role, language)} · {word('at', language, seconds=seconds)}")
            zoom = f'<input type="checkbox" aria-label="{caption}"><img alt="{caption}" src="{data_uri(picture)}">'
            shown += f'<figure class="{role}"><label>{zoom}</label><figcaption>{caption}</figcaption></figure>'
        rows += f'<div class="moment">{shown}</div>'
    return f"<h2>{word('moments', language)}</h2>{_paragraph(word('enlarge', language), 'note')}{rows}"


def _findings(story: Story, language: Language) -> str:
    if not story.findings:
        return ""
    cards = "".join(finding_card(item, language) for item in story.findings)
    looks = [labelled(word("at", language, seconds=at), word(reason, language), language) for at, reason in story.looks]
    listed = "".join(f"<li>{html.escape(look)}</li>" for look in looks) or f"<li>{word('no_looks', language)}</li>"
    return (
        f'<h2>{word("summary", language)}</h2><div class="cards">{cards}</div>'
        f"<h2>{word('looks', language)}</h2><ul>{listed}</ul>"
    )


def _review(story: Story, language: Language) -> str:
    """Whether it was approved, where nobody misses it."""
    signed, title = story.review, word("review", language)
    if signed is None:
        return f'<div class="signed">{title}<b>{word("not_reviewed", language)}</b></div>'
    told = {"when": local_time(signed.utc, language), "reviewer": signed.reviewer, "remark": signed.remark}
    said = [labelled(word(key, language), value, language) for key, value in told.items() if value]
    lines = "".join(map(_paragraph, said))
    return f'<div class="signed {signed.decision}">{title}<b>{word(signed.decision, language)}</b>{lines}</div>'


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
    line = word("consent_text", language, version=consent.get("text"), utc=local_time(consent.get("utc"), language))
    rows = {
        labelled(word(f"role_{role}", language), entry["name"], language): entry["sha256"]
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
    versions = labelled(word("versions", language), listed, language) if listed else ""
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
    table = figures_table({word("result", language): story.figures}, language)
    return f"<h2>{word('figures', language)}</h2>{note}{table}"


def _table(rows: Mapping[str, object]) -> str:
    cells = "".join(
        f"<tr><td>{html.escape(str(key))}</td><td>{shown_value(value)}</td></tr>" for key, value in rows.items()
    )
    return f"<table>{cells}</table>"


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
