"""The head's pose as PoseNet tells it of a crop, without landmarks (Ni et al. 2023, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from tmt.checkpoint import SHIPPED, Weights
from tmt.headcrop import HeadCrop
from tmt.hub import device
from tmt.learned import load_pose
from tmt.types import Array, Pose

SURE = np.exp(-1.3)  # radians of expected error (PoseNet's own word) above which a pose is not believed


@dataclass(frozen=True)
class Told:
    """A head's pose in picture px, and the error of its turn that PoseNet itself expects, radians."""

    pose: Pose
    doubt: float


def told_pose(picture: Array, crop: HeadCrop, weights: Weights | None = SHIPPED.pose) -> Told | None:
    """The pose of the head in a crop [S, S, 3] uint8, in px of the picture that it was cut from; None when PoseNet is
    not sure, or there is none."""
    net = load_pose(weights)
    if net is None:
        return None
    with torch.inference_mode():
        batch = torch.from_numpy(picture)[None].to(device()).permute(0, 3, 1, 2).to(net.dtype) / 255
        told = net(batch)
    doubt = float(np.exp(float(told.doubt[0])))
    if doubt > SURE:
        return None
    rotation, scale, place = (part[0].double().cpu().numpy() for part in (told.rotation, told.scale, told.translation))
    return Told(crop.unseen(Pose(scale, rotation, np.array([*place, 0.0]))), doubt)
