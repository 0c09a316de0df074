"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from tmt.errors import OutputError


def write_json(path: Path, mapping: Mapping[str, object]) -> None:
    """Write a mapping as UTF-8 JSON, whole or not at all; raises OutputError."""
    write_text(path, json.dumps(mapping, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8, whole or not at all; raises OutputError."""
    part = path.with_name(f".{uuid.uuid4().hex}.tmp")  # same folder: os.replace is atomic within a file system only
    try:
        part.write_bytes(text.encode("utf-8", "backslashreplace"))  # a name on disk need not be text
        os.replace(part, path)
    except OSError as error:
        raise OutputError("output_unwritable", name=path.name, reason=error.strerror) from error
    finally:
        _remove(part)


def _remove(path: Path) -> None:
    """Delete a file if it can be; a failure here would hide the error that matters."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
