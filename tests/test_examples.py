"""The example clips and the truth beside them: what is promised of them, seen in the files themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tmt.evaluate.judge import FaceMeshJudge
from tmt.evaluate.observe import Observer
from tmt.evaluate.truth import find_truth, load_truth
from tmt.types import Array
from tmt.video import probe, read_frames

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
LISTED: dict[str, Any] = json.loads((EXAMPLES / "examples.json").read_text(encoding="utf-8"))
CLIPS = [str(clip["file"]) for clip in LISTED["clips"]]
SILENT_LIPS = "subject_3.mp4"  # never opens the mouth, so that one has to be invented
INNER_LIPS = (13, 14)  # middle of the upper and of the lower lip's inner edge


@pytest.fixture(scope="session")
def observer() -> Observer:
    return Observer(FaceMeshJudge())


def lip_gap(face: Array) -> float:
    """Gap between the lips over the distance of the outer corners of the eyes."""
    upper, lower = INNER_LIPS
    return float(np.linalg.norm(face[upper] - face[lower]) / np.linalg.norm(face[33] - face[263]))


def test_every_clip_and_result_is_listed_with_words_in_both_languages() -> None:
    assert {clip["role"] for clip in LISTED["clips"]} == {"subject", "driving"}
    assert sorted(CLIPS) == sorted(path.name for path in EXAMPLES.glob("*.mp4"))
    for clip in LISTED["clips"]:
        assert all(clip[key][language].strip() for key in ("name", "about") for language in ("en", "ja"))
    for pair in LISTED["pairs"]:
        assert pair["subject"] in CLIPS and pair["driving"] in CLIPS
        assert (EXAMPLES / pair["result"]).is_file()


def test_the_examples_stay_small() -> None:
    def megabytes(*patterns: str) -> float:
        return sum(path.stat().st_size for pattern in patterns for path in EXAMPLES.glob(pattern)) / 1e6

    assert megabytes("*.mp4") <= 8
    assert megabytes("*.mp4", "results/*.mp4") <= 12
    assert megabytes("truth/*") <= 6


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_is_square_smooth_and_three_to_four_seconds_long(name: str) -> None:
    info = probe(EXAMPLES / name)
    assert (info.width, info.height) == (512, 512)
    assert info.fps == 25
    assert info.frames is not None and 75 <= info.frames <= 100


@pytest.mark.parametrize("name", CLIPS)
def test_the_face_is_found_in_frames_all_over_a_clip(name: str, observer: Observer) -> None:
    seen = observer.look(EXAMPLES / name, 12)
    assert seen.found.all()


def test_one_subject_never_opens_the_mouth_and_another_does(observer: Observer) -> None:
    gaps = {name: max(lip_gap(face) for face in observer.look(EXAMPLES / name, 4).landmarks)
            for name in (SILENT_LIPS, "subject_1.mp4")}  # fmt: skip
    assert gaps[SILENT_LIPS] < 0.06 < 0.15 < gaps["subject_1.mp4"]


def test_two_performers_speak_and_the_sound_is_there() -> None:
    assert {name for name in CLIPS if probe(EXAMPLES / name).has_audio} == {"performer_1.mp4", "performer_2.mp4"}


@pytest.mark.parametrize("path", find_truth(EXAMPLES), ids=lambda path: path.stem)
def test_the_truth_agrees_with_its_pictures(path: Path, observer: Observer) -> None:
    truth = load_truth(path)
    assert truth.pictures.shape == (20, 256, 256, 3)
    eye = np.einsum("tij,tkj->tik", truth.rotation, truth.rotation)
    np.testing.assert_allclose(eye, np.broadcast_to(np.eye(3), eye.shape), atol=1e-6)
    assert np.linalg.det(truth.rotation).min() > 0.99
    with np.load(path, allow_pickle=False) as data:
        marks, focal, centre = data["landmarks"], float(data["focal_px"]), data["centre_px"]
        assert data["expression"].shape == (20, len(data["expression_names"]))
    projected = marks[..., :2] / marks[..., 2:] * focal + centre
    face = observer.face(truth.pictures[0])
    apart = np.linalg.norm(projected[0, :468] - face[:468, :2], axis=1)
    assert np.median(apart) < 0.12 * np.linalg.norm(face[33, :2] - face[263, :2])
    nose = np.round(projected[0, 1] / 2 - 0.75).astype(int)
    assert truth.face[0, nose[1], nose[0]]
    assert truth.depth[0, nose[1], nose[0]] == pytest.approx(marks[0, 1, 2], abs=0.1)


def test_the_driving_frames_of_the_truth_are_frames_of_the_performers_clip() -> None:
    for path in find_truth(EXAMPLES):
        truth = load_truth(path)
        assert truth.numbers[0] == 0 and truth.numbers[-1] == (probe(truth.driving).frames or 0) - 1
        assert (np.diff(truth.numbers) > 0).all()
        assert next(iter(read_frames(truth.subject))).shape == (512, 512, 3)
