"""Trials and the speed measure, around a pretended pipeline and a tracker that reads frame numbers."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from acted_head import FPS, FRAMES, STEP, TAG, NumberTracker, PretendedPipeline, landmarks_at, picture, write_clip

from tmt.errors import Cancelled, MediaError, SettingsError
from tmt.evaluate import expressions, protocols, sheets, speed, views
from tmt.evaluate.clips import cut, duration, find_clips, halves, pairs, select
from tmt.evaluate.judge import FaceMeshJudge
from tmt.evaluate.observe import Observer, fetch
from tmt.evaluate.report import run_trials
from tmt.evaluate.rows import CrossRow, ExpressionRow, Failure, SelfRow, TurnRow, ViewRow
from tmt.evaluate.trial import Setup
from tmt.topology import MEDIAPIPE_478
from tmt.types import CanonicalHead, Method
from tmt.video import probe, read_frames

METHODS: tuple[Method, ...] = ("copy", "bank")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """anna.mp4: one round of the acted face."""
    return write_clip(tmp_path_factory.mktemp("clips") / "anna.mp4", [picture(i) for i in range(FRAMES)])


Make = Callable[..., Setup]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A Setup for some methods (without any: METHODS), around the pretended pipeline."""
    monkeypatch.setattr(sheets, "CELL", 48)  # large PNG files of noise are slow to pack

    def setup(*methods: Method) -> Setup:
        return Setup(PretendedPipeline(), Observer(NumberTracker()), tmp_path / "out", methods or METHODS, 1.0)

    return setup


def test_self_reenactment_ranks_the_truth_above_a_blurred_copy(clip: Path, make: Make) -> None:
    setup = make()
    copied, perfect = protocols.self_reenactment([clip], setup)
    assert isinstance(copied, SelfRow) and isinstance(perfect, SelfRow)
    assert perfect.close.face_psnr > 60 > 35 > copied.close.face_psnr
    assert perfect.close.akd == copied.close.akd == 0
    assert copied.close.sharpness < 0.7
    assert perfect.coverage == pytest.approx(2 / 3)
    assert perfect.run.frames == perfect.run.wanted == FRAMES // 2
    assert (setup.out / "sheets" / "self-anna.png").stat().st_size > 1000


def test_every_transfer_is_comparable_with_the_footage(clip: Path, make: Make) -> None:
    setup = make("bank")
    list(protocols.self_reenactment([clip], setup))
    list(protocols.cross_identity([(clip, clip)], setup))
    used = cast(PretendedPipeline, setup.pipeline).settings
    assert [settings.mode for settings in used] == ["absolute", "relative"]
    assert all(settings.full_frame and not settings.label for settings in used)


def test_one_study_serves_all_methods_and_all_drivers_of_a_subject(clip: Path, make: Make, tmp_path: Path) -> None:
    other = tmp_path / "ben.mp4"
    shutil.copy(clip, other)
    setup = make()
    rows = list(protocols.cross_identity([(clip, clip), (clip, other)], setup))
    assert [(row.case, row.method) for row in rows] == [
        ("anna-by-anna", "copy"), ("anna-by-anna", "bank"), ("anna-by-ben", "copy"), ("anna-by-ben", "bank"),
    ]  # fmt: skip
    assert cast(PretendedPipeline, setup.pipeline).studied == ["anna.mp4"]
    drawn = {path.stem for path in (setup.out / "sheets").iterdir()}
    assert drawn == {"cross-anna-by-anna", "cross-anna-by-ben"}


def test_a_result_that_is_the_driver_follows_it_perfectly(clip: Path, make: Make) -> None:
    (row,) = protocols.cross_identity([(clip, clip)], make("bank"))
    assert isinstance(row, CrossRow)
    assert row.pose_deg == pytest.approx(0, abs=1e-3)
    assert row.c.mouth == pytest.approx(1) and row.g.mouth == pytest.approx(1)
    assert row.jitter == pytest.approx(row.jitter_driver)
    assert row.shape_driver == pytest.approx(0, abs=1e-6)
    assert -1 < row.texture_driver < 1
    assert np.isnan(row.csim_subject)  # no identity network was given


def test_novel_view_studies_frontal_frames_and_judges_turned_ones(clip: Path, make: Make) -> None:
    setup = make("bank")
    (row,) = views.novel_view([clip], setup)
    assert isinstance(row, ViewRow)
    assert row.yaw_deg > views.FAR
    assert row.pose_deg == pytest.approx(0, abs=0.01)
    turns = views.yaw_degrees(setup.observer.look(setup.out / "parts" / "anna-near.mp4", 1))
    assert 0 < np.abs(turns).max() < views.NEAR + 6  # frames between two looks may turn a little further


def test_expressions_held_out_are_judged_with_and_without_the_drivers_wrinkles(clip: Path, make: Make) -> None:
    setup = make("copy", "bank")
    rows = list(expressions.unseen_expression([clip], setup))
    assert all(isinstance(row, ExpressionRow) for row in rows)
    assert [row.method for row in rows] == ["copy", "bank", "bank, smooth"]
    assert [settings.wrinkles for settings in cast(PretendedPipeline, setup.pipeline).settings] == [1, 1, 0]
    calm, whole = (setup.observer.look(path, 1) for path in (setup.out / "parts" / "anna-calm.mp4", clip))
    usual = expressions.usual_face(whole)
    usually = expressions.liveliness(whole, usual).mean()
    assert expressions.liveliness(calm, usual).mean() < 0.8 * usually < 0.7 * rows[0].apart  # type: ignore[union-attr]


def test_a_turntable_is_judged_by_the_angle_asked_for(clip: Path, make: Make) -> None:
    setup = make("bank")
    (row,) = views.turning([clip], setup)
    assert isinstance(row, TurnRow)
    assert row.yaw_gain == pytest.approx(0.5, abs=0.1)
    assert row.yaw_error > 3
    assert row.run.frames == row.run.wanted == FPS
    assert (setup.out / "sheets" / "turn-anna.png").is_file()


def test_a_clip_without_turned_frames_is_skipped_not_failed(make: Make, tmp_path: Path) -> None:
    still = write_clip(tmp_path / "calm.mp4", [picture(0)] * 40)
    (skipped,) = views.novel_view([still], make())
    assert isinstance(skipped, Failure) and skipped.skipped


def test_one_failing_clip_or_method_does_not_stop_the_others(clip: Path, make: Make, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    shutil.copy(clip, broken)
    outcomes = list(protocols.self_reenactment([broken, clip], make("flat", "bank")))
    lost, failed, row = outcomes
    assert isinstance(lost, Failure) and lost.case == "broken" and "no picture" in lost.reason
    assert isinstance(failed, Failure) and failed.method == "flat" and "no depth" in failed.reason
    assert isinstance(row, SelfRow) and row.case == "anna"


def test_a_user_who_stops_stops_the_evaluation(clip: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> CanonicalHead:
        raise Cancelled("cancelled")

    monkeypatch.setattr(PretendedPipeline, "study", stop)
    with pytest.raises(Cancelled):
        list(protocols.self_reenactment([clip], make()))


def test_an_evaluation_leaves_tables_and_sheets_and_tells_failure_by_its_status(
    clip: Path, make: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    shutil.copy(clip, folder / "anna.mp4")
    said: list[str] = []
    setup = make()
    assert run_trials(folder, setup, ("self", "view"), said.append) == 0
    with (setup.out / "self.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [line["method"] for line in table] == list(METHODS)
    assert float(table[1]["face_psnr"]) > float(table[0]["face_psnr"])
    tables = (setup.out / "tables.md").read_text(encoding="utf-8")
    assert "## self" in tables and "## view" in tables and "| mean of 1 | bank |" in tables
    assert len(said) == 5  # four rows and the tables
    shutil.copy(clip, folder / "broken.mp4")
    assert run_trials(folder, setup, ("self",), said.append) == 1
    assert "broken: FAILED" in (setup.out / "tables.md").read_text(encoding="utf-8")
    with pytest.raises(SettingsError):
        run_trials(folder, setup, ("selfie",))


def test_clips_are_paired_cut_and_selected(clip: Path, tmp_path: Path) -> None:
    names = [Path(name) for name in ("a.mp4", "b.mp4", "c.mp4")]
    made = pairs(names, [Path("still.png")])
    assert len(made) == 7 and len(set(made)) == 7 and all(subject != driving for subject, driving in made)
    assert all(len({s for s, _ in made[i : i + 2]}) == 1 for i in (0, 2, 4))  # pairs of a subject follow each other
    first, second = halves(clip, tmp_path, 0.4)
    assert probe(first).frames == FRAMES // 2 and probe(second).frames == 10
    face = Observer(NumberTracker()).face(fetch(second, [0])[0])
    np.testing.assert_allclose(face, landmarks_at(FRAMES // 2))
    chosen = select(clip, tmp_path / "some.mp4", np.arange(FRAMES) % 3 == 0)
    assert probe(chosen).frames == FRAMES // 3
    assert duration(cut(clip, tmp_path / "part.mp4", 0.4, 0.8)) == pytest.approx(0.8, abs=0.03)
    with pytest.raises(MediaError):
        find_clips(tmp_path / "nowhere")


def test_fetch_gives_the_frames_asked_for_in_that_order_and_the_last_one_past_the_end(clip: Path) -> None:
    frames = fetch(clip, [7, 3, 1000])
    tags = [round(frame[4 : TAG - 4, 4 : TAG - 4].mean() / STEP) for frame in frames]
    assert tags == [7, 3, FRAMES - 1]


def test_speed_is_a_ratio_to_the_reference_for_every_stage(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed.Reference, "seconds", 0.1)
    monkeypatch.setattr(speed.Reference, "run", lambda self, count=0: None)
    costs = {(c.stage, c.size): c for c in speed.measure(PretendedPipeline(), clip, clip, (256,))}
    assert {("study", 0), ("study fixed", 0), ("track", 256), ("fuse", 256), ("total", 256)} == {
        key for key in costs if key[0] != "reference"
    }
    assert costs["reference", 256].ratio == 1
    assert costs["track", 256].ratio == pytest.approx(2 * costs["fuse", 256].ratio)
    assert costs["track", 256].seconds == pytest.approx(0.48 / FRAMES)
    said: list[str] = []
    speed.report(list(costs.values()), tmp_path / "bench", said.append)
    assert "x reference" in said[0] and "| track | 256 |" in said[0]
    assert len(json.loads((tmp_path / "bench" / "bench.json").read_text(encoding="utf-8"))) == len(costs)


def test_the_judge_sees_every_picture_alone_and_says_when_there_is_no_face(
    still_picture: Path, no_face_picture: Path
) -> None:
    if not still_picture.is_file():
        pytest.skip("needs the rendered pictures of tests/data")
    observer = Observer(FaceMeshJudge())
    face = next(iter(read_frames(still_picture)))
    found = observer.face(face)
    np.testing.assert_array_equal(found, observer.face(face))
    assert found.shape == (MEDIAPIPE_478.count, 3)
    outline = found[list(MEDIAPIPE_478.oval), :2]
    assert outline.min() > 0 and (outline.max(0) < face.shape[1::-1]).all()
    assert np.isnan(observer.face(next(iter(read_frames(no_face_picture))))).all()
