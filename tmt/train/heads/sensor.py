"""What a camera makes of light: curve, colour, vignette, blur, grain, compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.train.heads.asset import Array


@dataclass(frozen=True)
class Sensor:
    """balance [3] and level multiply the light, gamma bends it, fade lifts black; blur px; grain share; quality of JPEG
    (0: none); vignette 0..1; sharpening 0..1."""

    balance: Array
    level: float
    gamma: float
    saturation: float
    fade: float
    blur: float
    grain: float
    quality: int
    vignette: float
    sharpening: float


def random_sensor(seed: int) -> Sensor:
    """A camera somewhere between a good one and a poor one."""
    rng = np.random.default_rng([seed, 5])
    return Sensor(
        balance=np.exp(rng.normal(0, 0.05, 3)), level=float(np.exp(rng.normal(0, 0.1))),
        gamma=float(np.exp(rng.normal(0, 0.08))), saturation=float(rng.uniform(0.75, 1.2)),
        fade=float(max(0, rng.normal(0, 0.02))), blur=float(max(0, rng.normal(0.15, 0.35))),
        grain=float(abs(rng.normal(0, 0.012))), quality=int(rng.integers(45, 97)) if rng.random() < 0.7 else 0,
        vignette=float(max(0, rng.normal(0.05, 0.15))), sharpening=float(max(0, rng.normal(0, 0.4))),
    )  # fmt: skip


def develop(light: Array, sensor: Sensor, rng: np.random.Generator) -> Array:
    """light [H, W, 3] linear -> picture [H, W, 3] uint8."""
    height, width = light.shape[:2]
    y, x = (np.arange(height)[:, None] + 0.5) / height - 0.5, (np.arange(width)[None] + 0.5) / width - 0.5
    shade = 1 - sensor.vignette * 2 * (x**2 + y**2)
    seen = light * (sensor.balance * sensor.level * (1 + rng.normal(0, 0.004))) * shade[..., None]
    picture = (1 - np.exp(-1.45 * np.clip(seen, 0, None))) ** (sensor.gamma / 2.2)  # a soft shoulder
    grey = picture @ np.array([0.3, 0.59, 0.11])
    picture = grey[..., None] + sensor.saturation * (picture - grey[..., None])
    picture = sensor.fade + (1 - sensor.fade) * picture
    picture = picture.astype(np.float32)
    if sensor.blur > 0.15:
        picture = cv2.GaussianBlur(picture, (0, 0), sensor.blur + 0.2)
    if sensor.sharpening > 0:
        picture += sensor.sharpening * (picture - cv2.GaussianBlur(picture, (0, 0), 1.0))
    coarse = cv2.GaussianBlur(rng.normal(size=(height, width, 3)).astype(np.float32), (0, 0), 0.6)
    picture += sensor.grain * 1.6 * coarse * (1.3 - picture)
    out = np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
    if not sensor.quality:
        return out
    _, packed = cv2.imencode(".jpg", out[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, sensor.quality])
    return np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])
