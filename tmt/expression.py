"""Readable numbers of an expression from canonical landmarks: how open, how wide, where the eyes look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tmt.topology import Eye, Topology
from tmt.types import Array


@dataclass(frozen=True)
class Expression:
    """Per frame [T]: mouth opening and width (per inter-ocular distance), eye opening (per eye width), brow height
    above the outer corner (smaller is higher), gaze across (per eye width, 0 is straight)."""

    mouth_open: Array
    mouth_width: Array
    right_eye: Array
    left_eye: Array
    right_brow: Array
    left_brow: Array
    gaze: Array

    @property
    def eyes(self) -> Array:
        """Mean opening of both eyes [T]."""
        return (self.right_eye + self.left_eye) / 2


def measure(canonical: Array, topology: Topology) -> Expression:
    """canonical [T, L, 3] -> Expression."""

    def distance(a: int, b: int) -> Array:
        return np.linalg.norm(canonical[:, a] - canonical[:, b], axis=1)

    right, left = topology.eyes
    across = distance(right.corners[0], left.corners[0])
    return Expression(
        mouth_open=distance(*topology.lip_centres) / across,
        mouth_width=distance(*topology.mouth_corners) / across,
        right_eye=distance(*right.centre_lids) / distance(*right.corners),
        left_eye=distance(*left.centre_lids) / distance(*left.corners),
        right_brow=(canonical[:, right.brow_peak, 1] - canonical[:, right.corners[0], 1]) / across,
        left_brow=(canonical[:, left.brow_peak, 1] - canonical[:, left.corners[0], 1]) / across,
        gaze=(_gaze(canonical, right) + _gaze(canonical, left)) / 2,
    )


def _gaze(canonical: Array, eye: Eye) -> Array:
    corners = canonical[:, list(eye.corners)]
    width = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)
    return (canonical[:, eye.iris[0], 0] - corners[:, :, 0].mean(1)) / width
