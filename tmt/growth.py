"""The subject's frames, one by one -> the canonical head so far: the recurrence around `networks/head.py`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from tmt.bank import view_direction
from tmt.sight import FINE, SIDE, Sight, at_vertices, deeper, sight_of, spread_out, turning
from tmt.types import Array, Atlas, Performance, Surface, Window
from tmt.ways import whitening

if TYPE_CHECKING:
    from tmt.networks.head import Glimpse, HeadCell, State

AGREE, SAME = 0.7, 12.0  # texels that flow there and back may differ by, and greys that what it finds may
STRUCTURE = 9.0  # squared slope of grey, per texel, from which a flow along it is believed half
KNOWN = 0.05  # weight below which nothing is there yet: the new frame stands in for it
ENOUGH = 16  # keyframes that are laid onto each other; of the others colours are learned alone, at a fifth of the cost
LIFTED_ANEW = 4  # frames after which the surface takes over the depth found so far
_FLOW = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM


def grow(net: HeadCell, state: State, sight: Sight, lifted: Array | None = None) -> State:
    """The head with one more frame in it. `lifted` [S, S]: how far the surface that the frame was lifted by had been
    moved already, head units."""
    from tmt.networks.head import State as Next

    with torch.inference_mode():
        grown: Next = net(state, glimpse_of(net, state, sight, lifted))
    return grown


def noticed(net: HeadCell, state: State, sight: Sight) -> State:
    """The head with no more of a frame than how its colours go with its numbers, at a fifth of what `grow` costs."""
    from tmt.networks.head import noted

    arrays = sight.numbers, sight.weight[None], sight.pixels
    with torch.inference_mode():
        grown: State = noted(state, *(torch.from_numpy(a)[None].to(net.device, net.dtype) for a in arrays))
    return grown


def glimpse_of(net: HeadCell, state: State, sight: Sight, lifted: Array | None = None) -> Glimpse:
    """A frame beside the head so far, as the cell takes it: one head, on the cell's device."""
    from tmt.networks.head import Glimpse

    side = sight.weight.shape[-1]
    flow, trust = compare(state.colour[0].float().cpu().numpy(), state.weight[0, 0].float().cpu().numpy(), sight,
                          state.slip[0].float().cpu().numpy())  # fmt: skip
    moved = np.zeros((side, side), np.float32) if lifted is None else lifted
    arrays = (
        sight.pixels, sight.weight[None], sight.slip, sight.acted[None], sight.detail[None], flow, trust, moved[None],
        sight.head[None], sight.numbers,
    )
    return Glimpse(*(torch.from_numpy(np.ascontiguousarray(a))[None].to(net.device, net.dtype) for a in arrays))


def compare(colour: Array, weight: Array, sight: Sight, slip: Array) -> tuple[Array, Array]:
    """The head so far, colour [4, F, F], weight [S, S], slip [2, S, S], and a frame -> flow [2, S, S] texels between
    them, and trust [2, S, S] in it and in the structure along the parallax."""
    side = len(weight)
    fresh = _grey(sight.pixels, side)
    known = np.where(weight < KNOWN, fresh, _grey(colour, side))
    flow = _follow(known, fresh)
    back = _follow(fresh, known)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    there = x + flow[..., 0], y + flow[..., 1]
    apart = flow + cv2.remap(back, *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    found = cv2.remap(fresh, *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    trust = np.exp(-(apart**2).sum(-1) / (2 * AGREE**2) - ((found - known) / SAME) ** 2)
    return np.moveaxis(flow, -1, 0), np.stack([trust, _structure(known, sight.slip - slip)]).astype(np.float32)


def _grey(pixels: Array, side: int) -> Array:
    """[4, F, F] 0..1 -> [S, S] uint8."""
    grey = pixels[0] * np.float32(0.299) + pixels[1] * np.float32(0.587) + pixels[2] * np.float32(0.114)
    small = grey if len(grey) == side else cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA)
    return np.clip(np.round(small * 255), 0, 255).astype(np.uint8)


def _follow(one: Array, other: Array) -> Array:
    """Dense flow [S, S, 2] texels (Kroeger et al. 2016)."""
    return np.asarray(cv2.DISOpticalFlow_create(_FLOW).calc(one, other, None))


def _structure(grey: Array, parallax: Array) -> Array:
    """How well a shift along the parallax [2, S, S] can be seen in `grey` [S, S]: 0..1."""
    slopes = [cv2.Sobel(grey, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1))]
    length = np.linalg.norm(parallax, axis=0) + 1e-6
    along = cv2.GaussianBlur(((slopes[0] * parallax[0] + slopes[1] * parallax[1]) / length) ** 2, (0, 0), 2.0)
    return np.asarray(along / (along + STRUCTURE))


def build_up(
    net: HeadCell, surface: Surface, performance: Performance, window: Window, index: Array, images: Sequence[Array],
    fine: int = FINE, tick: Callable[[], None] = lambda: None,
) -> Iterator[State]:
    """The head after each of the keyframes `index` [K] with pictures [H, W, 4] uint8 in `window`, and a `tick` after
    each. Frames are lifted by the depth that is known when they come."""
    state, moved = net.begin(1, SIDE, fine), surface
    known: Array | None = None
    for count, (number, image) in enumerate(zip(index, images, strict=True), 1):
        state = grow(net, state, sight_of(moved, performance, window, int(number), image, fine), known)
        if count % LIFTED_ANEW == 0:
            known = _depth_so_far(net, state)
            moved = deepened(surface, known)
        tick()
        yield state


def _depth_so_far(net: HeadCell, state: State) -> Array:
    """How far parallax moves the head deeper [S, S], head units."""
    with torch.inference_mode():
        depth: Array = net.depth(state)[0, 0].float().cpu().numpy()
    return depth


def grown(
    net: HeadCell, surface: Surface, performance: Performance, window: Window, index: Array, images: Sequence[Array],
    tick: Callable[[], None] = lambda: None,
) -> tuple[Surface, Atlas]:
    """The head of all keyframes (see `build_up`), and the surface with the depth that they tell. `tick`: called after
    each of the keyframes that `order_of` chooses."""
    order = order_of(performance, index)
    every = build_up(net, surface, performance, window, index[order], [images[k] for k in order], tick=tick)
    (state,) = deque(every, maxlen=1)
    moved = deepened(surface, _depth_so_far(net, state))
    for k in np.setdiff1d(np.arange(len(index)), order):
        state = noticed(net, state, sight_of(moved, performance, window, int(index[k]), images[k]))
    return moved, atlas_of(net, state, surface)


def order_of(performance: Performance, index: Array, most: int = ENOUGH) -> Array:
    """Which of the keyframes `index` [K], some `most`: even in time, but the one nearest to the middle of all views
    first, for the rest is laid onto it."""
    views = view_direction(performance.pose.rotation[index])
    first = int(np.argmax(views @ views.mean(0)))
    even = np.unique(np.linspace(0, len(index) - 1, min(most, len(index))).round().astype(int))
    return np.array([first, *(k for k in even if k != first)])


def deepened(surface: Surface, depth: Array) -> Surface:
    """The surface with `depth` [S, S] head units added where landmarks do not know it."""
    return deeper(surface, at_vertices(depth, surface.grid))


def atlas_of(net: HeadCell, state: State, surface: Surface) -> Atlas:
    """What there is to see of the head so far, on its surface (which may have been moved since)."""
    scope = spread_out(turning(surface)[:, None], surface.grid, state.weight.shape[-1])[None, None, ..., 0]
    with torch.inference_mode():
        colours, depth = net.read(state, torch.from_numpy(scope).to(net.device, net.dtype))
    atlas = Atlas(
        np.round(colours[0].permute(1, 2, 0).float().cpu().numpy() * 255).astype(np.uint8),
        state.weight[0, 0].float().cpu().numpy(), depth[0, 0].float().cpu().numpy(),
    )
    if state.outline is not None:
        atlas = replace(atlas, outline=state.outline[0].float().cpu().numpy())
    return atlas if state.ways is None or state.numbers is None else _with_ways(atlas, state)


def _with_ways(atlas: Atlas, state: State) -> Atlas:
    """And how its colours go with pose and expression."""
    from tmt.networks.ways import ways_of

    assert state.ways is not None, "frames have told their numbers"
    assert state.numbers is not None, "frames have told their numbers"
    with torch.inference_mode():
        told = ways_of(state.ways, state.numbers.float())
        every = torch.cat([told.slopes[0], -told.level], 0).permute(0, 2, 3, 1).contiguous() * 255
    usual, covariance = told.usual[0].cpu().numpy(), told.covariance[0].cpu().numpy()
    white = whitening(usual, covariance)
    # Slopes by white numbers: white numbers are white @ (numbers, 1), and the colours stay what they were.
    back = np.linalg.inv(white).T.astype(np.float32)
    slopes = np.tensordot(back, every.cpu().numpy(), 1).astype(np.float32)
    return replace(atlas, slopes=np.pad(slopes, [(0, 0)] * 3 + [(0, 1)]), white=white)
