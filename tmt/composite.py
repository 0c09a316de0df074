"""Windows on the subject's picture, the background behind the head, and the rendered head laid over it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.geometry import smoothstep
from tmt.render import Seen
from tmt.topology import Topology
from tmt.types import Array, FaceTrack, FrameBank, Window

MARGIN = 1.55  # side of the head's window over all places the face goes
ROOM = 1.85  # and at least over the face itself
HAIR = 0.04  # of the side, moved up: more room is needed above the face than below
AWAY = 0.025  # of the side: nearer to the person than this, wisps of hair pass for background
STILL = (0.003, 0.012)  # of the side: moved less than the first is no motion, more than the second is
STEP = 0.30  # head units of depth that make an edge worth smoothing
FINE_STEP = 0.12  # likewise, of an edge of which only the stairs are smoothed
SURE = (0.08, 0.5)  # matte from which a person begins to be there, and surely is
BARELY = 0.5  # share of the head below which the sheet's torso is left out of what is drawn
DRAWN = 1.5 / 255  # a canvas that differs by more from what lay there has been drawn on
FEATHER = 0.06  # of the window's side: where a pasted head fades into the picture


def head_window(track: FaceTrack, topology: Topology, cap: int) -> Window:
    """A square around head, hair and shoulders through the whole clip, as far as it lies in the picture; shown with at
    most `cap` x `cap` px."""
    points = track.landmarks[track.found][:, : topology.surface, :2]
    low, high = points.min((0, 1)), points.max((0, 1))
    face = float(np.ptp(points, axis=1).max(1).mean())
    side = float(int(max(float((high - low).max()) * MARGIN, face * ROOM)))
    centre = (low + high) / 2 - (0, HAIR * side)
    wide, tall = (min(side, float(limit)) for limit in track.size)
    left, top = (
        float(np.clip(round(c - length / 2), 0, limit - length))
        for c, length, limit in zip(centre, (wide, tall), track.size, strict=True)
    )
    return Window(left, top, wide, tall, min(1.0, cap / (wide * tall) ** 0.5))


def middle_square(window: Window) -> Window:
    """The square in the middle of a window, in whole px of the picture: what a crop shows."""
    side = min(window.width, window.height)
    left = window.left + (window.width - side) // 2
    return Window(left, window.top + (window.height - side) // 2, side, side, window.scale)


def cut(frame: Array, window: Window) -> Array:
    """The window's part of a picture [H, W, C] uint8, at the window's scale."""
    left, top = int(window.left), int(window.top)
    part = frame[top : top + int(window.height), left : left + int(window.width)]
    height, width = window.shape
    if part.shape[:2] == (height, width):
        return np.ascontiguousarray(part)
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA if window.scale < 1 else cv2.INTER_CUBIC)


def scaled(images: Array, scale: float) -> Array:
    """Pictures [K, H, W, C] uint8 at a smaller scale; as they are when `scale` >= 1 (pixels are never invented)."""
    if scale >= 1:
        return images
    size = (round(images.shape[2] * scale), round(images.shape[1] * scale))
    return np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images])


def faded(images: Array, window: Window, picture: Array) -> Array:
    """Keyframes [K, H, W, 4] whose matte falls to nothing at the sides of their window that lie inside the picture."""
    out = images.copy()
    fade = _border_fade((images.shape[1], images.shape[2]), _free_sides(window, picture))
    out[..., 3] = np.round(out[..., 3] * np.minimum(2 * fade, 1))
    return out


@dataclass(frozen=True)
class Canvas:
    """What is drawn on: `window` of the subject's picture, `plate` [H, W, 3] float background there, `around` [H, W, 3]
    float the reference picture, and `paste` [H, W, 1] how far the rendered picture covers it (1: wholly)."""

    window: Window
    plate: Array
    around: Array
    paste: Array
    known: Array  # [H, W] 1 where the bank's window lies, falling to 0 towards its sides that lie inside the picture
    person: Array | None = None  # [H, W] where the person is in `around`; None: all of the drawn picture is wanted
    share: Array | None = None  # [H, W] how far these places belong to the head in `around`, not to the torso
    stray: Array | None = None  # [H, W] how surely these places show hair that the matte has missed
    joint: Array | None = None  # [G, G] as `share`, for the sheet's vertices


def crop_canvas(bank: FrameBank, plate: Array, size: int) -> Canvas:
    """The square in the middle of the bank's window as the whole output, `size` px wide."""
    box, window = bank.window, middle_square(bank.window)
    left, top = round((window.left - box.left) * box.scale), round((window.top - box.top) * box.scale)
    height, width = window.shape
    return _plain(plate[top : top + height, left : left + width], window.at(size / window.width))


def bank_canvas(bank: FrameBank, plate: Array, scale: float) -> Canvas:
    """All of the bank's window, as the keyframes are, at `scale` times their size."""
    return _plain(plate, bank.window.at(bank.window.scale * scale))


def _plain(plate: Array, window: Window) -> Canvas:
    here = _resize(plate, window.shape)
    return Canvas(window, here, here, np.ones((*window.shape, 1), np.float32), np.ones(window.shape, np.float32))


def full_canvas(bank: FrameBank, picture: Array, plate: Array, low: Array, high: Array, cap: int) -> Canvas:
    """The part of the picture that heads between `low` and `high` [2] px need, to be pasted back into it."""
    box = bank.window
    left, top = (int(v) for v in np.maximum(np.floor(np.minimum(low, (box.left, box.top))), 0))
    end = np.maximum(high, (box.left + box.width, box.top + box.height))
    right, bottom = (int(v) for v in np.minimum(np.ceil(end), (picture.shape[1], picture.shape[0])))
    window = Window(left, top, right - left, bottom - top, min(1.0, cap / max(right - left, bottom - top)))
    whole = picture.copy()
    fade = _border_fade((int(box.height), int(box.width)), _free_sides(box, picture))[..., None]
    inner = np.maximum(2 * fade - 1, 0)  # the plate gives way to the picture while the head still covers it
    spot = np.s_[int(box.top) : int(box.top + box.height), int(box.left) : int(box.left + box.width)]
    behind = _resize(plate, (int(box.height), int(box.width))) * 255
    whole[spot] = np.clip(np.round(behind * inner + whole[spot] * (1 - inner)), 0, 255).astype(np.uint8)
    paste = _border_fade(window.shape, _free_sides(window, picture))[..., None]
    known = np.zeros(picture.shape[:2], np.float32)
    known[spot] = np.minimum(2 * fade[..., 0], 1)
    known = cut(known[..., None], window).reshape(window.shape)
    return Canvas(window, cut(whole, window) / np.float32(255), cut(picture, window) / np.float32(255), paste, known)


def paste_back(image: Array, canvas: Canvas, picture: Array) -> Array:
    """A drawn canvas [h, w, 3] float into the subject's picture [H, W, 3] uint8 -> the full frame [H, W, 3] uint8.

    A canvas smaller than its part of the picture changes no more of it than what was drawn: the rest stays sharp.
    """
    window, out = canvas.window, picture.copy()
    size = (int(window.height), int(window.width))
    spot = np.s_[int(window.top) : int(window.top) + size[0], int(window.left) : int(window.left) + size[1]]
    shown = np.clip(_resize(image, size), 0, 1) * 255
    if image.shape[:2] != size:
        drawn = (np.abs(image - canvas.around).max(-1) > DRAWN).astype(np.float32)
        drawn = _resize(cv2.GaussianBlur(cv2.dilate(drawn, np.ones((7, 7), np.uint8)), (0, 0), 1.5), size)[..., None]
        shown = picture[spot] + np.clip(drawn, 0, 1) * (shown - picture[spot])
    out[spot] = np.round(shown).astype(np.uint8)
    return out


def mattes(pixels: Array, seen: Seen, canvas: Canvas, unit: float) -> tuple[Array, Array]:
    """Fused pixels [H, W, 5] -> where the person is and where the canvas is drawn on, both [H, W] 0..1; `unit` is px
    per head unit in the window.

    Where pixels have hardly moved, their own background is still right behind them, and nothing needs to be cut out.
    """
    alpha = np.clip((pixels[..., 3] - 0.08) / 0.84, 0, 1)
    alpha = _smooth_edges(alpha, seen, unit)
    still, gone = (limit * seen.depth.shape[1] for limit in STILL)
    rests = (1 - smoothstep((pixels[..., 4] - still) / (gone - still))) * seen.covered * canvas.known
    return alpha, np.maximum(alpha, rests.astype(np.float32))


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


def _free_sides(window: Window, picture: Array) -> tuple[bool, bool, bool, bool]:
    """Which sides (left, top, right, bottom) of the window lie inside the picture and must fade."""
    height, width = picture.shape[:2]
    right, bottom = window.left + window.width, window.top + window.height
    return window.left > 0, window.top > 0, right < width, bottom < height


def _border_fade(shape: tuple[int, int], sides: tuple[bool, bool, bool, bool]) -> Array:
    """[H, W] 1 inside, falling smoothly to 0 at the given sides."""
    height, width = shape
    reach = max(2.0, FEATHER * max(shape))
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    across, down = np.ones(width), np.ones(height)
    across *= smoothstep(x / reach) if sides[0] else 1
    across *= smoothstep((width - x) / reach) if sides[2] else 1
    down *= smoothstep(y / reach) if sides[1] else 1
    down *= smoothstep((height - y) / reach) if sides[3] else 1
    return (down[:, None] * across[None]).astype(np.float32)


def _resize(image: Array, shape: tuple[int, int]) -> Array:
    """Picture uint8 or float [H, W, 3] -> float 0..1 at `shape`."""
    image = image.astype(np.float32) / 255 if image.dtype == np.uint8 else image
    if image.shape[:2] == shape:
        return image
    smaller = shape[0] < image.shape[0]
    return cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
