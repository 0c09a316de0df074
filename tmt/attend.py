"""What the attention fusion looks at: the best frames of the bank, warped, and what is known of the target.

All at the network's own resolution, which does not grow with the output's (one that is hardly larger is looked at as it
is): what it decides is carried to full-size warps afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.atlas import logit_of, pixels_of
from tmt.bank import novelty
from tmt.canvas import Canvas
from tmt.composite import mattes, soft_dilated
from tmt.fuse import Mix, Posed
from tmt.geometry import transform
from tmt.render import Seen, filled, spread
from tmt.topology import Topology
from tmt.types import Array, Atlas, FrameBank, Surface, Target, Window
from tmt.warp import Warps

SIDE = 256.0  # px of the bank's window for the network
ALIKE = 1.1  # times that scale: so much larger a picture is looked at as it is, and its frames are warped but once
STEP = 16  # height and width are multiples of this: the network halves them four times
LOGIT_UNIT = 8.0  # logits below the best one's, in units of this
MOVED_UNIT = 16.0  # px
DEPTH_UNIT = 2.0  # head units
FAR = (10.0, 25.0)  # degrees from any keyframe's view: there and beyond it may not move the person's outline
REACH = 1.5  # how far around the head the network may change anything, see composite.soft_dilated
MAPS = (
    "covered", "depth", "matte", "red", "green", "blue", "mouth", "eyes", "brows", "head", "cavity", "lashes",
    "opening", "lips", "lids", "irises", "near", "moved",
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """sources [K, 4, H, W] RGB and matte, warped, 0..1; hints [K, 2, H, W] logits and motion; maps [C, H, W] by MAPS.
    float32; H and W multiples of STEP, of which the window fills `shape` from the top left."""

    sources: Array
    hints: Array
    maps: Array
    shape: tuple[int, int]


def small_canvas(canvas: Canvas, bank: FrameBank) -> Canvas:
    """The canvas at the network's scale, without what lies around the head; the very same one where it nearly is."""
    least = SIDE / max(bank.window.width, bank.window.height)
    if canvas.window.scale <= least * ALIKE:
        return canvas
    window = canvas.window.at(least)
    plate, known = (
        cv2.resize(a, window.shape[::-1], interpolation=cv2.INTER_AREA) for a in (canvas.plate, canvas.known)
    )
    return Canvas(window, plate, plate, np.ones((*window.shape, 1), np.float32), known)


def gather(
    surface: Surface, topology: Topology, posed: Posed, mix: Mix, canvas: Canvas, seen: Seen, warps: Warps,
    atlas: Atlas | None = None,
) -> Evidence:
    """Everything for one target: `seen` and the `warps` of the bank's frames, on a canvas of the network's scale. With
    an `atlas`, that is the last of the sources, which the warps have room for."""
    target, grid = posed.target, surface.grid
    rows, warped, moved = list(mix.logits), warps.pixels, warps.moved
    if atlas is not None:
        own = pixels_of(atlas, seen, grid)
        warped[-1], moved[-1] = own[..., :4], own[..., 4] * seen.covered
        rows.append(logit_of(atlas, surface))
    logits = np.stack([spread(row, seen) for row in rows])
    logits = np.maximum((logits - logits.max(0)) / LOGIT_UNIT, -1.5)
    share = np.exp(logits * LOGIT_UNIT)
    share /= share.sum(0)
    matte, come = (np.einsum("khw,khw->hw", share, values) for values in (warped[..., 3], moved))
    unit = float(target.pose.scale) * canvas.window.scale
    _, drawn = mattes(matte, come, seen, canvas, unit)
    sheet = {
        "mouth": surface.regions[0],
        "eyes": np.maximum(surface.regions[1], surface.regions[2]),
        "brows": surface.regions[3],
        "head": surface.head,
    }
    centre = float(target.pose.translation[2]) * canvas.window.scale
    known = {
        "covered": seen.covered,
        "depth": np.clip((np.minimum(seen.depth, 1e5) - centre) / unit / DEPTH_UNIT, -1, 1),
        "matte": drawn,
        "near": soft_dilated(drawn, REACH),
        "moved": np.minimum(come / MOVED_UNIT, 1),
        "cavity": spread(mix.cavity, seen),
        "lashes": spread(mix.lashes, seen),
    }
    known |= {name: spread(values.reshape(grid, grid), seen) for name, values in sheet.items()}
    known |= dict(zip(("red", "green", "blue"), np.moveaxis(canvas.plate, -1, 0), strict=True))
    known |= _drawn(target, canvas.window, topology)
    hints = np.stack([logits, np.minimum(moved / MOVED_UNIT, 2)], 1)
    maps = np.stack([known[name] for name in MAPS])
    return Evidence(_padded(np.moveaxis(warped, -1, 1)), _padded(hints), _padded(maps), canvas.window.shape)


def leeway(evidence: Evidence, frames: int, bank: FrameBank, target: Target) -> Array:
    """How far what a network says of a target is followed [h, w] 0..1: in views unlike all it was trained on (a bank
    nearly always holds a view near by) not at the person's outline, where it would draw hair that stood elsewhere. The
    outline is that of the first `frames` sources: a recurrent head's holds hair of all its frames."""
    new = np.float32(novelty(bank, target, FAR))
    height, width = evidence.shape
    if new == 0:
        return np.ones((height, width), np.float32)
    share = np.exp(evidence.hints[:frames, 0] * LOGIT_UNIT)
    own = (share * evidence.sources[:frames, 3]).sum(0) / share.sum(0)
    matte = np.minimum(evidence.maps[MAPS.index("matte")], own)[:height, :width]
    return 1 - new * (1 - matte)


def _padded(values: Array) -> Array:
    """[*, H, W] -> float32, height and width filled up to multiples of STEP by the last row and column."""
    room = [(0, -side % STEP) for side in values.shape[-2:]]
    if any(more for _, more in room):
        values = np.pad(values, [(0, 0)] * (values.ndim - 2) + room, mode="edge")
    return values.astype(np.float32, copy=False)


def share_of_last(evidence: Evidence, extra: Array, shape: tuple[int, int]) -> Array:
    """What the last source gets of every pixel of a picture of `shape` (H, W), where `extra` [h, w, K] is added to the
    hinted logits."""
    height, width = evidence.shape
    hints = np.moveaxis(evidence.hints[:, 0, :height, :width], 0, -1)
    logits = hints * np.float32(LOGIT_UNIT) + extra
    share = np.exp(logits - logits.max(-1, keepdims=True))
    return cv2.resize(share[..., -1] / share.sum(-1), shape[::-1], interpolation=cv2.INTER_LINEAR)


def _drawn(target: Target, window: Window, topology: Topology) -> dict[str, Array]:
    """The target's landmarks drawn as masks [H, W] 0..1: the open mouth, the lips, the open eyes, the irises."""
    points = window.to_window(transform(target.pose, target.canonical))[:, :2]
    eyes = topology.eyes
    outer = (
        topology.mouth_corners[0],
        *topology.upper_lip[-9:],
        topology.mouth_corners[1],
        *topology.lower_lip[:-10:-1],
    )
    return {
        "opening": filled(points, [topology.inner_lips], window.shape),
        "lips": filled(points, [outer], window.shape),
        "lids": filled(points, [eye.ring for eye in eyes], window.shape),
        "irises": filled(points, [eye.iris[1:] for eye in eyes if len(eye.iris) > 1], window.shape),
    }
