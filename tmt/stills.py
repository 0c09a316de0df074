"""Picture files (JPEG, PNG, WebP, GIF, BMP, TIFF): upright, in sRGB, over grey; still or animated."""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from .errors import MediaError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
GREY = 128  # what shows through transparent parts
BROKEN = Exception  # a damaged byte can lead Pillow's readers to nearly every kind of error


@dataclass(frozen=True)
class Picture:
    """size (width, height) px as displayed; times: start of each frame and the end of the last, s."""

    size: tuple[int, int]
    times: tuple[float, ...]


def look(path: Path) -> Picture | None:
    """Size and frame times; None where the file is of no picture format."""
    try:
        with _open(path) as image:
            width, height = image.size
            if image.getexif().get(0x0112, 1) >= 5:  # the EXIF orientations that lie on their side
                width, height = height, width
            return Picture((width, height), _times(image))
    except UnidentifiedImageError:
        return None
    except Image.DecompressionBombError as error:
        raise MediaError("not_media", name=path.name, reason="the picture is too large") from error
    except BROKEN as error:
        raise MediaError("no_frames", name=path.name) from error


def frames(path: Path) -> Iterator[np.ndarray]:
    """Every stored frame, uint8 [H, W, 3] RGB; what comes after a damaged frame is left out."""
    shown = 0
    try:
        with _open(path) as image:
            for index in _indices(image):
                image.seek(index)
                frame = _upright_rgb(image)
                shown += 1
                yield frame
    except BROKEN as error:
        if not shown:
            raise MediaError("no_frames", name=path.name) from error


def _open(path: Path) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a large picture or odd metadata: not the user's concern
        Image.init()  # all formats: `formats` must name loaded ones only
        return Image.open(path, formats=FORMATS)


def _indices(image: Image.Image) -> Iterable[int]:
    """Frames that follow each other in time; the pages of a TIFF and the views of an MPO do not. `seek` ends it."""
    return itertools.count() if image.format in ("GIF", "WEBP", "PNG") else (0,)


def _times(image: Image.Image) -> tuple[float, ...]:
    times = [0.0]
    for index in _indices(image):
        try:
            image.seek(index)
            image.load()  # WebP tells the duration only now
        except BROKEN:  # also EOFError: there are no more
            if not index:
                raise
            break
        duration = float(image.info.get("duration") or 0) / 1000
        times.append(times[-1] + (duration if duration > 0.015 else 0.1))  # as browsers do
    return tuple(times)


def _upright_rgb(image: Image.Image) -> np.ndarray:
    """The current frame as displayed, uint8 [H, W, 3]."""
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith(("I", "F")):  # grey of 16 bits
        grey = np.asarray(turned).astype(np.float64)
        turned = Image.fromarray((grey / (257 if grey.max() > 255 else 1)).clip(0, 255).astype(np.uint8))
    rgba = np.asarray(_to_srgb(turned).convert("RGBA"))
    return over_grey(rgba)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Apply an embedded colour profile (phones: Display P3); an unreadable one is passed over."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        stored = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, stored, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return image
    return converted if converted is not None else image


def over_grey(rgba: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 4] -> uint8 [H, W, 3], transparent parts grey."""
    if rgba[..., 3].min() == 255:
        return np.ascontiguousarray(rgba[..., :3])
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return np.rint(rgba[..., :3] * alpha + GREY * (1 - alpha)).astype(np.uint8)
