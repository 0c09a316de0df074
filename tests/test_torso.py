"""How far the shoulders have moved."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from heads import TOPOLOGY, average, mottled

from tmt.torso import TorsoTracker
from tmt.types import Array


def shifted(picture: Array, x: float, y: float) -> Array:
    """The picture moved by (x, y) px."""
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize("size", [240, 480])  # below and above the width at which flow is followed
def test_the_torso_tracker_measures_how_far_the_shoulders_moved(size: int) -> None:
    picture = np.round(mottled((size, size), grain=4.0) * 255).astype(np.uint8)
    face = average() * size / 8 + (size / 2, size / 4, 0)
    torso = TorsoTracker(TOPOLOGY)
    torso.start(picture, face, np.ones((size, size), np.float32))
    for x, y in ((0.0, 0.0), (2.0, -1.0), (5.5, 3.0), (9.0, 2.25), (4.0, 0.0)):
        np.testing.assert_allclose(torso.follow(shifted(picture, x, y)), (x, y), atol=0.25)


def test_only_what_lies_below_the_chin_counts_as_torso() -> None:
    picture = np.round(mottled((240, 240), grain=3.0) * 255).astype(np.uint8)
    face = average() * 30 + (120, 70, 0)
    torso = TorsoTracker(TOPOLOGY)
    torso.start(picture, face, np.ones((240, 240), np.float32))
    nodded = picture.copy()
    nodded[:110] = shifted(picture, 0.0, 6.0)[:110]
    np.testing.assert_allclose(torso.follow(nodded), (0, 0), atol=0.1)


def test_a_torso_that_is_lost_stays_where_it_was() -> None:
    picture = np.round(mottled((240, 240), grain=3.0) * 255).astype(np.uint8)
    torso = TorsoTracker(TOPOLOGY)
    torso.start(picture, average() * 30 + (120, 70, 0), np.ones((240, 240), np.float32))
    there = torso.follow(shifted(picture, 4.0, 0.0))
    np.testing.assert_array_equal(torso.follow(np.zeros_like(picture)), there)


def test_a_picture_without_a_torso_has_no_drift() -> None:
    torso = TorsoTracker(TOPOLOGY)
    picture = np.zeros((240, 240, 3), np.uint8)
    torso.start(picture, average() * 30 + (120, 70, 0), np.zeros((240, 240), np.float32))
    assert torso.follow(picture).tolist() == [0, 0]
