"""Who agreed, what was done with what, and by which versions: consent, and the report beside each output.

A report names files without their folders, and no user or host: it can be handed on together with the video.
"""

from __future__ import annotations

import dataclasses
import hashlib
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from fractions import Fraction
from importlib import metadata
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import numpy as np

from tmt._version import __version__
from tmt.errors import ConsentError, Language, MediaError
from tmt.types import Array, Consent, Receipt

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CONSENT_TEXT = "tmt-consent-1"  # a new id for every change of the wording: reports refer to it
SCHEMA = "tmt-report-1"

# id, a field of Consent -> (English, Japanese)
STATEMENTS: dict[str, tuple[str, str]] = {
    "subject": (
        "The person shown in the subject clip, or whoever holds the rights to it, has agreed to this use of their"
        " likeness, or I am that person.",
        "被写体の動画・画像に写っている本人（または権利者）から、"
        "その容姿をこの用途に使うことへの同意を得ています（自分自身の場合を含む）。",
    ),
    "driving": (
        "The person whose movements are used has agreed to it too, or I am that person, or the clip is licensed for"
        " this use.",
        "動きの元になる動画の出演者からも同意を得ています"
        "（自分自身の場合や、この用途での利用が許諾された素材の場合を含む）。",
    ),
    "purpose": (
        "I use the results for evaluation only. I will not impersonate anyone with them, pass them off as real"
        " recordings, or remove the marks that say they are AI-generated.",
        "結果は評価の目的にだけ使います。他人へのなりすましや、本物の映像と誤認させる公開はせず、"
        "AI生成であることを示す表示や印も消しません。",
    ),
}

# What a result may depend on; of several names for one library the first installed counts.
PACKAGES: dict[str, tuple[str, ...]] = {
    "torch": ("torch",),
    "numpy": ("numpy",),
    "scipy": ("scipy",),
    "mediapipe": ("mediapipe",),
    "face-alignment": ("face-alignment",),
    "opencv": ("opencv-contrib-python", "opencv-python", "opencv-python-headless", "opencv-contrib-python-headless"),
    "numba": ("numba",),
    "imageio-ffmpeg": ("imageio-ffmpeg",),
    "diffusers": ("diffusers",),
    "gradio": ("gradio",),
}


@dataclass(frozen=True)
class Fingerprint:
    """A file's name without its folder, and its content's SHA-256 in hex."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Run:
    """What a report tells, by role ("subject", "driving", "video", "side_by_side" ...) where there are several.

    settings: the dataclass that steered the run; rates in frames per second; found [T] bool per tracked clip, False
    where the face was bridged or held; lost: why, and in how many frames; limits: names as they acted, one per frame
    and limit, or already counted; seconds by stage; label: the visible one is on; sealed: mark and credentials, see
    `seal.py`; tracking: what found whose face; checkpoint: the networks in use, see `checkpoint.py`.
    """

    settings: DataclassInstance
    consent: Receipt
    inputs: Mapping[str, Fingerprint]
    outputs: Mapping[str, Fingerprint]
    rates: Mapping[str, Fraction]
    found: Mapping[str, Array]
    lost: Mapping[str, Mapping[str, int]]
    limits: Iterable[str] | Mapping[str, int]
    seconds: Mapping[str, float]
    label: bool
    sealed: Mapping[str, object] = field(default_factory=dict)
    tracking: Mapping[str, object] = field(default_factory=dict)
    checkpoint: Mapping[str, object] = field(default_factory=dict)


def statements(language: Language = "en") -> dict[str, str]:
    """The three statements to be affirmed, by id, in one language."""
    return {key: texts[1 if language == "ja" else 0] for key, texts in STATEMENTS.items()}


def require(consent: Consent | None) -> None:
    """Let a run go on only when every statement was affirmed; raises ConsentError that names the others."""
    given = isinstance(consent, Consent)
    # `is True`: a string from a form, a 1 or an array element is not an affirmation.
    missing = [key for key in STATEMENTS if not given or getattr(consent, key) is not True]
    if missing:
        raise ConsentError("consent", missing=", ".join(missing))


def receipt(consent: Consent | None) -> Receipt:
    """The record of a consent that is complete; raises ConsentError otherwise."""
    require(consent)
    return Receipt(CONSENT_TEXT, tuple(STATEMENTS), utc_now())


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hex, read in pieces."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except FileNotFoundError as error:
        raise MediaError("missing", name=path.name) from error
    except OSError as error:
        raise MediaError("unreadable", name=path.name, reason=error.strerror) from error
    return digest.hexdigest()


def fingerprint(path: Path, name: str | None = None) -> Fingerprint:
    """Name and hash of a file; `name` where the file still has a temporary one."""
    return Fingerprint(name or path.name, file_sha256(path))


def versions() -> dict[str, str]:
    """Versions of what a result depends on, without loading any of it; packages that are absent are left out."""
    # Our own comes from the source: a distribution of the same name could be another project's.
    found = {"tmt": __version__, "python": platform.python_version()}
    found["system"] = f"{platform.system()} {platform.machine()}"
    for key, names in PACKAGES.items():
        version = next(filter(None, map(_installed, names)), None)
        if version:
            found[key] = version
    return found


def report(run: Run) -> dict[str, object]:
    """The JSON-able mapping that is written beside an output."""
    return {
        "schema": SCHEMA,
        "ai_generated": True,
        "created_utc": utc_now(),
        "label": {"visible": run.label},
        **run.sealed,
        "consent": _consent(run.consent),
        "settings": plain(run.settings),
        "tracking": plain(run.tracking),
        "inputs": plain(run.inputs),
        "outputs": plain(run.outputs),
        "rates": plain(run.rates),
        "frames": {
            role: {**_frame_counts(found), "reasons": dict(run.lost.get(role, {}))} for role, found in run.found.items()
        },
        "limits": dict(sorted(Counter(run.limits).items())),
        "seconds": {stage: round(seconds, 3) for stage, seconds in run.seconds.items()},
        "checkpoint": plain(run.checkpoint),
        "versions": versions(),
    }


def tracking(tracker: object, face: int | None) -> dict[str, object]:
    """What a result depends on beside its settings: the tracker's name, and which face of the subject clip it is."""
    return {"tracker": type(tracker).__name__, "subject_face": face}


def utc_now() -> str:
    """This moment, as records have it (ISO 8601)."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _installed(name: str) -> str | None:
    """The version of an installed distribution."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _consent(given: Receipt) -> dict[str, object]:
    """What was affirmed, and when, with the statements themselves: who reads a report need not have this program."""
    wording = {key: dict(zip(("en", "ja"), STATEMENTS[key], strict=True)) for key in given.statements}
    return {"text": given.text, "statements": list(given.statements), "utc": given.utc, "wording": wording}


def _frame_counts(found: Array) -> dict[str, int]:
    """found [T] bool -> how many frames there are, were tracked, and were held or bridged."""
    tracked = int(np.count_nonzero(found))
    return {"total": len(found), "tracked": tracked, "held": len(found) - tracked}


def plain(value: object) -> object:
    """A value as JSON knows it: names for paths, text for fractions, nothing for what is not a number."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, (bool, int)):
        return value
    return _without_folder(value)


def _without_folder(value: object) -> str:
    """Text of a value; a path, or a text that is an absolute path, loses its folder, which may name a user."""
    text = str(value)
    absolute = PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()
    if isinstance(value, PurePath) or absolute:
        return PureWindowsPath(text).name if PureWindowsPath(text).drive else PurePosixPath(text).name
    return text
