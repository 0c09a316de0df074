"""Endless training heads: random people from a CC0 parametric head, rendered as short clips with exact truth."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmt.train.heads.asset import Asset
    from tmt.train.heads.clip import LABELS, load_asset, random_clip

__all__ = ["LABELS", "Asset", "load_asset", "random_clip"]


def __getattr__(name: str) -> object:
    """The public names; loaded when first used: where Blender renders, the head's arrays are wanted without torch."""
    if name in __all__:
        return getattr(importlib.import_module(f"tmt.train.heads.{'asset' if name == 'Asset' else 'clip'}"), name)
    raise AttributeError(f"module 'tmt.train.heads' has no attribute {name!r}")
