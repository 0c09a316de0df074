"""Windows on the subject's picture, and what is drawn on: a crop, all that keyframes show, or a part of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.geometry import smoothstep
from tmt.topology import Topology
from tmt.types import Array, FaceTrack, FrameBank, Surface, Window

MARGIN = 1.55  # side of the head's window over all places the face goes
ROOM = 1.85  # and at least over the face itself
HAIR = 0.04  # of the side, moved up: more room is needed above the face than below
FEATHER = 0.06  # of the window's side: where a pasted head fades into the picture
STAYS = 3.0  # times as far inside the window the picture's torso stays behind the drawn one, which may move


def head_window(track: FaceTrack, topology: Topology, cap: int) -> Window:
    """A square around head, hair and shoulders through the whole clip, as far as it lies in the picture; shown with at
    most `cap` x `cap` px."""
    points = track.landmarks[track.found][:, : topology.surface, :2]
    low, high = points.min((0, 1)), points.max((0, 1))
    face = float(np.ptp(points, axis=1).max(1).mean())
    side = float(int(max(float((high - low).max()) * MARGIN, face * ROOM)))
    centre = (low + high) / 2 - (0, HAIR * side)
    area = shown(track)
    wide, tall = min(side, area.width), min(side, area.height)
    left, top = (
        float(np.clip(round(c - length / 2), least, least + limit - length))
        for c, length, least, limit in zip(
            centre, (wide, tall), (area.left, area.top), (area.width, area.height), strict=True
        )
    )
    return Window(left, top, wide, tall, min(1.0, cap / (wide * tall) ** 0.5))


def shown(track: FaceTrack) -> Window:
    """All of a clip's picture that lies between black bars."""
    left, top, right, bottom = map(float, track.bars)
    return Window(left, top, track.size[0] - left - right, track.size[1] - top - bottom, 1.0)


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


def scaled(images: Array, window: Window) -> Array:
    """Keyframes [K, H, W, C] uint8 as `window`, theirs at another scale, shows them; as they are where it is theirs."""
    height, width = window.shape
    if images.shape[1:3] == (height, width):
        return images
    return np.stack([cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in images])


def faded(images: Array, window: Window, area: Window) -> Array:
    """Keyframes [K, H, W, 4] whose matte falls to nothing at the sides of their window that lie inside the `area`."""
    out = images.copy()
    fade = _border_fade((images.shape[1], images.shape[2]), _free_sides(window, area))
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


def bank_canvas(plate: Array, window: Window) -> Canvas:
    """All of the bank's `window`, at whatever scale."""
    return _plain(plate, window)


def _plain(plate: Array, window: Window) -> Canvas:
    here = resized(plate, window.shape)
    return Canvas(window, here, here, np.ones((*window.shape, 1), np.float32), np.ones(window.shape, np.float32))


def full_canvas(
    bank: FrameBank, picture: Array, plate: Array, low: Array, high: Array, cap: int, torso: Array | None = None,
    area: Window | None = None,
) -> Canvas:
    """The part of the picture that heads between `low` and `high` [2] px need, to be pasted back into it. `torso`
    [H, W] 0..1: where it stands in the picture, as the bank's window shows it; `area` of the picture that may be drawn
    on (None: all)."""
    box, area = bank.window, area or Window(0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]), 1.0)
    left, top = (
        int(v) for v in np.maximum(np.floor(np.minimum(low, (box.left, box.top))), (area.left, area.top))
    )
    end = np.maximum(high, (box.left + box.width, box.top + box.height))
    right, bottom = (int(v) for v in np.minimum(np.ceil(end), (area.left + area.width, area.top + area.height)))
    window = Window(left, top, right - left, bottom - top, min(1.0, cap / max(right - left, bottom - top)))
    whole = picture.copy()
    size, sides = (int(box.height), int(box.width)), _free_sides(box, area)
    fade = _border_fade(size, sides)[..., None]
    inner = np.maximum(2 * fade - 1, 0)  # the plate gives way to the picture while the head still covers it
    if torso is not None:
        inner = inner * (1 - cv2.resize(torso, size[::-1]) * (1 - _border_fade(size, sides, STAYS)))[..., None]
    spot = np.s_[int(box.top) : int(box.top + box.height), int(box.left) : int(box.left + box.width)]
    behind = resized(plate, size) * 255
    whole[spot] = np.clip(np.round(behind * inner + whole[spot] * (1 - inner)), 0, 255).astype(np.uint8)
    paste = _border_fade(window.shape, _free_sides(window, area))[..., None]
    known = np.zeros(picture.shape[:2], np.float32)
    known[spot] = np.minimum(2 * fade[..., 0], 1)
    known = cut(known[..., None], window).reshape(window.shape)
    return Canvas(window, cut(whole, window) / np.float32(255), cut(picture, window) / np.float32(255), paste, known)


def _free_sides(window: Window, area: Window) -> tuple[bool, bool, bool, bool]:
    """Which sides (left, top, right, bottom) of the window lie inside the `area` and must fade."""
    right, bottom = area.left + area.width, area.top + area.height
    return (
        window.left > area.left, window.top > area.top,
        window.left + window.width < right, window.top + window.height < bottom,
    )


def to_edges(vertices: Array, surface: Surface, window: Window, area: Window) -> Array:
    """A placed sheet [G*G, 3] px whose body reaches every side of the picture's `area` but the upper one that cuts it
    off in the bank's `window`, however far it has moved away from there: no background shows below a chest."""
    points = vertices.reshape(surface.grid, surface.grid, 3).copy()
    left, _, right, below = _free_sides(window, area)
    body = surface.head.reshape(surface.grid, surface.grid) < 0.5
    if not below:
        points[-1, :, 1] = np.maximum(points[-1, :, 1], area.top + area.height)
    for free, column, choose, edge in (
        (left, 0, np.minimum, area.left), (right, -1, np.maximum, area.left + area.width)
    ):  # fmt: skip
        if not free:
            x = points[:, column, 0]
            points[:, column, 0] = np.where(body[:, column], choose(x, np.float32(edge)), x)
    return points.reshape(-1, 3)


def _border_fade(shape: tuple[int, int], sides: tuple[bool, bool, bool, bool], wider: float = 1.0) -> Array:
    """[H, W] 1 inside, falling smoothly to 0 at the given sides; over FEATHER, or so much `wider`."""
    height, width = shape
    reach = max(2.0, wider * FEATHER * max(shape))
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    across, down = np.ones(width), np.ones(height)
    across *= smoothstep(x / reach) if sides[0] else 1
    across *= smoothstep((width - x) / reach) if sides[2] else 1
    down *= smoothstep(y / reach) if sides[1] else 1
    down *= smoothstep((height - y) / reach) if sides[3] else 1
    return (down[:, None] * across[None]).astype(np.float32)


def resized(image: Array, shape: tuple[int, int]) -> Array:
    """Picture uint8 or float [H, W, 3] -> float 0..1 at `shape`."""
    image = image.astype(np.float32) / 255 if image.dtype == np.uint8 else image
    if image.shape[:2] == shape:
        return image
    smaller = shape[0] < image.shape[0]
    return cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
