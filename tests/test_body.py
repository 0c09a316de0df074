"""Full frames of a moving subject: the body plays on, the head is exchanged, and nothing else is touched."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from drivers import short_clip
from heads import DATA, TOPOLOGY, pipeline, studied
from hypothesis import given
from hypothesis import strategies as st
from media_files import counter, level, make

from tmt.body import Body, joint, slow
from tmt.depth import fit_prior, neck
from tmt.draw import canvas_for, draw
from tmt.film import Film, back_and_forth
from tmt.motion import turntable
from tmt.pipeline import run_to_end
from tmt.retarget import retarget
from tmt.types import Array, Consent, Settings
from tmt.video import probe, read_frames
from tmt.views import along

FULL = Settings(full_frame=True, label=False)


@cache
def transferred() -> tuple[Array, Array]:
    """The driving clip on the moving subject: results and the subject's own pictures behind them [T, H, W, 3]."""
    head, drive = studied(), run_to_end(pipeline().drive(DATA / "driving.mp4"))
    plan = retarget(head.performance, drive.performance, TOPOLOGY, FULL)
    drawn = draw(head, plan, FULL, pipeline().tracker, Counter(), drive.info.fps)
    shown = np.stack([picture for picture, _ in drawn])
    own = list(read_frames(DATA / "subject.mp4"))
    return shown, np.stack([own[back_and_forth(index, len(own))] for index in range(len(shown))])


@cache
def people() -> Array:
    """Where a person is, in the results or in the pictures behind them, by the library's own network [T, H, W] bool."""
    masks = []
    for result, behind in zip(*transferred(), strict=True):
        person = np.maximum(pipeline().tracker.matte(result), pipeline().tracker.matte(behind))
        masks.append(cv2.dilate((person > 0.1).astype(np.uint8), np.ones((25, 25), np.uint8)) > 0)
    return np.stack(masks)


def psnr(a: Array, b: Array) -> float:
    return float(10 * np.log10(255**2 / max(float(((a.astype(float) - b) ** 2).mean()), 1e-9)))


def steepness(picture: Array) -> Array:
    """Gradient of a picture [H, W]."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def test_outside_the_person_the_picture_is_the_subjects_own() -> None:
    for result, behind, person in zip(*transferred(), people(), strict=True):
        assert (~person).mean() > 0.1
        assert psnr(result[~person], behind[~person]) >= 45


def test_across_the_edge_of_the_mask_the_picture_is_no_rougher_than_before() -> None:
    slopes = []
    for result, behind, person in zip(*transferred(), people(), strict=True):
        mask = person.astype(np.uint8)
        ring = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
        ring[[0, -1]] = ring[:, [0, -1]] = False
        slopes.append([float(steepness(picture)[ring].mean()) for picture in (result, behind)])
    shown, own = np.mean(slopes, 0)
    assert shown <= 1.2 * own


def test_the_shoulders_are_the_pictures_own_and_the_face_is_the_drivers() -> None:
    shown, own = transferred()
    away = np.abs(shown.astype(int) - own).max(-1)
    assert (away[:, -12:] <= 1).mean() > 0.97  # shoulders at the lower edge
    middle = np.s_[:, 90:150, 100:156]
    assert away[middle].mean() > 3


def test_the_background_does_not_tremble() -> None:
    shown, own = transferred()
    far = ~people().any(0)
    trembling = [float(np.abs(np.diff(clip[:, far].astype(int), axis=0)).mean()) for clip in (shown, own)]
    assert trembling[0] <= 1.05 * trembling[1]


@given(st.integers(0, 5000), st.integers(1, 60))
def test_the_pictures_go_back_and_forth_without_a_jump(index: int, count: int) -> None:
    here, there = back_and_forth(index, count), back_and_forth(index + 1, count)
    assert 0 <= here < count and abs(here - there) == (1 if count > 1 else 0)
    assert back_and_forth(0, count) == 0 and back_and_forth(count - 1, count) == count - 1


def test_a_driver_longer_than_the_subject_turns_the_body_back_in_step(subject_clip: Path) -> None:
    body = Body(studied(), pipeline().tracker, Fraction(50))
    numbers = [body.number(index) for index in range(200)]
    assert numbers[:5] == [0, 0, 1, 1, 2] and numbers[93:97] == [46, 47, 47, 46] and numbers[188:192] == [0, 0, 1, 1]
    assert set(np.abs(np.diff(numbers))) == {0, 1}
    body.close()


@pytest.mark.parametrize("block", [1, 7, 100])
def test_any_picture_of_a_clip_can_be_asked_for_in_any_order(tmp_path: Path, block: int) -> None:
    strip = Film(probe(counter(tmp_path / "numbered.mp4", "25", 1)), 3, 22, block)
    order = [0, 1, 2, 8, 21, 20, 19, 3, 4, 4, 0, 21]
    assert [level(strip[number]) for number in order] == [number + 3 for number in order]
    strip.close()


def test_the_neck_is_where_head_and_torso_are_joined() -> None:
    surface, performance = studied().surface, studied().performance
    prior = fit_prior(performance.neutral.astype(np.float64), TOPOLOGY)
    weight = joint(surface, prior).ravel()
    x, y = surface.vertices[:, 0] - prior.centre[0], surface.vertices[:, 1] - prior.chin
    assert (weight[y < -0.3 * prior.face_height] == 1).all()  # head and hair
    assert (weight[y > 0.45 * prior.face_height] == 0).all()  # chest
    assert (weight[(y > 0) & (np.abs(x) > 1.1 * prior.face_width)] == 0).all()  # high shoulders
    assert weight.min() >= 0 and weight.max() <= 1


def test_the_head_rides_on_the_body_and_keeps_the_drivers_quick_motion() -> None:
    head, drive = studied(), run_to_end(pipeline().drive(DATA / "driving.mp4"))
    plan = retarget(head.performance, drive.performance, TOPOLOGY, FULL)
    body = Body(head, pipeline().tracker, drive.info.fps)
    carried = body.carry(plan, drive.info.fps)
    places = neck(carried.pose, head.performance, TOPOLOGY)
    own = slow(neck(head.performance.pose, head.performance, TOPOLOGY), Fraction(25))
    wanted = np.stack([own[body.number(index)] for index in range(len(plan))])
    driven = neck(plan.pose, head.performance, TOPOLOGY)
    np.testing.assert_allclose(places - wanted, driven - slow(driven, Fraction(25)), atol=1e-3)
    np.testing.assert_array_equal(carried.pose.rotation, plan.pose.rotation)
    canvas = canvas_for(head, carried, FULL, TOPOLOGY)
    assert canvas.window.width <= head.info.width
    body.close()


def test_a_long_subject_is_sampled_and_its_body_still_plays_every_frame(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, consent: Consent
) -> None:
    monkeypatch.setattr("tmt.study.MAX_FRAMES", 12)
    clip = short_clip("subject.mp4", 30, tmp_path)
    head = pipeline().study(clip, consent=consent)
    assert len(head.performance) == 10 and head.performance.fps == Fraction(25, 3)
    monkeypatch.setattr("tmt.body.SPAN", 40)
    body = Body(head, pipeline().tracker, Fraction(25))
    numbers = [body.number(index) for index in range(60)]
    assert set(np.abs(np.diff(numbers))) == {1} and max(numbers) >= 15
    body.close()


def test_of_several_people_in_a_long_clip_the_one_studied_is_the_one_whose_body_plays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, consent: Consent
) -> None:
    monkeypatch.setattr("tmt.study.MAX_FRAMES", 8)
    monkeypatch.setattr("tmt.body.SPAN", 24)
    clip = make(tmp_path / "two.mp4", "-loop", "1", "-i", str(DATA / "two_faces.png"), "-frames:v", "16", "-crf", "6")
    head = pipeline().study(clip, consent=consent, face=2)  # the smaller one
    assert head.performance.fps == Fraction(25, 2)
    body = Body(head, pipeline().tracker, Fraction(25))
    carried = body.carry(along(head.performance, turntable(seconds=0.5)), Fraction(25))
    assert np.abs(carried.shift).max() < 12, "px; another person stands 190 away"
    body.close()
