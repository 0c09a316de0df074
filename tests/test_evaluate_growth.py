"""The recurrent head measured by its number of frames against a rendered truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from heads import pipeline

from tmt.evaluate.growth import growing
from tmt.evaluate.judge import FaceMeshJudge
from tmt.evaluate.observe import Observer
from tmt.evaluate.rows import GrowthRow
from tmt.evaluate.trial import Setup
from tmt.evaluate.truth import load_truth

PAIR = Path(__file__).resolve().parents[1] / "examples" / "truth" / "subject_1-by-performer_1.npz"


def test_against_a_rendered_truth_a_head_of_more_frames_is_nearer_and_shows_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = load_truth(PAIR)
    few = replace(whole, numbers=whole.numbers[::5], pictures=whole.pictures[::5])
    monkeypatch.setattr("tmt.evaluate.growth.load_truth", lambda _: few)
    monkeypatch.setattr("tmt.evaluate.growth.doublings", lambda _: [1, 16])
    setup = Setup(pipeline(), Observer(FaceMeshJudge(), None), tmp_path, ("head",), 4.0)
    many, one = (row for row in growing([], setup, [PAIR]) if isinstance(row, GrowthRow))
    assert (many.case, many.method, one.method) == (PAIR.stem, "truth 16", "truth 01")
    assert many.close.eyes_ssim > one.close.eyes_ssim + 0.01
    assert many.coverage == 1 > one.coverage > 0.3
