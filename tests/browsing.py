"""A visitor's browser, and what must not happen in it: requests to other hosts, complaints in the console."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from page_server import until

from tmt import provenance
from tmt.errors import Language
from tmt.page.texts import text

if TYPE_CHECKING:
    from page_server import Served
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="a browser is driven by playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this computer")
LOCALES: dict[Language, str] = {"en": "en-GB", "ja": "ja-JP"}
DESKTOP, PHONE = (1200, 900), (390, 844)
sync_api.expect.set_options(timeout=30_000)  # a busy computer is slow, not wrong
PLAYS = "video => video.readyState >= 2 && video.videoWidth > 0 && !video.error"
FLAGS = ["--disable-dev-shm-usage", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


@dataclass
class Visit:
    """One visitor at the page."""

    page: Page
    language: Language
    url: str
    abroad: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def upload(self, **clips: Path) -> None:
        """Choose clips, by side of the form, and wait until their cards are there."""
        for side, path in clips.items():
            with self.page.expect_response(re.compile("/upload")):
                self.page.locator(f"#{side} input[type=file]").first.set_input_files(path)
        for side in clips:
            sync_api.expect(self.page.locator(f"#{side}_card .clip:not(.checking)")).to_be_visible(timeout=30_000)

    def agree(self, *left_out: str) -> None:
        """Tick the boxes."""
        for key in sorted(provenance.STATEMENTS, key=lambda key: key not in left_out):  # never all three on the way
            self.page.locator(f"#consent_{key} input").set_checked(key not in left_out)

    def press(self, name: str) -> None:
        """Press the button of that id."""
        self.page.locator(f"#{name}").click()

    def open(self, part: str) -> None:
        """Open a section of the result."""
        self.page.locator(f"#part_{part} > button").click()

    def delete(self) -> None:
        """Everything, after being asked once more."""
        self.press("delete")
        self.press("sure")
        self.expect("#note", text("deleted", self.language))

    def expect(self, selector: str, words: str, seconds: float = 30) -> None:
        """Wait until something is to be read."""
        sync_api.expect(self.page.locator(selector).first).to_contain_text(words, timeout=1000 * seconds)

    def shown(self, selector: str, seconds: float = 30) -> Locator:
        """Wait until something is to be seen."""
        found = self.page.locator(selector).first
        sync_api.expect(found).to_be_visible(timeout=1000 * seconds)
        return found

    def plays(self, video: Locator) -> bool:
        """Whether a video has pictures to show."""
        if until(lambda: bool(video.evaluate(PLAYS)), seconds=45):  # a cold server on a busy machine
            return True
        video.evaluate("player => player.load()")  # a browser that has just started can leave a request hanging
        return until(lambda: bool(video.evaluate(PLAYS)), seconds=45)

    def fits(self) -> bool:
        """Whether nothing sticks out to the side."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    def transfer(self, **clips: Path) -> None:
        """From clips to a result."""
        self.upload(**clips)
        self.agree()
        self.press("run")
        self.shown("#player video", 60)


@contextmanager
def visiting(
    browser: Browser, url: str, language: Language, size: tuple[int, int] = DESKTOP, wanted: str = "#run"
) -> Iterator[Visit]:
    """The page, just opened by a reader of one language; at the end, nothing was asked of other hosts."""
    context = browser.new_context(locale=LOCALES[language], viewport={"width": size[0], "height": size[1]},
                                  reduced_motion="reduce")  # fmt: skip
    visit = Visit(context.new_page(), language, url)
    ours = (url, "data:", "blob:")
    visit.page.on("request", lambda sent: None if sent.url.startswith(ours) else visit.abroad.append(sent.url))
    visit.page.on("console", lambda said: visit.complaints.append(said.text) if _matters(said) else None)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.goto(url)
    sync_api.expect(visit.page.locator(wanted)).to_be_visible(timeout=30_000)
    yield visit
    context.close()
    assert visit.abroad == []
    # 422: a refusal, told at its widget. play(): of Gradio's own camera, when a recording takes the picture's place.
    complaints = [words for words in visit.complaints if not re.search(r"422|play\(\) request was interrupted", words)]
    assert not complaints, "\n".join(complaints)


def _matters(said: ConsoleMessage) -> bool:
    """Whether a word in the console is the page's fault: a browser asks every host for an icon by itself."""
    return said.type == "error" and not said.location["url"].endswith("/favicon.ico")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser, without a window, with a pretended camera."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a file, which take it over by its name."""
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["en", "ja"])
def visit(request: pytest.FixtureRequest, browser: Browser, served: Served) -> Iterator[Visit]:
    """A visitor of the file's own `served` page, in each language."""
    with visiting(browser, served.url, request.param) as visit:
        yield visit
