"""The order of everything: study a subject once, then render any number of driving clips or views from its head."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from tmt import provenance
from tmt.checkpoint import SHIPPED, Checkpoint, resolve
from tmt.chosen import keep_to
from tmt.direct import aligned
from tmt.draw import draw
from tmt.errors import MediaError, SettingsError
from tmt.flat import InPlane
from tmt.learned import load_ahead
from tmt.motion import perform, turntable
from tmt.progress import Progress, nobody
from tmt.run import Job, check_output, check_settings, write
from tmt.study import laid, missing_frames, study, variant
from tmt.track import FaceTracker, TrackBuilder
from tmt.trackers import load_tracker
from tmt.types import (
    PARTS,
    CanonicalHead,
    Consent,
    Frame,
    HeadPath,
    MediaInfo,
    Performance,
    Result,
    Settings,
    Step,
    Targets,
)
from tmt.video import probe
from tmt.views import along
from tmt.working import enlarged, working_frames

T = TypeVar("T")


@dataclass(frozen=True)
class Drive:
    """A driving clip, tracked: its motion, the seconds it cost by stage, and why how many frames have no good face."""

    path: Path
    info: MediaInfo
    performance: Performance
    seconds: Mapping[str, float]
    lost: Mapping[str, int] = field(default_factory=dict)


class TalkingHeadPipeline:
    """Transfers head motion, gaze and expression from a driving video to a subject; see the README for a tour.

    The object keeps no state of any run: heads, settings and results are values, so that visitors cannot meet.
    """

    def __init__(
        self, tracker: FaceTracker, without: Collection[str] = (), checkpoint: Checkpoint = SHIPPED
    ) -> None:
        """`without`: parts left out, to see what they are worth, see PARTS."""
        unknown = [name for name in without if name not in PARTS]
        if unknown:
            raise SettingsError("setting", name="without", value=unknown[0], reason=f"one of {', '.join(PARTS)}")
        self.tracker, self.without = tracker, frozenset(without)
        self.checkpoint = replace(checkpoint, depth=None) if "depth" in self.without else checkpoint

    @classmethod
    def from_pretrained(
        cls, checkpoint: str | Path | Checkpoint | None = None, *, revision: str | None = None,
        tracker: str | None = None, without: Collection[str] = (),
    ) -> TalkingHeadPipeline:
        """By the weights that ship; or by a `checkpoint`, a folder or "owner/name" on the Hub, there at a `revision`
        (branch, tag, commit): what it lacks is taken from those that ship. `tracker`: "mediapipe" or "face-alignment";
        None: the first that is installed; or "posenet", which knows no landmarks.

        Raises WeightsError for a checkpoint that is not there, cannot be fetched, or does not fit.
        """
        used = resolve(checkpoint, revision)
        return cls(load_tracker(tracker, used), without, used)

    def study(
        self, subject: str | Path, *, consent: Consent | None, progress: Progress | None = None, face: int | None = None
    ) -> CanonicalHead:
        """Build the canonical head of a subject's video or still; of several faces the one given, from the left from 1.

        Raises ConsentError unless every statement is affirmed; MediaError or FaceError for a clip that cannot be used.
        """
        receipt = provenance.receipt(consent)
        head = study(
            Path(subject), receipt, self.tracker, progress or nobody, face, checkpoint=self.checkpoint,
            certainty="certainty" not in self.without, alignment="alignment" not in self.without,
            swing="swing" not in self.without,
        )
        return replace(head, atlas=None) if "head" in self.without else head

    def drive(
        self, driving: str | Path, settings: Settings | None = None, head: CanonicalHead | None = None
    ) -> Generator[Step, None, Drive]:
        """Track a driving clip: a generator of progress whose value is the Drive. With a `head` of the same person its
        poses are told by that."""
        path, seconds = Path(driving), Counter[str]()
        info = probe(path)
        if info.is_still:
            raise MediaError("driving_needs_motion", name=path.name)
        settings = settings or Settings()
        times = enlarged(info)
        tracker, pose = keep_to(path, settings.driving_face, self.tracker, times), self.checkpoint.pose
        builder = TrackBuilder(tracker, path.name, enlarged=times, pose=pose)
        clock = time.perf_counter()
        with closing(working_frames(info)) as frames:
            for count, frame in enumerate(frames, 1):
                clock = _tick(seconds, "decode", clock)
                builder.add(frame)
                clock = _tick(seconds, "track", clock)
                if count == 1 and settings.method == "fused":
                    load_ahead(self.checkpoint)
                yield Step("track", count, info.frames)
                clock = time.perf_counter()
        track = builder.finish(info.fps)
        performance = perform(track, self.tracker.topology, settings.steadiness)
        clock = _tick(seconds, "track", clock)
        if len(performance) < 2:
            raise MediaError("driving_needs_motion", name=path.name)
        if "alignment" not in self.without:
            performance = yield from aligned(info, track, performance, self.tracker, head)
        _tick(seconds, "align", clock)
        return Drive(path, info, performance, dict(seconds), {**track.lost, **missing_frames(info)})

    def frames(self, head: CanonicalHead, driving: str | Path, settings: Settings | None = None) -> Iterator[Frame]:
        """The transferred frames one by one, without writing anything."""
        settings = check_settings(settings or Settings(), self.checkpoint)
        drive = run_to_end(self.drive(driving, settings, head))
        subject, plan = laid(self._taken(head), drive.performance, self.tracker.topology, settings)
        drawing = draw(subject, plan, settings, self.tracker, Counter(), drive.info.fps)
        for index, (picture, acted) in enumerate(drawing):
            image = torch.from_numpy(picture).permute(2, 0, 1).to(torch.float32) / 255
            yield Frame(index, image, acted)

    def transfer(
        self, head: CanonicalHead, driving: str | Path, out: str | Path, settings: Settings | None = None,
        *, progress: Progress | None = None,
    ) -> Result:
        """Write the transferred video, a report beside it, and (if set) a side-by-side video."""
        return run_to_end(self.transfer_steps(head, driving, out, settings), progress)

    def transfer_steps(
        self, head: CanonicalHead, driving: str | Path, out: str | Path, settings: Settings | None = None
    ) -> Generator[Step, None, Result]:
        """`transfer` as a generator of progress: closing it cancels the run and leaves nothing half-written."""
        settings = check_settings(settings or Settings(), self.checkpoint)
        path = check_output(Path(out), head.info.path, Path(driving))
        drive = yield from self.drive(driving, settings, head)
        return (yield from write(self.job(head, drive, path, settings), self.tracker))

    def job(self, head: CanonicalHead, drive: Drive, out: Path, settings: Settings) -> Job:
        """What `write` needs to render a tracked driving clip: plain data, without tracker or open files."""
        seen, plan = laid(self._taken(head), drive.performance, self.tracker.topology, settings)
        sound = {"driving": drive.path, "subject": head.info.path, "none": None}[settings.sound]
        return Job(
            head=seen, targets=plan, out=out, settings=settings, fps=drive.info.fps, sound=sound,
            driving=drive.path, found=drive.performance.found, spent=dict(drive.seconds), lost=drive.lost,
        )

    def view(
        self, head: CanonicalHead, out: str | Path, path: HeadPath | None = None, settings: Settings | None = None,
        *, progress: Progress | None = None,
    ) -> Result:
        """Write the subject's own head turned along a path of angles (without one: a turntable of 25 degrees)."""
        settings = check_settings(settings or Settings(), self.checkpoint)
        path = turntable() if path is None else path
        if not 0 < len(path) == len(path.pitch) == len(path.roll):
            raise SettingsError("setting", name="path", value=len(path), reason="equally many angles of each kind")
        seen = variant(self._taken(head), settings.method, self.tracker.topology)
        targets: Targets = along(head.performance, path)
        if settings.method == "learned2d":
            targets = InPlane(targets, seen.performance, self.tracker.topology)
        job = Job(
            head=seen, targets=targets, out=check_output(Path(out), head.info.path), settings=settings, fps=path.fps,
            sound=None, driving=None, found=np.ones(len(path), bool), spent={},
        )
        return run_to_end(write(job, self.tracker), progress)

    def _taken(self, head: CanonicalHead) -> CanonicalHead:
        """A head, whoever studied it, to be drawn by this pipeline's networks."""
        studied = head.checkpoint or SHIPPED
        drawn = replace(self.checkpoint, depth=studied.depth, head=studied.head, pose=studied.pose)
        return head if drawn == studied else replace(head, checkpoint=drawn)


def run_to_end(steps: Generator[Step, None, T], progress: Progress | None = None) -> T:
    """Exhaust a generator of progress and return its value."""
    say = progress or nobody
    with closing(steps):
        while True:
            try:
                say(next(steps))
            except StopIteration as stop:
                value: T = stop.value
                return value


def _tick(seconds: Counter[str], stage: str, since: float) -> float:
    now = time.perf_counter()
    seconds[stage] += now - since  # type: ignore[assignment]
    return now
