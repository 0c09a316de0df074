"""Contact sheets: the same moments of subject, driver and every method under each other, for eyes to judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tmt.types import Array

CELL = 224  # px
MARGIN = 110  # px for the captions
GAP = 3
INK, PAPER = (30, 30, 30), 245


@dataclass(frozen=True)
class Strip:
    """One row of a sheet: its caption (ASCII), and pictures uint8 [h, w, 3] of any size."""

    caption: str
    pictures: Sequence[Array]


def contact_sheet(strips: Sequence[Strip]) -> Array:
    """Rows of pictures with captions at the left -> uint8 [H, W, 3]; short rows are left blank at the end."""
    columns = max(len(strip.pictures) for strip in strips)
    pitch = CELL + GAP
    sheet = np.full((pitch * len(strips) + GAP, MARGIN + pitch * columns, 3), PAPER, np.uint8)
    for row, strip in enumerate(strips):
        top = GAP + row * pitch
        _write(sheet, strip.caption, top)
        for column, picture in enumerate(strip.pictures):
            left = MARGIN + column * pitch
            sheet[top : top + CELL, left : left + CELL] = _fit(picture)
    return sheet


def _write(sheet: Array, caption: str, top: int) -> None:
    """Words under each other, since the margin is narrow."""
    for line, word in enumerate(caption.replace("_", " ").split()):
        place = (6, top + 22 + 18 * line)
        cv2.putText(sheet, word[:13], place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK, 1, cv2.LINE_AA)


def _fit(picture: Array) -> Array:
    """A picture as large as fits into a cell, in its middle."""
    height, width = picture.shape[:2]
    scale = CELL / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shrunk = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    cell = np.full((CELL, CELL, 3), PAPER, np.uint8)
    top, left = (CELL - size[1]) // 2, (CELL - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = shrunk
    return cell
