"""How much flatter than they are a tracker sees faces, by clips in which heads turn.

python -m tmt.train.relief CACHE OUT.npy
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tmt.pose import fit_poses, mean_shape, template
from tmt.relief import measured_relief, some_of
from tmt.topology import MEDIAPIPE_478, Topology
from tmt.train.cache import load_all
from tmt.train.clip import Clip
from tmt.types import Array


def mean_relief(clips: Sequence[Clip], topology: Topology) -> Array:
    """Of real clips: the mean over people [L], head units, each as far as turns to the side tell; and, so that few
    people are not believed wholly, of one more who has none."""
    people: dict[str, list[tuple[Array, Array]]] = defaultdict(list)
    for clip in clips:
        if clip.truth is None:
            people[clip.person].append(_of_one(clip.landmarks[clip.found], topology))
    told = [np.mean([by for by, _ in one], 0) for one in people.values()]
    known = [np.mean([known for _, known in one], 0) for one in people.values()]
    return np.asarray(np.sum(told, 0) / (np.sum(known, 0) + 1))


def _of_one(landmarks: Array, topology: Topology) -> tuple[Array, Array]:
    shape = mean_shape(landmarks, topology, template(topology.name))
    some = landmarks[some_of(len(landmarks))]
    return measured_relief(some, fit_poses(some, shape, topology), shape, topology)


def main() -> None:
    """Read a cache of clips and save the mean."""
    clips, out = load_all(Path(sys.argv[1])), Path(sys.argv[2])
    np.save(out, mean_relief(clips, MEDIAPIPE_478).astype(np.float32))


if __name__ == "__main__":
    main()
