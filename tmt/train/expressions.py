"""Make the commonest expressions, all people alike: python -m tmt.train.expressions CACHE OUT.npy"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tmt.motion import perform
from tmt.topology import MEDIAPIPE_478
from tmt.train.cache import load_all
from tmt.train.cast import people_of
from tmt.train.samples import STEADINESS, track_of
from tmt.types import Array

COUNT = 2  # they hold five sixths of the variance; more of them fit what is noise


def commonest(people: Sequence[Sequence[Array]], count: int = COUNT) -> Array:
    """Clips of people, each canonical landmarks [T, L, 2 or 3] -> [count, L, 2] what offsets add to numbers of variance
    1: the principal components of every clip's deviations from its own mean."""
    size = people[0][0].shape[1] * 2
    total = np.zeros((size, size))
    for clips in people:
        away = np.concatenate([(c - c.mean(0))[..., :2].reshape(len(c), size) for c in clips]).astype(np.float64)
        total += away.T @ away / len(away) / len(people)
    values, vectors = np.linalg.eigh(total)
    top = np.argsort(values)[::-1][:count]
    basis = (vectors[:, top] / np.sqrt(values[top])).T.reshape(count, -1, 2)
    return (basis * np.sign(basis[..., 1].sum(1))[:, None, None]).astype(np.float32)


def main() -> None:
    """Read a cache of clips and save the expressions of its people."""
    cache, out = Path(sys.argv[1]), Path(sys.argv[2])
    people = [
        [perform(track_of(clip, MEDIAPIPE_478), MEDIAPIPE_478, STEADINESS).canonical[clip.found] for clip in clips]
        for clips in people_of(load_all(cache)).values()
    ]
    np.save(out, commonest(people))


if __name__ == "__main__":
    main()
