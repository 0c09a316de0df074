"""What nobody has seen: the inside of a mouth that opens wider than any frame shows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest
from heads import TOPOLOGY, acted
from test_fuse import FLOOR, at_rest, posed

from tmt.fuse import choose
from tmt.geometry import transform
from tmt.mouth import fill, mouth_of
from tmt.render import look
from tmt.types import Array, CanonicalHead, Target
from tmt.warp import mix_pixels


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


WHITE, LIP = (150, 148, 146), (170, 92, 94)  # of eyes and of the lower lip, as pictures show them


def made_up(head: CanonicalHead) -> CanonicalHead:
    """A head of nameless colours with whites in its eyes and red on its lower lip."""
    images = head.bank.images.copy()
    columns, lip = len(TOPOLOGY.lip_pairs), list(TOPOLOGY.lower_lip)
    for index, picture in zip(head.bank.index, images, strict=True):
        face = transform(head.performance.pose[index], head.performance.canonical[index])
        points = np.round(head.bank.window.to_window(face)[:, :2]).astype(np.int32)
        colours = np.ascontiguousarray(picture[..., :3])
        for ring in (list(eye.ring) for eye in TOPOLOGY.eyes):
            cv2.fillPoly(colours, [points[ring]], WHITE)
        cv2.fillPoly(colours, [points[lip[:columns] + lip[-columns:][::-1]]], LIP)
        picture[..., :3] = colours
    return replace(head, bank=replace(head.bank, images=images))


def painted(target: Target, pool: ThreadPoolExecutor, haze: int = 0) -> tuple[Array, Array, Array | None]:
    """Pixels before and after, and where the mouth was painted; `haze`: grey levels that lie over the footage."""
    head = made_up(acted().head([0, 8, 16]))  # frames with the mouth all but shut
    images = head.bank.images.copy()
    images[..., :3] = haze + images[..., :3] * ((255 - haze) / 255)
    head = replace(head, bank=replace(head.bank, images=images))
    window, surface = head.bank.window, head.surface
    mix = choose(head.bank, surface, posed(target), TOPOLOGY, 3)
    seen = look(surface, posed(target).vertices, window)
    pixels = mix_pixels(seen, window, head.bank, head.bank.images, mix, pool, FLOOR)
    before = pixels.copy()
    where = fill(pixels, seen, mix, target, window, mouth_of(head, TOPOLOGY), TOPOLOGY)
    return before, pixels, where


def test_a_mouth_wider_open_than_ever_seen_gets_an_inside_and_no_other_does(pool: ThreadPoolExecutor) -> None:
    before, after, where = painted(at_rest(), pool)
    assert where is None
    np.testing.assert_array_equal(before, after)
    opened = at_rest(mouth=0.35)
    before, after, where = painted(opened, pool)
    assert where is not None and where.max() > 0.9
    np.testing.assert_array_equal(before[where == 0], after[where == 0])
    np.testing.assert_array_equal(before[..., 3:], after[..., 3:])
    ring = transform(opened.pose, opened.canonical)[list(TOPOLOGY.inner_lips), :2]
    rows, columns = np.nonzero(where)
    assert ring[:, 0].min() - 2 < columns.min() and columns.max() < ring[:, 0].max() + 2
    assert ring[:, 1].min() - 2 < rows.min() and rows.max() < ring[:, 1].max() + 2


def test_teeth_are_bright_below_the_upper_lip_and_the_middle_is_dark_red(pool: ThreadPoolExecutor) -> None:
    opened = at_rest(mouth=0.45)
    _, after, where = painted(opened, pool)
    assert where is not None
    (middle, upper), (_, lower) = transform(opened.pose, opened.canonical)[list(TOPOLOGY.lip_centres), :2].astype(int)
    rows = after[upper:lower, middle - 2 : middle + 3, :3].mean(1)
    teeth, throat, tongue = rows[0:2].mean(0), rows[3], rows[len(rows) // 2]
    assert teeth.mean() > 3 * throat.mean()
    assert teeth.min() > 0.75 * teeth.max()  # white
    assert throat.mean() < 0.2 and tongue[0] > 1.4 * tongue[1]  # dark, and red


def test_teeth_and_flesh_are_those_of_the_whites_and_lips_in_any_light() -> None:
    head = made_up(acted().head([0, 8, 16]))
    usual = mouth_of(head, TOPOLOGY)
    assert usual.teeth.min() > 0.85 * usual.teeth.max() and usual.teeth.mean() > 1.2 * np.mean(WHITE) / 255
    assert usual.flesh.argmax() == 0 and np.abs(usual.flesh * 255 - LIP).max() < 25
    warm = head.bank.images.astype(np.float32)
    warm[..., :3] *= (0.9, 0.6, 0.4)
    light = mouth_of(replace(head, bank=replace(head.bank, images=warm.astype(np.uint8))), TOPOLOGY)
    np.testing.assert_allclose(light.teeth, usual.teeth * (0.9, 0.6, 0.4), atol=0.02)
    np.testing.assert_allclose(light.flesh, usual.flesh * (0.9, 0.6, 0.4), atol=0.02)


@pytest.mark.parametrize("mouth", [0.35, 0.5])
def test_a_tongue_darkens_and_reddens_towards_the_throat(mouth: float, pool: ThreadPoolExecutor) -> None:
    opened = at_rest(mouth=mouth)
    _, after, _ = painted(opened, pool)
    (middle, upper), (_, lower) = transform(opened.pose, opened.canonical)[list(TOPOLOGY.lip_centres), :2].astype(int)
    rows = after[upper:lower, middle - 2 : middle + 3, :3].mean(1)
    back, tip = rows[len(rows) // 2], rows[-4]
    assert back.mean() < 0.9 * tip.mean()
    assert back[0] / back[1] > 1.05 * tip[0] / tip[1]


def test_haze_lies_over_the_inside_of_a_mouth_too(pool: ThreadPoolExecutor) -> None:
    opened = at_rest(mouth=0.45)
    _, clear, where = painted(opened, pool)
    _, hazy, also = painted(opened, pool, haze=100)
    assert where is not None and also is not None
    inside = (where > 0.99) & (also > 0.99)
    assert clear[inside, :3].min() < 60 / 255 < 90 / 255 < hazy[inside, :3].min()


def test_haze_leaves_less_between_the_light_and_the_dark_of_a_mouth(pool: ThreadPoolExecutor) -> None:
    head = made_up(acted().head([0, 8, 16]))
    clear = mouth_of(head, TOPOLOGY)
    assert not clear.haze.any()
    hazy = head.bank.images.copy()
    hazy[..., :3] = 100 + hazy[..., :3] // 2
    veiled = mouth_of(replace(head, bank=replace(head.bank, images=hazy)), TOPOLOGY)
    assert (veiled.haze > 100 / 255).all()
    assert veiled.flesh.max() < 0.6 * clear.flesh.max()
    assert (veiled.teeth + veiled.haze <= 1).all()
