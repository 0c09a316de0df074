"""The label is on the picture, where and as large as promised, and can be read on any background."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tmt import label
from tmt.types import Array

SIZES = [(256, 256), (256, 455), (480, 640), (512, 512), (1024, 1024), (1080, 1920), (1920, 1080)]  # height, width
BACKGROUNDS = ["black", "white", "noise"]
READABLE = 4.5  # WCAG's least contrast for text of any size


def picture(background: str, height: int, width: int) -> Array:
    """A [height, width, 3] uint8 picture."""
    if background == "noise":
        return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return np.full((height, width, 3), 255 if background == "white" else 0, np.uint8)


def luminance(rgb: Array) -> Array:
    """Relative luminance [*] in [0, 1] of sRGB [*, 3] uint8."""
    value = rgb / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def inked(name: str, box: label.Box) -> tuple[Array, Array]:
    """Where a text is solid, and where the plain box around it is: two masks [height, width]."""
    keep, ink = label._stamp(name, box.height, box.width)
    return ink > 0.95, (ink == 0) & (keep < 1 - label.SHADE + 1e-6)


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("size", SIZES)
def test_label_can_be_read_on_any_background(background: str, size: tuple[int, int]) -> None:
    box = label.label_box(*size)
    bright = luminance(label.burn_uint8(picture(background, *size))[box.slices])
    text, plain = inked("label", box)
    assert text.mean() > 0.1 and plain.mean() > 0.2
    assert (bright[text].mean() + 0.05) / (bright[plain].mean() + 0.05) >= READABLE
    assert bright[text].min() > bright[plain].max()  # not one pixel of the box is as light as the text


@pytest.mark.parametrize("which", ["subject", "driving", "result"])
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_captions_can_be_read_bottom_left(which: label.Caption, background: str) -> None:
    plain_picture = picture(background, 256, 320)
    captioned = label.caption(plain_picture, which)
    box = label.caption_box(which, 256, 320)
    text, plain = inked(which, box)
    bright = luminance(captioned[box.slices])
    assert (bright[text].mean() + 0.05) / (bright[plain].mean() + 0.05) >= READABLE
    assert box.left < 16 and 256 - 16 < box.top + box.height <= 256
    captioned[box.slices] = plain_picture[box.slices]
    assert np.array_equal(captioned, plain_picture)


def test_captions_differ() -> None:
    shown = [label.caption(picture("black", 256, 256), which).tobytes() for which in ("subject", "driving", "result")]
    assert len(set(shown)) == 3


@pytest.mark.parametrize("size", SIZES)
def test_label_is_top_right_and_large_enough(size: tuple[int, int]) -> None:
    height, width = size
    box = label.label_box(height, width)
    assert box.height >= max(20, 0.04 * height)
    assert 0 < box.top <= 0.02 * height + 1
    assert 0 < width - (box.left + box.width) <= 0.02 * width + 1
    assert box.left >= 0 and box.width > 4 * box.height


@pytest.mark.parametrize("size", SIZES)
def test_pixels_outside_the_box_stay(size: tuple[int, int]) -> None:
    before = picture("noise", *size)
    after = label.burn_uint8(before)
    box = label.label_box(*size)
    assert not np.array_equal(after[box.slices], before[box.slices])
    after[box.slices] = before[box.slices]
    assert np.array_equal(after, before)


def test_the_text_fills_its_box_without_touching_the_edge() -> None:
    box = label.label_box(512, 512)
    _, ink = label._stamp("label", box.height, box.width)
    assert ink[[0, -1]].max() == 0 and ink[:, [0, -1]].max() == 0
    rows, columns = np.flatnonzero(ink.max(1) > 0.5), np.flatnonzero(ink.max(0) > 0.5)
    assert np.ptp(rows) > 0.6 * box.height and np.ptp(columns) > 0.85 * box.width


def test_inputs_are_left_as_they_are() -> None:
    image, frame = torch.ones(3, 256, 256), picture("white", 256, 256)
    label.burn(image)
    label.burn_uint8(frame)
    label.caption(frame, "result")
    assert bool((image == 1).all()) and bool((frame == 255).all())


def test_tensor_and_uint8_label_agree() -> None:
    frame = picture("noise", 300, 400)
    image = torch.from_numpy(frame).permute(2, 0, 1) / 255
    burned = (label.burn(image).permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    assert np.abs(burned.astype(int) - label.burn_uint8(frame)).max() <= 1


def test_a_batch_is_labelled_picture_by_picture() -> None:
    images = torch.rand(2, 3, 256, 256)
    assert torch.equal(label.burn(images), torch.stack([label.burn(image) for image in images]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_dtype_and_range_are_kept(dtype: torch.dtype) -> None:
    burned = label.burn(torch.rand(3, 256, 256).to(dtype))
    assert burned.dtype == dtype and float(burned.min()) >= 0 and float(burned.max()) <= 1


def test_gradients_pass_after_a_call_in_inference_mode() -> None:
    """The label's planes are cached: made in inference mode, they would break the first training step after it."""
    label._planes.cache_clear()
    with torch.inference_mode():
        label.burn(torch.zeros(3, 256, 256))
    image = torch.zeros(3, 256, 256, requires_grad=True)
    label.burn(image).sum().backward()  # type: ignore[no-untyped-call]
    assert image.grad is not None and float(image.grad.max()) == 1 and float(image.grad.min()) < 0.5


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (64, 64), (128, 96), (2000, 40)])
def test_a_picture_too_small_for_the_label_gets_what_fits(size: tuple[int, int]) -> None:
    box = label.label_box(*size)
    assert box.top >= 0 and box.left >= 0 and box.top + box.height <= size[0] and box.left + box.width <= size[1]
    assert label.burn_uint8(picture("white", *size)).shape == (*size, 3)
