"""The frames of the bank as a target shows them, and their weighted mix.

On the CPU by compiled code (`kernels_warp.py`); `mix_pixels_torch` is the same in plain torch, for a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from tmt import kernels_warp
from tmt.fuse import Mix
from tmt.geometry import pixel_centres, sample
from tmt.kernels_warp import TABLE
from tmt.render import Seen
from tmt.types import Array, FrameBank, Window

# px: what has moved no further than the landmarks tremble has not moved, and is not blurred by interpolation.
REST = np.array([0.65, 1.75], np.float32)
STRIPS = 2  # threads of the fast path
AT_ONCE = 16  # rows that are read and mixed at once


@dataclass(frozen=True)
class Warps:
    """The chosen frames [k] as a target shows them: pixels [k, H, W, 4] RGB and matte 0..1, and how far they have come
    [k, H, W] px of the bank's images; 0 where nothing is seen. float32. There may be room for another source behind
    them."""

    pixels: Array
    moved: Array


def home_of(window: Window, source: Window, ratio: float) -> Array:
    """Scale, x, y [3] that take a pixel of `window` to the same place in the pictures of `source`, shown at `ratio`."""
    scale = source.scale * ratio
    shift = (window.left - source.left) * scale, (window.top - source.top) * scale
    return np.array([scale / window.scale, *shift], np.float32)


def warped_by(
    seen: Seen, window: Window, bank: FrameBank, images: Array, mix: Mix, pool: Executor | None = None, spare: int = 0
) -> Warps:
    """The chosen frames, seen in `window`. images [N, h, w, 4] uint8: the bank's, at any scale. `spare`: so many other
    sources there shall be room for behind them."""
    sources = _Sources(seen, window, bank, images, mix)
    shape = len(mix.chosen) + spare, *seen.depth.shape
    warps = Warps(np.empty((*shape, 4), np.float32), np.empty(shape, np.float32))
    in_strips(lambda low, high: sources.read(low, high, 0, warps), shape[1], pool)
    return warps


def mix_pixels(
    seen: Seen, window: Window, bank: FrameBank, images: Array, mix: Mix, pool: Executor | None, floor: float,
    extra: Array | None = None, warps: Warps | None = None,
) -> Array:
    """Weighted pixels of the chosen frames, seen in `window` [H, W, 5]: RGB, matte, and how far they have come in px of
    the images; 0 where nothing is seen (CPU, fast path).

    images [N, h, w, 4] uint8: the bank's, at any scale; extra [h, w, k]: what a network adds to the logits, likewise;
    `warps`: of this very picture, where they are there already.
    """
    extra = np.empty((0, 0, len(mix.chosen)), np.float32) if extra is None else np.ascontiguousarray(extra, np.float32)
    out = np.empty((*seen.depth.shape, 5), np.float32)
    sources = None if warps is not None else _Sources(seen, window, bank, images, mix)

    def rows(low: int, high: int) -> None:
        for top in range(low, high, AT_ONCE):  # few enough to stay near at hand
            bottom = min(top + AT_ONCE, high)
            first, here = (0, warps) if sources is None else (top, sources.strip(top, bottom))
            assert here is not None
            arrays = extra, floor, here.pixels, here.moved, out
            kernels_warp.blend(top, bottom, first, seen.grid_xy, mix.logits, *arrays)

    in_strips(rows, len(out), pool)
    return out


class _Sources:
    """The chosen frames, and where they show what is seen in one picture."""

    def __init__(self, seen: Seen, window: Window, bank: FrameBank, images: Array, mix: Mix) -> None:
        grid, ratio = mix.logits.shape[-1], np.float32(images.shape[2] / bank.images.shape[2])
        self._grid_xy, self._home = seen.grid_xy, home_of(window, bank.window, float(ratio))
        self._places = np.ascontiguousarray(bank.places[mix.chosen].reshape(-1, grid, grid, 2) * ratio)
        self._images = images[mix.chosen]

    def read(self, low: int, high: int, first: int, warps: Warps) -> None:
        """Write rows `low` to `high` of the picture into warps, which begin with row `first`."""
        maps = np.empty((len(self._places), high - low, self._grid_xy.shape[1], 2), np.float32)
        rows = low, high, first, self._grid_xy
        kernels_warp.trace(*rows, self._places, self._home, REST, maps, warps.moved)
        kernels_warp.read(*rows, self._images, maps, TABLE, warps.pixels)

    def strip(self, low: int, high: int) -> Warps:
        """Rows `low` to `high` alone."""
        shape = len(self._images), high - low, self._grid_xy.shape[1]
        warps = Warps(np.empty((*shape, 4), np.float32), np.empty(shape, np.float32))
        self.read(low, high, low, warps)
        return warps


def in_strips(rows: Callable[[int, int], None], height: int, pool: Executor | None) -> None:
    """Do `rows` from one number to another until all are done, by as many threads as there are strips."""
    edges = np.linspace(0, height, STRIPS + 1).astype(int).tolist()
    list((map if pool is None else pool.map)(rows, edges[:-1], edges[1:]))


def mix_pixels_torch(
    grid_xy: torch.Tensor, places: torch.Tensor, logits: torch.Tensor, images: torch.Tensor, floor: float,
    home: torch.Tensor, extra: torch.Tensor | None = None,
) -> torch.Tensor:
    """The same in plain torch, for a GPU: grid_xy [H, W, 2], places [K, G, G, 2] px of the images, logits [K, G, G],
    images [K, 4, h, w] float 0..1, home [3], extra [K, h, w] -> [5, H, W]."""
    count, grid = logits.shape[:2]
    height, width = grid_xy.shape[:2]
    attributes = torch.cat([places.permute(0, 3, 1, 2).reshape(1, -1, grid, grid), logits[None]], 1)
    here = sample(attributes, grid_xy[None] + 0.5)[0]
    xy = here[: 2 * count].view(count, 2, height, width).permute(0, 2, 3, 1)
    scores = here[2 * count :]
    if extra is not None:
        scores = scores + F.interpolate(extra[None], (height, width), mode="bilinear", align_corners=False)[0]
    share = torch.softmax(scores, 0)
    share = torch.where(share < floor * share.amax(0), 0.0, share)
    share = share / share.sum(0)
    origin = pixel_centres(height, width, xy.device) * home[0] + home[1:]
    moved = (xy - origin).norm(dim=-1)
    pull = ((moved - float(REST[0])) / float(REST[1] - REST[0])).clamp(0, 1)[..., None]
    xy = origin + (xy - origin) * pull * pull * (3 - 2 * pull)
    pixels = torch.cat([sample(images, xy, "bicubic").clamp(0, 1), moved[:, None]], 1)
    return (share[:, None] * pixels).sum(0) * (grid_xy[..., 0] >= 0)


class Stored:
    """A bank's pictures on a device, and their mix in plain torch."""

    def __init__(self, bank: FrameBank, images: Array, device: torch.device) -> None:
        """images [N, h, w, 4] uint8: the bank's, at any scale."""
        self._bank, self._device, self._ratio = bank, device, images.shape[2] / bank.images.shape[2]
        self._images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().to(device)

    def mix(self, seen: Seen, window: Window, mix: Mix, floor: float, extra: Array | None = None) -> Array:
        """As `mix_pixels`."""
        grid = mix.logits.shape[-1]
        places = self._bank.places[mix.chosen].reshape(-1, grid, grid, 2) * np.float32(self._ratio)
        arrays = seen.grid_xy, places, mix.logits, home_of(window, self._bank.window, self._ratio)
        grid_xy, there, logits, home = (torch.from_numpy(np.ascontiguousarray(a)).to(self._device) for a in arrays)
        images = self._images[torch.from_numpy(mix.chosen).to(self._device)].to(torch.float32) / 255
        added = None if extra is None else torch.from_numpy(extra).permute(2, 0, 1).to(self._device)
        pixels = mix_pixels_torch(grid_xy, there, logits, images, floor, home, added)
        return np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())
