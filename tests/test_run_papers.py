"""What goes along with a result: numbers equal to the evaluation's, a report to forward, a receipt, votes."""

from __future__ import annotations

import json
import re
from dataclasses import astuple, fields
from pathlib import Path

import pytest
from drivers import short_clip
from heads import pipeline

from tmt.errors import Language
from tmt.evaluate.observe import Observer
from tmt.evaluate.protocols import CROSS_STEP, Trial, _cross_row, person_in
from tmt.evaluate.run_numbers import People, RunNumbers, load_observer, numbers, observe
from tmt.evaluate.trial import Setup
from tmt.presets import PRESETS, settings_of
from tmt.proxies import moments, small_clip
from tmt.receipt import receipt, review, write_review
from tmt.report_findings import Finding, Line
from tmt.report_html import Price, Story, html_report
from tmt.report_words import word
from tmt.types import CanonicalHead, Consent, Result, Settings, Window
from tmt.video import probe
from tmt.votes import Pair, keep, read, shuffled, tally, vote, wilson


class Finished:
    """A pipeline whose only transfer is done already."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def transfer(self, *_: object) -> Result:
        return self.result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("papers")


@pytest.fixture(scope="module")
def observer() -> Observer:
    return load_observer()


@pytest.fixture(scope="module")
def head(folder: Path) -> CanonicalHead:
    return pipeline().study(short_clip("subject.mp4", 20, folder), consent=Consent(True, True, True))


@pytest.fixture(scope="module")
def driving(folder: Path) -> Path:
    return short_clip("driving.mp4", 24, folder)


@pytest.fixture(scope="module")
def result(head: CanonicalHead, driving: Path, folder: Path) -> Result:
    return pipeline().transfer(head, driving, folder / "out.mp4", Settings(size=256))


@pytest.fixture(scope="module")
def judged(head: CanonicalHead, driving: Path, result: Result, observer: Observer) -> RunNumbers:
    cast = observe(People(head.info.path, driving), observer)
    return numbers(result.video, cast, ("run", "bank"), observer, 1.0)


def test_the_numbers_of_a_run_are_those_of_the_evaluation(
    head: CanonicalHead, driving: Path, result: Result, observer: Observer, judged: RunNumbers, folder: Path
) -> None:
    setup = Setup(Finished(result), observer, folder, ("bank",), 4.0)  # type: ignore[arg-type]
    driver = observer.look(driving, CROSS_STEP)
    trial = Trial(setup, "cross", "run", head, driving, driver, "relative")
    other = observer.portrait(driving, driver, driver.spread(8))
    row = _cross_row(trial, "bank", person_in(head.info.path, observer), other)
    own, theirs = judged.figures(), {**judged.figures()}
    for name in ("pose_deg", "shape_subject", "shape_driver", "jitter", "texture_subject", "texture_driver"):
        theirs[name] = getattr(row, name)
    assert own == pytest.approx(theirs, nan_ok=True)
    assert astuple(judged.row.c) == astuple(row.c)
    assert astuple(judged.row.g) == astuple(row.g)


def test_a_run_that_follows_throughout_but_faintly_in_places_is_told_as_mostly_following(judged: RunNumbers) -> None:
    levels = {part.name: part.level for part in judged.parts}
    # Two traces make sure; where no network for recognition is installed one is left beside the shape.
    sure = any(item.trace == "network" for item in judged.likeness)
    assert judged.same == ("good" if sure else "fair")
    assert (levels["head"], judged.follows) == ("follows", "fair")
    assert "not" not in levels.values() and "weakly" in levels.values()
    assert all(look.weight >= 1 for look in judged.looks)
    times = [look.seconds for look in judged.looks]
    assert times == sorted(times)


def test_the_driver_passed_off_as_the_result_is_no_same_person(
    head: CanonicalHead, driving: Path, observer: Observer
) -> None:
    cast = observe(People(head.info.path, driving), observer)
    wrong = numbers(driving, cast, ("run", "copy"), observer, 1.0)
    assert wrong.same == "poor"
    assert wrong.follows == "good"
    assert {part.level for part in wrong.parts} <= {"follows", "still"}


def story(result: Result, judged: RunNumbers, driving: Path, **changes: object) -> Story:
    pictures = moments(driving, [0.2, 9.0], 60)
    told = {
        "report": result.report, "moments": [(0.2, {"driving": pictures[0]}), (9.0, {"driving": pictures[1]})],
        "findings": [Finding("steady", "good", "はい", [Line("<i>", "x", "1", "good")], "")], "looks": [(0.4, "mouth")],
        "figures": judged.figures(), "seconds": {"study": 3.0, "fuse": 6.0}, "video_seconds": 1.0,
        "review": review("reject", "<script>x</script>", "A"), "price": Price(0.36, "EUR"),
    }  # fmt: skip
    return Story(**{**told, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_report_is_one_file_that_fetches_nothing_and_tells_all(
    language: str, result: Result, judged: RunNumbers, driving: Path
) -> None:
    page = html_report(story(result, judged, driving), language)  # type: ignore[arg-type]
    assert f'lang="{language}"' in page
    assert not re.search(r'(src|href)="(?!data:image/jpeg;base64,)', page)
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page and "&lt;script&gt;" in page
    for piece in ("AI生成 / AI-generated", "0.0009 EUR", "tmt-consent-1", 'title="pose_deg"'):
        assert piece in page, piece
    assert re.search(r"[0-9a-f]{64}", page)
    assert re.search("[ぁ-ん]", page.replace("AI生成", "")) is not None if language == "ja" else True


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_reports_settings_are_in_the_readers_language(
    language: Language, result: Result, judged: RunNumbers, driving: Path
) -> None:
    page = html_report(story(result, judged, driving), language)
    for field in fields(Settings):
        assert f"<td>{word(f'set_{field.name}', language)}</td>" in page
        assert f"<td>{field.name}</td>" not in page
    assert f"<td>{word('is_relative', language)}</td>" in page
    assert "<td>True</td>" not in page and "<td>False</td>" not in page


def test_a_receipt_shows_the_consent_and_names_nobody(result: Result, folder: Path, head: CanonicalHead) -> None:
    text = json.dumps(receipt(result.report, "ja"))
    assert head.info.path.name not in text
    assert str(folder) not in text
    told = json.loads(text)
    assert told["statements"] == ["subject", "driving", "purpose"]
    assert told["language"] == "ja"
    for part, roles in (("inputs", {"subject", "driving"}), ("outputs", {"video"})):
        assert set(told[part]) == roles
        assert all(re.fullmatch("[0-9a-f]{64}", value) for value in told[part].values())
    signed = json.loads(write_review(result.video, review("approve", " ok "), result.report).read_text("utf-8"))
    assert (signed["decision"], signed["remark"]) == ("approve", "ok")
    assert signed["outputs"]["video"] == told["outputs"]["video"]


def test_clips_for_the_player_are_cut_as_the_result_is(driving: Path, folder: Path) -> None:
    out = small_clip(driving, folder / "small.mp4", Window(20, 30, 100, 100, 1.0), seconds=0.4)
    info = probe(out)
    assert (info.width, info.height, info.frames, info.has_audio) == (100, 100, 10, False)


def test_presets_differ_and_changes_stay_within_what_a_run_accepts() -> None:
    natural, steady, strong = (settings_of(name) for name in PRESETS)
    assert steady.steadiness > natural.steadiness > strong.steadiness
    assert strong.mouth > natural.mouth
    most = settings_of("strong", 0.5, (2, 2, 2, 2, 2), full_frame=True)
    assert (most.head, most.brows, most.steadiness, most.full_frame) == (2, 2, 0.9, True)
    assert settings_of("steady", 0.5).steadiness == 1
    assert settings_of("natural", -0.5, (0,)).head == 0


def test_votes_outlive_the_page_and_count_for_the_method_not_the_side(tmp_path: Path) -> None:
    votes = tmp_path / "votes.csv"
    pairs = [shuffled("case", "bank", "copy") for _ in range(40)]
    assert {pair.left for pair in pairs} == {"bank", "copy"}, "the order is not always the same"
    for pair in pairs:
        keep(votes, vote(pair, "left" if pair.left == "bank" else "right"))
    keep(votes, vote(pairs[0], "same"))
    counted = tally(read(votes), "bank", "copy")
    assert (counted.first_wins, counted.second_wins, counted.same) == (40, 0, 1)
    assert counted.decided
    assert tally(read(votes), "bank", "flat").first_wins == 0


def test_each_viewer_has_one_vote_on_a_pair_and_the_last_one_counts(tmp_path: Path) -> None:
    votes = tmp_path / "votes.csv"
    votes.write_text("utc,case,left,right,choice\n2030,case,bank,copy,left\n", encoding="utf-8")  # viewers unknown
    pair, other = Pair("case", "bank", "copy"), Pair("case", "copy", "bank")
    for given in (vote(pair, "left", "anna"), vote(other, "left", "anna"), vote(pair, "left", "ben")):
        keep(votes, given)
    keep(votes, vote(Pair("another", "bank", "copy"), "left", "anna"))
    assert [(given.viewer, given.case, given.winner) for given in read(votes)] == [
        ("", "case", "bank"), ("anna", "case", "copy"), ("ben", "case", "bank"), ("anna", "another", "bank")
    ]  # fmt: skip
    counted = tally(read(votes), "bank", "copy")
    assert (counted.first_wins, counted.second_wins) == (3, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["votes.csv"]


def test_the_interval_is_wilsons() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    for wins in range(11):
        low, high = wilson(wins, 10)
        assert 0 <= low <= wins / 10 <= high + 1e-9 <= 1 + 1e-9
