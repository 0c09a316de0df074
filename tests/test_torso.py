"""How far the shoulders have moved."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from heads import TOPOLOGY, average, mottled

from tmt.drift import about, drifted
from tmt.torso import TorsoTracker, between
from tmt.types import Array

FACE = average() * 30 + (120, 70, 0)
ALL = np.ones((240, 240), np.float32)


def moved(picture: Array, drift: Array) -> Array:
    """The picture moved by a drift [4]."""
    x, y, grown, turned = drift
    # cv2 counts from the middle of the first pixel, drifts from its corner
    matrix = np.array([[1 + grown, -turned, x], [turned, 1 + grown, y]])
    matrix[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5
    return cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


def shifted(picture: Array, x: float, y: float) -> Array:
    return moved(picture, np.array([x, y, 0, 0]))


def started(picture: Array, face: Array = FACE, matte: Array = ALL) -> TorsoTracker:
    torso = TorsoTracker(TOPOLOGY)
    torso.start(picture, face, matte)
    return torso


@pytest.fixture(scope="module")
def picture() -> Array:
    return np.round(mottled((240, 240), grain=3.0) * 255).astype(np.uint8)


@pytest.mark.parametrize("size", [240, 480])  # below and above the width at which pictures are looked at
def test_the_torso_tracker_measures_how_far_the_shoulders_moved(size: int) -> None:
    cloth = np.round(mottled((size, size), grain=4.0) * 255).astype(np.uint8)
    torso = started(cloth, average() * size / 8 + (size / 2, size / 4, 0), np.ones((size, size), np.float32))
    corners = np.array([[0.1, 0.9], [0.9, 0.9]]) * size
    for x, y in ((0.0, 0.0), (2.0, -1.0), (5.5, 3.0), (9.0, 2.25), (4.0, 0.0)):
        there = drifted(torso.follow(shifted(cloth, x, y)), corners)
        np.testing.assert_allclose(there - corners, [(x, y), (x, y)], atol=0.25)


def test_a_body_that_leans_in_or_aside_grows_and_turns(picture: Array) -> None:
    torso, shoulders = started(picture), np.array([[20.0, 200.0], [220.0, 200.0]])
    for share in (0.3, 0.6, 1.0):
        truth = about(np.array([120.0, 240.0]), share * np.array([3.0, -2.0]), share * np.array([0.06, 0.05]))
        told = drifted(torso.follow(moved(picture, truth)), shoulders)
        np.testing.assert_allclose(told, drifted(truth, shoulders), atol=0.3)


def test_along_an_outline_alone_the_whole_shoulder_line_tells_the_way() -> None:
    """A dark coat without any mark on it: no point of its edge knows how far it went along it."""
    y, x = np.mgrid[:240, :240]
    coat = np.where(y > 130 + 0.004 * (x - 120) ** 2, 40, 200).astype(np.uint8)
    picture = cv2.GaussianBlur(np.dstack([coat] * 3), (0, 0), 1.0)
    told = started(picture).follow(shifted(picture, 4.0, 3.0))
    np.testing.assert_allclose(drifted(told, np.array([120.0, 180.0])), (124.0, 183.0), atol=0.5)


def test_what_passes_before_a_part_of_the_torso_does_not_take_it_along(picture: Array) -> None:
    crossed = shifted(picture, 3.0, 1.0)
    crossed[150:, :60] = 255
    told = drifted(started(picture).follow(crossed), np.array([150.0, 200.0]))
    np.testing.assert_allclose(told, (153.0, 201.0), atol=0.3)


def test_only_what_lies_below_the_chin_counts_as_torso(picture: Array) -> None:
    nodded = picture.copy()
    nodded[:110] = shifted(picture, 0.0, 6.0)[:110]
    told = drifted(started(picture).follow(nodded), np.array([120.0, 200.0]))
    np.testing.assert_allclose(told, (120, 200), atol=0.1)


def test_a_torso_that_is_lost_stays_where_it_was(picture: Array) -> None:
    torso = started(picture)
    there = torso.follow(shifted(picture, 4.0, 0.0))
    np.testing.assert_array_equal(torso.follow(np.zeros_like(picture)), there)
    assert there[0] == pytest.approx(4.0, abs=0.3)


def test_a_picture_without_a_torso_has_no_drift() -> None:
    picture = np.zeros((240, 240, 3), np.uint8)
    assert started(picture, matte=0 * ALL).follow(picture).tolist() == [0, 0, 0, 0]


def test_the_same_clothes_are_found_in_another_clip_and_others_are_not(picture: Array) -> None:
    truth = about(np.array([120.0, 240.0]), np.array([6.0, -4.0]), np.array([0.05, 0.02]))
    one, other = started(picture).shoulders, started(moved(picture, truth)).shoulders
    stranger = started(np.round(mottled((240, 240), grain=3.0, seed=9) * 255).astype(np.uint8)).shoulders
    assert one is not None and other is not None and stranger is not None
    found = between(one, other, np.zeros(4))
    assert found is not None
    shoulders = np.array([[20.0, 200.0], [220.0, 200.0]])
    np.testing.assert_allclose(drifted(found, shoulders), drifted(truth, shoulders), atol=0.3)
    assert between(one, stranger, np.zeros(4)) is None
