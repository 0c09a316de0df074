"""What the terminal tells of who sits at it."""

from __future__ import annotations

import os

from tmt.errors import Language


def spoken() -> Language:
    """The language that its settings ask for."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "ja" if locale.lower().startswith("ja") else "en"
