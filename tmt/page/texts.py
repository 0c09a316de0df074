"""What the page says, in English and Japanese. The consent statements are in `provenance`, the errors in `errors`."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from tmt import provenance
from tmt.errors import Language
from tmt.page.words_form import FORM
from tmt.page.words_result import RESULT

LANGUAGES: tuple[Language, ...] = ("en", "ja")
TEXTS: dict[str, tuple[str, str]] = {**FORM, **RESULT}


def text(key: str, language: Language, **values: object) -> str:
    """One text of the page, filled in."""
    return TEXTS[key][1 if language == "ja" else 0].format(**values)


def of_method(method: str) -> str:
    """The key of a method's name ("head" is a setting's, too)."""
    return "head_alone" if method == "head" else method


def catalogue(language: Language, **values: object) -> dict[str, str]:
    """Every text that the browser translates itself, consent statements included, under "consent_<id>"."""
    statements = {f"consent_{key}": words for key, words in provenance.statements(language).items()}
    # Texts that the server fills in later keep their braces: the browser never shows them.
    filled = {key: _filled(words[language == "ja"], values) for key, words in TEXTS.items()}
    return filled | statements


def _filled(words: str, values: Mapping[str, object]) -> str:
    """A text with its values; one whose values are not all known yet stays as it is written."""
    names = {name for _, name, _, _ in Formatter().parse(words) if name}
    return words.format(**values) if names <= set(values) else words


def preferred(accept_language: str | None) -> Language:
    """The language for a browser's Accept-Language: what it wants most decides, as it does for the labels."""
    ranked: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((float(weight or 1), tag.lower()))
        except ValueError:
            continue
    best = max(ranked, key=lambda item: item[0], default=(0.0, ""))[1]
    return "ja" if best.split("-")[0] == "ja" else "en"
