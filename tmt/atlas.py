"""The recurrent canonical head as pixels: what it shows of a posed sheet, and how far it is to be preferred to the
bank's own frames."""

from __future__ import annotations

import cv2
import numpy as np

from tmt.geometry import smoothstep
from tmt.render import Seen, spread
from tmt.sight import at_vertices, turning
from tmt.types import Array, Atlas, CanonicalHead, Surface, Target
from tmt.ways import in_frame

AWAY = 1e3  # px: no pixel of the atlas lies where it was in some picture
SURE = 1.0  # frames' worth of sight from which a texel is known
PRICE = 22.0  # of the logits: a mean of many frames is softer than any of them, and wanted where none sees a place well
PERSON = (0.5, 0.95)  # of its matte, whose soft edge is drawn out wide where the sheet is seen from the side
LEAST = 0.02  # share below which nothing is drawn
BARELY = 0.001  # that nowhere reaches more, a network cannot raise to LEAST, and need not look at


def pixels_of(atlas: Atlas, seen: Seen, grid: int) -> Array:
    """What the atlas shows of a sheet that is seen so: [H, W, 5] as `warp.mix_pixels`."""
    where = seen.grid_xy * np.float32(len(atlas.colours) / (grid - 1)) - np.float32(0.5)
    pixels = cv2.remap(atlas.colours, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out = np.empty((*seen.depth.shape, 5), np.float32)
    out[..., :4] = pixels * (seen.covered / np.float32(255))[..., None]
    out[..., 4] = AWAY
    return out


def known(atlas: Atlas, surface: Surface) -> Array:
    """How surely each vertex [G, G] is known, 0..1."""
    weight = at_vertices(atlas.weight, surface.grid).reshape(surface.grid, surface.grid)
    return np.asarray(weight / (weight + SURE), np.float32)


def logit_of(atlas: Atlas, surface: Surface) -> Array:
    """The atlas as one more source beside those of `fuse.Mix.logits` [G, G]; nothing on the torso, which it does not
    follow."""
    sure = known(atlas, surface) * turning(surface).reshape(surface.grid, surface.grid)
    return np.asarray(np.log(np.maximum(sure, 1e-6)) - PRICE, np.float32)


def share_of(own: Array, others: Array) -> Array:
    """The share of a source with logits `own` [*] among `others` [k, *]."""
    top = np.maximum(others.max(0), own)
    mine = np.exp(own - top)
    return np.asarray(mine / (mine + np.exp(others - top).sum(0)), np.float32)


def if_wanted(head: CanonicalHead, logits: Array, target: Target, seen: Seen) -> tuple[Atlas | None, Array]:
    """A head's atlas as it is in a frame, unless it is worth nothing beside sources with `logits` [K, G, G], as in
    every view near to one of theirs; and its share among them at the pixels [H, W]."""
    if head.atlas is None:
        return None, np.zeros_like(seen.depth)
    share = spread(share_of(logit_of(head.atlas, head.surface), logits), seen)
    return (in_frame(head.atlas, target, head.performance) if share.max() > BARELY else None), share


def lay_in(pixels: Array, atlas: Atlas, surface: Surface, seen: Seen, share: Array) -> None:
    """Let pixels [H, W, 5] of the bank's sources give way to the atlas in place, by its `share` [H, W] among them."""
    left, top, width, height = cv2.boundingRect((share > LEAST).astype(np.uint8))
    if width:
        box = np.s_[top : top + height, left : left + width]
        there, share = pixels[box], np.where(share[box] > LEAST, share[box], 0)[..., None]
        mine = pixels_of(atlas, Seen(seen.grid_xy[box], seen.depth[box]), surface.grid)
        person = share * smoothstep((mine[..., 3:4] - PERSON[0]) / (PERSON[1] - PERSON[0])).astype(np.float32)
        there[..., :3] += person * (mine[..., :3] - there[..., :3])  # the background stays the bank's
        there[..., 3:4] = np.maximum(there[..., 3:4], person)
