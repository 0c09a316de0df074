"""Glances that no frame of the subject shows: a round iris on a white eye, seen through the lids."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from heads import SIDE, TOPOLOGY, act, eye_width, painted, performance_of, person, poses

from tmt.eyes import BRIGHTEST, LIGHT, SHADES, _clean, eyeballs_of, shade_of, socket_of
from tmt.fuse import FusionWeights, Mix, Posed, choose
from tmt.geometry import transform
from tmt.glance import TURNED, Glances, turnable
from tmt.render import Seen, deform, look, place
from tmt.types import Array, CanonicalHead, Pose, Target, Window
from tmt.warp import mix_pixels

LARGER = 6.0  # an eye of the synthetic people is 15 px wide
WHITE, BROWN, BLACK = (205, 195, 185), (110, 70, 45), (15, 12, 10)
RADIUS = 0.2  # of the iris, eye widths
SHAPE = person(eyes=1.4)
POSES = poses(np.linspace(-8, 8, 12))
FRONT = poses(np.zeros(1))[0]


def picture(background: Array, face: Array, pose: Pose, window: Window) -> Array:
    """The background with two eyes in it."""
    out = background.copy()
    for eye in TOPOLOGY.eyes:
        opening, ball = np.zeros(out.shape[:2], np.uint8), np.empty_like(out[..., :3])
        cv2.fillPoly(opening, [pixels_of(face[list(eye.ring)], pose, window)], 1)
        ball[:] = WHITE
        turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        circle = np.stack([np.cos(turn), np.sin(turn), 0 * turn], 1) * eye_width(face, eye)
        for radius, colour in ((RADIUS, BROWN), (0.4 * RADIUS, BLACK)):
            spot = face[list(eye.iris)].mean(0) + radius * circle
            cv2.fillPoly(ball, [pixels_of(spot, pose, window)], colour, cv2.LINE_AA)
        out[opening > 0, :3] = ball[opening > 0]
    return out


def pixels_of(points: Array, pose: Pose, window: Window) -> Array:
    there: Array = np.round(window.to_window(transform(pose, points.astype(np.float64)))[:, :2] - 0.5).astype(np.int32)
    return there


@cache
def subject() -> CanonicalHead:
    """A head that has looked straight on in all of twelve frames, turning a little."""
    faces = np.stack([SHAPE] * 12)
    for eye in TOPOLOGY.eyes:  # the detector's irises are as large as those that are drawn
        centre = SHAPE[list(eye.iris)].mean(0)
        rim = np.array([(1, 0, 0), (0, -1, 0), (-1, 0, 0), (0, 1, 0)]) * RADIUS * eye_width(SHAPE, eye)
        faces[:, list(eye.iris)] = np.vstack([centre, centre + rim])
    head = painted(performance_of(SHAPE, faces, POSES, reference=6)).head(range(12))
    window, side = head.bank.window.at(LARGER), round(SIDE * LARGER)
    images = [picture(cv2.resize(image, (side, side)), faces[k], POSES[k], window)
              for k, image in enumerate(head.bank.images)]  # fmt: skip
    bank = replace(head.bank, window=window, images=np.stack(images), places=head.bank.places * np.float32(LARGER))
    return replace(head, bank=bank)


def looking(face: Array, pose: Pose = FRONT) -> tuple[Array, Array, Array | None]:
    """A face as the sources are warped to it, the same with what is painted, and where that is."""
    head, target = subject(), Target(pose, face.astype(np.float32), np.zeros(4))
    seen, mix = scene(target)
    with ThreadPoolExecutor(2) as pool:
        before = mix_pixels(seen, head.bank.window, head.bank, head.bank.images, mix, pool, FusionWeights().floor)
    after = before.copy()
    where = Glances(head, TOPOLOGY).paint(after, seen, mix, target, head.bank.window)
    return before, after, where


def scene(target: Target) -> tuple[Seen, Mix]:
    head = subject()
    offsets = deform(head.surface, target.canonical)
    posed = Posed(offsets, place(head.surface, offsets, target, head.performance), target)
    return look(head.surface, posed.vertices, head.bank.window), choose(head.bank, head.surface, posed, TOPOLOGY, 4)


def test_the_white_and_the_iris_are_the_subjects_own() -> None:
    for ball in eyeballs_of(subject(), TOPOLOGY):
        assert ball is not None
        middle = shade_of(ball.white, np.array([[1, 0.3, 0.09, 0.5, 0.25], [1, -0.3, 0.09, 0.5, 0.25]]))
        np.testing.assert_allclose(middle, [np.array(WHITE) / 255] * 2, atol=0.08)
        size = len(ball.iris)
        np.testing.assert_allclose(ball.iris[size // 2, size // 2], np.array(BLACK) / 255, atol=0.05)
        beside = ball.iris[size // 2, round(size / 2 * (1 - 0.7 / 1.3))]
        np.testing.assert_allclose(beside, np.array(BROWN) / 255, atol=0.08)
        assert ball.radius == pytest.approx(RADIUS, abs=0.01)


@pytest.mark.parametrize("gaze", [-0.22, 0.22])
def test_a_glance_that_no_frame_shows_puts_the_iris_there_and_keeps_it_round(gaze: float) -> None:
    face, window = act(SHAPE, gaze=gaze), subject().bank.window
    before, after, where = looking(face)
    assert where is not None and where.max() > 0.95
    for eye in TOPOLOGY.eyes:
        middle, away = pixels_of(face[list(eye.iris)], FRONT, window).mean(0), eye_width(face, eye) * 45 * LARGER
        dark = brown_in(after, where)
        near = np.abs(dark - middle[::-1]).max(1) < 0.35 * away
        np.testing.assert_allclose(dark[near].mean(0)[1], middle[0], atol=0.04 * away)
        assert np.ptp(dark[near][:, 1]) < 2.2 * RADIUS * away
    ring = np.vstack([pixels_of(face[list(eye.ring)], FRONT, window) for eye in TOPOLOGY.eyes])
    rows, columns = np.nonzero(where)
    assert (ring.min(0) - 2 <= (columns.min(), rows.min())).all()
    assert (ring.max(0) + 2 >= (columns.max(), rows.max())).all()
    np.testing.assert_array_equal(before[where == 0], after[where == 0])
    np.testing.assert_array_equal(before[..., 3:], after[..., 3:])


def brown_in(pixels: Array, where: Array) -> Array:
    """Places [N, 2] row, column of the iris in what was painted."""
    found: Array = np.argwhere((pixels[..., :3].mean(-1) < 0.45) & (where > 0.5))
    return found


def test_a_glance_that_some_frame_shows_and_a_shut_eye_are_left_alone() -> None:
    for face in (SHAPE, act(SHAPE, gaze=0.04)):
        before, after, where = looking(face)
        assert where is None
        np.testing.assert_array_equal(before, after)
    _, _, where = looking(act(SHAPE, gaze=0.22, lids=1.0))
    assert where is None or where.max() == 0


def test_the_farther_the_eyes_look_the_more_is_painted_without_a_jump() -> None:
    glances = Glances(subject(), TOPOLOGY)
    faces = [act(SHAPE, gaze=gaze) for gaze in np.linspace(0, 0.2, 41)]
    targets = [Target(FRONT, face.astype(np.float32), np.zeros(4)) for face in faces]
    shares = np.array([glances.lacking(scene(target)[1], target) for target in targets])
    assert (np.diff(shares, axis=0) >= 0).all() and shares[0].max() == 0 and shares[-1].min() == 1
    assert np.diff(shares, axis=0).max() < 0.25


def test_an_eye_seen_from_its_side_is_not_painted() -> None:
    window = subject().bank.window
    for eye in TOPOLOGY.eyes:
        assert socket_of(SHAPE, FRONT, window, eye) is not None
        turned = poses(np.arange(60.0, 121.0, 4.0))
        assert any(socket_of(SHAPE, turned[k], window, eye) is None for k in range(len(turned.scale)))


@pytest.mark.parametrize("pose", [FRONT, poses(np.array([25.0]), 10.0, 12.0)[0]])
def test_places_in_an_eye_and_in_the_picture_are_the_same_there_and_back(pose: Pose) -> None:
    window = subject().bank.window
    for eye in TOPOLOGY.eyes:
        socket = socket_of(SHAPE, pose, window, eye)
        assert socket is not None
        np.testing.assert_allclose(socket.to_eye(socket.to_picture(socket.ring)), socket.ring, atol=1e-9)
        corners = window.to_window(transform(pose, SHAPE[list(eye.corners)].astype(np.float64)))[:, :2]
        np.testing.assert_allclose(socket.to_eye(corners), [(-0.5, 0), (0.5, 0)], atol=1e-6)


def test_no_iris_is_turned_further_than_eyes_turn() -> None:
    window = subject().bank.window
    for eye, way in zip(TOPOLOGY.eyes, (1, -1), strict=True):  # across from the outer corner to the inner one
        placed = []
        for gaze in (-0.6, -0.3, -0.1, 0.0, 0.1, 0.3, 0.6):
            target = Target(FRONT, act(SHAPE, gaze=gaze).astype(np.float32), np.zeros(4))
            socket = turnable(target, window, eye)
            assert socket is not None
            placed.append(way * float(socket.iris[0]))
        assert np.all(np.diff(placed) > 0) and np.abs(placed).max() <= TURNED[1]
        plain = socket_of(act(SHAPE, gaze=0.1), FRONT, window, eye)
        assert plain is not None and placed[4] == pytest.approx(way * float(plain.iris[0]), abs=1e-4)


def test_a_white_of_slivers_is_raised_above_the_lids_but_never_flat_white() -> None:
    dull = np.zeros((SHADES, 3))
    dull[0] = 0.4, 0.35, 0.33
    for skin in (0.3, 0.5, 0.95):
        lids = np.full((50, 3), skin)
        raised = float(_clean(dull, lids)[0].mean())
        assert raised == pytest.approx(max(min(LIGHT * skin, BRIGHTEST), 0.36), abs=1e-6)
    bright = dull * 2
    assert float(_clean(bright, np.full((50, 3), 0.5))[0].mean()) == pytest.approx(float(bright[0].mean()))
