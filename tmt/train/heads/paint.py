"""The face as a painting: colour, roughness and relief on a sheet that is rolled around the head.

The sheet's coordinates belong to the asset's reference shape, so that lips, brows and cheeks lie at the same place for
every person: across = angle about the vertical axis of the head * RADIUS, up = height over the eyes, decimetres.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tmt.train.heads import noise
from tmt.train.heads.asset import Array, Triple, smooth
from tmt.train.heads.looks import Person

RADIUS = 0.86  # dm, of the roll; near the face's own, so that the sheet is hardly stretched there
AXIS = -0.78  # dm, z of the roll's axis
LOW, HIGH = -2.4, 1.6  # dm, heights that the sheet covers
WIDTH, HEIGHT = 2048, 1536  # px
UPPER_LIP = ((0.0, -0.537), (0.06, -0.527), (0.125, -0.55), (0.165, -0.577), (0.192, -0.6), (0.212, -0.62))
LOWER_LIP = ((0.0, -0.707), (0.065, -0.703), (0.118, -0.686), (0.165, -0.66), (0.192, -0.638), (0.212, -0.62))
BROW = ((0.10, 0.1), (0.2, 0.122), (0.3, 0.146), (0.4, 0.152), (0.5, 0.12), (0.56, 0.085))  # its middle line
HAIRLINE = (
    (0.0, 0.7), (0.25, 0.69), (0.45, 0.61), (0.58, 0.48), (0.7, 0.27), (0.78, 0.1), (0.85, -0.16), (0.95, -0.14),
    (1.0, 0.04), (1.3, 0.03), (1.42, -0.35), (1.8, -0.72), (2.8, -0.78),
)  # fmt: skip


def sheet(points: Array) -> Array:
    """points [*, 3] of the reference shape -> place on the sheet [*, 2]: across and up, decimetres."""
    across = np.arctan2(points[..., 0], points[..., 2] - AXIS) * RADIUS
    return np.stack([across, points[..., 1]], -1)


def texture(place: Array) -> Array:
    """Place on the sheet [*, 2] -> texture coordinates [*, 2] in [0, 1]."""
    return np.stack([place[..., 0] / (2 * np.pi * RADIUS) + 0.5, (place[..., 1] - LOW) / (HIGH - LOW)], -1)


def hairline(across: Array, recede: float = 0.0) -> Array:
    """Height of the hairline at a place across the sheet [*]."""
    a = np.abs(across)
    return np.interp(a, *np.array(HAIRLINE).T) + recede * np.interp(a, [0, 0.3, 0.45, 0.6], [0.04, 0.1, 0.2, 0.0])


def brow(across: Array, tilt: float) -> Array:
    """Height of a brow's middle line at a place across the sheet [*]; tilt: its inner end rises, the other sinks."""
    a = np.abs(across)
    return np.interp(a, *np.array(BROW).T) + tilt * (0.33 - a)


def lips(across: Array, up: Array) -> Array:
    """Distance [*] into the lips, dm: above 0 inside the red."""
    a = np.abs(across)
    top, bottom = (np.interp(a, *np.array(line).T) for line in (UPPER_LIP, LOWER_LIP))
    return np.minimum(np.minimum(top - up, up - bottom), (0.212 - a) * 0.5)


def beard_zone(across: Array, up: Array) -> Array:
    """Where a beard grows [*], 0..1: moustache, chin, jaw, sideburns, upper neck; not the lips."""
    a = np.abs(across)
    top = np.interp(
        a, [0.0, 0.1, 0.2, 0.27, 0.4, 0.62, 0.8, 0.95], [-0.45, -0.44, -0.47, -0.56, -0.55, -0.36, -0.05, 0.0]
    )
    low = np.interp(a, [0.0, 0.4, 0.9, 1.0], [-1.45, -1.4, -1.0, -0.9])
    side = smooth(0.96, 0.84, a)
    fade = smooth(-0.02, 0.06, top - up) * smooth(0.0, 0.2, up - low) * side
    return fade * smooth(0.012, -0.006, lips(across, up))


class Sheet:
    """What is painted, pixel by pixel [HEIGHT, WIDTH]: place (x, y), noise, and the three pictures in the making."""

    def __init__(self, person: Person, height: int = HEIGHT, quick: bool = False) -> None:
        """A blank sheet in the tone of the person's skin. quick: noise is taken from a few fields, shifted."""
        self.person, self.rng = person, np.random.default_rng(person.seed)
        self.quick = quick
        self.height, self.width = height, height * WIDTH // HEIGHT
        x = ((np.arange(self.width) + 0.5) / self.width - 0.5) * 2 * np.pi * RADIUS
        y = LOW + (HIGH - LOW) * (np.arange(self.height) + 0.5) / self.height
        self.x, self.y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
        self.a = np.abs(self.x)
        self.pixel = (HIGH - LOW) / self.height
        self.colour = np.tile(np.array(person.skin.tone, np.float32), (*self.x.shape, 1))
        self.rough = np.full(self.x.shape, 0.52 - 0.12 * person.skin.shine, np.float32)
        self.relief = np.zeros(self.x.shape, np.float32)

    def noise(self, size: float) -> Array:
        """Smooth noise [HEIGHT, WIDTH] of unit deviation, its blotches about `size` decimetres."""
        sigma = size / self.pixel / 2
        if not self.quick:
            return noise.smoothed(self.rng, sigma, self.x.shape)
        shift = tuple(self.rng.integers(0, self.x.shape).tolist())
        field = noise.shared(sigma, self.x.shape, int(self.rng.integers(3)))
        return np.roll(field, shift, (0, 1)) * self.rng.choice([-1, 1])

    def spot(self, x: float, y: float, wide: float, high: float) -> Array:
        """A soft blob [HEIGHT, WIDTH] of height 1 on both sides of the face."""
        return np.exp(-(((self.a - x) / wide) ** 2) - ((self.y - y) / high) ** 2)

    def tint(self, share: Array, colour: Triple | Array) -> None:
        """Lay a colour over the picture by its share [HEIGHT, WIDTH]."""
        self.colour += np.clip(share, 0, 1)[..., None] * (np.asarray(colour, np.float32) - self.colour)

    def scale(self, share: Array, factor: Triple) -> None:
        """Multiply the colour, fully where share is 1."""
        self.colour *= 1 + share[..., None] * (np.array(factor, np.float32) - 1)

    def dots(self, density: Array, per_dm2: float, sizes: tuple[float, float]) -> Array:
        """Coverage [HEIGHT, WIDTH] of random round dots, radius `sizes` dm, placed by `density` [HEIGHT, WIDTH]."""
        area = (HIGH - LOW) * 2 * np.pi * RADIUS
        out = np.zeros(self.x.shape, np.float32)
        for size in np.linspace(*sizes, 4):
            n = self.rng.poisson(per_dm2 * area / 4)
            rows, columns = self.rng.integers(0, self.height, n), self.rng.integers(0, self.width, n)
            keep = self.rng.random(n) < density[rows, columns]
            layer = np.zeros_like(out)
            layer[rows[keep], columns[keep]] = self.rng.uniform(0.4, 1, keep.sum())
            sigma = max(size / self.pixel, 0.6)
            out += ndimage.gaussian_filter(layer, sigma) * 2 * np.pi * sigma**2
        return np.clip(out, 0, 1)


def paint(person: Person, height: int = HEIGHT, quick: bool = False) -> tuple[Array, Array, Array]:
    """Colour [H, W, 3] linear, roughness [H, W], relief [H, W] (dm * 100) of a person; row 0 is the lowest."""
    page = Sheet(person, height, quick)
    _complexion(page)
    _marks(page)
    _folds(page)
    _hair_shadow(page)
    _lips(page)
    _makeup(page)
    return np.clip(page.colour, 0, 1), np.clip(page.rough, 0.15, 0.9), page.relief


def _complexion(page: Sheet) -> None:
    """Blood and melanin: blotches, red cheeks, nose, ears and chin, yellow forehead, dark lids."""
    skin = page.person.skin
    page.scale(0.022 * page.noise(0.25), (1.8, 1.0, 0.8))
    page.scale(0.025 * page.noise(0.06), (1.0, 2.2, 2.2))
    page.scale(0.04 * page.noise(0.02), (2.0, 2.0, 2.0))
    red = (1.05, 0.74, 0.72)
    reddened = (  # share, then place and size: cheeks, tip and wings of the nose, chin, ears
        (0.8, 0.42, -0.33, 0.17, 0.15),
        (0.7, 0.0, -0.33, 0.1, 0.1),
        (0.5, 0.12, -0.38, 0.05, 0.05),
        (0.3, 0.0, -0.86, 0.13, 0.09),
        (0.6, 1.1, -0.2, 0.14, 0.35),
    )
    for share, x, y, wide, high in reddened:
        page.scale(skin.blush * share * page.spot(x, y, wide, high) * (1 + 0.12 * page.noise(0.08)), red)
    page.scale(0.5 * page.spot(0.2, 0.45, 0.4, 0.18), (1.02, 1.02, 0.94))
    page.scale(0.55 * page.spot(0.29, -0.13, 0.13, 0.045), (0.84, 0.76, 0.8))  # under the eyes
    page.scale(0.5 * page.spot(0.28, 0.06, 0.14, 0.05), (0.88, 0.78, 0.76))  # upper lids
    page.scale(0.6 * page.spot(0.15, -0.03, 0.03, 0.03), (0.95, 0.72, 0.7))  # inner corners
    page.scale(0.5 * page.spot(0.13, -0.42, 0.06, 0.035), (0.85, 0.66, 0.62))  # wings of the nose
    page.rough -= (
        0.1
        * skin.shine
        * (page.spot(0, -0.25, 0.1, 0.2) + page.spot(0, 0.4, 0.35, 0.2) + 0.6 * page.spot(0.4, -0.2, 0.15, 0.1))
    )
    page.rough += 0.04 * page.noise(0.03)


def _marks(page: Sheet) -> None:
    """Freckles, moles, pores."""
    skin = page.person.skin
    where = np.clip(page.spot(0.28, -0.22, 0.25, 0.16) + page.spot(0, -0.18, 0.16, 0.13) + 0.15, 0, 1) * (page.y > -1.1)
    where = where * np.clip(0.6 + 0.5 * page.noise(0.1), 0, 1)
    if skin.freckles:
        page.scale(skin.freckles * 0.75 * page.dots(where, 260, (0.004, 0.011)), (0.66, 0.5, 0.42))
    moles = page.dots(np.full_like(page.x, 1.0) * (lips(page.x, page.y) < -0.03), 1.1, (0.006, 0.012))
    page.scale(0.8 * moles, (0.4, 0.28, 0.22))
    pores = page.dots(
        0.25 + 0.75 * np.clip(page.spot(0.25, -0.3, 0.25, 0.25) + page.spot(0, -0.3, 0.15, 0.15), 0, 1),
        5000,
        (0.002, 0.004),
    )
    page.scale(0.16 * pores, (0.6, 0.5, 0.5))
    page.relief -= 0.35 * pores
    page.relief += 0.22 * page.noise(0.012) + 0.3 * page.noise(0.03)


def _folds(page: Sheet) -> None:
    """Lines of age: forehead, crow's feet, under the eyes, beside the mouth, on the neck."""
    depth = 0.25 + page.person.skin.lines
    lines = np.zeros_like(page.x)
    sway = 0.014 * page.noise(0.5)
    for k, y in enumerate((0.3, 0.38, 0.46, 0.53)):
        fade = smooth(0.5, 0.3, page.a + 0.04 * k) * np.clip(0.7 + 0.4 * page.noise(0.3), 0, 1)
        lines += 0.8 * page.person.skin.lines * fade * _groove(page.y - y - sway - 0.05 * page.a**2, 0.009)
    for slope in (-0.35, 0.0, 0.35):
        fade = smooth(0.45, 0.5, page.a) * smooth(0.68, 0.54, page.a)
        lines += 0.7 * page.person.skin.lines * fade * _groove(page.y + 0.03 - slope * (page.a - 0.42), 0.007)
    under = page.y + 0.105 - 0.5 * (page.a - 0.29) ** 2
    lines += 0.5 * depth * smooth(0.14, 0.2, page.a) * smooth(0.44, 0.34, page.a) * _groove(under, 0.01)
    for y in (-1.32, -1.5):
        lines += 0.5 * depth * _groove(page.y - y - 2 * sway - 0.08 * page.a**2, 0.013)
    page.relief -= 1.6 * lines
    page.scale(0.35 * np.clip(lines, 0, 1), (0.8, 0.66, 0.62))


def _groove(distance: Array, width: float) -> Array:
    return np.exp(-((distance / width) ** 2))


def _hair_shadow(page: Sheet) -> None:
    """Scalp under the hair, skin under the brows, stubble."""
    person = page.person
    if person.hair.style != "bald":
        edge = hairline(page.x, person.hair.recede) + 0.03 * page.noise(0.08)
        under = smooth(-0.02, 0.14, page.y - edge)
        page.tint(0.94 * under, np.array(person.hair.colour) * 0.35 + 0.03 * np.array(person.skin.tone))
        page.rough += under * (0.9 - page.rough)
    off = np.abs(page.y - brow(page.a, person.brow_tilt)) - np.interp(
        page.a, [0.1, 0.2, 0.4, 0.56], [0.026, 0.03, 0.02, 0.005]
    )
    inside = smooth(0.014, -0.016, off) * smooth(0.075, 0.13, page.a) * smooth(0.58, 0.5, page.a)
    page.tint(0.42 * person.brow_fullness * (1 + person.brow_paint) * inside, person.brows)
    if person.skin.stubble:
        zone = beard_zone(page.x, page.y) * person.skin.stubble
        page.scale(0.32 * zone, (0.62, 0.7, 0.78))
        page.scale(0.75 * page.dots(zone, 5200, (0.0025, 0.0045)), (0.3, 0.3, 0.32))


def _lips(page: Sheet) -> None:
    """Red of the lips with upright folds, a soft border, moist in the middle."""
    depth = lips(page.x, page.y) + 0.004 * page.noise(0.03)
    share = smooth(-0.008, 0.014, depth)
    folds = np.sin(page.x * 260 + 2.2 * page.noise(0.04)) * np.clip(0.5 + 0.5 * page.noise(0.05), 0, 1)
    page.tint(0.9 * share, np.array(page.person.skin.lips))
    page.scale(share * 0.1 * folds, (1.4, 1.4, 1.4))
    page.scale(0.5 * share * _groove(page.y + 0.608, 0.018), (0.75, 0.6, 0.6))
    page.relief += share * 0.3 * folds + 0.5 * smooth(-0.02, 0.0, depth) * smooth(0.02, 0.0, depth)
    page.rough += share * (0.3 - page.rough)


def _makeup(page: Sheet) -> None:
    """Colour over the lids and a line along them."""
    made = page.person.makeup
    if made.lids:
        page.tint(0.75 * made.lids * page.spot(0.3, 0.085, 0.15, 0.055), made.shadow)
    if made.liner:
        page.tint(0.6 * made.liner * page.spot(0.29, 0.045, 0.15, 0.02), (0.02, 0.014, 0.012))
