"""What the networks are built of."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """3 x 3 convolution and ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU(inplace=True))


class Refine(nn.Module):
    """Two convolutions whose result is added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(block(width, width), nn.Conv2d(width, width, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W] -> the same shape."""
        return torch.relu_(x + self.body(x))


def double(x: torch.Tensor) -> torch.Tensor:
    """[B, C, H, W] -> [B, C, 2 H, 2 W]."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def shrunk(x: torch.Tensor, side: int) -> torch.Tensor:
    """[B, C, H, H] -> [B, C, side, side], means of whole squares."""
    return F.avg_pool2d(x, x.shape[-1] // side)


def at_half(layers: nn.Sequential, x: torch.Tensor) -> torch.Tensor:
    """[B, C, H, W] -> [B, O, H/2, W/2]: layers, of which the first has 4 C inputs, over `F.pixel_unshuffle(x, 2)`."""
    first, *others = layers
    assert isinstance(first, nn.Conv2d), "the first layer mixes the cells"
    x = unshuffled(first, first.weight, x, first.bias)
    for layer in others:
        x = layer(x)
    return x


def unshuffled(
    layer: nn.Conv2d, weight: torch.Tensor, x: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """What a convolution makes of `F.pixel_unshuffle(x, 2)` by (some of) its `weight` [O, 4 C, k, k], in one step: on a
    CPU that copy takes longer than all else."""
    outputs, cells, tall, wide = weight.shape
    weight = weight.view(outputs, cells // 4, 2, 2, tall, wide).permute(0, 1, 4, 2, 5, 3)
    weight = weight.reshape(outputs, cells // 4, 2 * tall, 2 * wide)
    return F.conv2d(x, weight, bias, 2, [2 * int(side) for side in layer.padding])


def blurred(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """[B, C, H, W], by a Gaussian; the border is repeated."""
    reach = max(1, round(3 * sigma))
    line = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=image.device) / sigma) ** 2)
    line = (line / line.sum()).to(image.dtype)
    count = image.shape[1]
    padded = F.pad(image, (reach, reach, reach, reach), mode="replicate")
    across = F.conv2d(padded, line.expand(count, 1, 1, -1), groups=count)
    return F.conv2d(across, line[:, None].expand(count, 1, -1, 1), groups=count)


def with_places(picture: torch.Tensor) -> torch.Tensor:
    """[B, 3, H, W] in 0..1 -> [B, 5, H, W] around zero: colours, and where in the picture each pixel lies."""
    height, width = picture.shape[-2:]
    y = torch.linspace(-1, 1, height, device=picture.device, dtype=picture.dtype)
    x = torch.linspace(-1, 1, width, device=picture.device, dtype=picture.dtype)
    places = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])
    return torch.cat([picture * 2 - 1, places.expand(len(picture), 2, height, width)], 1)
