"""Rows, tables, sheets and the parts of an evaluation that need no clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tmt import evaluate
from tmt.errors import SettingsError
from tmt.evaluate import speed
from tmt.evaluate.identity import load_identity
from tmt.evaluate.metrics import Closeness
from tmt.evaluate.report import line, markdown, show
from tmt.evaluate.rows import Failure, Run, SelfRow, cells, mean_closeness, means
from tmt.evaluate.sheets import CELL, GAP, MARGIN, Strip, contact_sheet
from tmt.pose import template
from tmt.topology import MEDIAPIPE_478

NAN = float("nan")


def row(case: str, method: str, psnr: float, akd: float = 0.01) -> SelfRow:
    return SelfRow(case, method, Closeness(psnr, psnr, 0.9, 0.9, 0.9, akd, 1.0), NAN, Run(10, 10, 0, 1.0))


def test_means_compare_methods_on_the_same_clips() -> None:
    rows = [row("a", "copy", 20), row("a", "bank", 30), row("b", "bank", 50)]  # copy failed on b
    lines = list(means(rows))
    assert [(entry["case"], entry["method"]) for entry in lines] == [("mean of 1", "copy"), ("mean of 1", "bank")]
    assert [entry["face_psnr"] for entry in lines] == [20, 30]


def test_what_could_not_be_measured_is_left_out_of_a_mean() -> None:
    (mean,) = means([row("a", "bank", 20, akd=0.02), row("b", "bank", 30, akd=NAN)])
    assert mean["akd"] == pytest.approx(0.02) and mean["face_psnr"] == pytest.approx(25)
    frames = [row("a", "bank", p, akd).close for p, akd in ((20, 0.02), (30, NAN))]
    assert mean_closeness(frames).akd == pytest.approx(0.02)


def test_a_row_is_flat_in_a_table_and_what_nobody_measured_has_no_column() -> None:
    flat = cells(row("a", "bank", 31.4159))
    assert {"case", "method", "face_psnr", "akd", "coverage", "frames"} <= set(flat)
    head, _, entry = markdown([flat])
    assert "coverage" not in head and "31.42" in entry
    assert show("akd", 0.01234) == "0.0123" and show("frames", 24.0) == "24" and show("sharpness", NAN) == "-"


def test_a_failure_says_where_and_why_and_a_skipped_clip_is_told_apart() -> None:
    assert line(Failure("self", "anna", "flat", "no depth")) == "self anna flat: FAILED, no depth"
    assert line(Failure("view", "anna", "", "too few", skipped=True)) == "view anna: skipped, too few"


def test_a_contact_sheet_shows_every_picture_whole_in_its_cell() -> None:
    red, blue = np.zeros((40, 80, 3), np.uint8), np.zeros((300, 300, 3), np.uint8)
    red[..., 0], blue[..., 2] = 255, 255
    sheet = contact_sheet([Strip("subject", [red]), Strip("bank", [blue, blue])])
    assert sheet.shape == (2 * (CELL + GAP) + GAP, MARGIN + 2 * (CELL + GAP), 3)
    centre = CELL // 2
    assert tuple(sheet[GAP + centre, MARGIN + centre]) == (255, 0, 0)
    assert tuple(sheet[GAP + 4, MARGIN + centre]) == (245, 245, 245)  # a wide picture leaves room above
    assert tuple(sheet[2 * GAP + CELL + centre, MARGIN + CELL + GAP + centre]) == (0, 0, 255)
    assert (sheet[:, :MARGIN] < 100).any()  # there is a caption


def test_the_reference_workload_is_timed_every_time_it_runs() -> None:
    reference = speed.Reference()
    reference.run(1)
    assert len(reference.times) == 1 and reference.seconds > 0


def test_unknown_methods_are_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="bank"):
        evaluate.evaluate(tmp_path, tmp_path / "out", methods=("magic",))


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e6, NAN])
def test_a_length_that_makes_no_sense_is_refused(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(SettingsError, match="seconds"):
        evaluate.evaluate(tmp_path, tmp_path / "out", seconds=seconds)


def test_identity_is_optional() -> None:
    identity = load_identity()
    if identity is None:
        pytest.skip("dlib-bin or face_recognition_models is not installed")
    nobody, landmarks = np.full((200, 200, 3), 127, np.uint8), template(MEDIAPIPE_478.name) * 50 + 100
    assert identity(nobody, landmarks, MEDIAPIPE_478) is None
