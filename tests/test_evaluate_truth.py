"""The protocol with the whole truth, around a pretended product and truth files made here."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from acted_head import SIDE, NumberTracker, PretendedPipeline, landmarks_at, picture, write_clip

from tmt.errors import MediaError
from tmt.evaluate import sheets
from tmt.evaluate.metrics import depth_error
from tmt.evaluate.observe import Observer
from tmt.evaluate.rows import Failure, TruthRow
from tmt.evaluate.trial import Setup
from tmt.evaluate.truth import Made, Truth, find_truth, load_truth, true_trials
from tmt.geometry import rotation_from_euler
from tmt.types import CanonicalHead, Method

NUMBERS = np.arange(0, 48, 12)
HALF = SIDE // 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """anna.mp4, ben.mp4 and the truth of anna by ben: ben's own pictures over a tilted plane."""
    clips = tmp_path / "clips"
    (clips / "truth").mkdir(parents=True)
    write_clip(clips / "anna.mp4", [picture(i) for i in range(48)])
    shutil.copy(clips / "anna.mp4", clips / "ben.mp4")
    write_clip(clips / "truth" / "anna-by-ben.mp4", [picture(i) for i in NUMBERS])
    count = len(NUMBERS)
    flat = np.stack([(landmarks_at(i)[:468, :2] - HALF) / 100 for i in NUMBERS])
    marks = np.concatenate([flat, np.ones((count, 468, 1))], 2)
    ramp = np.broadcast_to(10 + np.arange(HALF) / HALF, (count, HALF, HALF))
    label = np.zeros((count, SIDE, SIDE), np.uint8)
    label[:, 20:-20, 20:-20] = 1
    np.savez_compressed(
        clips / "truth" / "anna-by-ben.npz", number=NUMBERS, depth=ramp.astype(np.float16), label=label,
        labels=np.array(["background", "skin", "hair", "eyes", "mouth", "garment"]), landmarks=marks,
        focal_px=np.array(100.0), centre_px=np.array([HALF, HALF]),
        rotation=np.stack([turn_of(i) for i in NUMBERS]),
    )  # fmt: skip
    return clips


def turn_of(index: int) -> np.ndarray:
    """As the acted head turns."""
    time = index / 48 * 2 * np.pi
    return rotation_from_euler(np.radians(35.0) * np.sin(time) ** 3, 0.1 * np.sin(2 * time), 0.0)


def pretend(head: CanonicalHead, truth: Truth, method: Method) -> Made:
    """`bank` knows everything but its distance and size; `copy` gives blurred pictures and no depth; `flat` fails."""
    if method == "flat":
        raise ValueError("no depth")
    if method == "copy":
        soft = [cv2.GaussianBlur(image, (0, 0), 3) for image in truth.pictures]
        for blurred, sharp in zip(soft, truth.pictures, strict=True):
            blurred[:24, :24] = sharp[:24, :24]  # the corner by which the pretended tracker knows the frame
        return Made(np.stack(soft), None)
    return Made(truth.pictures, 55 * truth.depth - 400)


def setup(tmp_path: Path, *methods: Method) -> Setup:
    return Setup(PretendedPipeline(), Observer(NumberTracker()), tmp_path / "out", methods, 1.0)


def test_a_result_that_is_the_truth_is_perfect_and_a_blurred_one_is_not(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "CELL", 48)
    copied, failed, perfect = true_trials(find_truth(folder), setup(tmp_path, "copy", "flat", "bank"), pretend)
    assert isinstance(perfect, TruthRow) and isinstance(copied, TruthRow)
    assert perfect.case == "anna-by-ben" and perfect.missed == 0
    assert perfect.close.face_psnr > 60 > 35 > copied.close.face_psnr
    assert perfect.close.mouth_ssim > 0.99 > copied.close.mouth_ssim
    assert perfect.close.akd == 0
    assert perfect.pose_deg < 1
    assert perfect.depth_face < 0.01 and perfect.depth_head < 0.01
    assert np.isnan(copied.depth_face)
    assert isinstance(failed, Failure) and failed.method == "flat"
    assert (tmp_path / "out" / "sheets" / "truth-anna-by-ben.png").is_file()


def test_depth_is_compared_after_its_scale_and_offset_are_fitted() -> None:
    rng = np.random.default_rng(0)
    truth, part = 10 + rng.random((30, 40)), rng.random((30, 40)) > 0.3
    assert depth_error(truth, 7 * truth - 3, part) == pytest.approx(0, abs=1e-9)
    holes = np.where(rng.random(truth.shape) > 0.5, truth, np.nan)
    assert depth_error(truth, holes, part) == pytest.approx(0, abs=1e-9)
    flat = depth_error(truth, np.ones_like(truth), part)
    assert flat == pytest.approx(np.abs(truth[part] - truth[part].mean()).mean())
    assert np.isnan(depth_error(truth, truth, np.zeros_like(part)))


def test_what_is_missing_or_broken_is_told_by_its_name(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="truth"):
        find_truth(tmp_path)
    (path,) = find_truth(folder)
    (folder / "ben.mp4").unlink()
    with pytest.raises(MediaError, match=r"ben\.mp4"):
        load_truth(path)
    shutil.copy(folder / "anna.mp4", folder / "ben.mp4")
    path.write_bytes(b"no archive")
    with pytest.raises(MediaError, match=r"anna-by-ben\.npz"):
        load_truth(path)
