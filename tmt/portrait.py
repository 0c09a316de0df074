"""BakedHead -> pictures: turned views that leave unseen parts grey, its depth, how often each part was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from tmt.bake import PERSON, BakedHead
from tmt.bank import facing
from tmt.geometry import rotation_from_euler
from tmt.render import rasterise
from tmt.types import Array

SIDE = 640  # px of one view
FINER = 2  # px drawn per px shown: smooth outlines
FILL = 0.9  # of the picture that the head takes
PAPER, INK = 237, 40  # of 255, as all greys here
CHECKER, TILE = (140, 178), 8  # greys and px of the squares that stand for "never seen"
BEHIND = 115  # the sheet's back, which no camera saw
STRETCH = 3.0  # times larger than in the best frame: from here on a surface is not shown but smeared
LEGEND, BAR, TOP = 200, 36, 112  # px
DEPTH_MAP, COUNT_MAP = cv2.COLORMAP_VIRIDIS, cv2.COLORMAP_CIVIDIS


@dataclass(frozen=True)
class View:
    """What a camera sees of a head: grid_xy [H, W, 2] grid coordinates, texels [H, W, 4] uint8, depth [H, W] head
    units behind the nearest point, shown [H, W] bool: the head is there, back [H, W] bool: from behind, facing [G*G]
    cosine to the camera."""

    grid_xy: Array
    texels: Array
    depth: Array
    shown: Array
    back: Array
    facing: Array

    def of(self, values: Array) -> Array:
        """Values [G*G] of the vertices at what each pixel [H, W] shows."""
        grid = int(np.sqrt(values.size))
        sheet = values.reshape(grid, grid).astype(np.float32)
        return np.asarray(cv2.remap(sheet, self.grid_xy, None, cv2.INTER_LINEAR))


def look_at(head: BakedHead, yaw: float = 0.0) -> View:
    """Turn the head by `yaw` degrees and see where its sheet lies in a square picture."""
    own, size = head.corners, SIDE * FINER
    low, high = head.vertices[own].min(0), head.vertices[own].max(0)
    unit = FILL * size / max(high[1] - low[1], np.hypot(high[0] - low[0], high[2] - low[2]))
    turn = rotation_from_euler(np.radians(yaw), 0.0, 0.0).astype(np.float32).T * unit
    points = (_gathered(head.vertices, own, head.grid) - (low + high) / 2) @ turn
    sheet = (points + np.array([size / 2, size / 2, 0], np.float32)).reshape(head.grid, head.grid, 3)
    seen = rasterise(sheet, (size, size))
    cell = np.clip(seen.grid_xy, 0, head.grid - 2).astype(int)
    texels = _texels(head, seen.grid_xy)
    shown = seen.covered & head.cells[cell[..., 1], cell[..., 0]] & (texels[..., 3] > PERSON * 255)
    across, down = sheet[:-1, 1:] - sheet[:-1, :-1], sheet[1:, :-1] - sheet[:-1, :-1]
    away = (across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0] < 0)[cell[..., 1], cell[..., 0]]
    depth = np.where(shown, seen.depth, np.inf) / unit
    return View(seen.grid_xy, texels, depth - depth.min(), shown, away & shown, facing(sheet, head.grid))


def _gathered(vertices: Array, own: Array, grid: int) -> Array:
    """Vertices [G*G, 3] with those of no own cell moved to the nearest that is: so they hide nothing."""
    nearest = distance_transform_edt(~own.reshape(grid, grid), return_distances=False, return_indices=True)
    return np.asarray(vertices[(nearest[0] * grid + nearest[1]).ravel()])


def _texels(head: BakedHead, grid_xy: Array) -> Array:
    """The texture at grid coordinates [H, W, 2] -> [H, W, 4] uint8."""
    xy = head.uv(grid_xy) * len(head.texture) - np.float32(0.5)
    return np.asarray(cv2.remap(head.texture, xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def draw(head: BakedHead, view: View) -> Array:
    """The head as seen [SIDE, SIDE, 3] uint8; what no frame of the bank saw well enough for this view is checkered."""
    seen_facing = np.exp(2 * view.of(head.best))  # quality is the log of visibility and of the root of facing
    never = view.of(view.facing) > STRETCH * seen_facing
    return _finished(_checkered(view.texels[..., :3].copy(), never | view.back, view.back), view)


def draw_depth(view: View, unit: float) -> Array:
    """Depth in colours with a legend [SIDE, SIDE + LEGEND, 3] uint8; `unit` cm per head unit."""
    deepest = float(view.depth[view.shown].max())
    colours = _coloured(np.where(view.shown, view.depth, 0) / deepest, DEPTH_MAP)
    ticks = [f"{share * deepest * unit:.1f}" for share in np.linspace(0, 1, 6)]
    return np.concatenate([_finished(colours, view), _legend(DEPTH_MAP, ("cm",), ticks)], 1)


def draw_coverage(head: BakedHead, views: Sequence[View], frames: int) -> Array:
    """How many of the bank's `frames` saw each part, in all views side by side; unseen is checkered. The
    legend has no words, since a reader's language is not known here."""
    panels = []
    for view in views:
        counts = view.of(head.seen)
        colours = _coloured(counts / frames, COUNT_MAP)
        panels.append(_finished(_checkered(colours, (counts < 0.5) | view.back, view.back), view))
    ticks = [f"{count:.0f}" for count in np.unique(np.linspace(0, frames, 6).round())]
    return np.concatenate([*panels, _legend(COUNT_MAP, (f"n / {frames}",), ticks)], 1)


def draw_plain(values: Array, view: View, colours: int) -> Array:
    """Values [H, W] 0..1 in the colours of a map, where the head is shown [SIDE, SIDE, 3] uint8."""
    return _finished(_coloured(np.where(view.shown, values, 0), colours), view)


def _checkered(colours: Array, never: Array, back: Array) -> Array:
    """Colours [H, W, 3] uint8, drawn upon: a grey checker where `never`, plain grey where `back`, both [H, W] bool."""
    rows, columns = (np.arange(side) // (TILE * FINER) for side in never.shape)
    checker = np.where((rows[:, None] + columns) % 2, *(np.uint8(grey) for grey in CHECKER))
    colours[never] = checker[never][:, None]
    colours[back] = BEHIND
    return colours


def _finished(colours: Array, view: View) -> Array:
    """Colours [H, W, 3] uint8, cut to where the head is shown, over paper -> [SIDE, SIDE, 3] uint8."""
    colours[~view.shown] = PAPER
    return np.asarray(cv2.resize(colours, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def _coloured(values: Array, colours: int) -> Array:
    """Values [H, W] 0..1 -> RGB [H, W, 3] uint8."""
    levels = np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, colours), cv2.COLOR_BGR2RGB))


def _legend(colours: int, title: Sequence[str], ticks: Sequence[str]) -> Array:
    """A bar of the colour map, the first tick on top [SIDE, LEGEND, 3] uint8."""
    panel = np.full((SIDE, LEGEND, 3), PAPER, np.uint8)
    height, left = SIDE - TOP - 48, 16
    bar = _coloured(np.linspace(0, 1, height)[:, None].repeat(BAR, 1), colours)
    panel[TOP : TOP + height, left : left + BAR] = bar
    for row, line in enumerate(title):
        _write(panel, line, (left, TOP - 24 - 32 * (len(title) - 1 - row)))
    for text, share in zip(ticks, np.linspace(0, 1, len(ticks)), strict=True):
        y = TOP + round(share * (height - 1))
        panel[y, left + BAR : left + BAR + 8] = INK
        _write(panel, text, (left + BAR + 16, y + 9))
    return panel


def _write(panel: Array, text: str, at: tuple[int, int]) -> None:
    cv2.putText(panel, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.85, (INK, INK, INK), 2, cv2.LINE_AA)
