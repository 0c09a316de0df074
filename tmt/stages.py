"""The recurrent head after one frame, two, four and so on: its colour, its depth and how surely they are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from tmt import portrait
from tmt.bake import PERSON, BakedHead, above_cut, any_corner, largest
from tmt.checkpoint import SHIPPED
from tmt.growth import atlas_of, build_up, deepened, order_of
from tmt.learned import load_head
from tmt.render import deform
from tmt.sight import at_vertices
from tmt.topology import Topology
from tmt.types import Array, Atlas, CanonicalHead, Surface
from tmt.ways import from_front

SEEN = 0.05  # of Atlas.weight: below it nothing has been seen
FULL = 640.0  # of Atlas.weight: as sure as the picture goes, by the logarithm (to the trained cell a good frame is 20)
SMALL = 240  # px of a picture on a sheet
LABEL = 26  # px


@dataclass(frozen=True)
class Stage:
    """The head after so many frames, seen from the front: pictures [S, S, 3] uint8; coverage 0..1, the share of what
    all the frames show that these have shown."""

    frames: int
    colour: Array
    depth: Array
    certainty: Array
    coverage: float


def stages(
    head: CanonicalHead, topology: Topology, counts: Sequence[int] = (), tick: Callable[[], None] = lambda: None
) -> Iterator[Stage]:
    """The head as it grew. `counts`: after how many of its keyframes (none given: 1, 2, 4, ... and all). `tick`: called
    after every keyframe."""
    assert head.atlas is not None, "study has made one"
    net, bank = load_head((head.checkpoint or SHIPPED).head), head.bank
    before = deepened(head.surface, -head.atlas.depth)
    order = order_of(head.performance, bank.index)
    wanted = set(counts or doublings(len(order)))
    images = [bank.images[k] for k in order]
    grown = build_up(net, before, head.performance, bank.window, bank.index[order], images, tick=tick)
    whole = coverage_of(head)
    for number, state in enumerate(grown, 1):
        if number in wanted:
            own = replace(state, ways=None)  # with the expression that it has by itself
            atlas = from_front(atlas_of(net, own, before))
            yield _stage(number, head, before, atlas, topology, (_covered(atlas) & whole).sum() / whole.sum())


def doublings(count: int) -> tuple[int, ...]:
    """1, 2, 4, ... below `count`, and `count`."""
    return (*(2**n for n in range(count.bit_length()) if 2**n < count), count)


def coverage_of(head: CanonicalHead) -> Array:
    """[S, S] bool: what of the person has been seen."""
    assert head.atlas is not None, "study has made one"
    return _covered(from_front(head.atlas))


def _covered(atlas: Atlas) -> Array:
    side = len(atlas.weight)
    matte = cv2.resize(atlas.colours[..., 3], (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray((atlas.weight > SEEN) & (matte > PERSON * 255))


def _stage(
    number: int, head: CanonicalHead, before: Surface, atlas: Atlas, topology: Topology, coverage: float
) -> Stage:
    baked = as_baked(atlas, deepened(before, atlas.depth), head.performance.neutral, topology)
    view = portrait.look_at(baked)
    sure = np.log1p(np.maximum(view.of(at_vertices(atlas.weight, before.grid)), 0)) / np.log1p(FULL)
    return Stage(
        number, portrait.draw(baked, view), portrait.draw_plain(view.depth / 2.0, view, portrait.DEPTH_MAP),
        portrait.draw_plain(sure, view, portrait.COUNT_MAP), float(coverage),
    )


def as_baked(atlas: Atlas, surface: Surface, neutral: Array, topology: Topology) -> BakedHead:
    """The relaxed head with the atlas on it."""
    grid = surface.grid
    vertices = surface.vertices + deform(surface, neutral)
    weight = at_vertices(atlas.weight, grid)
    matte = at_vertices(cv2.resize(atlas.colours[..., 3], atlas.weight.shape).astype(np.float32), grid)
    own = (weight > SEEN) & (matte > PERSON * 255) & (above_cut(vertices, neutral, topology) > 0)
    cells = largest(any_corner(own.reshape(grid, grid)))
    best = np.where(weight > SEEN, 0.0, -9.0).astype(np.float32)
    return BakedHead(grid, vertices, atlas.colours, (0, 0, grid - 1, grid - 1), weight, best, cells)


def sheet(grown: Sequence[Stage]) -> Array:
    """All stages side by side: colour, depth, certainty, and how many frames had been seen [H, W, 3] uint8."""
    columns = []
    for stage in grown:
        pictures = [cv2.resize(p, (SMALL, SMALL), interpolation=cv2.INTER_AREA)
                    for p in (stage.colour, stage.depth, stage.certainty)]  # fmt: skip
        title = _title(f"{stage.frames} / {grown[-1].frames}   {stage.coverage:.0%}")
        columns.append(np.concatenate([*pictures, title]))
    return np.concatenate(columns, 1)


def _title(text: str) -> Array:
    strip = np.full((LABEL, SMALL, 3), portrait.PAPER, np.uint8)
    cv2.putText(strip, text, (8, LABEL - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (portrait.INK,) * 3, 1, cv2.LINE_AA)
    return strip
