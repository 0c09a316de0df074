"""Wrinkles: a driver's folds are told from noise, light and hands, and are drawn where a subject lacks them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from heads import TOPOLOGY, act, average, studied
from hypothesis import given
from hypothesis import strategies as st

from tmt.creases import LEAST, MOST, Unrolled, laid_on, learn, numbers_of, region
from tmt.fuse import Mix
from tmt.geometry import rotation_from_euler
from tmt.render import Seen
from tmt.skin import SIDE
from tmt.types import Array, CanonicalHead, Creases, Target

COUNT, DEPTH = 120, 0.12
ROW, LEFT, RIGHT = 24, 70, 122  # of a furrow on the forehead, px of the unrolled face


def furrow() -> Array:
    """Log of the light of a furrow, as deep as it can be [S, S]."""
    line = np.zeros((SIDE, SIDE), np.float32)
    line[ROW : ROW + 4, LEFT:RIGHT] = -DEPTH
    return cv2.GaussianBlur(line, (0, 0), 1.0)


def clip(seed: int = 0, folds: float = 1.0) -> tuple[Array, Array, Array, Array]:
    """A driver who raises the brows and furrows the forehead, and turns: faces, canonical, neutral, rotation."""
    rng = np.random.default_rng(seed)
    t = np.arange(COUNT)
    raised, opened = 0.06 * np.maximum(np.sin(t / 7), 0), 0.15 * np.maximum(np.sin(t / 4.3), 0)
    yaw = 0.3 * np.sin(t / 11)
    canonical = np.stack([act(average(), mouth=m, brows=b) for m, b in zip(opened, raised, strict=True)])
    canonical = canonical + rng.normal(0, 0.002, canonical.shape).astype(np.float32)
    ramp = np.linspace(-1, 1, SIDE)[None]
    light = np.exp(folds * furrow()[None] * (raised / 0.06)[:, None, None]) * (1 + 0.3 * yaw[:, None, None] * ramp)
    faces = 140 * light + rng.normal(0, 3, light.shape)
    return np.clip(faces, 0, 255).astype(np.uint8), canonical, average(), rotation_from_euler(yaw, 0 * yaw, 0 * yaw)


@pytest.fixture(scope="module")
def creases() -> Creases:
    found = learn(*clip(), TOPOLOGY)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def head() -> CanonicalHead:
    return studied()


def at_most(creases: Creases, brows: float) -> Array:
    """Log of the light with the brows raised, less that at rest."""
    pair = np.stack([act(average(), brows=brows), average()])[..., :2]
    now, rest = numbers_of(creases, pair)
    return np.asarray(np.tensordot(now - rest, creases.maps, 1))


def test_a_furrow_is_found_where_it_is_and_about_as_deep(creases: Creases) -> None:
    told = at_most(creases, 0.06)
    inside, true = (a[ROW + 1, LEFT + 10 : RIGHT - 10].mean() for a in (told, furrow()))
    assert 1.1 * true < inside < 0.6 * true
    elsewhere = np.abs(told[ROW + 25 :]).max()
    assert elsewhere < 0.15 * DEPTH


def test_skin_that_does_not_fold_is_left_alone() -> None:
    flat = learn(*clip(folds=0.0), TOPOLOGY)
    assert flat is None or np.abs(at_most(flat, 0.06)).max() < 0.1 * DEPTH


def test_a_hand_now_and_then_is_no_fold() -> None:
    faces, canonical, neutral, rotation = clip(folds=0.0)
    canonical = canonical.copy()
    for number in range(8, COUNT, 12):  # what the landmarks do behind a hand is anybody's guess
        cv2.ellipse(faces[number], (70, 120), (12, 40), 30, 0, 360, 60, -1)
        canonical[number] += np.random.default_rng(number).normal(0, 0.03, canonical.shape[1:])
    found = learn(faces, canonical, neutral, rotation, TOPOLOGY)
    assert found is None or np.abs(at_most(found, 0.06)).max() < 0.15 * DEPTH


def test_a_moment_teaches_nothing() -> None:
    faces, canonical, neutral, rotation = clip()
    part = slice(LEAST - 1)
    assert learn(faces[part], canonical[part], neutral, rotation[part], TOPOLOGY) is None


def test_nothing_folds_on_lips_lids_brows_and_nostrils() -> None:
    from tmt.skin import skin_map

    places = skin_map(TOPOLOGY).places
    listed = [*TOPOLOGY.mouth, *TOPOLOGY.nose_base, *TOPOLOGY.right_eye.ring, *TOPOLOGY.left_eye.brow]
    assert all(region(TOPOLOGY)[int(y), int(x)] == 0 for x, y in places[listed])
    assert region(TOPOLOGY)[ROW, SIDE // 2] > 0.9


@given(st.floats(-3, 3), st.floats(0.5, 2.0))
def test_numbers_stay_within_what_was_seen_and_scale_with_the_subjects_face(
    creases: Creases, brows: float, gain: float
) -> None:
    own = average() + np.array([0.1, -0.2, 0.0], np.float32)
    for_them = laid_on(creases, own, np.full((TOPOLOGY.count, 3), gain, np.float32))
    assert for_them is not None
    acted = own + gain * (act(average(), brows=brows) - average())
    theirs = numbers_of(for_them, acted[None, :, :2])[0]
    np.testing.assert_allclose(theirs, numbers_of(creases, act(average(), brows=brows)[None, :, :2])[0], atol=1e-3)
    assert (theirs >= creases.ends[0] - 1e-6).all() and (theirs <= creases.ends[1] + 1e-6).all()


def mixed(head: CanonicalHead) -> Mix:
    grid = head.surface.grid
    blank = np.zeros((grid, grid), np.float32)
    return Mix(np.arange(2), np.zeros((2, grid, grid), np.float32), blank, blank)


def test_frames_that_show_the_expression_are_not_folded_again(head: CanonicalHead, creases: Creases) -> None:
    neutral, gain = head.performance.neutral, np.ones((TOPOLOGY.count, 3), np.float32)
    theirs = laid_on(creases, neutral, gain)
    assert theirs is not None
    raised = neutral + act(average(), brows=0.06) - average()
    target = Target(head.performance.pose[0], raised.astype(np.float32), np.zeros(4), creases=theirs)
    unrolled = Unrolled(head.surface, TOPOLOGY)
    showing = replace(head.bank, landmarks=np.repeat(raised[None, :, :2], len(head.bank), 0))
    resting = replace(head.bank, landmarks=np.repeat(neutral[None, :, :2], len(head.bank), 0))
    assert np.abs(unrolled.folds(target, showing, mixed(head))).max() < 1e-4
    drawn = unrolled.folds(target, resting, mixed(head))
    np.testing.assert_allclose(drawn, np.clip(at_most(creases, 0.06), -MOST, MOST), atol=0.01)


def test_folds_are_drawn_on_the_forehead_and_nowhere_else(head: CanonicalHead) -> None:
    grid = head.surface.grid
    x, y = np.meshgrid(np.arange(grid, dtype=np.float32), np.arange(grid, dtype=np.float32))
    seen = Seen(np.stack([x, y], -1), np.zeros((grid, grid), np.float32))
    pixels = np.full((grid, grid, 4), 0.5, np.float32)
    unrolled = Unrolled(head.surface, TOPOLOGY)
    unrolled.darken(pixels, seen, furrow())
    rows, columns = np.nonzero(pixels[..., 0] < 0.48)
    sheet = head.surface.vertices.reshape(grid, grid, 3)[rows, columns]
    brow = head.surface.parameter[list(TOPOLOGY.right_eye.brow), 1].min()
    assert len(rows) > 20 and (sheet[:, 1] < brow).all()
    assert (pixels[..., 3] == 0.5).all() and pixels[..., 0].max() <= 0.5 + 1e-6
