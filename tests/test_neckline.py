"""Where the head ends and the torso begins."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from heads import TOPOLOGY, Painted, acted, poses, studied

from tmt.bank import target_of
from tmt.depth import HeadPrior, fit_prior
from tmt.neckline import SHARES, best_share, nearest_to, parted, shoulders
from tmt.render import share_of_head
from tmt.types import Array, Target

FRAMES = np.arange(25)


def prior_of(head: Painted) -> HeadPrior:
    return fit_prior(head.performance.neutral.astype(np.float64), TOPOLOGY)


def places_of(head: Painted) -> tuple[Array, Array]:
    """Across [G*G], face widths from the middle; down [G*G], face heights below the chin."""
    prior, (x, y, _) = prior_of(head), head.surface.vertices.T
    return (x - prior.centre[0]) / prior.face_width, (y - prior.chin) / prior.face_height


def test_frames_tell_a_shoulder_that_stands_from_hair_that_hangs() -> None:
    """Left of the jaw a shoulder stands beside it, right of it hair hangs far below: height tells neither."""
    head = acted()
    x, y = places_of(head)
    beside = (np.abs(x) > 0.55) & (y > -0.2)
    truth = np.where(beside, np.where(x < 0, 0.0, 1.0), head.surface.head).astype(np.float32)
    real = replace(head, surface=replace(head.surface, head=truth))
    shots = [real.photo(target_of(real.performance, int(frame))) for frame in FRAMES]
    told = parted(head.surface, head.performance, head.window, FRAMES, shots, TOPOLOGY).head
    seen = (np.abs(x) > 0.75) & (np.abs(x) < 1.2) & (y > 0.02) & (y < 0.28)
    assert (seen & (x < 0)).sum() > 20 < (seen & (x > 0)).sum()
    assert told[seen & (x < 0)].max() < 0.2
    assert np.quantile(told[seen & (x > 0)], 0.1) > 0.8
    np.testing.assert_array_equal(told[y < -0.45], 1.0)
    within = (np.abs(x) < 0.4) & (y < 0)
    np.testing.assert_array_equal(told[within], head.surface.head[within])


def test_a_neck_that_turns_far_does_so_smoothly_and_its_shoulders_stand_all_the_same() -> None:
    head = acted()
    x, y = places_of(head)
    truth = np.where((np.abs(x) < 0.5) & (y < 0.1), 1.0, 0.0).astype(np.float32)  # all below the chin stands
    real = replace(head, surface=replace(head.surface, head=truth))
    shots = [real.photo(target_of(real.performance, int(frame))) for frame in FRAMES]
    surface = parted(head.surface, head.performance, head.window, FRAMES, shots, TOPOLOGY)
    assert surface.head_far is not None
    front, turned = (target_of(head.performance, 0), Target(poses(np.array([30.0]))[0], *_rest(head)))
    near, far = (share_of_head(surface, target, head.performance) for target in (front, turned))
    np.testing.assert_array_equal(near, surface.head)
    within, beside = (np.abs(x) < 0.4), (np.abs(x) > 0.85) & (np.abs(x) < 1.2) & (y > 0.02) & (y < 0.28)
    np.testing.assert_allclose(far[within], head.surface.head[within], atol=1e-5)
    assert far[beside].max() < 0.2 > near[beside].max()


def _rest(head: Painted) -> tuple[Array, Array]:
    at_rest = target_of(head.performance, 0)
    return at_rest.canonical, at_rest.torso


def test_where_frames_tell_nothing_height_does() -> None:
    head = acted()
    grey = np.full((*head.window.shape, 4), 128, np.uint8)
    grey[..., 3] = 255
    told = parted(head.surface, head.performance, head.window, FRAMES, [grey] * len(FRAMES), TOPOLOGY).head
    np.testing.assert_allclose(told, head.surface.head, atol=0.02)


def test_a_single_frame_is_heard_on_its_outline_alone() -> None:
    head = acted()
    shot = head.photo(target_of(head.performance, 0))
    told = parted(head.surface, head.performance, head.window, np.array([0]), [shot], TOPOLOGY).head
    np.testing.assert_array_equal(told, head.surface.head)  # the painted picture has no background


def test_the_share_whose_cost_is_least_wins_over_what_is_usual() -> None:
    usual = np.full((12, 12), 0.5, np.float32)
    cost = np.ones((len(SHARES), 12, 12), np.float32) * np.abs(SHARES - 0.25)[:, None, None]
    np.testing.assert_allclose(best_share(cost, usual), 0.25, atol=0.02)
    np.testing.assert_allclose(best_share(0 * cost, usual), 0.5, atol=0.02)


@pytest.mark.parametrize("hanging", [False, True])
def test_shoulders_under_an_open_sky_are_no_part_of_the_head_and_hanging_hair_is(hanging: bool) -> None:
    head, prior = studied(), fit_prior(studied().performance.neutral.astype(np.float64), TOPOLOGY)
    surface, reference = head.surface, head.performance.reference
    x = np.abs(surface.vertices[:, 0] - prior.centre[0]) / prior.face_width
    y = (surface.vertices[:, 1] - prior.chin) / prior.face_height
    person = np.where(y < 0.05, x < (1.0 if hanging else 0.48), True).astype(np.uint8)  # shoulders below the chin
    images = head.bank.images.copy()
    nearest = nearest_to(head.bank.index, reference)
    places = np.round(head.bank.places[nearest]).astype(int)
    inside = ((places >= 0) & (places < images.shape[2:0:-1])).all(1)
    nobody = np.zeros(images.shape[1:3], np.uint8)
    nobody[places[inside & (person == 0)][:, 1], places[inside & (person == 0)][:, 0]] = 1
    images[nearest, ..., 3] = 255 * (1 - cv2.dilate(nobody, np.ones((5, 5), np.uint8)))
    found = shoulders(surface, head.bank.places[nearest], images[nearest], prior).ravel()
    assert found[y < -0.35].max() == 0 and found[(x < 0.25) & inside].max() < 0.05
    under = inside & (y > 0.12) & (x > 0.55) & (x < 0.7)
    assert under.sum() > 50
    assert found[under].max() < 0.05 if hanging else found[under].min() > 0.95
