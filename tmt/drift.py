"""How shoulders move in the picture: a similarity of its plane, told by four numbers.

A drift [*, 4] is (x, y, grown, turned): the point p, a complex number x + iy in px, goes to (1 + grown + i turned) p +
x + iy. Four zeros stand still, and drifts that are averaged are points that are averaged.
"""

from __future__ import annotations

import numpy as np

from tmt.types import Array, Window

NUMBERS = 4


def standing(count: int) -> Array:
    """[count, 4]: no motion."""
    return np.zeros((count, NUMBERS), np.float32)


def drifted(drift: Array, points: Array) -> Array:
    """Where points [*, 2] go by drifts [*, 4], in the same unit."""
    return _pair(_factor(drift) * _complex(points) + _complex(drift[..., :2]))


def after(second: Array, first: Array) -> Array:
    """The drift [*, 4] that does `first` and then `second`."""
    factor = _factor(second) * _factor(first)
    return _drift(factor, _factor(second) * _complex(first[..., :2]) + _complex(second[..., :2]))


def back(drift: Array) -> Array:
    """The inverse [*, 4]."""
    factor = 1 / _factor(drift)
    return _drift(factor, -factor * _complex(drift[..., :2]))


def about(centre: Array, shift: Array, change: Array) -> Array:
    """The drift [*, 4] by which the `centre` [*, 2] moves by `shift` [*, 2] and all grows and turns by `change` [*, 2]
    around it."""
    change = np.asarray(change, np.float64)
    return _drift(1 + _complex(change), _complex(centre + shift) - (1 + _complex(change)) * _complex(centre))


def shifted(drift: Array, shift: Array) -> Array:
    """A drift [*, 4] that goes on by `shift` [*, 2]."""
    return np.concatenate([drift[..., :2] + shift, np.broadcast_to(drift[..., 2:], shift.shape)], -1)


def in_window(drift: Array, window: Window) -> Array:
    """A drift [*, 4] of picture px as a window shows it, in window px."""
    origin = window.left + 1j * window.top
    return _drift(_factor(drift), window.scale * ((_factor(drift) - 1) * origin + _complex(drift[..., :2])))


def _factor(drift: Array) -> Array:
    return np.asarray(1 + _complex(drift[..., 2:]))


def _complex(pair: Array) -> Array:
    pair = np.asarray(pair, np.float64)
    return np.asarray(pair[..., 0] + 1j * pair[..., 1])


def _pair(value: Array) -> Array:
    return np.stack([value.real, value.imag], -1)


def _drift(factor: Array, shift: Array) -> Array:
    return np.concatenate([_pair(shift), _pair(factor - 1)], -1)
