"""A driver's performance on another face: motion comes over, identity stays."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drivers import DRIVERS, acting, faces, still, subject
from heads import SCALE, SIDE, TOPOLOGY, lip_gap, mottled, person

from tmt.depth import neck
from tmt.drift import drifted, shifted, standing
from tmt.expression import measure
from tmt.geometry import rotation_angle, rotation_from_euler, transform
from tmt.motion import rest_pose
from tmt.retarget import retarget, sameness
from tmt.types import Pose, Settings

# Identity


@pytest.mark.parametrize("driver", ["wide", "long"])
def test_a_driver_at_rest_leaves_the_subject_at_rest_whatever_the_drivers_face(driver: str) -> None:
    plan = retarget(subject(), still(person(*DRIVERS[driver])), TOPOLOGY, Settings())
    assert np.abs(plan.target(0).canonical - subject().neutral).max() < 0.005


@pytest.mark.parametrize("driver", ["wide", "long"])
def test_points_that_no_expression_moves_keep_the_subjects_places(driver: str) -> None:
    plan = retarget(subject(), acting(*DRIVERS[driver]), TOPOLOGY, Settings())
    points = [i for i in TOPOLOGY.stable if i not in TOPOLOGY.right_eye.corners + TOPOLOGY.left_eye.corners]
    np.testing.assert_allclose(faces(plan)[:, points], np.tile(subject().neutral[points], (24, 1, 1)), atol=0.01)


def test_the_same_person_is_known_from_two_clips_and_two_people_are_told_apart() -> None:
    assert sameness(subject(), acting(), TOPOLOGY)[0] == 1
    assert sameness(subject(), acting(*DRIVERS["wide"]), TOPOLOGY)[0] == 0
    assert sameness(acting(*DRIVERS["long"]), acting(*DRIVERS["wide"]), TOPOLOGY)[0] == 0


# Modes


@pytest.mark.parametrize("name", ["same clip", "other clip"])
def test_the_same_person_passes_unchanged_in_absolute_mode(name: str) -> None:
    driver = acting(scale=40.0)
    plan = retarget(driver if name == "same clip" else subject(), driver, TOPOLOGY, Settings(mode="absolute"))
    for index in range(len(plan)):
        target = plan.target(index)
        there = transform(target.pose, target.canonical.astype(float))
        theirs = transform(driver.pose[index], driver.canonical[index])
        np.testing.assert_allclose(there[:, :2], theirs[:, :2], atol=0.05)


def test_absolute_mode_puts_the_head_where_the_driver_stands_in_pictures_of_any_size() -> None:
    driver = acting(*DRIVERS["wide"])
    wide = replace(subject(), size=(2 * SIDE + 60, 2 * SIDE))
    plan = retarget(wide, driver, TOPOLOGY, Settings(mode="absolute"))
    stable = list(TOPOLOGY.stable)
    for index in range(0, 24, 5):
        middle = transform(plan.pose[index], wide.shape[stable])[:, :2].mean(0)
        theirs = transform(driver.pose[index], driver.shape[stable])[:, :2].mean(0)
        np.testing.assert_allclose(middle, 2 * theirs + (30, 0), atol=2.5)
        assert np.degrees(rotation_angle(plan.pose.rotation[index], driver.pose.rotation[index])) < 3


@pytest.mark.parametrize("driver", DRIVERS)
def test_in_relative_mode_a_driver_at_rest_leaves_the_subject_at_rest(driver: str) -> None:
    performance = acting(*DRIVERS[driver])
    calm = rest_pose(performance)
    held = Pose(*(np.repeat(np.asarray(part)[None], 24, 0) for part in (calm.scale, calm.rotation, calm.translation)))
    plan, start = retarget(subject(), replace(performance, pose=held), TOPOLOGY, Settings()), rest_pose(subject())
    np.testing.assert_allclose(plan.pose.rotation, np.tile(start.rotation, (24, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(plan.pose.translation, np.tile(start.translation, (24, 1)), atol=1e-9)
    np.testing.assert_allclose(plan.pose.scale, start.scale)


def test_in_relative_mode_turns_and_steps_are_the_drivers_in_the_subjects_size() -> None:
    driver = acting(*DRIVERS["wide"], scale=30.0)
    later = np.arange(24) >= 12
    pose = Pose(
        np.where(later, 1.2, 1.0) * driver.pose.scale, driver.pose.rotation,
        driver.pose.translation + later[:, None] * (9.0, -3.0, 0.0),
    )
    shifted = replace(driver, pose=pose)
    plan, start = retarget(subject(), shifted, TOPOLOGY, Settings()), rest_pose(subject())
    for index in range(24):
        turn = plan.pose.rotation[index] @ start.rotation.T
        theirs = driver.pose.rotation[index] @ rest_pose(shifted).rotation.T
        assert np.degrees(rotation_angle(turn, theirs)) < 1e-4
    ratio = float(start.scale / rest_pose(shifted).scale)
    steps = plan.pose.translation - plan.pose.translation[0]
    np.testing.assert_allclose(steps, (pose.translation - pose.translation[0]) * ratio, atol=1e-9)
    np.testing.assert_allclose(plan.pose.scale, pose.scale * ratio)


def test_a_reference_frame_caught_in_a_sway_hardly_shifts_the_whole_clip() -> None:
    driver = acting(*DRIVERS["average"])
    first = driver.reference
    pose = Pose(driver.pose.scale.copy(), driver.pose.rotation, driver.pose.translation.copy())
    pose.translation[first, 0] += 0.1 * float(pose.scale[first])
    pose.scale[first] *= 1.05
    calm, shaken = (retarget(subject(), one, TOPOLOGY, Settings()).pose for one in (driver, replace(driver, pose=pose)))
    rest = np.arange(24) != first
    assert np.linalg.norm(calm.translation - shaken.translation, axis=1)[rest].max() < 0.05 * SCALE
    assert np.abs(shaken.scale / calm.scale - 1)[rest].max() < 0.025


def test_a_head_that_sways_as_it_turns_starts_where_it_is_when_it_looks_ahead() -> None:
    """Most frames look aside, and are there shifted, too: their mean is not where the head is at rest."""
    base = acting(*DRIVERS["average"])
    turn = np.radians(np.where(np.arange(24) < 3, 0.0, 12.0 + 8.0 * np.cos(np.arange(24))))
    rotation = rotation_from_euler(turn, 0 * turn, 0 * turn)
    still = np.tile(base.pose.translation[0], (24, 1))
    pose = Pose(np.full(24, 30.0), rotation, still + 30.0 * turn[:, None] * (1.0, 0.0, 0.0))
    faces = np.repeat(base.neutral[None], 24, 0)
    plan = retarget(subject(), replace(base, pose=pose, canonical=faces, reference=1), TOPOLOGY, Settings())
    away = plan.pose.translation[:3] - rest_pose(subject()).translation
    assert np.linalg.norm(away, axis=1).max() < 0.05 * SCALE


# Strengths


@pytest.mark.parametrize("driver", DRIVERS)
def test_strengths_of_zero_give_the_neutral_face_at_rest(driver: str) -> None:
    settings = Settings(head=0.0, mouth=0.0, eyes=0.0, brows=0.0, gaze=0.0)
    plan = retarget(subject(), acting(*DRIVERS[driver]), TOPOLOGY, settings)
    np.testing.assert_allclose(faces(plan), np.tile(subject().neutral, (24, 1, 1)), atol=0.006)
    start = rest_pose(subject())
    np.testing.assert_allclose(plan.pose.rotation, np.tile(start.rotation, (24, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(plan.pose.translation, np.tile(start.translation, (24, 1)))




@pytest.mark.parametrize(
    "driver", ["average", "wide", "long"]
)
def test_a_gaze_strength_of_zero_looks_straight_while_all_else_goes_on(driver: str) -> None:
    plan = faces(retarget(subject(), acting(*DRIVERS[driver]), TOPOLOGY, Settings(gaze=0.0)))
    assert np.ptp(measure(plan, TOPOLOGY).gaze) < 0.01
    assert max(lip_gap(face) for face in plan) > 0.1


@pytest.mark.parametrize(
    ("settings", "gone"),
    [
        (Settings(mouth=0.0), ("mouth_open",)), (Settings(eyes=0.0), ("right_eye", "left_eye")),
        (Settings(brows=0.0), ("right_brow", "left_brow")),
    ],
    ids=["mouth", "eyes", "brows"],
)
@pytest.mark.parametrize("driver", ["average", "wide"])
def test_a_strength_acts_on_its_part_and_leaves_the_others(
    settings: Settings, gone: tuple[str, ...], driver: str
) -> None:
    performance = acting(*DRIVERS[driver])
    full = vars(measure(faces(retarget(subject(), performance, TOPOLOGY, Settings())), TOPOLOGY))
    less = vars(measure(faces(retarget(subject(), performance, TOPOLOGY, settings)), TOPOLOGY))
    for name in ("mouth_open", "right_eye", "left_eye", "right_brow", "left_brow"):
        if name in gone:
            assert np.ptp(less[name]) < 0.35 * np.ptp(full[name])
        else:
            assert np.ptp(less[name]) > 0.7 * np.ptp(full[name])


def test_half_the_head_strength_turns_the_head_half_as_far() -> None:
    plan, driver = retarget(subject(), acting(), TOPOLOGY, Settings(head=0.5)), acting()
    turned = rotation_angle(plan.pose.rotation, rest_pose(subject()).rotation)
    theirs = rotation_angle(driver.pose.rotation, rest_pose(driver).rotation)
    np.testing.assert_allclose(turned, theirs / 2, atol=1e-6)


# The torso


def test_a_torso_never_runs_away_from_its_head() -> None:
    driver = replace(acting(*DRIVERS["wide"]), torso=shifted(standing(24), np.cumsum(np.full((24, 2), 9.0), 0)))
    plan = retarget(subject(), driver, TOPOLOGY, Settings())
    moved = (plan.torso - subject().torso[subject().reference])[:, :2]
    head = (plan.pose.translation - subject().pose.translation[subject().reference])[:, :2]
    assert (np.linalg.norm(moved, axis=1) <= np.linalg.norm(head, axis=1) * 1.2 + 4).all()


def test_a_torso_that_goes_along_with_the_head_keeps_going_along() -> None:
    walk = np.stack([np.linspace(0, 12, 24), np.zeros(24)], 1)
    base = acting(*DRIVERS["wide"])
    pose = Pose(base.pose.scale, base.pose.rotation, base.pose.translation + np.c_[walk, np.zeros(24)])
    plan = retarget(subject(), replace(base, pose=pose, torso=shifted(standing(24), walk)), TOPOLOGY, Settings())
    np.testing.assert_allclose((plan.torso - plan.torso[0])[:, :2], walk * 60 / SCALE, atol=0.1)
    own, first = subject(), plan.driver.reference
    beside = plan.torso[first, :2] - neck(plan.pose[first], own, TOPOLOGY)
    theirs = own.torso[own.reference, :2] - neck(own.pose[own.reference], own, TOPOLOGY)
    np.testing.assert_allclose(beside, theirs, atol=1e-3)


def test_a_head_that_leans_on_its_neck_leaves_the_torso_where_it_is() -> None:
    """Absolute, and the driver leans all the time: where the neck is, not where the middle of the head is."""
    base, angle = acting(), np.radians(25)
    lean = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    straight = Pose(base.pose.scale, np.tile(np.eye(3), (24, 1, 1)), base.pose.translation * 0 + SIDE / 2)
    leaning = replace(straight, rotation=np.tile(lean, (24, 1, 1)))
    shift = neck(straight, base, TOPOLOGY) - neck(leaning, base, TOPOLOGY)
    leaning = replace(leaning, translation=leaning.translation + np.c_[shift, np.zeros(24)])
    torsos = []
    for pose in (straight, leaning):
        driver = replace(base, pose=pose, torso=standing(24))
        torsos.append(retarget(subject(), driver, TOPOLOGY, Settings(mode="absolute")).torso)
    assert np.linalg.norm(shift, axis=1).min() > 10
    np.testing.assert_allclose(torsos[1], torsos[0], atol=1.0)


def test_a_driver_who_leans_in_takes_the_subjects_shoulders_along_and_no_more_than_the_head_grows() -> None:
    base, near = acting(*DRIVERS["wide"]), np.linspace(0, 0.12, 24)
    pose = replace(base.pose, scale=base.pose.scale * (1 + near))
    first = retarget(subject(), base, TOPOLOGY, Settings()).driver.reference
    for grown, wanted in ((near, near), (8 * near, None)):
        torso = np.c_[np.zeros((24, 2)), grown, np.zeros(24)]
        plan = retarget(subject(), replace(base, pose=pose, torso=torso), TOPOLOGY, Settings())
        factor = (1 + plan.torso[:, 2]) / (1 + plan.torso[first, 2]) - 1
        turned = rotation_angle(plan.pose.rotation, plan.pose.rotation[first])
        assert (factor <= np.abs(plan.pose.scale / plan.pose.scale[first] - 1) + turned + 0.1).all()
        if wanted is not None:
            np.testing.assert_allclose(factor, (1 + wanted) / (1 + wanted[first]) - 1, atol=1e-3)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_person_in_the_same_clothes_stands_in_absolute_mode_as_the_driver_does(seed: int) -> None:
    """Clothes are looked for in the other clip; other clothes (seed 2) are put where the neck says."""
    cloth = np.round(mottled((SIDE, SIDE), seed=1) * 255).astype(np.uint8)
    body = np.zeros((SIDE, SIDE, 1), np.uint8)
    body[SIDE // 2 :] = 1
    worn = np.round(mottled((SIDE, SIDE), seed=seed) * 255).astype(np.uint8)
    shift = np.array([[1, 0, 5], [0, 1, -3]], np.float32)
    theirs = np.dstack([cv2.warpAffine(worn[..., 0], shift, (SIDE, SIDE)), body])
    own = replace(subject(), shoulders=np.dstack([cloth[..., :1], body]))
    driver = replace(acting(scale=60.0), shoulders=theirs)
    plain, plan = (
        retarget(own, one, TOPOLOGY, Settings(mode="absolute")) for one in (replace(driver, shoulders=None), driver)
    )
    if seed == 1:
        np.testing.assert_allclose(drifted(plan.torso, np.array([100.0, 200.0])), [[105.0, 197.0]] * 24, atol=0.3)
    else:
        np.testing.assert_array_equal(plan.torso, plain.torso)


def test_a_target_holds_what_the_renderer_needs() -> None:
    plan = retarget(subject(), acting(), TOPOLOGY, Settings())
    target = plan.target(3)
    assert len(plan) == 24 and target.canonical.shape == (TOPOLOGY.count, 3) and target.canonical.dtype == np.float32
    assert target.torso.shape == (4,) and target.pose.rotation.shape == (3, 3)
    np.testing.assert_array_equal(target.pose.rotation, plan.pose.rotation[3])
