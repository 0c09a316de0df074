"""Which frames are kept, and where the surface lies and is seen in them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from heads import SCALE, SIDE, TOPOLOGY, act, acted, average, performance_of, poses
from scipy.interpolate import RegularGridInterpolator

from tmt.bank import (
    EXTREME,
    UNIFORM,
    build_bank,
    cell_area,
    choose_keyframes,
    facing,
    novelty,
    target_of,
    unfolded,
    view_direction,
    visibility,
)
from tmt.geometry import transform
from tmt.render import deform, place
from tmt.types import Array, FrameBank, Performance, Target, Window


def long_clip(count: int = 200) -> Performance:
    """Almost still, but for one turned frame, one with the mouth open and one blink."""
    yaw = np.sin(np.arange(count) / 9)
    yaw[101] = 25.0
    faces = [act(average(), mouth=0.25 * (i == 53), lids=float(i == 157)) for i in range(count)]
    return performance_of(average(), np.stack(faces), poses(yaw), reference=3)


@cache
def bank() -> FrameBank:
    return acted().head(range(0, 25, 3)).bank


def blank(count: int) -> list[Array]:
    """Pictures with nothing on them."""
    return [np.zeros((SIDE, SIDE, 4), np.uint8)] * count


# Which frames


def test_keyframes_hold_the_reference_the_whole_length_and_the_extremes() -> None:
    performance = long_clip()
    frames = choose_keyframes(performance, np.ones(len(performance)), TOPOLOGY)
    assert {3, 0, 199, 53, 101, 157} <= set(frames.tolist())
    assert len(frames) <= UNIFORM + EXTREME + 1
    assert np.diff(frames).min() > 0 and np.diff(frames).max() < 10


def test_frames_without_a_face_are_not_kept() -> None:
    performance = long_clip()
    found = np.ones(len(performance), bool)
    found[90:130] = False
    frames = choose_keyframes(replace(performance, found=found), np.ones(len(performance)), TOPOLOGY)
    assert not ((frames >= 90) & (frames < 130)).any()


def test_blurred_frames_are_no_extremes() -> None:
    performance, sharpness = long_clip(), np.ones(200)
    sharpness[[53, 101]] = 0.1
    sharpness[::4] = 0.5  # there is always a lowest quarter
    even = set(choose_keyframes(performance, np.ones(200), TOPOLOGY).tolist()) - {53, 101, 157}
    assert not {53, 101} & (set(choose_keyframes(performance, sharpness, TOPOLOGY).tolist()) - even)


def test_a_still_picture_is_its_own_only_keyframe() -> None:
    performance = performance_of(average(), average()[None], poses(np.array([0.0])))
    assert choose_keyframes(performance, np.ones(1), TOPOLOGY).tolist() == [0]


def test_a_short_clip_is_kept_whole() -> None:
    performance = acted().performance
    assert len(choose_keyframes(performance, np.ones(25), TOPOLOGY)) == 25


# What is known of each


def test_a_bank_has_one_row_per_keyframe() -> None:
    surface, count = acted().surface, len(bank())
    assert count == 9 and bank().index.tolist() == list(range(0, 25, 3))
    assert bank().places.shape == (count, surface.grid**2, 2) and bank().offsets.shape == (count, surface.grid**2, 3)
    assert bank().quality.shape == bank().area.shape == (count, surface.grid**2)
    assert bank().images.dtype == np.uint8 and bank().images.shape[1:] == (SIDE, SIDE, 4)
    for name in ("places", "offsets", "quality", "area", "view", "landmarks", "torso"):
        assert getattr(bank(), name).dtype == np.float32, name


def test_places_say_where_each_landmark_is_in_each_picture() -> None:
    performance, surface = acted().performance, acted().surface
    sheet = surface.vertices.reshape(surface.grid, surface.grid, 3)
    inner = [i for i in TOPOLOGY.stable if i not in TOPOLOGY.oval] + list(TOPOLOGY.mouth_corners)
    for row, frame in enumerate(bank().index):
        there = RegularGridInterpolator(
            (sheet[:, 0, 1], sheet[0, :, 0]), bank().places[row].reshape(surface.grid, surface.grid, 2)
        )(surface.parameter[inner][:, [1, 0]])
        true = transform(performance.pose[int(frame)], performance.canonical[frame])[inner, :2]
        assert np.linalg.norm(there - true, axis=1).mean() < 0.01 * SCALE
        np.testing.assert_allclose(there, true, atol=0.04 * SCALE)


def test_places_are_pixels_of_the_window() -> None:
    performance, surface = acted().performance, acted().surface
    half = Window(20.0, 10.0, 120.0, 120.0, 0.5)
    small = build_bank(surface, performance, half, np.array([0, 3]), [np.zeros((60, 60, 4), np.uint8)] * 2)
    whole = build_bank(surface, performance, acted().window, np.array([0, 3]), blank(2))
    np.testing.assert_allclose(small.places, (whole.places - (20, 10)) / 2, atol=1e-3)
    np.testing.assert_allclose(small.area, whole.area)


def test_the_far_side_of_a_turned_face_is_known_to_be_hidden() -> None:
    performance = performance_of(average(), np.stack([average()] * 3), poses(np.array([0.0, 65.0, -65.0])))
    surface = acted().surface
    seen = build_bank(surface, performance, acted().window, np.arange(3), blank(3)).quality

    def mean_at(side: int) -> Array:
        x, y = surface.vertices[:, 0] * side, surface.vertices[:, 1]
        return seen[:, (x > 0.45) & (x < 0.65) & (np.abs(y) < 0.2)].mean(1)

    right, left = mean_at(-1), mean_at(1)  # of the picture when frontal
    assert right[0] > -1.5 and left[0] > -1.5
    assert left[1] < right[1] - 1.5  # turned to the right of the picture, its right side goes out of sight
    assert right[2] < left[2] - 1.5


def test_what_a_picture_alone_does_not_show_is_drawn_out_and_not_shown_twice() -> None:
    grid, window = 64, Window(0.0, 0.0, 200.0, 200.0, 1.0)
    column = np.tile(np.arange(grid), (grid, 1))
    # From the right: a face, its far side folded back behind it (columns 16 to 31), what is beside the head.
    left = np.where(column >= 16, 40.0 + 2 * (32 - column), 4 + 2 * column)
    x = np.where(column >= 32, 40.0 + 2 * (column - 32), left)
    places = np.stack([x, 3.0 * column.T + 4], -1).reshape(-1, 2).astype(np.float32)
    hidden, face = ((column >= 16) & (column < 32)).ravel(), (column >= 24).ravel()
    seen, turned = np.where(hidden, 1e-4, 1.0), np.where(hidden, -0.5, 0.8)
    drawn = unfolded(places, seen, turned, face, window)
    far = column.ravel()
    np.testing.assert_array_equal(drawn[far >= 32], places[far >= 32])
    np.testing.assert_array_equal(drawn[far < 8], places[far < 8])
    assert np.abs(drawn[hidden & face, 0] - 40).max() < 4, "skin at the face's edge, not the other eye"
    assert drawn[hidden & ~face, 0].max() < 36, "what is beside the head"
    assert np.abs(drawn[:, 1] - places[:, 1])[hidden].mean() < 3


def test_what_one_of_several_pictures_does_not_show_is_left_to_the_others() -> None:
    performance, surface = performance_of(average(), average()[None], poses(np.array([50.0]))), acted().surface
    target = target_of(performance, 0)
    true = place(surface, deform(surface, target.canonical), target, performance)[:, :2]
    for count in (1, 2):
        places = build_bank(surface, performance, acted().window, np.zeros(count, int), blank(count)).places[0]
        assert np.allclose(places, acted().window.to_window(true), atol=1e-3) == (count == 2)


def test_a_cheek_is_shown_better_the_more_it_faces_the_camera() -> None:
    performance = performance_of(average(), np.stack([average()] * 3), poses(np.array([-20.0, 0.0, 20.0])))
    quality = build_bank(acted().surface, performance, acted().window, np.arange(3), blank(3)).quality
    x, y = acted().surface.vertices[:, 0], acted().surface.vertices[:, 1]
    for side in (-1, 1):
        cheek = (side * x > 0.4) & (side * x < 0.55) & (np.abs(y - 0.3) < 0.2)
        worse_to_better = quality[:, cheek].mean(1)[::-side]  # yaw > 0 shows what lies at x < 0
        assert (np.diff(worse_to_better) > 0).all()


def test_what_lies_outside_the_window_counts_as_unseen() -> None:
    head = acted()
    target = target_of(head.performance, 0)
    vertices = place(head.surface, deform(head.surface, target.canonical), target, head.performance)
    seen = visibility(head.surface, vertices, Window(60.0, 60.0, 40.0, 40.0, 1.0), SCALE)
    x, y = vertices[:, 0], vertices[:, 1]
    away = np.maximum(np.abs(x - 80), np.abs(y - 80))
    far, near = away > 28, away < 12
    assert seen[far].max() < 0.01 and seen[near].mean() > 0.7
    assert seen.min() >= 1e-4 * 0.99 and seen.max() <= 1.001


def plane(angle: float, scale: float = 3.0, grid: int = 16) -> Array:
    """A plane turned about the vertical by an angle, one cell `scale` px [G*G, 3]."""
    x, y = np.meshgrid(np.arange(grid) * scale, np.arange(grid) * scale)
    flat = np.stack([x * np.cos(angle), y, x * np.sin(angle)], -1)
    return flat.reshape(-1, 3).astype(np.float32)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 60.0, 120.0])
def test_facing_is_the_cosine_to_the_camera(degrees: float) -> None:
    np.testing.assert_allclose(facing(plane(np.radians(degrees)), 16), np.cos(np.radians(degrees)), atol=1e-5)


def test_cell_area_is_the_log_of_the_pixels_a_cell_covers() -> None:
    np.testing.assert_allclose(cell_area(plane(0.0), 16), np.log(9), atol=1e-4)
    np.testing.assert_allclose(cell_area(plane(np.radians(60)), 16), np.log(4.5), atol=1e-4)
    np.testing.assert_allclose(cell_area(plane(0.0, scale=6.0), 16), np.log(36), atol=1e-4)
    assert np.isfinite(cell_area(plane(np.radians(120)), 16)).all()  # folded away: little, not less than nothing


def test_views_are_told_apart_by_the_direction_to_the_camera() -> None:
    pose = poses(np.array([0.0, 20.0, 20.0]), np.zeros(3), np.array([0.0, 0.0, 50.0]))
    turned = view_direction(pose.rotation)
    np.testing.assert_allclose(turned[0], (0, 0, 1), atol=1e-6)
    assert np.degrees(np.arccos(turned[0] @ turned[1])) == pytest.approx(20, abs=0.1)
    np.testing.assert_allclose(turned[1], turned[2], atol=1e-6)  # roll shows no other side


def test_a_frame_as_a_target_is_the_performance_of_that_frame() -> None:
    performance = acted().performance
    target: Target = target_of(performance, 7)
    np.testing.assert_array_equal(target.canonical, performance.canonical[7])
    np.testing.assert_array_equal(target.pose.rotation, performance.pose.rotation[7])


@pytest.mark.parametrize(("yaw", "new"), [(0.0, 0.0), (8.0, 0.0), (17.5, 0.5), (40.0, 1.0)])
def test_a_view_is_new_by_its_angle_to_the_nearest_keyframe(yaw: float, new: float) -> None:
    near = replace(bank(), pose=poses(np.array([-30.0, 0.0])))
    target = replace(target_of(acted().performance, 0), pose=poses(np.array([yaw]))[0])
    assert novelty(near, target, (10.0, 25.0)) == pytest.approx(new, abs=1e-3)
