"""Targets -> labelled pictures, frame by frame: what lies behind the head, what is drawn on, two frames at a time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from fractions import Fraction
from functools import partial

import numpy as np

from tmt import label
from tmt.body import Body, standing_torso
from tmt.bounds import limits_of, within_range
from tmt.canvas import Canvas, crop_canvas, full_canvas, middle_square, shown
from tmt.geometry import transform
from tmt.overlap import overlapped
from tmt.renderer import Begun, Renderer
from tmt.topology import Topology
from tmt.track import FaceTracker
from tmt.types import Array, CanonicalHead, Settings, Targets
from tmt.working import as_filmed

FULL_FRAME_CAP = 1024
HEAD_ROOM = 0.75  # of the face's height around it, that a full-frame canvas must hold


def canvas_for(head: CanonicalHead, targets: Targets, settings: Settings, topology: Topology) -> Canvas:
    """What the run draws on: the head's crop, or the part of the full picture that all its frames need."""
    side = middle_square(head.bank.window).width
    if not settings.full_frame:
        size = settings.size or min(max(round(side * head.bank.window.scale) // 2 * 2, 256), 512)
        return crop_canvas(head.bank, head.plate, size)
    outline = transform(targets.pose, head.performance.neutral[list(topology.oval)].astype(np.float32))[..., :2]
    room = HEAD_ROOM * float(np.ptp(outline[..., 1], axis=1).max())
    low, high = outline.min((0, 1)) - room, outline.max((0, 1)) + room
    torso = standing_torso(head, topology)
    cap, area = settings.size or FULL_FRAME_CAP, shown(head.track)
    return full_canvas(head.bank, head.picture, head.plate, low, high, cap, torso, area)


def draw(
    head: CanonicalHead, targets: Targets, settings: Settings, tracker: FaceTracker, seconds: Counter[str],
    fps: Fraction | None = None,
) -> Generator[tuple[Array, tuple[str, ...]], None, None]:
    """Pictures [H, W, 3] uint8 with the label on them, and the limits that acted, frame by frame.

    With `fps`, the run's, a full frame shows the subject's pictures one after another, not one that stands still.
    """
    moving = fps is not None and settings.full_frame and settings.mode == "relative" and not head.info.is_still
    body = Body(head, tracker, fps) if fps is not None and moving else None
    if fps is not None:
        targets = within_range(targets, head)
        targets = targets if body is None else body.carry(targets, fps)
    canvas = canvas_for(head, targets, settings, tracker.topology)
    renderer = Renderer(head, tracker.topology, canvas, settings)
    seconds.update(renderer.seconds)  # what it took to prepare
    renderer.seconds = seconds

    def tasks() -> Iterator[Callable[[], tuple[Array, tuple[str, ...]]]]:
        for index in range(len(targets)):
            target = targets.target(index)
            behind = None
            if body is not None:
                clock = time.perf_counter()
                behind = body.behind(index, canvas)
                seconds["behind"] += time.perf_counter() - clock  # type: ignore[assignment]
            begun = renderer.begun(target, behind)
            acted = target.limits + limits_of(head, target, canvas, tracker.topology)
            yield partial(_shown, renderer, begun, acted)

    try:
        with closing(overlapped(tasks())) as pictures:
            clock, others = time.perf_counter(), seconds["choose"] + seconds["behind"]
            for picture in pictures:
                others -= seconds["choose"] + seconds["behind"]
                seconds["fuse"] += time.perf_counter() - clock + others  # type: ignore[assignment]
                yield picture
                clock, others = time.perf_counter(), seconds["choose"] + seconds["behind"]
    finally:
        renderer.close()
        if body is not None:
            body.close()


def _shown(renderer: Renderer, begun: Begun, acted: tuple[str, ...]) -> tuple[Array, tuple[str, ...]]:
    """A picture as it goes out, filmed and labelled as it is to be, and the limits that acted."""
    picture, settings = renderer.finished(begun), renderer.settings
    picture = as_filmed(picture, renderer.head.info) if settings.full_frame else picture
    return label.burn_uint8(picture) if settings.label else picture, acted
