"""What of a head moves beside its pose and its landmarks: hair that swings, ears and scalp that the brows pull along,
cheeks. A smooth field over the sheet lays it over keyframes of the same person (direct alignment as in `align.py`, of
which this is the part that is not rigid).

Without it the frames that are mixed lie a pixel or two beside each other at hair and outline, and the result beside
what was driven: it is worth .7 dB over the heads of five clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from scipy.linalg import solveh_banded

from tmt.align import NOISE, Aligner, Picture, View, near_to, read_at
from tmt.geometry import transform
from tmt.kernels_swing import told
from tmt.keyframes import Keyframes
from tmt.render import deform
from tmt.topology import Topology
from tmt.types import Array, Performance, Surface, Target

NODES = 24  # a side, over the sheet; 16 lose .2 dB, 32 gain nothing
BEND = 0.1  # head units by which neighbours may differ, .05 to .12 are alike
# Head units by which a node may move: landmarks know the face well, and mouth, eyes and brows look different anyway.
FREE, FACE, FEATURES = 0.15, 0.03, 0.02
WITHIN = 0.8  # share of a vertex that follows the landmarks, from which it counts as face
ROUNDS, ENOUGH = 3, 1e-3  # steps at most; head units below which they end
PASSES = 2  # of laying keyframes over each other: the second is worth .15 dB


class Swinger:
    """Tells how a head, as an `aligner` knows it, swings in pictures."""

    def __init__(self, aligner: Aligner) -> None:
        self._surface = aligner.surface
        self._stiff = stiffness(freedom(aligner.surface))

    def swing(self, target: Target, picture: Picture, views: Sequence[View]) -> Array:
        """The swing [S, S, 2] float32 with which a picture, where the head lies as in `target`, looks most like those
        of the `views` that are turned like it; begun at the target's, and 0 where they tell nothing."""
        near, trust = near_to(target.pose, views)
        nothing = np.zeros((NODES, NODES, 2), np.float32)
        if trust == 0 or not len(near.vertices):
            return nothing
        field = nothing if target.swing is None else target.swing
        offsets = deform(self._surface, target.canonical)[near.vertices]
        head = (self._surface.vertices[near.vertices] + offsets).astype(np.float64)
        start = picture.window.to_window(transform(target.pose, head))[:, :2]
        row, column = np.divmod(near.vertices, self._surface.grid)
        nodes = np.stack([column, row], 1) * ((NODES - 1) / (self._surface.grid - 1))
        ahead = target.pose.rotation[:2, :2] * float(target.pose.scale) * picture.window.scale
        best, least = field, np.inf
        for left in reversed(range(ROUNDS + 1)):
            places = start + _between(field, nodes) @ ahead.T
            normal, held = self._stiff.copy(), _times(self._stiff, field.ravel())
            wanted = -held
            cost = float(field.ravel() @ held) / 2
            cost += told(picture.planes, ahead, places, NOISE, near.colours, near.weight, nodes, normal, wanted)
            if cost < least:
                best, least = field, cost
            if not left:
                break
            step = solveh_banded(normal, wanted, lower=True, check_finite=False).reshape(field.shape)
            field = field + step
            if np.abs(step).max() < ENOUGH:
                break
        return (trust * best).astype(np.float32)


def freedom(surface: Surface) -> Array:
    """Head units by which each node [S, S] may move."""
    grid = surface.grid
    at = np.ix_(*[np.round(np.linspace(0, grid - 1, NODES)).astype(int)] * 2)
    follows = np.asarray(surface.operator.sum(1)).reshape(grid, grid)
    face = np.clip((follows - WITHIN) / (1 - WITHIN), 0, 1).astype(np.float32)
    features = np.clip(surface.regions.max(0), 0, 1).reshape(grid, grid).astype(np.float32)
    cell = grid / NODES
    face, features = cv2.GaussianBlur(face, (0, 0), cell / 2)[at], cv2.GaussianBlur(features, (0, 0), cell / 3)[at]
    return np.asarray(FREE * (FACE / FREE) ** face * (FEATURES / FACE) ** features)


def stiffness(free: Array) -> Array:
    """What holds the moves of nodes [S, S] that are so `free`: in LAPACK's lower band [2 S + 4, 2 S S]. Every node is
    drawn back to where it was, and to how its neighbours move."""
    side = len(free)
    band = np.zeros((2 * side + 4, 2 * side * side))
    band[0] = np.repeat(1 / free.ravel() ** 2, 2)
    number = 2 * np.arange(side * side).reshape(side, side)
    for one, other in ((number[:, :-1], number[:, 1:]), (number[:-1], number[1:])):
        for axis in (0, 1):
            first, second = one.ravel() + axis, other.ravel() + axis
            band[0, first] += 1 / BEND**2
            band[0, second] += 1 / BEND**2
            band[second - first, first] -= 1 / BEND**2
    return band


def _times(band: Array, vector: Array) -> Array:
    """A symmetric matrix in its lower band, times a vector."""
    out = band[0] * vector
    for below in (2, 2 * NODES):
        row = band[below, :-below]
        out[below:] += row * vector[:-below]
        out[:-below] += row * vector[below:]
    return np.asarray(out)


def _between(swing: Array, nodes: Array) -> Array:
    """Moves [P, 2] at places [P, 2] among the nodes."""
    return read_at(swing.astype(np.float32), nodes + 0.5)


def swung(surface: Surface, performance: Performance, keyframes: Keyframes, topology: Topology) -> Performance:
    """A performance with how the head swings in keyframes: they are laid over each other, and on the mean stay where
    they are."""
    for _ in range(PASSES):
        aligner = Aligner(surface, performance, topology)
        swings = np.stack(keyframes.anew(aligner).each(Swinger(aligner).swing, performance))
        every = np.zeros((len(performance), *swings.shape[1:]), np.float16)
        every[keyframes.index] = swings - swings.mean(0)
        performance = replace(performance, swing=every)
    return performance
