"""How the colours of the recurrent head go with pose and expression: in every texel a regression on a few numbers of
the frame. All it needs are sums, so that frames simply add up, in any order and number.

What few frames tell is shrunk twice: by a ridge that weighs every direction of the numbers alike (Zellner 1986), and by
as much as chance alone would have explained (James and Stein 1961), told over a few texels together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812

from tmt.networks.blocks import blurred

RIDGE = 15.0  # frames of no effect that are added
TOGETHER = 3.0  # texels over which it is told how much is chance
STEADY = 0.02  # of a number's variance, which is about 1 among people: less is hardly told from noise
GREY = 0.5


@dataclass(frozen=True)
class Sums:
    """Over all frames, `known` [B, M] being 1 and the numbers of a frame. frames [B, M, M]: products of known; seen [B,
    M, M, S, S]: the same, weighed by how well a texel is seen; told [B, M, 3, F, F]: products with colours; energy [B,
    1, S, S]: squares of the colours of a texel. Colours are counted from grey."""

    frames: torch.Tensor
    seen: torch.Tensor
    told: torch.Tensor
    energy: torch.Tensor


@dataclass(frozen=True)
class Ways:
    """slopes [B, N, 3, F, F] of the colours, by number; level [B, 3, F, F] what they make of the numbers that go with
    the colours as they are; usual [B, N] mean of all frames, covariance [B, N, N]."""

    slopes: torch.Tensor
    level: torch.Tensor
    usual: torch.Tensor
    covariance: torch.Tensor


def no_sums(numbers: torch.Tensor, side: int, fine: int) -> Sums:
    """Before the first frame, whose `numbers` are [B, N]; `side` texels, colours finer by `fine`."""
    batch, count = len(numbers), numbers.shape[1] + 1

    def zero(*shape: int) -> torch.Tensor:
        return torch.zeros(batch, *shape, device=numbers.device)

    return Sums(
        zero(count, count), zero(count, count, side, side), zero(count, 3, side * fine, side * fine),
        zero(1, side, side),
    )


def with_frame(sums: Sums, numbers: torch.Tensor, weight: torch.Tensor, pixels: torch.Tensor) -> Sums:
    """One frame more: numbers [B, N], weight [B, 1, S, S], pixels [B, 3 or more, F, F] 0..1."""
    known = torch.cat([torch.ones_like(numbers[:, :1]), numbers], 1).float()
    products = known[:, :, None] * known[:, None]
    weight, colours = weight.float(), pixels[:, :3].float() - GREY
    fine = colours.shape[-1] // weight.shape[-1]
    weighed = colours * weight.repeat_interleave(fine, 2).repeat_interleave(fine, 3)
    squares = F.avg_pool2d((colours * colours).sum(1, keepdim=True), fine) * fine**2
    return Sums(
        sums.frames + products, sums.seen + products[..., None, None] * weight[:, None],
        sums.told + known[..., None, None, None] * weighed[:, None], sums.energy + squares * weight,
    )


def ways_of(sums: Sums, there: torch.Tensor) -> Ways:
    """What the frames so far tell; `there` [B, N, S, S]: the numbers that go with the head's colours."""
    count = sums.frames[:, :1, :1]
    usual = sums.frames[:, 0, 1:] / count[:, 0]
    covariance = sums.frames[:, 1:, 1:] / count - usual[:, :, None] * usual[:, None]
    covariance = covariance + STEADY * torch.eye(usual.shape[1], device=usual.device)

    weight = sums.seen[:, 0, 0] + 1e-3  # [B, S, S]
    mean = sums.seen[:, 0, 1:] / weight[:, None]  # [B, N, S, S]
    own = sums.seen[:, 1:, 1:] - sums.seen[:, 0, 1:, None] * mean[:, None]
    fine = sums.told.shape[-1] // sums.seen.shape[-1]
    across = _folded(sums.told[:, 1:], fine) - mean[:, :, None] * _folded(sums.told[:, :1], fine)
    slopes = _solved(own + RIDGE * covariance[..., None, None], across)

    explained = (slopes * across).sum((1, 2))
    total = sums.energy[:, 0] - _folded(sums.told[:, :1], fine).square().sum((1, 2)) / weight
    slopes = slopes * _beyond_chance(explained, total, weight, usual.shape[1])[:, None, None]
    level = (slopes * there[:, :, None]).sum(1, keepdim=True)
    return Ways(_unfolded(slopes, fine), _unfolded(level, fine)[:, 0], usual, covariance)


def _solved(normal: torch.Tensor, across: torch.Tensor) -> torch.Tensor:
    """normal [B, N, N, S, S], across [B, N, C, S, S] -> slopes [B, N, C, S, S]."""
    slopes = torch.linalg.solve(normal.permute(0, 3, 4, 1, 2), across.permute(0, 3, 4, 1, 2))
    return slopes.permute(0, 3, 4, 1, 2)


def _beyond_chance(explained: torch.Tensor, total: torch.Tensor, weight: torch.Tensor, count: int) -> torch.Tensor:
    """The share 0..1 of slopes on `count` numbers that frames of `weight` [B, S, S] bear out, from the squares that are
    `explained` of the `total` [B, S, S]."""
    spare = (weight - count - 1).clamp(min=1)
    planes = torch.stack([explained, torch.maximum(total, explained), spare], 1)
    found, whole, spare = blurred(planes, TOGETHER).unbind(1)
    return (1 - count * (whole - found) / spare / found.clamp(min=1e-6)).clamp(0, 1)


def _folded(fine: torch.Tensor, by: int) -> torch.Tensor:
    """[B, M, C, F, F] -> [B, M, C*by*by, S, S]: what lies in one texel."""
    return F.pixel_unshuffle(fine.flatten(0, 1), by).unflatten(0, fine.shape[:2])


def _unfolded(coarse: torch.Tensor, by: int) -> torch.Tensor:
    return F.pixel_shuffle(coarse.flatten(0, 1), by).unflatten(0, coarse.shape[:2])

