"""Windows on the picture, the background behind the head, and the head laid over it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from heads import TOPOLOGY, acted, average, mottled, poses, track_of
from hypothesis import assume, given
from hypothesis import strategies as st

from tmt.bank import target_of
from tmt.canvas import Canvas, bank_canvas, crop_canvas, cut, full_canvas, head_window, middle_square, scaled, to_edges
from tmt.composite import backed, lay_over, mattes, paste_back, soften_steps, tight, undyed
from tmt.plate import background_plate
from tmt.render import Seen, place
from tmt.types import Array, FaceTrack, FrameBank, Window

SIDE = 200


@cache
def picture() -> Array:
    """The subject's whole picture [200, 240, 3] uint8."""
    return np.round(mottled((SIDE, 240), 3) * 255).astype(np.uint8)


def bank_in(window: Window) -> FrameBank:
    """A bank seen through a window; only the window matters here."""
    return replace(acted().head([0]).bank, window=window)


def plate_for(window: Window) -> Array:
    """A background [h, w, 3] uint8 for a window."""
    return np.round(mottled(window.shape, 5) * 255).astype(np.uint8)


def walk(x: tuple[float, ...], y: tuple[float, ...], scale: float, size: tuple[int, int]) -> FaceTrack:
    """A face that stands at these places of a picture."""
    faces = np.stack([average()] * len(x))
    pose = replace(
        poses(np.zeros(len(x)), scale=scale), translation=np.stack([x, y, np.zeros(len(x))], 1)
    )
    return replace(track_of(faces, pose), size=size)


# The head's window


@given(
    st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9)), min_size=1, max_size=4), st.floats(30, 110),
    st.integers(120, 901), st.integers(120, 901),
)
def test_the_window_is_a_square_of_whole_pixels_as_far_as_it_lies_in_the_picture(
    places: list[tuple[float, float]], scale: float, width: int, height: int
) -> None:
    x, y = zip(*((a * width, b * height) for a, b in places), strict=True)
    window = head_window(walk(x, y, scale, (width, height)), TOPOLOGY, 640)
    assert window.left >= 0 and window.top >= 0
    assert window.width == window.height or min(window.width - width, window.height - height, key=abs) == 0
    assert window.left + window.width <= width and window.top + window.height <= height
    assert all(float(v).is_integer() for v in (window.left, window.top, window.width))
    assert window.scale <= 1 and window.shape[0] * window.shape[1] <= 640.5**2


def test_the_window_contains_the_face_wherever_it_goes_with_room_above() -> None:
    track = walk((300.0, 340.0, 280.0), (300.0, 320.0, 310.0), 80.0, (640, 640))
    window = head_window(track, TOPOLOGY, 640)
    points = window.to_window(track.landmarks[:, : TOPOLOGY.surface, :2])
    assert points.min() > 0 and points.max() < window.width
    above, below = points[..., 1].min(), window.height - points[..., 1].max()
    assert above > 0.12 * window.height and above > 0.8 * below


def test_frames_without_a_face_do_not_widen_the_window() -> None:
    track = walk((300.0, 300.0, 10.0), (300.0, 300.0, 10.0), 60.0, (640, 640))
    lost = replace(track, found=np.array([True, True, False]))
    still = walk((300.0, 300.0), (300.0, 300.0), 60.0, (640, 640))
    assert head_window(lost, TOPOLOGY, 640) == head_window(still, TOPOLOGY, 640)


def test_a_large_head_is_kept_at_the_cap() -> None:
    window = head_window(walk((960.0,), (540.0,), 350.0, (1920, 1080)), TOPOLOGY, 640)
    assert window.shape[0] * window.shape[1] == pytest.approx(640**2, rel=0.01)
    assert (window.height, window.scale < 1) == (1080, True)  # as tall as the picture, and wider
    square = middle_square(window)
    assert square.width == square.height == 1080 and window.left <= square.left <= window.left + window.width - 1080


def test_cutting_gives_the_part_of_the_picture_at_the_windows_scale() -> None:
    part = cut(picture(), Window(30.0, 20.0, 100.0, 100.0, 1.0))
    np.testing.assert_array_equal(part, picture()[20:120, 30:130])
    small = cut(picture(), Window(30.0, 20.0, 100.0, 100.0, 0.5))
    mean = picture()[20:120, 30:130].reshape(50, 2, 50, 2, 3).mean((1, 3))
    np.testing.assert_allclose(small, mean, atol=1)
    assert cut(picture(), Window(30.0, 20.0, 101.0, 77.0, 2.0)).shape == (154, 202, 3)


@given(st.integers(40, 900), st.integers(40, 900), st.floats(0.2, 1.0), st.floats(0.2, 1.0))
def test_keyframes_have_the_size_of_the_canvas_over_them_at_any_scale(
    width: int, height: int, own: float, smaller: float
) -> None:
    whole = Window(0.0, 0.0, float(width), float(height), own)
    images = np.zeros((1, *whole.shape, 3), np.uint8)
    assert scaled(images, whole) is images
    window = whole.at(own * smaller)
    assume(min(window.shape) > 0)
    assert scaled(images, window).shape[1:3] == bank_canvas(images[0], window).plate.shape[:2] == window.shape


def test_a_body_that_rises_still_reaches_the_lower_edge_of_the_picture_that_cut_it_off() -> None:
    head = acted().head([0])
    surface, window = head.surface, head.bank.window
    area = Window(0.0, 0.0, window.left + window.width, window.top + window.height, 1.0)
    home = place(surface, 0 * surface.vertices, target_of(head.performance, 0), head.performance)
    risen: Array = home - np.array([0, 60, 0], np.float32)
    rows = to_edges(risen, surface, window, area).reshape(surface.grid, surface.grid, 3)
    assert risen[-1, 1] < area.height <= rows[-1, :, 1].min()
    np.testing.assert_array_equal(rows[1:-1, 1:-1], risen.reshape(rows.shape)[1:-1, 1:-1])
    larger = area.at(1.0)
    larger = replace(larger, width=area.width + 50, height=area.height + 50, left=-50.0)
    np.testing.assert_array_equal(to_edges(risen, surface, window, larger), risen)  # it goes on below: no edge cut it


# The background


def shots(size: int = 120, count: int = 8) -> tuple[Array, Array]:
    """A head that moves before a background: images [K, H, W, 4] uint8, and the background [H, W, 3]."""
    behind = np.round(mottled((size, size), 1, grain=5.0) * 255).astype(np.uint8)
    y, x = np.mgrid[:size, :size]
    images = []
    for k in range(count):
        disc = np.hypot(x - size * (0.35 + 0.3 * k / (count - 1)), y - 0.55 * size) < 0.15 * size
        shown = np.where(disc[..., None], np.array([230, 20, 20], np.uint8), behind)
        images.append(np.dstack([shown, np.where(disc, 255, 0).astype(np.uint8)]))
    return np.stack(images), behind


@pytest.mark.parametrize("size", [120, 97])
def test_the_plate_is_the_true_background_wherever_it_was_seen(size: int) -> None:
    images, behind = shots(size)
    plate = background_plate(images)
    assert plate.shape == behind.shape and plate.dtype == np.uint8
    grown = cv2.dilate(images[..., 3].min(0), np.ones((9, 9), np.uint8)) > 0
    always = cv2.dilate(np.where(images[..., 3] > 0, 255, 0).min(0).astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    assert (np.abs(plate.astype(int) - behind).max(-1)[~(grown | always)] <= 3).mean() > 0.99


def test_what_was_never_seen_is_filled_from_around_and_not_with_the_head() -> None:
    images, behind = shots(count=2)
    images[:, 40:90, 40:80, :3] = (230, 20, 20)
    images[:, 40:90, 40:80, 3] = 255
    plate = background_plate(images)[45:85, 45:75].astype(int)
    around = behind.reshape(-1, 3).mean(0)
    assert np.abs(plate.reshape(-1, 3).mean(0) - around).max() < 40
    assert not ((plate[..., 0] > 200) & (plate[..., 1] < 60)).any()


def test_a_subject_that_fills_the_picture_leaves_a_plain_plate() -> None:
    images, _ = shots()
    images[..., 3] = 255
    assert np.ptp(background_plate(images).reshape(-1, 3), axis=0).max() <= 1


def test_a_passer_by_in_one_frame_is_not_in_the_plate() -> None:
    images, behind = shots(count=9)
    images[4, :30, :30, :3] = 0
    images[5, :30, :30, :3] = 255
    np.testing.assert_allclose(background_plate(images)[:25, :25].astype(int), behind[:25, :25].astype(int), atol=2)


# Canvases


@pytest.mark.parametrize("size", [256, 512, 130])
def test_a_crop_canvas_shows_the_banks_window_at_the_size(size: int) -> None:
    window = Window(20.0, 10.0, 150.0, 150.0, 1.0)
    canvas = crop_canvas(bank_in(window), plate_for(window), size)
    assert canvas.window.shape == (size, size) and canvas.plate.shape == canvas.around.shape == (size, size, 3)
    assert (canvas.window.left, canvas.window.top, canvas.window.width) == (20, 10, 150)
    assert canvas.paste.shape == (size, size, 1) and (canvas.paste == 1).all()


@pytest.mark.parametrize(
    ("low", "high"), [((50.0, 40.0), (150.0, 150.0)), ((-40.0, -9.5), (500.0, 500.0)), ((10.3, 33.7), (231.1, 160.2))]
)
def test_a_full_canvas_holds_the_window_and_all_heads_within_the_picture(
    low: tuple[float, float], high: tuple[float, float]
) -> None:
    box = Window(60.0, 50.0, 110.0, 110.0, 1.0)
    canvas = full_canvas(bank_in(box), picture(), plate_for(box), np.array(low), np.array(high), 1024)
    window = canvas.window
    right, bottom = window.left + window.width, window.top + window.height
    assert window.left <= max(0, min(low[0], 60)) and window.top <= max(0, min(low[1], 50))
    assert right >= min(240, max(high[0], 170)) and bottom >= min(200, max(high[1], 160))
    assert window.left >= 0 and window.top >= 0 and right <= 240 and bottom <= 200
    assert canvas.plate.shape == canvas.around.shape == (*window.shape, 3) and canvas.paste.shape == (*window.shape, 1)


def test_behind_the_head_lies_the_plate_and_around_it_the_picture() -> None:
    box, plate = Window(60.0, 50.0, 110.0, 110.0, 1.0), plate_for(Window(60.0, 50.0, 110.0, 110.0, 1.0))
    canvas = full_canvas(bank_in(box), picture(), plate, np.zeros(2), np.array([240.0, 200.0]), 1024)
    np.testing.assert_array_equal(np.round(canvas.plate[75:135, 85:145] * 255), plate[25:85, 25:85])
    outside = np.ones(picture().shape[:2], bool)
    outside[50:160, 60:170] = False
    np.testing.assert_array_equal(np.round(canvas.plate[outside] * 255), picture()[outside])
    np.testing.assert_array_equal(np.round(canvas.around * 255), picture())


def test_near_the_windows_edge_the_pictures_torso_stays_behind_the_drawn_one() -> None:
    box, plate = Window(60.0, 50.0, 110.0, 110.0, 1.0), plate_for(Window(60.0, 50.0, 110.0, 110.0, 1.0))
    torso = np.zeros((110, 110), np.float32)
    torso[80:] = 1
    low, high = np.zeros(2), np.array([240.0, 200.0])
    stays = full_canvas(bank_in(box), picture(), plate, low, high, 1024, torso).plate * 255
    goes = full_canvas(bank_in(box), picture(), plate, low, high, 1024).plate * 255
    moved = np.s_[50 + 103 : 50 + 107, 90:140]  # where a torso that has come up leaves the window's lower edge behind
    kept, lost = (np.abs(plate[moved] - picture()[moved]).mean() for plate in (stays, goes))
    assert kept < 0.3 * lost
    np.testing.assert_array_equal(stays[50 + 20 : 50 + 78], goes[50 + 20 : 50 + 78])


def test_the_back_of_a_head_shows_beside_the_person_and_never_through_it() -> None:
    window = Window(20.0, 10.0, 150.0, 150.0, 1.0)
    canvas = crop_canvas(bank_in(window), plate_for(window), 150)
    behind, person = np.zeros((150, 150, 4), np.float32), np.zeros((150, 150), np.float32)
    behind[40:120, 40:120, 3] = 1  # black
    person[:, :80] = 1
    plate = backed(canvas, behind, person).plate
    assert not plate[40:120, 80:120].any()
    np.testing.assert_array_equal(plate[:, :80], canvas.plate[:, :80])
    np.testing.assert_array_equal(plate[:, 120:], canvas.plate[:, 120:])


def test_before_the_back_of_a_head_a_soft_edge_loses_its_rim_of_light_and_a_cheeks_hard_edge_stays() -> None:
    shape = (150, 150)
    matte = 0.93 * np.clip((80 - np.arange(150)) / 4 + 0.5, 0, 1)  # hair that fades out around column 80, before paper
    pixels = np.zeros((*shape, 5), np.float32)
    pixels[..., 3] = matte
    pixels[..., :3] = (1 - matte)[None, :, None]
    grid_xy = np.zeros((*shape, 2), np.float32)
    grid_xy[:, :20] = -1  # the sheet ends at column 20: a cheek
    pixels[:, :20] = 0
    seen = Seen(grid_xy, np.where(grid_xy[..., 0] < 0, np.inf, 1).astype(np.float32))
    behind = np.zeros((*shape, 4), np.float32)
    behind[20:, :, 3] = 1  # black
    drawn = np.clip((pixels[..., 3] - 0.08) / 0.84, 0, 1)
    tightened = tight(drawn, pixels, seen, behind)
    rims = [(pixels[..., 0] * alpha)[75].max() for alpha in (drawn, tightened)]  # laid over black
    assert rims[0] > 0.2
    assert rims[1] < 0.6 * rims[0]
    np.testing.assert_array_equal(tightened[:, :60], drawn[:, :60])
    np.testing.assert_array_equal(tightened[:10], drawn[:10])
    assert (tightened <= drawn).all()


def test_hair_before_the_back_of_the_head_has_no_line_of_the_wall_it_was_filmed_before() -> None:
    shape = (300, 400)
    pixels = np.zeros((*shape, 5), np.float32)
    pixels[:, :80, 3] = 1
    pixels[:, 80:84, 3] = np.array([0.8, 0.6, 0.4, 0.2])
    pixels[:, 79:, 1] = 1  # a green wall, that shines through the last hair, too
    seen = Seen(np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32))
    behind = np.zeros((*shape, 4), np.float32)
    behind[150:, :, 3] = 1
    mended = undyed(pixels, seen, behind)
    lines = [(one[220, 70:90, 1] * one[220, 70:90, 3]).max() for one in (pixels, mended)]
    assert lines[0] > 0.9
    assert lines[1] < 0.35
    np.testing.assert_array_equal(mended[:120], pixels[:120])  # before the wall itself nothing changes
    np.testing.assert_allclose(mended[:, :60], pixels[:, :60], atol=1e-4)
    np.testing.assert_array_equal(mended[..., 3:], pixels[..., 3:])


def test_a_full_canvas_is_drawn_at_no_more_than_the_cap() -> None:
    box = Window(60.0, 50.0, 110.0, 110.0, 1.0)
    canvas = full_canvas(bank_in(box), picture(), plate_for(box), np.zeros(2), np.array([240.0, 200.0]), 96)
    assert max(canvas.window.shape) == 96
    assert paste_back(canvas.around, canvas, picture()).shape == picture().shape


def test_the_background_of_a_large_subject_keeps_its_black_and_white() -> None:
    box = Window(40.0, 20.0, 160.0, 160.0, 0.5)  # kept at half its size, so the plate is blown up again
    plate = np.zeros((80, 80, 3), np.uint8)
    plate[:, 40:] = 255
    canvas = full_canvas(bank_in(box), picture(), plate, np.array([40.0, 20.0]), np.array([200.0, 180.0]), 1024)
    assert canvas.plate[40:120, 40:78].max() < 0.3 and canvas.plate[40:120, 82:120].min() > 0.7


@pytest.mark.parametrize(
    "box",
    [Window(60.0, 50.0, 90.0, 90.0, 1.0), Window(61.0, 49.0, 91.0, 91.0, 0.7), Window(0.0, 0.0, 111.0, 111.0, 1.0)],
)
def test_pasting_back_leaves_everything_outside_the_window_as_it_was(box: Window) -> None:
    corner = np.array([box.left, box.top])
    canvas = full_canvas(bank_in(box), picture(), plate_for(box), corner, corner + box.width, 1024)
    drawn = np.zeros((*canvas.window.shape, 3), np.float32)
    full = paste_back(drawn, canvas, picture())
    assert full.shape == picture().shape and full.dtype == np.uint8
    spot = np.zeros(full.shape[:2], bool)
    window = canvas.window
    spot[int(window.top) : int(window.top + window.height), int(window.left) : int(window.left + window.width)] = True
    np.testing.assert_array_equal(full[~spot], picture()[~spot])
    assert not full[spot].any()


def laid(pixels: np.ndarray, seen: Seen, canvas: Canvas) -> np.ndarray:
    return lay_over(pixels[..., :3], *mattes(pixels[..., 3], pixels[..., 4], seen, canvas, 40.0), canvas)


def test_a_head_laid_over_a_full_canvas_fades_into_the_picture_at_inner_edges() -> None:
    box = Window(60.0, 0.0, 110.0, 110.0, 1.0)  # its upper edge is the picture's
    canvas = full_canvas(bank_in(box), picture(), plate_for(box), np.array([60.0, 0.0]), np.array([170.0, 110.0]), 1024)
    assert canvas.window.shape == (110, 110)
    np.testing.assert_allclose(canvas.around, picture()[:110, 60:170] / 255, atol=1e-6)
    covered = Seen(np.ones((110, 110, 2), np.float32), np.full((110, 110), 5.0, np.float32))
    white = np.ones((110, 110, 5), np.float32)
    white[..., 4] = 50.0  # moved, so that the matte decides
    shown = laid(white, covered, canvas)
    np.testing.assert_allclose(shown[30:80, 30:80], 1.0, atol=1e-5)
    assert (canvas.paste[0, 40:70] == 1).all()  # nothing to fade into beyond the picture
    for edge in (np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]):
        np.testing.assert_allclose(shown[edge], canvas.around[edge], atol=0.02)


def test_where_the_head_is_not_the_plate_shows() -> None:
    window = Window(20.0, 10.0, 150.0, 150.0, 1.0)
    canvas = crop_canvas(bank_in(window), plate_for(window), 150)
    nothing = Seen(np.full((150, 150, 2), -1, np.float32), np.full((150, 150), np.inf, np.float32))
    shown = laid(np.zeros((150, 150, 5), np.float32), nothing, canvas)
    np.testing.assert_allclose(shown, canvas.plate.clip(0, 1), atol=1e-5)


def test_laid_over_colours_stay_in_range() -> None:
    window = Window(20.0, 10.0, 150.0, 150.0, 1.0)
    canvas = crop_canvas(bank_in(window), plate_for(window), 300)
    seen = Seen(np.ones((300, 300, 2), np.float32), np.full((300, 300), 5.0, np.float32))
    wild = np.random.default_rng(0).normal(0.5, 1.0, (300, 300, 5)).astype(np.float32)
    shown = laid(wild, seen, canvas)
    assert shown.min() >= 0 and shown.max() <= 1 and shown.shape == (300, 300, 3)


def test_a_smaller_canvas_leaves_the_picture_sharp_where_nothing_was_drawn() -> None:
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 256, (400, 400, 3), dtype=np.uint8)
    box = Window(100.0, 100.0, 200.0, 200.0, 1.0)
    canvas = full_canvas(bank_in(box), sharp, plate_for(box), np.array([80.0, 80.0]), np.array([320.0, 320.0]), 120)
    assert canvas.window.scale == 0.5
    image = canvas.around.copy()
    image[50:70, 50:70] = 0.5  # a head
    full = paste_back(image, canvas, sharp)
    left, top = int(canvas.window.left), int(canvas.window.top)
    head = np.zeros((400, 400), bool)
    head[top + 2 * 40 : top + 2 * 80, left + 2 * 40 : left + 2 * 80] = True
    np.testing.assert_array_equal(full[~head], sharp[~head])
    assert np.abs(full[top + 110 : top + 130, left + 110 : left + 130].astype(int) - 128).max() <= 1


def test_the_outline_of_what_lies_before_is_smoothed_and_nothing_else_is() -> None:
    y, x = np.mgrid[0:64, 0:64].astype(np.float32)
    before, person = y > 0.4 * x + 12, np.ones((64, 64), np.float32)
    stairs = np.repeat(np.where(before, 0.9, 0.1).astype(np.float32)[..., None], 3, 2)
    seen = Seen(np.ones((64, 64, 2), np.float32), np.where(before, 50.0, 90.0).astype(np.float32))
    soft = soften_steps(stairs, person, seen, 40.0)
    true = np.clip(0.5 + (y - 0.4 * x - 12) / 1.2, 0, 1) * 0.8 + 0.1  # each pixel covered in part
    near = np.abs(y - 0.4 * x - 12) < 2
    assert np.abs(soft[..., 0] - true)[near].max() < 0.75 * np.abs(stairs[..., 0] - true)[near].max()
    assert np.array_equal(soft[~cv2.dilate(near.astype(np.uint8), np.ones((9, 9))).astype(bool)],
                          stairs[~cv2.dilate(near.astype(np.uint8), np.ones((9, 9))).astype(bool)])  # fmt: skip
    flat = Seen(seen.grid_xy, np.full((64, 64), 50.0, np.float32))
    assert np.array_equal(soften_steps(stairs, person, flat, 40.0), stairs)
    assert np.array_equal(soften_steps(stairs, 0 * person, seen, 40.0), stairs)
