"""Footage spoilt on purpose, and how results made of it are judged."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from acted_head import FRAMES, TAG, NumberTracker, PretendedPipeline, picture, write_clip
from heads import mottled

from tmt.evaluate import hardships
from tmt.evaluate.observe import Observer
from tmt.evaluate.rows import HardRow
from tmt.evaluate.trial import Setup
from tmt.types import Array
from tmt.video import VideoWriter, read_frames


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "anna.mp4", [picture(i) for i in range(FRAMES)])


@pytest.fixture
def observer() -> Observer:
    return Observer(NumberTracker())


def first(path: Path) -> Array:
    return next(iter(read_frames(path))).astype(np.float32)


def test_every_way_spoils_what_it_says(clip: Path, observer: Observer, tmp_path: Path) -> None:
    scene = np.round(60 + 140 * mottled((240, 320), grain=4.0)).astype(np.uint8)
    scene[:TAG, :TAG] = 0
    path = tmp_path / "scene.mp4"
    with VideoWriter(path, size=(320, 240), fps=Fraction(25), crf=6) as writer:
        for _ in range(3):
            writer.write(scene)
    looks = {way: first(hardships.spoilt(path, way, observer)) for way in hardships.WAYS}
    clean = first(path)
    assert looks["dark"].mean() < 0.5 * clean.mean()
    assert looks["small"].shape == (120, 160, 3)
    assert looks["coarse"].shape == clean.shape and looks["coarse"].std() < 0.97 * clean.std()
    assert len({way: look.tobytes() for way, look in looks.items()}) == len(hardships.WAYS)


def test_a_backlit_person_is_dark_before_a_bright_background() -> None:
    face = np.array([[150.0, 60.0, 0.0], [190.0, 120.0, 0.0]])
    person = hardships._person(face, (240, 320))
    assert person[90, 170] > 0.95 and person[220, 170] > 0.95 and person[90, 10] < 0.01


def test_results_are_compared_with_the_clean_truth(
    clip: Path, observer: Observer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = {"as it was": lambda _: hardships._Spoil(lambda picture: picture)}
    monkeypatch.setattr(hardships, "WAYS", same)
    setup = Setup(PretendedPipeline(), observer, tmp_path / "out", ("bank",), 1.0)
    clean, spoilt = hardships.hardships([clip], setup)
    assert isinstance(clean, HardRow) and isinstance(spoilt, HardRow)
    assert (clean.case, clean.method, spoilt.method) == ("anna", "bank, clean", "bank, as it was")
    assert clean.akd == pytest.approx(0, abs=1e-6) and clean.pose_deg == pytest.approx(0, abs=0.01)
    assert (clean.akd_x, clean.pose_x) == (1, 1) and max(spoilt.akd_x, spoilt.pose_x) < 1
    assert clean.run.missed == spoilt.run.missed == 0
