"""The fast mixing of a texture does what OpenCV does frame by frame."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from tmt.texel import frames_by_cell, mix_texels


def test_the_texture_is_the_frames_mixed_by_their_shares_at_every_texel() -> None:
    chance = np.random.default_rng(0)
    share = chance.random((5, 9, 9), np.float32) * (chance.random((5, 9, 9)) < 0.4)
    steps = np.stack(np.meshgrid(np.arange(9), np.arange(9)), -1) * 5.0 - 1
    places = (steps + chance.uniform(-2, 2, (5, 1, 1, 2)) + chance.uniform(-0.4, 0.4, (5, 9, 9, 2))).astype(np.float32)
    images = cv2.GaussianBlur(chance.integers(0, 256, (40, 40, 20)).astype(np.uint8), (0, 0), 2)
    images = np.ascontiguousarray(np.moveaxis(images.reshape(40, 40, 5, 4), 2, 0))
    columns, rows = (np.linspace(0.02, 7.98, 30, dtype=np.float32) for _ in range(2))
    out = np.empty((30, 30, 4), np.float32)
    mix_texels(0, 30, columns, rows, *frames_by_cell(share), share, places, images, out)
    where = np.stack(np.meshgrid(rows, columns, indexing="ij"))
    wanted = np.zeros_like(out)
    for weights, at, image in zip(share, places, images, strict=True):
        xy = np.stack([map_coordinates(at[..., c], where, order=1) for c in range(2)], -1) - np.float32(0.5)
        shown = cv2.remap(image.astype(np.float32), xy, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        wanted += map_coordinates(weights, where, order=1)[..., None] * shown
    assert np.abs(out - wanted).max() < 4.0, "OpenCV knows only 32 places between two pixels"
    assert np.abs(out - wanted).mean() < 0.5
