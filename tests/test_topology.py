"""The landmark table means what its names say, on the average face."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from heads import TOPOLOGY, average

from tmt.pose import template
from tmt.topology import Eye

LISTS = {
    "stable": TOPOLOGY.stable, "mouth": TOPOLOGY.mouth, "oval": TOPOLOGY.oval,
    "right ring": TOPOLOGY.right_eye.ring, "left ring": TOPOLOGY.left_eye.ring,
    "right brow": TOPOLOGY.right_eye.brow, "left brow": TOPOLOGY.left_eye.brow,
}


@pytest.mark.parametrize("name", LISTS)
def test_every_list_names_landmarks_of_the_skin_once(name: str) -> None:
    indices = LISTS[name]
    assert len(set(indices)) == len(indices)
    assert set(indices) <= set(range(TOPOLOGY.surface))


def test_irises_come_after_the_skin() -> None:
    irises = TOPOLOGY.right_eye.iris + TOPOLOGY.left_eye.iris
    assert sorted(irises) == list(range(TOPOLOGY.surface, TOPOLOGY.count))


def test_stable_points_keep_clear_of_lips_lids_and_brows() -> None:
    moving = {*TOPOLOGY.mouth, *TOPOLOGY.right_eye.brow, *TOPOLOGY.left_eye.brow}
    moving |= {index for pair in TOPOLOGY.lid_pairs for index in pair}
    assert not moving & set(TOPOLOGY.stable)


def test_the_template_has_all_landmarks_and_is_an_eye_distance_wide() -> None:
    shape = template(TOPOLOGY.name)
    assert shape.shape == (TOPOLOGY.count, 3)
    right, left = (shape[eye.corners[0]] for eye in TOPOLOGY.eyes)
    assert np.linalg.norm(right - left) == pytest.approx(1, abs=0.01)


def test_right_and_left_are_the_persons_own() -> None:
    face = average()
    for right, left in TOPOLOGY.symmetric:
        assert face[right, 0] < face[left, 0]  # a person who faces us has the right side on our left
    assert face[TOPOLOGY.right_eye.iris[0], 0] < face[TOPOLOGY.left_eye.iris[0], 0]


def test_symmetric_pairs_lie_across_from_each_other() -> None:
    face = average()
    for right, left in TOPOLOGY.symmetric:
        np.testing.assert_allclose(face[right] * (-1, 1, 1), face[left], atol=0.04)


@pytest.mark.parametrize("eye", TOPOLOGY.eyes, ids=["right", "left"])
def test_an_eye_is_ordered_from_brow_over_upper_to_lower_lid(eye: Eye) -> None:
    y = average()[:, 1]
    for upper, lower in eye.lids:
        assert y[upper] < y[lower]
    assert y[list(eye.brow)].max() < min(y[upper] for upper, _ in eye.lids)
    assert eye.brow_peak in eye.brow and eye.centre_lids in eye.lids
    assert set(eye.ring) == {*eye.corners, *(index for pair in eye.lids for index in pair)}


@pytest.mark.parametrize("eye", TOPOLOGY.eyes, ids=["right", "left"])
def test_the_outer_corner_of_an_eye_comes_first_and_the_iris_lies_between(eye: Eye) -> None:
    x = average()[:, 0]
    outer, inner = eye.corners
    assert abs(x[outer]) > abs(x[inner])
    assert min(x[outer], x[inner]) < x[eye.iris[0]] < max(x[outer], x[inner])
    assert np.linalg.norm(average()[list(eye.iris[1:])].mean(0) - average()[eye.iris[0]]) < 0.01  # its centre first


def test_lips_are_ordered_from_above() -> None:
    y = average()[:, 1]
    assert all(y[upper] < y[lower] for upper, lower in TOPOLOGY.lip_pairs)
    assert TOPOLOGY.lip_centres in TOPOLOGY.lip_pairs
    for a, b in combinations((TOPOLOGY.upper_lip, TOPOLOGY.lower_lip, TOPOLOGY.lip_corners), 2):
        assert not set(a) & set(b)


def test_the_oval_goes_once_around_all_other_landmarks() -> None:
    face = average()[: TOPOLOGY.surface, :2]
    ring = face[list(TOPOLOGY.oval)]
    angles = np.unwrap(np.arctan2(*(ring - ring.mean(0)).T[::-1]))
    assert abs(abs(angles[-1] - angles[0]) - 2 * np.pi) < 0.4
    assert (np.sign(np.diff(angles)) == np.sign(angles[-1] - angles[0])).all()
    np.testing.assert_allclose([ring.min(0), ring.max(0)], [face.min(0), face.max(0)], atol=0.02)


def test_forehead_nose_and_chin_lie_in_the_middle_from_above_to_below() -> None:
    points = average()[[TOPOLOGY.forehead, TOPOLOGY.nose_root, TOPOLOGY.lip_centres[0], TOPOLOGY.chin]]
    assert np.abs(points[:, 0]).max() < 0.03
    assert (np.diff(points[:, 1]) > 0.2).all()
