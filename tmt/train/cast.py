"""Who samples are drawn of: people in a cache, and synthetic heads; by number, so that any process can fetch them."""

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
    """Real people: the clips of each, by name, in the folder of a cache."""

    cache: Path
    names: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, cache: Path, people: Sequence[Sequence[Clip]]) -> Filmed:
        """Those of some people."""
        return cls(cache, tuple(tuple(clip.name for clip in clips) for clips in people))

    def __call__(self, number: int) -> list[Clip]:
        """The clips of one."""
        return [load(self.cache / f"{name}.safetensors") for name in self.names[number]]


@dataclass(frozen=True)
class Rendered:
    """Synthetic heads: `seed` is the first one's; each acts for `frames` frames of `size` px."""

    asset: Path
    seed: int
    frames: int
    size: int

    def __call__(self, number: int) -> list[Clip]:
        """The clip of one."""
        from tmt.train.heads import load_asset, random_clip

        return [random_clip(load_asset(self.asset), self.seed + number, self.frames, self.size)]
