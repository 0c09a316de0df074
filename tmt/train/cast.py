"""Who samples are drawn of: people whose clips lie in a folder; by number, so that any process can fetch them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tmt.train.cache import load
from tmt.train.clip import Clip


def people_of(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Clips by person."""
    people: dict[str, list[Clip]] = {}
    for clip in clips:
        people.setdefault(clip.person, []).append(clip)
    return people


@dataclass(frozen=True)
class Filmed:
    """The clips of each, by name, in the folder of a cache."""

    cache: Path | None
    names: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, cache: Path | None, people: Sequence[Sequence[Clip]]) -> Filmed:
        """Those of some people."""
        return cls(cache, tuple(tuple(clip.name for clip in clips) for clips in people))

    @classmethod
    def of_files(cls, files: Sequence[Path]) -> Filmed:
        """One person in each file."""
        return cls(files[0].parent if files else None, tuple((path.stem,) for path in files))

    def __call__(self, number: int) -> list[Clip]:
        """The clips of one."""
        assert self.cache is not None, "there is nobody"
        return [load(self.cache / f"{name}.safetensors") for name in self.names[number]]
