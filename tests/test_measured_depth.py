"""What a depth network measured, laid over the skull that landmarks know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from heads import TOPOLOGY, acted, average

from tmt.canonical import build_surface
from tmt.depth import Measured, corrected
from tmt.lift import Cloud


@pytest.mark.parametrize("relief", [1.0, 0.8])
def test_measured_depth_replaces_the_skull_outside_the_face_whatever_its_offset_and_relief(relief: float) -> None:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    prior, inside = 0.3 * (x**2 + y**2), x**2 + y**2 < 0.2
    true = np.where(inside, prior, prior + 0.4 * np.clip(x, 0, 1))
    seen = x**2 + y**2 < 0.8
    everywhere = np.ones((64, 1))
    told = Measured(relief * true + 5.0, np.where(seen, 10.0, 0.0), np.ones_like(true))
    found = corrected(prior, told, inside, everywhere)
    outside = seen & ~inside & (x**2 + y**2 > 0.3)
    assert np.abs(found - true)[outside].mean() < 0.25 * np.abs(prior - true)[outside].mean()
    assert np.abs(found - prior)[x**2 + y**2 < 0.1].max() < 0.02
    nothing = replace(told, weight=np.zeros_like(true))
    np.testing.assert_array_equal(corrected(prior, nothing, inside, everywhere), prior)
    np.testing.assert_allclose(corrected(prior, told, inside, 0 * everywhere), prior)


def test_a_measure_that_has_the_face_elsewhere_leaves_no_step_where_the_face_ends() -> None:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    prior, away = 0.3 * (x**2 + y**2), np.hypot(x, y)
    inside = away < 0.5
    tilted = Measured(prior + 0.3 * x * np.minimum(away / 0.5, 1) + 0.2, np.full_like(x, 10.0), np.ones_like(x))
    moved = corrected(prior, tilted, inside, np.ones((64, 1))) - prior
    edge, beyond = (away > 0.5) & (away < 0.55), (away > 0.85) & (away < 0.95)
    told = np.abs(0.3 * x)
    assert np.abs(moved[edge]).mean() < 0.35 * told[edge].mean()
    assert np.abs(moved[beyond]).mean() > 0.6 * told[beyond].mean()


def test_what_is_measured_with_doubt_moves_the_skull_less() -> None:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    prior, inside = 0.3 * (x**2 + y**2), x**2 + y**2 < 0.2
    told = Measured(np.where(inside, prior, prior + 0.4), np.full_like(x, 10.0), np.ones_like(x))
    moved = [
        float(np.mean(corrected(prior, replace(told, faith=np.full_like(x, faith)), inside, np.ones((64, 1))) - prior))
        for faith in (1.0, 0.1, 0.01)
    ]
    assert moved[0] > 1.5 * moved[1] > 3 * moved[2] > 0


def test_a_cloud_makes_the_sheet_deeper_where_it_says_so_and_leaves_the_face() -> None:
    head = acted()
    plain = build_surface(head.performance, TOPOLOGY, head.window)
    points = plain.vertices.astype(np.float64)
    side = np.abs(points[:, 0]) > 0.95
    moved = points + np.where(side, 0.3, 0.0)[:, None] * (0, 0, 1)
    above = points[:, 1] < average()[TOPOLOGY.chin, 1]
    cloud = Cloud(moved[above], np.full(int(above.sum()), 5.0))
    deeper = build_surface(head.performance, TOPOLOGY, head.window, cloud=cloud).vertices[:, 2] - plain.vertices[:, 2]
    middle = (np.abs(points[:, 0]) < 0.3) & (np.abs(points[:, 1]) < 0.5)
    assert np.median(deeper[side & (points[:, 1] < 0.3)]) > 0.2
    assert np.abs(deeper[middle]).max() < 0.02


def test_hair_that_falls_below_the_chin_has_measured_depth_and_shoulders_have_not() -> None:
    head = acted()
    plain = build_surface(head.performance, TOPOLOGY, head.window)
    points = plain.vertices.astype(np.float64)
    chin, height = average()[TOPOLOGY.chin, 1], np.ptp(average()[[TOPOLOGY.forehead, TOPOLOGY.chin], 1])
    low = points[:, 1] > chin
    cloud = Cloud(points - np.where(low, 0.4, 0.0)[:, None] * (0, 0, 1), np.full(len(points), 5.0))
    nearer = plain.vertices[:, 2] - build_surface(head.performance, TOPOLOGY, head.window, cloud=cloud).vertices[:, 2]
    below = (points[:, 1] - chin) / height
    assert np.median(nearer[(below > 0.1) & (below < 0.25)]) > 0.3
    assert nearer[below > 0.5].max() < 0.3
