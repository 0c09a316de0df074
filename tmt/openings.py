"""What opens, closes and looks aside is set outright, not added: the gap between lips and lids, and the gaze."""

from __future__ import annotations

import numpy as np

from tmt.topology import Eye, Topology
from tmt.types import Array

LEAST_GAP = 0.002  # head units: lips and lids touch but never cross
# A warp shows less than it is asked for: no skin that folds. Measured against what is found again in the result, these
# make up for it.
CLOSING, OPENING, GAZE = 1.25, 1.08, 1.15
LEAST_CHIN = 0.4
GLANCE = 0.30  # eye widths: no iris looks further aside than that


def part_lips(
    moved: Array, neutral: Array, driver: Array, gain: Array, topology: Topology, strength: float
) -> Array:
    """Set the gap between the inner lips to the driver's: their closed mouth closes the subject's, whatever either's
    lips do at rest. Whole lips move, so that they keep their thickness; the lower one goes most of the way."""
    columns = len(topology.lip_pairs)
    out = moved.copy()
    upper = np.array(topology.upper_lip).reshape(-1, columns)
    lower = np.array(topology.lower_lip).reshape(-1, columns)
    up, low = upper[0], lower[0]
    theirs = np.maximum(driver[low, 1] - driver[up, 1], 0.0) * gain[low, 1] * OPENING
    own = neutral[low, 1] - neutral[up, 1]
    lack = own + (theirs - own) * strength - (moved[low, 1] - moved[up, 1])
    out[upper, 1] -= 0.3 * lack
    out[lower, 1] += 0.7 * lack
    return out


def below_lip(moved: Array, neutral: Array, topology: Topology) -> Array:
    """Keep the skin between lower lip and chin below the lip, squeezed to LEAST_CHIN of its height at most. A wide open
    mouth rolls its lip over that skin; a thicker lip than the driver's would be drawn in rags where both lie."""
    lip, edge = list(topology.lower_lip[-len(topology.lip_pairs) :]), list(topology.chin_edge)
    skin = np.setdiff1d(np.arange(topology.surface), [*topology.mouth, *edge])
    top, bottom = (np.interp(neutral[skin, 0], *neutral[line, :2].T) for line in (lip, edge))
    ends = neutral[list(topology.mouth_corners), 0]
    between = (neutral[skin, 1] > top) & (neutral[skin, 0] > ends.min()) & (neutral[skin, 0] < ends.max())
    share = ((neutral[skin, 1] - top) / np.maximum(bottom - top, 1e-3))[between]
    skin = skin[between]
    top, bottom = (np.interp(moved[skin, 0], *moved[line, :2].T) for line in (lip, edge))
    out = moved.copy()
    out[skin, 1] = np.maximum(moved[skin, 1], top + LEAST_CHIN * np.clip(share, 0, 1) * (bottom - top))
    return out


def turn_eyes(
    moved: Array, neutral: Array, driver: Array, driver_neutral: Array, topology: Topology, strength: float
) -> Array:
    """Place the irises: the driver's glance, in eye widths away from where the corners of the eye put the iris."""
    out = moved.copy()
    for eye in topology.eyes:
        corners, iris = list(eye.corners), list(eye.iris)
        size = _gap(neutral, eye.corners)
        glance = (_glance(driver, eye) - _glance(driver_neutral, eye)) * GAZE * strength
        length = float(np.linalg.norm(glance))
        glance *= min(1.0, GLANCE / max(length, 1e-6))
        rest = neutral[iris] - neutral[corners].mean(0)
        out[iris] = moved[corners].mean(0) + rest
        out[iris, :2] += glance * size
    return out


def _glance(shape: Array, eye: Eye) -> Array:
    """Iris centre [2] from the middle between the corners, eye widths."""
    middle = shape[list(eye.corners), :2].mean(0)
    return (shape[list(eye.iris), :2].mean(0) - middle) / _gap(shape, eye.corners)


def close_lids(
    moved: Array, neutral: Array, driver: Array, driver_neutral: Array, topology: Topology, strength: float
) -> Array:
    """Set the lids' gap: a driver's closed eye closes the subject's wholly, whatever the size of their eyes.

    Of the two ways to carry a closing lid over (by the same distance, or by the same share) the one that closes more
    is taken; opening wider is carried by distance.
    """
    out = moved.copy()
    for eye in topology.eyes:
        size = _gap(neutral, eye.corners) / _gap(driver_neutral, eye.corners)
        for upper, lower in eye.lids:
            own, theirs = neutral[lower, 1] - neutral[upper, 1], driver_neutral[lower, 1] - driver_neutral[upper, 1]
            now = driver[lower, 1] - driver[upper, 1]
            by_distance = own + (now - theirs) * size
            by_share = own * max(now, 0.0) / max(theirs, 1e-3)
            wanted = by_distance if now > theirs else max(min(by_distance, by_share), 0.0)
            wanted = max(own + (wanted - own) * CLOSING, 0.0) if now < theirs else wanted
            wanted = own + (wanted - own) * strength
            correction = (wanted - (out[lower, 1] - out[upper, 1])) / 2
            out[upper, 1] -= correction * 1.5  # the upper lid does most of the way
            out[lower, 1] += correction * 0.5
    return out


def uncross(moved: Array, driver: Array, pairs: tuple[tuple[int, int], ...]) -> Array:
    """Push apart upper and lower landmarks that would cross, to the gap the driver shows, at most a hair."""
    upper, lower = (list(side) for side in zip(*pairs, strict=True))
    least = np.clip(driver[lower, 1] - driver[upper, 1], LEAST_GAP, 5 * LEAST_GAP)
    lack = np.maximum(least - (moved[lower, 1] - moved[upper, 1]), 0) / 2
    out = moved.copy()
    out[lower, 1] += lack
    out[upper, 1] -= lack
    return out


def _gap(shape: Array, pair: tuple[int, int]) -> float:
    return float(np.linalg.norm(shape[pair[0]] - shape[pair[1]]))
