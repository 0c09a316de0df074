"""How a head turns on its neck, as a matrix and for any number of points."""

from __future__ import annotations

import numpy as np
import torch

from tmt.train.heads.asset import Act, Array
from tmt.train.heads.figure import NECK


def head_turn(act: Act) -> Array:
    """The head's turn [3, 3]: pitch, then yaw, then roll."""
    out = np.eye(3)
    for axis, angle in enumerate(np.radians(act.turn)):
        a, b, turn = (axis + 1) % 3, (axis + 2) % 3, np.eye(3)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        out = turn @ out
    return out


def moved(points: torch.Tensor, share: torch.Tensor, act: Act) -> torch.Tensor:
    """Turn and shift points [N, 3] with the head, each by its share [N]."""
    neck = points.new_tensor(NECK)
    p = points - neck
    some = torch.nonzero((share > 0) & (share < 1))[:, 0]
    out = torch.where((share == 1)[:, None], p @ points.new_tensor(head_turn(act)).T, p)
    part, weight = p[some], share[some]
    for axis, angle in enumerate(np.radians(act.turn)):
        a, b, new = (axis + 1) % 3, (axis + 2) % 3, part.clone()
        cos, sin = torch.cos(weight * float(angle)), torch.sin(weight * float(angle))
        new[:, a], new[:, b] = cos * part[:, a] - sin * part[:, b], sin * part[:, a] + cos * part[:, b]
        part = new
    out[some] = part
    return out + neck + share[:, None] * points.new_tensor(act.shift)
