"""Direct alignment: a head's pose by all of its pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from heads import TOPOLOGY, Painted, acted
from hypothesis import given
from hypothesis import strategies as st

from tmt.align import NOISE, Aligner, View, pictured, posed
from tmt.bank import target_of
from tmt.geometry import rotation_angle, rotation_from_euler, rotation_from_vector, rotation_vector, transform
from tmt.kernels_align import accumulate
from tmt.keyframes import keyframes_of, settled
from tmt.types import Array, Performance, Pose, Target

FRAMES = np.array([0, 3, 6, 9, 14, 18, 21])
angles = st.floats(-3, 3)


def shots(head: Painted) -> list[Array]:
    return [head.photo(target_of(head.performance, int(frame))) for frame in FRAMES]


def turned(pose: Pose, yaw: float, pitch: float, roll: float, growth: float = 1.0) -> Pose:
    """A pose told wrongly, by degrees."""
    turn = rotation_from_euler(*np.radians([yaw, pitch, roll]))
    return Pose(pose.scale * growth, turn @ pose.rotation, pose.translation)


def off(one: Pose, other: Pose) -> float:
    return float(np.degrees(rotation_angle(one.rotation, other.rotation)))


def views_of(head: Painted) -> tuple[Aligner, list[View]]:
    aligner = Aligner(head.surface, head.performance, TOPOLOGY)
    return aligner, [
        aligner.view(int(frame), pictured(image, head.window)) for frame, image in zip(FRAMES, shots(head), strict=True)
    ]


@pytest.mark.parametrize("wrong", [(2, 0, 0, 1), (0, 2, 0, 1), (0, 0, 2, 1), (-1.5, 1.5, -1, 1.02)])
def test_a_pose_that_landmarks_tell_wrongly_is_set_right_by_the_picture(wrong: tuple[float, ...]) -> None:
    head = acted()
    aligner, views = views_of(head)
    true = target_of(head.performance, 12)
    told = Target(turned(true.pose, *wrong), true.canonical, true.torso)
    found = aligner.pose(told, pictured(head.photo(true), head.window), views)
    assert off(found, true.pose) < 0.4 * off(told.pose, true.pose)
    assert abs(np.log(found.scale / true.pose.scale)) < 0.006


def test_a_pose_that_is_right_stays() -> None:
    head = acted()
    aligner, views = views_of(head)
    true = target_of(head.performance, 12)
    found = aligner.pose(true, pictured(head.photo(true), head.window), views)
    assert off(found, true.pose) < 0.25
    assert float(np.abs(found.translation - true.pose.translation)[:2].max()) < 0.25


def test_where_the_picture_tells_nothing_landmarks_do() -> None:
    head = acted()
    aligner, views = views_of(head)
    target = target_of(head.performance, 12)
    grey = pictured(np.full((*head.window.shape, 3), 128, np.uint8), head.window)
    assert off(aligner.pose(target, grey, views), target.pose) < 0.1
    nobody = pictured(np.zeros((*head.window.shape, 4), np.uint8), head.window)
    assert len(aligner.view(0, nobody).vertices) == 0
    seen = pictured(head.photo(target), head.window)
    assert aligner.pose(target, seen, [aligner.view(0, nobody)]) is target.pose
    assert aligner.pose(target, seen, []) is target.pose


def test_a_lost_face_is_found_by_the_picture_where_it_is_to_be_seen() -> None:
    head = acted()
    aligner, views = views_of(head)
    true = target_of(head.performance, 12)
    guess = Target(turned(true.pose, 3, -2, 1), true.canonical, true.torso)
    found = aligner.pose(guess, pictured(head.photo(true), head.window), views, lost=True)
    assert off(found, true.pose) < 0.3 * off(guess.pose, true.pose)
    noise = np.random.default_rng(0).integers(0, 256, (*head.window.shape, 3)).astype(np.uint8)
    assert aligner.pose(guess, pictured(noise, head.window), views, lost=True) is guess.pose


def test_views_from_elsewhere_are_believed_less_the_further_away_they_are() -> None:
    head = acted()
    aligner, views = views_of(head)
    true = target_of(head.performance, 12)
    told = Target(turned(true.pose, 2, 0, 0), true.canonical, true.torso)
    picture = pictured(head.photo(true), head.window)
    changes = []
    for away in (0, 14, 25):
        rotation = rotation_from_euler(0, np.radians(-away), 0) @ told.pose.rotation
        aside = [replace(view, rotation=rotation) for view in views]
        changes.append(off(aligner.pose(told, picture, aside), told.pose))
    assert changes[0] > 1
    assert changes[1] == pytest.approx(changes[0] / 2, rel=0.05)
    assert changes[2] < 1e-4


def wronged(head: Painted, seed: int = 1) -> Performance:
    """What a trembling tracker would tell of the keyframes, the reference aside."""
    rng, performance = np.random.default_rng(seed), head.performance
    wrong = [turned(performance.pose[int(frame)], *rng.normal(0, 1.0, 3)) for frame in FRAMES[1:]]
    told = posed(performance, FRAMES[1:], wrong)
    return replace(told, canonical=performance.canonical)


def test_keyframes_laid_over_each_other_agree_on_where_the_head_is() -> None:
    head = acted()
    told, pictures = wronged(head), shots(head)
    keyframes = keyframes_of(Aligner(head.surface, told, TOPOLOGY), FRAMES, pictures, head.window)
    found = settled(head.surface, told, keyframes, TOPOLOGY)
    before, after = (
        np.mean([off(one.pose[int(k)], head.performance.pose[int(k)]) for k in FRAMES[1:]]) for one in (told, found)
    )
    assert before > 0.8
    assert after < 0.5 * before
    change = rotation_vector(np.swapaxes(told.pose.rotation, 1, 2) @ found.pose.rotation)
    assert np.degrees(np.linalg.norm(change[FRAMES].mean(0))) < 0.02  # on the mean landmarks are believed
    between = rotation_vector(found.pose.rotation @ np.swapaxes(told.pose.rotation, 1, 2))
    np.testing.assert_allclose(between[4], (2 * between[3] + between[6]) / 3, atol=1e-6)


def test_one_keyframe_alone_stays_where_landmarks_put_it() -> None:
    head = acted()
    aligner = Aligner(head.surface, head.performance, TOPOLOGY)
    alone = keyframes_of(aligner, FRAMES[:1], shots(head)[:1], head.window)
    found = settled(head.surface, head.performance, alone, TOPOLOGY)
    assert found is head.performance


@given(angles, angles, angles, st.floats(0.95, 1.05))
def test_another_pose_leaves_landmarks_where_they_are_in_the_picture(
    yaw: float, pitch: float, roll: float, growth: float
) -> None:
    performance = acted().performance
    other = posed(performance, np.array([5]), [turned(performance.pose[5], yaw, pitch, roll, growth)])
    before, after = (transform(p.pose[5], p.canonical[5].astype(np.float64)) for p in (performance, other))
    np.testing.assert_allclose(after[:, :2], before[:, :2], atol=1e-3)
    np.testing.assert_array_equal(other.canonical[4], performance.canonical[4])


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_a_rotation_and_its_vector_are_the_same(vector: list[float]) -> None:
    rotation = rotation_from_vector(np.array(vector))
    if np.linalg.norm(vector) < np.pi:
        np.testing.assert_allclose(rotation_vector(rotation), vector, atol=1e-6)


def test_the_kernel_says_what_plain_arrays_say() -> None:
    rng = np.random.default_rng(0)
    planes, turned_points = rng.random((12, 15, 9), np.float32), rng.normal(size=(40, 3))
    places = rng.uniform([1.2, 1.2], [13.8, 10.8], (40, 2)).round() + 0.5  # at the middles of pixels: no interpolation
    colours, weight, unit = rng.random((40, 3), np.float32), rng.random(40), 3.0
    normal, wanted = np.empty((7, 7)), np.empty(7)
    cost = accumulate(planes, turned_points, places, unit, NOISE, colours, weight, normal, wanted)
    inside = ((places - 0.5 > 0.5) & (places - 0.5 < np.array([15, 12]) - 1.5)).all(1)
    here = planes[tuple((places - 0.5).astype(int).T[::-1])].astype(np.float64)
    apart = (colours - here[:, :3]) / NOISE
    trust = inside * weight / (1 + (apart**2).sum(1))
    x, y, z = turned_points.T
    by_x, by_y = np.zeros((40, 7)), np.zeros((40, 7))
    by_x[:, [1, 2, 3, 4]], by_y[:, [0, 2, 3, 5]] = np.c_[z, -y, x, 1 + 0 * x], np.c_[-z, x, y, 1 + 0 * x]
    slopes = (here[:, 3:6, None] * by_x[:, None] + here[:, 6:, None] * by_y[:, None]) * unit / NOISE
    np.testing.assert_allclose(normal, np.einsum("n,nci,ncj->ij", trust, slopes, slopes), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(wanted, np.einsum("n,nci,nc->i", trust, slopes, apart), rtol=1e-4, atol=1e-4)
    assert cost == pytest.approx((inside * weight * np.log1p((apart**2).sum(1))).sum() / 2, rel=1e-5)
