"""What a result is of, in a line: two clips, how, how large, when; and the short verdicts of methods beside it."""

from __future__ import annotations

import html
from collections.abc import Mapping

from tmt.errors import Language
from tmt.evaluate.run_numbers import RunNumbers
from tmt.page.panels import findings
from tmt.page.texts import of_method, text
from tmt.page.visits import Run
from tmt.report_words import word
from tmt.video import probe


def about_line(run: Run, language: Language) -> str:
    """Which run is shown: the form may hold other clips by now. The browser tells the time as its reader does."""
    info = probe(run.result.video)
    clips = " × ".join(f"<b>{html.escape(clip.path.name)}</b>" for clip in (run.subject, run.driving))
    preset = text({"steady": "steady_preset"}.get(run.preset, run.preset), language)
    size = text("value_size", language, width=info.width, height=info.height)
    clock = f'<time datetime="{html.escape(run.finished)}">{html.escape(run.finished)}</time>'
    method = text(of_method(run.settings.method), language)
    rest = " · ".join([*(html.escape(part) for part in (preset, method, size, *_sealed(run, language))), clock])
    former = f'<span class="former">{html.escape(text("former", language))}</span>'
    return f'<p class="about">{former}<span class="clips">{clips}</span> <span>{rest}</span></p>'


def _sealed(run: Run, language: Language) -> list[str]:
    """The number in the result's mark, and whether it is signed."""
    mark, signed = (run.result.report.get(key) for key in ("mark", "credentials"))
    number = mark.get("number") if isinstance(mark, Mapping) else None
    parts = [text("run_number", language, number=number)] if number else []
    if isinstance(signed, Mapping):
        parts.append(text("run_signed" if signed.get("signed") else "run_unsigned", language))
    return parts


def verdicts(method: str, numbers: RunNumbers, language: Language) -> str:
    """The three answers for one method, in words."""
    answers = " · ".join(
        f'{html.escape(word(item.question, language))} <b class="{item.verdict}">'
        f"{html.escape(word(item.verdict, language))}</b>"
        for item in findings(numbers, language)
    )
    return f"<p><strong>{html.escape(text(of_method(method), language))}</strong> <span>{answers}</span></p>"


def other_verdicts(numbers: Mapping[str, RunNumbers], language: Language) -> str:
    """The same for each method that joined the run's own."""
    rows = "".join(verdicts(method, numbers[method], language) for method in list(numbers)[1:])
    return f'<div class="others">{rows}</div>' if rows else ""
