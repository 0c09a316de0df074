"""Small clips for a player that shows subject, driving and result together: any codec in, H.264 out, framed alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2

from tmt.canvas import cut
from tmt.types import Array, MediaInfo, Window
from tmt.video import VideoWriter, probe, read_frames

SIDE = 480  # px at most
QUALITY = 20  # crf: for looking at, not for measuring
LONGEST = 20.0  # s of a subject clip: it only shows who is meant

Tick = Callable[[], None]


def small_clip(
    path: Path, out: Path, window: Window | None, tick: Tick | None = None, seconds: float | None = None
) -> Path:
    """Write a small silent copy of a clip, cut to `window` (clip px; None: the whole picture), in its own rate."""
    info = probe(path)
    frame_window = _fitting(window or whole(info))
    height, width = frame_window.shape
    count = None if seconds is None else max(1, round(seconds * info.fps))
    with (
        closing(read_frames(path, info=info)) as frames,
        VideoWriter(out, size=(width, height), fps=info.fps, crf=QUALITY, matrix=info.matrix) as writer,
    ):
        for frame in islice(frames, count):
            writer.write(cut(frame, frame_window))
            if tick is not None:
                tick()
    return out


def picture_of(path: Path, window: Window | None) -> Array:
    """The first frame of a clip or a still, cut and shrunk in the same way -> [H, W, 3] uint8."""
    info = probe(path)
    with closing(read_frames(path, info=info)) as frames:
        return cut(next(frames), _fitting(window or whole(info)))


def moments(path: Path, times: list[float], height: int) -> list[Array]:
    """The pictures of a clip at these times (s), each at most `height` px high [H, W, 3] uint8; past the end: its
    last."""
    info = probe(path)
    wanted = [round(time * info.fps) for time in times]
    kept: dict[int, Array] = {}
    last: Array | None = None
    with closing(read_frames(path, info=info)) as frames:
        for index, frame in enumerate(frames):
            last = frame
            if index in wanted:
                kept[index] = frame
            if index >= max(wanted):
                break
    assert last is not None, "a clip that can be read has a frame"
    return [_high(kept.get(index, last), height) for index in wanted]


def _high(picture: Array, height: int) -> Array:
    if picture.shape[0] <= height:
        return picture
    size = max(1, round(picture.shape[1] * height / picture.shape[0])), height
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def whole(info: MediaInfo) -> Window:
    """The window that shows all of a clip's picture."""
    return Window(0, 0, info.width, info.height, 1.0)


def _fitting(window: Window) -> Window:
    """The window at a scale at which it is at most SIDE px."""
    return window.at(min(1.0, SIDE / max(window.width, window.height)))
