"""The recurrent canonical head (Ni et al. 2023, section 3.2): frames enter one by one, in any order and number.

State and gain are those of a recursive filter: every texel keeps the mean of what it was seen as, and how surely it is
known; depth is kept as parallax tells it, in the form of information, so that frames simply add up. What is learned are
the gains, how far a frame is drawn onto what is there already, a memory, and the reading of it. Untrained, the cell is
that filter with the gains of `sight.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F  # noqa: N812
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from tmt.networks.blocks import Refine, at_half, block, blurred, double, shrunk
from tmt.networks.outline import with_outline
from tmt.networks.ways import Sums, no_sums, with_frame

DOUBT = 40.0  # texels^2 per head unit^2: so much parallax must a frame have to be believed half
FLOOR = 0.5  # of information, likewise: a single glimpse says little
BLUR, WIDER = 3.0, 9.0  # texels over which depth is smooth, and over which it is carried where little is known
FARTHEST = 0.35  # head units that depth is moved at most
PERSON = (0.7, 1.0)  # of the matte: the outline's mixed colours count for nothing, the inside wholly
UNKNOWN, RARELY = 0.05, 0.25  # weight, and share of the frames, below which a colour is rather its neighbours'
SPAN = 4  # quarter size: of the memory


@dataclass(frozen=True)
class State:
    """The head so far. colour [B, 4, F, F] mean of RGB and matte; weight [B, 2, S, S] how much of either was seen (what
    is background says nothing of the colour); slip [B, 2, S, S] mean slip, see sight.Sight; parallax [B, 3, S, S]
    information on depth, its product with depth, and how much was looked at; memory [B, M, S/4, S/4]. Where frames told
    their numbers (all do, or none): numbers [B, N, S, S] their mean, as colour is that of colours; ways: how colours go
    with them; outline [B, 2, V, S, S]: where the person ends in which view."""

    colour: torch.Tensor
    weight: torch.Tensor
    slip: torch.Tensor
    parallax: torch.Tensor
    memory: torch.Tensor
    numbers: torch.Tensor | None = None
    ways: Sums | None = None
    outline: torch.Tensor | None = None


@dataclass(frozen=True)
class Glimpse:
    """One frame as tensors. pixels [B, 4, F, F]; weight, acted, detail [B, 1, S, S] and slip [B, 2, S, S] as in
    sight.Sight; flow [B, 2, S, S] texels from the head so far to what this frame shows of it; trust [B, 2, S, S] 0..1
    of the flow, and of the structure in which it was found; lifted [B, 1, S, S] depth with which it was lifted; scope
    [B, 1, S, S] 0..1: where the head is, and not the torso, of which nothing was learned (None: everywhere); numbers
    [B, N] of pose and expression, see tmt/ways.py."""

    pixels: torch.Tensor
    weight: torch.Tensor
    slip: torch.Tensor
    acted: torch.Tensor
    detail: torch.Tensor
    flow: torch.Tensor
    trust: torch.Tensor
    lifted: torch.Tensor
    scope: torch.Tensor | None = None
    numbers: torch.Tensor | None = None


class HeadCell(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """`begin`, `forward` for every frame, and `read` whenever the head is wanted."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, half: int = 24, quarter: int = 48, memory: int = 24) -> None:
        super().__init__()
        self.count = memory
        self.look = nn.Sequential(nn.Conv2d(4 * 18, half, 1), nn.ReLU(), block(half, half))
        self.study = block(half, quarter, 2)
        self.weigh = nn.Sequential(block(quarter + memory, quarter), Refine(quarter))
        self.note = nn.Conv2d(quarter, memory, 3, 1, 1)
        self.up = nn.Sequential(nn.Conv2d(half + quarter, half, 1), nn.ReLU(), Refine(half))
        self.gains = nn.Conv2d(half, 4 * 4, 1)
        self.see = nn.Sequential(nn.Conv2d(4 * 7, half, 1), nn.ReLU(), block(half, half))
        self.gather = nn.Sequential(block(half + memory, quarter, 2), Refine(quarter))
        self.remember = nn.Conv2d(memory, half, 1)
        self.back = nn.Sequential(nn.Conv2d(half + quarter, half, 1), nn.ReLU(), Refine(half))
        self.paint = nn.Conv2d(half, 4 * 4, 1)
        for last in (self.gains, self.paint):  # at first the plain filter
            for parameter in last.parameters():
                nn.init.zeros_(parameter)

    def begin(self, batch: int, side: int, fine: int) -> State:
        """No head yet: `side` texels, colours finer by `fine`."""
        def zero(channels: int, size: int) -> torch.Tensor:
            return torch.zeros(batch, channels, size, size, device=self.device, dtype=self.dtype)

        return State(zero(4, side * fine), zero(2, side), zero(2, side), zero(3, side), zero(self.count, side // SPAN))

    def forward(self, state: State, glimpse: Glimpse) -> State:
        """The head with one more frame."""
        side = glimpse.weight.shape[-1]
        known = shrunk(state.colour, side)
        fresh = shrunk(glimpse.pixels, side)
        seen = state.weight[:, :1] / (state.weight[:, :1] + 0.3)
        person = person_in(fresh[:, 3:])
        parallax = glimpse.slip - state.slip
        told = torch.cat([
            fresh - 0.5, (fresh[:, :3] - known[:, :3]) * seen, _sure(state), glimpse.weight,
            glimpse.acted * 8, glimpse.detail / 4, glimpse.trust, glimpse.flow / 4, parallax / 16,
        ], 1)
        near = at_half(self.look, told)
        far = self.weigh(torch.cat([self.study(near), state.memory], 1))
        gains = F.pixel_shuffle(self.gains(self.up(torch.cat([near, double(far)], 1))), 2)
        gains = gains if glimpse.scope is None else gains * glimpse.scope

        weight = glimpse.weight * torch.exp(gains[:, :2].clamp(-6, 3)) * torch.cat([person, torch.ones_like(person)], 1)
        along = torch.sigmoid(gains[:, 2:3] * 4) * glimpse.trust[:, :1] * seen  # the way onto what is there already
        drawn = drawn_along(glimpse.pixels, glimpse.flow * along)
        gain = weight / (state.weight + weight + 1e-4)
        wide = _sized(gain, drawn.shape[-1])
        colour = state.colour + torch.cat([wide[:, :1].expand(-1, 3, -1, -1), wide[:, 1:]], 1) * (drawn - state.colour)
        slow = F.avg_pool2d(weight[:, 1:], SPAN)
        share = slow / (F.avg_pool2d(state.weight[:, 1:], SPAN) + slow + 1e-4)
        memory = state.memory + share * (torch.tanh(self.note(far)) - state.memory)
        adding = noted(state, glimpse.numbers, glimpse.weight, glimpse.pixels)
        return State(
            colour, state.weight + weight, state.slip + gain[:, :1] * (1 - along) * parallax,
            state.parallax + measured(glimpse, parallax, seen * person * torch.exp(gains[:, 3:].clamp(-6, 3))), memory,
            _drawn_to(state.numbers, glimpse.numbers, gain[:, :1]),
            adding.ways, adding.outline,
        )

    def read(self, state: State, scope: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """The head's colours and matte [B, 4, F, F] 0..1, and how far it is deeper than it was taken to be [B, 1, S,
        S] head units. `scope`: as of a Glimpse."""
        side = state.weight.shape[-1]
        colour = carried_out(state.colour, state.weight)
        known = shrunk(colour, side)
        depth = self.depth(state)
        near = at_half(self.see, torch.cat([known - 0.5, _sure(state), depth * 4], 1))
        near = near + double(self.remember(state.memory))
        far = self.gather(torch.cat([near, double(state.memory)], 1))
        paint = 0.5 * torch.tanh(F.pixel_shuffle(self.paint(self.back(torch.cat([near, double(far)], 1))), 2))
        paint = paint if scope is None else paint * scope
        return (colour + _sized(paint, colour.shape[-1])).clamp(0, 1), depth

    @staticmethod
    def depth(state: State) -> torch.Tensor:
        """[B, 1, S, S] head units by which parallax moves the head deeper."""
        near, wide = blurred(state.parallax, BLUR), blurred(state.parallax, WIDER)
        total = near + 0.5 * wide
        return (total[:, 1:2] / (total[:, :1] + DOUBT * total[:, 2:] + FLOOR)).clamp(-FARTHEST, FARTHEST)


def _sure(state: State) -> torch.Tensor:
    """How surely colour and matte are known [B, 2, S, S] 0..1, much the same after ten frames and after a hundred."""
    return state.weight / (state.weight + 1)


def _drawn_to(mean: torch.Tensor | None, numbers: torch.Tensor | None, gain: torch.Tensor) -> torch.Tensor | None:
    """The mean numbers [B, N, S, S] of a texel with those of one frame more [B, N], by its gain [B, 1, S, S]."""
    if numbers is None:
        return mean
    known = torch.zeros_like(gain) if mean is None else mean
    return known + gain * (numbers[..., None, None] - known)


def noted(state: State, numbers: torch.Tensor | None, weight: torch.Tensor, pixels: torch.Tensor) -> State:
    """Only what a frame (see Glimpse) says of how colours and outline go with its numbers, as it lies and as well as it
    sees, in whatever order frames come: nothing is learned here, nothing drawn along, and it costs little."""
    if numbers is None:
        return state
    side = weight.shape[-1]
    before = state.ways or no_sums(numbers, side, pixels.shape[-1] // side)
    matte = shrunk(pixels[:, 3:], side)
    return replace(state, ways=with_frame(before, numbers, weight * person_in(matte), pixels),
                   outline=with_outline(state.outline, numbers, weight, matte))  # fmt: skip


def person_in(matte: torch.Tensor) -> torch.Tensor:
    """How far what is seen is the person, 0..1."""
    return ((matte - PERSON[0]) / (PERSON[1] - PERSON[0])).clamp(0, 1)


def measured(glimpse: Glimpse, parallax: torch.Tensor, sure: torch.Tensor) -> torch.Tensor:
    """What a frame adds to what is known of depth [B, 3, S, S]: the part of the flow that parallax explains."""
    sure = sure * glimpse.weight * glimpse.trust[:, :1] * glimpse.trust[:, 1:]
    length = (parallax * parallax).sum(1, keepdim=True)
    along = (parallax * glimpse.flow).sum(1, keepdim=True) + length * glimpse.lifted
    return torch.cat([sure * length, sure * along, sure], 1)


def drawn_along(image: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """image [B, C, F, F] read at every texel plus `flow` [B, 2, S, S] coarser texels."""
    fine, side = image.shape[-1], flow.shape[-1]
    line = (torch.arange(fine, device=image.device, dtype=flow.dtype) + 0.5) * (2 / fine) - 1
    shift = _sized(flow, fine) * (2 / side)
    places = torch.stack([line + shift[:, 0], line[:, None] + shift[:, 1]], -1)
    return F.grid_sample(image, places, mode="bilinear", padding_mode="border", align_corners=False)


def carried_out(colour: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Colours [B, 4, F, F] carried on from where they are known, by `weight` [B, 2, S, S]; the matte as it is."""
    side, fine = weight.shape[-1], colour.shape[-1]
    trust = weight[:, :1] / (weight[:, :1] + UNKNOWN + RARELY * weight[:, 1:])
    own = shrunk(colour[:, :3], side)
    filled = torch.zeros_like(own)
    left = torch.ones_like(trust)
    for sigma in (BLUR, WIDER):
        near = blurred(torch.cat([own * trust, trust], 1), sigma)
        share = left * (near[:, 3:] / 0.05).clamp(0, 1)
        filled = filled + share * near[:, :3] / near[:, 3:].clamp(min=1e-4)
        left = left - share
    sure = _sized(trust, fine)
    return torch.cat([colour[:, :3] * sure + _sized(filled, fine) * (1 - sure), colour[:, 3:]], 1)


def _sized(plane: torch.Tensor, side: int) -> torch.Tensor:
    """[B, C, S, S] at another size."""
    if plane.shape[-1] == side:
        return plane
    return F.interpolate(plane, (side, side), mode="bilinear", align_corners=False)
