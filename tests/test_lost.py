"""Landmarks taken away on purpose, and how it is judged where the head is told to be meanwhile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from acted_head import FPS, FRAMES, TAG, NumberTracker, PretendedPipeline, landmarks_at, picture, write_clip
from heads import TOPOLOGY, mottled

from tmt import bridge
from tmt.evaluate import lost
from tmt.evaluate.observe import Observer
from tmt.evaluate.rows import LostRow
from tmt.evaluate.trial import Setup
from tmt.geometry import fit_similarity
from tmt.headcrop import HeadCrop
from tmt.headpose import Told
from tmt.pose import template
from tmt.types import Array


def rows(clip: Path, out: Path) -> dict[str, LostRow]:
    setup = Setup(PretendedPipeline(), Observer(NumberTracker()), out, ("bank",), 4.0)
    found = list(lost.lost_faces([clip], setup))
    assert all(isinstance(row, LostRow) for row in found), found
    return {row.method: row for row in found if isinstance(row, LostRow)}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "anna.mp4", [picture(i) for i in range(FRAMES)])


def pose_shown(frame: Array, *_: object) -> Told:
    """The true pose of the frame whose number a picture's corner shows, without a doubt."""
    stable = list(TOPOLOGY.stable)
    face = landmarks_at(round(frame[4 : TAG - 4, 4 : TAG - 4].mean() / 5))
    return Told(fit_similarity(template(TOPOLOGY.name)[stable], face[stable], np.ones(len(stable))), 0.0)


def test_a_head_that_is_followed_rightly_is_where_its_landmarks_are(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HeadCrop, "cut", lambda self, image, **_: image)
    monkeypatch.setattr(bridge, "told_pose", pose_shown)
    told = rows(clip, tmp_path)
    assert set(told) == {"held", *(f"PoseNet, {way}" for way in lost.WAYS)}
    assert {row.judged for row in told.values()} == {FRAMES - FPS}
    assert told["held"].turn_deg > 5 and told["held"].place > 0.02
    for way in ("clear", "covered"):
        assert told[f"PoseNet, {way}"].turn_deg < 0.1 and told[f"PoseNet, {way}"].place < 0.002


def test_where_nobody_is_followed_the_last_face_is_held(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "told_pose", lambda *_: None)
    told = rows(clip, tmp_path)
    assert all(row.turn_deg == told["held"].turn_deg and row.place == told["held"].place for row in told.values())


def test_a_blurred_picture_is_blurred_and_a_covered_one_hides_mouth_and_chin_alone() -> None:
    face = landmarks_at(0) * 2
    frame = np.round(60 + 140 * mottled((352, 352), grain=3.0)).astype(np.uint8)
    blurred, covered = (lost.WAYS[way](frame, face, TOPOLOGY) for way in ("blurred", "covered"))
    assert blurred.std() < 0.6 * frame.std()
    changed = np.abs(covered.astype(int) - frame).max(-1) > 2
    marks = np.round(face[: TOPOLOGY.surface, :2]).astype(int)
    mouth = marks[[TOPOLOGY.chin, *TOPOLOGY.lower_lip]]
    eyes = marks[[corner for eye in TOPOLOGY.eyes for corner in eye.corners]]
    patch = covered[mouth[:, 1], mouth[:, 0]].astype(float)
    assert changed[mouth[:, 1], mouth[:, 0]].mean() > 0.9 and patch.std(0).max() < frame.std() / 2
    assert not changed[eyes[:, 1], eyes[:, 0]].any() and changed.mean() < 0.3
