"""What the back of a head wears: hair, as a patch of the person's own goes on, in the tone that it has inside the
outline; from the nape down the neck's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from tmt.depth import HeadPrior
from tmt.geometry import smoothstep
from tmt.types import Array

TEXTURE = 256  # px a side of what the back wears
RIM = 0.09  # head units: nearer to the outline pixels are mixed with what is behind
CAP = 0.18  # head units below the top of the crown from which it is looked at
STRIP = 0.2  # head units: so far inside of that the tone is looked at
WIDE = 0.40  # of the face's width from the middle: under so much of the crown hair is looked for
LEAST_ALIKE = 0.05  # below it a colour in the strip is not the hair's
HUE, STRANGE = 3.0, 0.25  # weight of hue against light; a colour so far from the hair's is none of it
SURE = 0.9  # of the matte: no background is mixed in
BESIDE = (0.75, 0.95)  # of the face's height below its top: beside mouth and chin
HAIRLINE = (0.58, 0.82)  # of the face's height below its top: where short hair ends behind the ears, and at the nape
SOFT = 0.05  # the same: over how much
EARS = 0.3  # sine of the way around to the back at which ears are: below them no hair grows before them
THROAT = (0.05, 0.16)  # face heights under the chin where the outline is the neck's
LIT = 85  # percentile of the throat's colours that is out of the chin's shadow
RAGGED = 0.15  # of the face's height, that the line is moved by strands
CALM = 0.06  # of the rows, over which the tone is smooth
LEAST = 6  # px of a patch's side below which its detail says nothing
STRONGEST = 0.35  # of the tone: detail is no stronger
LIVELY = 0.6  # of what varies from strand to strand


@dataclass(frozen=True)
class Front:
    """A head seen from before, on the sheet: x, y [G] head units, person [G, G] 0..1, colours [G, G, 3]; and finer, of
    one frame alone, fine [F, F, 4] RGB and matte 0..1."""

    x: Array
    y: Array
    person: Array
    colours: Array
    fine: Array

    def at(self, values: Array, x: Array, y: Array) -> Array:
        """Values [G, G(, C)] at head units x, y."""
        x, y = np.broadcast_arrays(x, y)
        ticks = np.arange(len(self.x))
        columns, rows = np.interp(x, self.x, ticks), np.interp(y, self.y, ticks)
        where = (a.reshape(-1, 1).astype(np.float32) for a in (columns, rows))
        flat = cv2.remap(values.astype(np.float32), *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(flat.reshape(*x.shape, *values.shape[2:]))


def worn(front: Front, prior: HeadPrior, y: Array, low: Array, high: Array, deep: float) -> Array:
    """Colours [TEXTURE, TEXTURE, 3] of a back whose outline runs through low, high [R] in rows y [R], and which lies so
    `deep` behind it; all head units."""
    rows, turn = np.linspace(y[0], y[-1], TEXTURE), np.linspace(0, np.pi, TEXTURE)
    hair = _hair(front, float(y[0]), prior)
    sides = [_side(front, prior, rows, np.interp(rows, y, edge), inward, hair)
             for edge, inward in ((low, 1.0), (high, -1.0))]  # fmt: skip
    share = ((1 - np.cos(turn)) / 2)[None, :, None]
    tone, neck = (a[:, None] * (1 - share) + b[:, None] * share for a, b in zip(*sides, strict=True))
    detail = _detail(front, prior, hair, turn * deep, rows - rows[0])
    if _hangs(front, prior, hair):
        return np.clip(tone * detail[..., None], 0, 1).astype(np.float32)
    top = prior.chin - prior.face_height
    strands = RAGGED * (detail - 1)
    line = HAIRLINE[0] + (HAIRLINE[1] - HAIRLINE[0]) * (np.sin(turn) - EARS) / (1 - EARS)
    skin = smoothstep((((rows - top) / prior.face_height)[:, None] + strands - line + SOFT) / (2 * SOFT))[..., None]
    return np.clip(tone * detail[..., None] * (1 - skin) + neck * skin, 0, 1).astype(np.float32)


def _hair(front: Front, top: float, prior: HeadPrior) -> Array:
    """The usual colour [3] of what lies under the crown: hair, or a bald head's skin."""
    x, y = np.meshgrid(front.x, front.y)
    middle = np.abs(x - prior.centre[0]) < WIDE * prior.face_width
    found = (y > top + RIM / 2) & (y < top + RIM / 2 + STRIP / 2) & middle & (front.person > 0.5)
    return np.asarray(np.median(front.colours[found], axis=0) if found.any() else np.zeros(3), np.float32)


def _hangs(front: Front, prior: HeadPrior, hair: Array) -> bool:
    """Whether hair hangs down beside mouth and chin, on one side at least."""
    down = (front.y - prior.chin) / prior.face_height + 1
    rows = np.flatnonzero((down > BESIDE[0]) & (down < BESIDE[1]))
    aside = np.abs(front.x - prior.centre[0]) > 0.5 * prior.face_width
    found = (front.person[rows] > SURE) & (_unlike(front.colours[rows], hair) < STRANGE) & aside
    halves = (found[:, half].any(1).mean() for half in (front.x < prior.centre[0], front.x > prior.centre[0]))
    return len(rows) > 0 and max(halves) > 0.5


def _unlike(colours: Array, hair: Array) -> Array:
    """How far colours [..., 3] are from that of the hair [3]; by hue rather than by light."""
    apart = colours - hair
    light = apart.mean(-1, keepdims=True)
    return np.asarray(np.linalg.norm(np.concatenate([light, HUE * (apart - light)], -1), axis=-1))


def _side(
    front: Front, prior: HeadPrior, rows: Array, edge: Array, inward: float, hair: Array
) -> tuple[Array, Array]:
    """Of one side of the outline, in rows [N] with its place [N]: the hair's tone [N, 3], and the neck's [N, 3]."""
    level = np.maximum(rows, rows[0] + CAP)  # a crown is all rim
    x = np.interp(level, rows, edge)[:, None] + inward * (RIM + np.linspace(0, STRIP, 8))
    colours, person = (front.at(values, x, level[:, None]) for values in (front.colours, front.person))
    sure = person > SURE
    above = rows < prior.centre[1]
    alike = np.exp(-((_unlike(colours, hair) / (0.5 * STRANGE)) ** 2))
    tone = _along(colours, alike * (sure & above[:, None] & (alike > LEAST_ALIKE)), hair)
    below = (rows - prior.chin) / prior.face_height
    throat = sure & (below > THROAT[0])[:, None]
    usual = colours[throat & (below < THROAT[1])[:, None]]
    shaded, lit = np.percentile(usual, (50, LIT), axis=0) if len(usual) else (hair, hair)
    share = smoothstep(below / THROAT[1])[:, None]  # the chin's shadow lies on the throat, not on the sides above it
    return tone, lit * (1 - share) + share * _along(colours, throat.astype(np.float64), shaded)


def _along(colours: Array, counts: Array, otherwise: Array) -> Array:
    """The mean colour of every row of [N, D, 3], weighed by what `counts` [N, D], from neighbouring rows where nothing
    does; `otherwise` [3] where nothing does at all."""
    weight = counts.sum(1)
    if weight.max() <= 0:
        return np.broadcast_to(otherwise, (len(colours), 3))
    known = np.flatnonzero(weight)
    mean = (colours * counts[..., None]).sum(1)[known] / weight[known, None]
    every = np.stack([np.interp(np.arange(len(colours)), known, channel) for channel in mean.T], 1)
    return np.asarray(gaussian_filter1d(every, CALM * len(colours), axis=0, mode="nearest"))


def _detail(front: Front, prior: HeadPrior, hair: Array, across: Array, down: Array) -> Array:
    """How light strands are beside the tone [N, M], at head units across [M] and down [N]: like a patch of the person's
    own hair."""
    side = len(front.fine)
    ticks = (np.arange(side) + 0.5) / side * (len(front.x) - 1)
    x, y = (np.interp(ticks, np.arange(len(line)), line) for line in (front.x, front.y))
    upper = (y < prior.centre[1])[:, None]
    mask = (front.fine[..., 3] > SURE) & (_unlike(front.fine[..., :3], hair) < STRANGE) & upper
    box = _patch(mask)
    if box is None:
        return np.ones((len(down), len(across)))
    left, top, wide, tall = box
    light = front.fine[top : top + tall, left : left + wide, :3].mean(-1).astype(np.float32)
    tone = cv2.GaussianBlur(light, (0, 0), min(wide, tall) / 3, borderType=cv2.BORDER_REFLECT)
    detail = np.clip(light / np.maximum(tone, 0.02) - 1, -STRONGEST, STRONGEST)
    finer = [np.diff(x).mean() / np.diff(across).mean(), np.diff(y).mean() / np.diff(down).mean()]
    shape = (max(LEAST, round(wide * finer[0])), max(LEAST, round(tall * finer[1])))
    return 1 + _noise_like(cv2.resize(detail, shape, interpolation=cv2.INTER_AREA), (len(down), len(across)))


def _noise_like(patch: Array, shape: tuple[int, int]) -> Array:
    """Noise [N, M] with the grain of a patch [h, w], as strong as it is, that repeats nowhere (Galerne, Gousseau and
    Morel, 2011): white noise, always the same, filtered by the patch itself."""
    spot = (patch - patch.mean()) * np.outer(*(np.hanning(size + 2)[1:-1] for size in patch.shape))
    power = float(np.sqrt((spot**2).sum()))
    if power < 1e-6:
        return np.zeros(shape, np.float32)
    noise = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    grain = cv2.filter2D(noise, -1, spot.astype(np.float32) / power, borderType=cv2.BORDER_REFLECT)
    return np.asarray(grain * LIVELY * float(patch.std()))


def _patch(mask: Array) -> tuple[int, int, int, int] | None:
    """left, top, width, height of a large rectangle of a mask [F, F] bool; None where there is none to speak of."""
    away = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_C, 3)[1:-1, 1:-1]
    row, column = np.unravel_index(int(away.argmax()), away.shape)
    half = int(away[row, column]) - 1
    if 2 * half + 1 < LEAST:
        return None
    band = mask[row - half : row + half + 1].all(0)
    left = column - int(np.argmin(band[: column + 1][::-1])) + 1 if not band[: column + 1].all() else 0
    right = column + int(np.argmin(band[column:])) if not band[column:].all() else len(band)
    return int(left), int(row - half), int(right - left), 2 * half + 1
