"""CanonicalHead + Target -> picture, by any of the methods: the stages of one frame in their order."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tmt.bank import target_of
from tmt.baselines import copy_nearest, warp_one
from tmt.composite import Canvas, crop_canvas, lay_over, paste_back, scaled
from tmt.detail import add_detail, matching_gain
from tmt.fuse import FusionWeights, Mix, Posed, choose, mix_pixels, shade
from tmt.geometry import rotation_angle, transform
from tmt.render import Seen, deform, look, place
from tmt.topology import Topology
from tmt.types import Array, CanonicalHead, Settings, Target

PROBES = 5  # keyframes drawn from the others, to see how much fine detail the mixing loses
NEIGHBOURS = 3  # keyframes on either side that a probe may not use: targets are never that near
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
        self._detail = 0.0
        if settings.method not in ("copy", "warp2d") and len(head.bank) > 4 * NEIGHBOURS:
            clock = time.perf_counter()
            self._detail = self._lost_detail()
            self._tick("prepare", clock)

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
        clock = time.perf_counter()
        offsets = deform(self.head.surface, target.canonical)
        vertices = place(self.head.surface, offsets, target, self.head.performance)
        seen = look(self.head.surface, vertices, self.canvas.window)
        clock = self._tick("render", clock)
        mix = self._choose(offsets, vertices, target, self._previous)
        self._previous = mix.chosen
        image = self._mixed(seen, mix, target, self.canvas)
        self._tick("fuse", clock)
        return image

    def _choose(
        self, offsets: Array, vertices: Array, target: Target, previous: Array | None, allowed: Array | None = None
    ) -> Mix:
        return choose(
            self.head.bank, self.head.surface, Posed(offsets, vertices, target), self.topology, self.settings.sources,
            previous, allowed, self.weights,
        )

    def _mixed(self, seen: Seen, mix: Mix, target: Target, canvas: Canvas) -> Array:
        """Fuse, sharpen by what the fusion loses, and lay over the background -> [H, W, 3] float."""
        pixels = mix_pixels(seen, canvas.window, self.head.bank, self._images, mix, self._pool, self.weights.floor)
        add_detail(pixels, self._detail)
        shade(pixels, seen, mix)
        return lay_over(pixels, seen, canvas, float(target.pose.scale) * canvas.window.scale)

    def _lost_detail(self) -> float:
        """How much detail to add so that keyframes drawn from the other keyframes are as sharp as they are."""
        bank, canvas = self.head.bank, crop_canvas(self.head.bank, self.head.plate, self._images.shape[2])
        drawn, truth = [], []
        for probe in np.linspace(0, len(bank) - 1, PROBES + 2).round().astype(int)[1:-1]:
            target = target_of(self.head.performance, int(bank.index[probe]))
            offsets = deform(self.head.surface, target.canonical)
            vertices = place(self.head.surface, offsets, target, self.head.performance)
            seen = look(self.head.surface, vertices, canvas.window)
            allowed = np.flatnonzero(np.abs(np.arange(len(bank)) - probe) > NEIGHBOURS)
            mix = self._choose(offsets, vertices, target, None, allowed)
            outline = canvas.window.to_window(transform(target.pose, target.canonical)[list(self.topology.oval), :2])
            drawn.append((self._mixed(seen, mix, target, canvas), outline))
            truth.append((self._images[probe][..., :3], outline))
        return matching_gain(drawn, truth)

    def _tick(self, stage: str, since: float) -> float:
        now = time.perf_counter()
        self.seconds[stage] += now - since  # type: ignore[assignment]
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
