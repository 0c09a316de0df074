"""A visitor's way through the page in a real browser, in English and in Japanese, over a pretended studio."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import browsing
import page_server
import pytest
from browsing import LOCALES, PHONE, Visit, needs_chromium, sync_api, visiting
from conftest import DATA
from page_proxy import behind_prefix
from page_server import MockStudio, Served, serve, until

from tmt import provenance
from tmt.errors import TEXTS as ERRORS
from tmt.errors import Language
from tmt.page.texts import TEXTS, text
from tmt.report_figures import figure_name
from tmt.report_words import word

if TYPE_CHECKING:
    from playwright.sync_api import Browser

browser, visit = browsing.browser, browsing.visit  # fixtures
clips, served = page_server.clips, page_server.served
pytestmark = needs_chromium
CONTROLS = "button, input, select, textarea, video, img, [tabindex='0']"
NAMELESS = """(controls) => [...document.querySelectorAll(controls)].filter(
  (part) => part.offsetParent && part.type !== 'file' && !part.closest('footer') && !part.matches('.face-chip')
    && !(part.getAttribute('aria-label') || part.labels?.length || part.innerText?.trim() || part.title
      || part.getAttribute('aria-labelledby') || part.alt || part.closest('label')))
  .map((part) => part.outerHTML.slice(0, 120))"""

ON_TOP = """(across) => {  // whose picture is seen, so far across the wiped ones
  const lane = document.querySelector("#player .over");
  lane.scrollIntoView({ block: "center" });
  const box = lane.getBoundingClientRect(), x = box.left + across * box.width, y = box.top + box.height / 3;
  return document.elementsFromPoint(x, y).find((part) => part.closest(".lane")).closest(".lane").dataset.role;
}"""


def test_the_empty_page_shows_an_example_and_speaks_the_readers_language(visit: Visit) -> None:
    assert visit.plays(visit.shown('#showcase .lane[data-role="result"] video'))
    visit.expect("#consent_subject", provenance.statements(visit.language)["subject"])
    assert visit.page.evaluate("document.documentElement.lang") == visit.language
    seen = visit.page.locator("body").inner_text()
    for key in ("introduction", "run", "preview", "stop", "preset_help", "more", "use_pair", "subject_help"):
        assert text(key, visit.language) in seen, key
    assert not [key for key in TEXTS if re.search(rf"^{key}$", seen, re.MULTILINE)], "a key instead of its text"
    assert "__i18n__" not in seen
    assert not visit.page.locator("#results").is_visible()
    assert visit.page.evaluate(NAMELESS, CONTROLS) == []
    visit.agree()
    visit.press("run")
    visit.expect(".toast-body", text("clip_needed", visit.language))
    visit.expect("#panel", text("clip_needed", visit.language))


def test_no_face_is_looked_at_before_all_three_boxes_are_ticked(
    visit: Visit, served: Served, clips: dict[str, Path]
) -> None:
    before = len(served.studio.looked), len(served.studio.studied)
    visit.upload(subject=clips["anna"], driving=clips["ben"])
    visit.expect("#subject_card", text("after_consent", visit.language))
    for key in provenance.STATEMENTS:
        visit.agree(key)
        _refused(visit, key, "preview" if key == "driving" else "run")
    assert (len(served.studio.looked), len(served.studio.studied)) == before
    visit.agree()
    visit.expect("#subject_card .verdict", text("green", visit.language))
    visit.expect("#driving_card", text("fact_reference", visit.language))


def _refused(visit: Visit, key: str, button: str) -> None:
    """Pressing the button brings a word at that box alone. Gradio takes the word back when the cards answer to a box
    that was ticked a moment ago, so a second press may be needed."""
    words = visit.page.locator(".validation-error")
    for _ in range(3):
        visit.page.wait_for_timeout(700)
        visit.press(button)
        if until(lambda: [bool(said) for said in words.all_inner_texts()] == [True], 5):
            break
    visit.expect(f"#consent_{key} .validation-error", text("consent_needed", visit.language))
    sync_api.expect(visit.page.locator(f"#consent_{key}")).to_be_in_viewport()
    sync_api.expect(visit.page.locator(f"#consent_{key} input")).to_be_focused()


def test_two_uploads_become_a_result_to_be_compared_judged_signed_forwarded_and_deleted(
    visit: Visit, clips: dict[str, Path]
) -> None:
    visit.upload(subject=clips["anna"], driving=clips["ben"])
    visit.agree()
    visit.press("preview")
    assert visit.shown("#preview_out img")
    visit.press("run")
    visit.expect("#panel .running", text("render", visit.language))
    _compare(visit)
    _judge(visit)
    _other_methods(visit)
    _from_elsewhere(visit)
    report = _sign(visit)
    sync_api.expect(visit.page.locator("#run")).to_be_enabled()
    visit.delete()
    sync_api.expect(visit.page.locator("#results")).to_be_hidden()
    assert visit.page.request.get(report).status == 404


def _compare(visit: Visit) -> None:
    """The player keeps its lanes in step, at a quarter of the speed and frame by frame."""
    for role in ("subject", "driving", "result"):
        assert visit.plays(visit.shown(f'#player .lane[data-role="{role}"] video', 60)), role
    times = "() => [...document.querySelectorAll('#player video')].map((video) => video.currentTime)"
    for _ in range(3):
        visit.page.locator("#player .forward").click()
    assert until(lambda: max(visit.page.evaluate(times)) - min(visit.page.evaluate(times)) < 0.02)
    assert 0.10 < visit.page.evaluate(times)[0] < 0.16, "three frames of 1/25 s, at the middle of the fourth"
    visit.page.locator("#player .speed").select_option("0.25")
    visit.page.locator("#player .play").click()
    rates = "() => [...document.querySelectorAll('#player video')].every((v) => !v.paused && v.playbackRate === 0.25)"
    assert until(lambda: bool(visit.page.evaluate(rates)))
    visit.page.locator("#player .wiper").fill("20")
    assert visit.page.locator("#player .stage").evaluate("stage => stage.style.getPropertyValue('--wipe')") == "20%"
    visit.page.locator("#player .mode").click()
    visit.expect("#player .mode", text("view_wipe", visit.language))


def _judge(visit: Visit) -> None:
    """Questions are answered in words, the figures are there, a frame that deserves a look is one click away."""
    for question in ("same", "follows", "steady"):
        visit.expect("#numbers", word(question, visit.language))
    visit.page.locator("#numbers [data-seek]").click()
    at = "() => document.querySelector('#player .lane[data-role=result] video').currentTime"
    assert until(lambda: abs(visit.page.evaluate(at) - 0.4) < 0.02)
    visit.page.locator("#numbers summary").click()
    visit.expect('#numbers tr[title="pose_deg"]', "1.5")
    visit.expect('#numbers tr[title="c_mouth"]', figure_name("c_mouth", visit.language))


def _other_methods(visit: Visit) -> None:
    """Another method joins the player and the table; answers are counted, and who is who is told at the end alone."""
    visit.open("methods")
    visit.press("compare")
    assert visit.plays(visit.shown('#player .lane[data-role="warp2d"] video', 60))
    assert visit.page.evaluate(ON_TOP, 0.1) == "warp2d" and visit.page.evaluate(ON_TOP, 0.9) == "result"
    visit.page.locator("#numbers summary").click()
    visit.expect("#numbers th >> nth=2", text("warp2d", visit.language))
    visit.open("blind")
    visit.press("blind")
    visit.shown("#voting", 60)
    assert not re.search("fused|warp2d|AI-generated", visit.page.locator("#blind_player").inner_html())
    names = {"first": text("fused", visit.language), "second": text("warp2d", visit.language)}
    visit.press("reveal")
    visit.expect("#tally", text("vote_first", visit.language))
    for answer in ("left", "same"):
        visit.press(f"vote_{answer}")
        said = text(f"vote_{answer}", visit.language)
        visit.expect("#tally", text("voted", visit.language, choice=said))
        assert not any(name in visit.page.locator("#part_blind").inner_text() for name in names.values())
    sync_api.expect(visit.page.locator("#votes_file")).to_be_hidden()
    visit.press("reveal")
    counts = {"first_wins": 0, "second_wins": 0, "same": 1}
    visit.expect("#tally", text("tally", visit.language, **names, **counts))
    visit.expect("#tally", text("not_decided", visit.language))
    sync_api.expect(visit.page.locator("#voting")).to_be_hidden()
    sync_api.expect(visit.page.locator("#votes_file")).to_be_visible()
    captions = sorted(caption[3:] for caption in visit.page.locator("#blind_player figcaption").all_inner_texts())
    assert captions == sorted(names.values())


def _from_elsewhere(visit: Visit) -> None:
    """Opened, the section shows the head, its coverage and a file of it; a slider turns it, buttons show it
    in a video and as it grew."""
    visit.open("head")
    before = visit.shown("#view img").get_attribute("src")
    visit.shown("#coverage img")
    assert visit.page.locator(".tmt-head").count() == 1
    visit.shown("#yaw input[type=range]").focus()
    visit.page.keyboard.press("End")
    assert until(lambda: visit.page.locator("#view img").first.get_attribute("src") != before)
    visit.press("turntable")
    assert visit.plays(visit.shown("#turned video"))
    visit.press("grow")
    visit.shown("#growth img")


def _sign(visit: Visit) -> str:
    """A decision is kept in the report, which speaks the reader's language; its address."""
    visit.open("review")
    visit.press("sign")
    visit.expect("#signed", text("decision_needed", visit.language))
    visit.page.locator("#decision input").first.check()
    visit.page.locator("#remark textarea").fill("<b>fine</b>")
    visit.page.locator("#reviewer input, #reviewer textarea").first.fill("Reviewer 1")
    visit.press("sign")
    visit.expect("#signed", text("signed", visit.language, decision=text("approve", visit.language)))
    with visit.page.expect_download() as download:
        visit.press("file_report")
    address = download.value.url
    page = visit.page.request.get(address).text()
    assert f'<html lang="{visit.language}">' in page
    assert word("approve", visit.language) in page
    assert "&lt;b&gt;fine&lt;/b&gt;" in page
    assert "Reviewer 1" in page
    return address


def test_an_example_comes_into_the_form_with_one_press_and_a_recording_too(visit: Visit) -> None:
    faces = "() => [...document.querySelectorAll('.face-chip')].map((face) => face.naturalWidth)"
    assert until(lambda: min(visit.page.evaluate(faces), default=0) > 0), "a face on every example"
    visit.page.locator("#showcase [data-pair]").click()
    visit.expect("#subject", "subject")
    visit.expect("#driving", "driving")
    visit.expect("#subject_card .verdict", text("green", visit.language))  # nobody there needs to be asked
    assert visit.complaints == []
    visit.page.locator("#driving_record > button").click()
    visit.page.locator("#driving_camera button").first.click()
    visit.shown("#driving_camera .capture-button").click()
    visit.page.wait_for_timeout(1500)  # a recording needs some length
    visit.shown("#driving_camera .capture-button").click()
    visit.expect("#driving", ".webm")
    visit.complaints.clear()  # what Gradio's own recorder says now and then is not the page's doing


def test_of_several_faces_one_is_chosen_on_the_picture(visit: Visit, served: Served, clips: dict[str, Path]) -> None:
    visit.agree()
    visit.upload(subject=clips["couple"], driving=clips["ben"])
    visit.expect("#subject_card", text("remark_several_faces", visit.language, count=2))
    visit.page.locator('#subject_card [data-face="1"]').click()
    sync_api.expect(visit.page.locator('#subject_card [data-face="1"]')).to_have_attribute("aria-pressed", "true")
    visit.press("run")
    visit.shown("#player video", 60)
    assert served.studio.faces[-1] == 2


def test_a_bad_file_is_explained_in_the_readers_language(visit: Visit, clips: dict[str, Path]) -> None:
    visit.agree()
    visit.upload(subject=clips["broken"], driving=clips["ben"])
    told = ERRORS["not_media"][1 if visit.language == "ja" else 0].split("{reason}")[-1]
    visit.expect("#subject_card .clip.red", told)
    visit.press("run")
    visit.expect(".toast-body", told)
    visit.expect("#panel", "broken.mp4")
    sync_api.expect(visit.page.locator("#run")).to_be_enabled()
    sync_api.expect(visit.page.locator("#stop")).to_be_disabled()


def test_a_stop_ends_the_run_and_leaves_no_file(visit: Visit, served: Served, clips: dict[str, Path]) -> None:
    visit.agree()
    visit.upload(subject=clips["anna"], driving=clips["endless"])
    visit.press("run")
    visit.expect("#panel .running", text("render", visit.language))
    sync_api.expect(visit.page.locator("#run")).to_be_disabled()
    part = served.studio.parts[-1]
    assert part.exists()
    visit.press("stop")
    visit.expect("#note", text("stopped", visit.language))
    assert until(lambda: not part.parent.exists())
    sync_api.expect(visit.page.locator("#run")).to_be_enabled()
    sync_api.expect(visit.page.locator("#panel")).to_be_hidden()
    visit.page.wait_for_timeout(300)  # time for a late word of the run that has ended
    visit.expect("#note", text("stopped", visit.language))
    assert not visit.page.locator("#panel").is_visible()


def test_whatever_takes_long_afterwards_can_be_stopped_too(visit: Visit, clips: dict[str, Path]) -> None:
    visit.transfer(subject=clips["endless"], driving=clips["ben"])
    for part in ("head", "methods", "blind"):
        visit.open(part)
    for job, stage in (("turntable", "render"), ("grow", "build"), ("compare", "render"), ("blind", "render")):
        visit.press(job)
        visit.expect(f"#{job}_panel .running", text(stage, visit.language))
        sync_api.expect(visit.page.locator(f"#{job}")).to_be_disabled()
        visit.press(f"{job}_stop")
        visit.expect(f"#{job}_note", text("stopped", visit.language))
        sync_api.expect(visit.page.locator(f"#{job}")).to_be_enabled()
        sync_api.expect(visit.page.locator(f"#{job}_stop")).to_be_hidden()
        visit.page.wait_for_timeout(300)  # time for a late word of the work that has ended
        assert not visit.page.locator(f"#{job}_panel").is_visible()
    assert visit.shown("#player video"), "what was there before stays"


def test_who_comes_second_is_told_their_place_and_the_page_answers_meanwhile(
    visit: Visit, browser: Browser, served: Served, clips: dict[str, Path]
) -> None:
    visit.agree()
    visit.upload(subject=clips["anna"], driving=clips["endless"])
    visit.press("run")
    visit.expect("#panel .running", text("render", visit.language))
    with visiting(browser, served.url, visit.language) as second:
        second.agree()
        second.upload(subject=clips["anna"], driving=clips["ben"])
        second.press("run")
        second.expect("#panel", text("queue", visit.language, place=2, of=2))
        clock = time.monotonic()
        second.page.locator("#more > button").click()
        second.shown("#mouth")
        assert time.monotonic() - clock < 30  # the run lasts until it is stopped
        visit.press("stop")
        second.shown("#player video", 60)


@pytest.mark.parametrize("language", LOCALES)
def test_nothing_sticks_out_on_a_telephone(browser: Browser, served: Served, language: Language) -> None:
    with visiting(browser, served.url, language, PHONE) as visit:
        assert visit.fits()
        visit.agree()
        visit.transfer(subject=DATA / "still.png", driving=DATA / "driving.mp4")
        for part in ("review", "head", "methods", "blind"):
            visit.open(part)
        assert visit.fits()


def test_behind_a_path_prefix_everything_is_found(
    browser: Browser, clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("prefixed")
    with (
        serve(MockStudio(), folder, root_path="/demo/tmt") as page,
        behind_prefix(page.url, "/demo/tmt") as url,
        visiting(browser, url, "en") as visit,
    ):
        visit.transfer(subject=clips["anna"], driving=clips["ben"])
        assert visit.plays(visit.shown('#player .lane[data-role="result"] video'))
