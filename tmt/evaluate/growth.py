"""Trials of the recurrent head by itself: how good it is after one frame, two, four and so on, with no bank to help.

The first half of a clip is studied, the second half is the truth. Beside the cell as it ships stand the plain filter
(the cell without its weights), the cell whose colours go with nothing, the average (so does it: every frame that sees a
place counts alike, and nothing is laid onto what was there) and the same frames in other orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from tmt.draw import draw
from tmt.evaluate.clips import halves
from tmt.evaluate.metrics import closeness
from tmt.evaluate.protocols import SELF_STEP
from tmt.evaluate.rows import GrowthRow, Outcome, mean_closeness
from tmt.evaluate.trial import CONSENT, Setup, survive
from tmt.evaluate.truth import Chosen
from tmt.growth import atlas_of, build_up, deepened, order_of
from tmt.learned import load_head
from tmt.networks.head import Glimpse, HeadCell, State
from tmt.pipeline import TalkingHeadPipeline, run_to_end
from tmt.retarget import retarget
from tmt.stages import coverage_of, doublings
from tmt.types import Array, CanonicalHead, Settings
from tmt.video import read_frames

SETTINGS = Settings(method="head", mode="absolute", full_frame=True, label=False, sound="none")
SEEN = 0.05  # of a sight's weight: from there on a frame counts in the average
SHUFFLES = 3
MOST = 64  # frames


class Average(HeadCell):
    """Not a filter: every frame counts alike wherever it sees the head, and lies where it lies."""

    def forward(self, state: State, glimpse: Glimpse) -> State:
        """The head with one more frame."""
        plain = replace(glimpse, weight=(glimpse.weight > SEEN).to(glimpse.weight), trust=glimpse.trust * 0)
        return super().forward(state, plain)


def growing(clips: Sequence[Path], setup: Setup) -> Iterator[Outcome]:
    """A row for every number of frames, and for every other way with all of them."""
    for clip in clips:
        yield from survive("growth", clip.stem, _case(clip, setup))


def _case(clip: Path, setup: Setup) -> Iterator[Outcome]:
    first, second = halves(clip, setup.out / "parts", setup.seconds)
    pipeline = setup.pipeline
    assert isinstance(pipeline, TalkingHeadPipeline)
    head = pipeline.study(first, consent=CONSENT)
    drive = run_to_end(pipeline.drive(second, SETTINGS))
    plan = retarget(head.performance, drive.performance, pipeline.tracker.topology, SETTINGS)
    scene = _Scene(setup, pipeline, second, Chosen(plan, np.arange(0, len(plan), SELF_STEP)))
    order, whole = nested(head), None
    for count in doublings(len(order))[::-1]:
        grown = with_frames(head, order[:count], load_head())
        seen = coverage_of(grown)
        whole = seen if whole is None else whole
        yield scene.row(clip.stem, f"head {count:02d}", grown, float((seen & whole).sum() / whole.sum()))
    for name, cell in (("filter", HeadCell(4, 4, 4)), ("unmoved", load_head()), ("average", Average(4, 4, 4))):
        grown = with_frames(head, order, cell.eval())
        yield scene.row(clip.stem, name, grown if name == "filter" else _unmoved(grown), 1.0)
    for seed in range(SHUFFLES):
        other = np.random.default_rng(seed).permutation(order)
        yield scene.row(clip.stem, f"shuffled {seed}", with_frames(head, other, load_head()), 1.0)


def nested(head: CanonicalHead) -> Array:
    """Numbers of keyframes [K] such that the first few are as far apart in time as they can be; at most MOST."""
    order = order_of(head.performance, head.bank.index, len(head.bank))
    rest = order[1:]
    bits = max(1, int(len(rest) - 1).bit_length())
    spread = sorted(range(len(rest)), key=lambda n: int(f"{n:0{bits}b}"[::-1], 2))
    return np.array([order[0], *rest[spread]])[:MOST]


def with_frames(head: CanonicalHead, order: Array, net: HeadCell) -> CanonicalHead:
    """The head that these of its keyframes make, by one cell; without the back, which is the whole bank's."""
    assert head.atlas is not None
    bank, before = head.bank, deepened(head.surface, -head.atlas.depth)
    images = [bank.images[k] for k in order]
    *_, state = build_up(net, before, head.performance, bank.window, bank.index[order], images)
    atlas = atlas_of(net, state, before)
    return replace(head, surface=deepened(before, atlas.depth), atlas=atlas, back=None)


def _unmoved(head: CanonicalHead) -> CanonicalHead:
    """Whose colours go with no expression and no pose."""
    assert head.atlas is not None
    return replace(head, atlas=replace(head.atlas, slopes=None))


class _Scene:
    """The second half of a clip: its true frames, and where the head is in them."""

    def __init__(self, setup: Setup, pipeline: TalkingHeadPipeline, truth: Path, plan: Chosen) -> None:
        self.setup, self.pipeline, self.truth, self.plan = setup, pipeline, truth, plan
        self.faces = [setup.observer.face(frame) for frame in self._frames()]

    def _frames(self) -> Iterator[Array]:
        """Read anew every time: there may be many."""
        return islice(read_frames(self.truth, every=SELF_STEP), len(self.plan))

    def row(self, case: str, way: str, head: CanonicalHead, coverage: float) -> GrowthRow:
        """How near one head comes to the truth."""
        observer, near = self.setup.observer, []
        with closing(draw(head, self.plan, SETTINGS, self.pipeline.tracker, Counter())) as pictures:
            for (picture, _), truth, face in zip(pictures, self._frames(), self.faces, strict=True):
                if not np.isnan(face[0, 0]):
                    near.append(closeness(truth, picture, face, observer.face(picture), observer.topology))
        return GrowthRow(case, way, mean_closeness(near), coverage)
