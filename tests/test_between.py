"""How one head lies in another, and one picture over another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from heads import TOPOLOGY, act, average, performance_of, person, poses
from hypothesis import given
from hypothesis import strategies as st

from tmt.between import between_shapes, carried, carried_window, into, lifted, opposite, over
from tmt.geometry import rotation_from_euler, transform
from tmt.types import Pose, Window

turns = st.floats(-0.5, 0.5)
POINTS = np.random.default_rng(0).normal(size=(9, 3))


@given(turns, turns, turns, st.floats(0.5, 2))
def test_a_head_within_another_is_where_its_points_are(yaw: float, pitch: float, roll: float, scale: float) -> None:
    pose = Pose(np.array(50.0), rotation_from_euler(0.2, -0.1, 0.3), np.array([80.0, 60.0, 5.0]))
    between = Pose(np.array(scale), rotation_from_euler(yaw, pitch, roll), np.array([0.2, -0.1, 0.3]))
    there = over(pose, between)
    np.testing.assert_allclose(transform(there, POINTS), transform(pose, transform(between, POINTS)), atol=1e-9)
    back = over(there, opposite(between))
    np.testing.assert_allclose(transform(back, POINTS), transform(pose, POINTS), atol=1e-9)


def test_the_same_persons_shapes_lie_in_each_other() -> None:
    one, other = (performance_of(shape, shape[None], poses(np.zeros(1))) for shape in (average(), average() * 1.1))
    between = between_shapes(one, other, TOPOLOGY)
    np.testing.assert_allclose(transform(between, one.shape), other.shape, atol=1e-6)


def test_a_picture_over_another_takes_poses_and_windows_along() -> None:
    face = person()
    subject = performance_of(face, act(face)[None], poses(np.zeros(1)))
    driver = performance_of(face, act(face)[None], poses(np.zeros(1)))
    driver = replace(driver, size=(640, 320))  # a wide picture over a square one of half its height
    laid = into(subject, driver)
    pose = driver.pose
    there = carried(pose, laid)
    window = Window(40.0, 20.0, 200.0, 100.0, 0.8)
    points = transform(pose, face[None])[..., :2]
    moved = carried_window(window, laid).to_window(transform(there, face[None])[..., :2])
    np.testing.assert_allclose(moved, window.to_window(points), atol=1e-6)
    again = lifted(there, laid)
    np.testing.assert_allclose(again.translation, pose.translation)
    np.testing.assert_allclose(again.scale, pose.scale)
