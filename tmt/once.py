"""What is worked out of a head, once for all runs with it, and kept as long as the head itself is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

from tmt.types import CanonicalHead

T = TypeVar("T")
_KEPT: WeakKeyDictionary[CanonicalHead, dict[Hashable, object]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def once(head: CanonicalHead, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, which `key` tells from all else that is worked out of this head, and which must not hold the
    head. Two runs at a time may both work it out."""
    with _LOCK:
        known = _KEPT.setdefault(head, {})
    if key not in known:
        known[key] = make()
    return cast(T, known[key])
