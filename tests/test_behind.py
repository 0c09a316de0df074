"""What lies behind a head: the background though the camera moves, the torso though hair hangs over it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from test_composite import mottled

from tmt.behind import Behind, Camera, View, behind, stands
from tmt.canvas import Canvas
from tmt.composite import lay_over, near
from tmt.types import Array, Window

SIDE = 160
SCENE = np.round(mottled((SIDE + 40, SIDE + 40), 3, grain=4.0) * 255).astype(np.uint8)
COAT = np.array([40, 60, 160], np.uint8)
HEAD = np.array([230, 20, 20], np.uint8)


def canvas(colours: Array) -> Canvas:
    """A canvas that shows colours [SIDE, SIDE, 3] uint8."""
    here, whole = colours / np.float32(255), np.ones((SIDE, SIDE), np.float32)
    return Canvas(Window(0, 0, SIDE, SIDE, 1.0), here, here, whole[..., None], whole)


def scene(camera: tuple[int, int] = (0, 0), head: float = 0.0, sway: int = 0) -> View:
    """A head over a coat before a background; the head hides a part of both. All px: where the camera has gone, how
    far the head has turned aside, and how far the torso has."""
    y, x = np.mgrid[:SIDE, :SIDE]
    colours = SCENE[20 - camera[1] : 20 - camera[1] + SIDE, 20 - camera[0] : 20 - camera[0] + SIDE].copy()
    torso = (y > 110) & (np.abs(x - 80 - sway) < 60)
    disc = np.hypot(x - 80 - head, (y - 85) * 0.8) < 32
    colours[torso], colours[disc] = COAT, HEAD
    return View(colours, (torso | disc).astype(np.float32), disc.astype(np.float32), np.array([sway, 0.0]))


def layers(views: list[View], cameras: list[Array | None]) -> Behind:
    return behind(views, cameras)


def test_behind_a_head_lies_the_torso_where_some_picture_shows_it_and_else_the_background() -> None:
    views = [scene(head=h) for h in np.linspace(-30, 30, 9)]
    found = layers(views, [None] * 9)
    bare = scene(head=1000.0).colours
    apart = np.abs(np.round(found.clean * 255) - bare).max(-1)
    assert np.percentile(apart[60:105, [30, 36, 124, 130]], 90) < 10  # beside where the head has been
    assert apart[122:, 30:130].max() < 20  # the coat, though the head hung over it
    assert found.solid[122:, 40:120].min() > 0.9 and found.solid[:90].max() < 0.2


def test_the_torso_goes_where_the_body_goes() -> None:
    views = [scene(head=h, sway=s) for h, s in zip(np.linspace(-30, 30, 9), range(-8, 10, 2), strict=True)]
    now = layers(views, [None] * 9).at(None, np.array([6.0, 0.0]))
    assert now.solid[140, [30, 142]].min() > 0.8 and now.solid[140, [22, 150]].max() < 0.3


def test_a_camera_held_by_hand_is_followed_and_one_that_stands_is_left_alone() -> None:
    home = scene()
    camera = Camera(canvas(home.colours), home.person)
    moves = [(0, 0), (5, -3), (-8, 6), (12, 2), (3, 3)]
    views = [scene(move, head=4.0) for move in moves]
    motions = [camera.motion(view.colours / np.float32(255), view.person) for view in views]
    for move, motion in zip(moves, motions, strict=True):
        assert motion is not None
        np.testing.assert_allclose(motion, [[1, 0, move[0]], [0, 1, move[1]]], atol=0.35)
    assert not stands(motions, (SIDE, SIDE)) and stands([motions[0]] * 5, (SIDE, SIDE))
    shown = layers(views, motions).at(motions[1], np.zeros(2)).plate
    away = cv2.dilate(views[1].person, np.ones((25, 25), np.uint8)) == 0
    away[:15] = away[-15:] = away[:, :15] = away[:, -15:] = False
    assert np.abs(shown - views[1].colours / 255)[away].mean() < 0.02


def test_where_nothing_can_be_followed_the_camera_stands() -> None:
    plain = np.full((SIDE, SIDE, 3), 128, np.uint8)
    camera = Camera(canvas(plain), np.zeros((SIDE, SIDE), np.float32))
    motion = camera.motion(plain / np.float32(255), np.zeros((SIDE, SIDE), np.float32))
    assert motion is None and stands([motion] * 5, (SIDE, SIDE))


def test_a_hair_that_the_matte_missed_is_seen_and_what_always_flickers_is_not() -> None:
    views = [scene(head=h) for h in np.linspace(-10, 10, 9)]
    rng = np.random.default_rng(0)
    for view in views:
        view.colours[10:30, 10:30] = rng.integers(0, 255, (20, 20, 3))
    found = layers(views, [None] * 9)
    now = views[4].colours / np.float32(255)
    now[40:90, 20:22] = (0.0, 1.0, 1.0)
    strays = found.strays(now)
    assert strays[42:88, 20:22].min() > 0.6
    assert strays[12:28, 12:28].mean() < 0.3 and strays[42:88, 6:12].max() < 0.05


@pytest.mark.parametrize("away", [0.0, 4.0])
def test_a_pasted_head_changes_nothing_away_from_the_person(away: float) -> None:
    view = scene(head=away)
    whole = np.ones((SIDE, SIDE), np.float32)
    plain = canvas(view.colours)
    moving = Canvas(
        plain.window, np.zeros_like(plain.plate), plain.around, plain.paste, whole, person=view.person, share=whole,
        stray=np.zeros_like(whole),
    )
    shown = lay_over(np.zeros((SIDE, SIDE, 3), np.float32), view.person, whole, moving, whole)
    far = cv2.dilate(view.person, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))) == 0
    np.testing.assert_allclose(shown[far], plain.around[far], atol=1e-3)
    assert shown[view.person > 0].max() < 0.05
    assert near(view.person)[far].max() < 1e-3
