"""How long a run will take here, in seconds, said before it starts. It learns from every run that ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from tmt.types import MediaInfo, Settings

STUDIED_AT_MOST = 600  # frames of a subject clip; longer ones are sampled
KEEP = 0.7  # of what is believed, when a new run tells otherwise
# s on two cores where the README's workload takes 0.2 s: fixed part of a study, per studied frame, per driving frame at
# 256 and 512 px, per driving frame judged afterwards.
FIRST_GUESS = {"study": 5.0, "look": 0.03, "frame256": 0.15, "frame512": 0.22, "judge": 0.03}


class Estimate:
    """Seconds for parts of a run. Shared by all visitors: it knows speeds and nothing else."""

    def __init__(self) -> None:
        self._cost = dict(FIRST_GUESS)
        self._lock = threading.Lock()

    def study(self, info: MediaInfo) -> float:
        """Seconds to study a subject clip."""
        frames = min(info.frames or STUDIED_AT_MOST, STUDIED_AT_MOST)
        return self._cost["study"] + self._cost["look"] * frames

    def transfer(self, info: MediaInfo, settings: Settings) -> float:
        """Seconds to transfer a driving clip, once the subject is studied."""
        return self._cost[_size(settings)] * (info.frames or 250)

    def judge(self, info: MediaInfo) -> float:
        """Seconds to measure the result."""
        return self._cost["judge"] * (info.frames or 250)

    def learn(self, settings: Settings, frames: int, seconds: Mapping[str, float]) -> None:
        """Take in how long a run of so many frames took: seconds by "transfer" and "judge"."""
        if frames < 1:
            return
        with self._lock:
            for key, stage in ((_size(settings), "transfer"), ("judge", "judge")):
                if stage in seconds:
                    self._cost[key] = KEEP * self._cost[key] + (1 - KEEP) * seconds[stage] / frames


def _size(settings: Settings) -> str:
    return "frame256" if settings.size == 256 else "frame512"
