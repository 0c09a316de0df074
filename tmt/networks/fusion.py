"""Attention fusion (Ni et al. 2023, section 3.3): which warped source shows each pixel best, and what none shows.

The unlearned fusion is where it starts: the network adds to its logits and to its matte, and paints a residual.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from tmt.attend import LOGIT_UNIT
from tmt.networks.blocks import Refine, at_half, block, double, unshuffled


@dataclass(frozen=True)
class FusionConfig:
    """Sizes of the network: 0.8 M parameters and 4.5 GFLOPs for 6 sources at 256 x 256."""

    maps: int = 18  # channels of what is known of the target, see attend.MAPS
    source: int = 12  # width of a source's features at half size; twice that at a quarter
    width: int = 24  # of the target's features at half size
    widths: tuple[int, int, int] = (48, 64, 96)  # at a quarter, an eighth, a sixteenth
    residual: float = 0.5  # the most that is painted over, share of full scale


@dataclass(frozen=True)
class Repair:
    """What the network adds: logits [B, K, H, W], matte [B, 1, H, W], picture [B, 3, H, W]; 0 before training."""

    logits: torch.Tensor
    matte: torch.Tensor
    picture: torch.Tensor


class FusionNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Per-pixel attention over any number of warped sources; height and width are multiples of 16."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        maps: int = FusionConfig.maps,
        source: int = FusionConfig.source,
        width: int = FusionConfig.width,
        widths: tuple[int, int, int] = FusionConfig.widths,
        residual: float = FusionConfig.residual,
    ) -> None:
        super().__init__()
        quarter, eighth, sixteenth = widths
        self.limit = residual
        self.look = block(4 * (4 + 2 + 3), source)
        self.study = block(source, 2 * source, 2)
        self.aim = nn.Sequential(nn.Conv2d(4 * (maps + 3), width, 1), nn.ReLU(inplace=True), block(width, width))
        self.aim_quarter = block(width, quarter, 2)
        self.query = nn.Conv2d(quarter, 2 * source, 1)
        self.key = nn.Conv2d(2 * source, 2 * source, 1)
        self.merge = nn.Sequential(block(quarter + 4 * source, quarter), Refine(quarter))
        self.down = nn.Sequential(block(quarter, eighth, 2), Refine(eighth))
        self.bottom = nn.Sequential(block(eighth, sixteenth, 2), Refine(sixteenth), Refine(sixteenth))
        self.up_eighth = nn.Sequential(block(eighth + sixteenth, eighth), Refine(eighth))
        self.up_quarter = nn.Sequential(block(quarter + eighth, quarter), Refine(quarter))
        self.up_half = nn.Sequential(nn.Conv2d(quarter + width, width, 1), nn.ReLU(inplace=True), Refine(width))
        self.choose = nn.Conv2d(width, source, 1)
        self.paint = nn.Conv2d(width, 4 * (3 + 1), 1)
        for head in (self.choose, self.paint):  # at first it changes nothing
            for parameter in head.parameters():
                nn.init.zeros_(parameter)

    def forward(self, sources: torch.Tensor, hints: torch.Tensor, maps: torch.Tensor) -> Repair:
        """sources [B, K, 4, H, W] RGB and matte in 0..1; hints [B, K, 2, H, W]; maps [B, C, H, W]: see attend."""
        batch, count, _, height, width = sources.shape
        share = torch.softmax(hints[:, :, 0] * LOGIT_UNIT, 1)
        mean = _mixed(share, sources[:, :, :3])
        near = self._looked(sources, hints, mean)  # [B K, s, H/2, W/2]
        far = self.study(near)  # [B K, 2 s, H/4, W/4]

        # The target asks, the sources answer.
        half = at_half(self.aim, torch.cat([maps, mean], 1))
        quarter = self.aim_quarter(half)
        shape = (batch, count, -1, height // 4, width // 4)
        values, keys = far.view(shape), self.key(far).view(shape)
        prior = F.avg_pool2d(hints[:, :, 0], 4)[:, :, None] * LOGIT_UNIT
        score = (self.query(quarter)[:, None] * keys).sum(2, keepdim=True) * values.shape[2] ** -0.5
        share = torch.softmax(score + prior, 1)
        heard = (share * values).sum(1)
        spread = (share * (values - heard[:, None]).abs()).sum(1)  # where sources disagree

        # A U-Net over what was heard.
        quarter = self.merge(torch.cat([quarter, heard, spread], 1))
        eighth = self.down(quarter)
        up = self.up_eighth(torch.cat([eighth, double(self.bottom(eighth))], 1))
        up = self.up_quarter(torch.cat([quarter, double(up)], 1))
        up = self.up_half(torch.cat([half, double(up)], 1))

        asked = self.choose(up)
        logits = torch.stack([(asked * one).sum(1) for one in near.unflatten(0, (batch, count)).unbind(1)], 1)
        painted = F.pixel_shuffle(self.paint(up), 2)
        return Repair(double(logits), painted[:, 3:], self.limit * torch.tanh(painted[:, :3]))

    def _looked(self, sources: torch.Tensor, hints: torch.Tensor, mean: torch.Tensor) -> torch.Tensor:
        """Each source by itself: its pixels, its hints, and how it differs from all of them mixed. The first layer is
        linear: what it makes of that difference is told by sources and mean apart, with no copy of everything."""
        layer: nn.Conv2d = self.look[0]  # type: ignore[assignment]
        colours, matte, hinted, apart = layer.weight.split([12, 4, 8, 12], 1)
        mixed = unshuffled(layer, apart, mean)
        seen = unshuffled(layer, torch.cat([colours + apart, matte], 1), sources.flatten(0, 1), layer.bias)
        seen = seen + unshuffled(layer, hinted, hints.flatten(0, 1))
        return torch.relu_(seen - mixed.repeat_interleave(sources.shape[1], 0))


def _mixed(share: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
    """Shares [B, K, H, W] and colours [B, K, 3, H, W] -> [B, 3, H, W], one source after the other: their products are
    large together."""
    mean = share[:, 0, None] * colours[:, 0]
    for number in range(1, share.shape[1]):
        mean = torch.addcmul(mean, share[:, number, None], colours[:, number])
    return mean
