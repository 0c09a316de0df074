"""tmt: talking-head motion transfer with a 3D head learned from plain video."""

from __future__ import annotations

import os

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
from tmt.motion import turntable
from tmt.pipeline import TalkingHeadPipeline
from tmt.types import CanonicalHead, Consent, Frame, HeadPath, Result, Settings

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
