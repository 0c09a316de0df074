"""Similarities of the picture's plane, told by four numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tmt.drift import about, after, back, drifted, in_window, shifted, standing
from tmt.types import Array, Window

SMALL = st.floats(-0.5, 0.5)
PLACE = st.floats(-900, 900)
DRIFTS = st.tuples(PLACE, PLACE, SMALL, SMALL).map(np.array)
POINTS = arrays(np.float64, (5, 2), elements=PLACE)


@given(DRIFTS, DRIFTS, POINTS)
def test_one_drift_after_another_takes_points_where_both_do(one: Array, two: Array, points: Array) -> None:
    np.testing.assert_allclose(drifted(after(two, one), points), drifted(two, drifted(one, points)), atol=1e-6)


@given(DRIFTS, POINTS)
def test_a_drift_can_be_taken_back(drift: Array, points: Array) -> None:
    np.testing.assert_allclose(drifted(back(drift), drifted(drift, points)), points, atol=1e-6)


@given(DRIFTS, POINTS)
def test_it_is_the_same_as_a_matrix(drift: Array, points: Array) -> None:
    x, y, grown, turned = drift
    matrix = np.array([[1 + grown, -turned], [turned, 1 + grown]])
    np.testing.assert_allclose(drifted(drift, points), points @ matrix.T + [x, y], atol=1e-6)


@given(arrays(np.float64, 2, elements=PLACE), arrays(np.float64, 2, elements=PLACE), st.tuples(SMALL, SMALL))
def test_about_a_centre_only_the_shift_moves_it(centre: Array, shift: Array, change: tuple) -> None:
    drift = about(centre, shift, np.array(change))
    np.testing.assert_allclose(drifted(drift, centre), centre + shift, atol=1e-6)
    np.testing.assert_allclose(drift[2:], change, atol=1e-12)


@given(DRIFTS, POINTS, st.floats(0.1, 4))
def test_a_window_shows_the_same_motion(drift: Array, points: Array, scale: float) -> None:
    window = Window(30.0, -20.0, 100.0, 80.0, scale)
    there = drifted(in_window(drift, window), window.to_window(points))
    np.testing.assert_allclose(there, window.to_window(drifted(drift, points)), atol=1e-5)


def test_standing_still_moves_nothing_and_a_shift_adds_to_it() -> None:
    points = np.array([[3.0, 4.0]])
    np.testing.assert_array_equal(drifted(standing(1)[0], points), points)
    np.testing.assert_array_equal(shifted(standing(2), np.array([[1.0, 2.0], [3.0, 4.0]]))[:, :2], [[1, 2], [3, 4]])
