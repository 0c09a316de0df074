"""tmt: talking-head motion transfer with a 3D head learned from plain video."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

# Two OpenMP pools that spin on shared cores cost a five-fold slow-down; must be set before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from tmt._version import __version__
from tmt.errors import (
    Cancelled,
    ConsentError,
    FaceError,
    MediaError,
    OutputError,
    SettingsError,
    TmtError,
    WeightsError,
)

if TYPE_CHECKING:
    from tmt.motion import turntable
    from tmt.pipeline import TalkingHeadPipeline
    from tmt.types import CanonicalHead, Consent, Frame, HeadPath, Result, Settings

# Loaded when first used: with a broken package `tmt doctor` must still be able to say so.
_LATER = {
    "turntable": "tmt.motion",
    "TalkingHeadPipeline": "tmt.pipeline",
    **dict.fromkeys(("CanonicalHead", "Consent", "Frame", "HeadPath", "Result", "Settings"), "tmt.types"),
}

__all__ = [
    "Cancelled",
    "CanonicalHead",
    "Consent",
    "ConsentError",
    "FaceError",
    "Frame",
    "HeadPath",
    "MediaError",
    "OutputError",
    "Result",
    "Settings",
    "SettingsError",
    "TalkingHeadPipeline",
    "TmtError",
    "WeightsError",
    "__version__",
    "turntable",
]


def __getattr__(name: str) -> object:
    """The public names that stand on heavy packages."""
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module 'tmt' has no attribute {name!r}")
