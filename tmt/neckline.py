"""Where the head ends: which places of the sheet turn with it, and which stand with the torso.

Height alone says little: shoulders that stand beside the jaw would nod, long hair would be torn off. So a place moves
in the way in which the clip's own frames agree most on what it looks like: skinning weights, learned by a sweep.
Over the heads of 14 clips it is worth 1.2 dB on the mean, and nothing is lost on any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from tmt.bank import target_of
from tmt.depth import HeadPrior, fit_prior
from tmt.geometry import smoothstep
from tmt.render import deform, place, skinned
from tmt.topology import Topology
from tmt.types import Array, Performance, Surface, Window

FRAMES = 16  # that are looked at
SHARES = np.linspace(0, 1, 5, dtype=np.float32)  # of the head, that are tried
ABOVE, BEGINS = 0.4, 0.25  # face heights above the chin from which down a place may stand, at first less
NECK = (0.55, 0.8)  # face widths beside the middle: within, a neck that turns far does so as smoothly as height tells
JAW = (0.5, 0.6)  # face widths beside the middle: within, a place stands from the chin down alone
UNDER = 0.1  # face heights below the chin until it may wholly
BLUR = 1.0  # px of the window, before pictures are compared
DIFFER = 0.1  # of colours, from which a frame shows something else
NEAR = 2.0  # vertices that decide together
STAY = 0.002  # price of a share that is one off what height and outline tell
EARS = 0.15  # face heights above the chin: below it there is no ear, and above it no shoulder
NOBODY, SOMEBODY = 0.1, 0.5  # matte of the background, of a person
COLLAR = (0.38, 0.5)  # face widths beside the middle between which a jaw hides the shoulder below it from the sky
EASE, SLOPE = 1.5, 2.5  # vertices over which neck and shoulder are parted, where the head turns far


def parted(
    surface: Surface, performance: Performance, window: Window, index: Array, images: Sequence[Array],
    topology: Topology,
) -> Surface:
    """The surface with its share of the head as frames `index` [K], pictures [H, W, 4] uint8 with matte in `window`,
    tell it. Of fewer than three, the outline tells alone."""
    prior = fit_prior(performance.neutral.astype(np.float64), topology)
    nearest = nearest_to(index, performance.reference)
    target = target_of(performance, int(index[nearest]))
    places = window.to_window(place(surface, deform(surface, target.canonical), target, performance))[:, :2]
    standing = shoulders(surface, places, images[nearest], prior).ravel()
    bare = shoulders(surface, places, images[nearest], prior, jaw=False)
    aside = _aside(surface, prior, NECK)
    far = surface.head * (1 - cv2.GaussianBlur(bare, (0, 0), SLOPE).ravel())
    surface = replace(surface, head=surface.head * (1 - standing), head_far=far)
    chosen = np.unique(np.linspace(0, len(index) - 1, min(FRAMES, len(index))).round().astype(int))
    if len(chosen) < 3:
        return surface
    looks = np.stack([_looks(surface, performance, window, int(index[k]), images[k]) for k in chosen], 1)
    share = best_share(np.stack([_disagreement(one) for one in looks]), surface.head.reshape(looks.shape[2:4]))
    free = _may_stand(surface, prior)
    head, far = (base + free * part * (share.ravel() - base) for base, part in ((surface.head, 1), (far, aside)))
    return replace(surface, head=head.astype(np.float32), head_far=far.astype(np.float32))


def outlined(
    surface: Surface, performance: Performance, window: Window, index: Array, images: Sequence[Array],
    topology: Topology,
) -> Surface:
    """`parted` as the outline of the keyframe nearest to the reference tells it: fast, and enough to begin with."""
    nearest = nearest_to(index, performance.reference)
    return parted(surface, performance, window, index[nearest : nearest + 1], [images[nearest]], topology)


def nearest_to(index: Array, frame: int) -> int:
    """Which of the keyframes `index` [K] is nearest to a frame."""
    return int(np.abs(index - frame).argmin())


def shoulders(surface: Surface, places: Array, image: Array, prior: HeadPrior, jaw: bool = True) -> Array:
    """Which vertices of the sheet [G, G] surely lie on a shoulder, 0..1: in a frontal keyframe, `image` [H, W, 4]
    uint8, where they have `places` [G*G, 2] px, there is background above them that reaches down below the ears.
    (Above hair that hangs there is none.) With `jaw` also where that hides the sky from them."""
    matte = image[..., 3].astype(np.float32) / 255
    x, y = (np.ascontiguousarray(places[:, axis]).reshape(surface.grid, -1) for axis in (0, 1))
    inside = (x > 0) & (x < matte.shape[1]) & (y > 0) & (y < matte.shape[0])
    person = np.where(inside, cv2.remap(matte, x - 0.5, y - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), 1)
    low = surface.vertices[:, 1].reshape(person.shape) > prior.chin - EARS * prior.face_height
    sky = np.maximum.accumulate(low & (person < NOBODY), axis=0)
    # and a little above: the soft edge of the shoulder
    bare = cv2.dilate((sky & (person > SOMEBODY)).astype(np.uint8), np.ones((7, 1), np.uint8))
    across = np.abs(surface.vertices[:, 0].reshape(person.shape)[0] - prior.centre[0]) / prior.face_width
    wide = int(((across > COLLAR[0]) & (across < COLLAR[1])).sum() / 2) if jaw else 0  # from the neck to the jaw's end
    below = surface.vertices[:, 1].reshape(person.shape) > prior.chin
    beside = cv2.dilate(bare, np.ones((1, 2 * wide + 1), np.uint8)) * below
    return cv2.GaussianBlur(np.maximum(bare, beside).astype(np.float32), (0, 0), EASE)


def _looks(surface: Surface, performance: Performance, window: Window, index: int, image: Array) -> Array:
    """What a frame shows of each vertex if it went with the head by each of SHARES: [S, G, G, 4], colours and how
    far that is a person, 0..1: what is behind stands by itself, and says nothing of hair and ears before it."""
    grid, target = surface.grid, target_of(performance, index)
    moved = surface.vertices + deform(surface, target.canonical)
    stands, turns = (
        window.to_window(skinned(moved, surface.vertices, np.full(len(moved), end), target, performance))[:, :2]
        for end in (0.0, 1.0)
    )
    soft = cv2.GaussianBlur(image, (0, 0), BLUR).astype(np.float32) / 255
    height, width = soft.shape[:2]
    out = np.empty((len(SHARES), grid, grid, 4), np.float32)
    for share, look in zip(SHARES, out, strict=True):
        x, y = (stands + share * (turns - stands)).astype(np.float32).T.reshape(2, grid, grid)
        look[:] = cv2.remap(soft, x - 0.5, y - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        look[..., 3] *= (x > 0) & (y > 0) & (x < width) & (y < height)
    return out


def _disagreement(looks: Array) -> Array:
    """looks [K, G, G, 4] of as many frames -> how much they differ where a person is seen [G, G], 0..1."""
    colours, seen = looks[..., :3], looks[..., 3]
    apart = ((colours - np.median(colours, axis=0)) ** 2).sum(-1)
    return np.asarray((apart / (apart + DIFFER**2) * seen).sum(0) / np.maximum(seen.sum(0), 1))


def best_share(cost: Array, usual: Array) -> Array:
    """cost [S, G, G] 0..1 at SHARES, and the share that is usual [G, G] -> share of the head [G, G]."""
    total = np.stack([cv2.GaussianBlur(one, (0, 0), NEAR) for one in cost])
    total += STAY * (SHARES[:, None, None] - usual) ** 2
    middle = np.clip(total.argmin(0), 1, len(SHARES) - 2)[None]
    before, least, behind = (np.take_along_axis(total, middle + step, 0)[0] for step in (-1, 0, 1))
    step = 0.5 * (before - behind) / np.maximum(before - 2 * least + behind, 1e-9)  # the parabola through the three
    share = np.clip(SHARES[middle[0]] + np.clip(step, -1, 1) * (SHARES[1] - SHARES[0]), 0, 1)
    return cv2.GaussianBlur(share.astype(np.float32), (0, 0), 1.0)


def _may_stand(surface: Surface, prior: HeadPrior) -> Array:
    """Where frames are heard [G*G] 0..1: beside and below the jaw."""
    y = (surface.vertices[:, 1] - prior.chin) / prior.face_height
    low, under = smoothstep((y + ABOVE) / BEGINS), smoothstep(y / UNDER)
    return np.asarray(low * np.maximum(_aside(surface, prior, JAW), under), np.float32)


def _aside(surface: Surface, prior: HeadPrior, ends: tuple[float, float]) -> Array:
    """[G*G] 0 within the first of `ends`, face widths beside the middle, 1 beyond the second."""
    away = np.abs(surface.vertices[:, 0] - prior.centre[0]) / prior.face_width
    return smoothstep((away - ends[0]) / (ends[1] - ends[0])).astype(np.float32)
