"""How long a run will take here, in seconds, said before it starts. It learns from every run that ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from tmt.types import MediaInfo, Settings

STUDIED_AT_MOST = 600  # frames of a subject clip; longer ones are sampled
KEEP = 0.7  # of what is believed, when a new run tells otherwise
# s on two cores where the README's workload takes 0.2 s: fixed part of a study, per studied frame, per driving frame at
# 256 and 512 px, per driving frame judged afterwards, one frame for a preview.
FIRST_GUESS = {"study": 5.0, "look": 0.03, "frame256": 0.15, "frame512": 0.22, "judge": 0.03,
               "moment": 4.0}
FIRST_SHARES = {"track": 0.3, "align": 0.1}  # of a transfer; the rest is rendering


class Estimate:
    """Seconds for parts of a run. Shared by all visitors: it knows speeds and nothing else."""

    def __init__(self) -> None:
        self._cost, self._share = dict(FIRST_GUESS), dict(FIRST_SHARES)
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

    def after(self, stage: str, info: MediaInfo, settings: Settings) -> float:
        """Seconds that are left of a transfer, its measuring included, when a stage of it has ended."""
        tracked = self._share["track"]
        shares = {"study": 1.0, "build": 1.0, "track": 1 - tracked, "align": 1 - tracked - self._share["align"]}
        built = self._cost["study"] if stage == "study" else 0.0
        judged = 0.0 if stage == "measure" else self.judge(info)
        return built + max(0.0, shares.get(stage, 0.0)) * self.transfer(info, settings) + judged

    def after_of_preview(self, stage: str) -> float:
        """Seconds that are left of a preview when a stage of it has ended."""
        built = self._cost["study"] if stage == "study" else 0.0
        return built + (self._cost["moment"] if stage in ("study", "build") else 0.0)

    def learn(self, settings: Settings, frames: int, seconds: Mapping[str, float]) -> None:
        """Take in how long a run of so many frames took: seconds by "transfer" and "judge", and "track" and "align" of
        the former."""
        if frames < 1:
            return
        with self._lock:
            for key, stage in ((_size(settings), "transfer"), ("judge", "judge")):
                if stage in seconds:
                    self._cost[key] = KEEP * self._cost[key] + (1 - KEEP) * seconds[stage] / frames
            for stage in FIRST_SHARES:
                if stage in seconds and seconds.get("transfer"):
                    share = seconds[stage] / seconds["transfer"]
                    self._share[stage] = KEEP * self._share[stage] + (1 - KEEP) * share


def _size(settings: Settings) -> str:
    return "frame256" if settings.size == 256 else "frame512"
