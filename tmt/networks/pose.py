"""PoseNet (Ni et al. 2023, section 3.1): the pose of the canonical head in a crop, from pixels alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from tmt.networks.blocks import Refine, at_half, block, with_places

USUAL_SCALE = 0.26  # of the crop's side: a head unit in a crop of which the face is half


@dataclass(frozen=True)
class HeadPose:
    """Canonical head -> crop: rotation [B, 3, 3]; scale [B], sides of the crop per head unit; translation [B, 2] sides;
    doubt [B]: log of the turn's expected error, radians."""

    rotation: torch.Tensor
    scale: torch.Tensor
    translation: torch.Tensor
    doubt: torch.Tensor


class PoseNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Convolutions down to 4 x 4, and what they say in nine numbers; 1.4 M parameters at the widths given here."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, widths: tuple[int, ...] = (24, 48, 96, 128, 160), side: int = 128) -> None:
        super().__init__()
        first, *others = widths
        layers: list[nn.Module] = [nn.Conv2d(4 * 5, first, 3, 1, 1), nn.ReLU()]
        for before, after in zip(widths, others, strict=False):
            layers += [block(before, after, 2), nn.GroupNorm(8, after), Refine(after)]  # unnormed, it learns no turn
        self.body = nn.Sequential(*layers)
        last = side // 2 ** len(widths)
        self.tell = nn.Sequential(
            nn.Flatten(), nn.Linear(widths[-1] * (last // 2) ** 2, 128), nn.ReLU(), nn.Linear(128, 10)
        )

    def forward(self, crop: torch.Tensor) -> HeadPose:
        """crop [B, 3, S, S] in 0..1, the face about half of it."""
        told = self.tell(F.avg_pool2d(at_half(self.body, with_places(crop)), 2)).float()
        return HeadPose(
            rotation_of(told[:, :6]), USUAL_SCALE * torch.exp(told[:, 6] * 0.5), 0.5 + 0.25 * told[:, 7:9],
            (told[:, 9] - 2).clamp(-5, 1),
        )


def rotation_of(six: torch.Tensor) -> torch.Tensor:
    """[B, 6] -> rotations [B, 3, 3] whose first two rows are these, made orthonormal (Zhou et al. 2019); zero is no
    turn."""
    x = F.normalize(six[:, :3] + six.new_tensor([1.0, 0.0, 0.0]), dim=1)
    y = six[:, 3:] + six.new_tensor([0.0, 1.0, 0.0])
    y = F.normalize(y - (x * y).sum(1, keepdim=True) * x, dim=1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], 1)
