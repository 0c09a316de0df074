"""How long a batch will still take: what its parts are expected to, corrected by what the finished ones did."""

from __future__ import annotations

from collections.abc import Sequence

from tmt.batch.jobs import Pair
from tmt.errors import MediaError
from tmt.estimate import Estimate
from tmt.video import probe


class Pace:
    """Seconds left of a batch."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        """pairs: all that is still to be done."""
        studied, guess = set(), Estimate()
        self._costs: dict[Pair, float] = {}
        for pair in pairs:
            try:
                self._costs[pair] = guess.transfer(probe(pair.driving), pair.settings)
                if (pair.subject, pair.subject_face) not in studied:
                    self._costs[pair] += guess.study(probe(pair.subject))
            except MediaError:
                self._costs[pair] = 0.0
            studied.add((pair.subject, pair.subject_face))
        self._expected, self._spent = 0.0, 0.0

    def finish(self, pair: Pair, seconds: float) -> None:
        """Take in that a pair is through; seconds: what it took, 0 if it failed, which tells nothing of the speed."""
        cost = self._costs.pop(pair, 0.0)
        if seconds and cost:
            self._expected, self._spent = self._expected + cost, self._spent + seconds

    def left(self, since: float) -> float:
        """Seconds until all is done; since: s that the pair at work has taken so far."""
        ratio = self._spent / self._expected if self._expected else 1.0
        return max(0.0, ratio * sum(self._costs.values()) - since)
