"""The whole story with the real pipeline in a real browser: from an example to a report, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browsing import LOCALES, Visit, chromium, needs_chromium, visiting
from heads import pipeline
from page_server import Served, serve, until

from tmt.page.studio import RealStudio
from tmt.page.texts import text
from tmt.report_words import word

pytestmark = needs_chromium
MINUTES = 240  # s a step may take on a busy computer


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(RealStudio(pipeline()), tmp_path_factory.mktemp("real")) as page:
        yield page


@pytest.mark.timeout(900)
def test_an_example_becomes_a_result_and_a_report_in_both_languages(real: Served) -> None:
    with chromium() as browser:
        for language in LOCALES:
            with visiting(browser, real.url, language) as visit:
                _play(visit)


def _play(visit: Visit) -> None:
    visit.page.locator("#showcase [data-pair]").click()
    visit.expect("#driving_card", text("fact_reference", visit.language), MINUTES)
    visit.agree()
    visit.press("run")
    assert visit.plays(visit.shown('#player .lane[data-role="result"] video', MINUTES))
    visit.expect("#numbers .card", word("same", visit.language))
    with visit.page.expect_download() as download:
        visit.press("file_report")
    report = visit.page.request.get(download.value.url).text()
    _agree_on_the_numbers(visit, report)
    _look_around(visit)
    visit.delete()
    assert visit.page.request.get(download.value.url).status == 404


def _agree_on_the_numbers(visit: Visit, report: str) -> None:
    """Page and report say the same."""
    assert f'<html lang="{visit.language}">' in report
    visit.page.locator("#numbers summary").click()
    shown = visit.page.locator('#numbers tr[title="pose_deg"] td').last.inner_text()
    assert re.search(rf'<tr title="pose_deg">.*?<td>{re.escape(shown)}</td></tr>', report)
    assert report.count("data:image/jpeg") >= 8


def _look_around(visit: Visit) -> None:
    """A still from elsewhere, the head in three dimensions, how much of it was seen."""
    visit.open("head")
    slider = visit.shown("#yaw input[type=range]")
    slider.focus()
    visit.page.keyboard.press("End")
    assert visit.shown("#view img", MINUTES)
    visit.shown("#coverage img", MINUTES)
    assert until(lambda: visit.page.locator(".tmt-head").get_attribute("data-state") == "shown")
