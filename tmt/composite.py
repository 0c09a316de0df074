"""The rendered head laid over what is behind it, and the finished canvas put back into the subject's picture."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from tmt.canvas import Canvas, resized
from tmt.geometry import smoothstep
from tmt.render import Seen
from tmt.types import Array

AWAY = 0.025  # of the side: nearer to the person than this, wisps of hair pass for background
STILL = (0.003, 0.012)  # of the side: moved less than the first is no motion, more than the second is
STEP = 0.30  # head units of depth that make an edge worth smoothing
FINE_STEP = 0.12  # likewise, of an edge of which only the stairs are smoothed
SURE = (0.08, 0.5)  # matte from which a person begins to be there, and surely is
COVERED = 0.9  # of the matte: what is covered so far hides the back of the head
DYED, FEW = 0.012, 0.05  # of the side, from the edge, where colours may be a wall's; share of pixels that tell others
TIGHT = 0.003  # of the side, by which the matte is drawn in before the back of the head
BARELY = 0.5  # share of the head below which the sheet's torso is left out of what is drawn
DRAWN = 1.5 / 255  # a canvas that differs by more from what lay there has been drawn on


def paste_back(image: Array, canvas: Canvas, picture: Array) -> Array:
    """A drawn canvas [h, w, 3] float into the subject's picture [H, W, 3] uint8 -> the full frame [H, W, 3] uint8.

    A canvas smaller than its part of the picture changes no more of it than what was drawn: the rest stays sharp.
    """
    window, out = canvas.window, picture.copy()
    size = (int(window.height), int(window.width))
    spot = np.s_[int(window.top) : int(window.top) + size[0], int(window.left) : int(window.left) + size[1]]
    shown = np.clip(resized(image, size), 0, 1) * 255
    if image.shape[:2] != size:
        drawn = (np.abs(image - canvas.around).max(-1) > DRAWN).astype(np.float32)
        drawn = resized(cv2.GaussianBlur(cv2.dilate(drawn, np.ones((7, 7), np.uint8)), (0, 0), 1.5), size)[..., None]
        shown = picture[spot] + np.clip(drawn, 0, 1) * (shown - picture[spot])
    out[spot] = np.round(shown).astype(np.uint8)
    return out


def mattes(matte: Array, moved: Array, seen: Seen, canvas: Canvas, unit: float) -> tuple[Array, Array]:
    """Fused matte and how far pixels have come, [H, W] px, -> where the person is and where the canvas is drawn on,
    both [H, W] 0..1; `unit` is px per head unit in the window.

    Where pixels have hardly moved, their own background is still right behind them, and nothing needs to be cut out.
    """
    alpha = _smooth_edges(_stretched(matte), seen, unit)
    still, gone = (limit * seen.depth.shape[1] for limit in STILL)
    rests = (1 - smoothstep((moved - still) / (gone - still))) * seen.covered * canvas.known
    return alpha, np.maximum(alpha, rests.astype(np.float32))


def _stretched(matte: Array) -> Array:
    """A matte [H, W] as mixing leaves it, whose surely is a little less than 1 and surely not a little more than 0."""
    return np.clip((matte - 0.08) / 0.84, 0, 1)


def lay_over(
    colours: Array, person: Array, drawn: Array, canvas: Canvas, share: Array | None = None, paint: Array | None = None
) -> Array:
    """Colours [H, W, 3] over the canvas where `drawn`, plus `paint` [H, W, 3] -> [H, W, 3] float in 0..1.

    `share` [H, W]: how far they belong to the head, needed for a canvas whose torso stays as it is.
    """
    paste = canvas.paste
    if canvas.person is not None and canvas.share is not None and share is not None:
        heads = near(np.maximum(person, canvas.person))
        heads = heads if canvas.stray is None else np.maximum(heads, canvas.stray)
        heads = heads * np.maximum(share, canvas.share)
        drawn = drawn * smoothstep(share / BARELY)  # shoulders that the sheet would drag along with the head
        paste = paste * (heads * canvas.known)[..., None]
    image = colours * drawn[..., None] + canvas.plate * (1 - drawn[..., None])
    if paint is not None:
        image = image + paint
    return np.clip(image * paste + canvas.around * (1 - paste), 0, 1)


def backed(canvas: Canvas, behind: Array, person: Array) -> Canvas:
    """The canvas with what is `behind` a head [H, W, 4] on its plate, where the `person` [H, W] does not surely hide
    it: a network that mends the face knows nothing of it."""
    hidden = np.clip((person - COVERED) / (1 - COVERED), 0, 1)
    solid = behind[..., 3:] * (1 - hidden)[..., None]
    return replace(canvas, plate=canvas.plate + (behind[..., :3] - canvas.plate) * solid)


def tight(drawn: Array, pixels: Array, seen: Seen, behind: Array) -> Array:
    """A matte [H, W] drawn in where hair lies `behind` it [H, W, 4]: the soft edge that pixels [H, W, 5] bring along
    from their pictures holds the colours of another background, a rim of light around dark hair. Where the head hides
    itself (a cheek) there is no such edge."""
    width = _across(TIGHT, seen)
    inner = _drawn_in(pixels, seen, width, width / 3)
    return drawn + behind[..., 3] * np.minimum(inner - drawn, 0)


def undyed(pixels: Array, seen: Seen, behind: Array) -> Array:
    """Pixels [H, W, 5] whose edges have the colours of what is inside them where the back of the head lies `behind` [H,
    W, 4]: their own hold those of the wall that they were filmed before, which would part hair from hair by a line."""
    width = _across(DYED, seen)
    sure = _drawn_in(pixels, seen, width, width / 4)[..., None]
    mask = sure * seen.covered[..., None]
    spread = cv2.GaussianBlur(np.concatenate([pixels[..., :3] * mask, mask], -1), (0, 0), width / 2)
    give = behind[..., 3:] * (1 - sure) * np.minimum(spread[..., 3:] / FEW, 1)
    out = pixels.copy()
    out[..., :3] += give * (spread[..., :3] / np.maximum(spread[..., 3:], 1e-3) - pixels[..., :3])
    return out


def _across(reach: float, seen: Seen) -> int:
    """Twice so far, a share of the picture's longer side, in px, and odd."""
    return max(1, round(reach * max(seen.depth.shape))) * 2 + 1


def _drawn_in(pixels: Array, seen: Seen, width: int, soft: float) -> Array:
    """The matte [H, W] that pixels [H, W, 5] bring along, drawn in by half of `width` px, over `soft` px; where a head
    hides itself there is no edge."""
    own = np.where(seen.covered, _stretched(pixels[..., 3]), np.float32(1))
    return cv2.GaussianBlur(cv2.erode(own, np.ones((width, width), np.uint8)), (0, 0), soft)


def near(person: Array) -> Array:
    """Where a person's matte [H, W] says that there is one, and a little around: 0 from AWAY of the longer side on."""
    height, width = person.shape
    sure = smoothstep((person - SURE[0]) / (SURE[1] - SURE[0])).astype(np.float32)
    step = max(1, max(height, width) // 256)
    small = cv2.resize(sure, (max(1, width // step), max(1, height // step)), interpolation=cv2.INTER_AREA)
    reach = AWAY * max(small.shape)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(reach / 2) + 1, 2 * round(reach / 2) + 1))
    grown = cv2.GaussianBlur(cv2.dilate(small, disc), (0, 0), reach / 6)
    return cv2.resize(grown, (width, height), interpolation=cv2.INTER_LINEAR)


def soft_dilated(mask: Array, reach: float) -> Array:
    """A mask [H, W] 0..1 grown by `reach` times AWAY of the longer side, and faded over as much again."""
    height, width = mask.shape
    small = cv2.resize(mask, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    radius = max(1, round(reach * AWAY * max(small.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4 * radius + 1, 4 * radius + 1))
    grown = cv2.GaussianBlur(cv2.dilate(small, disc), (0, 0), 0.5 * radius)
    return cv2.resize(grown, (width, height), interpolation=cv2.INTER_LINEAR)


def _smooth_edges(alpha: Array, seen: Seen, unit: float) -> Array:
    """Soften the matte where depth jumps: the sheet's own outline is cut hard by the rasteriser."""
    jump = cv2.GaussianBlur(_jumps(seen, STEP * unit, 5), (0, 0), 1.0)
    inner = cv2.GaussianBlur(cv2.erode(alpha, np.ones((3, 3), np.uint8)), (0, 0), 0.9)
    return alpha * (1 - jump) + np.minimum(alpha, inner) * jump


def soften_steps(image: Array, person: Array, seen: Seen, unit: float) -> Array:
    """A picture [H, W, 3] whose stairs along a `person`'s [H, W] cheek and nose, before what is behind, are gone."""
    edge = (cv2.GaussianBlur(_jumps(seen, FINE_STEP * unit, 3), (0, 0), 0.7) * person)[..., None]
    if not edge.any():
        return image
    return image + edge * (cv2.GaussianBlur(image, (0, 0), 0.8) - image)


def _jumps(seen: Seen, least: float, width: int) -> Array:
    """[H, W] 1 where depth differs by more than `least` px within `width` px."""
    depth, box = np.minimum(seen.depth, 1e4), np.ones((width, width), np.uint8)
    return ((cv2.dilate(depth, box) - cv2.erode(depth, box)) > least).astype(np.float32)
