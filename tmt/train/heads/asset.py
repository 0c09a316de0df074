"""The parametric head as arrays: what the file holds, and how points of it are shaped and turned.

The asset is the head of the MakeHuman base mesh hm08 and its morph targets (CC0 1.0) as arrays: vertices [V, 3]
decimetres (x to the subject's left, y up, z to the front), faces [F, 4], face_group [F], group_names, and target k =
target_names[k] adding target_delta[o[k]:o[k+1]] to vertices[target_vertex[o[k]:o[k+1]]] with o = target_offsets.
Points are in decimetres from the middle between the eyes; colours are linear RGB in [0, 1].
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

Array = np.ndarray  # not of tmt.types: where Blender renders there is no torch
Triple = tuple[float, float, float]
UNIT = "expression/units/caucasian/"


@dataclass(frozen=True)
class Act:
    """One frame of a performance: turn (pitch, yaw, roll) and gaze (pitch, yaw, 0) in degrees, shift in decimetres."""

    turn: Triple = (0.0, 0.0, 0.0)
    gaze: Triple = (0.0, 0.0, 0.0)
    shift: Triple = (0.0, 0.0, 0.0)
    units: Mapping[str, float] = field(default_factory=dict)  # expression unit -> weight, 0..1


def smooth(low: float, high: float, x: Array) -> Array:
    """Smoothstep: 0 below `low`, 1 above `high`."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def turned(points: Array, centre: Array, degrees: Triple, weight: Array | float = 1.0) -> Array:
    """points [*, 3] turned about `centre` by pitch, yaw, then roll, each point by its share `weight` [*, 1]."""
    p = points - centre
    for axis, angle in ((0, degrees[0]), (1, degrees[1]), (2, degrees[2])):
        a, b, out = (axis + 1) % 3, (axis + 2) % 3, p.copy()
        cos, sin = np.cos(np.radians(angle) * weight), np.sin(np.radians(angle) * weight)
        cos, sin = (v[..., 0] if isinstance(v, np.ndarray) and v.ndim else v for v in (cos, sin))
        out[..., a], out[..., b] = cos * p[..., a] - sin * p[..., b], sin * p[..., a] + cos * p[..., b]
        p = out
    return p + centre


def ball(rings: int = 64, parts: int = 48) -> tuple[Array, Array]:
    """Unit sphere: vertices [rings * parts, 3], ring by ring from +z, and quads [*, 4]."""
    angles = np.linspace(1e-3, np.pi - 1e-3, rings), np.arange(parts) * 2 * np.pi / parts
    polar, turn = np.meshgrid(*angles, indexing="ij")
    points = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], -1).reshape(-1, 3)
    a, b = np.meshgrid(np.arange(rings - 1) * parts, np.arange(parts), indexing="ij")
    quads = np.stack([a + b, a + parts + b, a + parts + (b + 1) % parts, a + (b + 1) % parts], -1)
    return points, quads.reshape(-1, 4)


class Asset:
    """The parametric head: arrays of the file, targets by name."""

    def __init__(self, path: Path) -> None:
        """Read the .npz file, or say in one line what is wrong with it."""
        try:
            with np.load(path, allow_pickle=False) as data:
                self.vertices, self.faces = data["vertices"].astype(float), data["faces"]
                self.group = data["group_names"][data["face_group"]]
                cuts = data["target_offsets"][1:-1]
                parts = zip(np.split(data["target_vertex"], cuts), np.split(data["target_delta"], cuts), strict=True)
                self.targets = dict(zip(data["target_names"].tolist(), parts, strict=True))
        except (OSError, LookupError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "its arrays are not there"
            raise SystemExit(f"{path}: not the parametric head that is needed ({reason}). Check the path.") from None

    def displacement(self, weights: Mapping[str, float]) -> Array:
        """[V, 3]: what the weighted targets add to the vertices."""
        out = np.zeros_like(self.vertices)
        for name, weight in weights.items():
            index, delta = self.targets[name]
            out[index] += weight * delta
        return out

    def mask(self, *names: str) -> Array:
        """[V, 1] in [0, 1]: where these targets act, by the length of their displacement."""
        length = np.linalg.norm(self.displacement(dict.fromkeys(names, 1.0)), axis=1, keepdims=True)
        return length / length.max()

    def peak(self, name: str) -> int:
        """The vertex that a target moves most: a landmark that holds for every person."""
        index, delta = self.targets[name]
        return int(index[np.linalg.norm(delta, axis=1).argmax()])

    def points(self, group: str) -> Array:
        """Indices of the vertices in the face groups whose names end in `group`."""
        return np.unique(self.faces[np.char.endswith(self.group, group)])
