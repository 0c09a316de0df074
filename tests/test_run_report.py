"""What stands in the report that people forward: the decision on top, times as their clock shows them, names that say
something, pictures that can be looked at, and how the clips and the result are as files."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from test_run_verdicts import acted, row_of

from tmt.errors import Language
from tmt.evaluate.rows import cells
from tmt.proxies import moments
from tmt.receipt import Review
from tmt.report_figures import NAMES, figure_name
from tmt.report_html import Story, html_report
from tmt.report_words import METHOD_WORDS, WORDS, local_time, word
from tmt.types import METHODS, MediaInfo, Settings

FIGURES = {name: value for name, value in cells(row_of(acted(), acted())).items() if name not in ("case", "method")}
SIGNED = Review("reject", "<b>teeth</b>", "山田", "2026-12-01T10:23:17Z")


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer in Japan."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def report(language: Language, review: Review | None = SIGNED, **changes: object) -> str:
    info = MediaInfo(Path("clip.mp4"), 512, 480, Fraction(30000, 1001), 90, 3.003, True, False)
    tracked = {"total": 90, "tracked": 80, "held": 10, "reasons": {"turned_away": 7, "odd": 3}}
    told = {
        "created_utc": "2026-12-01T10:22:53Z", "frames": {"subject": tracked}, "limits": {"turned_past_range": 12},
        "settings": {"method": "fused", "mode": "relative"}, "consent": {"text": "v1", "utc": "2026-12-01T10:21:29Z"},
        **changes,
    }  # fmt: skip
    picture = np.zeros((300, 300, 3), np.uint8)
    shown = [(0.5, {"subject": picture, "driving": picture, "result": picture})]
    clips = {"subject": info, "driving": info, "result": info}
    return html_report(Story(told, shown, (), (), FIGURES, {"decode": 1.0}, 3.0, review, None, clips), language)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_decision_stands_above_the_pictures(language: Language) -> None:
    page = report(language)
    first = page.index(word("reject", language))
    assert first < page.index("data:image/jpeg")
    assert first < page.index(word("generated", language))
    assert "&lt;b&gt;teeth&lt;/b&gt;" in page and "山田" in page
    assert page.index('class="signed reject"') < first
    assert word("not_reviewed", language) in report(language, None)


def test_times_are_those_of_the_readers_clock_with_their_zone(tokyo: None) -> None:
    assert local_time("2026-12-01T15:22:53Z", "ja") == "2026年12月2日 00:22（UTC+09:00）"
    assert local_time("2026-12-01T15:22:53Z", "en") == "2 December 2026, 00:22 (UTC+09:00)"
    assert local_time("some day", "en") == "some day"
    for language in ("en", "ja"):
        page = report(language)  # type: ignore[arg-type]
        assert not re.search(r"\d\dT\d\d:\d\d", page)
        assert len(re.findall(r"19:2\d", page)) == 3, "made, reviewed, affirmed"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_figure_of_the_evaluation_has_a_name_and_a_line_on_what_it_counts(language: Language) -> None:
    assert set(FIGURES) == set(NAMES)
    page = report(language)
    for name in FIGURES:
        assert f'title="{name}"' in page
        assert f"{figure_name(name, language)}<small>" in page
    assert not re.search(r">\s*(c|g|csim|texture|shape)_\w+", page)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_methods_and_settings_have_names(language: Language) -> None:
    assert set(METHOD_WORDS) == set(METHODS)
    assert f"<td>{METHOD_WORDS['fused'][language == 'ja']}</td>" in report(language)
    assert {f"set_{field.name}" for field in fields(Settings)} <= set(WORDS)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_clips_and_result_are_described_with_what_was_held_and_which_limits_acted(language: Language) -> None:
    page = report(language)
    for fact in ("512 × 480", "29.97 fps", word("seconds", language, value=3.003), "80 / 90"):
        assert fact in page
    assert f"{word('reason_turned_away', language)} 7, odd 3" in page
    assert f"{word('limit_turned_past_range', language)}" in page
    assert word("no_limits", language) in report(language, limits={})


def test_pictures_are_as_large_as_they_are_up_to_a_limit_and_fill_the_window_when_pressed(driving_clip: Path) -> None:
    (small,), (large,) = (moments(driving_clip, [0.1], height) for height in (60, 5000))
    assert small.shape[0] == 60
    assert large.shape[0] < 5000, "nothing is blown up"
    page = report("en")
    assert page.count('<input type="checkbox"') == 3 and "<script" not in page
    assert ":checked + img { position: fixed" in page
