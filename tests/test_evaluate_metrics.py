"""The metrics measure what their names say: on identical input, on input changed by a known amount, on other input."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tmt.evaluate import metrics
from tmt.evaluate.observe import Observer, diverse
from tmt.evaluate.texture import canonical_texture, mean_similarity, texture_similarity
from tmt.geometry import rotation_from_euler
from tmt.pose import template
from tmt.topology import MEDIAPIPE_478 as TOPOLOGY
from tmt.track import FaceTracker
from tmt.types import Array

SIDE, SCALE = 240, 70.0


def face(yaw: float = 0.0, roll: float = 0.0, scale: float = SCALE, shift: tuple[float, float] = (0, 0)) -> Array:
    """The average face's landmarks [L, 3] px; angles in degrees."""
    turned = template(TOPOLOGY.name) @ rotation_from_euler(np.radians(yaw), 0.0, np.radians(roll)).T
    placed: Array = turned * scale + np.array([SIDE / 2 + shift[0], SIDE / 2 + shift[1], 0.0])
    return placed


def picture(seed: int = 0, smooth: float = 3.0) -> Array:
    """A random soft texture, uint8 [SIDE, SIDE, 3]."""
    noise = np.random.default_rng(seed).normal(size=(SIDE, SIDE, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), smooth)
    image: Array = np.clip(127 + 45 * soft / soft.std(), 0, 255).astype(np.uint8)
    return image


def test_identical_pictures_are_perfect() -> None:
    image, landmarks = picture(), face()
    assert metrics.psnr(image, image) == float("inf")
    assert metrics.ssim_map(image, image) == pytest.approx(1.0, abs=1e-5)
    close = metrics.closeness(image, image, landmarks, landmarks, TOPOLOGY)
    assert close.face_psnr == close.head_psnr == metrics.PSNR_CAP
    assert close.face_ssim == pytest.approx(1.0, abs=1e-5)
    assert close.mouth_ssim == pytest.approx(1.0, abs=1e-5)
    assert close.eyes_ssim == pytest.approx(1.0, abs=1e-5)
    assert close.akd == 0
    assert close.sharpness == pytest.approx(1.0)


def test_psnr_of_a_known_error_and_only_inside_the_mask() -> None:
    truth = np.full((20, 20, 3), 100, np.uint8)
    result = truth.copy()
    result[:, :10] += 5
    left = np.zeros((20, 20), bool)
    left[:, :10] = True
    assert metrics.psnr(truth, result, left) == pytest.approx(20 * np.log10(255 / 5))
    assert metrics.psnr(truth, result, ~left) == float("inf")
    assert metrics.psnr(truth, result) == pytest.approx(20 * np.log10(255 / 5) + 10 * np.log10(2))


def test_ssim_falls_with_noise_and_stands_brightness_better() -> None:
    image = picture()
    noisy = np.clip(image + np.random.default_rng(1).normal(0, 25, image.shape), 0, 255).astype(np.uint8)
    brighter = np.clip(image.astype(int) + 20, 0, 255).astype(np.uint8)
    assert metrics.ssim_map(image, noisy).mean() < 0.8 < metrics.ssim_map(image, brighter).mean() < 1


def test_a_shifted_face_is_as_far_as_it_was_shifted_and_the_rest_is_not_looked_at() -> None:
    image, landmarks = picture(), face()
    moved = landmarks + np.array([3.0, 4.0, 50.0])  # depth is not judged
    size = float(metrics.iod(landmarks, TOPOLOGY))
    assert metrics.closeness(image, image, landmarks, moved, TOPOLOGY).akd == pytest.approx(5.0 / size)
    spoilt = image.copy()
    spoilt[:8] = 0  # a corner of the picture far from the head
    assert metrics.closeness(image, spoilt, landmarks, landmarks, TOPOLOGY).face_psnr == metrics.PSNR_CAP


def test_a_missing_face_leaves_the_landmark_distance_open_and_nothing_else() -> None:
    image, landmarks = picture(), face()
    close = metrics.closeness(image, image, landmarks, np.full_like(landmarks, np.nan), TOPOLOGY)
    assert np.isnan(close.akd)
    assert close.sharpness == pytest.approx(1.0)


def test_blur_lowers_sharpness() -> None:
    image, landmarks = picture(smooth=1.0), face()
    blurred = cv2.GaussianBlur(image, (0, 0), 1.5)
    assert metrics.closeness(image, blurred, landmarks, landmarks, TOPOLOGY).sharpness < 0.5
    assert metrics.closeness(blurred, image, landmarks, landmarks, TOPOLOGY).sharpness > 2


def test_a_constant_turn_is_no_error_of_the_change_of_pose_and_a_lagging_turn_is_measured() -> None:
    yaw = np.radians(np.linspace(-20, 20, 41))
    driver = rotation_from_euler(yaw, 0.0, 0.1)
    elsewhere = driver @ rotation_from_euler(0.3, -0.2, 0.1)
    assert metrics.pose_change_error(driver, elsewhere) == pytest.approx(0.0, abs=1e-4)
    half = rotation_from_euler(yaw / 2, 0.0, 0.1)
    # With the middle frame as reference the error is half the turn: 5 degrees on average over 0..10.
    assert metrics.pose_change_error(driver, half) == pytest.approx(5.0, abs=0.3)


def test_correlation_and_gain_of_a_damped_expression() -> None:
    canonical = np.repeat(template(TOPOLOGY.name)[None], 30, 0)
    wave = np.sin(np.linspace(0, 9, 30))[:, None]

    def moved(amount: float) -> Array:
        clip = canonical.copy()
        clip[:, list(TOPOLOGY.lower_lip), 1] += amount * (1 + wave)
        return clip

    c, g = metrics.follow(metrics.traits(moved(0.1), TOPOLOGY), metrics.traits(moved(0.07), TOPOLOGY))
    assert c.mouth == pytest.approx(1.0, abs=0.01)
    assert g.mouth == pytest.approx(0.7, abs=0.05)
    assert np.isnan(c.brow) and np.isnan(g.gaze)  # what stands still cannot be followed


def test_gain_is_the_slope_and_correlation_does_not_see_it() -> None:
    x = np.random.default_rng(0).normal(size=50)
    assert metrics.gain(x, 0.5 * x + 3) == pytest.approx(0.5)
    assert metrics.correlation(x, 0.5 * x + 3) == pytest.approx(1.0)
    assert metrics.correlation(x, -x) == pytest.approx(-1.0)


def test_shape_distance_ignores_pose_and_size_and_sees_another_face() -> None:
    shape = template(TOPOLOGY.name)
    same = 3.0 * shape @ rotation_from_euler(0.3, 0.2, -0.4).T + 7.0
    wide = shape * np.array([1.1, 1.0, 1.0])
    assert metrics.shape_distance(same, shape, TOPOLOGY) == pytest.approx(0.0, abs=1e-6)
    assert metrics.shape_distance(wide, shape, TOPOLOGY) > 0.01


def test_even_motion_does_not_jitter_and_trembling_does() -> None:
    even = np.stack([face(shift=(0.8 * t, 0.3 * t)) for t in range(12)])
    trembling = even + np.random.default_rng(0).normal(0, 0.5, even.shape)
    assert metrics.jitter(even, TOPOLOGY) == pytest.approx(0.0, abs=1e-6)
    assert metrics.jitter(trembling, TOPOLOGY) > 0.005
    assert np.isnan(metrics.jitter(even[:2], TOPOLOGY))


def test_cosine_similarity_of_the_same_of_orthogonal_and_of_no_people() -> None:
    a, b = np.array([2.0, 0.0]), np.array([0.0, 1.0])
    assert metrics.cosine_similarity([a], [3 * a]) == pytest.approx(1.0)
    assert metrics.cosine_similarity([a], [b]) == pytest.approx(0.0)
    assert np.isnan(metrics.cosine_similarity([], [a]))


def test_coverage_counts_vertices_that_any_frame_sees() -> None:
    quality = np.log(np.array([[0.9, 0.01, 0.01, 0.9], [0.01, 0.9, 0.01, 0.9]]))
    assert metrics.coverage(quality, np.array([True, True, True, False])) == pytest.approx(2 / 3)


def test_texture_of_one_face_is_the_same_wherever_it_is_in_the_picture_and_however_lit() -> None:
    image, landmarks = picture(smooth=6), face()
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 15, 0.8)
    turned = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
    centred = landmarks[:, :2] - 0.5  # OpenCV's matrix speaks of pixel indices
    moved = np.concatenate([centred @ matrix[:, :2].T + matrix[:, 2] + 0.5, landmarks[:, 2:]], 1)
    dim = (turned * 0.6 + 20).astype(np.uint8)
    own = canonical_texture(image, landmarks, TOPOLOGY)
    assert texture_similarity(own, own) == pytest.approx(1.0)
    assert texture_similarity(own, canonical_texture(dim, moved, TOPOLOGY)) > 0.97
    other = canonical_texture(picture(seed=5, smooth=6), landmarks, TOPOLOGY)
    assert abs(texture_similarity(own, other)) < 0.4
    assert mean_similarity([own], [own, own]) == pytest.approx(1.0)
    assert np.isnan(mean_similarity([], [own]))


def test_texture_leaves_out_the_side_that_is_turned_away() -> None:
    frontal = canonical_texture(picture(), face(), TOPOLOGY).seen
    turned = canonical_texture(picture(), face(yaw=60), TOPOLOGY).seen
    left, right = np.s_[:, :20], np.s_[:, -20:]
    assert turned.sum() < 0.8 * frontal.sum()
    # Yaw > 0 turns the face to the right of the picture: the picture's right half of the face is what hides.
    assert turned[right].sum() < 0.3 * frontal[right].sum() < turned[left].sum()


def test_diverse_moments_hold_the_extremes() -> None:
    class Blind(FaceTracker):
        topology = TOPOLOGY

        def detect(self, frame: Array, previous: Array | None) -> Array | None:
            return None

        def matte(self, frame: Array) -> Array:
            return frame[..., 0]

    observer = Observer(Blind())
    clip = [face(yaw=float(y)) for y in [0, 1, 0, 30, 0, 1, -30, 0, 0, 1]]
    chosen = diverse(observer.see(clip, 1, "clip"), TOPOLOGY, 3)
    assert {3, 6} < set(chosen)
    assert chosen == sorted(chosen)
