"""Giving back fine detail by measure."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from heads import mottled

from tmt.detail import MOST, WANTED, _sharpness, add_detail, matching_gain
from tmt.types import Array

OUTLINE = np.array([[20.0, 20.0], [100.0, 20.0], [100.0, 100.0], [20.0, 100.0]])


def truth(seed: int = 0) -> Array:
    """A sharp picture [120, 120, 3] uint8."""
    return np.round(mottled((120, 120), seed, grain=1.2) * 255).astype(np.uint8)


def blurred(picture: Array, radius: float) -> Array:
    """As interpolation leaves it, float 0..1."""
    soft: Array = cv2.GaussianBlur(picture.astype(np.float32) / 255, (0, 0), radius)
    return soft


def test_gain_zero_changes_nothing() -> None:
    pixels = mottled((40, 40))
    before = pixels.copy()
    add_detail(pixels, 0.0)
    np.testing.assert_array_equal(pixels, before)


def test_more_gain_is_sharper_and_keeps_mean_and_matte() -> None:
    sharpness = []
    for gain in (0.0, 0.3, 0.6, 1.0):
        pixels = np.dstack([blurred(truth(), 0.8), np.full((120, 120), 0.3, np.float32)])
        mean = pixels[..., :3].mean()
        add_detail(pixels, gain)
        assert pixels[..., :3].mean() == pytest.approx(mean, abs=1e-3) and (pixels[..., 3] == np.float32(0.3)).all()
        sharpness.append(cv2.Laplacian(pixels[..., :3], cv2.CV_32F).var())
    assert (np.diff(sharpness) > 0).all()


def test_flat_areas_stay_flat() -> None:
    pixels = np.full((30, 30, 3), 0.4, np.float32)
    add_detail(pixels, 1.0)
    np.testing.assert_allclose(pixels, 0.4, atol=1e-6)


@pytest.mark.parametrize("radius", [0.4, 0.45, 0.5])
def test_the_gain_brings_a_blurred_picture_to_the_wanted_sharpness(radius: float) -> None:
    drawn = [(blurred(truth(seed), radius), OUTLINE) for seed in range(3)]
    true = [(truth(seed), OUTLINE) for seed in range(3)]
    gain = matching_gain(drawn, true)
    assert 0 < gain < MOST
    reached = np.median([_sharpness(picture, OUTLINE, gain) for picture, _ in drawn])
    wanted = WANTED * np.median([_sharpness(picture.astype(np.float32) / 255, OUTLINE) for picture, _ in true])
    assert reached == pytest.approx(wanted, rel=0.06)


def test_more_blur_needs_more_gain_up_to_a_limit() -> None:
    gains = [matching_gain([(blurred(truth(), r), OUTLINE)], [(truth(), OUTLINE)]) for r in (0.4, 0.5, 3.0)]
    assert gains[0] < gains[1] <= gains[2] <= MOST


def test_a_picture_that_is_sharp_enough_needs_no_gain() -> None:
    assert matching_gain([(truth().astype(np.float32) / 255, OUTLINE)], [(truth(), OUTLINE)]) < 0.05


def test_only_the_face_is_measured() -> None:
    noisy = truth()
    noisy[:12], noisy[-12:] = 255, 0
    noisy[:12:2] = 0
    plain = matching_gain([(blurred(truth(), 0.5), OUTLINE)], [(truth(), OUTLINE)])
    assert matching_gain([(blurred(noisy, 0.5), OUTLINE)], [(noisy, OUTLINE)]) == pytest.approx(plain, abs=0.02)


def test_measuring_leaves_the_pictures_alone() -> None:
    drawn = blurred(truth(), 0.6)
    before = drawn.copy()
    matching_gain([(drawn, OUTLINE)], [(truth(), OUTLINE)])
    np.testing.assert_array_equal(drawn, before)
