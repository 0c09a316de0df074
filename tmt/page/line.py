"""The line that heavy work waits in: one run at a time, first come first served, and everybody knows their place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where somebody stands: 1 is next, `of` all who wait or work; 0: it is their turn."""

    place: int
    of: int


class Line:
    """Tickets in the order of their arrival. It holds nothing else of anybody."""

    def __init__(self) -> None:
        self._tickets: list[object] = []
        self._lock = threading.Lock()

    @contextmanager
    def ticket(self) -> Iterator[Ticket]:
        """A place in the line, given up at the end however that comes."""
        mine = object()
        with self._lock:
            self._tickets.append(mine)
        try:
            yield Ticket(self, mine)
        finally:
            with self._lock:
                self._tickets.remove(mine)

    def place(self, ticket: object) -> Place:
        """Where a ticket stands."""
        with self._lock:
            return Place(self._tickets.index(ticket), len(self._tickets))


@dataclass(frozen=True)
class Ticket:
    """One visitor's place."""

    line: Line
    key: object

    def place(self) -> Place:
        """Where it stands now."""
        return self.line.place(self.key)
