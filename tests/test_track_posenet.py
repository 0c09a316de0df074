"""The tracker that knows no landmarks, and parts of a pipeline that can be left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from heads import TOPOLOGY, pipeline

import tmt.pipeline
from tmt import headpose
from tmt.checkpoint import Checkpoint
from tmt.errors import SettingsError, WeightsError
from tmt.geometry import rotation_angle
from tmt.pipeline import TalkingHeadPipeline
from tmt.pose import fit_poses, template
from tmt.track_mediapipe import MediaPipeTracker
from tmt.track_posenet import PoseNetTracker
from tmt.types import Array, Consent
from tmt.video import read_frames


@pytest.fixture(scope="module")
def posenet() -> PoseNetTracker:
    return PoseNetTracker()


def followed(tracker: PoseNetTracker | MediaPipeTracker, frames: list[Array]) -> Array:
    """Landmarks [T, L, 3] of every frame, each found from the one before."""

    def each() -> Iterator[Array]:
        face: Array | None = None
        for frame in frames:
            face = tracker.detect(frame, face)
            assert face is not None
            yield face

    return np.stack(list(each()))


def test_a_turning_head_is_followed_without_a_single_landmark(
    posenet: PoseNetTracker, subject_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = list(read_frames(subject_clip))[::2]
    mesh = pipeline().tracker
    assert isinstance(mesh, MediaPipeTracker)
    shape = template(TOPOLOGY.name)
    true = fit_poses(followed(mesh, frames), shape, TOPOLOGY).rotation
    monkeypatch.setattr(posenet._finder, "_mesh", None)  # whoever asks it for landmarks now fails
    told = fit_poses(followed(posenet, frames), shape, TOPOLOGY).rotation
    turned = [np.degrees(rotation_angle(r, r[0])).max() for r in (true, told)]
    change = [np.einsum("tij,kj->tik", r, r[0]) for r in (told, true)]
    assert turned[0] > 15
    assert np.degrees(rotation_angle(*change)).mean() < 0.2 * turned[0]


def test_faces_are_the_average_persons_and_only_found_where_there_are_some(
    posenet: PoseNetTracker, two_faces_picture: Path, no_face_picture: Path
) -> None:
    found, nobody = (posenet.search(next(iter(read_frames(p)))) for p in (two_faces_picture, no_face_picture))
    assert len(found) == 2
    assert nobody == []
    sizes = [float(np.ptp(face[:, 0])) for face in found]
    assert sizes[0] > sizes[1]
    shape = template(TOPOLOGY.name)
    for face in found:
        pose = fit_poses(face[None], shape, TOPOLOGY)[0]
        laid = shape @ pose.rotation.T * pose.scale + pose.translation
        np.testing.assert_allclose(face, laid, atol=0.01 * np.ptp(face[:, 0]))


def test_a_head_that_it_is_not_sure_of_is_not_found(
    posenet: PoseNetTracker, still_picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = next(iter(read_frames(still_picture)))
    face = posenet.detect(frame, None)
    assert face is not None
    monkeypatch.setattr(headpose, "SURE", 1e-6)
    assert posenet.detect(frame, face) is None


def test_without_its_weights_there_is_no_such_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmt.track_posenet.load_pose", lambda _: None)
    with pytest.raises(WeightsError, match="PoseNet"):
        PoseNetTracker()


@pytest.mark.parametrize("without", [(), ("depth",), ("certainty",), ("alignment",)])
def test_a_study_leaves_out_what_the_pipeline_is_without(
    without: tuple[str, ...], subject_clip: Path, consent: Consent, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr(tmt.pipeline, "study", lambda *_, **told: asked.update(told))
    TalkingHeadPipeline(pipeline().tracker, without).study(subject_clip, consent=consent)
    used = asked["checkpoint"]
    assert isinstance(used, Checkpoint) and (used.depth is None) == ("depth" in without)
    assert asked["certainty"] == ("certainty" not in without)
    assert asked["alignment"] == ("alignment" not in without)


def test_a_part_that_nobody_knows_cannot_be_left_out() -> None:
    with pytest.raises(SettingsError, match="teeth"):
        TalkingHeadPipeline(pipeline().tracker, ("teeth",))
