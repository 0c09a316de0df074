"""Eyes that look where no frame of the subject looks: their own iris, whole and round, on their own white.

A warp would draw out the white of an eye that hardly shows any, and the iris to a streak. Both are laid together where
the glance is to be, and seen through the lids that the warp has drawn.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import cv2
import numpy as np

from tmt.eyes import (
    IRIS,
    REACH,
    WHITE,
    Eyeball,
    Socket,
    eyeballs_of,
    glance_of,
    height_of,
    shade_of,
    socket_of,
    terms_of,
)
from tmt.fuse import Mix
from tmt.geometry import smoothstep
from tmt.render import Seen, filled
from tmt.topology import Eye, Topology
from tmt.types import Array, CanonicalHead, Target, Window

# Lengths are eye widths, from corner to corner.
AWAY = (0.05, 0.09)  # how far off the sources show an iris: up to the first they serve, beyond the second not
TURNED = (0.22, 0.29)  # from where an iris that looks aside is slowed down, and where it stops: no eye turns further
BALL = 0.42  # radius of the eyeball: how much an iris that looks aside is seen from its side
SHUT = (0.04, 0.12)  # height of the opening from which there is anything to see, and from which all
LID = (0.0, 0.05)  # inwards of the lids' line: there the warp's own lashes and wet rim give way
RIM = (0.90, 1.12)  # radii of the iris between which it gives way to the white
GAIN = (0.95, 1.2)  # by which the light on the painted eye may differ from that of all frames
FINER = 2  # samples per pixel and axis


class Glances:
    """A head's eyes, looked for when they are first needed: many a driver looks where the subject has looked."""

    def __init__(self, head: CanonicalHead, topology: Topology) -> None:
        self.head, self.topology = head, topology

    @cached_property
    def eyeballs(self) -> tuple[Eyeball | None, ...]:
        """Both eyes."""
        return eyeballs_of(self.head, self.topology)

    @cached_property
    def _between_lids(self) -> tuple[Array, ...]:
        """Which vertices show each eyeball [n]."""
        surface = self.head.surface
        return tuple(np.flatnonzero(region * surface.eyeballs > 0.3) for region in surface.regions[1:3])

    def paint(self, pixels: Array, seen: Seen, mix: Mix, target: Target, window: Window) -> Array | None:
        """Paint the eyes into pixels [H, W, 5] in place, each as far as no source shows its glance; returns where, a
        mask [H, W] 0..1, or None where nothing was painted."""
        far = self.lacking(mix, target)
        if not any(far):
            return None
        where = np.zeros(pixels.shape[:2], np.float32)
        for eye, ball, share in zip(self.topology.eyes, self.eyeballs, far, strict=True):
            socket = None if ball is None or share <= 0 else turnable(target, window, eye)
            if ball is not None and socket is not None:
                apart = (height_of(socket.ring) - SHUT[0]) / (SHUT[1] - SHUT[0])
                self._paint(pixels, seen, ball, socket, share * float(smoothstep(np.asarray(apart))), where)
        return where

    def lacking(self, mix: Mix, target: Target) -> tuple[float, ...]:
        """How far [0..1] each eye is to look where none of the sources in use does."""
        faces, out = self.head.bank.landmarks[mix.chosen], []
        for eye, at in zip(self.topology.eyes, self._between_lids, strict=True):
            away = np.linalg.norm(glance_of(faces, eye) - glance_of(target.canonical[None, :, :2], eye), axis=1)
            logits = mix.logits.reshape(len(mix.chosen), -1)[:, at].mean(1) if len(at) else np.zeros(len(away))
            share = np.exp(logits - logits.max())
            apart = float(share @ away / share.sum())
            out.append(float(smoothstep(np.asarray((apart - AWAY[0]) / (AWAY[1] - AWAY[0])))))
        return tuple(out)

    def _paint(self, pixels: Array, seen: Seen, ball: Eyeball, socket: Socket, share: float, where: Array) -> None:
        """One eye, and where it was painted."""
        surface = self.head.surface
        ring = socket.to_picture(socket.ring)
        low = np.maximum(np.floor(ring.min(0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(ring.max(0)).astype(int) + 2, pixels.shape[1::-1])
        if (high - low).min() < 4:
            return
        box = np.s_[low[1] : high[1], low[0] : high[0]]
        opening, colours = _drawn(ball, socket, low, high - low)
        shown = surface.eyeballs.reshape(surface.grid, surface.grid)
        visible = cv2.remap(shown, seen.grid_xy[box], None, cv2.INTER_LINEAR, borderValue=0) * seen.covered[box]
        part, cover = pixels[box], np.minimum(1, 4 * visible) * opening * share
        colours *= _light(part[..., :3], colours, opening * visible > 0.5)
        part[..., :3] += cover[..., None] * (colours - part[..., :3])
        where[box] = np.maximum(where[box], cover)


def turnable(target: Target, window: Window, eye: Eye) -> Socket | None:
    """A target's eye as `window` shows it, looking no further aside than eyes turn: a driver's glance, measured from
    another corner, would hide most of the iris in it. None where it is seen from its side."""
    socket = socket_of(target.canonical, target.pose, window, eye)
    if socket is None or abs(socket.iris[0]) <= TURNED[0]:
        return socket
    room = TURNED[1] - TURNED[0]
    far = TURNED[0] + room * (1 - np.exp(-(abs(socket.iris[0]) - TURNED[0]) / room))
    return replace(socket, iris=np.array([np.copysign(far, socket.iris[0]), socket.iris[1]]))


def _light(warped: Array, painted: Array, within: Array) -> float:
    """How much lighter the white is in this frame than in all of them (how much of the iris there is differs)."""
    if within.sum() < 8:
        return 1.0
    now, usual = (float(np.percentile(picture[within].mean(-1), WHITE)) for picture in (warped, painted))
    return float(np.clip(now / max(usual, 1e-3), *GAIN))


def _drawn(ball: Eyeball, socket: Socket, low: Array, size: Array) -> tuple[Array, Array]:
    """The opening [h, w] 0..1 and the eye behind it [h, w, 3], in a box `size` (w, h) px at `low`."""
    wide, tall = (int(n) * FINER for n in size)
    ring = (socket.to_picture(socket.ring) - low) * FINER
    unit = float(np.sqrt(abs(np.linalg.det(socket.axes)))) * FINER
    inside = (filled(ring, [range(len(ring))], (tall, wide)) > 0.5).astype(np.uint8)
    inwards = cv2.distanceTransform(inside, cv2.DIST_L2, 3) / unit
    opening = smoothstep((inwards - LID[0]) / (LID[1] - LID[0])).astype(np.float32)
    x, y = np.meshgrid((np.arange(wide) + 0.5) / FINER + low[0], (np.arange(tall) + 0.5) / FINER + low[1])
    there = socket.to_eye(np.stack([x, y], -1))
    terms = terms_of(there[..., 0], there[..., 1], socket.ring)
    white = np.clip(shade_of(ball.white, terms), 0, 1)
    aside = there - socket.iris
    glance = socket.iris - ball.straight
    length = float(np.linalg.norm(glance))
    if length > 1e-3:  # an iris that looks aside is seen from its side
        way = glance / length
        flat = max(np.sqrt(max(1 - (length / BALL) ** 2, 0)), 0.6)
        aside = aside + (aside @ way)[..., None] * way * (1 / flat - 1)
    aside = aside / ball.radius
    places = ((aside / REACH + 1) / 2 * IRIS - 0.5).astype(np.float32)
    iris = cv2.remap(ball.iris, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = 1 - smoothstep((np.linalg.norm(aside, axis=-1) - RIM[0]) / (RIM[1] - RIM[0]))[..., None]
    lit = white.mean(-1, keepdims=True)
    open_eye = np.clip(shade_of(ball.white, np.array([1, 0, 0, 0.6, 0.36])), 0.05, 1).mean()
    colours = white + cover * (iris * np.clip(lit / open_eye, 0.6, 1.0) - white)
    shape = (int(size[0]), int(size[1]))
    small = cv2.resize(colours.astype(np.float32), shape, interpolation=cv2.INTER_AREA)
    return cv2.resize(opening, shape, interpolation=cv2.INTER_AREA), small
