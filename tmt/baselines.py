"""What a transfer has to beat: the nearest frame as it is, and a 2D warp of one image."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

from tmt.canvas import Canvas
from tmt.geometry import transform
from tmt.topology import Topology
from tmt.types import Array, CanonicalHead, Target, Window

COARSE = 48  # the warp is solved on a grid of this side and interpolated


def copy_nearest(head: CanonicalHead, target: Target, topology: Topology, canvas: Canvas) -> Array:
    """The subject's frame whose head stands most like the target's -> [H, W, 3] float."""
    stable = list(topology.stable)
    wanted = transform(target.pose, head.performance.shape[stable])[:, :2]
    shown = transform(head.bank.pose, head.performance.shape[stable])[..., :2]
    nearest = int(np.linalg.norm(shown - wanted, axis=-1).mean(-1).argmin())
    return _laid(head.bank.images[nearest][..., :3], head.bank.window, canvas)


def warp_one(head: CanonicalHead, target: Target, topology: Topology, canvas: Canvas) -> Array:
    """Thin-plate warp of the reference frame by its 2D landmarks -> [H, W, 3] float. No depth, no second frame."""
    subject, bank = head.performance, head.bank
    reference = int(np.flatnonzero(bank.index == subject.reference)[0])
    source = transform(bank.pose[reference], subject.canonical[subject.reference])[:, :2]
    goal = transform(target.pose, target.canonical)[:, :2]
    some = _control_points(topology)
    window = canvas.window
    edge = [(x, y) for x in (0, 1 / 3, 2 / 3, 1) for y in (0, 1 / 3, 2 / 3, 1) if x in (0, 1) or y in (0, 1)]
    border = np.array(edge) * (window.width, window.height) + (window.left, window.top)
    warp = RBFInterpolator(
        np.concatenate([goal[some], border]), np.concatenate([(source - goal)[some], border * 0]),
        kernel="thin_plate_spline", smoothing=0.5,
    )
    height, width = window.shape
    x, y = np.meshgrid(np.linspace(0, window.width, COARSE), np.linspace(0, window.height, COARSE))
    grid = np.stack([x, y], -1) + (window.left, window.top)
    moved = warp(grid.reshape(-1, 2)).reshape(COARSE, COARSE, 2).astype(np.float32)
    px, py = np.meshgrid(np.arange(width, dtype=np.float32) + 0.5, np.arange(height, dtype=np.float32) + 0.5)
    at_x, at_y = px / width * (COARSE - 1), py / height * (COARSE - 1)
    shift = cv2.remap(moved, at_x, at_y, cv2.INTER_LINEAR)
    picture = _laid(bank.images[reference][..., :3], bank.window, canvas)
    mapped = np.stack([px, py], -1) + shift * np.float32(window.scale)
    return cv2.remap(
        picture, mapped[..., 0] - 0.5, mapped[..., 1] - 0.5, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).clip(0, 1)


def _laid(image: Array, window: Window, canvas: Canvas) -> Array:
    """A bank image [h, w, 3] uint8 on the canvas, over the reference picture where it does not reach."""
    ratio = canvas.window.scale / window.scale
    offset = (np.array([window.left, window.top]) - (canvas.window.left, canvas.window.top)) * canvas.window.scale
    matrix = np.array([[ratio, 0, offset[0] + 0.5 * ratio - 0.5], [0, ratio, offset[1] + 0.5 * ratio - 0.5]])
    if ratio < 1:
        size = (round(image.shape[1] * ratio), round(image.shape[0] * ratio))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        matrix = np.array([[1, 0, offset[0]], [0, 1, offset[1]]])
    base = np.ascontiguousarray(canvas.around, np.float32).copy()
    out = cv2.warpAffine(
        image.astype(np.float32) / 255, matrix, canvas.window.shape[::-1], dst=base, flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    return np.clip(out, 0, 1)


def _control_points(topology: Topology) -> list[int]:
    """About a hundred landmarks that carry the face's outline and features."""
    points = list(topology.oval[::2]) + [i for pair in topology.lip_pairs[::2] for i in pair]
    for eye in topology.eyes:
        points += [*eye.ring[::2], *eye.iris[:1], *eye.brow[::2]]
    return sorted({*points, *topology.mouth_corners, *topology.stable[:11], topology.chin})
