"""The subject's own head along a path of angles."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from heads import acted
from hypothesis import given
from hypothesis import strategies as st

from tmt.geometry import euler_from_rotation, rotation_angle
from tmt.motion import turntable
from tmt.types import HeadPath
from tmt.views import along

angle = st.floats(-40.0, 40.0)


@given(angle, angle, angle)
def test_the_head_turns_by_the_angles_of_the_path(yaw: float, pitch: float, roll: float) -> None:
    path = HeadPath(np.array([0.0, yaw]), np.array([0.0, pitch]), np.array([0.0, roll]), Fraction(25))
    pose = along(acted().performance, path).pose  # the painted head's reference is frontal
    found = np.degrees([a[1] for a in euler_from_rotation(pose.rotation)])
    np.testing.assert_allclose(found, (yaw, pitch, roll), atol=1e-6)


def test_place_size_expression_and_torso_stay_those_of_the_reference_frame() -> None:
    subject = acted().performance
    views = along(subject, turntable((-30.0, 30.0), (-10.0, 10.0)))
    for index in (0, 20, 70):
        target = views.target(index)
        np.testing.assert_array_equal(target.canonical, subject.canonical[subject.reference])
        np.testing.assert_array_equal(target.torso, subject.torso[subject.reference])
        np.testing.assert_array_equal(target.pose.translation, subject.pose[subject.reference].translation)
        assert target.pose.scale == subject.pose[subject.reference].scale


def test_every_step_of_the_path_has_its_view_and_neighbours_are_near() -> None:
    path = turntable((-25.0, 25.0))
    views = along(acted().performance, path)
    assert len(views) == len(path) == 100
    assert np.degrees(rotation_angle(views.pose.rotation[1:], views.pose.rotation[:-1])).max() < 2
