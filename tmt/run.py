"""One run from targets to files: draw, label, encode, side by side, report. Nothing appears unless all of it does."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from tmt import label, provenance
from tmt.canvas import middle_square
from tmt.checkpoint import STUDIED, Checkpoint, told
from tmt.draw import draw
from tmt.errors import OutputError, SettingsError
from tmt.learned import ASKED, asked_weights
from tmt.presets import STRENGTHS
from tmt.seal import Seal, check_signer
from tmt.track import FaceTracker
from tmt.types import METHODS, Array, CanonicalHead, Method, Result, Settings, Step, Targets
from tmt.video import VideoWriter, read_frames
from tmt.whole import write_json

SIZES = (256, 512, 1024)


@dataclass(frozen=True)
class Job:
    """What a run shall write. `driving` is the clip for sound and side by side; None for novel views."""

    head: CanonicalHead
    targets: Targets
    out: Path
    settings: Settings
    fps: Fraction
    sound: Path | None
    driving: Path | None
    found: Array
    spent: dict[str, float]
    lost: Mapping[str, int] = field(default_factory=dict)


def check_settings(settings: Settings, checkpoint: Checkpoint | None = None) -> Settings:
    """SettingsError for a value out of its range, WeightsError for a method whose network the checkpoint has not."""
    if settings.method not in METHODS:
        raise SettingsError("setting", name="method", value=settings.method, reason=f"one of {', '.join(METHODS)}")
    if settings.method in ASKED:
        asked_weights(settings.method, checkpoint)
    if settings.size is not None and settings.size not in SIZES:
        raise SettingsError("setting", name="size", value=settings.size, reason=f"one of {SIZES}")
    if settings.sound not in ("driving", "subject", "none"):
        raise SettingsError("setting", name="sound", value=settings.sound, reason="driving, subject or none")
    if settings.mode not in ("relative", "absolute"):
        raise SettingsError("setting", name="mode", value=settings.mode, reason="relative or absolute")
    for name in STRENGTHS:
        if not 0 <= getattr(settings, name) <= 2:
            raise SettingsError("setting", name=name, value=getattr(settings, name), reason="between 0 and 2")
    if not 0 <= settings.steadiness <= 1:
        raise SettingsError("setting", name="steadiness", value=settings.steadiness, reason="between 0 and 1")
    if settings.driving_face is not None and settings.driving_face < 1:
        raise SettingsError("setting", name="driving_face", value=settings.driving_face, reason="1 or more")
    if not 1 <= settings.sources <= 16:
        raise SettingsError("setting", name="sources", value=settings.sources, reason="between 1 and 16")
    check_signer()
    return settings


def check_output(out: Path, *inputs: Path) -> Path:
    """OutputError unless `out` is a new .mp4 in an existing folder."""
    if out.suffix.lower() != ".mp4":
        raise OutputError("output_suffix", name=out.name, suffix=".mp4")
    if not out.parent.is_dir():
        raise OutputError("output_unwritable", name=out.name, reason="the folder does not exist")
    if not os.access(out.parent, os.W_OK):
        raise OutputError("output_unwritable", name=out.name, reason="no permission to write into the folder")
    for file in (out, side_by_side_of(out), out.with_suffix(".json")):
        if any(file.exists() and path.exists() and file.samefile(path) for path in inputs):
            raise OutputError("same_file", name=file.name)
    return out


def side_by_side_of(out: Path) -> Path:
    """Where the side-by-side video of an output goes."""
    return out.with_name(f"{out.stem}_side-by-side.mp4")


def write(job: Job, tracker: FaceTracker) -> Generator[Step, None, Result]:
    """Do the job; a generator of progress. Closing it, or any failure, leaves no file behind."""
    started, seconds, limits = time.perf_counter(), Counter[str](job.spent), Counter[str]()
    beside = side_by_side_of(job.out) if job.settings.side_by_side else None
    fresh = [path for path in (job.out, beside) if path is not None and not path.exists()]
    seal = _seal(job)
    try:
        with contextlib.ExitStack() as stack:
            playing = job.fps if job.driving is not None else None
            drawing = draw(job.head, job.targets, job.settings, tracker, seconds, playing)
            pictures = stack.enter_context(contextlib.closing(drawing))
            sinks: list[Callable[[Array], None]] = []
            for index, (picture, acted) in enumerate(pictures):
                if not sinks:
                    sinks = _open(job, picture, beside, seal, stack)
                clock = time.perf_counter()
                for sink in sinks:
                    sink(picture)
                seconds["encode"] += time.perf_counter() - clock  # type: ignore[assignment]
                limits.update(acted)
                yield Step("render", index + 1, len(job.targets))
            clock = time.perf_counter()
        seconds["encode"] += time.perf_counter() - clock  # type: ignore[assignment]
        seconds["total"] = time.perf_counter() - started + sum(job.spent.values())  # type: ignore[assignment]
        report = _report(job, beside, seal, seconds, limits, tracker)
        report_path = job.out.with_suffix(".json")
        write_json(report_path, report)
    except BaseException:
        for path in fresh:
            path.unlink(missing_ok=True)
        raise
    return Result(job.out, report_path, report, beside, dict(seconds))


def _seal(job: Job) -> Seal:
    clips = {"subject": job.head.info.path} | ({"driving": job.driving} if job.driving is not None else {})
    return Seal(job.settings, job.head.receipt, clips)


def _open(
    job: Job, first: Array, beside: Path | None, seal: Seal, stack: contextlib.ExitStack
) -> list[Callable[[Array], None]]:
    """Open the writers for pictures of the first one's size."""
    height, width = first.shape[:2]
    info = job.head.info
    writer = VideoWriter(
        job.out, size=(width, height), fps=job.fps, audio=job.sound, matrix=info.matrix, aspect=info.aspect,
        seal=seal.sign,
    )  # fmt: skip
    write_first, marked = _entered(writer, stack).write, seal.marker()
    sinks: list[Callable[[Array], None]] = [lambda picture: write_first(marked(picture))]
    if beside is not None:
        panels = _Panels(job, height)
        stack.callback(panels.close)
        shape = panels.join(first, peek=True).shape
        second = _entered(
            VideoWriter(beside, size=(shape[1], shape[0]), fps=job.fps, audio=job.sound, seal=seal.sign), stack
        )
        also = seal.marker()
        sinks.append(lambda picture: second.write(also(panels.join(picture))))
    return sinks


def _entered(writer: VideoWriter, stack: contextlib.ExitStack) -> VideoWriter:
    """A writer at work. What it has begun goes even when an interrupt falls between its start and its end's keeping."""
    stack.callback(writer.abort)
    return stack.enter_context(writer)


class _Panels:
    """Subject, driving and result next to each other, at the result's height."""

    def __init__(self, job: Job, height: int) -> None:
        self._height = height
        window = middle_square(job.head.bank.window)
        whole = job.settings.full_frame
        left, top = int(window.left), int(window.top)
        part = np.s_[top : top + int(window.height), left : left + int(window.width)]
        self._subject = label.caption(self._fit(job.head.picture if whole else job.head.picture[part]), "subject")
        self._frames = read_frames(job.driving) if job.driving is not None else None
        self._driving: Array | None = None
        self._peeked = False

    def join(self, picture: Array, peek: bool = False) -> Array:
        """The next row of panels; after a `peek` the same driving frame comes once more."""
        panels = [self._subject]
        if self._frames is not None:
            if not self._peeked:
                frame = next(self._frames, None)
                self._driving = self._driving if frame is None else label.caption(self._fit(frame), "driving")
            self._peeked = peek
            if self._driving is not None:
                panels.append(self._driving)
        return np.concatenate([*panels, label.caption(picture, "result")], 1)

    def close(self) -> None:
        """Stop decoding."""
        if self._frames is not None:
            self._frames.close()

    def _fit(self, picture: Array) -> Array:
        height, width = picture.shape[:2]
        size = (max(2, round(width * self._height / height / 2) * 2), self._height)
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if self._height < height else cv2.INTER_CUBIC)


def networks_told(checkpoint: Checkpoint | None, method: Method) -> dict[str, object]:
    """What a report says of the networks that a run by a method asks."""
    return told(checkpoint, (*STUDIED, *filter(None, [ASKED.get(method)])))


def _report(
    job: Job, beside: Path | None, seal: Seal, seconds: Counter[str], limits: Counter[str], tracker: FaceTracker
) -> dict[str, object]:
    """The .json beside the video."""
    rates, found = {"subject": job.head.info.fps, "output": job.fps}, {"subject": job.head.track.found}
    if job.driving is not None:
        rates["driving"], found["driving"] = job.fps, job.found
    outputs = {"video": provenance.fingerprint(job.out)}
    if beside is not None:
        outputs["side_by_side"] = provenance.fingerprint(beside)
    return provenance.report(
        provenance.Run(
            settings=job.settings, consent=job.head.receipt, inputs=seal.inputs, outputs=outputs, rates=rates,
            found=found, lost={"subject": job.head.track.lost, "driving": job.lost}, limits=limits,
            seconds={"study": job.head.seconds, **seconds}, label=job.settings.label, sealed=seal.told(),
            tracking=provenance.tracking(tracker, job.head.face),
            checkpoint=networks_told(job.head.checkpoint, job.settings.method),
        )
    )
