"""A visitor's way through the page in a real browser, in English and in Japanese."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import page_server
import pytest
from page_server import Served, until

from tmt import provenance
from tmt.errors import TEXTS as ERRORS
from tmt.errors import Language
from tmt.page.texts import TEXTS, text

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="a browser is driven by playwright")
clips, served = page_server.clips, page_server.served  # fixtures
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this computer")
LOCALES: dict[Language, str] = {"en": "en-GB", "ja": "ja-JP"}
PLAYS = "video => video.readyState >= 2 && video.videoWidth > 0 && !video.error"


@dataclass
class Visit:
    """A visitor's browser, and what happened in it that ought not to."""

    page: Page
    language: Language
    abroad: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def upload(self, subject: Path, driving: Path) -> None:
        """Choose both clips and wait until they have arrived."""
        for place, path in (("subject", subject), ("driving", driving)):
            with self.page.expect_response(re.compile("/upload")):
                self.page.locator(f"#{place} input[type=file]").first.set_input_files(path)
            sync_api.expect(self.page.locator(f"#{place} video")).to_be_visible()

    def agree(self, *left_out: str) -> None:
        """Tick the boxes."""
        for key in provenance.STATEMENTS:
            self.page.locator(f"#consent_{key} input").set_checked(key not in left_out)

    def run(self) -> None:
        self.page.locator("#run").click()

    def expect(self, selector: str, words: str) -> None:
        """Wait until something is to be read."""
        sync_api.expect(self.page.locator(selector).first).to_contain_text(words, timeout=20_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(params=["en", "ja"])
def visit(request: pytest.FixtureRequest, browser: Browser, served: Served) -> Iterator[Visit]:
    """The page, just opened by a reader of one language; at the end, nothing was asked of other hosts."""
    context = browser.new_context(locale=LOCALES[request.param])
    visit = Visit(context.new_page(), request.param)
    ours = (served.url, "data:", "blob:")
    visit.page.on("request", lambda sent: None if sent.url.startswith(ours) else visit.abroad.append(sent.url))
    visit.page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.goto(served.url)
    sync_api.expect(visit.page.locator("#run")).to_be_visible(timeout=30_000)
    yield visit
    context.close()
    assert visit.abroad == []
    assert [words for words in visit.complaints if "422" not in words] == []  # 422: a refusal, told at its widget


def test_the_empty_page_speaks_the_readers_language_and_asks_for_clips(visit: Visit) -> None:
    visit.expect("#consent_subject", provenance.statements(visit.language)["subject"])
    assert visit.page.evaluate("document.documentElement.lang") == visit.language
    seen = visit.page.locator("body").inner_text()
    for key in ("introduction", "run", "stop", "mode_help", "more", "relative"):
        assert text(key, visit.language) in seen, key
    assert not [key for key in TEXTS if re.search(rf"^{key}$", seen, re.MULTILINE)], "a key instead of its text"
    assert "__i18n__" not in seen
    assert not visit.page.locator("#result").is_visible()
    visit.agree()
    visit.run()
    for place in ("subject", "driving"):
        visit.expect(f"#{place} .validation-error", text("clip_needed", visit.language))


def test_each_missing_consent_is_asked_for_at_its_box(visit: Visit, served: Served, clips: dict[str, Path]) -> None:
    before = len(served.pipeline.studied)
    visit.upload(clips["anna"], clips["ben"])
    for key in provenance.STATEMENTS:
        visit.agree(key)
        visit.run()
        visit.expect(f"#consent_{key} .validation-error", text("consent_needed", visit.language))
        assert visit.page.locator(".validation-error").count() == 1
    assert len(served.pipeline.studied) == before


def test_two_clips_become_playable_videos_with_sound_and_a_report(visit: Visit, clips: dict[str, Path]) -> None:
    visit.upload(clips["anna"], clips["ben"])
    trimmers = visit.page.locator("button[aria-label^='Trim']").all()
    assert not [button for button in trimmers if button.is_visible()], "trimming fetches a program from another site"
    visit.agree()
    visit.page.get_by_label(text("absolute", visit.language)).check()
    visit.run()
    visit.expect("#panel", text("done", visit.language))
    for place in ("result", "side_by_side"):
        video = visit.page.locator(f"#{place} video")
        sync_api.expect(video).to_be_visible()
        assert until(partial(video.evaluate, PLAYS)), place
    video = visit.page.locator("#result video")
    video.evaluate("video => { video.muted = true; return video.play(); }")
    assert until(lambda: video.evaluate("video => video.webkitAudioDecodedByteCount > 0")), "no sound"
    served_bytes = visit.page.request.get(video.evaluate("video => video.currentSrc")).body()
    assert served_bytes == clips["ben"].read_bytes() + (16).to_bytes(4, "big") + b"freeabsolute"
    visit.expect("#report", "anna_ben_AI-generated")
    visit.expect("#panel", text("frames_lost", visit.language))
    sync_api.expect(visit.page.locator("#run")).to_be_enabled()


def test_a_bad_file_is_explained_in_the_readers_language(visit: Visit, clips: dict[str, Path]) -> None:
    visit.upload(clips["broken"], clips["ben"])
    visit.expect("#subject ~ .no-preview", text("no_preview", visit.language))
    visit.agree()
    visit.run()
    told = ERRORS["not_media"][1 if visit.language == "ja" else 0].split("{reason}")[-1]
    visit.expect(".toast-body", told)
    visit.expect("#panel", "broken.mp4")
    sync_api.expect(visit.page.locator("#run")).to_be_enabled()
    sync_api.expect(visit.page.locator("#stop")).to_be_disabled()


def test_a_stop_ends_the_run_and_leaves_no_file(visit: Visit, served: Served, clips: dict[str, Path]) -> None:
    visit.upload(clips["anna"], clips["endless"])
    visit.agree()
    visit.run()
    visit.expect("#panel .running", text("render", visit.language))
    sync_api.expect(visit.page.locator("#run")).to_be_disabled()
    part = served.pipeline.parts[-1]
    assert part.exists()
    visit.page.locator("#stop").click()
    visit.expect("#note", text("stopped", visit.language))
    assert until(lambda: not part.parent.exists())
    sync_api.expect(visit.page.locator("#run")).to_be_enabled()
    sync_api.expect(visit.page.locator("#panel")).to_be_hidden()
    visit.page.wait_for_timeout(300)  # time for a late word of the run that has ended
    visit.expect("#note", text("stopped", visit.language))
    assert not visit.page.locator("#panel").is_visible()
