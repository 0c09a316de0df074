"""Where the camera stands, and what it makes of points and of the head's pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from tmt.geometry import fit_similarity_robust
from tmt.pose import template
from tmt.topology import MEDIAPIPE_478 as TOPOLOGY
from tmt.train.heads.asset import Act, Array
from tmt.train.heads.bones import head_turn
from tmt.train.heads.figure import NECK
from tmt.train.heads.model import Model
from tmt.types import Pose

AXES = np.diag([1.0, -1.0, -1.0])  # the world's: y up, z to the front; the camera's: y down, z forward


@dataclass(frozen=True)
class Camera:
    """A pinhole at `place` [3] dm; rotation [3, 3] world -> camera; focal px; centre [2] px."""

    place: Array
    rotation: Array
    focal: float
    centre: Array

    def moved(self, drift: Array) -> Camera:
        """The same with the picture moved by drift [2] px."""
        return Camera(self.place, self.rotation, self.focal, self.centre + drift)

    def seen(self, points: Array) -> Array:
        """points [N, 3] dm -> x, y px and depth dm [N, 3]."""
        p = (points - self.place) @ self.rotation.T
        return np.concatenate([p[:, :2] / p[:, 2:] * self.focal + self.centre, p[:, 2:]], 1)

    def pixels(self, points: torch.Tensor) -> torch.Tensor:
        """points [N, 3] dm -> x, y of a canvas of half pixels with samples on the pixels' centres, depth dm [N, 3]."""
        p = (points - points.new_tensor(self.place)) @ points.new_tensor(self.rotation).T
        xy = p[:, :2] / p[:, 2:] * self.focal + points.new_tensor(self.centre)
        return torch.cat([xy * 2 + 0.5, p[:, 2:]], 1)


def random_camera(model: Model, seed: int, size: int) -> Camera:
    """In front of the person, near or far, a little off; the face fills about half of the picture's height."""
    rng = np.random.default_rng([seed, 8])
    marks = model.neutral_marks()
    face = marks[TOPOLOGY.forehead, 1] - marks[TOPOLOGY.chin, 1]
    middle = marks[: TOPOLOGY.surface].mean(0)
    side = face / rng.uniform(0.42, 0.57)
    far = float(np.exp(rng.uniform(np.log(4.5), np.log(16))))
    turn, rise = np.radians(rng.normal(0, [4.0, 4.5]))
    place = middle + far * np.array([np.sin(turn) * np.cos(rise), np.sin(rise), np.cos(turn) * np.cos(rise)])
    forward = (middle - place) / far
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    centre = size * np.array([rng.normal(0.5, 0.025), rng.normal(0.53, 0.025)])
    return Camera(place, rotation, size / side * far, centre)


def landmarks(camera: Camera, marks: Array) -> Array:
    """marks [478, 3] dm -> [478, 3] px; z in the same unit from the face's own middle, smaller is nearer."""
    seen = camera.seen(marks)
    middle = seen[: TOPOLOGY.surface, 2].mean()
    seen[:, 2] = (seen[:, 2] - middle) * camera.focal / middle
    return seen


class Canonical:
    """How the canonical head lies in a person at rest."""

    def __init__(self, model: Model) -> None:
        """Fit the average person's shape to this one's stable points."""
        self._stable = list(TOPOLOGY.stable)
        self._rest = model.neutral_marks()
        shape = template(TOPOLOGY.name)
        fitted = fit_similarity_robust(shape[self._stable], (self._rest @ AXES)[self._stable])
        self.unit, self._rotation, self._origin = float(fitted.scale), fitted.rotation, fitted.translation

    def pose(self, camera: Camera, act: Act, sway: Array, marks: Array) -> Pose:
        """The head's pose in a frame with landmarks [478, 3] dm: what maps the canonical head to the picture's px."""
        turn = head_turn(act)
        origin = (AXES @ self._origin - NECK) @ turn.T + NECK + np.array(act.shift) + sway
        middle = (marks[: TOPOLOGY.surface] - camera.place)[:, :] @ camera.rotation[2]
        x, y, z = camera.rotation @ (origin - camera.place)
        scale = camera.focal / z
        flat = (z - middle.mean()) * camera.focal / middle.mean()
        translation = np.array([x * scale + camera.centre[0], y * scale + camera.centre[1], flat])
        rotation = camera.rotation @ turn @ AXES @ self._rotation
        return Pose(np.array(scale * self.unit), rotation, translation)
