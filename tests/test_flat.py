"""The learned 2D baseline knows landmarks in the picture plane and nothing else, and does with them what 2D can."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from heads import TOPOLOGY, acted, performance_of, person, poses
from test_baselines import canvas, head, psnr, score

from tmt.bank import target_of
from tmt.checkpoint import SHIPPED
from tmt.errors import Language, WeightsError
from tmt.flat import InPlane, flat_surface, flattened
from tmt.geometry import transform, untransform
from tmt.learned import offered
from tmt.motion import turntable
from tmt.mouth import _with_nose, mouth_of
from tmt.networks.fusion import FusionNet
from tmt.renderer import Renderer
from tmt.run import check_settings
from tmt.study import laid, variant
from tmt.types import Array, CanonicalHead, Performance, Settings
from tmt.views import along

FLAT = Settings(method="learned2d")


@cache
def flat_head() -> CanonicalHead:
    return variant(head(), "learned2d", TOPOLOGY)


def in_picture(performance: Performance) -> Array:
    """Landmarks [T, L, 2] px."""
    return transform(performance.pose, performance.canonical.astype(float))[..., :2]


def other_depth(performance: Performance) -> Performance:
    """The same landmarks in the picture, at depths of their own."""
    landmarks = transform(performance.pose, performance.canonical.astype(float))
    landmarks[..., 2] = np.random.default_rng(0).normal(0, 50, landmarks.shape[:2])
    return replace(performance, canonical=untransform(performance.pose, landmarks))


@pytest.fixture
def untaught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that changes nothing, whatever ships."""
    net = FusionNet().eval()
    monkeypatch.setattr("tmt.renderer.load_fusion", lambda _: net)


def test_landmarks_stay_where_they_are_in_the_picture() -> None:
    np.testing.assert_allclose(in_picture(flattened(acted().performance, TOPOLOGY)),
                               in_picture(acted().performance), atol=1e-3)


def test_no_depth_enters() -> None:
    first, second = (flattened(p, TOPOLOGY) for p in (acted().performance, other_depth(acted().performance)))
    for a, b in ((first.canonical, second.canonical), (first.neutral, second.neutral), (first.shape, second.shape),
                 (first.pose.translation, second.pose.translation), (first.pose.rotation, second.pose.rotation)):
        np.testing.assert_allclose(a, b, atol=1e-3)
        assert not np.any(a[..., 2]) or a.shape[-2:] == (3, 3)


def test_all_views_are_one_and_nothing_is_hidden() -> None:
    bank, surface = flat_head().bank, flat_head().surface
    np.testing.assert_allclose(bank.view, np.tile([0.0, 0.0, 1.0], (len(bank), 1)), atol=1e-9)
    assert np.abs(surface.vertices[:, 2]).max() < 0.05 and not bank.offsets[..., 2].any()
    inside = flat_surface(flat_head().performance, TOPOLOGY, bank.window).operator.sum(1) > 0.9
    assert bank.quality[:, np.asarray(inside).ravel()].min() > -2  # a fold's; what is hidden has -9
    assert flat_head().back is None and flat_head().atlas is None


def test_a_picture_does_not_change_with_the_depth_of_landmarks(untaught: None) -> None:
    pictures = []
    for performance in (head().performance, other_depth(head().performance)):
        seen = variant(replace(head(), performance=performance), "learned2d", TOPOLOGY)
        renderer = Renderer(seen, TOPOLOGY, canvas(), FLAT)
        pictures.append(renderer.draw(target_of(seen.performance, 7)).astype(int))
        renderer.close()
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def test_the_subjects_own_frames_come_back(untaught: None) -> None:
    renderer = Renderer(flat_head(), TOPOLOGY, canvas(), FLAT)
    for frame in (0, 6, 18):
        target = target_of(flat_head().performance, frame)
        true = acted().photo(target_of(acted().performance, frame))[..., :3] / 255
        error = np.abs(renderer.draw(target) / 255 - true)[40:120, 50:110]
        assert error.mean() < 0.02, frame
    renderer.close()


def test_a_driver_who_turns_moves_the_subjects_landmarks_in_the_picture_as_their_own() -> None:
    yaw = np.array([0.0, 15.0, -15.0])
    wide = person(width=1.15)
    driver = performance_of(wide, np.stack([wide] * 3), poses(yaw))
    plan = laid(head(), driver, TOPOLOGY, FLAT)[1]
    there = [transform(plan.target(k).pose, plan.target(k).canonical.astype(float)) for k in range(3)]
    tip, ear = TOPOLOGY.nose_tip, TOPOLOGY.cheeks[0]
    theirs = in_picture(driver)
    for k in (1, 2):
        moved, wanted = (shape[k][:, 0] - shape[0][:, 0] for shape in (there, theirs))
        assert moved[tip] - moved[ear] == pytest.approx(wanted[tip] - wanted[ear], rel=0.2)
        assert not np.any(there[k][:, 2])


def test_the_bank_in_3d_beats_it_untaught_where_the_head_turns(untaught: None) -> None:
    frames = (3, 7, 15, 21)
    renderer = Renderer(flat_head(), TOPOLOGY, canvas(), FLAT)
    drawn = [renderer.draw(target_of(flat_head().performance, frame)) / 255 for frame in frames]
    renderer.close()
    targets = [target_of(head().performance, frame) for frame in frames]
    flat = np.mean([psnr(image, target) for image, target in zip(drawn, targets, strict=True)])
    assert score("copy", frames) + 2 < flat < score("bank", frames)


def test_views_of_a_turned_head_are_its_landmarks_in_the_picture() -> None:
    views = along(head().performance, turntable(seconds=0.4))
    flat = InPlane(views, flat_head().performance, TOPOLOGY)
    assert len(flat) == len(views) and not flat.pose.translation[:, 2].any()
    for index in range(len(views)):
        here, there = (transform(t.pose, t.canonical.astype(float)) for t in (flat.target(index), views.target(index)))
        np.testing.assert_allclose(here[:, :2], there[:, :2], atol=1e-3)
        assert not here[:, 2].any()


def test_teeth_go_with_the_nose_and_the_lips_stay() -> None:
    mouth = mouth_of(flat_head(), TOPOLOGY)
    assert mouth.nose is not None and mouth_of(head(), TOPOLOGY).nose is None
    target = target_of(flat_head().performance, 7)  # turned
    told = _with_nose(target, mouth.nose, TOPOLOGY)
    here, there = (transform(t.pose, t.canonical.astype(float)) for t in (told, target))
    np.testing.assert_allclose(here, there, atol=1e-3)
    lips = list(TOPOLOGY.lip_centres)
    away = [np.abs(t.canonical[lips, 0].mean() - mouth.lip[0]) for t in (told, target)]
    assert away[0] < 0.4 * away[1]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_without_weights_the_method_says_so_and_is_not_offered(language: Language) -> None:
    untrained = replace(SHIPPED, fusion2d=None)
    assert "learned2d" not in offered(untrained) and "fused" in offered(untrained)
    with pytest.raises(WeightsError) as caught:
        check_settings(FLAT, untrained)
    assert "fusion2d" in caught.value.text(language) and "tmt.train fusion" in caught.value.text(language)
