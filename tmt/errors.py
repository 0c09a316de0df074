"""The one family of exceptions that a user may meet: what is wrong, and what to do, in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from tmt.messages import REASONS, TEXTS

Language = Literal["en", "ja"]


def _japanese(value: object) -> object:
    """A value as it stands in a Japanese text: known reasons are translated."""
    text = str(value)
    if text.startswith("one of "):
        return f"次のいずれか：{text.removeprefix('one of ')}"
    return REASONS.get(text, value)


class TmtError(Exception):
    """Base of every error that the product raises on purpose.

    `key` picks the text from `TEXTS`; `values` fill it. `str(error)` is the English text; `text("ja")` the Japanese.
    `status` is the CLI's exit status.
    """

    status: ClassVar[int] = 3

    def __init__(self, key: str, **values: object) -> None:
        self.key, self.values = key, values
        super().__init__(self.text("en"))

    def text(self, language: Language = "en") -> str:
        """The message in one language."""
        if language == "en":
            return TEXTS[self.key][0].format(**self.values)
        return TEXTS[self.key][1].format(**{**self.values, "reason": _japanese(self.values.get("reason"))})


class MediaError(TmtError):
    """A file that cannot be read as a video or picture."""


class FaceError(TmtError):
    """No usable face in a clip."""


class ConsentError(TmtError):
    """A consent statement was not affirmed."""

    status = 4


class OutputError(TmtError):
    """A result that cannot be written."""


class SettingsError(TmtError):
    """A setting out of its range."""


class WeightsError(TmtError):
    """Weights or an optional package that cannot be loaded."""


class JobsError(TmtError):
    """A table of jobs that cannot be read, or rows of it that cannot be done; `problems` says why, by line."""

    def __init__(self, key: str, problems: Mapping[int, TmtError] | None = None, **values: object) -> None:
        self.problems = dict(sorted((problems or {}).items()))
        super().__init__(key, **values)

    def text(self, language: Language = "en") -> str:
        """The message in one language, and a line for each row."""
        line = TEXTS["jobs_line"][1 if language == "ja" else 0]
        rows = (line.format(line=number, problem=why.text(language)) for number, why in self.problems.items())
        return "\n".join((super().text(language), *rows))


class Cancelled(TmtError):
    """The user stopped a run."""

    status = 130
