"""What stands before a face, a hand, a cup, a microphone, a scarf, and the blur of a fast turn: PoseNet is to tell a
pose from what is left to see."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from tmt.topology import Topology
from tmt.types import Array

MOST = 4  # shapes of a cover
ODDS = 0.5  # of a frame's being covered
BELOW = 0.6  # of those: before mouth and chin, where hands and cups are
SIZES = (0.03, 0.20)  # half sides, in sides of the crop
SOFT = 0.004  # sides over which an edge fades
BLURS, BLUR_ODDS = (0.5, 4.0), 0.3  # px of a crop of 128, and how many frames are blurred
REACH = 8  # px to either side that a blur reaches
# numbers of a shape: middle (2), half sides (2), angle, power (2 an ellipse, more: a box), colours of both ends (6),
# whether it shows a neighbour's picture, stripes, whether it is there
NUMBERS = 15


def random_covers(rng: np.random.Generator, marks: Array, skin: Array, topology: Topology) -> Array:
    """[MOST, NUMBERS] before a face whose landmarks [L, 2+] are told in sides of its crop; one cover in three has the
    colour of `skin` [3] 0..1."""
    out = np.zeros((MOST, NUMBERS), np.float32)
    if rng.random() > ODDS:
        return out
    low = rng.random() < BELOW
    spot = marks[topology.chin if low else rng.integers(topology.surface), :2] + rng.normal(0, 0.03, 2)
    if low:  # from under the nose to the chin, most often all of the mouth
        spot = spot + rng.uniform(0, 0.35) * (marks[topology.forehead, :2] - spot)
    for shape in out[: int(rng.integers(1, MOST + 1))]:
        tint = skin * np.exp(rng.normal(0, 0.15)) if rng.random() < 1 / 3 else rng.random(3)
        shape[:2] = spot + rng.normal(0, 0.05, 2)
        shape[2:4] = np.exp(rng.uniform(np.log(SIZES[0]), np.log(SIZES[1]), 2))
        shape[4:6] = rng.uniform(0, np.pi), rng.choice([2.0, 3.0, 8.0])
        shape[6:12] = np.clip([tint, tint * np.exp(rng.normal(0, 0.3, 3))], 0, 1).ravel()
        shape[12:14] = rng.random() < 0.2, rng.uniform(0, 0.08)
        shape[14] = 1
    if low:  # the largest one lies over the mouth
        out[0, 2:4] = rng.uniform(0.10, SIZES[1], 2)
    return out


def random_blur(rng: np.random.Generator) -> Array:
    """[1] px by which a frame is blurred, 0: not at all."""
    return np.array([rng.uniform(*BLURS) if rng.random() < BLUR_ODDS else 0], np.float32)


def blurred(crops: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Crops [B, 3, S, S] blurred by sigma [B, 1] px each."""
    ticks = torch.arange(-REACH, REACH + 1, device=crops.device, dtype=crops.dtype)
    kernel = torch.exp(-0.5 * (ticks / sigma.clamp(min=1e-2)) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)[:, None]
    flat = crops.flatten(0, 1)[None]
    for shape, pad in (((1, -1), (REACH, REACH, 0, 0)), ((-1, 1), (0, 0, REACH, REACH))):
        one = kernel.unflatten(2, shape)
        flat = F.conv2d(F.pad(flat, pad, mode="replicate"), one, groups=len(kernel))
    return flat.reshape(crops.shape)


def covered(crops: torch.Tensor, covers: torch.Tensor) -> torch.Tensor:
    """Crops [B, 3, S, S] in 0..1 behind their covers [B, MOST, NUMBERS]."""
    places = (torch.arange(crops.shape[-1], device=crops.device) + 0.5) / crops.shape[-1]
    neighbours = crops.roll(1, 0)
    for one in covers.unbind(1):
        x0, y0, wide, tall, angle, power, *_, other, grain, there = (n[:, None, None] for n in one.unbind(1))
        x, y = places[None, None] - x0, places[None, :, None] - y0
        along, across = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
        u, v = along / wide.clamp(min=SOFT), across / tall.clamp(min=SOFT)
        away = (u.abs() ** power + v.abs() ** power + 1e-9) ** (1 / power.clamp(min=1))
        inside = ((1 - away) * torch.minimum(wide, tall) / SOFT + 0.5).clamp(0, 1) * there
        share = (u * 0.5 + 0.5).clamp(0, 1)[:, None]
        begin, end = one[:, 6:9, None, None], one[:, 9:12, None, None]
        stripes = grain[:, None] * torch.sin(v * 9)[:, None]
        tint = ((1 - share) * begin + share * end + stripes).clamp(0, 1)
        shown = torch.where(other[:, None] > 0, neighbours, tint)
        crops = crops + inside[:, None] * (shown - crops)
    return crops


def mirrored_covers(covers: Array) -> Array:
    """The same covers [..., NUMBERS] seen in a mirror."""
    out = covers.copy()
    out[..., 0] = 1 - covers[..., 0]
    out[..., 4] = -covers[..., 4]
    return out
