"""An invisible mark in a video's pictures, which says that tmt made them and in which run (spread spectrum: Cox et al.
1997). It outlives what takes a file's signature away: another encoding, another size, a messenger.

Bits are spread over a grid of chips that lie over the whole picture, a grey level or less each, and more where the
picture is busy and hides it. The pattern stands still, so that looking at many frames adds up. Everybody knows the key:
the mark tells, it does not defend. A crop, a mirror image or much blur takes it away.
"""

from __future__ import annotations

import binascii
import itertools
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.stats import chi2

from tmt.types import Array

GRID, KEY = 128, 0x746D74  # chips a side; where which bit lies, and its sign
NUMBER, CHECK = 32, 16  # bits of the run's number, and of its checksum
BITS = NUMBER + CHECK
STRENGTH, BUSY, MOST = 0.65, 0.15, 3.0  # grey levels; more for every grey level of detail; times as much at most
SMALL, SMALLEST = 400, 1.6  # px of a picture's shorter side below which it is stronger, for chips are few px; at most
DETAIL, AROUND = 1.0, 2.0  # chips: what is finer counts as detail, and over which it is averaged
ANEW = 32  # frames after which the detail is looked at again
DOUBTFUL = 8  # least certain bits, all of whose values are tried against the checksum
# An unmarked video looks marked once in ten to the power of so many; talking heads of 512 px at crf 28 have 13 to 175.
SURE = 6.0
FARTHEST = 300.0  # such a power at most


@dataclass(frozen=True)
class Trace:
    """What is found: `number`, the run's (None: it cannot be read any more); an unmarked video looks as marked as this
    once in 10 ** `certainty`."""

    number: int | None
    certainty: float

    @property
    def found(self) -> bool:
        """Whether the mark is there beyond doubt."""
        return self.certainty >= SURE


def new_number() -> int:
    """A number for a run; it says nothing of whose run it is."""
    return secrets.randbits(NUMBER)


def written(number: int) -> str:
    """A number as people compare it."""
    return f"{number >> 16:04x}-{number & 0xFFFF:04x}"


class Marker:
    """Marks the frames of one video with a number."""

    def __init__(self, number: int) -> None:
        signs, owners = _chips()
        self._pattern = signs * (2 * _bits(number) - 1).astype(np.float32)[owners]
        self._count = 0
        self._planes: tuple[Array, Array] | None = None

    def __call__(self, frame: Array) -> Array:
        """A copy of the video's next frame [H, W, 3] uint8, with the mark in it."""
        if self._planes is None or self._count % ANEW == 0:
            self._planes = self._laid(frame)
        self._count += 1
        more, less = self._planes
        return np.asarray(cv2.subtract(cv2.add(frame, more), less))

    def _laid(self, frame: Array) -> tuple[Array, Array]:
        """What is added and what is taken off, [H, W, 3] uint8 each."""
        small = float(np.clip(SMALL / min(frame.shape[:2]), 1, SMALLEST))
        strength = STRENGTH * small * np.minimum(1 + BUSY * _busy(_detail(frame)), MOST)
        plane = cv2.resize(self._pattern * strength, frame.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        whole = np.round(plane)
        more, less = (np.clip(sign * whole, 0, 255).astype(np.uint8) for sign in (1, -1))
        return cv2.merge([more] * 3), cv2.merge([less] * 3)


def find(frames: Iterable[Array]) -> Trace:
    """Look for the mark in frames [H, W, 3] uint8 of one video; 50 or more tell it well."""
    total, count = np.zeros((GRID, GRID)), 0
    for frame in frames:
        total += _detail(frame)
        count += 1
    if not count:
        return Trace(None, 0.0)
    mean = (total / count).astype(np.float32)
    even = np.clip(mean / (1 + _busy(mean)), -1, 1)
    signs, owners = _chips()
    each = np.bincount(owners.ravel(), weights=(even * signs).ravel(), minlength=BITS)
    # By chance alone every bit's sum is normal, for the signs are random whatever the picture.
    spread = np.sqrt((even**2).sum() / BITS) + 1e-9
    chance = chi2.logsf(((each / spread) ** 2).sum(), BITS) / np.log(10)
    certainty = float(min(-chance, FARTHEST))
    return Trace(_number(each) if certainty >= SURE else None, max(certainty, 0.0))


def _detail(frame: Array) -> Array:
    """Fine structure of a frame's grey at the chips [GRID, GRID] float32."""
    small = cv2.resize(frame, (GRID, GRID), interpolation=cv2.INTER_AREA).astype(np.float32)
    grey = small @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), DETAIL))


def _busy(detail: Array) -> Array:
    """How much of it there is around each chip, grey levels."""
    return np.asarray(cv2.GaussianBlur(np.abs(detail), (0, 0), AROUND))


@lru_cache(maxsize=1)
def _chips() -> tuple[Array, Array]:
    """The chips' signs, and the bit that each belongs to, [GRID, GRID]."""
    random = np.random.default_rng(KEY)
    signs = random.choice(np.array([-1, 1], np.float32), GRID * GRID)
    owners = random.permutation(GRID * GRID) % BITS
    return signs.reshape(GRID, GRID), owners.reshape(GRID, GRID)


def _bits(number: int) -> Array:
    """A number and its checksum as bits [BITS] 0 or 1."""
    told = number << CHECK | _checksum(number)
    return np.array([told >> place & 1 for place in range(BITS)])


def _checksum(number: int) -> int:
    return binascii.crc_hqx(number.to_bytes(NUMBER // 8, "big"), 0xFFFF)


def _number(each: Array) -> int | None:
    """The number whose bits [BITS] are told so (> 0: 1); of those with the right checksum the one that changes least
    of what is told (Chase 1972)."""
    told = sum(1 << place for place in range(BITS) if each[place] > 0)
    doubtful = [int(place) for place in np.argsort(np.abs(each))[:DOUBTFUL]]
    found: list[tuple[float, int]] = []
    for flips in itertools.product((0, 1), repeat=DOUBTFUL):
        changed = [place for place, flip in zip(doubtful, flips, strict=True) if flip]
        bits = told ^ sum(1 << place for place in changed)
        if _checksum(bits >> CHECK) == bits & (1 << CHECK) - 1:
            found.append((float(np.abs(each[changed]).sum()), bits >> CHECK))
    return min(found)[1] if found else None
