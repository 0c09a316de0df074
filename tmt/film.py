"""A subject's pictures by number: played back and forth, decoded in blocks."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from tmt.types import Array, MediaInfo
from tmt.working import working_frames

BLOCK = 160e6  # bytes of pictures held, so that they can be played backwards


def back_and_forth(index: int, count: int) -> int:
    """The picture for frame `index` of any number when there are `count`: 0 .. count - 1 .. 0 .."""
    if count < 2:
        return 0
    phase = index % (2 * count - 2)
    return min(phase, 2 * count - 2 - phase)


def block_of(picture: Array) -> int:
    """How many pictures like this one are held at a time."""
    return int(max(8, BLOCK // picture.nbytes))


class Film(Sequence[Array]):
    """Pictures start .. start + count of a clip by number, decoded in blocks, so that both directions are cheap."""

    def __init__(self, info: MediaInfo, start: int, count: int, size: int) -> None:
        """size: pictures held at a time."""
        self._info, self._start, self._count, self._size = info, start, count, size
        self._block, self._first = list[Array](), 0
        self._frames: Generator[Array, None, None] | None = None
        self._next = -1

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Array:  # type: ignore[override]
        if not self._first <= number < self._first + len(self._block):
            self._load(number // self._size * self._size)
        return self._block[min(number - self._first, len(self._block) - 1)]

    def _load(self, first: int) -> None:
        """Decode the block that starts at `first`; going on where the last one ended costs nothing more."""
        if self._next != first:
            self.close()
            self._frames = working_frames(self._info, start=self._start + first)
        assert self._frames is not None
        old = self._block[-1:]
        self._block = [frame for _, frame in zip(range(self._size), self._frames, strict=False)] or old
        self._first, self._next = first, first + self._size

    def close(self) -> None:
        """Stop decoding."""
        if self._frames is not None:
            self._frames.close()
            self._frames = None
            self._next = -1
