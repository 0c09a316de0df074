"""The back of the head: behind the outline the person has, unseen from the front, worn when the head turns."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from heads import SIDE, TOPOLOGY, Painted, acted, average, poses

from tmt.back import NEWS, back_of, seen_behind
from tmt.bank import build_bank, target_of
from tmt.canvas import Canvas
from tmt.composite import backed
from tmt.depth import fit_prior
from tmt.geometry import transform
from tmt.render import deform, look, place
from tmt.types import Array, Back, FrameBank, Target

HAIR, SKIN, PAPER = (40, 30, 20), (200, 160, 140), (230, 230, 230)


def photo(matte: Array) -> Array:
    """A frontal picture [SIDE, SIDE, 4] of a person with hair around a face, before paper."""
    head = acted()
    target = target_of(head.performance, 0)
    oval = transform(target.pose, average())[list(TOPOLOGY.oval), :2]
    picture = np.full((SIDE, SIDE, 3), PAPER, np.uint8)
    picture[matte > 127] = HAIR
    cv2.fillPoly(picture, [np.round(oval).astype(np.int32)], SKIN)
    return np.dstack([picture, matte])


def outline(wide: float = 1.0) -> Array:
    """A matte [SIDE, SIDE] of head, neck and shoulders."""
    head = acted()
    prior = fit_prior(average(), TOPOLOGY)
    pose = target_of(head.performance, 0).pose
    scale, (x, y) = float(pose.scale), pose.translation[:2]
    matte = np.zeros((SIDE, SIDE), np.uint8)
    middle = int(x), int(y + prior.centre[1] * scale)
    cv2.ellipse(matte, middle, (int(0.62 * prior.face_width * scale * wide), int(1.3 * scale)), 0, 0, 360, 255, -1)
    neck = int(0.3 * prior.face_width * scale)
    cv2.rectangle(matte, (int(x) - neck, int(y)), (int(x) + neck, SIDE), 255, -1)
    cv2.rectangle(matte, (0, int(y + (prior.chin + 0.5 * prior.face_height) * scale)), (SIDE, SIDE), 255, -1)
    return matte


def bank_of(head: Painted, matte: Array) -> FrameBank:
    return build_bank(head.surface, head.performance, head.window, np.array([0]), [photo(matte)])


@pytest.fixture(scope="module")
def back() -> Back:
    head = acted()
    made = back_of(head.surface, bank_of(head, outline()), head.performance, TOPOLOGY)
    assert made is not None
    return made


def laid(back: Back, yaw: float, seen: float = 90.0) -> tuple[Array, Array, Array]:
    """Plate [H, W, 3], where the back is [H, W], and where the sheet is [H, W] bool and shows the person; `seen`: the
    yaw of the only keyframe, degrees."""
    head = acted()
    target = replace(target_of(head.performance, 0), pose=poses(np.array([yaw]))[0])
    shape = head.window.shape
    empty = np.full((*shape, 3), 1.0, np.float32)
    canvas = Canvas(head.window, empty, empty, empty[..., :1], np.ones(shape, np.float32))
    bank = replace(bank_of(head, outline()), pose=poses(np.array([seen])))
    behind = seen_behind(back, bank, target, head.performance, head.window)
    if behind is None:
        return empty, np.zeros(shape, np.float32), person(target)
    return backed(canvas, behind, np.zeros(shape, np.float32)).plate, behind[..., 3], person(target)


def person(target: Target) -> Array:
    """Where the sheet shows the person's own matte [H, W] bool."""
    head = acted()
    bank = bank_of(head, outline())
    seen = look(head.surface, place(head.surface, deform(head.surface, target.canonical), target, head.performance),
                head.window)  # fmt: skip
    grid = head.surface.grid
    at = cv2.remap(bank.places[0].reshape(grid, grid, 2), seen.grid_xy, None, cv2.INTER_LINEAR) - np.float32(0.5)
    matte = cv2.remap(bank.images[0][..., 3], at, None, cv2.INTER_LINEAR)
    return np.asarray((matte > 127) & seen.covered)


def test_from_the_front_nothing_of_it_is_seen(back: Back) -> None:
    _, alpha, front = laid(back, 0.0)
    assert (alpha > 0.5).sum() > 2000
    assert ((alpha > 0.5) & ~front).sum() < 0.01 * front.sum()


def test_in_a_view_that_a_keyframe_shows_nothing_is_added(back: Back) -> None:
    halfway = 35.0 - sum(NEWS) / 2
    shown = [laid(back, 35.0, seen)[1].max() for seen in (35.0, 33.0, halfway, 10.0)]
    assert shown[:2] == [0, 0]
    assert 0.2 < shown[2] < 0.8
    assert shown[3] > 0.95


@pytest.mark.parametrize("yaw", [-35.0, 35.0])
def test_a_turned_head_has_hair_behind_its_outline(back: Back, yaw: float) -> None:
    plate, alpha, front = laid(back, yaw)
    new = (alpha > 0.9) & ~front
    assert new.sum() > 0.05 * front.sum()
    side = np.nonzero(new)[1].mean() - np.nonzero(front)[1].mean()
    assert side * yaw < 0  # a head that turns to the right shows its back on the left
    upper = new & (np.arange(SIDE)[:, None] < 0.4 * SIDE)
    assert np.abs(plate[upper] * 255 - HAIR).mean() < 12


def test_it_lies_behind_the_sheet_and_goes_round(back: Back) -> None:
    prior = fit_prior(average(), TOPOLOGY)
    level = int(np.abs(back.vertices[:, 0, 1] - prior.centre[1]).argmin())
    row = back.vertices[level]
    assert row[0, 0] < -0.4 * prior.face_width < 0.4 * prior.face_width < row[-1, 0]
    assert row[len(row) // 2, 2] > row[[0, -1], 2].max() + 0.8
    assert np.all(np.diff(row[:, 0]) > -1e-6)


def test_the_neck_is_narrower_than_the_head_and_shoulders_are_no_neck(back: Back) -> None:
    width = np.ptp(back.vertices[..., 0], axis=1)
    prior = fit_prior(average(), TOPOLOGY)
    assert width[-1] < 0.85 * width.max()
    assert width[-1] < 0.9 * prior.face_width
    assert back.solid[-1] < 0.05


def test_the_neck_reaches_as_far_behind_the_ears_as_it_is_wide_to_its_sides(back: Back) -> None:
    """Not behind the jaw, which stands out before it: a head that turns would have a notch there."""
    prior = fit_prior(average(), TOPOLOGY)
    rows = np.abs(back.vertices[:, 0, 1] - (prior.chin + 0.2 * prior.face_height)).argsort()[:3]
    neck = back.vertices[rows]
    half = np.ptp(neck[..., 0], axis=1) / 2
    np.testing.assert_allclose(neck[..., 2].max(1) - prior.back, half, atol=0.1 * prior.face_width)


def test_ears_do_not_widen_it() -> None:
    head = acted()
    prior = fit_prior(average(), TOPOLOGY)
    pose = target_of(head.performance, 0).pose
    matte = outline(0.8)
    y = int(pose.translation[1] + (prior.centre[1] + 0.25) * float(pose.scale))
    reach = int(0.62 * prior.face_width * float(pose.scale)) + 6
    eared = matte.copy()
    for side in (-1, 1):
        cv2.ellipse(eared, (int(pose.translation[0]) + side * (reach - 10), y), (9, 12), 0, 0, 360, 255, -1)
    plain, with_ears = (
        back_of(head.surface, bank_of(head, one), head.performance, TOPOLOGY) for one in (matte, eared)
    )
    assert plain is not None and with_ears is not None
    assert np.abs(np.ptp(plain.vertices[..., 0], axis=1) - np.ptp(with_ears.vertices[..., 0], axis=1)).max() < 0.12


def test_without_an_outline_there_is_none() -> None:
    head = acted()
    assert back_of(head.surface, bank_of(head, np.zeros((SIDE, SIDE), np.uint8)), head.performance, TOPOLOGY) is None
