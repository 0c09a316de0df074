"""Small files that ship inside the package."""

from __future__ import annotations

import io
from importlib import resources

import numpy as np

from tmt.types import Array


def shipped(name: str) -> bytes:
    """The content of a file of `tmt/assets`."""
    return (resources.files("tmt") / "assets" / name).read_bytes()


def shipped_array(name: str) -> Array:
    """A NumPy file of `tmt/assets`; never pickled objects."""
    return np.asarray(np.load(io.BytesIO(shipped(name)), allow_pickle=False))
