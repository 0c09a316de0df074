"""How the colours of the recurrent head go with pose and expression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from heads import TOPOLOGY, act, average, lip_gap
from hypothesis import given
from hypothesis import strategies as st

from tmt.geometry import rotation_from_euler
from tmt.networks.ways import GREY, RIDGE, STEADY, Sums, no_sums, ways_of, with_frame
from tmt.train.expressions import commonest
from tmt.types import Array, Atlas, Performance, Pose, Target
from tmt.ways import FARTHEST, expressions, in_frame, numbers_of, whitening

SIDE, FINE, COUNT = 8, 2, 4
FRONT = np.eye(3)


def summed(numbers: Array, weights: Array, pixels: Array) -> Sums:
    """numbers [T, N], weights [T, S, S], pixels [T, 3, F, F]."""
    told = torch.from_numpy(numbers.astype(np.float32))
    sums = no_sums(told[:1], SIDE, FINE)
    for one, weight, picture in zip(told, weights, pixels, strict=True):
        parts = (torch.from_numpy(a.astype(np.float32))[None] for a in (weight[None], picture))
        sums = with_frame(sums, one[None], *parts)
    return sums


def there(sums: Sums) -> torch.Tensor:
    """Mean numbers at every texel, of the frames as they were weighed."""
    return sums.seen[:, 0, 1:] / sums.seen[:, :1, 0].clamp(min=1e-6)


def drawn(seed: int, frames: int = 40, slope: float = 0.04, noise: float = 0.0) -> tuple[Array, Array, Array, Array]:
    """Numbers [T, N], weights, pixels that go with them, and the true slopes [N, 3, F, F]."""
    rng = np.random.default_rng(seed)
    numbers = rng.standard_normal((frames, COUNT))
    weights = rng.uniform(0.5, 1.0, (frames, SIDE, SIDE))
    slopes = rng.uniform(-slope, slope, (COUNT, 3, SIDE * FINE, SIDE * FINE))
    pixels = 0.5 + np.tensordot(numbers, slopes, 1)
    return numbers, weights, pixels + noise * rng.standard_normal(pixels.shape), slopes


def by_hand(numbers: Array, weights: Array, pixels: Array, row: int, column: int) -> Array:
    """Slopes [N, 3] of one fine texel: ridge regression from its definition, with no shrinking by chance."""
    weight = weights[:, row // FINE, column // FINE]
    mean = (weight[:, None] * numbers).sum(0) / weight.sum()
    away, colours = numbers - mean, pixels[:, :, row, column] - GREY
    ridge = RIDGE * (np.cov(numbers.T, bias=True) + STEADY * np.eye(COUNT))
    return np.linalg.solve((away * weight[:, None]).T @ away + ridge, (away * weight[:, None]).T @ colours)


def test_the_slopes_are_a_ridge_regression_in_every_texel_shrunk_a_little() -> None:
    numbers, weights, pixels, _ = drawn(0)
    sums = summed(numbers, weights, pixels)
    told = ways_of(sums, there(sums)).slopes[0].numpy()
    for row, column in ((0, 0), (3, 8), (15, 15), (9, 2)):
        plain, shrunk = by_hand(numbers, weights, pixels, row, column), told[:, :, row, column]
        share = float((plain * shrunk).sum() / (plain * plain).sum())
        assert 0.8 < share < 1
        np.testing.assert_allclose(shrunk, share * plain, atol=2e-5)


@given(st.permutations(range(6)))
def test_frames_may_come_in_any_order(order: list[int]) -> None:
    numbers, weights, pixels, _ = drawn(1, 6)
    first, other = (summed(numbers[k], weights[k], pixels[k]) for k in (np.arange(6), np.array(order)))
    for name, value in vars(first).items():
        torch.testing.assert_close(vars(other)[name], value, atol=1e-4, rtol=1e-4)


def test_what_chance_explains_is_not_believed() -> None:
    numbers, weights, pixels, _ = drawn(2, slope=0.0, noise=0.05)
    sums = summed(numbers, weights, pixels)
    chance = np.abs(ways_of(sums, there(sums)).slopes[0].numpy()).mean()
    plain = np.mean([np.abs(by_hand(numbers, weights, pixels, k, k)).mean() for k in range(SIDE * FINE)])
    assert chance < 0.25 * plain
    numbers, weights, pixels, slopes = drawn(2, frames=200, noise=0.01)
    sums = summed(numbers, weights, pixels)
    told = ways_of(sums, there(sums)).slopes[0].numpy()
    assert np.abs(told - slopes).mean() < 0.15 * np.abs(slopes).mean()


def test_one_frame_tells_no_slopes() -> None:
    numbers, weights, pixels, _ = drawn(3, 1)
    sums = summed(numbers, weights, pixels)
    assert float(ways_of(sums, there(sums)).slopes.abs().max()) < 1e-4


def test_a_texel_that_was_never_seen_has_no_slopes() -> None:
    numbers, weights, pixels, _ = drawn(4)
    weights[:, :4] = 0
    sums = summed(numbers, weights, pixels)
    slopes = ways_of(sums, there(sums)).slopes[0]
    assert torch.isfinite(slopes).all()
    assert float(slopes[:, :, : 4 * FINE].abs().max()) < 1e-6


def test_the_expressions_are_of_one_variance_and_open_the_mouth() -> None:
    basis = expressions(TOPOLOGY.count)
    assert basis.shape == (2, TOPOLOGY.count, 2) and np.isfinite(basis).all()
    still = numbers_of(average(), average(), FRONT)
    np.testing.assert_allclose(still, [0, 0, 0, 0], atol=1e-5)
    opened = act(average(), mouth=0.2)
    assert lip_gap(opened) > 0.15
    assert 1 < np.linalg.norm(numbers_of(opened, average(), FRONT)[:2]) < 10


@pytest.mark.parametrize(("yaw", "pitch", "which"), [(10.0, 0.0, 2), (0.0, 10.0, 3)])
def test_ten_degrees_of_a_turn_are_one(yaw: float, pitch: float, which: int) -> None:
    turned = numbers_of(average(), average(), rotation_from_euler(np.radians(yaw), np.radians(pitch), 0.0))
    assert abs(abs(turned[which]) - 1) < 0.05
    assert np.abs(np.delete(turned, which)).max() < 0.05


@given(st.integers(0, 999))
def test_white_numbers_have_no_mean_and_variance_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers = rng.standard_normal((50, COUNT)) @ rng.uniform(-1, 1, (COUNT, COUNT)) + rng.uniform(-3, 3, COUNT)
    covariance = np.cov(numbers.T, bias=True) + 1e-2 * np.eye(COUNT)
    white = whitening(numbers.mean(0), covariance)
    told = np.concatenate([numbers, np.ones((50, 1))], 1) @ white.T
    np.testing.assert_allclose(told[:, -1], 1)
    np.testing.assert_allclose(told[:, :-1].mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(white[:-1, :-1] @ covariance @ white[:-1, :-1].T, np.eye(COUNT), atol=1e-6)


def facing(rotation: Array) -> tuple[Target, Performance]:
    """The average face turned, as a target of its own performance."""
    face = average().astype(np.float32)
    pose = Pose(np.array(1.0), rotation, np.zeros(3))
    zero = np.zeros((1, 2), np.float32)
    many = Pose(np.ones(1), rotation[None], np.zeros((1, 3)))
    subject = Performance(face, face, many, face[None], zero, np.ones(1, bool), 0, (64, 64), 25)  # type: ignore[arg-type]
    return Target(pose, face, zero[0]), subject


def test_the_head_is_coloured_by_the_frame_but_no_further_than_it_was_seen() -> None:
    grey = np.full((4, 4, 4), 100, np.uint8)
    slopes = np.zeros((COUNT + 1, 4, 4, 4), np.float32)
    slopes[2, ..., :3] = 10.0  # by yaw
    atlas = Atlas(grey, np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32), slopes, np.eye(COUNT + 1))
    brighter = []
    for degrees in (-10.0, 0.0, 10.0, 40.0, 80.0):
        target, subject = facing(rotation_from_euler(np.radians(degrees), 0.0, 0.0))
        told = in_frame(atlas, target, subject).colours
        assert (told[..., 3] == 100).all()
        brighter.append(abs(int(told[0, 0, 0]) - 100) * (1 if told[0, 0, 0] > 100 else -1))
    assert brighter[0] == -brighter[2] and abs(brighter[2]) == 10
    assert brighter[1] == 0
    assert abs(brighter[3]) == abs(brighter[4]) == 10 * FARTHEST
    assert (grey == 100).all()


def test_an_atlas_whose_frames_told_no_numbers_stays_as_it_is() -> None:
    atlas = Atlas(np.zeros((4, 4, 4), np.uint8), np.ones((2, 2)), np.zeros((2, 2)))
    assert in_frame(atlas, *facing(FRONT)) is atlas
    half = replace(atlas, slopes=np.ones((5, 4, 4, 4), np.float32))
    assert in_frame(half, *facing(FRONT)) is half


def test_the_commonest_expressions_count_every_person_alike_and_have_variance_one() -> None:
    """One person opens the mouth in a long clip, another raises the brows in a short one."""
    rng = np.random.default_rng(0)
    mouth, brows = (act(average(), **what) - average() for what in ({"mouth": 0.1}, {"brows": 0.1}))
    long, short = rng.standard_normal((400, 1, 1)), 2 * rng.standard_normal((40, 1, 1))
    people = [[average() + long[:200] * mouth, 2 + average() + long[200:] * mouth], [average() + short * brows]]
    basis = commonest(people)
    offsets = np.concatenate([long * mouth, np.repeat(short * brows, 10, 0)])[..., :2]
    told = np.einsum("tlc,klc->tk", offsets - offsets.mean(0), basis)
    np.testing.assert_allclose((told**2).mean(0), 1, atol=0.1)
    for way in (mouth, brows):
        direction = way[..., :2] / np.linalg.norm(way[..., :2])
        seen = np.einsum("klc,lc->k", basis, direction) / np.linalg.norm(basis, axis=(1, 2))
        assert np.abs(seen).max() > 0.99
