"""Teeth, gums and tongue as simple geometry: sheets, and how they are shaded.

The upper teeth are the skull's, the lower ones and the tongue go with the jaw. Sizes are an average adult's, in head
units (an adult's are about 90 mm), and scale with the width of the mouth.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tmt.geometry import smoothstep
from tmt.types import Array

ARCH, ARCH_DEPTH = 0.27, 0.30  # half the width of the upper row of teeth, and how far it reaches back
BEHIND = 0.055  # the front teeth lie this far behind the lips
TEETH, GUM = 0.105, 0.10  # height of a front tooth and of the gum above it
SHOWN = 0.022  # the upper teeth end this far below the line of the closed lips
OVERBITE, INSIDE = 0.025, 0.03  # how far they cover the lower ones, and how far those lie behind them
JAW = 0.95  # share of the chin's motion that is the jaw's
MOST_UPPER, MOST_LOWER = 0.085, 0.055  # of the teeth that a lip bares at most: hardly anybody shows more
TONGUE_WIDTH, TONGUE_LENGTH, TONGUE_LOW, TONGUE_HIGH = 0.23, 0.45, 0.05, 0.28
GAP = 0.20  # how much darker it is between two teeth
UPPER_MM = (8.5, 15.0, 22.5, 29.5, 36.5, 46.5)  # where each tooth ends, along the arch from its middle
LOWER_MM = (5.5, 11.5, 18.5, 25.5, 32.5, 43.0)
ROWS, COLUMNS = 24, 96  # of a part's sheet
PAINTED = 4  # texels per vertex


def sheets(lip: Array, size: float, chin: Array, lips: Array) -> list[tuple[Array, Array]]:
    """Sheets [R, C, 3] in canonical space and their textures [r, c, 3], from the back to the front; of a mouth of a
    `size` beside the usual one, whose lips meet at `lip` [3]; `chin` [3] how far it has moved, lips [2] how high the
    upper and the lower one are now. Textures: shade of tooth, shade of flesh, cover."""
    jaw = JAW * chin * (1, 1, 0.5)
    across, down = np.meshgrid(np.linspace(-1, 1, COLUMNS), np.linspace(0, 1, ROWS))
    edge = min(lip[1] + SHOWN * size, lips[0] + MOST_UPPER * size)
    low = max(lip[1] + (SHOWN - OVERBITE) * size + jaw[1], lips[1] - MOST_LOWER * size)
    jaw = jaw * (1, 0, 1)
    angle = across * np.radians(80)
    front = lip[2] + BEHIND * size

    def row(top: Array, inside: float) -> Array:
        narrower = ARCH * size * (1 - inside)
        x, z = narrower * np.sin(angle), front + (inside + ARCH_DEPTH * (1 - np.cos(angle))) * size
        return np.stack([lip[0] + x, np.broadcast_to(top, x.shape), z], -1)

    upper = row(edge - (1 - down) * (TEETH + GUM) * size, 0.0)
    lower = row(low + down * (TEETH + GUM) * size, INSIDE) + jaw
    dome = np.sin(np.minimum(1.3 * down, 1) * np.pi / 2)
    tongue = np.stack([
        lip[0] + TONGUE_WIDTH * size * across,
        low + size * (TONGUE_LOW + 0.06 * across**2 - TONGUE_HIGH * dome),
        front + size * (2 * INSIDE + TONGUE_LENGTH * down),
    ], -1) + jaw  # fmt: skip
    return [(tongue[::-1], _tongue()), (lower, _teeth(LOWER_MM, upper=False)), (upper, _teeth(UPPER_MM, upper=True))]


@lru_cache(maxsize=2)
def _teeth(ends: tuple[float, ...], upper: bool) -> Array:
    """A row of teeth in its gum [r, c, 3]: rows as the sheet's, columns along the arch."""
    across, down = _texels()
    height = TEETH / (TEETH + GUM)
    along = np.abs(across) * ends[-1]
    borders = np.array([0.0, *ends])
    which = np.clip(np.searchsorted(borders, along, side="right") - 1, 0, len(ends) - 1)
    q = 2 * (along - borders[which]) / (borders[which + 1] - borders[which]) - 1  # -1..1 across a tooth
    length = np.array([1.0, 0.92, 1.0, 0.86, 0.82, 0.75] if upper else [0.86, 0.88, 0.97, 0.9, 0.86, 0.8])[which]
    depth = (1 - down) if upper else down  # from the biting edge to the gum
    edge = (1 - length) * height + 0.05 * height * q**4
    root = height * (0.9 + 0.12 * q**2)
    gap = smoothstep((np.abs(q) - 0.82) / 0.18)
    shade = (1 - 0.10 * q**2 - GAP * gap) * (0.86 + 0.14 * smoothstep((root - depth) / (0.7 * height)))
    shade *= 1 - 0.05 * which  # those further back are darker
    gum = smoothstep((depth - root) / 0.05)
    cover = smoothstep((depth - edge) / 0.04)
    return np.dstack([shade * (1 - gum), (0.9 - 0.1 * np.cos(np.pi * q)) * gum, cover]).astype(np.float32)


@lru_cache(maxsize=1)
def _tongue() -> Array:
    """A tongue [r, c, 3], its tip in the last row."""
    across, down = _texels()
    furrow = (1 - 0.08 * np.exp(-((across / 0.12) ** 2))) * (1 - 0.35 * across**4)
    tip = 1 - smoothstep((np.hypot(across, np.maximum(0, 2.5 * down - 1.6)) - 0.8) / 0.2)
    return np.dstack([0 * tip, furrow * (0.85 + 0.15 * down), tip]).astype(np.float32)


def _texels() -> tuple[Array, Array]:
    """Across -1..1 and down 0..1 at the texels of a part."""
    across, down = np.linspace(-1, 1, COLUMNS * PAINTED), np.linspace(0, 1, ROWS * PAINTED)
    grid = np.meshgrid(across, down)
    return grid[0], grid[1]
