"""From 68 landmarks to the mesh: what was measured stays, what was not is plausible, and the irises are seen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from heads import DATA, FPS, TOPOLOGY, act, average, pipeline, studied

from tmt.canonical import open_mouth
from tmt.geometry import rotation_from_euler, transform
from tmt.pipeline import TalkingHeadPipeline
from tmt.points68 import MESH, densify, weights
from tmt.track import FaceTracker, track
from tmt.types import Array, Consent, Pose, Settings
from tmt.video import read_frames


class Reduced(FaceTracker):
    """The first tracker with all but 68 of its points taken away."""

    topology = TOPOLOGY

    def __init__(self) -> None:
        self._whole = pipeline().tracker

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker."""
        found = self._whole.detect(frame, previous)
        return None if found is None else densify(found[list(MESH)], frame)

    def matte(self, frame: Array) -> Array:
        """See FaceTracker."""
        return self._whole.matte(frame)


def placed(face: Array, yaw: float = 0.0, scale: float = 80.0) -> Array:
    """A face [L, 3] head units in a picture, px."""
    rotation = rotation_from_euler(np.radians(yaw), 0.1, 0.05)
    return transform(Pose(np.array(scale), rotation, np.array([200.0, 180.0, 0.0])), face)


def test_every_one_of_the_68_is_another_point_and_mirrored_pairs_are_mirrored() -> None:
    assert len(set(MESH)) == len(MESH) == 68 and max(MESH) < TOPOLOGY.surface
    face = average()[list(MESH)]
    for right, left in ((0, 16), (4, 12), (17, 26), (21, 22), (31, 35), (36, 45), (39, 42), (48, 54), (60, 64)):
        assert face[right, 0] == pytest.approx(-face[left, 0], abs=0.05) and face[right, 0] < 0 < face[left, 0]
        assert face[right, 1] == pytest.approx(face[left, 1], abs=0.05)


@pytest.mark.parametrize("yaw", [0.0, 25.0, -25.0])
def test_the_measured_points_stay_where_they_were_measured(yaw: float) -> None:
    points = placed(act(average(), mouth=0.15, lids=0.5), yaw)[list(MESH)]
    np.testing.assert_allclose(densify(points)[list(MESH)], points, atol=1e-3)


def test_the_average_face_comes_back_whole_in_any_pose() -> None:
    for yaw in (0.0, 30.0):
        truth = placed(average(), yaw)
        away = np.linalg.norm(densify(truth[list(MESH)]) - truth, axis=1)[: TOPOLOGY.surface]
        assert away.mean() < 0.02 * 80


def test_the_weights_move_neighbours_together_and_amplify_no_noise() -> None:
    learned = weights()
    assert learned.shape == (3, TOPOLOGY.surface, 68)
    np.testing.assert_allclose(learned.sum(-1)[0].mean(), 1.0, atol=0.1)  # a shift of all 68 shifts the face
    assert np.sqrt((learned**2).sum(-1)).max() <= 1.001


def test_a_dark_iris_is_found_where_the_eye_looks() -> None:
    mesh = placed(open_mouth(average(), TOPOLOGY), scale=160.0)
    for eye in TOPOLOGY.eyes:
        ring = mesh[list(eye.ring), :2]
        width = float(np.linalg.norm(mesh[eye.corners[0], :2] - mesh[eye.corners[1], :2]))
        found = []
        for side in (-0.12, 0.0, 0.12):
            picture = np.full((400, 400, 3), 200, np.uint8)
            at = ring.mean(0) + (side * width, 0)
            cv2.circle(picture, (round(at[0]), round(at[1])), round(0.17 * width), (40, 30, 20), -1)
            found.append(densify(mesh[list(MESH)], picture)[eye.iris[0], 0] - at[0])
        assert np.abs(found).max() < 0.1 * width


def test_from_68_points_of_a_real_track_the_mesh_is_as_the_tracker_sees_it() -> None:
    clip = list(read_frames(DATA / "driving.mp4"))[::4]
    whole, reduced = (track(clip, tracker, FPS, "clip").landmarks for tracker in (pipeline().tracker, Reduced()))
    eyes = np.linalg.norm(whole[:, 33] - whole[:, 263], axis=1)
    away = np.linalg.norm(whole - reduced, axis=-1)[:, : TOPOLOGY.surface, ].mean(1) / eyes
    assert away.max() < 0.03


def test_the_pipeline_on_68_points_misses_the_landmarks_by_at_most_half_as_much_again(consent: Consent) -> None:
    settings = Settings(mode="absolute", full_frame=True, label=False)
    truth = track(read_frames(DATA / "subject.mp4"), pipeline().tracker, FPS, "truth").landmarks
    missed = []
    for name, tracker in (("478", pipeline().tracker), ("68", Reduced())):
        pipe = TalkingHeadPipeline(tracker)
        head = studied() if name == "478" else pipe.study(DATA / "subject.mp4", consent=consent)
        shown = [f.image.permute(1, 2, 0).numpy() for f in pipe.frames(head, DATA / "subject.mp4", settings)][::4]
        seen = track([np.round(picture * 255).astype(np.uint8) for picture in shown], pipeline().tracker, FPS, name)
        missed.append(float(np.linalg.norm((seen.landmarks - truth[::4])[..., :2], axis=-1).mean()))
    assert missed[1] < 1.5 * missed[0] + 0.1  # px: a tenth is the detector's own noise
