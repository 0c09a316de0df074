"""Samples, drawn once from the clips of many people by all cores: the same for a seed, whoever draws them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tmt.errors import OutputError
from tmt.topology import Topology
from tmt.train.clip import Clip
from tmt.train.parallel import spread
from tmt.train.samples import LEAST_FRAMES, Subject, subject_of

AT_ONCE = 250  # samples of one person: studying one of the person's clips again costs as much as sixty of them


@dataclass(frozen=True)
class Kind:
    """A kind of sample: how one is drawn of a subject, how it is written, the ending of its files, and what carries the
    subject's frames to a target (see TrainConfig.warp)."""

    draw: Callable[[Subject, Topology, np.random.Generator], Any]
    write: Callable[[Path, Any], None]
    ending: str
    warp: str = "3d"

    def file(self, folder: Path, number: int) -> Path:
        """Where a sample lies."""
        return folder / f"{number:06d}{self.ending}"

    def files(self, folder: Path, count: int) -> list[Path]:
        """The first `count` of those that are there."""
        return sorted(folder.glob(f"[0-9]*[0-9]{self.ending}"))[:count]


def fill(
    kind: Kind, folder: Path, clips: Callable[[int], Iterable[Clip]], people: int, count: int, topology: Topology,
    seed: int, workers: int = 1,
) -> Iterator[int]:
    """Draw `count` samples into `folder`; yields how many are there. `clips(n)` are those of the n-th of so many
    `people`, who get equally many samples; a process holds one person's heads at a time. OutputError, after the first
    ones, where the disk will not hold them all: a run of hours shall not end on a full disk."""
    folder.mkdir(parents=True, exist_ok=True)
    tasks: list[tuple[int, Sequence[int]]] = []
    for person in range(people):
        missing = [n for n in range(person, count, people) if not kind.file(folder, n).is_file()]
        tasks += [(person, missing[start : start + AT_ONCE]) for start in range(0, len(missing), AT_ONCE)]
    done = count - sum(len(numbers) for _, numbers in tasks)
    for drawn in spread(partial(_draw, kind, folder, clips, topology, seed), tasks, workers):
        done += drawn
        _check_room(kind, folder, count - done)
        yield done


def _check_room(kind: Kind, folder: Path, missing: int) -> None:
    files = kind.files(folder, 1)
    needed, free = missing * sum(file.stat().st_size for file in files), shutil.disk_usage(folder).free
    if needed > free:
        reason = f"{missing} more samples need {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free"
        raise OutputError("output_unwritable", name=folder.name, reason=reason)


def _draw(
    kind: Kind, folder: Path, clips: Callable[[int], Iterable[Clip]], topology: Topology, seed: int,
    task: tuple[int, Sequence[int]],
) -> int:
    """Some samples of one person; none where no clip shows enough."""
    person, numbers = task
    subjects = [subject_of(clip, topology, kind.warp) for clip in clips(person)]
    subjects = [subject for subject in subjects if len(subject.bank) >= LEAST_FRAMES]
    for number in numbers if subjects else ():
        rng = np.random.default_rng((seed, number))
        subject = subjects[int(rng.integers(len(subjects)))]
        kind.write(kind.file(folder, number), kind.draw(subject, topology, rng))
    return len(numbers) if subjects else 0
