"""What can be seen of the page: where the keyboard is, what a finger hits, the AI label whole, large pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import browsing
import page_server
import pytest
from browsing import PHONE, Visit, needs_chromium, visiting
from conftest import DATA
from page_server import Served, until

from tmt import provenance
from tmt.label import label_box

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = needs_chromium
browser, served = browsing.browser, page_server.served  # fixtures
WIDE = (1440, 900)
CLIPS = {side: DATA / f"{side}.mp4" for side in ("subject", "driving")}
SIZE = "(element) => { const box = element.getBoundingClientRect(); return [box.width, box.height]; }"


@pytest.fixture(scope="module")
def visit(browser: Browser, served: Served) -> Iterator[Visit]:
    """Both clips are chosen, no box is ticked."""
    with visiting(browser, served.url, "en", WIDE) as visit:
        visit.upload(**CLIPS)
        yield visit


@pytest.fixture(scope="module")
def judged(browser: Browser, served: Served) -> Iterator[Visit]:
    """A result is there."""
    with visiting(browser, served.url, "en", WIDE) as visit:
        visit.transfer(**CLIPS)
        yield visit


def test_boxes_that_the_keyboard_is_at_have_a_ring(visit: Visit) -> None:
    for key in provenance.STATEMENTS:
        visit.page.locator(f"#consent_{key} input").focus()
        visit.page.keyboard.press("Shift")  # from now on the keyboard is in use
        ring = visit.page.locator(f"#consent_{key} input").evaluate("(box) => getComputedStyle(box).outline")
        assert "solid" in ring and re.search(r"\b[23]px", ring), ring


def test_white_on_the_buttons_that_matter_can_be_read(visit: Visit) -> None:
    for selector in ("#run", "#showcase .use"):
        colours = visit.page.locator(selector).first.evaluate(
            "(button) => { const style = getComputedStyle(button); return [style.color, style.backgroundColor]; }"
        )
        light, dark = (_luminance(colour) for colour in colours)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, selector


def _luminance(colour: str) -> float:
    channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_remarks_on_boxes_that_were_left_out_do_not_cover_each_other(visit: Visit) -> None:
    visit.press("run")
    remarks = visit.page.locator(".validation-error")
    assert until(lambda: remarks.count() == 3)
    boxes = [remark.bounding_box() for remark in remarks.all()]
    for upper, lower in pairwise(boxes):
        assert upper and lower and upper["y"] + upper["height"] <= lower["y"]


def test_a_files_cross_is_large_enough_to_hit(visit: Visit) -> None:
    for side in ("subject", "driving"):
        assert min(visit.page.locator(f"#{side} .icon-button-wrapper button").first.evaluate(SIZE)) >= 24


def test_the_player_uses_the_width_there_is_and_can_fill_the_screen(judged: Visit) -> None:
    visit = judged
    width, _ = visit.page.locator("#player .lane.over").evaluate(SIZE)
    assert width > 500
    visit.page.locator("#player .full").click()
    assert until(lambda: bool(visit.page.evaluate("document.fullscreenElement?.matches('.tmt-player')")))
    assert until(lambda: visit.page.locator("#player .lane.over").evaluate(SIZE)[0] > 1.2 * width)
    visit.page.locator("#player .full").click()
    assert until(lambda: visit.page.evaluate("document.fullscreenElement === null"))


@pytest.mark.parametrize("share", [0, 50, 80, 100])
def test_the_ai_label_stays_whole_wherever_the_edge_is(judged: Visit, share: int) -> None:
    """Every corner of the label is of the result, however far it is wiped away, and not much more is."""
    visit = judged
    visit.page.locator("#player .wiper").fill(str(share))
    video = visit.page.locator("#player .lane.over video")
    width, height = video.evaluate("(video) => [video.videoWidth, video.videoHeight]")
    box = label_box(height, width)
    corners = [(box.left / width, box.top / height), ((box.left + box.width) / width, (box.top + box.height) / height)]
    for x, y in corners:
        assert visit.page.evaluate(SHOWN, [x, y]) == "result"
    assert (visit.page.evaluate(SHOWN, [0.5, 0.5]) == "result") is (share <= 50)


# Which lane is seen at a place of the picture. What is clipped away is not hit; the wiper on top is let through.
SHOWN = """([x, y]) => {
  const lane = document.querySelector('#player .lane.over'), box = lane.getBoundingClientRect();
  lane.scrollIntoView({ block: 'center' });
  const now = lane.getBoundingClientRect();
  const at = document.elementsFromPoint(now.left + 0.1 + x * (box.width - 0.2), now.top + 0.1 + y * (box.height - 0.2));
  return at.map((element) => element.closest('.lane')).find(Boolean)?.dataset.role;
}"""


def test_answers_and_figures_fit_a_telephone(browser: Browser, served: Served) -> None:
    with visiting(browser, served.url, "ja", PHONE) as visit:
        visit.transfer(**CLIPS)
        visit.page.locator("#numbers summary").click()
        assert visit.fits()
