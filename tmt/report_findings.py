"""The questions that a person asks of a result, answered in words, as the page and the report show them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from tmt.errors import Language
from tmt.report_words import word


@dataclass(frozen=True)
class Line:
    """What one part says to a question: its name, a word for it, its numbers in words (empty: none worth reading), and
    how it is coloured ("good", "fair", "poor", "plain")."""

    name: str
    said: str
    numbers: str
    tone: str


@dataclass(frozen=True)
class Finding:
    """A question, its verdict ("good", "fair", "poor", "unknown") and that in words, the parts it comes from, and how
    their numbers are to be read."""

    question: str
    verdict: str
    answer: str
    lines: Sequence[Line]
    detail: str


def finding_card(item: Finding, language: Language) -> str:
    """One answer as HTML."""
    lines = "".join(
        f'<li class="{line.tone}"><span>{html.escape(line.name)}</span><em>{html.escape(line.said)}</em>'
        f"<i>{html.escape(line.numbers)}</i></li>"
        for line in item.lines
    )
    return (
        f'<div class="card {item.verdict}"><span>{word(item.question, language)}</span>'
        f"<b>{html.escape(item.answer)}</b>{f'<ul>{lines}</ul>' if lines else ''}"
        f"<small>{html.escape(item.detail)}</small></div>"
    )

