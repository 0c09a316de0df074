"""What the trials have in common: run every method, keep going when one fails, compare frames, draw the sheet."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from tmt.checkpoint import Checkpoint
from tmt.errors import Cancelled, OutputError, TmtError
from tmt.evaluate.metrics import Closeness, closeness, coverage
from tmt.evaluate.observe import Observer, Seen, fetch, head_box
from tmt.evaluate.rows import Failure, Outcome, Row, Run, mean_closeness
from tmt.evaluate.sheets import Strip, contact_sheet
from tmt.track import FaceTracker
from tmt.types import Array, CanonicalHead, Consent, HeadPath, Method, Mode, Result, Settings
from tmt.video import probe, read_frames, save_png

CONSENT = Consent(subject=True, driving=True, purpose=True)  # affirmed by whoever starts an evaluation
LOOKS = 8  # frames of a clip from which likeness is judged
MOMENTS = 6  # columns of a contact sheet
MOVED_BY_FACE = 0.3  # share of the face's motion from which a vertex counts as part of the head, not of its background


class Pipeline(Protocol):
    """What is evaluated."""

    tracker: FaceTracker
    checkpoint: Checkpoint

    def study(self, path: Path, /, *, consent: Consent) -> CanonicalHead:
        """See TalkingHeadPipeline.study."""

    def transfer(self, head: CanonicalHead, driving: Path, out: Path, settings: Settings, /) -> Result:
        """See TalkingHeadPipeline.transfer."""

    def view(self, head: CanonicalHead, out: Path, path: HeadPath, settings: Settings, /) -> Result:
        """See TalkingHeadPipeline.view."""


@dataclass(frozen=True)
class Setup:
    """What a trial needs beside its clips. `seconds` of driving at most; files go under `out`."""

    pipeline: Pipeline
    observer: Observer
    out: Path
    methods: tuple[Method, ...]
    seconds: float


@dataclass(frozen=True)
class Trial:
    """One subject and one driving clip, ready to run; `done` collects method -> video for the contact sheet.

    A turntable (mode "view") has no driver: `driving` and `driver` are the subject's own clip.
    """

    setup: Setup
    protocol: str
    case: str
    head: CanonicalHead
    driving: Path
    driver: Seen
    mode: Mode | Literal["view"]
    done: dict[str, Path] = field(default_factory=dict)

    def transfer(self, method: Method, wrinkles: float = Settings.wrinkles) -> tuple[Path, float]:
        """Make the video of one method: its path and the wall-clock s it took."""
        assert self.mode != "view", "a turntable has no driver"
        settings = Settings(
            mode=self.mode, method=method, full_frame=True, label=False, mark=False, sound="none",
            wrinkles=wrinkles,
        )
        name = method if wrinkles else f"{method}-smooth"
        return self._timed(
            name, lambda out: self.setup.pipeline.transfer(self.head, self.driving, out, settings).video
        )

    def view(self, method: Method, path: HeadPath) -> tuple[Path, float]:
        """`transfer` for a turntable."""
        settings = Settings(method=method, full_frame=True, label=False, mark=False, sound="none")
        return self._timed(method, lambda out: self.setup.pipeline.view(self.head, out, path, settings).video)

    def _timed(self, name: str, make: Callable[[Path], Path]) -> tuple[Path, float]:
        out = self.setup.out / "videos" / f"{self.protocol}-{self.case}-{name}.mp4"
        out.parent.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        self.done[name] = make(out)
        return self.done[name], time.perf_counter() - start

    def run(self, video: Path, lost: int, seconds: float, wanted: int | None = None) -> Run:
        """How the transfer to `video` went; wanted: frames, where the driving clip does not say."""
        return Run(probe(video).frames or 0, wanted or probe(self.driving).frames or 0, lost, seconds)


def survive(protocol: str, case: str, work: Iterator[Outcome], method: str = "") -> Iterator[Outcome]:
    """What `work` yields; where it raises, a Failure, and the evaluation goes on."""
    try:
        yield from work
        return
    except Cancelled:
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, TmtError) else f"{type(error).__name__}: {error}"
    gc.collect()  # an exception ties up what its frames held, a head above all; a case that went well frees itself
    yield Failure(protocol, case, method, reason)


def each_method(trial: Trial, judge: Callable[[Method], Row]) -> Iterator[Outcome]:
    """A row, or a Failure, for every method."""

    def one(method: Method) -> Iterator[Outcome]:
        yield judge(method)

    for method in trial.setup.methods:
        yield from survive(trial.protocol, trial.case, one(method), method)


def compare(trial: Trial, video: Path, wanted: Iterable[int]) -> tuple[Closeness, Array]:
    """Result against truth at the `wanted` looks of the driver -> mean closeness, landmarks [N, L, 3] px (or NaN)."""
    observer, step = trial.setup.observer, trial.driver.step
    chosen = {int(index) for index in wanted}
    frames: list[Closeness] = []
    found: list[Array] = []
    pairs = zip(read_frames(trial.driving, every=step), read_frames(video, every=step), strict=False)
    for index, (truth, result) in enumerate(pairs):
        if index not in chosen:
            continue
        if truth.shape != result.shape:
            sizes = f"{result.shape[1]}x{result.shape[0]} instead of {truth.shape[1]}x{truth.shape[0]}"
            raise OutputError("encoder", name=video.name, reason=sizes)
        found.append(observer.face(result))
        frames.append(closeness(truth, result, trial.driver.landmarks[index], found[-1], observer.topology))
    if not frames:
        raise OutputError("encoder", name=video.name, reason="no frame to compare")
    return mean_closeness(frames), np.stack(found)


def missed(landmarks: Array) -> int:
    """Frames of [T, L, 3] in which no face was found."""
    return int(np.isnan(landmarks[:, 0, 0]).sum())


def some(indices: Array, count: int = LOOKS) -> list[int]:
    """At most `count` of some indices, even."""
    return sorted({int(indices[i]) for i in np.linspace(0, len(indices) - 1, count).round().astype(int)})


def head_coverage(head: CanonicalHead) -> float:
    """Share of the face and what moves with it that some frame of the bank sees well."""
    moved = np.asarray(head.surface.operator.sum(1)).ravel() > MOVED_BY_FACE
    return coverage(np.asarray(head.bank.quality), moved & (np.asarray(head.surface.head) > 0.5))


def draw(trial: Trial, subject: Path, moments: Sequence[int]) -> None:
    """The contact sheet of a trial: subject, driver and every method at the `moments` (looks of the driver)."""
    turntable = trial.mode == "view"  # its moments are the result's own frames
    frames = list(moments) if turntable else [trial.driver.frame(i) for i in moments]
    own = np.unique(np.linspace(0, (probe(subject).frames or 1) - 1, len(frames)).round().astype(int)).tolist()
    strips = [_strip(trial, "subject", subject, own)]
    if not turntable:
        strips.append(_strip(trial, "truth" if trial.mode == "absolute" else "driving", trial.driving, frames))
    strips += [_strip(trial, method, video, frames) for method, video in trial.done.items()]
    folder = trial.setup.out / "sheets"
    folder.mkdir(parents=True, exist_ok=True)
    save_png(folder / f"{trial.protocol}-{trial.case}.png", contact_sheet(strips))


def _strip(trial: Trial, caption: str, path: Path, frames: list[int]) -> Strip:
    """Some frames of a clip, cut to its head; in absolute mode results are cut as the truth is."""
    pictures = fetch(path, frames)
    if trial.mode == "absolute" and path in trial.done.values():
        faces = trial.driver.landmarks[[frame // trial.driver.step for frame in frames]]
    else:
        faces = np.stack([trial.setup.observer.face(picture) for picture in pictures])
    box = head_box(faces, pictures[0].shape)
    return Strip(caption, [picture[box] for picture in pictures])
