"""CanonicalHead + Target -> picture, by any of the methods: the stages of one frame in their order."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tmt.baselines import copy_nearest, warp_one
from tmt.composite import Canvas, lay_over, paste_back, scaled
from tmt.fuse import FusionWeights, choose, mix_pixels
from tmt.geometry import rotation_angle
from tmt.render import deform, look, place
from tmt.topology import Topology
from tmt.types import Array, CanonicalHead, Settings, Target

FAR_VIEW = np.radians(20.0)  # further than this from any frame of the bank, what is shown is partly guessed


class Renderer:
    """Draws one target after another on one canvas. Holds what may be prepared once, and the choice of frames of the
    frame before (so that it does not flicker); one renderer serves one run."""

    def __init__(self, head: CanonicalHead, topology: Topology, canvas: Canvas, settings: Settings) -> None:
        self.head, self.topology, self.canvas, self.settings = head, topology, canvas, settings
        self.weights = FusionWeights()
        self.seconds: Counter[str] = Counter()
        self._images = scaled(head.bank.images, canvas.window.scale / head.bank.window.scale)
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="tmt-fuse")
        self._previous: Array | None = None

    def close(self) -> None:
        """Release the threads."""
        self._pool.shutdown(wait=False)

    def draw(self, target: Target) -> Array:
        """The whole output picture [H, W, 3] uint8: the crop, or the subject's picture with the head in it."""
        if self.settings.method == "copy":
            image = copy_nearest(self.head, target, self.topology, self.canvas)
        elif self.settings.method == "warp2d":
            image = warp_one(self.head, target, self.topology, self.canvas)
        else:
            image = self._head(target)
        if self.settings.full_frame:
            return paste_back(image, self.canvas, self.head.picture)
        return np.round(image * 255).astype(np.uint8)

    def _head(self, target: Target) -> Array:
        head, canvas, clock = self.head, self.canvas, time.perf_counter()
        offsets = deform(head.surface, target.canonical)
        vertices = place(head.surface, offsets, target, head.performance)
        seen = look(head.surface, vertices, canvas.window)
        clock = self._tick("render", clock)
        mix = choose(
            head.bank, head.surface, offsets, vertices, target, self.topology, self.settings.sources, self._previous,
            self.weights,
        )
        self._previous = mix.chosen
        pixels = mix_pixels(seen, head.bank, self._images, mix, self._pool, self.weights.floor)
        image = lay_over(pixels, seen, canvas, float(target.pose.scale) * canvas.window.scale)
        self._tick("fuse", clock)
        return image

    def _tick(self, stage: str, since: float) -> float:
        now = time.perf_counter()
        self.seconds[stage] += now - since
        return now


def limits_of(head: CanonicalHead, target: Target, canvas: Canvas, topology: Topology) -> tuple[str, ...]:
    """Names of what makes this target less certain: a view far from all that was seen, a head leaving the picture."""
    names = []
    if rotation_angle(head.bank.pose.rotation, target.pose.rotation).min() > FAR_VIEW:
        names.append("view_far_from_subject")
    corners = target.pose.scale * (target.pose.rotation @ head.performance.neutral[list(topology.oval)].T).T
    inside = canvas.window.to_window((corners + target.pose.translation)[:, :2])
    height, width = canvas.window.shape
    if (inside < 0).any() or (inside > (width, height)).any():
        names.append("head_leaves_picture")
    return tuple(names)
