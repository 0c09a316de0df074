"""What a user is told when something is wrong: whole in either language."""

from __future__ import annotations

import re

import pytest

from tmt.errors import REASONS, TEXTS, MediaError, OutputError, SettingsError
from tmt.page.texts import TEXTS as PAGE
from tmt.report_words import WORDS as REPORT


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_name_the_same_things(key: str) -> None:
    english, japanese = ({name.partition(":")[0] for name in re.findall(r"{(\w+[^}]*)}", text)} for text in TEXTS[key])
    assert {name.partition("!")[0] for name in english} == {name.partition("!")[0] for name in japanese}
    assert re.search(r"[ぁ-んァ-ヶ一-龠]", TEXTS[key][1])


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_known_reasons_are_japanese_within_a_japanese_text(reason: str) -> None:
    error = OutputError("output_unwritable", name="out.mp4", reason=reason)
    assert reason in str(error)
    assert reason not in error.text("ja") and REASONS[reason] in error.text("ja")


def test_names_and_unknown_reasons_stay_as_they_are() -> None:
    error = MediaError("not_media", name="it is a folder.mp4", reason="odd thing")
    assert "it is a folder.mp4" in error.text("ja") and "odd thing" in error.text("ja")
    choice = SettingsError("setting", name="tracker", value="x", reason="one of a, b")
    assert "次のいずれか：a, b" in choice.text("ja")


def test_words_are_those_that_people_use_at_work() -> None:
    """One word for one thing, in errors, on the page and in the report."""
    texts = [*TEXTS.values(), *PAGE.values(), *REPORT.values()]
    odd = "復号|符号化|駆動|受領|動きの人(?!物)|再帰|コマ(?!ンド)|クリップ"
    assert not [japanese for _, japanese in texts if re.search(odd, japanese)]
    assert not [en for en, _ in texts if re.search(r"\bdriver\b|\bTimes\b|None stands|Kept: |Keep the", en)]
