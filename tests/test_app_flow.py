"""What a visitor's steps do to each other, in a real browser over a pretended studio, in English and in Japanese."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import browsing
import page_server
import pytest
from browsing import Visit, needs_chromium, sync_api
from page_server import Served, until

from tmt import provenance
from tmt.page import visits
from tmt.page.texts import text

if TYPE_CHECKING:
    from playwright.sync_api import Dialog

browser, visit = browsing.browser, browsing.visit  # fixtures
clips, served = page_server.clips, page_server.served
pytestmark = needs_chromium


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


def in_sight(visit: Visit, selector: str) -> None:
    """Wait until something is on the screen."""
    sync_api.expect(visit.page.locator(selector).first).to_be_in_viewport(ratio=0.5)


def shade(visit: Visit, selector: str) -> float:
    """How opaque a part is."""
    return float(visit.page.locator(selector).first.evaluate("part => getComputedStyle(part).opacity"))


def test_a_preview_has_one_bar_and_comes_into_sight(visit: Visit, clips: dict[str, Path]) -> None:
    visit.upload(subject=clips["slow"], driving=clips["ben"])
    visit.agree()
    visit.press("preview")
    visit.expect("#panel .running", text("study", visit.language))
    assert visit.page.locator(".side .running").count() == 1
    in_sight(visit, "#panel .running")
    in_sight(visit, "#preview_out img")
    sync_api.expect(visit.page.locator("#panel")).to_be_hidden()


def test_what_went_wrong_is_gone_when_something_new_is_asked_for(visit: Visit, clips: dict[str, Path]) -> None:
    visit.agree()
    for _ in range(2):
        visit.press("run")
        visit.expect("#panel .wrong", text("clip_needed", visit.language))
        visit.shown(".toast-body")
    assert visit.page.locator(".toast-body").count() == 1
    visit.upload(subject=clips["anna"], driving=clips["ben"])
    visit.press("run")
    sync_api.expect(visit.page.locator(".toast-body")).to_be_hidden(timeout=5000)
    visit.shown("#player video", 60)


def test_the_3d_head_is_of_the_person_in_the_result_whatever_the_form_holds(
    visit: Visit, served: Served, clips: dict[str, Path]
) -> None:
    visit.transfer(subject=clips["anna"], driving=clips["ben"])
    before = list(served.studio.studied)
    take_away(visit, "subject")
    visit.upload(subject=clips["stranger"])
    visit.agree("driving")
    visit.open("head")
    shown = visit.shown("#view img").get_attribute("src")
    visit.shown("#coverage img")
    visit.shown("#yaw input[type=range]").focus()
    visit.page.keyboard.press("End")
    assert until(lambda: visit.page.locator("#view img").first.get_attribute("src") != shown)
    assert served.studio.studied == before
    assert not visit.page.locator(".toast-body").count()


def test_a_result_says_of_what_it_is_and_stands_back_while_another_is_made(
    visit: Visit, served: Served, clips: dict[str, Path]
) -> None:
    visit.transfer(subject=clips["anna"], driving=clips["ben"])
    for words in ("anna.mp4 × ben.mp4", text("natural", visit.language), "128 × 96"):
        visit.expect("#about", words)
    assert ":" in visit.page.locator("#about time").inner_text()
    assert "Z" not in visit.page.locator("#about time").inner_text(), "the reader's own time"
    sync_api.expect(visit.page.locator("#about .former")).to_be_hidden()
    take_away(visit, "driving")
    visit.upload(driving=clips["endless"])
    visit.agree()
    visit.press("run")
    visit.expect("#panel .running", text("render", visit.language))
    sync_api.expect(visit.page.locator("#about .former")).to_be_visible()
    assert until(lambda: shade(visit, "#player") < 0.5)
    visit.press("stop")
    assert until(lambda: shade(visit, "#player") == 1)
    visit.expect("#about", "anna.mp4 × ben.mp4")


def test_a_method_that_joined_is_announced_judged_and_shown(visit: Visit, clips: dict[str, Path]) -> None:
    visit.transfer(subject=clips["anna"], driving=clips["ben"])
    visit.open("methods")
    visit.press("compare")
    name = text("warp2d", visit.language)
    visit.expect("#compare_panel", text("joined", visit.language, name=name))
    in_sight(visit, '#player .lane[data-role="warp2d"]')
    visit.expect("#numbers .others", name)


def test_no_download_is_offered_before_there_is_a_file(visit: Visit, clips: dict[str, Path]) -> None:
    visit.transfer(subject=clips["anna"], driving=clips["ben"])
    visit.open("review")
    visit.open("blind")
    for late in ("file_review", "votes_file"):
        sync_api.expect(visit.page.locator(f"#{late}")).to_be_hidden()
    visit.page.locator("#decision input").first.check()
    visit.press("sign")
    visit.shown("#file_review")
    visit.open("head")
    visit.shown("#file_glb")
    visit.press("run")
    sync_api.expect(visit.page.locator("#file_review")).to_be_hidden()


def test_deleting_asks_once_more_ends_a_run_and_unticks_the_boxes(
    visit: Visit, served: Served, clips: dict[str, Path]
) -> None:
    visit.transfer(subject=clips["anna"], driving=clips["ben"])
    visit.press("delete")
    sync_api.expect(visit.page.locator("#keep")).to_be_focused()
    visit.press("keep")
    sync_api.expect(visit.page.locator("#sure")).to_be_hidden()
    assert visit.shown("#player video")
    take_away(visit, "driving")
    visit.upload(driving=clips["endless"])
    visit.agree()
    visit.press("run")
    visit.expect("#panel .running", text("render", visit.language))
    part = served.studio.parts[-1]
    visit.delete()
    assert until(lambda: ticked(visit) == [False] * 3)
    assert until(lambda: not part.parent.exists())
    sync_api.expect(visit.page.locator("#run")).to_be_enabled()
    sync_api.expect(visit.page.locator("#results")).to_be_hidden()


def test_leaving_asks_while_something_would_be_lost_and_then_takes_the_files_along(
    visit: Visit, served: Served, clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    visit.page.on("dialog", answer)
    visit.page.reload()
    visit.shown("#run")
    assert asked == []
    visit.transfer(subject=clips["anna"], driving=clips["ben"])
    made = max(served.cache.glob("visit-*/*/*generated.mp4"), key=lambda path: path.stat().st_mtime)
    with visit.page.expect_download():
        visit.press("file_report")
    assert asked == [], "a download does not leave the page"
    monkeypatch.setattr(visits, "LEFT_SECONDS", 0.0)
    visit.page.reload()
    visit.shown("#run")
    assert asked == ["beforeunload"]
    visit.agree()  # whatever is asked of the page next sweeps
    assert until(lambda: not made.parent.parent.exists())
    visit.transfer(subject=clips["anna"], driving=clips["ben"])
    with visit.page.expect_download():
        visit.press("file_video")
    visit.page.reload()
    visit.shown("#run")
    assert asked == ["beforeunload"], "what was downloaded is not lost"
