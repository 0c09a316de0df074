"""The pictures that lie on a person: skin with the wrinkles of its expressions, iris, cloth."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from tmt.train.heads import paint, solids
from tmt.train.heads.asset import Act, Array, smooth
from tmt.train.heads.model import EYE_PIXELS, Model
from tmt.train.heads.shade import Skins

RELIEF = 0.22  # of the painted relief: pixels are coarser than pores
# What deepens each wrinkle: forehead, between the brows, outer corners of the eyes, from the nose to the mouth
WRINKLES: tuple[dict[str, float], ...] = (
    {"eyebrows-left-up": 0.5, "eyebrows-right-up": 0.5, "eyebrows-left-inner-up": 0.3, "eyebrows-right-inner-up": 0.3},
    {"eyebrows-left-down": 0.6, "eyebrows-right-down": 0.6, "nose-compression": 0.5},
    {"mouth-corner-puller": 0.9, "eye-left-slit": 0.5, "eye-right-slit": 0.5, "nose-compression": 0.3},
    {"mouth-corner-puller": 1.0, "mouth-upward-retraction": 0.6, "nose-left-elevation": 0.4,
     "nose-right-elevation": 0.4, "mouth-retraction": 0.3},
)  # fmt: skip


def depths(act: Act) -> Array:
    """How deep each wrinkle is in a frame [4], 0..1.3."""
    return np.array([min(1.3, sum(w * act.units.get(unit, 0.0) for unit, w in by.items())) for by in WRINKLES])


def textures(model: Model, height: int) -> Skins:
    """Paint them; height: px of the skin's sheet."""
    figure, person = model.figure, model.person
    colour, rough, relief = paint.paint(person, height, quick=True)
    page = paint.Sheet(person, height, quick=True)
    layers = [*colour.transpose(2, 0, 1), rough, *_slope(relief * RELIEF, page.pixel)]
    for groove in _wrinkles(page):
        layers += [*_slope(-1.3 * groove, page.pixel), np.clip(groove, 0, 1)]
    skin = np.stack(layers)
    tile = solids.cloth_tile(figure, np.random.default_rng([person.seed, 7])).transpose(2, 0, 1)
    painted = (skin, _eye(model), _teeth(), tile)
    return Skins(*(torch.from_numpy(t.astype(np.float32))[None].to(model.device) for t in painted))


def _slope(relief: Array, pixel: float) -> tuple[Array, Array]:
    """Relief [H, W], dm * 100 -> how fast it rises to the left of the person and upwards."""
    up, across = np.gradient(cv2.GaussianBlur(relief.astype(np.float32), (0, 0), 0.8))
    return across / (100 * pixel), up / (100 * pixel)


def _eye(model: Model) -> Array:
    """The front of an eyeball [3, E, E]."""
    x = (np.arange(EYE_PIXELS) + 0.5) / EYE_PIXELS * 2 - 1
    across, up = np.meshgrid(x, x)
    far = np.hypot(across, up)
    shrink = np.minimum(1, 0.999 / np.maximum(far, 1e-6))
    front = np.sqrt(np.clip(1 - np.minimum(far, 0.999) ** 2, 0, 1))
    ways = np.stack([across * shrink, up * shrink, front], -1).reshape(-1, 3)
    colours: Array = model.figure.eye_paint(ways)
    return colours.reshape(EYE_PIXELS, EYE_PIXELS, 3).transpose(2, 0, 1)


def _teeth() -> Array:
    """What multiplies the colour of teeth [3, 8, 256]: gaps between them; they are narrower to the sides."""
    x = np.abs(np.linspace(-1, 1, 256)) * 0.32
    edges = np.array([0.0, 0.085, 0.15, 0.225, 0.29])
    gap = np.abs(x[:, None] - edges).min(1)
    row = 1 - 0.55 * np.exp(-((gap / 0.006) ** 2))
    return np.broadcast_to(row[None, None], (3, 8, 256)) * np.array([1.0, 0.99, 0.97])[:, None, None]


def _wrinkles(page: paint.Sheet) -> list[Array]:
    """Depth [H, W] of each wrinkle where it is deepest; deeper with age."""
    age = 0.2 + 0.9 * page.person.skin.lines
    a, y, sway = page.a, page.y, 0.016 * page.noise(0.5)
    forehead = np.zeros_like(a)
    for k, height in enumerate((0.29, 0.37, 0.45, 0.53)):
        fade = smooth(0.52, 0.25, a + 0.04 * k) * np.clip(0.75 + 0.35 * page.noise(0.3), 0, 1)
        forehead += fade * _groove(y - height - sway - 0.05 * a**2, 0.013)
    frown = smooth(0.0, 0.06, y) * smooth(0.3, 0.2, y) * _groove(a - 0.055 - 0.12 * (y - 0.1), 0.014)
    frown += 0.7 * smooth(0.09, 0.03, a) * _groove(y + 0.03 + 0.3 * sway, 0.012)
    crow = np.zeros_like(a)
    for slope in (-0.45, -0.12, 0.2, 0.5):
        fade = smooth(0.44, 0.49, a) * smooth(0.68, 0.52, a)
        crow += fade * _groove(y + 0.03 - slope * (a - 0.42) - 0.3 * sway, 0.009)
    crow += 0.6 * smooth(0.14, 0.2, a) * smooth(0.46, 0.34, a) * _groove(y + 0.12 - 0.5 * (a - 0.29) ** 2, 0.012)
    line = np.interp(y, [-0.75, -0.6, -0.45, -0.34], [0.33, 0.3, 0.22, 0.15])
    fold = smooth(-0.78, -0.64, y) * smooth(-0.3, -0.37, y) * _groove(a - line - 0.5 * sway, 0.02)
    return [age * forehead, age * frown, age * crow, (0.3 + 0.4 * age) * fold]


def _groove(distance: Array, width: float) -> Array:
    return np.exp(-((distance / width) ** 2))
