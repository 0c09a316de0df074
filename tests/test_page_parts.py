"""Parts of the page without a page: the line, the visitors' things, ZeroGPU, examples, HTML that holds file names."""

from __future__ import annotations

import importlib
import re
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import gradio as gr
import pytest
from page_server import MockStudio, example_folder

import tmt.page.gpu
from tmt.errors import Language
from tmt.estimate import Estimate
from tmt.growth import ENOUGH
from tmt.page import studio
from tmt.page.about import about_line
from tmt.page.agreement import agreed_to
from tmt.page.cards import clip_card
from tmt.page.examples import load_examples, showcase
from tmt.page.gpu import on_gpu, seconds_for
from tmt.page.line import Line, Place
from tmt.page.methods import method_choice
from tmt.page.panels import tally_panel
from tmt.page.player import Lane, player
from tmt.page.run import in_turn
from tmt.page.studio import Clip
from tmt.page.texts import LANGUAGES, text
from tmt.page.visits import ALL_HEADS, HEADS, LEFT_SECONDS, Run, Visits
from tmt.pipeline import TalkingHeadPipeline, run_to_end
from tmt.run import Job
from tmt.topology import MEDIAPIPE_478
from tmt.types import CanonicalHead, Consent, Result, Settings, Step
from tmt.video import probe
from tmt.votes import tally


@pytest.fixture
def visits(tmp_path: Path) -> tuple[Visits, list[float]]:
    now = [1000.0]
    return Visits(lambda: tmp_path, 3600, lambda: now[0]), now


def head(name: str) -> CanonicalHead:
    return cast(CanonicalHead, SimpleNamespace(name=name))


def upload(folder: Path, name: str) -> Path:
    path = folder / "upload" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"clip")
    return path


def test_the_line_serves_one_at_a_time_in_the_order_of_arrival() -> None:
    line = Line()
    with line.ticket() as first:
        with line.ticket() as second:
            assert (first.place(), second.place()) == (Place(0, 2), Place(1, 2))
        assert first.place() == Place(0, 1)
    with line.ticket() as third:
        assert third.place().place == 0


def test_who_gives_up_waiting_frees_the_place() -> None:
    line = Line()
    begun = threading.Event()
    with line.ticket():
        waiting = in_turn(line, lambda _: begun.set(), lambda: None)
        assert next(waiting) == Place(1, 2)
        cast("Iterator[object]", waiting).close()  # type: ignore[attr-defined]
    with line.ticket() as ticket:
        assert ticket.place() == Place(0, 1)
    assert not begun.is_set()


def test_visitors_are_kept_apart_and_forgotten_on_request(visits: tuple[Visits, list[float]], tmp_path: Path) -> None:
    known, _ = visits
    anna, ben = known.of("anna"), known.of("ben")
    assert anna.folder != ben.folder
    assert len(anna.folder.name) > 30, "nobody guesses it"
    own, shared = upload(tmp_path, "own.mp4"), upload(tmp_path, "shared.mp4")
    for path in (own, shared):
        known.hold(anna, path)
    known.hold(ben, shared)
    known.hold(anna, Path(__file__))
    folder = known.new_folder(anna)
    known.forget("anna")
    assert not own.exists()
    assert shared.exists(), "the same content, but somebody else's too"
    assert not folder.exists()
    assert Path(__file__).exists(), "an example is nobody's"
    known.forget("ben")
    assert not shared.exists()
    assert known.of("anna").run is None


def test_what_is_not_used_goes_by_itself(visits: tuple[Visits, list[float]], tmp_path: Path) -> None:
    known, now = visits
    visit = known.of("anna")
    path = upload(tmp_path, "clip.mp4")
    known.hold(visit, path)
    known.keep_head(visit, "a", head("a"))
    now[0] += 1900
    known.sweep()
    assert not visit.heads
    assert path.exists()
    now[0] += 3700
    known.sweep()
    assert not path.exists()


def test_few_heads_are_kept_and_the_newest_stay(visits: tuple[Visits, list[float]]) -> None:
    known, now = visits
    for visitor in range(ALL_HEADS):
        now[0] += 1
        for number in range(HEADS + 1):
            known.keep_head(known.of(str(visitor)), str(number), head(str(number)))
    assert sum(len(known.of(str(visitor)).heads) for visitor in range(ALL_HEADS)) <= ALL_HEADS
    assert list(known.of(str(ALL_HEADS - 1)).heads) == ["1", "2"]


def test_zero_gpu_is_asked_for_as_long_as_the_clip_needs_and_elsewhere_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "spaces", None)

    def work(job: Job) -> int:
        return 1

    assert on_gpu(seconds_for)(work) is work
    asked: list[Callable[..., int]] = []

    def gpu(duration: Callable[..., int]) -> Callable[[Callable[..., int]], Callable[..., int]]:
        asked.append(duration)
        return lambda function: function

    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=gpu))
    on_gpu(seconds_for)(work)
    short, long, longest = (
        asked[0](cast(Job, SimpleNamespace(targets=range(count))), MEDIAPIPE_478) for count in (25, 250, 100_000)
    )
    assert short < long < longest <= 300


def test_on_zero_gpu_rendering_alone_has_the_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lent, where, asked = [False], {}, []

    def gpu(duration: Callable[..., int]) -> Callable[[Callable[..., Iterator[object]]], Callable[..., object]]:
        def decorate(function: Callable[..., Iterator[object]]) -> Callable[..., object]:
            def inside(*given: object) -> Iterator[object]:
                asked.append(duration(*given))
                lent[0] = True
                yield from function(*given)
                lent[0] = False

            return inside

        return decorate

    def note(stage: str) -> Iterator[Step]:
        where[stage] = lent[0]
        yield Step(stage, 1, 1)

    def write(job: Job, _: object) -> Generator[Step, None, Result]:
        yield from note("render")
        return Result(job.out, job.out, {})

    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=gpu))
        importlib.reload(tmt.page.gpu)
        patch.setattr(tmt.page.gpu, "write", write)
        patch.setattr(studio, "rendered", tmt.page.gpu.rendered)
        pipeline = SimpleNamespace(
            tracker=SimpleNamespace(topology=MEDIAPIPE_478), drive=lambda *_: note("track"),
            job=lambda *_: SimpleNamespace(targets=range(100), out=tmp_path / "out.mp4"),
            study=lambda *_, **__: list(note("study")),
        )  # fmt: skip
        real = studio.RealStudio(cast(TalkingHeadPipeline, pipeline))
        real.study(studio.Clip(tmp_path), Consent(True, True, True), lambda _: None)
        run_to_end(real.transfer(head("a"), studio.Clip(tmp_path), tmp_path / "out.mp4", Settings()))
    importlib.reload(tmt.page.gpu)
    assert where == {"study": False, "track": False, "render": True}
    assert asked == [18], "10 s to wake up, and 100 frames"


def test_an_estimate_learns_from_runs(driving_clip: Path) -> None:
    estimate, info = Estimate(), probe(driving_clip)
    before = estimate.transfer(info, Settings())
    for _ in range(20):
        estimate.learn(Settings(), info.frames or 1, {"transfer": 10 * before, "judge": 1.0})
    assert estimate.transfer(info, Settings()) == pytest.approx(10 * before, rel=0.02)
    assert estimate.study(info) > 0


def test_the_time_left_includes_every_stage_to_come(driving_clip: Path) -> None:
    estimate, info = Estimate(), probe(driving_clip)
    stages = ("study", "build", "track", "align", "render", "measure")
    left = [estimate.after(stage, info, Settings()) for stage in stages]
    assert left == sorted(left, reverse=True)
    assert left[2] > 0.5 * estimate.transfer(info, Settings()), "most of a run comes after the tracking"
    assert left[4] == estimate.judge(info)
    assert left[5] == 0
    for _ in range(20):
        estimate.learn(Settings(), info.frames or 1, {"transfer": 100.0, "track": 80.0, "align": 10.0, "judge": 1.0})
    assert estimate.after("track", info, Settings()) == pytest.approx(21, rel=0.1)
    assert estimate.after_of_preview("study") > estimate.after_of_preview("build") > estimate.after_of_preview("moment")


def test_a_tally_names_a_method_by_its_own_name() -> None:
    shown = tally_panel(tally([], "fused", "head"), "en")
    assert text("head_alone", "en") in shown
    assert text("head", "en") not in shown


def test_what_is_said_of_a_result_never_becomes_markup(driving_clip: Path) -> None:
    evil = Clip(Path("<img src=x>.mp4"))
    result = Result(driving_clip, driving_clip, {})
    agreed, finished = agreed_to(True, True, True), "2030-01-01T10:00:00Z"
    for language in LANGUAGES:
        run = Run(evil, evil, Settings(), language, agreed, driving_clip.parent, result, {}, "steady", finished)
        shown = about_line(run, language)
        assert "<img" not in shown
        assert shown.count("&lt;img") == 2
        assert text("steady_preset", language) in shown


def test_who_left_is_forgotten_soon_unless_they_are_still_here(
    visits: tuple[Visits, list[float]], tmp_path: Path
) -> None:
    known, now = visits
    for name in ("anna", "ben"):
        known.hold(known.of(name), upload(tmp_path, f"{name}.mp4"))
        known.leave(name)
    known.of("ben")
    known.leave("nobody")
    now[0] += LEFT_SECONDS + 1
    known.sweep()
    assert [path.name for path in (tmp_path / "upload").iterdir()] == ["ben.mp4"]


def test_examples_are_read_from_their_manifest_and_nonsense_is_left_out(tmp_path: Path, driving_clip: Path) -> None:
    examples = load_examples(example_folder(tmp_path / "examples", driving_clip))
    assert [clip.name["ja"] for clip in examples.clips] == ["芽衣", "蓮"]
    assert "芽衣 × 蓮" not in showcase(examples, "ja"), "a single pair needs no choice"
    assert 'data-pair="0"' in showcase(examples, "ja")
    (tmp_path / "examples" / "result.mp4").unlink()
    assert load_examples(tmp_path / "examples").pairs == ()
    (tmp_path / "examples" / "examples.json").write_text('{"clips": 1}')
    assert load_examples(tmp_path / "examples").clips == ()
    assert load_examples(tmp_path).clips == ()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_names_of_files_never_become_markup(language: Language, driving_clip: Path) -> None:
    evil = Path('clips/"><script>alert(1)</script>.mp4')
    shown = player([Lane("result", "<b>", evil)], 25, language)
    assert "<script>" not in shown
    assert "<b>" not in shown
    found = MockStudio().look(driving_clip, "driving", 0)
    assert "<script>" not in clip_card(found, "driving", language, looked=True, seconds=3.0)


def test_a_card_shows_facts_only_until_faces_may_be_looked_at(driving_clip: Path) -> None:
    facts = MockStudio().facts(driving_clip, "driving")
    shown = clip_card(facts, "driving", "en", looked=False, seconds=None)
    assert "three boxes" in shown
    assert "px wide" not in shown


@pytest.mark.parametrize("sent", ["warp2d", "1フレームの2D変形", "2D warp of one frame"])
def test_a_method_is_understood_by_its_name_in_either_language_too(sent: str) -> None:
    choice = method_choice(gr.I18n(en={}, ja={}), "fused")
    assert choice.preprocess(sent) == "warp2d"
    with pytest.raises(gr.Error):
        choice.preprocess("another")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_words_on_growth_say_what_is_counted_and_how_it_goes_with_coverage(language: Language) -> None:
    """At most so many of the keyframes are laid, and the one that all are laid onto."""
    assert re.search(rf"\b{ENOUGH + 1}\b|最大{ENOUGH + 1}枚", text("growth_help", language))
    for key in ("growth_help", "coverage_help"):
        assert re.search("keyframe|キーフレーム", text(key, language)), key
