"""Many transfers by one command: each subject is studied once, what is done is not done again, and nothing is lost."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from drivers import short_clip
from heads import pipeline

from tmt.batch import Doing, Outcome, Pair, all_pairs, run
from tmt.batch.earlier import Earlier
from tmt.checkpoint import SHIPPED
from tmt.cli import main
from tmt.errors import Cancelled, ConsentError, JobsError, MediaError
from tmt.pipeline import TalkingHeadPipeline
from tmt.types import CanonicalHead, Consent, Settings
from tmt.video import probe

QUICK = Settings(method="copy", size=256)
AGREED = Consent(True, True, True)
HOSTILE = "<img src=x onerror=alert(1)>&'.mp4"
JAPANESE = "被写体　その1.mp4"


class Counted(TalkingHeadPipeline):
    """The pipeline of all tests; it counts how often each clip is studied, and the heads that are in memory then."""

    def __init__(self) -> None:
        super().__init__(pipeline().tracker)
        self.studies: Counter[str] = Counter()
        self.heads: list[weakref.ref[CanonicalHead]] = []
        self.alive: list[int] = []

    def study(self, subject: str | Path, **others: Any) -> CanonicalHead:
        self.studies[Path(subject).name] += 1
        self.alive.append(sum(head() is not None for head in self.heads))
        head = super().study(subject, **others)
        self.heads.append(weakref.ref(head))
        return head


class Pointed(TalkingHeadPipeline):
    """A pipeline with another tracker."""

    def __init__(self) -> None:
        super().__init__(object())  # type: ignore[arg-type]


class Acted:
    """A pipeline without any work: its heads are empty, its results files of a few bytes. `upset`: name of a driving
    clip -> key of what goes wrong with it, or what is to be raised."""

    tracker, checkpoint = object(), SHIPPED

    def __init__(self, **upset: str | Exception) -> None:
        self.upset = upset
        self.heads: list[weakref.ref[Any]] = []
        self.alive: list[int] = []  # heads in memory when one more is to be studied

    def study(self, subject: Path, **_: Any) -> Any:
        self.alive.append(sum(head() is not None for head in self.heads))
        head: Any = np.zeros(1).view(type("Head", (np.ndarray,), {}))
        self.heads.append(weakref.ref(head))
        return head

    def transfer(self, head: Any, driving: Path, out: Path, settings: Settings, progress: Any) -> Any:
        wrong = self.upset.get(driving.stem)
        if wrong is not None:
            raise MediaError(wrong, name=driving.name) if isinstance(wrong, str) else wrong
        out.write_bytes(b"video")
        report = {"frames": {"driving": {"total": 4, "tracked": 3}}, "limits": {"yaw": 2}}
        return type("Result", (), {"report": report})


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of short clips: a subject, a still of her, two driving clips, one of them with a name to beware of."""
    folder = tmp_path_factory.mktemp("clips")
    data = Path(__file__).parent / "data"
    shutil.copy(short_clip("subject.mp4", 8, folder), folder / JAPANESE)
    shutil.copy(short_clip("driving.mp4", 5, folder), folder / "walk.mp4")
    shutil.copy(folder / "walk.mp4", folder / HOSTILE)
    for name in ("still.png", "no_face.png"):
        shutil.copy(data / name, folder / name)
    (folder / "text.mp4").write_text("no clip at all\n" * 500)
    return folder


def table(path: Path, *rows: str, header: str = "subject,driving,output,method,size,steadiness") -> Path:
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8-sig")
    return path


def told(folder: Path) -> list[dict[str, str]]:
    """The rows of batch.csv."""
    with (folder / "batch.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def states(folder: Path) -> dict[str, tuple[int, bytes]]:
    """What tells whether a result was written again."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.glob("*.mp4")}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """The pipeline that the command line uses."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    loaded = Counted()
    monkeypatch.setattr("tmt.cli._pipeline", lambda options: loaded)
    return loaded


@pytest.fixture
def spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """English, and a pipeline that must not be asked for."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setattr("tmt.cli._pipeline", None)


def call(*arguments: str | Path) -> int:
    return main(["batch", *map(str, arguments), "--consent", "--quiet"])


@pytest.fixture(scope="module")
def finished(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, int, Counted]:
    """A whole batch by the command line: its table, its folder, its status, and the pipeline that did it."""
    loaded, folder = Counted(), tmp_path_factory.mktemp("finished") / "out"
    jobs = table(
        clips / "jobs.csv", f"{JAPANESE},walk.mp4,結果 #1?.mp4,copy,256,", "no_face.png,walk.mp4,,copy,256,", "",
        f'{JAPANESE},"{HOSTILE}",,copy,256,0.9', "still.png,text.mp4,,copy,256,", "still.png,still.png,,copy,256,",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.setattr("tmt.cli._pipeline", lambda options: loaded)
        status = call(jobs, "-o", folder)
    return jobs, folder, status, loaded


Finished = tuple[Path, Path, int, Counted]


def test_a_subject_is_studied_once_for_all_its_driving_clips_and_never_for_broken_ones(finished: Finished) -> None:
    *_, loaded = finished
    assert loaded.studies == {JAPANESE: 1, "no_face.png": 1}
    assert loaded.alive == [0, 0]


def test_rows_that_fail_are_told_by_their_line_and_do_not_cost_the_others(finished: Finished, clips: Path) -> None:
    _, folder, status, _ = finished
    assert status == 3
    rows = {int(row["line"]): row for row in told(folder)}
    assert {line: row["status"] for line, row in rows.items()} == {
        2: "done", 3: "failed", 5: "done", 6: "failed", 7: "failed",
    }  # fmt: skip
    assert (rows[2]["subject"], rows[2]["output"], rows[5]["driving"]) == (JAPANESE, "結果 #1?.mp4", HOSTILE)
    assert "no human face" in rows[3]["error"] and "text.mp4" in rows[6]["error"] and "one frame" in rows[7]["error"]
    assert (rows[2]["frames"], rows[2]["tracked"], rows[3]["frames"]) == ("5", "1.000", "")
    assert float(rows[2]["seconds"]) > 0
    for line in (2, 5):
        assert probe(folder / rows[line]["output"]).frames == probe(clips / "walk.mp4").frames
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_rows_settings_stand_in_its_report_with_the_one_consent(finished: Finished) -> None:
    _, folder, *_ = finished
    reports = [json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")]
    assert sorted(report["settings"]["steadiness"] for report in reports) == [0.5, 0.9]
    for report in reports:
        assert report["settings"]["method"] == "copy" and report["settings"]["size"] == 256
        assert set(report["consent"]["statements"]) == {"subject", "driving", "purpose"}
        assert report["tracking"] == {"tracker": type(pipeline().tracker).__name__, "subject_face": None}


class Links(HTMLParser):
    """What a page names: attributes of its elements, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.elements: Counter[str] = Counter()
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "poster")]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_shows_every_row_with_links_that_lead_somewhere_and_fetches_nothing(finished: Finished) -> None:
    _, folder, *_ = finished
    page = Links((folder / "index.html").read_text("utf-8"))
    pictures = [address for address in page.addresses if address.startswith("data:image/jpeg;base64,")]
    files = [address for address in page.addresses if address not in pictures]
    assert len(pictures) == page.elements["video"] == 2 and page.elements["article"] == 5
    assert len(files) == 3 * 2  # played, linked, and the report
    assert all(address.startswith("./") and (folder / unquote(address)).is_file() for address in files)
    assert page.elements["img"] == page.elements["script"] == 0
    assert HOSTILE in page.words and JAPANESE in page.words and "no human face" in page.words
    assert "2 of 5 ready, 3 failed" in page.words


def test_what_is_done_is_skipped_and_only_a_row_with_new_settings_is_rendered_again(
    finished: Finished, counted: Counted, tmp_path: Path
) -> None:
    jobs, folder, *_ = finished
    before = states(folder)
    good = [line for line in jobs.read_text("utf-8-sig").splitlines()[1:] if JAPANESE in line]
    again = table(jobs.with_name("again.csv"), *good)
    copied = shutil.copytree(folder, tmp_path / "copied")
    assert call(again, "-o", folder) == 0
    assert [row["status"] for row in told(folder)] == ["skipped", "skipped"]
    assert states(folder) == before and not counted.studies
    changed = table(jobs.with_name("again.csv"), good[0], good[1].replace("0.9", "0.1"))
    assert call(changed, "-o", copied) == 0
    assert [row["status"] for row in told(copied)] == ["skipped", "done"]
    assert counted.studies == {JAPANESE: 1}
    assert json.loads(next(copied.glob("*onerror*.json")).read_text("utf-8"))["settings"]["steadiness"] == 0.1


def test_another_face_tracker_checkpoint_clip_or_version_or_a_result_that_was_touched_is_rendered_again(
    finished: Finished, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder, *_ = finished
    used = pipeline()
    pair = Pair(clips / JAPANESE, clips / "walk.mp4", "結果 #1?.mp4", QUICK)
    found = Earlier(folder, used).outcome(pair)
    assert found is not None and (found.status, found.frames, found.tracked) == ("skipped", 5, 1.0)
    for another in (Pointed(), TalkingHeadPipeline(used.tracker, checkpoint=replace(used.checkpoint, name="mine"))):
        assert Earlier(folder, another).outcome(pair) is None
    others = {"subject_face": 1, "driving": clips / "still.png", "settings": Settings(method="copy"), "output": "b.mp4"}
    for name, value in others.items():
        assert Earlier(folder, used).outcome(Pair(**{**vars(pair), name: value})) is None, name
    with monkeypatch.context() as patch:
        patch.setattr("tmt.batch.earlier.__version__", "0.0.0")
        assert Earlier(folder, used).outcome(pair) is None
    touched = shutil.copytree(folder, tmp_path / "touched")
    with (touched / pair.output).open("ab") as file:
        file.write(b"\0")
    assert Earlier(touched, used).outcome(pair) is None
    for content in ("", "[]", '{"settings": 1, "versions": []}'):
        (touched / "結果 #1?.json").write_text(content, "utf-8")
        assert Earlier(touched, used).outcome(pair) is None


def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(
    clips: Path, counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    pairs = ("--subjects", clips / "still.png", "--drivings", clips / "walk.mp4", clips / HOSTILE)
    more = ("-o", out, "--method", "copy", "--size", "256")

    def interrupt(doing: Doing, _: object) -> None:
        assert doing.count == 2 and doing.left >= 0
        if doing.number == 2 and (doing.step.stage, doing.step.done) == ("render", 3):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tmt.cli_batch._show", interrupt)
        assert call(*pairs, *more) == 130
    assert "what was finished is kept" in capsys.readouterr().err.splitlines()[-1]
    kept = {"still_walk.mp4", "still_walk.json", "batch.csv", "index.html"}
    assert {path.name for path in out.iterdir()} == kept
    assert [row["status"] for row in told(out)] == ["done"]
    assert "1 of 2 ready, 0 failed, 1 not done yet" in (out / "index.html").read_text("utf-8")
    assert call(*pairs, *more) == 0
    assert [row["status"] for row in told(out)] == ["skipped", "done"]
    assert len(capsys.readouterr().out.splitlines()) == 4  # two videos, the table, the page


def test_every_row_that_cannot_be_done_is_told_at_once_and_nothing_is_begun(
    clips: Path, spoilt: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = table(
        clips / "bad.csv", f"{JAPANESE},walk.mp4,good.mp4,,,", "absent.mp4,walk.mp4,,,,", f"{JAPANESE},,,,,",
        f"{JAPANESE},walk.mp4,,fly,,", f"{JAPANESE},walk.mp4,,,big,", f"{JAPANESE},walk.mp4,,,,1.5",
        f"{JAPANESE},walk.mp4,GOOD.mp4,,,", f"{JAPANESE},walk.mp4,a.avi,,,", f"{JAPANESE},walk.mp4,,,,,,more",
    )  # fmt: skip
    assert call(jobs, "-o", tmp_path / "out") == 3
    captured = capsys.readouterr()
    head, *lines = captured.err[captured.err.index("tmt: ") :].splitlines()
    assert head == "tmt: bad.csv: nothing was started, because of these rows:"
    numbered = {int(line.split()[1].rstrip(":")): line for line in lines}
    wrong = {3: "absent.mp4: no such file", 4: "driving is empty", 5: "method='fly'", 6: "whole number",
             7: "steadiness=1.5", 8: "line 2", 9: "must end in .mp4", 10: "more cells"}  # fmt: skip
    assert set(numbered) == set(wrong)
    assert all(part in numbered[line] for line, part in wrong.items())
    assert captured.out == "" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../a.mp4", "/a.mp4", "sub/a.mp4", "..\\a.mp4", "C:a.mp4", "..", "a\x07.mp4", ".mp4", "b" * 250 + ".mp4"]
)
def test_an_output_stays_within_its_folder(name: str, clips: Path, tmp_path: Path) -> None:
    pair = Pair(clips / JAPANESE, clips / "walk.mp4", name, QUICK)
    with pytest.raises(JobsError, match="line 1: "):
        run(pipeline(), [pair], tmp_path / "out", AGREED)
    assert list(tmp_path.iterdir()) == []


def test_no_output_goes_over_an_input_another_output_or_the_table(
    clips: Path, spoilt: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = tmp_path / "own.mp4", tmp_path / "walk.mp4"
    shutil.copy(clips / JAPANESE, own)
    shutil.copy(clips / "walk.mp4", other)
    beside = Settings(method="copy", side_by_side=True)
    for pairs, part in (
        ([Pair(own, other, "a.mp4"), Pair(clips / JAPANESE, other, "OWN.mp4" if os.name == "nt" else "own.mp4")],
         "line 2: own.mp4: the output would overwrite an input"),
        ([Pair(own, other, "a.mp4", beside), Pair(own, other, "a_side-by-side.mp4")], "line 1 writes this file"),
        ([Pair(own, other, "か\u3099.mp4"), Pair(own, other, "が.mp4")], "line 1 writes this file"),
    ):
        with pytest.raises(JobsError, match=re.escape(part)):
            run(pipeline(), pairs, tmp_path, AGREED)
    jobs = table(tmp_path / "batch.csv", "own.mp4,walk.mp4,,,,")
    before = sorted(tmp_path.iterdir())
    assert call(jobs, "-o", tmp_path) == 3
    assert "batch.csv: the output would overwrite an input" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("被写体,driving\n".encode("cp932"), "CSV in UTF-8"),
        (b"subject;driving\na;b\n", "column subject is missing"),
        (b"subject,driving,tempo\na,b,c\n", "'tempo' is unknown"),
        (b"subject,driving,gaze,--gaze\n", "gaze is there twice"),
        (b"", "column subject is missing"),
        (b"subject,driving\n\n,,,\n", "no pair of clips"),
        (None, "no such file"),
    ],
)
def test_a_table_that_is_none_is_refused_in_one_line(
    content: bytes | None, part: str, spoilt: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = tmp_path / "表.csv"
    if content is not None:
        jobs.write_bytes(content)
    assert call(jobs, "-o", tmp_path / "out") == 3
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("tmt: 表.csv: ") and part in line
    assert not (tmp_path / "out").exists()


def test_a_row_changes_the_commands_settings_where_it_says_so(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Pair] = []

    def see(_: object, pairs: tuple[Pair, ...], *__: object, **___: object) -> Iterator[Outcome]:
        seen.extend(pairs)
        yield from ()

    monkeypatch.setattr("tmt.cli._pipeline", lambda options: None)
    monkeypatch.setattr("tmt.batch.run", see)
    rows = ["still.png,walk.mp4,,,,,", "still.png,walk.mp4,YES,0.5,2,absolute,no"]
    jobs = table(clips / "more.csv", *rows, header="subject,driving,Side-by-side,mouth,subject_face,mode,label")
    assert call(jobs, "-o", tmp_path, "--mouth", "1.5", "--subject-face", "1", "--sound", "none") == 0
    first, second = seen
    assert first.settings == Settings(mouth=1.5, sound="none") and first.subject_face == 1
    assert second.settings == Settings(mouth=0.5, sound="none", mode="absolute", side_by_side=True, label=False)
    assert (second.subject_face, first.output, second.output) == (2, "still_walk.mp4", "still_walk_2.mp4")
    assert first.subject == clips / "still.png"  # beside the table, wherever the command was called


def test_clips_of_one_name_in_all_pairs_get_outputs_of_their_own(clips: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(clips / "walk.mp4", tmp_path / folder / "walk.mp4")
    same = [tmp_path / "a" / "walk.mp4", tmp_path / "b" / "walk.mp4"]
    outcomes = list(run(Acted(), all_pairs(same, same), tmp_path / "out", AGREED))  # type: ignore[arg-type]
    names = [outcome.pair.output for outcome in outcomes]
    assert names == ["walk_walk.mp4", "walk_walk_2.mp4", "walk_walk_3.mp4", "walk_walk_4.mp4"]
    assert [(o.frames, o.tracked, o.limits) for o in outcomes] == [(4, 0.75, {"yaw": 2})] * 4
    assert told(tmp_path / "out")[0]["limits"] == "yaw 2"


def test_no_more_than_one_head_is_in_memory_even_if_rows_fail(clips: Path, tmp_path: Path) -> None:
    acted = Acted(walk="no_frames")
    pairs = all_pairs([clips / JAPANESE, clips / "still.png", clips / "walk.mp4"], [clips / "walk.mp4"] * 2)
    outcomes = list(run(acted, pairs, tmp_path, AGREED))  # type: ignore[arg-type]
    assert [outcome.status for outcome in outcomes] == ["failed"] * 6
    assert acted.alive == [0, 0, 0]


def test_a_crash_of_one_row_is_told_and_a_stop_on_request_is_no_failure(clips: Path, tmp_path: Path) -> None:
    pairs = all_pairs([clips / "still.png"], [clips / "walk.mp4", clips / HOSTILE])
    crash = Acted(walk=RuntimeError("one\ntwo"))
    first, second = run(crash, pairs, tmp_path, AGREED)  # type: ignore[arg-type]
    assert (first.status, second.status) == ("failed", "done")
    assert first.error is not None and "RuntimeError: one two" in first.error.text("ja")
    with pytest.raises(Cancelled):
        list(run(Acted(walk=Cancelled("cancelled")), pairs, tmp_path, AGREED))  # type: ignore[arg-type]


def test_without_consent_nothing_is_read_or_written(
    clips: Path, spoilt: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", str(clips / "absent.csv"), "-o", str(tmp_path / "out")]) == 4
    assert capsys.readouterr().err.splitlines()[-1].startswith("tmt: Nothing was processed")
    pair = Pair(clips / "still.png", clips / "walk.mp4")
    for consent in (None, Consent(True, True, False)):
        with pytest.raises(ConsentError):
            run(pipeline(), [pair], tmp_path / "out", consent)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("jobs", [[], ["--subjects", "a"], ["a.csv", "--subjects", "a", "--drivings", "b"]])
def test_a_batch_wants_a_table_or_two_lists(
    jobs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        call(*jobs, "-o", tmp_path)
    assert end.value.code == 2
    assert "JOBS.csv or both" in capsys.readouterr().err


def test_a_japanese_user_reads_japanese(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    monkeypatch.setattr("tmt.cli._pipeline", lambda options: Acted(walk="no_frames"))
    assert call(table(clips / "bad.csv", "absent.mp4,walk.mp4,,,,"), "-o", tmp_path / "out") == 3
    assert capsys.readouterr().err.endswith(
        "  2行目：absent.mp4：ファイルが見つかりません。パスを確認してください。\n"
    )
    assert call("--subjects", clips / "still.png", "--drivings", clips / "walk.mp4", "-o", tmp_path / "out") == 3
    assert "tmt: 1行目：walk.mp4：映像を読み込めません" in capsys.readouterr().err
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert '<html lang="ja">' in page and "失敗" in page and "映像を読み込めません" in page
