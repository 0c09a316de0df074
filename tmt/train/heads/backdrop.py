"""What is behind the head: walls, rooms, shelves, leaves; mostly out of focus."""

from __future__ import annotations

import cv2
import numpy as np

from tmt.train.heads.asset import Array

Span = tuple[float, float]
SMALL = 192  # px in which it is painted


def random_backdrop(seed: int, side: int) -> Array:
    """[side, side, 3] linear RGB."""
    rng = np.random.default_rng([seed, 4])
    kind = rng.choice(["plain", "gradient", "room", "shelves", "leaves", "blobs", "window"])
    painted = {
        "plain": _gradient, "gradient": _gradient, "room": _room, "shelves": _shelves, "leaves": _leaves,
        "blobs": _blobs, "window": _window,
    }[str(kind)](rng)  # fmt: skip
    blur = 0.5 if kind == "plain" else float(np.exp(rng.uniform(np.log(0.4), np.log(9))))
    painted = cv2.GaussianBlur(painted.astype(np.float32), (0, 0), blur)
    wide = cv2.resize(painted, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(wide * rng.uniform(0.5, 1.2), 0.0, 1.5)


def _tone(rng: np.random.Generator, high: float = 0.7) -> Array:
    value = rng.uniform(0.01, high)
    hue = rng.dirichlet([1, 1, 1]) * 3
    grey = rng.random() ** 0.6
    out: Array = value * (grey + (1 - grey) * hue)
    return out


def _gradient(rng: np.random.Generator) -> Array:
    y, x = np.mgrid[:SMALL, :SMALL] / SMALL - 0.5
    angle = rng.uniform(0, 6.3)
    share = np.clip(0.5 + (x * np.cos(angle) + y * np.sin(angle)) * rng.uniform(0, 1.2), 0, 1)[..., None]
    glow = np.exp(-((x - rng.uniform(-0.4, 0.4)) ** 2 + (y - rng.uniform(-0.4, 0.4)) ** 2) / rng.uniform(0.05, 0.6))
    one = _tone(rng)
    two = one * rng.uniform(0.3, 1.0) if rng.random() < 0.7 else _tone(rng)
    out: Array = (one + share * (two - one)) * (0.75 + 0.5 * rng.random() * glow[..., None])
    return out


def _boxes(image: Array, rng: np.random.Generator, count: int, wide: Span, high: Span) -> None:
    for _ in range(count):
        w, h = rng.uniform(*wide) * SMALL, rng.uniform(*high) * SMALL
        x, y = rng.uniform(-0.1, 1.0) * SMALL, rng.uniform(-0.1, 1.0) * SMALL
        cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + h)), _tone(rng).tolist(), -1)


def _room(rng: np.random.Generator) -> Array:
    image = np.ascontiguousarray(_gradient(rng))
    _boxes(image, rng, int(rng.integers(2, 7)), (0.08, 0.5), (0.1, 0.6))
    corner = int(rng.uniform(0, 1) * SMALL)
    image[:, corner:] *= rng.uniform(0.6, 1.0)
    return image


def _shelves(rng: np.random.Generator) -> Array:
    image = np.ascontiguousarray(_gradient(rng))
    shelf, gap = _tone(rng, 0.4), int(rng.uniform(0.16, 0.36) * SMALL)
    for bottom in range(int(rng.integers(10, gap)), SMALL + gap, gap):
        x = 0.0
        while x < SMALL:
            w, h = rng.uniform(3, 13), gap * rng.uniform(0.45, 0.88)
            if rng.random() < 0.85:
                low, high = (int(x), int(bottom - h)), (int(x + w), bottom)
                cv2.rectangle(image, low, high, _tone(rng, 0.5).tolist(), -1)
            x += w + 1
        cv2.rectangle(image, (0, bottom), (SMALL, bottom + 5), shelf.tolist(), -1)
    return image


def _leaves(rng: np.random.Generator) -> Array:
    image = np.ascontiguousarray(_gradient(rng)) * 0.6
    for _ in range(260):
        green = rng.uniform([0.01, 0.05, 0.005], [0.2, 0.4, 0.08]) * rng.uniform(0.2, 1.6)
        at = (int(rng.uniform(0, SMALL)), int(rng.uniform(0, SMALL)))
        axes = (int(rng.uniform(3, 13)), int(rng.uniform(1, 6)))
        cv2.ellipse(image, at, axes, rng.uniform(0, 180), 0, 360, green.tolist(), -1)
    return image


def _blobs(rng: np.random.Generator) -> Array:
    image = np.ascontiguousarray(_gradient(rng)) * 0.4
    for _ in range(int(rng.integers(8, 40))):
        at = (int(rng.uniform(0, SMALL)), int(rng.uniform(0, SMALL)))
        glow = np.zeros_like(image)
        cv2.circle(glow, at, int(rng.uniform(2, 14)), (_tone(rng, 1.2) * rng.uniform(0.3, 1.0)).tolist(), -1)
        image += glow
    return image


def _window(rng: np.random.Generator) -> Array:
    image = np.ascontiguousarray(_gradient(rng)) * 0.5
    left, top = (int(rng.uniform(-0.2, 0.7) * SMALL) for _ in range(2))
    wide, high = int(rng.uniform(0.25, 0.6) * SMALL), int(rng.uniform(0.4, 0.9) * SMALL)
    sky = np.array([0.8, 0.9, 1.0]) * rng.uniform(0.5, 1.4)
    cv2.rectangle(image, (left, top), (left + wide, top + high), sky.tolist(), -1)
    bar = _tone(rng, 0.5).tolist()
    cv2.line(image, (left + wide // 2, top), (left + wide // 2, top + high), bar, 4)
    cv2.line(image, (left, top + high // 2), (left + wide, top + high // 2), bar, 4)
    _boxes(image, rng, 3, (0.1, 0.4), (0.1, 0.5))
    return image
