"""Files that are whole: Blender says nothing when the disk is full and a picture is cut off."""

from __future__ import annotations

from pathlib import Path

END = b"IEND\xaeB`\x82"  # the last bytes of a PNG file


def check_picture(path: Path) -> None:
    """OSError, and no file, unless a PNG file is there to its end."""
    whole = path.is_file() and path.read_bytes().endswith(END)
    if not whole:
        path.unlink(missing_ok=True)
        raise OSError(f"{path.name} was cut off: no space left")
