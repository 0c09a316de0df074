"""DepthNet (Ni et al. 2023, section 3.1): how far each pixel of a head lies behind or before the head's own middle."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from tmt.networks.blocks import Refine, at_half, double, with_places

SIDE = 128  # px of a crop: enough for what is smooth
NEAREST, FARTHEST = -7.0, 0.0  # limits of the logarithm of what the depth may be wrong by


@dataclass(frozen=True)
class Depth:
    """z [B, 1, H, W] sides of the crop, from the canonical head's origin, forward is negative; doubt [B, 1, H, W]: log
    of the error that is to be expected, in the same unit."""

    z: torch.Tensor
    doubt: torch.Tensor


def _normed(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A convolution whose result is normed: without, the depth stays a blur for thousands of steps."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.GroupNorm(8, outputs), nn.ReLU())


class DepthNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """A U-Net over a crop around the head; 1.3 M parameters at the widths given here."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, widths: tuple[int, int, int, int] = (24, 48, 96, 128)) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = widths
        self.at_half = nn.Sequential(nn.Conv2d(4 * 5, half, 3, 1, 1), nn.ReLU(), _normed(half, half), Refine(half))
        self.at_quarter = nn.Sequential(_normed(half, quarter, 2), Refine(quarter))
        self.at_eighth = nn.Sequential(_normed(quarter, eighth, 2), Refine(eighth))
        self.at_sixteenth = nn.Sequential(_normed(eighth, sixteenth, 2), Refine(sixteenth), Refine(sixteenth))
        self.up_eighth = nn.Sequential(_normed(eighth + sixteenth, eighth), Refine(eighth))
        self.up_quarter = nn.Sequential(_normed(quarter + eighth, quarter), Refine(quarter))
        self.up_half = nn.Sequential(_normed(half + quarter, half), Refine(half))
        self.tell = nn.Conv2d(half, 4 * 2, 1)

    def forward(self, crop: torch.Tensor) -> Depth:
        """crop [B, 3, H, W] in 0..1, sides multiples of 16, the face about half of it."""
        half = at_half(self.at_half, with_places(crop))
        quarter = self.at_quarter(half)
        eighth = self.at_eighth(quarter)
        up = self.up_eighth(torch.cat([eighth, double(self.at_sixteenth(eighth))], 1))
        up = self.up_quarter(torch.cat([quarter, double(up)], 1))
        up = self.up_half(torch.cat([half, double(up)], 1))
        told = F.pixel_shuffle(self.tell(up), 2)
        return Depth(told[:, :1] * 0.1, (told[:, 1:] - 4).clamp(NEAREST, FARTHEST))
