"""Learn how the face mesh goes with 68 of its points, one clip per person: python -m tmt.train.dense OUT.npy CLIP..."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.interpolate import RBFInterpolator

from tmt.canonical import open_mouth
from tmt.points68 import MESH, straightened
from tmt.pose import template
from tmt.topology import MEDIAPIPE_478
from tmt.track import track
from tmt.track_mediapipe import MediaPipeTracker
from tmt.types import Array
from tmt.video import probe, read_frames

FRAMES = 200  # per clip
# Against trembling of about .006 head units in the 68 points: smaller fits the clips better and amplifies noise.
RIDGE = 1e-3


def learn(clips: list[Array]) -> Array:
    """Landmarks of several people, each [T, 478, 3] px -> weights [3, 468, 68]; every clip counts the same."""
    pairs = [straightened(clip) for clip in clips]
    share = np.concatenate([np.full(len(clip), len(clip) ** -0.5) for clip in clips])[:, None]
    mesh, points = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    start = interpolation()
    out = []
    for axis in range(3):
        x = points[..., axis] * share
        y = (mesh[..., axis] - points[..., axis] @ start.T) * share
        out.append(start + np.linalg.solve(x.T @ x + RIDGE * np.eye(len(MESH)), x.T @ y).T)
    return np.stack(out)


def interpolation() -> Array:
    """The weights [468, 68] before anything is learned: by distance in the average face, its mouth open."""
    opened = open_mouth(template(MEDIAPIPE_478.name), MEDIAPIPE_478)[:, :2]
    spread = RBFInterpolator(opened[list(MESH)], np.eye(len(MESH)), kernel="linear", degree=0)
    weights: Array = spread(opened[: MEDIAPIPE_478.surface])
    return weights


def main() -> None:
    """Track every clip and save the weights."""
    out, clips = Path(sys.argv[1]), []
    tracker = MediaPipeTracker()
    for path in map(Path, sys.argv[2:]):
        info = probe(path)
        every = max(1, (info.frames or FRAMES) // FRAMES)
        clips.append(track(read_frames(path, every=every), tracker, info.fps / every, path.name).landmarks)
        print(path.name, len(clips[-1]))
    np.save(out, learn(clips).astype(np.float16))


if __name__ == "__main__":
    main()
