"""What a visitor's steps do to each other, in a real browser over a pretended studio, in English and in Japanese."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import page_server
import pytest
from browsing import Visit, chromium, needs_chromium, sync_api, visiting
from page_server import Served, until

from tmt import provenance
from tmt.page.texts import text

if TYPE_CHECKING:
    from playwright.sync_api import Browser

clips, served = page_server.clips, page_server.served  # fixtures
pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["en", "ja"])
def visit(request: pytest.FixtureRequest, browser: Browser, served: Served) -> Iterator[Visit]:
    with visiting(browser, served.url, request.param) as visit:
        yield visit


def ticked(visit: Visit) -> list[bool]:
    """The three boxes."""
    return [visit.page.locator(f"#consent_{key} input").is_checked() for key in provenance.STATEMENTS]


def take_away(visit: Visit, side: str) -> None:
    """Remove a clip from the form."""
    visit.page.locator(f"#{side} .icon-button-wrapper button").first.click()
    sync_api.expect(visit.page.locator(f"#{side}_card .clip")).to_be_hidden()


def test_nobodys_face_is_looked_at_by_the_consent_for_another(
    visit: Visit, served: Served, clips: dict[str, Path]
) -> None:
    visit.agree()
    visit.upload(subject=clips["anna"], driving=clips["ben"])
    visit.expect("#driving_card .verdict", text("green", visit.language))
    assert ticked(visit) == [True, True, True]
    take_away(visit, "subject")
    assert until(lambda: ticked(visit) == [False, True, True])
    visit.expect("#consent_subject", text("consent_again", visit.language))
    before = len(served.studio.looked)
    visit.upload(subject=clips["couple"])
    visit.expect("#subject_card", text("after_consent", visit.language))
    visit.page.wait_for_timeout(500)  # time for a look that must not come
    assert len(served.studio.looked) == before
    visit.page.locator("#consent_subject input").check()
    visit.expect("#subject_card", text("remark_several_faces", visit.language, count=2))
