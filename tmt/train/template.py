"""Make the average person's shape, one clip per person: python -m tmt.train.template OUT.npy CLIP..."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tmt.geometry import untransform
from tmt.pose import fit_poses, frontalise
from tmt.topology import Topology
from tmt.track import track
from tmt.track_mediapipe import MediaPipeTracker
from tmt.types import Array
from tmt.video import probe, read_frames

FRAMES = 60  # per clip: enough for a mean


def average_shape(tracks: list[Array], topology: Topology) -> Array:
    """Landmarks of several people, each [T, L, 3] px -> mean shape [L, 3] in head units, seen from the front."""
    shape = frontalise(tracks[0].mean(0).astype(np.float64), topology)
    for _ in range(4):
        shapes = [untransform(fit_poses(t, shape, topology), t.astype(np.float64)).mean(0) for t in tracks]
        shape = frontalise(np.mean(shapes, 0), topology)
    return shape


def main() -> None:
    """Track every clip and save the mean shape."""
    out, clips = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    tracks = []
    tracker = MediaPipeTracker()
    for path in clips:
        info = probe(path)
        every = max(1, (info.frames or FRAMES) // FRAMES)
        tracks.append(track(read_frames(path, every=every), tracker, info.fps, path.name).landmarks[:FRAMES])
        print(path.name, len(tracks[-1]))
    np.save(out, average_shape(tracks, tracker.topology).astype(np.float32))


if __name__ == "__main__":
    main()
