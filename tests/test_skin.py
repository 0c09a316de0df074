"""Landmarks on the skin they name: what a detector misses is seen in the picture, and what moves by itself is kept."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from heads import mottled

from tmt import skin
from tmt.pose import template
from tmt.skin import SkinFollower, follow, learn, motion, skin_map, unroll
from tmt.topology import MEDIAPIPE_478 as TOPOLOGY
from tmt.types import Array

SIDE = 256
LAYOUT = skin_map(TOPOLOGY)
LIDS_AND_IRISES = [*TOPOLOGY.right_eye.ring, *TOPOLOGY.left_eye.iris]


@pytest.fixture(autouse=True)
def few_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """A painted face is the same in all frames: few of them make its mean."""
    monkeypatch.setattr(skin, "LEAST", 6)


@pytest.fixture(scope="module")
def picture() -> Array:
    return np.round(mottled((SIDE, SIDE), grain=2.5) * 255).astype(np.uint8)


def place(turn: float = 0.0) -> Array:
    """The average face's landmarks in the middle of the picture, px."""
    cosine, sine = np.cos(turn), np.sin(turn)
    face = template(TOPOLOGY.name) @ np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    return (face * 80 + [SIDE / 2, SIDE / 2, 0]).astype(np.float32)


def guesses(count: int, seed: int = 0) -> list[Array]:
    """Landmarks beside their skin by a smooth error of about 2 px, different in each frame, zero on average."""
    random = np.random.default_rng(seed)
    face, errors = place(), []
    for _ in range(count):
        field = cv2.GaussianBlur(random.normal(size=(SIDE, SIDE, 2)).astype(np.float32), (0, 0), 30)
        where = face[:, None, :2].astype(np.float32)
        errors.append(cv2.remap(field / field.std() * 1.5, where, None, cv2.INTER_LINEAR)[:, 0])
    shift = np.stack(errors) - np.mean(errors, 0)
    return [np.concatenate([face[:, :2] + error, face[:, 2:]], 1).astype(np.float32) for error in shift]


def beside(faces: list[Array]) -> float:
    """Mean distance of the freely moving landmarks from where they belong, px."""
    free = np.flatnonzero(LAYOUT.free > 0.99)
    return float(np.mean([np.linalg.norm((face - place())[free, :2], axis=1).mean() for face in faces]))


def test_landmarks_move_onto_the_skin_they_name(picture: Array) -> None:
    faces = guesses(16)
    before = beside(faces)
    follower = SkinFollower(TOPOLOGY)
    for number, face in enumerate(faces):
        follower.add(picture, face, number)
    follower.finish()
    assert before > 1.5
    assert beside(faces) < 0.45 * before


def test_a_frame_like_the_mean_face_stays_where_it_is(picture: Array) -> None:
    texture = unroll(LAYOUT, picture, place())
    model = learn(LAYOUT, [texture] * 8)
    assert model is not None
    assert np.abs(motion(model, texture)).max() < 0.05


def test_lids_and_irises_keep_the_detectors_word_and_lips_half_of_it(picture: Array) -> None:
    faces = guesses(8)
    model = learn(LAYOUT, [unroll(LAYOUT, picture, face) for face in faces])
    assert model is not None
    shift = follow(model, unroll(LAYOUT, picture, faces[0]), faces[0])
    assert np.abs(shift[LIDS_AND_IRISES]).max() == 0
    assert np.abs(shift).max() > 0.5
    wrong = (place() - faces[0])[list(TOPOLOGY.mouth), :2]
    went = (shift[list(TOPOLOGY.mouth)] * wrong).sum() / (wrong**2).sum()
    assert went == pytest.approx(skin.LIPS, abs=0.2)


def test_a_flat_face_has_nothing_to_follow() -> None:
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    faces = guesses(8)
    model = learn(LAYOUT, [unroll(LAYOUT, grey, face) for face in faces])
    assert model is not None
    assert np.abs(follow(model, unroll(LAYOUT, grey, faces[0]), faces[0])).max() < 0.05


def test_light_that_changes_moves_nothing(picture: Array) -> None:
    texture = unroll(LAYOUT, picture, place())
    model = learn(LAYOUT, [texture] * 8)
    assert model is not None
    ramp = np.linspace(0.6, 1.0, SIDE)[None, :, None]
    lit = unroll(LAYOUT, np.round(picture * ramp).astype(np.uint8), place())
    assert np.linalg.norm(motion(model, lit), axis=-1)[LAYOUT.skin > 0].mean() < 0.25


def test_too_few_frames_teach_nothing(picture: Array) -> None:
    texture = unroll(LAYOUT, picture, place())
    assert learn(LAYOUT, [texture] * (skin.LEAST - 1)) is None
    face = place()
    follower = SkinFollower(TOPOLOGY)
    follower.add(picture, face, 0)
    follower.finish()
    np.testing.assert_array_equal(face, place())


def test_a_long_clip_waits_no_longer_than_its_beginning(picture: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skin, "WAITING", 10)
    raw, faces = guesses(14), guesses(14)
    follower = SkinFollower(TOPOLOGY)
    for count, face in enumerate(faces, 1):
        follower.add(picture, face, count - 1)
        moved = [not np.array_equal(now, was) for now, was in zip(faces, raw, strict=True)]
        assert moved == [count >= 10 and index < count for index in range(14)]


@pytest.mark.parametrize("shift", [-200.0, 60.0, 400.0])
def test_a_face_partly_or_wholly_outside_the_picture_does_no_harm(picture: Array, shift: float) -> None:
    faces = [face + np.array([shift, 0, 0], np.float32) for face in guesses(8)]
    before = [face.copy() for face in faces]
    follower = SkinFollower(TOPOLOGY)
    for number, face in enumerate(faces):
        follower.add(picture, face, number)
    follower.finish()
    moved = np.abs(np.stack(faces) - np.stack(before))
    assert np.isfinite(moved).all() and moved.max() < 12


def test_faces_are_kept_evenly_and_never_too_many(picture: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skin, "KEPT", 8)
    follower = SkinFollower(TOPOLOGY)
    for number, face in enumerate(guesses(40)):
        follower.add(picture, face, number)
    follower.finish()
    hidden = np.arange(40) == 16
    faces = follower.faces(~hidden)
    assert list(faces) == [0, 8, 24, 32]
    assert all(face.shape == (skin.SIDE, skin.SIDE) for face in faces.values())
