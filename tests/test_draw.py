"""Pictures frame by frame: two at a time, and no other than one after another; what each stage took."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from heads import pipeline, studied

from tmt import label
from tmt.attend import small_canvas
from tmt.body import Body
from tmt.bounds import within_range
from tmt.canvas import crop_canvas
from tmt.draw import canvas_for, draw
from tmt.motion import turntable
from tmt.renderer import Renderer
from tmt.types import Array, CanonicalHead, Settings, Targets
from tmt.views import along
from tmt.working import as_filmed

FPS = Fraction(25)


def turning(head: CanonicalHead) -> Targets:
    return along(head.performance, turntable((-10.0, 10.0), (0.0, 0.0), 0.24))


def one_by_one(head: CanonicalHead, settings: Settings) -> list[Array]:
    """What `draw` promises, without any thread of its own."""
    tracker = pipeline().tracker
    targets, body = within_range(turning(head), head), None
    if settings.full_frame:
        body = Body(head, tracker, FPS)
        targets = body.carry(targets, FPS)
    canvas, out = canvas_for(head, targets, settings, tracker.topology), []
    renderer = Renderer(head, tracker.topology, canvas, settings)
    for index in range(len(targets)):
        picture = renderer.draw(targets.target(index), None if body is None else body.behind(index, canvas))
        out.append(label.burn_uint8(as_filmed(picture, head.info) if settings.full_frame else picture))
    return out


@pytest.mark.parametrize("settings", [Settings(size=256), Settings(size=256, full_frame=True), Settings(method="head")])
def test_two_at_a_time_are_drawn_as_one_after_another(settings: Settings) -> None:
    head, seconds = studied(), Counter[str]()
    with closing(draw(head, turning(head), settings, pipeline().tracker, seconds, FPS)) as pictures:
        drawn = [picture for picture, _ in pictures]
    alone = one_by_one(head, settings)
    assert len(drawn) == len(alone) == 6
    for one, other in zip(drawn, alone, strict=True):
        np.testing.assert_array_equal(one, other)
    assert {"prepare", "choose", "fuse"} <= set(seconds)
    assert min(seconds.values()) >= 0
    assert ("behind" in dict(seconds)) == settings.full_frame


def test_a_network_sees_a_small_clips_frames_at_the_size_of_its_picture_when_it_is_drawn_larger() -> None:
    """Else probes would be mixed from shrunken frames, and the network trusted with nothing."""
    head = studied()
    tracker = pipeline().tracker
    window = head.bank.window
    ratio = 256 / max(window.width, window.height)
    images = np.stack([shrunk(image, ratio) for image in head.bank.images])
    small = replace(head, bank=replace(
        head.bank, images=images, places=head.bank.places * np.float32(ratio),
        window=replace(window, scale=window.scale * ratio),
    ))  # fmt: skip
    for size in (256, 512):
        settings = Settings(size=size)
        canvas = canvas_for(small, turning(small), settings, tracker.topology)
        renderer = Renderer(small, tracker.topology, canvas, settings)
        assert renderer._small.shape == images.shape


@pytest.mark.parametrize("wide", [406, 428, 431, 466])
def test_a_network_looks_at_the_very_pictures_that_are_mixed_where_both_are_of_one_size(
    wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their sizes are rounded to: else frames are warped twice."""
    monkeypatch.setattr(Renderer, "_calibrated", lambda _: (1.0, 0.0))
    head = studied()
    images = np.stack([cv2.resize(image, (wide, wide)) for image in head.bank.images[:2]])
    window = replace(head.bank.window, width=float(wide), height=float(wide), scale=1.0)
    framed = replace(head, bank=replace(head.bank, images=images, window=window))
    canvas = crop_canvas(framed.bank, framed.plate, 256)
    renderer = Renderer(framed, pipeline().tracker.topology, canvas, Settings(size=256))
    assert small_canvas(canvas, framed.bank) is canvas
    assert renderer._images.shape[1:3] == (256, 256)
    assert renderer._small is renderer._images


def shrunk(image: Array, ratio: float) -> Array:
    size = round(image.shape[1] * ratio), round(image.shape[0] * ratio)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
