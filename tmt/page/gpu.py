"""ZeroGPU, where the page runs on it: a GPU is asked for as long as a clip needs. Nothing happens elsewhere."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tmt.run import Job, write
from tmt.track import FaceTracker
from tmt.types import Result, Step

T = TypeVar("T", bound=Callable[..., Any])

START, PER_FRAME, LONGEST = 10.0, 0.08, 240.0  # s: to wake a GPU up, per rendered frame, the most that is asked for


def seconds_for(job: Job, _tracker: str) -> int:
    """How long the GPU is asked for: a shorter claim is admitted sooner, and quota counts by it."""
    return round(min(LONGEST, START + PER_FRAME * len(job.targets)))


def on_gpu(duration: Callable[..., int]) -> Callable[[T], T]:
    """`spaces.GPU(duration=...)` on a ZeroGPU Space; leaves the function as it is everywhere else."""
    try:
        spaces: Any = importlib.import_module("spaces")
    except ImportError:
        return lambda function: function
    decorate: Callable[[T], T] = spaces.GPU(duration=duration)
    return decorate


def rendered(job: Job, tracker: FaceTracker) -> Iterator[Step | Result]:
    """Progress, and at the end the result."""
    _INHERITED[tracker.topology.name] = tracker
    return _rendered(job, tracker.topology.name)


# What crosses to a GPU's process and back is plain data; a tracker is not, but a process that is forked has it already.
_INHERITED: dict[str, FaceTracker] = {}


@on_gpu(seconds_for)
def _rendered(job: Job, tracker: str) -> Iterator[Step | Result]:
    yield (yield from write(job, _INHERITED[tracker]))
