"""The three questions that a person asks of a result, answered from its numbers."""

from __future__ import annotations

from tmt.errors import Language
from tmt.evaluate.run_numbers import RunNumbers
from tmt.evaluate.verdicts import Likeness, Part
from tmt.report_findings import Finding, Line
from tmt.report_words import word

TONES = {"follows": "good", "over": "fair", "weakly": "fair", "not": "poor"}
SIDES = {"subject": "good", "unclear": "plain", "driver": "poor"}


def findings(numbers: RunNumbers, language: Language) -> list[Finding]:
    """Whose face, how it moves, how calmly; each with the parts that the word comes from."""
    likeness = [_trace(item, language) for item in numbers.likeness]
    parts = [_part(item, language) for item in numbers.parts]
    moving = word("follows_detail", language, degrees=numbers.row.pose_deg)
    steady = word("steady_detail", language, value=numbers.trembling)
    return [
        Finding("same", numbers.same, word(numbers.same, language), likeness, word("same_detail", language)),
        Finding("follows", numbers.follows, _following(numbers, language), parts, moving),
        Finding("steady", numbers.steady, word(numbers.steady, language), (), steady),
    ]


def _following(numbers: RunNumbers, language: Language) -> str:
    """The word, and which parts it comes from, unless nothing follows at all."""
    wrong = ("not",) if numbers.follows == "poor" else ("weakly", "over")
    names = [word(f"part_{part.name}", language) for part in numbers.parts if part.level in wrong]
    judged = [part for part in numbers.parts if part.level in TONES]
    if numbers.follows not in ("fair", "poor") or (numbers.follows == "poor" and len(names) == len(judged)):
        return word(numbers.follows, language)
    named = ("・" if language == "ja" else ", ").join(names)
    return word(f"follows_{numbers.follows}", language, parts=named.lower())


def _part(part: Part, language: Language) -> Line:
    """A part's line; numbers of what hardly moves are the detector's noise."""
    judged = part.level in TONES and part.c == part.c and part.g == part.g
    # As asked for: a mouth that was set to half is as strong as it should be at half.
    numbers = word("part_numbers", language, c=part.c, g=part.g / part.asked) if judged else ""
    name, said = word(f"part_{part.name}", language), word(f"level_{part.level}", language)
    return Line(name, said, numbers, TONES.get(part.level, "plain"))


def _trace(item: Likeness, language: Language) -> Line:
    known = item.share == item.share
    numbers = word("trace_numbers", language, percent=100 * item.share, rest=100 - 100 * item.share) if known else ""
    return Line(word(f"trace_{item.trace}", language), word(f"side_{item.side}", language), numbers, SIDES[item.side])
