"""CanonicalHead + Target -> picture, by any of the methods: the stages of one frame in their order."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from tmt import atlas
from tmt.attend import gather, leeway, share_of_last, small_canvas
from tmt.back import seen_behind
from tmt.bank import target_of
from tmt.baselines import copy_nearest, warp_one
from tmt.canvas import Canvas, bank_canvas, faded, scaled, shown, to_edges
from tmt.composite import backed, lay_over, mattes, paste_back, soften_steps, tight, undyed
from tmt.creases import Unrolled
from tmt.detail import add_detail, helpful_share, matching_gain
from tmt.fuse import FusionWeights, Mix, Posed, choose, shade, within_sides
from tmt.geometry import transform
from tmt.glance import Glances
from tmt.hub import device
from tmt.learned import ASKED, Added, asked_weights, attend, load_fusion
from tmt.mouth import Mouth, fill, mouth_of, needed
from tmt.once import once
from tmt.overlap import overlapped
from tmt.render import Seen, deform, look, look_torch, place, spread
from tmt.topology import Topology
from tmt.types import Array, Atlas, CanonicalHead, Settings, Target, Window
from tmt.warp import Stored, Warps, mix_pixels, warped_by

if TYPE_CHECKING:
    from tmt.networks.fusion import FusionNet

PROBES = 4  # keyframes drawn from the others, to see how much fine detail the mixing loses
NEIGHBOURS = 3  # keyframes on either side that a probe may not use: targets are never that near
ALONE = ("copy", "warp2d", "head")  # methods that mix no frames of the bank
LEAST_TRUST = 0.05  # a network that helps less is not asked at all


@dataclass(frozen=True)
class Begun:
    """A frame of which is known where its head stands and which frames it is mixed from; and what lies behind it."""

    posed: Posed
    mix: Mix | None
    canvas: Canvas
    picture: Array


class Renderer:
    """Draws one target after another on one canvas. Holds what may be prepared once, and the choice of frames of the
    frame before (so that it does not flicker); one renderer serves one run."""

    def __init__(
        self, head: CanonicalHead, topology: Topology, canvas: Canvas, settings: Settings, portable: bool | None = None
    ) -> None:
        """`portable`: draw in plain torch on the device in use. None: wherever that is not a CPU."""
        self.head, self.topology, self.canvas, self.settings, self._device = head, topology, canvas, settings, device()
        self._portable = self._device.type != "cpu" if portable is None else portable
        self.weights, self.seconds, self._area = FusionWeights(), Counter[str](), shown(head.track)
        self._own = head.bank.window.at(min(head.bank.window.scale, canvas.window.scale))  # pixels are never invented
        self._images = scaled(head.bank.images, self._own)
        if settings.full_frame:
            self._images = faded(self._images, head.bank.window, self._area)
        self._stored = Stored(head.bank, self._images, self._device) if self._portable else None
        self._net = load_fusion(asked_weights(settings.method, head.checkpoint)) if settings.method in ASKED else None
        if self._net is not None:
            near = small_canvas(canvas, head.bank).window.scale
            self._small = scaled(self._images, self._own.at(min(self._own.scale, near)))
        self._unrolled, self._glances = Unrolled(head.surface, topology), Glances(head, topology)
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="tmt-fuse")
        self._previous: Array | None = None
        self._detail, self._trust = 0.0, 1.0
        if settings.method not in ("copy", "warp2d") and len(head.bank) > 4 * NEIGHBOURS:
            clock = time.perf_counter()
            self._trust, self._detail = once(head, (settings, self._own, self._portable, self._net), self._calibrated)
            self._net = self._net if self._trust > LEAST_TRUST else None
            self._tick("prepare", clock)

    def restart(self) -> None:
        """What is drawn next does not follow on what was drawn before."""
        self._previous = None

    def close(self) -> None:
        """Release the threads."""
        self._pool.shutdown(wait=False)

    def draw(self, target: Target, behind: tuple[Canvas, Array] | None = None) -> Array:
        """The whole output picture [H, W, 3] uint8: the crop, or the subject's picture with the head in it. `behind`:
        this frame's canvas and picture, where they change from frame to frame."""
        return self.finished(self.begun(target, behind))

    def begun(self, target: Target, behind: tuple[Canvas, Array] | None = None) -> Begun:
        """What goes on from the frame before: targets must begin in their order."""
        canvas, picture = behind or (self.canvas, self.head.picture)
        clock = time.perf_counter()
        posed, mix = self._posed(target), None
        if self.settings.method not in ALONE:
            mix = self._choose(posed, self._previous)
            self._previous = mix.chosen
        self._tick("choose", clock)
        return Begun(posed, mix, canvas, picture)

    def finished(self, begun: Begun) -> Array:
        """The rest of `draw`, which depends on no other frame: several can be finished at once."""
        target, canvas = begun.posed.target, begun.canvas
        if self.settings.method == "copy":
            image = copy_nearest(self.head, target, self.topology, canvas)
        elif self.settings.method == "warp2d":
            image = warp_one(self.head, target, self.topology, canvas)
        else:
            image = self._image(self._look(begun.posed.vertices, canvas.window), begun.mix, begun.posed, canvas)
        if self.settings.full_frame:
            return paste_back(image, canvas, begun.picture)
        return np.round(image * 255).astype(np.uint8)

    def _choose(self, posed: Posed, previous: Array | None, allowed: Array | None = None) -> Mix:
        head, count = self.head, self.settings.sources
        return choose(head.bank, head.surface, posed, self.topology, count, previous, allowed, self.weights)

    def _image(self, seen: Seen, mix: Mix | None, posed: Posed, canvas: Canvas) -> Array:
        """[H, W, 3] float; without a mix by the recurrent head alone."""
        return self._alone(seen, posed, canvas) if mix is None else self._mixed(seen, mix, posed, canvas)

    def _alone(self, seen: Seen, posed: Posed, canvas: Canvas) -> Array:
        """The recurrent head over the background, with no bank -> [H, W, 3] float."""
        head, surface = self.head, self.head.surface
        assert head.atlas is not None, "study has made one"
        pixels = atlas.pixels_of(atlas.in_frame(head.atlas, posed.target, head.performance), seen, surface.grid)
        add_detail(pixels, self._detail)
        lacking = surface.interior.reshape(surface.grid, surface.grid) * (1 - atlas.known(head.atlas, surface))
        mix = Mix(np.empty(0, int), np.empty((0, *lacking.shape), np.float32), lacking, np.zeros_like(lacking))
        if needed(mix):
            fill(pixels, seen, mix, posed.target, canvas.window, self._mouth, self.topology)
        return self._laid(pixels, seen, posed, canvas, None)

    def _laid(self, pixels: Array, seen: Seen, posed: Posed, canvas: Canvas, repair: Added | None) -> Array:
        """Pixels [H, W, 5] over the back of the head over the canvas, with what a network, which knows of no back,
        adds to matte and colours."""
        head, unit = self.head, float(posed.target.pose.scale) * canvas.window.scale
        person, drawn = mattes(pixels[..., 3], pixels[..., 4], seen, canvas, unit)
        share = None if canvas.joint is None else spread(canvas.joint, seen)
        back, mine = None, np.float32(1)
        if head.back is not None:
            back = seen_behind(head.back, head.bank, posed.target, head.performance, canvas.window)
        if back is not None:
            pixels = undyed(pixels, seen, back)
            person, drawn = (tight(matte, pixels, seen, back) for matte in (person, drawn))
            canvas, mine = backed(canvas, back, person), 1 - back[..., 3] * (1 - person)
            share = None if share is None else np.maximum(share, back[..., 3])
        paint = None
        if repair is not None:
            person, drawn = (np.clip(matte + repair.matte * mine, 0, 1) for matte in (person, drawn))
            paint = repair.picture * np.asarray(mine)[..., None]
        if back is not None:
            person = np.maximum(person, back[..., 3])
        return soften_steps(lay_over(pixels[..., :3], person, drawn, canvas, share, paint), person, seen, unit)

    def _mixed(self, seen: Seen, mix: Mix, posed: Posed, canvas: Canvas) -> Array:
        """Fuse, sharpen by what the fusion loses, and lay over the background -> [H, W, 3] float."""
        repair, warps = None, None
        drawn, share = atlas.if_wanted(self.head, mix.logits, posed.target, seen)
        if self._net is not None:
            repair, share, warps = self._attend(self._net, seen, mix, posed, canvas, drawn, share)
        extra = None if repair is None else repair.logits[..., : len(mix.chosen)]
        pixels = self._pixels(seen, mix, canvas.window, extra, warps)
        add_detail(pixels, self._detail)
        if drawn is not None:
            atlas.lay_in(pixels, drawn, self.head.surface, seen, share)
        within_sides(pixels, seen, mix, self.head.bank, self.head.surface.head)
        if posed.target.creases is not None and self.settings.wrinkles > 0:
            self._unrolled.draw(pixels, seen, posed.target, self.head.bank, mix, self.settings.wrinkles)
        hole = (pixels, seen, mix, posed.target, canvas.window)
        made_up = self._glances.paint(*hole), fill(*hole, self._mouth, self.topology) if needed(mix) else None
        shade(pixels, seen, mix)
        for known in made_up:
            if repair is not None and known is not None:
                rest = 1 - known  # what a network that knows of none of it would add, or see through
                repair = replace(repair, picture=repair.picture * rest[..., None], matte=repair.matte * rest)
        return self._laid(pixels, seen, posed, canvas, repair)

    @cached_property
    def _mouth(self) -> Mouth:
        """Fitted when it is first needed: many subjects show all that is asked of them."""
        return once(self.head, ("mouth", self.topology.name), lambda: mouth_of(self.head, self.topology))

    def _attend(
        self, net: FusionNet, seen: Seen, mix: Mix, posed: Posed, canvas: Canvas, drawn: Atlas | None, share: Array
    ) -> tuple[Added, Array, Warps | None]:
        """What the network adds; the `share` [H, W] that it leaves to what is `drawn`; and the frames as it saw them,
        if that is how they are seen in the picture."""
        head, small = self.head, small_canvas(canvas, self.head.bank)
        seen = seen if small is canvas else look(head.surface, posed.vertices, small.window)
        warps = warped_by(seen, small.window, head.bank, self._small, mix, self._pool, spare=int(drawn is not None))
        evidence = gather(head.surface, self.topology, posed, mix, small, seen, warps, drawn)
        follow = self._trust * leeway(evidence, len(mix.chosen), head.bank, posed.target)
        repair = attend(net, evidence, canvas.window.shape, follow)
        if drawn is not None:
            share = share_of_last(evidence, repair.logits, canvas.window.shape)
        return repair, share, warps if small is canvas and self._small is self._images else None

    def _look(self, vertices: Array, window: Window) -> Seen:
        where = self.head.surface, vertices, window
        return look_torch(*where, self._device) if self._portable else look(*where)

    def _pixels(self, seen: Seen, mix: Mix, window: Window, extra: Array | None, warps: Warps | None) -> Array:
        if self._stored is not None:
            return self._stored.mix(seen, window, mix, self.weights.floor, extra)
        return mix_pixels(seen, window, self.head.bank, self._images, mix, self._pool, self.weights.floor, extra, warps)

    def _calibrated(self) -> tuple[float, float]:
        """Keyframes drawn from the others tell how far the network helps on this head, and how much detail to add."""
        trust, net = 1.0, self._net
        canvas = bank_canvas(self.head.plate, self._own)
        probes = np.linspace(0, len(self.head.bank) - 1, PROBES + 2).round().astype(int)[1:-1]
        scenes = [self._probe(int(probe), canvas) for probe in probes]
        drawn = self._drawn(scenes, canvas)
        if net is not None:
            self._net = None
            plain, self._net = self._drawn(scenes, canvas), net
            trust = helpful_share(plain, drawn, [self._images[probe] for probe in probes])
            drawn = [p + np.float32(trust) * (d - p) for p, d in zip(plain, drawn, strict=True)]
        faces = (transform(posed.target.pose, posed.target.canonical) for *_, posed in scenes)
        outlines = [canvas.window.to_window(face[list(self.topology.oval), :2]) for face in faces]
        truth = [self._images[probe][..., :3] for probe in probes]
        return trust, matching_gain(*(list(zip(pictures, outlines, strict=True)) for pictures in (drawn, truth)))

    def _drawn(self, scenes: list[tuple[Seen, Mix | None, Posed]], canvas: Canvas) -> list[Array]:
        """Probes as the method draws them, two at a time: much of it keeps one core busy and no more."""
        return list(overlapped(partial(self._image, *scene, canvas) for scene in scenes))

    def _probe(self, probe: int, canvas: Canvas) -> tuple[Seen, Mix | None, Posed]:
        """A keyframe as a target for the others."""
        posed = self._posed(target_of(self.head.performance, int(self.head.bank.index[probe])))
        allowed = np.flatnonzero(np.abs(np.arange(len(self.head.bank)) - probe) > NEIGHBOURS)
        mix = None if self.settings.method in ALONE else self._choose(posed, None, allowed)
        return self._look(posed.vertices, canvas.window), mix, posed

    def _posed(self, target: Target) -> Posed:
        surface, offsets = self.head.surface, deform(self.head.surface, target.canonical, target.swing)
        vertices = place(surface, offsets, target, self.head.performance)
        return Posed(offsets, to_edges(vertices, surface, self.head.bank.window, self._area), target)

    def _tick(self, stage: str, since: float) -> None:
        self.seconds[stage] += time.perf_counter() - since  # type: ignore[assignment]
