"""Pieces of HTML about a run: its progress, a message, its numbers in words and in a table."""

from __future__ import annotations

import html

from tmt.errors import Language
from tmt.evaluate.run_numbers import RunNumbers
from tmt.page.answers import findings
from tmt.page.line import Place
from tmt.page.texts import TEXTS, of_method, text
from tmt.preview import Preview
from tmt.report_figures import figures_table
from tmt.report_findings import finding_card
from tmt.report_html import data_uri
from tmt.report_words import word
from tmt.types import Step
from tmt.votes import Tally


def running_panel(step: Step, left: float | None, language: Language) -> str:
    """A bar with the stage's name, the count and the time left."""
    name = text(step.stage if step.stage in TEXTS else "work", language)
    notes = [f"{step.done} / {step.total}"] if step.total else []
    notes += [text("left", language, time=duration(left, language))] if left is not None else []
    return (
        f'<div class="panel running"><div class="line"><strong>{name}</strong><span>{" · ".join(notes)}</span></div>'
        f"{_bar(name, step)}</div>"
    )


def waiting_panel(place: Place, language: Language) -> str:
    """Where a visitor stands in the line."""
    return running_panel_named(text("queue", language, place=place.place + 1, of=place.of))


def running_panel_named(name: str) -> str:
    """A bar of which nobody knows how full it is."""
    return (
        f'<div class="panel running"><div class="line"><strong>{html.escape(name)}</strong></div>'
        f"{_bar(name, Step('', 0, None))}</div>"
    )


def _bar(name: str, step: Step) -> str:
    """A bar that is as full as the step is far, or that moves where nobody knows."""
    if not step.total:
        return f'<div class="bar" role="progressbar" aria-label="{html.escape(name)}"><div class="unknown"></div></div>'
    percent = min(100, round(100 * step.done / step.total))
    role = f'role="progressbar" aria-label="{html.escape(name)}" aria-valuenow="{percent}"'
    return f'<div class="bar" {role}><div style="width: {percent}%"></div></div>'


def message_panel(message: str, kind: str = "") -> str:
    """One message; kind: "wrong" for an error, "done" for good news."""
    return f'<div class="panel {kind}" role="status">{html.escape(message)}</div>'


def preview_panel(shown: Preview, language: Language) -> str:
    """Driving frame and result of one moment, next to each other."""
    title = text("preview_title", language, value=shown.at)
    figures = "".join(
        f'<figure><img alt="{text(f"lane_{role}", language)}" src="{data_uri(picture)}">'
        f"<figcaption>{text(f'lane_{role}', language)}</figcaption></figure>"
        for role, picture in (("driving", shown.driving), ("result", shown.result))
    )
    return f'<div class="panel preview"><strong>{title}</strong><div class="two">{figures}</div></div>'


def numbers_panel(numbers: dict[str, RunNumbers], language: Language) -> str:
    """The answers, the frames that deserve a look as buttons, and all figures of every method in a table."""
    if not numbers:
        return ""
    own = next(iter(numbers.values()))
    cards = "".join(finding_card(item, language) for item in findings(own, language))
    summary = html.escape(text("numbers", language))
    return (
        f'<div class="numbers"><div class="cards">{cards}</div>{_looks(own, language)}'
        f"<details><summary>{summary}</summary>{_table(numbers, language)}</details></div>"
    )


def _looks(numbers: RunNumbers, language: Language) -> str:
    title = word("looks", language)
    if not numbers.looks:
        return f'<p class="looks"><strong>{title}</strong> {word("no_looks", language)}</p>'
    buttons = "".join(
        f'<button type="button" data-seek="{look.seconds:.3f}">'
        f"{text('look_button', language, time=look.seconds, reason=word(look.reason, language))}</button>"
        for look in numbers.looks
    )
    return f'<div class="looks"><strong>{title}</strong>{buttons}</div>'


def _table(numbers: dict[str, RunNumbers], language: Language) -> str:
    tables = {text(of_method(method), language): item.figures() for method, item in numbers.items()}
    return f'<div class="scroll">{figures_table(tables, language)}</div>'


def tally_panel(counted: Tally, language: Language) -> str:
    """How a blind test stands, and what that is worth."""
    names = {"first": text(of_method(counted.first), language), "second": text(of_method(counted.second), language)}
    wins = {"first_wins": counted.first_wins, "second_wins": counted.second_wins, "same": counted.same}
    lines = [text("tally", language, **names, **wins)]
    decided = counted.first_wins + counted.second_wins
    if decided:
        shares = {"percent": 100 * counted.first_wins / decided, "low": 100 * counted.low, "high": 100 * counted.high}
        lines.append(text("interval", language, first=names["first"], **shares))
    lines.append(text("is_decided" if counted.decided else "not_decided", language))
    return f'<div class="panel tally" role="status">{"<br>".join(map(html.escape, lines))}</div>'


def duration(seconds: float, language: Language) -> str:
    """A time as a person says it."""
    if seconds < 90:
        return text("seconds", language, count=max(1, round(seconds)))
    return text("minutes", language, count=round(seconds / 60))
