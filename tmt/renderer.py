"""CanonicalHead + Target -> picture, by any of the methods: the stages of one frame in their order."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from tmt import atlas
from tmt.attend import gather, leeway, share_of_last, small_canvas
from tmt.back import seen_behind
from tmt.bank import target_of
from tmt.baselines import copy_nearest, warp_one
from tmt.canvas import Canvas, bank_canvas, faded, scaled
from tmt.composite import backed, lay_over, mattes, paste_back, soften_steps
from tmt.creases import Unrolled
from tmt.detail import add_detail, helpful_share, matching_gain
from tmt.fuse import FusionWeights, Mix, Posed, choose, home_of, mix_pixels, mix_pixels_torch, shade, within_sides
from tmt.geometry import transform
from tmt.glance import Glances
from tmt.hub import device
from tmt.learned import ASKED, attend, load_fusion
from tmt.mouth import Mouth, fill, mouth_of, needed
from tmt.render import Seen, deform, look, place, rasterise_torch, spread
from tmt.topology import Topology
from tmt.types import Array, Atlas, CanonicalHead, Settings, Target, Window

if TYPE_CHECKING:
    from tmt.networks.fusion import FusionNet

PROBES = 4  # keyframes drawn from the others, to see how much fine detail the mixing loses
NEIGHBOURS = 3  # keyframes on either side that a probe may not use: targets are never that near
LEAST_TRUST = 0.05  # a network that helps less is not asked at all


class Renderer:
    """Draws one target after another on one canvas. Holds what may be prepared once, and the choice of frames of the
    frame before (so that it does not flicker); one renderer serves one run."""

    def __init__(
        self, head: CanonicalHead, topology: Topology, canvas: Canvas, settings: Settings, portable: bool | None = None
    ) -> None:
        """`portable`: draw in plain torch on the device in use. None: wherever that is not a CPU."""
        self.head, self.topology, self.canvas, self.settings = head, topology, canvas, settings
        self._device = device()
        self._portable = self._device.type != "cpu" if portable is None else portable
        self.weights, self.seconds = FusionWeights(), Counter[str]()
        self._images = scaled(head.bank.images, canvas.window.scale / head.bank.window.scale)
        if settings.full_frame:
            self._images = faded(self._images, head.bank.window, head.picture)
        if self._portable:
            self._stored = torch.from_numpy(self._images).permute(0, 3, 1, 2).contiguous().to(self._device)
        self._net = load_fusion(ASKED[settings.method]) if settings.method in ASKED else None
        if self._net is not None:
            self._small = scaled(self._images, small_canvas(canvas, head.bank).window.scale / canvas.window.scale)
        self._unrolled, self._glances = Unrolled(head.surface, topology), Glances(head, topology)
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="tmt-fuse")
        self._previous: Array | None = None
        self._detail, self._trust = 0.0, 1.0
        if settings.method not in ("copy", "warp2d") and len(head.bank) > 4 * NEIGHBOURS:
            clock = time.perf_counter()
            self._calibrate()
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
        canvas, picture = behind or (self.canvas, self.head.picture)
        if self.settings.method == "copy":
            image = copy_nearest(self.head, target, self.topology, canvas)
        elif self.settings.method == "warp2d":
            image = warp_one(self.head, target, self.topology, canvas)
        else:
            image = self._head(target, canvas)
        if self.settings.full_frame:
            return paste_back(image, canvas, picture)
        return np.round(image * 255).astype(np.uint8)

    def _head(self, target: Target, canvas: Canvas) -> Array:
        clock = time.perf_counter()
        offsets = deform(self.head.surface, target.canonical)
        vertices = place(self.head.surface, offsets, target, self.head.performance)
        seen = self._look(vertices, canvas.window)
        clock = self._tick("render", clock)
        posed = Posed(offsets, vertices, target)
        if self.settings.method == "head":
            image = self._alone(seen, posed, canvas)
        else:
            mix = self._choose(posed, self._previous)
            self._previous = mix.chosen
            image = self._mixed(seen, mix, posed, canvas)
        self._tick("fuse", clock)
        return image

    def _choose(self, posed: Posed, previous: Array | None, allowed: Array | None = None) -> Mix:
        return choose(
            self.head.bank, self.head.surface, posed, self.topology, self.settings.sources, previous, allowed,
            self.weights,
        )

    def _alone(self, seen: Seen, posed: Posed, canvas: Canvas) -> Array:
        """The recurrent head over the background, with no bank -> [H, W, 3] float."""
        head, surface = self.head, self.head.surface
        assert head.atlas is not None, "study has made one"
        pixels = atlas.pixels_of(head.atlas, seen, surface.grid)
        add_detail(pixels, self._detail)
        lacking = surface.interior.reshape(surface.grid, surface.grid) * (1 - atlas.known(head.atlas, surface))
        mix = Mix(np.empty(0, int), np.empty((0, *lacking.shape), np.float32), lacking, np.zeros_like(lacking))
        if needed(mix):
            fill(pixels, seen, mix, posed.target, canvas.window, self._mouth, self.topology)
        return self._laid(pixels, seen, posed, canvas, None, None)

    def _laid(
        self, pixels: Array, seen: Seen, posed: Posed, canvas: Canvas, more: Array | None, paint: Array | None
    ) -> Array:
        """Pixels [H, W, 5] over the back of the head over the canvas; `more` matte [H, W] and `paint` [H, W, 3] are
        what a network, which knows of no back, adds."""
        head, unit = self.head, float(posed.target.pose.scale) * canvas.window.scale
        person, drawn = mattes(pixels, seen, canvas, unit)
        share = None if canvas.joint is None else spread(canvas.joint, seen)
        back, mine = None, np.float32(1)
        if head.back is not None:
            back = seen_behind(head.back, head.bank, posed.target, head.performance, canvas.window)
        if back is not None:
            canvas, mine = backed(canvas, back, person), 1 - back[..., 3] * (1 - person)
            share = None if share is None else np.maximum(share, back[..., 3])
        if more is not None and paint is not None:
            person, drawn = (np.clip(matte + more * mine, 0, 1) for matte in (person, drawn))
            paint = paint * np.asarray(mine)[..., None]
        if back is not None:
            person = np.maximum(person, back[..., 3])
        return soften_steps(lay_over(pixels[..., :3], person, drawn, canvas, share, paint), person, seen, unit)

    def _mixed(self, seen: Seen, mix: Mix, posed: Posed, canvas: Canvas) -> Array:
        """Fuse, sharpen by what the fusion loses, and lay over the background -> [H, W, 3] float."""
        extra, more, paint = None, None, None
        drawn, share = atlas.if_wanted(self.head.atlas, mix.logits, self.head.surface, seen)
        if self._net is not None:
            extra, more, paint, share = self._attend(self._net, mix, posed, canvas, drawn, share)
        pixels = self._pixels(seen, mix, canvas.window, None if extra is None else extra[..., : len(mix.chosen)])
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
            if paint is not None and known is not None:
                paint *= 1 - known[..., None]
        return self._laid(pixels, seen, posed, canvas, more, paint)

    @cached_property
    def _mouth(self) -> Mouth:
        """Fitted when it is first needed: many subjects show all that is asked of them."""
        return mouth_of(self.head, self.topology)

    def _attend(
        self, net: FusionNet, mix: Mix, posed: Posed, canvas: Canvas, drawn: Atlas | None, share: Array
    ) -> tuple[Array, Array, Array, Array]:
        """What the network adds to logits, matte and colours; the `share` [H, W] that it leaves to what is `drawn`."""
        bank, small = self.head.bank, small_canvas(canvas, self.head.bank)
        evidence = gather(
            bank, self.head.surface, self.topology, posed, mix, small, self._small, drawn, self._pool
        )
        follow = self._trust * leeway(evidence, bank, posed.target)
        extra, more, paint = attend(net, evidence, canvas.window.shape, follow)
        if drawn is not None:
            share = share_of_last(evidence, extra, canvas.window.shape)
        return extra, more, paint, share

    def _look(self, vertices: Array, window: Window) -> Seen:
        if not self._portable:
            return look(self.head.surface, vertices, window)
        points = window.to_window(vertices).reshape(self.head.surface.grid, self.head.surface.grid, 3)
        grid_xy, depth = rasterise_torch(torch.from_numpy(points).to(self._device), window.shape)
        return Seen(grid_xy.cpu().numpy(), depth.cpu().numpy())

    def _pixels(self, seen: Seen, mix: Mix, window: Window, extra: Array | None = None) -> Array:
        bank, floor = self.head.bank, self.weights.floor
        if not self._portable:
            return mix_pixels(seen, window, bank, self._images, mix, self._pool, floor, extra)
        grid, ratio = mix.logits.shape[-1], self._images.shape[2] / bank.images.shape[2]
        arrays = (
            seen.grid_xy, bank.places[mix.chosen].reshape(-1, grid, grid, 2) * np.float32(ratio), mix.logits,
            home_of(window, bank.window, ratio),
        )
        grid_xy, places, logits, home = (torch.from_numpy(np.ascontiguousarray(a)).to(self._device) for a in arrays)
        images = self._stored[torch.from_numpy(mix.chosen).to(self._device)].to(torch.float32) / 255
        added = None if extra is None else torch.from_numpy(extra).permute(2, 0, 1).to(self._device)
        pixels = mix_pixels_torch(grid_xy, places, logits, images, floor, home, added)
        return np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())

    def _calibrate(self) -> None:
        """Keyframes drawn from the other keyframes tell how far the network helps on this very head, and how much
        detail to add so that they are as sharp as they are."""
        bank = self.head.bank
        canvas = bank_canvas(bank, self.head.plate, self._images.shape[2] / bank.images.shape[2])
        probes = np.linspace(0, len(bank) - 1, PROBES + 2).round().astype(int)[1:-1]
        scenes = [self._probe(int(probe), canvas) for probe in probes]
        drawn = self._drawn(scenes, canvas)
        if self._net is not None:
            net, self._net = self._net, None
            plain = self._drawn(scenes, canvas)
            self._trust = helpful_share(plain, drawn, [self._images[probe] for probe in probes])
            self._net = net if self._trust > LEAST_TRUST else None
            drawn = [p + np.float32(self._trust) * (d - p) for p, d in zip(plain, drawn, strict=True)]
        outlines = [outline for *_, outline in scenes]
        truth = [self._images[probe][..., :3] for probe in probes]
        pairs = (list(zip(pictures, outlines, strict=True)) for pictures in (drawn, truth))
        self._detail = matching_gain(*pairs)

    def _drawn(self, scenes: list[tuple[Seen, Mix, Posed, Array]], canvas: Canvas) -> list[Array]:
        """Probes as the method draws them, two at a time: much of it keeps one core busy and no more."""
        def one(seen: Seen, mix: Mix, posed: Posed, _: Array) -> Array:
            alone = self.settings.method == "head"
            return self._alone(seen, posed, canvas) if alone else self._mixed(seen, mix, posed, canvas)

        with ThreadPoolExecutor(2) as two:
            return list(two.map(one, *zip(*scenes, strict=True)))

    def _probe(self, probe: int, canvas: Canvas) -> tuple[Seen, Mix, Posed, Array]:
        """A keyframe as a target for the others, and its face's outline px."""
        bank = self.head.bank
        target = target_of(self.head.performance, int(bank.index[probe]))
        offsets = deform(self.head.surface, target.canonical)
        posed = Posed(offsets, place(self.head.surface, offsets, target, self.head.performance), target)
        allowed = np.flatnonzero(np.abs(np.arange(len(bank)) - probe) > NEIGHBOURS)
        outline = canvas.window.to_window(transform(target.pose, target.canonical)[list(self.topology.oval), :2])
        return self._look(posed.vertices, canvas.window), self._choose(posed, None, allowed), posed, outline

    def _tick(self, stage: str, since: float) -> float:
        now = time.perf_counter()
        self.seconds[stage] += now - since  # type: ignore[assignment]
        return now
