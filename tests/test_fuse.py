"""Choosing frames for a target and mixing their pixels, on a painted head whose true picture is known."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
import torch
from heads import TOPOLOGY, act, acted, average, lip_gap, performance_of, poses

from tmt.attend import MAPS, Evidence, leeway
from tmt.bank import build_bank, cell_area, target_of, view_direction
from tmt.canvas import scaled
from tmt.drift import drifted
from tmt.fuse import FARTHEST, FusionWeights, Mix, Posed, choose, region_landmarks, score, within_sides
from tmt.geometry import transform
from tmt.render import Seen, deform, look, place
from tmt.types import Array, CanonicalHead, Target, Window
from tmt.warp import home_of, mix_pixels, mix_pixels_torch, warped_by

FLOOR = FusionWeights().floor


@cache
def head() -> CanonicalHead:
    """The painted head that has seen every third frame."""
    return acted().head(range(0, 25, 3))


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def posed(target: Target) -> Posed:
    """The sheet placed for a target."""
    offsets = deform(head().surface, target.canonical)
    return Posed(offsets, place(head().surface, offsets, target, head().performance), target)


def picked(target: Target, count: int = 6, previous: Array | None = None, allowed: Array | None = None) -> Mix:
    return choose(head().bank, head().surface, posed(target), TOPOLOGY, count, previous, allowed)


def at_scale(scale: float) -> Array:
    """The keyframes, so much smaller."""
    window = head().bank.window
    return scaled(head().bank.images, window.at(window.scale * scale))


def drawn(
    target: Target, mix: Mix, pool: ThreadPoolExecutor, window: Window | None = None, scale: float = 1.0
) -> tuple[Array, Seen]:
    """The mixed pixels and what is seen."""
    window = window or head().bank.window
    seen = look(head().surface, posed(target).vertices, window)
    return mix_pixels(seen, window, head().bank, at_scale(scale), mix, pool, FLOOR), seen


def scored(target: Target, frames: Array) -> Array:
    """`score` on every vertex, in plain numpy."""
    bank, surface, weights = head().bank, head().surface, FusionWeights()
    now, window = posed(target), head().bank.window
    angle = np.degrees(np.arccos(np.clip(bank.view[frames] @ view_direction(target.pose.rotation), -1, 1)))
    local = np.linalg.norm(bank.offsets[frames] - now.offsets, axis=-1)
    own = weights.region_only * np.minimum(surface.regions.sum(0), 1)
    logits = -(angle[:, None] / weights.view_degrees + local / weights.expression) * (1 - own)
    irises = [point for eye in TOPOLOGY.eyes for point in eye.iris]
    for row, indices, width in zip(surface.regions, region_landmarks(TOPOLOGY), weights.region, strict=True):
        square = ((bank.landmarks[frames][:, list(indices)] - target.canonical[list(indices), :2]) ** 2).sum(-1)
        square = np.where(np.isin(indices, irises), np.minimum(square, FARTHEST**2), square)
        logits -= np.sqrt(square.mean(-1))[:, None] / width * row
    corners = window.top + window.height, np.array([window.left, window.left + window.width])
    low = np.stack([corners[1], np.full(2, corners[0])], 1)
    lean = np.linalg.norm(drifted(bank.torso[frames, None], low) - drifted(target.torso, low), axis=-1).mean(1)
    logits -= lean[:, None] / max(window.width, window.height) / weights.torso * (1 - surface.head)
    larger = np.clip(bank.area[frames] - cell_area(now.vertices, surface.grid), -3, 0)
    return np.asarray(logits + bank.quality[frames] + weights.magnification * larger)


@pytest.mark.parametrize("step", [1, 4])
def test_frames_are_scored_as_in_plain_numpy(step: int) -> None:
    target, frames, grid = target_of(head().performance, 10), np.array([0, 2, 3, 7]), head().surface.grid
    area = cell_area(posed(target).vertices, grid)
    logits, larger = score(head().bank, head().surface, posed(target), area, TOPOLOGY, FusionWeights(), frames, step)
    pick = np.arange(grid**2).reshape(grid, grid)[::step, ::step].ravel()
    np.testing.assert_allclose(logits, scored(target, frames)[:, pick], atol=2e-3)
    np.testing.assert_allclose(larger, (head().bank.area[frames] - area)[:, pick], atol=1e-5)


def inside_face(target: Target, scale: float = 1.0) -> Array:
    """[H, W] bool: well inside the face."""
    oval = transform(target.pose, target.canonical)[list(TOPOLOGY.oval), :2] * scale
    mask = np.zeros([round(side * scale) for side in head().bank.images.shape[1:3]], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(oval).astype(np.int32)), 1)
    return cv2.erode(mask, np.ones((5, 5), np.uint8)) > 0


def psnr(a: Array, b: Array, where: Array) -> float:
    return float(-10 * np.log10(np.mean((a[where] - b[where]) ** 2)))


def at_rest(yaw: float = 0.0, **expression: float) -> Target:
    """A target in the middle of the picture."""
    return Target(poses(np.array([yaw]))[0], act(average(), **expression).astype(np.float32), np.zeros(4, np.float32))


def weights(mix: Mix) -> Array:
    """Share [k, G, G] of each chosen frame."""
    shares: Array = torch.softmax(torch.from_numpy(mix.logits), 0).numpy()
    return shares


# The fast path and the plain one


@pytest.mark.parametrize("count", [1, 3, 6])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_fast_mix_equals_the_one_in_torch(count: int, scale: float, pool: ThreadPoolExecutor) -> None:
    target = target_of(head().performance, 4)
    mix = picked(target, count)
    window = Window(12.0, 8.0, 130.0, 120.0, 1.2)
    fast, seen = drawn(target, mix, pool, window, scale)
    bank, images = head().bank, at_scale(scale)
    grid, ratio = head().surface.grid, images.shape[2] / bank.images.shape[2]
    places = torch.from_numpy(bank.places[mix.chosen] * np.float32(ratio)).view(-1, grid, grid, 2)
    plain = mix_pixels_torch(
        torch.from_numpy(seen.grid_xy), places, torch.from_numpy(mix.logits),
        torch.from_numpy(images[mix.chosen]).permute(0, 3, 1, 2) / 255, FLOOR,
        torch.from_numpy(home_of(window, bank.window, ratio)),
    ).permute(1, 2, 0).numpy()
    assert fast.shape == plain.shape
    assert np.abs(fast[..., :4] - plain[..., :4]).max() < 2 / 255
    np.testing.assert_allclose(fast[..., 4:], plain[..., 4:], atol=0.01)


@pytest.mark.parametrize("scale", [1.0, 0.6])
def test_each_source_that_a_network_sees_is_what_it_shows_alone(scale: float, pool: ThreadPoolExecutor) -> None:
    target = target_of(acted().performance, 5)
    mix = picked(target)
    bank = head().bank
    images, window = at_scale(scale), bank.window.at(bank.window.scale * scale)
    seen = look(head().surface, posed(target).vertices, window)
    warps = warped_by(seen, window, bank, images, mix, pool)
    for k in range(len(mix.chosen)):
        one = Mix(mix.chosen[k : k + 1], mix.logits[k : k + 1], mix.cavity, mix.lashes)
        alone = mix_pixels(seen, window, bank, images, one, pool, FLOOR)
        assert np.abs(warps.pixels[k] - alone[..., :4]).max() < 1e-4
        assert np.abs(warps.moved[k] - alone[..., 4]).max() < 1e-3


def test_frames_that_are_warped_already_are_mixed_as_those_that_are_not(pool: ThreadPoolExecutor) -> None:
    target = target_of(acted().performance, 5)
    mix, bank = picked(target), head().bank
    seen = look(head().surface, posed(target).vertices, bank.window)
    extra = np.random.default_rng(1).normal(0, 1, (20, 24, len(mix.chosen))).astype(np.float32)
    warps = warped_by(seen, bank.window, bank, bank.images, mix)
    given = mix_pixels(seen, bank.window, bank, bank.images, mix, pool, FLOOR, extra, warps)
    anew = mix_pixels(seen, bank.window, bank, bank.images, mix, None, FLOOR, extra)
    assert np.abs(given - anew)[..., :4].max() < 1e-4
    assert np.abs(given - anew)[..., 4].max() < 1e-3


@pytest.mark.parametrize("size", [(24, 30), (144, 156)])
def test_what_a_network_adds_to_the_logits_acts_alike_in_both(size: tuple[int, int], pool: ThreadPoolExecutor) -> None:
    target = target_of(head().performance, 4)
    mix = picked(target, 4)
    window, bank, grid = Window(12.0, 8.0, 130.0, 120.0, 1.2), head().bank, head().surface.grid
    extra = np.random.default_rng(0).normal(0, 2, (*size, 4)).astype(np.float32)
    seen = look(head().surface, posed(target).vertices, window)
    assert seen.depth.shape == (144, 156)
    fast = mix_pixels(seen, window, bank, bank.images, mix, pool, FLOOR, extra)
    plain = mix_pixels_torch(
        torch.from_numpy(seen.grid_xy), torch.from_numpy(bank.places[mix.chosen]).view(-1, grid, grid, 2),
        torch.from_numpy(mix.logits), torch.from_numpy(bank.images[mix.chosen]).permute(0, 3, 1, 2) / 255, FLOOR,
        torch.from_numpy(home_of(window, bank.window, 1.0)), torch.from_numpy(extra).permute(2, 0, 1),
    ).permute(1, 2, 0).numpy()
    # a source at the very edge of FLOOR may be taken by one and left by the other
    assert np.quantile(np.abs(fast - plain)[..., :4], 0.999) < 2 / 255
    without = mix_pixels(seen, window, bank, bank.images, mix, pool, FLOOR)
    assert np.abs(fast - without)[..., :3].mean() > 5 * np.abs(fast - plain)[..., :3].mean()


def test_many_sources_of_equal_weight_mix_to_their_mean(pool: ThreadPoolExecutor) -> None:
    target = at_rest()
    mix, grid = picked(target, 9), head().surface.grid
    even = Mix(mix.chosen, np.zeros((9, grid, grid), np.float32), mix.cavity, mix.lashes)
    pixels, seen = drawn(target, even, pool)
    alone = [Mix(mix.chosen[k : k + 1], even.logits[:1], mix.cavity, mix.lashes) for k in range(9)]
    each = [drawn(target, one, pool)[0] for one in alone]
    np.testing.assert_allclose(pixels[seen.covered], np.mean(each, 0)[seen.covered], atol=2e-3)


def test_where_nothing_is_seen_there_is_nothing(pool: ThreadPoolExecutor) -> None:
    target = at_rest(yaw=55.0)
    pixels, seen = drawn(target, picked(target), pool)
    assert not seen.covered.all()
    assert not pixels[~seen.covered].any() and np.isfinite(pixels).all()


# Which frames, and how much of each


@pytest.mark.parametrize("row", range(9))
def test_a_bank_frame_as_target_gets_its_own_pixels_back(row: int, pool: ThreadPoolExecutor) -> None:
    target = target_of(head().performance, int(head().bank.index[row]))
    mix = picked(target)
    assert row in mix.chosen
    pixels, _ = drawn(target, mix, pool)
    assert psnr(pixels[..., :4], head().bank.images[row] / 255, inside_face(target)) > 33
    share = weights(mix)[mix.chosen.tolist().index(row)]
    assert share[head().surface.head.reshape(share.shape) > 0.9].mean() > 0.5


def test_frames_between_those_of_the_bank_come_out_near_the_truth(pool: ThreadPoolExecutor) -> None:
    scores, copies = [], []
    for frame in (2, 7, 11, 16, 22):
        target = target_of(head().performance, frame)
        true = acted().photo(target)[..., :3] / 255
        pixels, _ = drawn(target, picked(target), pool)
        nearest = int(np.abs(head().bank.index - frame).argmin())
        scores.append(psnr(pixels[..., :3], true, inside_face(target)))
        copies.append(psnr(head().bank.images[nearest][..., :3] / 255, true, inside_face(target)))
    assert np.mean(scores) > 28 and np.mean(scores) > np.mean(copies) + 3


def test_a_turned_head_is_shown_by_frames_turned_to_the_same_side() -> None:
    yaw = np.degrees(np.arcsin(head().bank.pose.rotation[:, 0, 2]))  # of the nose, against the picture's x
    for turn in (-15.0, 15.0):
        mix = picked(at_rest(turn), 4)
        value = weights(mix).mean((1, 2))
        assert np.sign((value * -yaw[mix.chosen]).sum()) == np.sign(turn)


def test_each_side_of_the_face_comes_from_the_frame_that_shows_it() -> None:
    sides = performance_of(average(), np.stack([average()] * 3), poses(np.array([0.0, -40.0, 40.0])))
    bank = build_bank(head().surface, sides, head().bank.window, np.array([1, 2]), list(head().bank.images[:2]))
    share = weights(choose(bank, head().surface, posed(at_rest()), TOPOLOGY, 2)).reshape(2, -1)
    x, y = head().surface.vertices[:, 0], head().surface.vertices[:, 1]
    for side, row in ((-1, 1), (1, 0)):  # yaw > 0 shows what lies at x < 0
        cheek = (side * x > 0.5) & (side * x < 0.65) & (np.abs(y - 0.3) < 0.2)
        assert share[row, cheek].mean() > 0.8


def test_an_open_mouth_is_shown_by_frames_with_an_open_mouth() -> None:
    surface, performance = head().surface, head().performance
    gap = np.array([lip_gap(performance.canonical[frame]) for frame in head().bank.index])
    mouth = surface.regions[0].reshape(surface.grid, surface.grid) > 0.9

    def shown(opening: float) -> float:
        mix = picked(at_rest(mouth=opening))
        return float((weights(mix)[:, mouth].mean(1) * gap[mix.chosen]).sum())

    assert shown(0.2) > 0.12 and shown(0.0) < 0.05


def test_only_allowed_frames_are_chosen() -> None:
    target = target_of(head().performance, 3)
    allowed = np.array([0, 4, 5, 8])
    assert 1 in picked(target, 3).chosen
    assert set(picked(target, 3, allowed=allowed).chosen) <= set(allowed)
    assert picked(target, 6, allowed=allowed).chosen.tolist() == allowed.tolist()


def test_a_bank_smaller_than_the_count_is_used_whole() -> None:
    assert picked(at_rest(), 16).chosen.tolist() == list(range(9))


def test_frames_in_use_are_kept_until_another_is_clearly_better() -> None:
    changes = {True: 0, False: 0}
    for sticky in changes:
        previous: Array | None = None
        for yaw in 12 * np.sin(np.linspace(0, 36, 240)) + np.random.default_rng(0).normal(0, 1.0, 240):
            mix = picked(at_rest(float(yaw)), 3, previous if sticky else None)
            changes[sticky] += 0 if previous is None else len(set(mix.chosen) - set(previous))
            previous = mix.chosen
    assert 0 < changes[True] < 0.9 * changes[False]


def test_a_far_better_frame_replaces_those_in_use() -> None:
    previous = picked(at_rest(-18.0), 3).chosen
    assert set(picked(at_rest(18.0), 3, previous).chosen) == set(picked(at_rest(18.0), 3).chosen) != set(previous)


# What no frame shows


def test_a_mouth_wider_open_than_ever_seen_is_known_and_no_other_is() -> None:
    closed = acted().head([0, 8, 16])  # frames with the mouth all but shut
    surface = closed.surface
    opened, shut = at_rest(mouth=0.35), at_rest()
    for target, dark in ((opened, True), (shut, False)):
        mix = choose(closed.bank, surface, posed(target), TOPOLOGY, 3)
        assert (mix.cavity.max() > 0.5) == dark
        assert mix.cavity[surface.interior.reshape(mix.cavity.shape) < 0.01].max() < 0.01


def test_eyes_that_close_further_than_ever_seen_get_lashes() -> None:
    awake = acted().head([0, 3, 6])
    eyeballs = awake.surface.eyeballs.reshape(awake.surface.grid, -1)
    shut, opened = (
        choose(awake.bank, awake.surface, posed(at_rest(lids=lids)), TOPOLOGY, 3).lashes for lids in (1.0, 0.0)
    )
    assert shut.max() > 0.2 and opened.max() < 0.05
    assert shut[eyeballs < 0.01].max() < 0.01


def test_pixels_that_stay_in_place_are_known_to_have_stayed(pool: ThreadPoolExecutor) -> None:
    target = target_of(head().performance, 0)
    pixels, seen = drawn(target, picked(target, 1), pool)
    assert np.median(pixels[seen.covered][:, 4]) < 0.05
    away = Target(poses(np.array([20.0]))[0], target.canonical, target.torso)
    pixels, seen = drawn(away, picked(target, 1), pool)
    assert np.median(pixels[inside_face(away)][:, 4]) > 3


@pytest.mark.parametrize("side", [-1, 1])
def test_beyond_the_sides_of_all_pictures_nothing_is_drawn_out_to_streaks(side: int) -> None:
    grid = np.stack(np.meshgrid(np.arange(65.0), np.arange(65.0)), -1).astype(np.float32)
    bank = head().bank
    height, width = bank.images.shape[1:3]
    places = grid * [width / 64, height / 64]
    places[..., 0] += side * 0.25 * width  # moved aside: a quarter of it was never seen
    moved = replace(bank, places=places.reshape(1, -1, 2).astype(np.float32).repeat(len(bank), 0))
    mix = Mix(np.array([0, 1]), np.zeros((2, 65, 65), np.float32), np.zeros((65, 65)), np.zeros((65, 65)))
    xy = np.stack(np.meshgrid(np.linspace(0, 64, 80), np.linspace(0, 64, 80)), -1).astype(np.float32)
    pixels = np.ones((80, 80, 5), np.float32)
    torso = pixels.copy()
    seen_all = Seen(xy, np.ones((80, 80), np.float32))
    within_sides(torso, seen_all, mix, moved, np.zeros(65 * 65, np.float32))
    assert (torso == 1).all()
    within_sides(pixels, seen_all, mix, moved, np.ones(65 * 65, np.float32))
    streak, seen = (np.s_[:, -15:], np.s_[:, :58]) if side > 0 else (np.s_[:, :15], np.s_[:, -58:])
    assert pixels[streak][..., 3].max() < 0.02
    assert pixels[seen][..., 3].min() > 0.98
    assert (pixels[..., [0, 1, 2, 4]] == 1).all()


def test_far_from_all_keyframes_a_network_is_followed_within_the_person_alone() -> None:
    matte = np.linspace(0, 1, 16 * 16, dtype=np.float32).reshape(16, 16)
    maps = np.zeros((len(MAPS), 16, 16), np.float32)
    maps[MAPS.index("matte")] = matte
    sources = np.ones((2, 4, 16, 16), np.float32)
    sources[0, 3, 8:] = 0  # the frame shows nobody there; the recurrent head, which is the last source, does
    evidence = Evidence(sources, np.zeros((2, 2, 16, 16), np.float32), maps, (16, 12))
    bank = replace(acted().head([0]).bank, pose=poses(np.zeros(1)))
    own = np.where(np.arange(16)[:, None] < 8, matte[:, :12], 0)
    for yaw, expected in ((0.0, np.ones((16, 12))), (40.0, own)):
        target = replace(target_of(acted().performance, 0), pose=poses(np.array([yaw]))[0])
        np.testing.assert_allclose(leeway(evidence, 1, bank, target), expected, atol=1e-6)


def test_an_eye_that_looks_where_no_frame_looks_takes_its_lids_from_a_frame_with_such_lids() -> None:
    """Its iris is painted: a frame that shows it half way there, under lids nearly shut, would smear the lids."""
    faces = [average(), act(average(), lids=0.5, gaze=0.12)]
    clip = performance_of(average(), np.stack([average(), *faces]), poses(np.zeros(3)))
    bank = build_bank(head().surface, clip, head().bank.window, np.array([1, 2]), list(head().bank.images[:2]))
    share = weights(choose(bank, head().surface, posed(at_rest(gaze=0.3)), TOPOLOGY, 2)).reshape(2, -1)
    for eye in head().surface.regions[1:3]:
        assert share[0, eye > 0.9].mean() > 0.6
