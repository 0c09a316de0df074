"""All that the page asks of the core, in one place: a page over a pretended studio needs no model."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from tmt.evaluate.observe import Observer
from tmt.evaluate.protocols import Cast
from tmt.evaluate.run_numbers import People, RunNumbers, load_observer, numbers, observe
from tmt.export import save_head
from tmt.learned import load_ahead
from tmt.motion import turntable
from tmt.page.gpu import rendered
from tmt.pipeline import TalkingHeadPipeline
from tmt.preflight import Preflight, Role, file_facts, look_over
from tmt.preview import Moment, Preview, Stills, moment_of, preview
from tmt.progress import Progress
from tmt.proxies import small_clip
from tmt.types import Array, CanonicalHead, Consent, Receipt, Result, Settings, Step, Window
from tmt.working import window_as_filmed

Viewer = Callable[[tuple[float, float, float]], Array]  # yaw, pitch, roll in degrees -> [H, W, 3] uint8
SUBJECT_SECONDS = 20.0  # s of a subject clip that the player shows


@dataclass(frozen=True)
class Clip:
    """An input as chosen: its file, the face of it where there are several (from the left from 1), the part of its
    picture that is used."""

    path: Path
    face: int | None = None
    crop: Window | None = None


class Studio(Protocol):
    """What a page needs. Everything takes paths and values and keeps no state of a visitor."""

    def facts(self, path: Path, role: Role) -> Preflight:
        """What the file tells, without looking at faces."""

    def look(self, path: Path, role: Role, face: int | None) -> Preflight:
        """The whole pre-flight look."""

    def study(self, subject: Clip, consent: Consent, progress: Progress) -> CanonicalHead:
        """Learn the subject."""

    def under(self, head: CanonicalHead, receipt: Receipt) -> CanonicalHead:
        """A head that was studied before, under the consent of what is made from it now."""

    def moment(self, driving: Clip) -> Moment:
        """The most telling moment of a driving clip."""

    def preview(self, head: CanonicalHead, moment: Moment, settings: Settings) -> Preview:
        """One frame of a transfer."""

    def transfer(
        self, head: CanonicalHead, driving: Clip, out: Path, settings: Settings
    ) -> Generator[Step, None, Result]:
        """The whole transfer, step by step."""

    def clips(self, head: CanonicalHead, driving: Clip, whole: bool, folder: Path) -> Mapping[str, Path]:
        """Small copies of subject and driving clip for the player."""

    def observe(self, subject: Clip, driving: Clip) -> Cast:
        """What there is to measure results against."""

    def judge(self, video: Path, cast: Cast, settings: Settings, seconds: float) -> RunNumbers:
        """The numbers of a result, against what was asked for."""

    def files(self, head: CanonicalHead, folder: Path, progress: Progress) -> Mapping[str, Path]:
        """The head as head.glb, and coverage.png: how much of it was seen."""

    def growth(self, head: CanonicalHead, folder: Path, progress: Progress) -> Path:
        """growth.png: the head after one frame, two, four and so on."""

    def viewer(self, head: CanonicalHead) -> Viewer:
        """What shows the head from any angle."""

    def turntable(self, head: CanonicalHead, out: Path, progress: Progress) -> Result:
        """The head turned from side to side."""


class RealStudio:
    """The studio over a pipeline."""

    def __init__(self, pipeline: TalkingHeadPipeline) -> None:
        self._pipeline = pipeline
        self._observer: Observer | None = None
        self._loading = False

    def _instruments(self) -> Observer:
        if self._observer is None:  # its networks load with the first run that ends, not with the page
            self._observer = load_observer()
        return self._observer

    def facts(self, path: Path, role: Role) -> Preflight:
        """See Studio."""
        return file_facts(path, role)

    def look(self, path: Path, role: Role, face: int | None) -> Preflight:
        """See Studio. Who has a clip looked at will soon want it rendered."""
        if not self._loading:
            self._loading = True
            load_ahead(self._pipeline.checkpoint)
        return look_over(path, role, self._pipeline.tracker, face)

    def study(self, subject: Clip, consent: Consent, progress: Progress) -> CanonicalHead:
        """See Studio."""
        return self._pipeline.study(subject.path, consent=consent, progress=progress, face=subject.face)

    def under(self, head: CanonicalHead, receipt: Receipt) -> CanonicalHead:
        """See Studio."""
        return replace(head, receipt=receipt)

    def moment(self, driving: Clip) -> Moment:
        """See Studio."""
        return moment_of(driving.path, self._pipeline.tracker, driving.face)

    def preview(self, head: CanonicalHead, moment: Moment, settings: Settings) -> Preview:
        """See Studio."""
        return preview(head, moment, self._pipeline.tracker, settings)

    def transfer(
        self, head: CanonicalHead, driving: Clip, out: Path, settings: Settings
    ) -> Generator[Step, None, Result]:
        """See Studio. Tracking stays on the CPU; what follows may have a GPU."""
        drive = yield from self._pipeline.drive(driving.path, settings, head)
        result: Result | None = None
        for item in rendered(self._pipeline.job(head, drive, out, settings), self._pipeline.tracker):
            if isinstance(item, Result):
                result = item
            else:
                yield item
        assert result is not None, "a run ends with its result or an error"
        return result

    def clips(self, head: CanonicalHead, driving: Clip, whole: bool, folder: Path) -> Mapping[str, Path]:
        """See Studio. A still is its own copy."""
        own = window_as_filmed(head.bank.window, head.info)
        if head.info.is_still:
            subject = Path(shutil.copy(head.info.path, folder / f"subject{head.info.path.suffix}"))
        else:
            out = folder / "subject.mp4"
            subject = small_clip(head.info.path, out, None if whole else own, seconds=SUBJECT_SECONDS)
        moving = small_clip(driving.path, folder / "driving.mp4", None if whole else driving.crop)
        return {"subject": subject, "driving": moving}

    def observe(self, subject: Clip, driving: Clip) -> Cast:
        """See Studio."""
        return observe(People(subject.path, driving.path, subject.face, driving.face), self._instruments())

    def judge(self, video: Path, cast: Cast, settings: Settings, seconds: float) -> RunNumbers:
        """See Studio."""
        return numbers(video, cast, ("run", settings.method), self._instruments(), seconds, settings)

    def files(self, head: CanonicalHead, folder: Path, progress: Progress) -> Mapping[str, Path]:
        """See Studio."""
        written = save_head(head, self._pipeline.tracker.topology, folder, ("coverage.png", "head.glb"), progress)
        return {path.name: path for path in written}

    def growth(self, head: CanonicalHead, folder: Path, progress: Progress) -> Path:
        """See Studio."""
        return save_head(head, self._pipeline.tracker.topology, folder, ("growth.png",), progress)[0]

    def viewer(self, head: CanonicalHead) -> Viewer:
        """See Studio."""
        return Stills(head, self._pipeline.tracker).picture

    def turntable(self, head: CanonicalHead, out: Path, progress: Progress) -> Result:
        """See Studio."""
        return self._pipeline.view(head, out, turntable(), progress=progress)
