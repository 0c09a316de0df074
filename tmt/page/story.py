"""A visitor's run as the report that they forward."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tmt.page.answers import findings
from tmt.page.visits import Run
from tmt.proxies import moments
from tmt.receipt import write_receipt
from tmt.report_html import Price, Story, html_report
from tmt.types import Array
from tmt.video import probe

MOMENTS = 4
HEIGHT = 640  # px of a picture at most, as it is seen when it is pressed: a dozen make about a megabyte


def write_story(run: Run, price: Price | None) -> Path:
    """Write, or write again, the HTML report beside a run's video."""
    video = run.result.video
    info = probe(video)
    seconds = float((info.frames or 1) / info.fps)
    own = next(iter(run.numbers.values()), None)
    story = Story(
        report=run.result.report, moments=_moments(run, seconds), findings=findings(own, run.language) if own else (),
        looks=[(look.seconds, look.reason) for look in own.looks] if own else (),
        figures=own.figures() if own else {}, seconds=run.seconds, video_seconds=seconds, review=run.review,
        price=price, clips={"subject": probe(run.subject.path), "driving": probe(run.driving.path), "result": info},
    )  # fmt: skip
    path = video.with_name(f"{video.stem}_report.html")
    path.write_text(html_report(story, run.language), encoding="utf-8")
    return path


def write_papers(run: Run, price: Price | None) -> tuple[Path, Path]:
    """HTML report and consent receipt."""
    return write_story(run, price), write_receipt(run.result.video, run.result.report, run.language)


def _moments(run: Run, seconds: float) -> list[tuple[float, dict[str, Array]]]:
    """A few moments, even in time: the driving frame, and what came out."""
    times = [float(time) for time in (np.arange(MOMENTS) + 0.5) / MOMENTS * seconds]
    shown = {role: path for role, path in run.players.items() if role in ("subject", "driving")}
    rows = {role: moments(path, times, HEIGHT) for role, path in {**shown, "result": run.result.video}.items()}
    return [(time, {role: row[index] for role, row in rows.items()}) for index, time in enumerate(times)]
