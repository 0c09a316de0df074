"""What a transfer has to beat draws what it claims, and the bank beats it on a painted head."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from heads import TOPOLOGY, act, acted, average, poses

from tmt.bank import target_of
from tmt.baselines import copy_nearest, warp_one
from tmt.canvas import Canvas, crop_canvas
from tmt.geometry import transform
from tmt.renderer import Renderer
from tmt.study import variant
from tmt.types import Array, CanonicalHead, Method, Settings, Target, Window


@cache
def head() -> CanonicalHead:
    """The painted head that has seen every second frame."""
    return acted().head(range(0, 25, 2))


def canvas(size: int = 160) -> Canvas:
    return crop_canvas(head().bank, head().plate, size)


def psnr(image: Array, target: Target) -> float:
    """Inside the face, against the true picture."""
    true = acted().photo(target)[..., :3] / 255
    mask = np.zeros(true.shape[:2], np.uint8)
    oval = transform(target.pose, target.canonical)[list(TOPOLOGY.oval), :2]
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(oval).astype(np.int32)), 1)
    return float(-10 * np.log10(np.mean((image[mask > 0] - true[mask > 0]) ** 2)))


def score(method: Method, frames: tuple[int, ...]) -> float:
    """Mean over frames of the clip, drawn by the renderer."""
    renderer = Renderer(variant(head(), method, TOPOLOGY), TOPOLOGY, canvas(), Settings(method=method))
    targets = [target_of(head().performance, frame) for frame in frames]
    try:
        return float(np.mean([psnr(renderer.draw(target) / 255, target) for target in targets]))
    finally:
        renderer.close()


@pytest.mark.parametrize("row", [0, 4, 9])
def test_copy_shows_the_frame_itself_when_the_target_is_one_of_the_bank(row: int) -> None:
    target = target_of(head().performance, int(head().bank.index[row]))
    shown = copy_nearest(head(), target, TOPOLOGY, canvas())
    np.testing.assert_allclose(shown, head().bank.images[row][..., :3] / 255, atol=1 / 255)


def test_copy_takes_the_frame_of_the_nearest_pose_whatever_the_expression() -> None:
    for yaw in (-19.0, 19.0):
        target = Target(poses(np.array([yaw]))[0], act(average(), mouth=0.3).astype(np.float32), np.zeros(4))
        shown = copy_nearest(head(), target, TOPOLOGY, canvas())
        sides = poses(np.array([yaw])).rotation[0][0, 2] * head().bank.pose.rotation[:, 0, 2]
        images = head().bank.images[..., :3] / 255
        matches = [row for row, image in enumerate(images) if np.abs(shown - image).max() < 0.01]
        assert len(matches) == 1 and sides[matches[0]] > 0


def test_the_warp_of_the_reference_frame_to_itself_changes_nothing() -> None:
    target = target_of(head().performance, head().performance.reference)
    shown = warp_one(head(), target, TOPOLOGY, canvas())
    reference = int(np.flatnonzero(head().bank.index == head().performance.reference)[0])
    np.testing.assert_allclose(shown, head().bank.images[reference][..., :3] / 255, atol=2 / 255)


def test_the_warp_carries_the_face_along_when_the_head_moves() -> None:
    start = target_of(head().performance, 0)
    moved = replace(start, pose=replace(start.pose, translation=start.pose.translation + (6.0, -4.0, 0.0)))
    shown = warp_one(head(), moved, TOPOLOGY, canvas())
    reference = head().bank.images[0][..., :3] / 255
    np.testing.assert_allclose(shown[60:90, 66:106], reference[64:94, 60:100], atol=0.12)


@pytest.mark.parametrize("size", [80, 160, 256])
def test_baselines_fill_a_canvas_of_any_size(size: int) -> None:
    target = target_of(head().performance, 3)
    for draw in (copy_nearest, warp_one):
        image = draw(head(), target, TOPOLOGY, canvas(size))
        assert image.shape == (size, size, 3) and image.min() >= 0 and image.max() <= 1
    whole = copy_nearest(head(), target, TOPOLOGY, canvas())
    way = cv2.INTER_AREA if size < 160 else cv2.INTER_CUBIC
    resized = cv2.resize(whole, (size, size), interpolation=way)
    shown = copy_nearest(head(), target, TOPOLOGY, canvas(size))
    assert np.abs(shown - resized)[4:-4, 4:-4].max() < 0.03


def test_a_canvas_wider_than_the_bank_shows_the_reference_picture_around() -> None:
    small = replace(head().bank, window=Window(30.0, 30.0, 160.0, 160.0, 1.0))
    wide = Window(0.0, 0.0, 220.0, 220.0, 1.0)
    around = np.full((220, 220, 3), 0.25, np.float32)
    board = replace(canvas(), window=wide, plate=around, around=around)
    shown = copy_nearest(replace(head(), bank=small), target_of(head().performance, 0), TOPOLOGY, board)
    np.testing.assert_allclose(shown[:25], 0.25)
    np.testing.assert_allclose(shown[35:185, 35:185], head().bank.images[0][5:155, 5:155, :3] / 255, atol=0.02)


def test_the_bank_beats_every_baseline_on_frames_it_has_not_seen() -> None:
    bank = score("bank", (3, 7, 15, 21))
    for method in ("copy", "warp2d", "single", "flat"):
        assert bank > score(method, (3, 7, 15, 21)) + 1, method
