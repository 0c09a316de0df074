"""A tracker without landmarks: PoseNet's pose in every frame, and the average person's face laid there. The paper's two
networks alone; what a face does is told by its skin (`skin.py`) as far as that goes.

For comparison: landmarks follow mouth and eyes far better. MediaPipe still finds the first box and cuts the person out.
"""

from __future__ import annotations

import numpy as np

from tmt.checkpoint import SHIPPED, Weights
from tmt.errors import WeightsError
from tmt.geometry import transform
from tmt.headcrop import SHARE, HeadCrop, crop_around
from tmt.headpose import told_pose
from tmt.learned import load_pose
from tmt.pose import template
from tmt.topology import MEDIAPIPE_478
from tmt.track import FaceTracker
from tmt.track_mediapipe import MediaPipeTracker
from tmt.types import Array

BOX = 1.25  # side of a face's landmarks over that of a detector's box
ROUNDS = 3  # looks at a newly found head, each around the one before


class PoseNetTracker(FaceTracker):
    """Landmarks of the average face, posed."""

    topology = MEDIAPIPE_478

    def __init__(self, pose: Weights | None = SHIPPED.pose) -> None:
        if load_pose(pose) is None:
            raise WeightsError("dependency", name="PoseNet", reason="its weights are not there", package="tmt-head3d")
        self._finder, self._face, self._weights = MediaPipeTracker(), template(MEDIAPIPE_478.name), pose

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker.detect."""
        if previous is None:
            return next(iter(self.search(frame)), None)
        return self._posed(frame, self._around(previous))

    def search(self, frame: Array) -> list[Array]:
        """See FaceTracker.search."""
        boxes = self._finder.boxes(frame)
        found = (self._settled(frame, HeadCrop(centre, side * BOX / SHARE)) for centre, side in boxes)
        return [face for face in found if face is not None]

    def matte(self, frame: Array) -> Array:
        """See FaceTracker.matte."""
        return self._finder.matte(frame)

    def hands(self, frame: Array) -> list[Array]:
        """See FaceTracker.hands."""
        return self._finder.hands(frame)

    def _around(self, face: Array) -> HeadCrop:
        return crop_around(face[: self.topology.surface, :2].astype(np.float64))

    def _settled(self, frame: Array, crop: HeadCrop) -> Array | None:
        """A head looked at again and again, from where it was found in the crop before."""
        face = self._posed(frame, crop)
        for _ in range(ROUNDS - 1):
            face = None if face is None else self._posed(frame, self._around(face))
        return face

    def _posed(self, frame: Array, crop: HeadCrop) -> Array | None:
        told = told_pose(crop.cut(frame), crop, self._weights)
        return None if told is None else np.asarray(transform(told.pose, self._face), np.float32)
