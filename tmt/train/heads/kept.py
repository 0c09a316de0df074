"""Synthetic heads with their truth in a folder: drawn once, by many processes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import lru_cache, partial
from pathlib import Path

from tmt.train.cache import save
from tmt.train.heads import Asset, load_asset, random_clip
from tmt.train.parallel import spread


def kept_heads(
    asset: Path, folder: Path, seeds: Sequence[int], frames: int, size: int, workers: int
) -> Generator[Path, None, None]:
    """Files of the heads of these seeds, clips of so many frames of size x size px; drawn where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {seed: folder / f"head-{seed}.safetensors" for seed in seeds}
    missing = [seed for seed, path in paths.items() if not path.is_file()]
    draw = partial(_drawn, asset=asset, folder=folder, frames=frames, size=size)
    yield from (path for path in paths.values() if path.is_file())
    yield from spread(draw, missing, workers)


def _drawn(seed: int, asset: Path, folder: Path, frames: int, size: int) -> Path:
    return save(random_clip(_asset(asset), seed, frames, size), folder)


@lru_cache(1)
def _asset(path: Path) -> Asset:
    return load_asset(path)
