"""What the back of a head wears: the person's own hair, without repeating it; skin below a short haircut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from heads import TOPOLOGY, average
from hypothesis import given
from hypothesis import strategies as st

from tmt.depth import HeadPrior, fit_prior
from tmt.hair import EARS, HAIRLINE, SOFT, TEXTURE, THROAT, Front, _noise_like, _patch, worn
from tmt.types import Array

HAIR, SKIN = np.array([0.16, 0.12, 0.08]), np.array([0.78, 0.62, 0.55])


@pytest.fixture(scope="module")
def prior() -> HeadPrior:
    return fit_prior(average(), TOPOLOGY)


def front(prior: HeadPrior, long: bool, grain: float = 0.2) -> Front:
    """A face under a cap of striped hair, which hangs down beside it or not."""
    top = prior.chin - 1.35 * prior.face_height
    x, y = np.linspace(-1.6, 1.6, 145), np.linspace(top, prior.chin + 0.6 * prior.face_height, 145)
    fine_x, fine_y = (np.interp(np.linspace(0, 144, 512), np.arange(145), line) for line in (x, y))

    def painted(across: Array, down: Array) -> tuple[Array, Array]:
        u, v = np.meshgrid((across - prior.centre[0]) / prior.face_width, (down - prior.chin) / prior.face_height)
        face = (np.abs(u) < 0.5) & (v > -1.0) & (v < 0)
        neck = (np.abs(u) < 0.3) & (v >= -0.2)
        hair = (np.abs(u) < 0.62) & (v < -0.45) | ((np.abs(u) < 0.62) & (np.abs(u) > 0.5) & long)
        stripes = 1 + grain * np.sin(down * 90)[:, None, None]
        colours = np.where((face | neck)[..., None], SKIN, np.where(hair[..., None], HAIR * stripes, 1.0))
        return (face | neck | hair).astype(np.float32), colours.astype(np.float32)

    person, colours = painted(x, y)
    fine_person, fine = painted(fine_x, fine_y)
    return Front(x, y, person, colours, np.dstack([fine, fine_person]).astype(np.float32))


def back_of(prior: HeadPrior, seen: Front) -> Array:
    y = np.linspace(seen.y[0], prior.chin + 0.3 * prior.face_height, 48)
    half = np.where(y < prior.chin - 0.3 * prior.face_height, 0.6, 0.28) * prior.face_width
    return worn(seen, prior, y, prior.centre[0] - half, prior.centre[0] + half, 1.2)


def test_short_hair_ends_above_the_neck_and_hanging_hair_does_not(prior: HeadPrior) -> None:
    rows = slice(int(0.3 * TEXTURE), int(0.5 * TEXTURE)), slice(int(0.86 * TEXTURE), int(0.95 * TEXTURE))
    for long, below in ((False, SKIN), (True, HAIR)):
        colours = back_of(prior, front(prior, long))
        np.testing.assert_allclose(colours[rows[0]].mean((0, 1)), HAIR, atol=0.04)
        np.testing.assert_allclose(colours[rows[1]].mean((0, 1)), below, atol=0.06)


def test_short_hair_ends_higher_behind_the_ears_than_at_the_nape(prior: HeadPrior) -> None:
    seen = front(prior, long=False)
    colours, y = back_of(prior, seen), np.linspace(seen.y[0], prior.chin + 0.3 * prior.face_height, TEXTURE)
    between = np.abs((y - prior.chin) / prior.face_height + 1 - np.mean(HAIRLINE)) < 0.04
    for columns, wanted in ((slice(0, 3), SKIN), (slice(TEXTURE // 2 - 20, TEXTURE // 2 + 20), HAIR)):
        np.testing.assert_allclose(colours[between][:, columns].mean((0, 1)), wanted, atol=0.12)


def test_below_the_ears_no_hair_grows_before_them(prior: HeadPrior) -> None:
    seen = front(prior, long=False)
    colours, y = back_of(prior, seen), np.linspace(seen.y[0], prior.chin + 0.3 * prior.face_height, TEXTURE)
    lobe = np.abs((y - prior.chin) / prior.face_height + 1 - HAIRLINE[0] - SOFT) < 0.02
    before = np.sin(np.linspace(0, np.pi, TEXTURE)) < EARS
    np.testing.assert_allclose(colours[lobe][:, before].mean((0, 1)), SKIN, atol=0.06)


def test_the_chins_shadow_does_not_lie_on_the_sides_of_the_neck(prior: HeadPrior) -> None:
    seen = front(prior, long=False)
    u, v = np.meshgrid((seen.x - prior.centre[0]) / prior.face_width, (seen.y - prior.chin) / prior.face_height)
    shadow = (v > 0) & (v < 0.8 * THROAT[1]) & (np.abs(u) < 0.3)
    shaded = replace(seen, colours=np.where(shadow[..., None], 0.5 * seen.colours, seen.colours))
    y = np.linspace(seen.y[0], prior.chin + 0.3 * prior.face_height, TEXTURE)
    above = np.abs(y - prior.chin + 0.02) < 0.05
    np.testing.assert_allclose(back_of(prior, shaded)[above][:, :20].mean((0, 1)), SKIN, atol=0.06)


def test_it_is_as_lively_as_the_hair_in_front_and_plain_where_that_is_plain(prior: HeadPrior) -> None:
    skull = np.s_[int(0.2 * TEXTURE) : int(0.5 * TEXTURE)]
    lively, plain = (back_of(prior, front(prior, True, grain))[skull].mean(-1) for grain in (0.2, 0.0))
    assert 0.4 * 0.14 < lively.std() / lively.mean() < 1.4 * 0.14  # a sine of 0.2
    local = [float(np.abs(np.diff(tone, axis=0)).mean() / tone.mean()) for tone in (lively, plain)]
    assert local[1] < 0.05 * local[0]


def test_noise_has_the_strength_and_the_grain_of_its_patch_and_repeats_nowhere() -> None:
    x, y = np.meshgrid(np.arange(40), np.arange(24))
    patch = (0.1 * np.sin(y * 1.2 + 0.1 * x)).astype(np.float32)
    grain = _noise_like(patch, (200, 240))
    assert 0.5 * patch.std() < grain.std() < 1.2 * patch.std()
    across, down = np.abs(np.diff(grain, axis=1)).mean(), np.abs(np.diff(grain, axis=0)).mean()
    assert down > 2 * across
    spectrum = np.abs(np.fft.rfft2(grain - grain.mean())) ** 2
    alike = np.fft.irfft2(spectrum, grain.shape) / (grain.var() * grain.size)
    alike[:30, :45] = alike[-30:, :45] = alike[:30, -45:] = alike[-30:, -45:] = 0
    assert np.abs(alike).max() < 0.5
    np.testing.assert_array_equal(grain, _noise_like(patch, (200, 240)))


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.6))
def test_a_patch_lies_wholly_inside_its_mask(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.random((8, 9)) > share, np.ones((7, 6), bool))
    box = _patch(mask)
    if box is not None:
        left, top, wide, tall = box
        assert wide >= 6 and tall >= 6
        assert left >= 0 and top >= 0
        assert mask[top : top + tall, left : left + wide].shape == (tall, wide)
        assert mask[top : top + tall, left : left + wide].all()


def test_specks_of_hair_are_no_patch() -> None:
    assert _patch(np.zeros((40, 40), bool)) is None
    assert _patch(np.indices((40, 40)).sum(0) % 5 > 0) is None
