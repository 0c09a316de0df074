"""Black bars beside or above a clip's picture (letterbox): they are no part of what moves."""

from __future__ import annotations

import numpy as np

from tmt.types import Array

BLACK = 30  # of 255: what is never brighter is black, ringing of the codec included
LIT = 45  # what a picture that begins all along a line is brighter than, once
ALONG = 0.7  # of the line
SOFT = 3  # lines over which a codec blends bar and picture
LEAST = 2  # lines of a bar
MOST = 0.4  # of a side that a bar may take
OFTEN = 64  # frames looked at: the first ones, and every so many


class Bars:
    """Looks at some frames of a clip, and tells in the end how many lines at each side never show anything."""

    def __init__(self) -> None:
        self._count = 0
        self._brightest: Array | None = None

    def add(self, frame: Array) -> None:
        """One more frame [H, W, 3] uint8, always of one size."""
        count, self._count = self._count, self._count + 1
        if count & (count - 1) and count % OFTEN:  # 0, 1, 2, 4, 8 .. and every OFTEN-th
            return
        bright = frame.max(-1)
        self._brightest = bright if self._brightest is None else np.maximum(self._brightest, bright)

    def sides(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) px of bars; 0 where the picture reaches the edge."""
        if self._brightest is None:
            return 0, 0, 0, 0
        picture = self._brightest
        top, bottom = bar(picture), bar(picture[::-1])
        rows = picture[top : len(picture) - bottom].T
        return bar(rows), top, bar(rows[::-1]), bottom


def bar(lines: Array) -> int:
    """How many of the first `lines` [N, M] are a bar: black all along, and what follows is lit nearly all along. (A
    dark room has no such line, and to take some of it for a bar would cost picture.)"""
    dark = np.percentile(lines, 99, axis=1) <= BLACK
    count = int(np.argmin(dark)) if not dark.all() else 0
    if not LEAST <= count <= MOST * len(lines) or count + SOFT >= len(lines):
        return 0
    inside = lines[count + SOFT]
    if (inside > LIT).mean() < ALONG:
        return 0
    blended = np.median(lines[count : count + SOFT], axis=1) < 0.75 * np.median(inside)
    return count + int(blended.sum())
