"""What is kept of a run beside its video: a receipt of the consent without names, and a reviewer's word on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from tmt.errors import Language
from tmt.whole import write_json

RECEIPT = "tmt-receipt-1"
REVIEW = "tmt-review-1"

Decision = Literal["approve", "reject"]


@dataclass(frozen=True)
class Review:
    """A reviewer's sign-off: decision, remark, who (as they wrote it), UTC time (ISO 8601)."""

    decision: Decision
    remark: str
    reviewer: str
    utc: str


def review(decision: Decision, remark: str = "", reviewer: str = "") -> Review:
    """A sign-off of this moment."""
    utc = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Review(decision, remark.strip(), reviewer.strip(), utc)


def receipt(report: Mapping[str, object], language: Language) -> dict[str, object]:
    """Of a run's report only what shows that it was agreed to: no file names, no people, no addresses.

    language: the one in which the statements were read.
    """
    consent = _part(report, "consent")
    versions = _part(report, "versions")
    return {
        "schema": RECEIPT,
        "consent_text": consent.get("text"),
        "statements": consent.get("statements"),
        "wording": consent.get("wording"),
        "language": language,
        "utc": consent.get("utc"),
        "inputs": _hashes(report, "inputs"),
        "outputs": _hashes(report, "outputs"),
        "settings": report.get("settings"),
        "model": {key: versions[key] for key in ("tmt", "mediapipe", "face-alignment") if key in versions},
        "ai_generated": True,
        "label": report.get("label"),
    }


def write_receipt(video: Path, report: Mapping[str, object], language: Language) -> Path:
    """Put the receipt beside a video."""
    path = video.with_name(f"{video.stem}_receipt.json")
    write_json(path, receipt(report, language))
    return path


def write_review(video: Path, signed: Review, report: Mapping[str, object]) -> Path:
    """Put the sign-off beside a video; the video's hash says what was reviewed."""
    path = video.with_name(f"{video.stem}_review.json")
    write_json(path, {"schema": REVIEW, **asdict(signed), "outputs": _hashes(report, "outputs")})
    return path


def _hashes(report: Mapping[str, object], part: str) -> dict[str, object]:
    """Role -> SHA-256."""
    return {role: entry["sha256"] for role, entry in _part(report, part).items() if isinstance(entry, Mapping)}


def _part(report: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = report.get(name)
    return value if isinstance(value, Mapping) else {}
