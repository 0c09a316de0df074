"""Which pairs of a batch an earlier run has done already, with the same clips, settings and version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmt import provenance
from tmt._version import __version__
from tmt.batch.jobs import Outcome, Pair
from tmt.errors import MediaError
from tmt.run import networks_told

if TYPE_CHECKING:
    from tmt.pipeline import TalkingHeadPipeline


class Earlier:
    """Looks at what is in a batch's folder. Every clip is read once, however many pairs it is in."""

    def __init__(self, folder: Path, pipeline: TalkingHeadPipeline) -> None:
        """pipeline: the one that would be used now."""
        self._folder, self._pipeline = folder, pipeline
        self._known: dict[Path, dict[str, str]] = {}

    def outcome(self, pair: Pair) -> Outcome | None:
        """The pair as skipped; None where it must be rendered: nothing is there, or not what would be there now."""
        files = pair.files(self._folder)
        try:
            report = json.loads(files.pop("report").read_text("utf-8"))
            if not isinstance(report, dict) or not self._as_now(report, pair):
                return None
            if report.get("inputs") != {"subject": self._clip(pair.subject), "driving": self._clip(pair.driving)}:
                return None
            if report.get("outputs") != {role: asdict(provenance.fingerprint(path)) for role, path in files.items()}:
                return None  # cut short between a video and its report, or changed by somebody
        except (OSError, ValueError, MediaError):
            return None
        return Outcome(pair, "skipped", **told(report))

    def _as_now(self, report: Mapping[str, Any], pair: Pair) -> bool:
        now = {
            "settings": asdict(pair.settings),
            "tracking": provenance.tracking(self._pipeline.tracker, pair.subject_face),
            "checkpoint": networks_told(self._pipeline.checkpoint, pair.settings.method),
        }
        versions = report.get("versions")
        same = all(report.get(key) == provenance.plain(value) for key, value in now.items())
        return same and isinstance(versions, dict) and versions.get("tmt") == __version__

    def _clip(self, path: Path) -> dict[str, str]:
        if path not in self._known:
            self._known[path] = asdict(provenance.fingerprint(path))
        return self._known[path]


def told(report: Mapping[str, Any]) -> dict[str, Any]:
    """What an Outcome takes over from a result's report."""
    frames = report["frames"]["driving"]
    return {
        "frames": frames["total"], "tracked": frames["tracked"] / max(1, frames["total"]), "limits": report["limits"],
    }
