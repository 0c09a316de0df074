"""Where the recurrent head ends goes with the view: hair of a turned head is no ghost beside the frontal one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from heads import acted
from hypothesis import given
from hypothesis import strategies as st

from tmt import kernels_ways
from tmt.bank import target_of
from tmt.growth import atlas_of, build_up
from tmt.networks.head import HeadCell
from tmt.networks.outline import with_outline
from tmt.types import Array, Atlas
from tmt.ways import CENTRES, VIEW, from_front, in_frame, nearness, numbers_of

SIDE, FINE = 8, 16


def told(frames: list[tuple[float, float, float]]) -> Array:
    """Sums [2, V, S, S] of frames, each with its yaw in units of ten degrees, weight and matte."""
    sums = None
    for yaw, weight, matte in frames:
        numbers = torch.tensor([[0.3, -1.2, yaw, 0.0]])  # those of its expression do not matter here
        sums = with_outline(sums, numbers, *(torch.full((1, 1, SIDE, SIDE), value) for value in (weight, matte)))
    assert sums is not None
    return np.asarray(sums[0].numpy())


def seen(sums: Array, yaw: float, usual: float) -> Array:
    """The matte [F, F] 0..1 of a view, where that of all is `usual`."""
    colours = np.full((FINE, FINE, 4), round(255 * usual), np.uint8)
    flat = np.zeros((SIDE, SIDE), np.float32)
    target = target_of(acted().performance, 0)
    turned = np.eye(3)
    turned[2, 0] = yaw / VIEW
    target = replace(target, pose=replace(target.pose, rotation=turned))
    return in_frame(Atlas(colours, flat, flat, outline=sums), target, acted().performance).colours[..., 3] / 255


@given(st.integers(0, 999))
def test_the_matte_of_a_view_is_as_in_plain_numpy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    colours, told = rng.integers(0, 256, (FINE, FINE, 4), np.uint8), np.empty((FINE, FINE, 4), np.uint8)
    own, mean = rng.random((2, FINE, FINE), np.float32)
    kernels_ways.matte_of_view(colours, own, mean, told)
    usual = colours[..., 3] / 255
    less, more = own / np.maximum(mean, 1e-3), (1 - own) / np.maximum(1 - mean, 1e-3)
    matte = np.clip(np.where(own < mean, usual * less, 1 - (1 - usual) * more), 0, 1)
    assert np.abs(told[..., 3] - matte * 255).max() <= 0.51
    assert np.array_equal(told[..., :3], colours[..., :3])


def test_behind_the_outline_of_one_view_lies_the_hair_of_another() -> None:
    sums = told([(0.0, 1.0, 0.0), (0.1, 1.0, 0.0), (-2.0, 1.0, 1.0), (2.1, 1.0, 1.0), (1.9, 1.0, 1.0)])
    assert seen(sums, 0.0, 0.6).max() < 0.05
    assert seen(sums, 2.0, 0.6).min() > 0.95
    assert seen(sums, -4.5, 0.6).min() > 0.9, "beyond what was seen it is as in the nearest view"


@given(st.floats(-3, 3), st.lists(st.floats(0.1, 5), min_size=1, max_size=5), st.floats(0, 1), st.floats(-4, 4))
def test_heads_that_hardly_turn_keep_their_mean_matte(
    yaw: float, weights: list[float], matte: float, asked: float
) -> None:
    sums = told([(yaw, weight, 0.7) for weight in weights])
    np.testing.assert_allclose(seen(sums, asked, matte), round(255 * matte) / 255, atol=0.005)


@given(st.permutations(range(4)))
def test_frames_of_an_outline_may_come_in_any_order(order: list[int]) -> None:
    frames = [(0.0, 1.0, 0.2), (1.3, 0.5, 0.9), (-2.0, 2.0, 1.0), (3.0, 0.1, 0.4)]
    np.testing.assert_allclose(told([frames[k] for k in order]), told(frames), atol=1e-5)


@given(st.floats(-6, 6), st.floats(-6, 6))
def test_the_nearest_centre_says_most_of_a_view_and_keeps_most_of_it(yaw: float, pitch: float) -> None:
    away = np.linalg.norm(np.array(CENTRES) - (yaw, pitch), axis=1)
    one = torch.ones(1, 1, 1, 1)
    kept = with_outline(None, torch.tensor([[0.0, 0.0, yaw, pitch]]), one, one)[0, 1, :, 0, 0].numpy()
    assert kept.sum() == pytest.approx(1, abs=1e-5)
    for share in (kept, nearness(np.array([yaw, pitch]))):
        assert away[share.argmax()] == pytest.approx(away.min(), abs=1e-4)


def test_a_grown_head_ends_in_each_frame_where_that_frame_ends() -> None:
    """A ball of hair behind the head, wider than its front: seen beside it as soon as it turns."""
    head, frames = acted(), np.array([0, 5, 9, 17, 21])
    yaws = [float(numbers_of(head.performance.canonical[k], head.performance.neutral,
                             head.performance.pose.rotation[k])[2]) for k in frames]  # fmt: skip
    turned = int(np.abs(yaws).argmax())
    assert abs(yaws[turned]) > 0.8, "turned by more than eight degrees"

    def photo(k: int) -> Array:
        picture = head.photo(target_of(head.performance, int(frames[k])))
        picture[: len(picture) // 5, :, 3] = 255 if k == turned else 0
        return picture

    images = [photo(k) for k in range(len(frames))]
    net = HeadCell(4, 4, 4).eval()
    *_, state = build_up(net, head.surface, head.performance, head.window, frames, images, fine=1)
    atlas = atlas_of(net, state, head.surface)
    assert atlas.outline is not None
    plain = replace(atlas, outline=None, slopes=None)
    above = atlas.weight > 0.5
    above[atlas.colours.shape[0] // 8 :] = False
    assert above.sum() > 200

    def matte(frame: int) -> float:
        target = target_of(head.performance, int(frame))
        return float(in_frame(replace(atlas, slopes=None), target, head.performance).colours[..., 3][above].mean())

    usual = float(plain.colours[..., 3][above].mean())
    assert matte(frames[turned]) > usual + 60
    assert float(from_front(atlas).colours[..., 3][above].mean()) < usual - 10
