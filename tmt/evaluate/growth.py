"""Trials of the recurrent head by itself: how good it is after one frame, two, four and so on, with no bank to help.

The first half of a clip is studied, the second half is the truth; or a whole clip, and the truth is another person's
performance rendered on it. Beside the cell as it ships stand the plain filter (the cell without its weights), the cell
whose colours go with nothing, the average (so does it: every frame that sees a place counts alike, and nothing is laid
onto what was there) and the same frames in other orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tmt.checkpoint import SHIPPED
from tmt.draw import draw
from tmt.evaluate.clips import halves
from tmt.evaluate.metrics import closeness
from tmt.evaluate.protocols import SELF_STEP
from tmt.evaluate.rows import GrowthRow, Outcome, mean_closeness
from tmt.evaluate.trial import CONSENT, Setup, survive
from tmt.evaluate.truth import Chosen, load_truth
from tmt.growth import atlas_of, build_up, deepened, order_of
from tmt.learned import load_head
from tmt.networks.head import Glimpse, HeadCell, State
from tmt.pipeline import TalkingHeadPipeline, run_to_end
from tmt.retarget import retarget
from tmt.stages import coverage_of, doublings
from tmt.types import Array, CanonicalHead, Settings, Targets
from tmt.video import read_frames

SETTINGS = Settings(method="head", mode="absolute", full_frame=True, label=False, mark=False, sound="none")
ANOTHERS = replace(SETTINGS, mode="relative")  # of another person's performance
SEEN = 0.05  # of a sight's weight: from there on a frame counts in the average
SHUFFLES = 3
MOST = 64  # frames


class Average(HeadCell):
    """Not a filter: every frame counts alike wherever it sees the head, and lies where it lies."""

    def forward(self, state: State, glimpse: Glimpse) -> State:
        """The head with one more frame."""
        plain = replace(glimpse, weight=(glimpse.weight > SEEN).to(glimpse.weight), trust=glimpse.trust * 0)
        return super().forward(state, plain)


def growing(clips: Sequence[Path], setup: Setup, pairs: Sequence[Path] = ()) -> Iterator[Outcome]:
    """A row for every number of frames of every clip, and for every other way with all of them; then for every number
    of frames of the subjects of rendered `pairs`."""
    for clip in clips:
        yield from survive("growth", clip.stem, _case(clip, setup))
    for pair in pairs:
        yield from survive("growth", pair.stem, _true_case(pair, setup))


def _true_case(pair: Path, setup: Setup) -> Iterator[Outcome]:
    truth = load_truth(pair)
    head, plan = _laid(truth.subject, truth.driving, ANOTHERS, setup)
    scene = _Scene(setup, lambda: iter(truth.pictures), Chosen(plan, truth.numbers), ANOTHERS)
    yield from _by_frames(truth.case, "truth", head, scene)


def _pipeline(setup: Setup) -> TalkingHeadPipeline:
    assert isinstance(setup.pipeline, TalkingHeadPipeline), "a pretended pipeline has no recurrent head"
    return setup.pipeline


def _laid(subject: Path, driving: Path, settings: Settings, setup: Setup) -> tuple[CanonicalHead, Targets]:
    pipeline = _pipeline(setup)
    head = pipeline.study(subject, consent=CONSENT)
    drive = run_to_end(pipeline.drive(driving, settings, head))
    return head, retarget(head.performance, drive.performance, pipeline.tracker.topology, settings)


def _by_frames(case: str, name: str, head: CanonicalHead, scene: _Scene) -> Iterator[Outcome]:
    """From all of its frames down to one."""
    order, whole = nested(head), None
    for count in doublings(len(order))[::-1]:
        grown = with_frames(head, order[:count], load_head((head.checkpoint or SHIPPED).head))
        seen = coverage_of(grown)
        whole = seen if whole is None else whole
        yield scene.row(case, f"{name} {count:02d}", grown, float((seen & whole).sum() / whole.sum()))


def _case(clip: Path, setup: Setup) -> Iterator[Outcome]:
    first, second = halves(clip, setup.out / "parts", setup.seconds)
    head, plan = _laid(first, second, SETTINGS, setup)
    chosen = Chosen(plan, np.arange(0, len(plan), SELF_STEP))
    # The truth is read anew every time: there may be much of it.
    scene = _Scene(setup, lambda: islice(read_frames(second, every=SELF_STEP), len(chosen)), chosen, SETTINGS)
    yield from _by_frames(clip.stem, "head", head, scene)
    order = nested(head)
    own = load_head((head.checkpoint or SHIPPED).head)
    for name, cell in (("filter", HeadCell(4, 4, 4)), ("unmoved", own), ("average", Average(4, 4, 4))):
        grown = with_frames(head, order, cell.eval())
        yield scene.row(clip.stem, name, grown if name == "filter" else _unmoved(grown), 1.0)
    for seed in range(SHUFFLES):
        other = np.random.default_rng(seed).permutation(order)
        yield scene.row(clip.stem, f"shuffled {seed}", with_frames(head, other, own), 1.0)


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
    """The true pictures, and where the head is in them."""

    def __init__(self, setup: Setup, truth: Callable[[], Iterator[Array]], plan: Chosen, settings: Settings) -> None:
        self.setup, self.truth, self.plan, self.settings = setup, truth, plan, settings
        self.faces = [setup.observer.face(frame) for frame in truth()]

    def row(self, case: str, way: str, head: CanonicalHead, coverage: float) -> GrowthRow:
        """How near one head comes to the truth."""
        observer, near = self.setup.observer, []
        with closing(draw(head, self.plan, self.settings, _pipeline(self.setup).tracker, Counter())) as pictures:
            for (picture, _), truth, face in zip(pictures, self.truth(), self.faces, strict=True):
                if not np.isnan(face[0, 0]):
                    made = cv2.resize(picture, truth.shape[1::-1], interpolation=cv2.INTER_AREA)
                    near.append(closeness(truth, made, face, observer.face(made), observer.topology))
        return GrowthRow(case, way, mean_closeness(near), coverage)
