"""The plane sweep: frames of one clip agree on the depth that landmarks do not know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from heads import Painted, acted, poses

from tmt.bank import target_of
from tmt.sight import loose
from tmt.sweep import DEPTHS, STAY, best_depth, swept
from tmt.types import Array, Surface

FRAMES = np.array([0, 3, 6, 9, 14, 18, 21])


def moved(surface: Surface, by: Array) -> Surface:
    vertices = surface.vertices.copy()
    vertices[:, 2] += by
    return replace(surface, vertices=vertices)


def bump(surface: Surface, depth: float, x: float) -> Array:
    """Beside the face at canonical `x`, `depth` head units deeper in its middle [G*G]."""
    away = ((surface.vertices[:, :2] - (x, -0.3)) ** 2).sum(1)
    return (depth * np.exp(-away / 0.3)).astype(np.float32) * loose(surface)


def seen(head: Painted, by: Array) -> list[Array]:
    """Pictures of the head as it really is."""
    true = replace(head, surface=moved(head.surface, by))
    return [true.photo(target_of(true.performance, int(frame))) for frame in FRAMES]


@pytest.mark.parametrize(("depth", "x"), [(0.4, 1.35), (-0.4, 1.35), (-0.4, -1.35)])
def test_frames_tell_hair_that_lies_nearer_or_deeper_than_an_average_skull(depth: float, x: float) -> None:
    head = acted()
    wanted = bump(head.surface, depth, x)
    found = swept(head.surface, head.performance, head.window, FRAMES, seen(head, wanted))
    told = found.vertices[:, 2] - head.surface.vertices[:, 2]
    clear = np.abs(wanted) > 0.2
    assert clear.sum() > 50
    assert 0.5 < told[clear].mean() / wanted[clear].mean() < 1.3
    other = (head.surface.vertices[:, 0] * x < 0) & (loose(head.surface) > 0.9)
    assert np.abs(told[other]).mean() < 0.06


def test_a_head_that_is_as_expected_stays_so() -> None:
    head = acted()
    nothing = np.zeros(len(head.surface.vertices), np.float32)
    found = swept(head.surface, head.performance, head.window, FRAMES, seen(head, nothing))
    assert np.abs(found.vertices - head.surface.vertices).mean() < 0.02
    face = loose(head.surface) == 0
    assert np.array_equal(found.vertices[face], head.surface.vertices[face])


@pytest.mark.parametrize("most", [0.0, 2.0])
def test_what_hardly_turns_tells_nothing_of_depth(most: float) -> None:
    head = acted()
    wanted = bump(head.surface, 0.4, 1.35)
    turn = most * np.sin(np.arange(len(head.performance.canonical)))
    still = replace(head, performance=replace(head.performance, pose=poses(turn)))
    found = swept(still.surface, still.performance, still.window, FRAMES, seen(still, wanted))
    assert np.abs(found.vertices - head.surface.vertices).max() < 0.1


def test_the_best_depth_is_the_cheapest_unless_staying_costs_less() -> None:
    cost = np.full((len(DEPTHS), 32, 32), 0.5, np.float32)
    near, deep = int(np.argmin(np.abs(DEPTHS + 0.4))), int(np.argmin(np.abs(DEPTHS - 0.3)))
    cost[near, :, :16], cost[deep, :, 16:] = 0.1, 0.1
    depth = best_depth(cost, STAY)
    assert depth[:, :8].mean() == pytest.approx(DEPTHS[near], abs=0.02)
    assert depth[:, 24:].mean() == pytest.approx(DEPTHS[deep], abs=0.02)
    assert np.abs(best_depth(cost, 100.0)).max() < 0.02
    assert depth.shape == (32, 32)
