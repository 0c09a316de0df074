"""What of a head moves beside pose and landmarks, on painted heads that swing as is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from heads import DATA, TOPOLOGY, Painted, acted, pipeline, studied
from hypothesis import given
from hypothesis import strategies as st

from tmt.align import NOISE, Aligner, View, pictured
from tmt.bank import target_of
from tmt.geometry import rotation_from_euler
from tmt.kernels_swing import told
from tmt.keyframes import keyframes_of
from tmt.pipeline import TalkingHeadPipeline, run_to_end
from tmt.progress import nobody
from tmt.render import deform, hats
from tmt.retarget import retarget
from tmt.study import laid, variant
from tmt.swing import FACE, FREE, NODES, Swinger, freedom, stiffness, swung
from tmt.types import Array, Performance, Settings, Target

FRAMES = np.array([0, 3, 6, 9, 14, 18, 21])


def waved(x: float, y: float) -> Array:
    """A swing [S, S, 2] of all of a head but its middle, by head units."""
    across, down = np.meshgrid(*[np.linspace(-1, 1, NODES)] * 2)
    away = np.clip(np.hypot(across, down) / 0.5 - 0.4, 0, 1)
    return np.asarray(away[..., None] * np.array([x, y]), np.float32)


def swinging(head: Painted, frame: int, x: float, y: float) -> Target:
    return replace(target_of(head.performance, frame), swing=waved(x, y))


def looks(head: Painted) -> tuple[Swinger, list[View]]:
    aligner = Aligner(head.surface, head.performance, TOPOLOGY)
    shots = [head.photo(target_of(head.performance, int(frame))) for frame in FRAMES]
    views = [
        aligner.view(int(frame), pictured(shot, head.window)) for frame, shot in zip(FRAMES, shots, strict=True)
    ]
    return Swinger(aligner), views


def seen_of(head: Painted, views: list[View]) -> Array:
    """Vertices that the views tell of, and that are free to move."""
    free = hats(head.surface.grid, NODES) @ freedom(head.surface).astype(np.float32) @ hats(head.surface.grid, NODES).T
    told_of = np.unique(np.concatenate([view.vertices for view in views]))
    return told_of[free.ravel()[told_of] > 0.8 * FREE]


def moved(head: Painted, swing: Array, vertices: Array) -> Array:
    """How a swing moves vertices, head units."""
    canonical = head.performance.neutral
    offsets = deform(head.surface, canonical, swing) - deform(head.surface, canonical)
    return np.asarray(offsets[vertices, :2])


@pytest.mark.parametrize("by", [(0.05, 0.0), (0.0, -0.05), (-0.04, 0.03)])
def test_hair_that_swings_is_followed_by_the_picture(by: tuple[float, float]) -> None:
    head = acted()
    swinger, views = looks(head)
    target = swinging(head, 12, *by)
    found = swinger.swing(replace(target, swing=None), pictured(head.photo(target), head.window), views)
    vertices = seen_of(head, views)
    true, here = (moved(head, one, vertices) for one in (waved(*by), found))
    apart = np.linalg.norm(here - true, axis=1)
    assert len(vertices) > 200
    assert np.median(apart) < 0.35 * np.median(np.linalg.norm(true, axis=1))
    again = swinger.swing(replace(target, swing=found), pictured(head.photo(target), head.window), views)
    assert np.median(np.linalg.norm(moved(head, again, vertices) - true, axis=1)) <= np.median(apart) * 1.05


def test_a_head_that_is_still_stays() -> None:
    head = acted()
    swinger, views = looks(head)
    target = target_of(head.performance, 12)
    found = swinger.swing(target, pictured(head.photo(target), head.window), views)
    assert float(np.abs(moved(head, found, seen_of(head, views))).mean()) < 0.004


def test_where_the_picture_tells_nothing_nothing_swings() -> None:
    head = acted()
    swinger, views = looks(head)
    target = target_of(head.performance, 12)
    grey = pictured(np.full((*head.window.shape, 3), 128, np.uint8), head.window)
    assert float(np.abs(swinger.swing(target, grey, views)).max()) < 1e-6
    seen = pictured(head.photo(swinging(head, 12, 0.05, 0)), head.window)
    assert not swinger.swing(target, seen, []).any()
    aside = rotation_from_euler(np.radians(25), 0, 0) @ target.pose.rotation
    assert not swinger.swing(target, seen, [replace(view, rotation=aside) for view in views]).any()


def test_the_face_is_held_by_its_landmarks_more_than_hair_is() -> None:
    surface = acted().surface
    free = freedom(surface)
    middle = free[NODES // 2 - 3 : NODES // 2 + 3, NODES // 2 - 3 : NODES // 2 + 3]
    assert free.max() == pytest.approx(FREE)
    assert middle.max() < 1.5 * FACE


def shaken(head: Painted) -> tuple[list[Array], Array]:
    """Pictures of keyframes in which the head swings, and how [K, S, S, 2]."""
    by = np.random.default_rng(3).normal(0, 0.03, (len(FRAMES), 2))
    by -= by.mean(0)
    targets = [swinging(head, int(frame), *one) for frame, one in zip(FRAMES, by, strict=True)]
    return [head.photo(target) for target in targets], np.stack([waved(*one) for one in by])


def test_keyframes_laid_over_each_other_agree_on_their_hair_and_stay_on_the_mean() -> None:
    head = acted()
    pictures, true = shaken(head)
    keyframes = keyframes_of(Aligner(head.surface, head.performance, TOPOLOGY), FRAMES, pictures, head.window)
    found = swung(head.surface, head.performance, keyframes, TOPOLOGY).swing
    assert found is not None
    vertices = seen_of(head, looks(head)[1])
    off = [np.linalg.norm(moved(head, one, vertices) - moved(head, t, vertices), axis=1) for one, t in
           zip(found[FRAMES].astype(np.float32), true, strict=True)]  # fmt: skip
    without = [np.linalg.norm(moved(head, t, vertices), axis=1) for t in true]
    assert np.mean(off) < 0.6 * np.mean(without)
    assert float(np.abs(found[FRAMES].astype(np.float32).mean(0)).max()) < 1e-3
    assert not found[np.setdiff1d(np.arange(len(head.performance)), FRAMES)].any()


def test_a_field_is_spread_over_the_sheet_as_it_is_at_its_nodes() -> None:
    grid, nodes = 47, 24  # every second vertex is a node
    between = hats(grid, nodes)
    np.testing.assert_allclose(between.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(between[::2], np.eye(nodes), atol=1e-6)
    np.testing.assert_allclose(between @ np.arange(nodes), np.arange(grid) / 2, atol=1e-5)


def dense(band: Array) -> Array:
    """A symmetric matrix out of its lower band."""
    out = np.zeros((band.shape[1], band.shape[1]))
    for below, row in enumerate(band):
        for column, value in enumerate(row[: len(out) - below]):
            out[column + below, column] = out[column, column + below] = value
    return out


def test_nodes_are_drawn_to_where_they_were_and_to_their_neighbours() -> None:
    free = np.full((5, 5), 0.1)
    matrix = dense(stiffness(free))
    assert np.linalg.eigvalsh(matrix).min() == pytest.approx(1 / 0.1**2)
    alike = np.tile([0.3, -0.2], 25)
    np.testing.assert_allclose(matrix @ alike, alike / 0.1**2, atol=1e-9)


@given(st.integers(0, 1000))
def test_the_kernel_says_what_plain_arrays_say(seed: int) -> None:
    rng, side = np.random.default_rng(seed), 4
    planes, ahead = rng.random((12, 15, 9), np.float32), rng.normal(size=(2, 2))
    places = rng.uniform([1.2, 1.2], [13.8, 10.8], (30, 2)).round() + 0.5  # at the middles of pixels: no interpolation
    colours, weight, nodes = rng.random((30, 3), np.float32), rng.random(30), rng.uniform(0, side - 1, (30, 2))
    band, wanted = np.zeros((2 * side + 4, 2 * side**2)), np.zeros(2 * side**2)
    cost = told(planes, ahead, places, NOISE, colours, weight, nodes, band, wanted)
    here = planes[tuple((places - 0.5).astype(int).T[::-1])].astype(np.float64)
    inside = ((places - 0.5 > 0.5) & (places - 0.5 < np.array([15, 12]) - 1.5)).all(1)
    apart = (colours - here[:, :3]) / NOISE
    trust = inside * weight / (1 + (apart**2).sum(1))
    hat = np.maximum(1 - np.abs(nodes[:, None] - np.array([(k % side, k // side) for k in range(side**2)])), 0).prod(2)
    slopes = np.einsum("ncd,de->nce", np.stack([here[:, 3:6], here[:, 6:]], 2), ahead) / NOISE
    full = np.einsum("nce,nk->ncke", slopes, hat).reshape(30, 3, -1)
    np.testing.assert_allclose(dense(band), np.einsum("n,nci,ncj->ij", trust, full, full), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(wanted, np.einsum("n,nci,nc->i", trust, full, apart), rtol=1e-4, atol=1e-4)
    assert cost == pytest.approx((inside * weight * np.log1p((apart**2).sum(1))).sum() / 2, rel=1e-5)


def swings(performance: Performance, by: Array) -> Performance:
    return replace(performance, swing=np.tile(by, (len(performance), 1, 1, 1)).astype(np.float16))


def test_the_same_persons_hair_swings_along_and_nobody_elses() -> None:
    subject = swings(studied().performance, waved(0, 0))
    driver = swings(subject, waved(0.05, 0))
    himself = retarget(subject, driver, TOPOLOGY, Settings(mode="absolute")).target(3).swing
    assert himself is not None
    np.testing.assert_allclose(himself, waved(0.05, 0), atol=1e-4)
    still = retarget(subject, driver, TOPOLOGY, Settings(mode="relative", head=0.0)).target(3).swing
    assert still is not None
    assert not still.any()
    other = replace(driver, mean_face=None)
    assert retarget(subject, other, TOPOLOGY, Settings()).target(3).swing is None


def test_a_clip_of_the_subject_is_looked_at_for_it_and_one_of_another_person_is_not() -> None:
    head = studied()
    assert head.performance.swing is not None
    drives = [run_to_end(pipeline().drive(DATA / name, Settings(), head), nobody) for name in
              ("subject.mp4", "driving.mp4")]  # fmt: skip
    own, others = (drive.performance.swing for drive in drives)
    assert own is not None
    assert 1e-4 < float(np.abs(own).mean()) < 0.05
    assert others is None


def test_it_can_be_left_out_and_weaker_methods_know_nothing_of_it() -> None:
    head = studied()
    plain = TalkingHeadPipeline(pipeline().tracker, ("swing",))
    bare = replace(head, performance=replace(head.performance, swing=None))
    assert run_to_end(plain.drive(DATA / "subject.mp4", Settings(), bare), nobody).performance.swing is None
    for method in ("single", "flat", "learned2d"):
        assert variant(head, method, TOPOLOGY).performance.swing is None
    driver = swings(head.performance, waved(0.05, 0))
    _, plan = laid(head, driver, TOPOLOGY, Settings(method="flat"))
    assert plan.target(0).swing is None


def test_a_picture_is_read_where_the_head_has_swung_to() -> None:
    head = acted()
    _, views = looks(head)
    picture = pictured(head.photo(swinging(head, 3, 0.05, 0)), head.window)
    still = Aligner(head.surface, head.performance, TOPOLOGY).again(views[1], 3, picture)
    moved_along = Aligner(head.surface, swings(head.performance, waved(0.05, 0)), TOPOLOGY).again(views[1], 3, picture)
    off = [float(np.abs(view.colours - views[1].colours).mean()) for view in (still, moved_along)]
    assert off[1] < 0.5 * off[0]
