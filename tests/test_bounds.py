"""A driver who turns further than the subject's head can is held there, without a jump, and it is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from heads import acted, poses

from tmt.bank import target_of
from tmt.bounds import BEYOND, GIVE, NAME, within_range
from tmt.geometry import euler_from_rotation, rotation_angle
from tmt.types import Array, CanonicalHead, Pose, Target


@dataclass(frozen=True)
class Turning:
    """A head that turns from one profile to the other."""

    pose: Pose

    def __len__(self) -> int:
        return len(self.pose.scale)

    def target(self, index: int) -> Target:
        """See Targets."""
        rest = target_of(acted().performance, 0)
        return Target(self.pose[index], rest.canonical, rest.torso)


@pytest.fixture(scope="module")
def head() -> CanonicalHead:
    return acted().head(range(25))  # turns by 20 degrees to either side


def yaws(targets: object, count: int) -> Array:
    return np.degrees([euler_from_rotation(targets.target(i).pose.rotation)[0] for i in range(count)])  # type: ignore[attr-defined]


def test_within_its_range_a_head_goes_as_driven(head: CanonicalHead) -> None:
    driven = Turning(poses(np.linspace(-44, 44, 20), 5.0, 12.0))
    assert within_range(driven, head) is driven


def test_past_its_range_it_comes_to_rest_and_says_so(head: CanonicalHead) -> None:
    asked = np.linspace(0, 85, 86)
    bounded = within_range(Turning(poses(asked)), head)
    shown = yaws(bounded, 86)
    np.testing.assert_allclose(shown[:44], asked[:44], atol=0.6)
    assert shown.max() <= 20 + BEYOND["yaw"] + GIVE + 0.1
    assert (np.diff(shown) > -1e-6).all() and np.diff(shown).max() < 1.6  # on and on, never back, no jump
    assert bounded.target(80).limits == (NAME,) and bounded.target(10).limits == ()


def test_roll_place_and_size_are_left_alone(head: CanonicalHead) -> None:
    driven = Turning(poses(np.full(4, 80.0), -60.0, np.array([-30.0, 0.0, 20.0, 45.0])))
    bounded = within_range(driven, head)
    rolls = np.degrees(euler_from_rotation(bounded.pose.rotation)[2])
    np.testing.assert_allclose(rolls, (-30, 0, 20, 45), atol=1e-6)
    np.testing.assert_array_equal(bounded.pose.translation, driven.pose.translation)
    assert rotation_angle(bounded.pose.rotation, head.bank.pose[0].rotation).max() < np.radians(75)
