"""Mouth, lids, gaze and brows of a driver on another face."""

from __future__ import annotations

import numpy as np
import pytest
from drivers import DRIVERS, acting, faces, still, subject
from heads import TOPOLOGY, act, average, eye_width, lid_gap, lip_gap, performance_of, person, poses
from hypothesis import given
from hypothesis import strategies as st

from tmt.expression import measure
from tmt.openings import below_lip, close_lids, uncross
from tmt.retarget import retarget
from tmt.types import Settings

strength = st.floats(0.0, 2.0)


@pytest.mark.parametrize("driver", ["wide", "long"])
def test_mouth_lids_gaze_and_brows_follow_the_driver(driver: str) -> None:
    performance = acting(*DRIVERS[driver])
    shown = vars(measure(faces(retarget(subject(), performance, TOPOLOGY, Settings())), TOPOLOGY))
    given_by = vars(measure(performance.canonical, TOPOLOGY))
    for name in ("mouth_open", "right_eye", "left_eye", "right_brow", "left_brow", "gaze"):
        assert np.corrcoef(shown[name], given_by[name])[0, 1] > 0.97, name
        size = np.median(shown[name]) / np.median(given_by[name]) if "eye" in name else 1.0  # of its own opening
        assert 0.6 < np.ptp(shown[name]) / np.ptp(given_by[name]) / size < 1.7, name


@pytest.mark.parametrize("theirs", [0.4, 1.0, 1.6])
@pytest.mark.parametrize("own", [0.4, 1.0, 1.6])
def test_a_driver_who_closes_the_eyes_closes_the_subjects_large_or_small(own: float, theirs: float) -> None:
    neutral, driver = person(eyes=own), person(1.1, 0.95, eyes=theirs)
    asleep = performance_of(driver, act(driver, lids=1.0)[None], poses(np.array([0.0])))
    plan = retarget(still(neutral), asleep, TOPOLOGY, Settings())
    for eye in TOPOLOGY.eyes:
        assert lid_gap(plan.target(0).canonical, eye) < 0.1 * lid_gap(neutral, eye)


@pytest.mark.parametrize("driver", ["wide", "long"])
def test_closed_lips_of_the_driver_close_the_subjects(driver: str) -> None:
    parted = act(average(), mouth=0.06)  # a subject whose lips are apart at rest
    plan = retarget(still(parted), acting(*DRIVERS[driver]), TOPOLOGY, Settings())
    closed = [i for i in range(24) if lip_gap(acting(*DRIVERS[driver]).canonical[i]) < 0.02]
    assert closed and max(lip_gap(plan.target(i).canonical) for i in closed) < 0.03


def test_the_upper_lid_goes_most_of_the_way() -> None:
    neutral = average()
    shut = close_lids(neutral, neutral, act(neutral, lids=1.0), neutral, TOPOLOGY, 1.0)
    for eye in TOPOLOGY.eyes:
        upper, lower = (abs(shut[i, 1] - neutral[i, 1]) for i in eye.centre_lids)
        assert upper > 2 * lower


def test_an_iris_stays_within_its_eye_however_far_the_driver_looks() -> None:
    driver = person(1.1, 0.95)
    glances = np.stack([act(driver, gaze=gaze) for gaze in (-0.5, -0.3, 0.3, 0.5)])
    plan = retarget(still(average()), performance_of(driver, glances, poses(np.zeros(4))), TOPOLOGY, Settings())
    for index, side in enumerate((-1, -1, 1, 1)):
        face = plan.target(index).canonical
        for eye in TOPOLOGY.eyes:
            x = face[eye.iris[0], 0] - average()[eye.iris[0], 0]
            assert 0.1 * eye_width(face, eye) < side * x < 0.35 * eye_width(face, eye)


@given(
    st.tuples(*(st.floats(*span) for span in ((-0.05, 0.4), (-0.3, 1.2), (-0.4, 0.4), (-0.08, 0.08), (-0.05, 0.1)))),
    st.sampled_from(["wide", "long"]), st.tuples(strength, strength, strength, strength),
)
def test_lips_and_lids_never_cross(
    expression: tuple[float, ...], driver: str, strengths: tuple[float, float, float, float]
) -> None:
    shape = person(*DRIVERS[driver])
    performance = performance_of(shape, act(shape, *expression)[None], poses(np.array([0.0])))
    mouth, eyes, brows, gaze = strengths
    settings = Settings(mouth=mouth, eyes=eyes, brows=brows, gaze=gaze)
    face = retarget(still(average()), performance, TOPOLOGY, settings).target(0).canonical
    assert all(face[lower, 1] > face[upper, 1] for upper, lower in TOPOLOGY.lip_pairs + TOPOLOGY.lid_pairs)


def test_lids_of_the_same_person_do_not_cross_at_double_strength() -> None:
    plan = faces(retarget(subject(), acting(), TOPOLOGY, Settings(eyes=2.0)))
    assert min(face[lower, 1] - face[upper, 1] for face in plan for upper, lower in TOPOLOGY.lid_pairs) > -0.005


@given(st.floats(-0.2, 0.2), st.floats(-0.05, 0.3))
def test_uncrossing_moves_only_what_crosses(own: float, theirs: float) -> None:
    moved, driver = np.zeros((2, 3)), np.zeros((2, 3))
    moved[1, 1], driver[1, 1] = own, theirs
    apart = uncross(moved, driver, ((0, 1),))
    assert apart[1, 1] - apart[0, 1] > 0
    if own > 0.011:
        np.testing.assert_array_equal(apart, moved)
    assert apart[:, 1].sum() == pytest.approx(own)  # both give way alike


def test_a_lip_that_rolls_over_the_chin_leaves_skin_below_it() -> None:
    neutral = average()
    lip, middle = TOPOLOGY.lower_lip[-9:][4], [18, 200, 199, 175]  # under it, from the lip to the chin
    rolled = neutral.copy()
    rolled[list(TOPOLOGY.lower_lip), 1] += 0.5
    rolled[middle, 1] += 0.25
    rolled[list(TOPOLOGY.chin_edge), 1] += 0.4
    assert rolled[18, 1] < rolled[lip, 1]
    kept = below_lip(rolled, neutral, TOPOLOGY)[[lip, *middle, TOPOLOGY.chin], 1]
    assert (np.diff(kept) > 0.005).all()


@pytest.mark.parametrize("mouth", [0.0, 0.1, 0.3])
def test_an_ordinary_mouth_leaves_the_chin_alone(mouth: float) -> None:
    face = act(average(), mouth=mouth)
    np.testing.assert_allclose(below_lip(face, average(), TOPOLOGY), face, atol=1e-6)
