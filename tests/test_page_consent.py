"""Consent on the page: it is about the clips that are there, and every run records when it was given, and to what."""

from __future__ import annotations

import itertools
import json
import threading
from pathlib import Path

import gradio as gr
import page_server
import pytest
from page_server import MockStudio, Served, example_folder
from test_app import AGREED, new_client, transfer

from tmt import provenance
from tmt.page.agreement import Agreement, agreed_to
from tmt.page.desk import Desk
from tmt.page.examples import Examples, load_examples
from tmt.page.intake import Intake
from tmt.page.studio import Clip
from tmt.page.texts import text
from tmt.progress import Progress
from tmt.types import CanonicalHead, Consent

clips, served = page_server.clips, page_server.served  # fixtures


class Asked(gr.Request):
    """A request of one and the same visitor."""

    def __init__(self, session: str = "anna", language: str = "en") -> None:
        super().__init__(headers={"accept-language": language})
        self.session_hash = session


def unticked(answer: object) -> bool:
    return isinstance(answer, gr.Checkbox) and answer.value is False


@pytest.fixture
def intake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Intake:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return Intake(Desk(MockStudio(), Examples(), 60.0))


@pytest.mark.parametrize("arrived", ["subject_arrived", "driving_arrived"])
@pytest.mark.parametrize("after", ["b.mp4", None])
def test_a_clip_that_is_replaced_or_taken_away_takes_its_consent_with_it(
    intake: Intake, arrived: str, after: str | None
) -> None:
    come = getattr(intake, arrived)
    assert not unticked(come(Asked(), "a.mp4", True)), "the clip that the tick before it was about"
    assert not unticked(come(Asked(), "a.mp4", True)), "the same again"
    box = come(Asked(language="ja"), after, True)
    assert unticked(box)
    assert box.info == text("consent_again", "ja")
    assert not unticked(come(Asked("ben"), "b.mp4", True)), "another visitor's boxes are their own"


def test_a_clip_of_one_side_leaves_the_consent_of_the_other(intake: Intake) -> None:
    intake.subject_arrived(Asked(), "a.mp4", True)
    assert not unticked(intake.driving_arrived(Asked(), "b.mp4", True))
    assert unticked(intake.subject_arrived(Asked(), "c.mp4", True))


def test_an_example_leaves_the_boxes_and_a_persons_clip_after_it_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, driving_clip: Path
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    examples = load_examples(example_folder(tmp_path / "examples", driving_clip))
    intake = Intake(Desk(MockStudio(), examples, 60.0))
    intake.subject_arrived(Asked(), "a.mp4", True)
    assert not unticked(intake.subject_arrived(Asked(), str(examples.clips[0].path), True))
    assert unticked(intake.subject_arrived(Asked(), "a.mp4", True))


def test_a_card_that_was_asked_for_again_says_nothing_late(intake: Intake, clips: dict[str, Path]) -> None:
    first = intake.subject_card(Asked(), str(clips["anna"]), "auto", True, True, True)
    next(first)
    taken_back = list(intake.subject_card(Asked(), str(clips["anna"]), "auto", False, True, True))
    assert text("after_consent", "en") in str(taken_back[-1][0])
    assert all(isinstance(part, dict) and part == gr.skip() for card in first for part in card)


def test_an_unusable_clip_is_told_no_time(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, clips: dict[str, Path]
) -> None:
    fine = list(intake.subject_card(Asked(), str(clips["anna"]), "auto", True, True, True))[-1]
    assert text("fact_time", "en") in str(fine[0])
    monkeypatch.setattr(MockStudio, "look", lambda _, path, role, face: page_server.refused(path, role))
    shown = list(intake.subject_card(Asked("ben"), str(clips["ben"]), "auto", True, True, True))[-1]
    assert text("red", "en") in str(shown[0])
    assert text("fact_time", "en") not in str(shown[0])


def test_every_run_records_when_its_own_consent_was_given_and_to_which_words(
    served: Served, clips: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = itertools.count(10)
    monkeypatch.setattr(provenance, "utc_now", lambda: f"2030-01-01T{next(hours):02d}:00:00Z")
    client, studied = new_client(served, tmp_path), len(served.studio.studied)
    told = []
    for driving in ("ben", "anna"):
        done = transfer(client, clips["anna"], clips[driving], **AGREED)
        report, receipt = (json.loads(Path(done[index]).read_text("utf-8")) for index in (3, 4))
        assert receipt["utc"] == report["consent"]["utc"] < report["created_utc"]
        assert receipt["statements"] == list(provenance.STATEMENTS)
        for key, (english, japanese) in provenance.STATEMENTS.items():
            assert receipt["wording"][key] == report["consent"]["wording"][key] == {"en": english, "ja": japanese}
        told.append(receipt["utc"])
    assert len(served.studio.studied) == studied + 1, "one subject, studied once"
    assert told[0] < told[1], "two consents"


class SlowStudio(MockStudio):
    """A study that lasts until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def study(self, subject: Clip, consent: Consent, progress: Progress) -> CanonicalHead:
        self.begun.set()
        assert self.go_on.wait(20)
        return super().study(subject, consent, progress)


@pytest.fixture
def agreed() -> Agreement:
    return agreed_to(True, True, True)


def test_a_picture_and_the_3d_head_asked_for_at_once_share_one_study(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clips: dict[str, Path], agreed: Agreement
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    studio = SlowStudio()
    desk = Desk(studio, Examples(), 60.0)
    visit, clip = desk.visit(Asked()), Clip(clips["anna"])
    asking = [
        threading.Thread(target=lambda: desk.viewer(visit, clip, agreed)),
        threading.Thread(target=lambda: desk.head(visit, clip, agreed, lambda _: None)),
    ]
    for thread in asking:
        thread.start()
    assert studio.begun.wait(20)
    studio.go_on.set()
    for thread in asking:
        thread.join(20)
    assert studio.studied == ["anna.mp4"]
