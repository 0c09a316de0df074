"""The landmarks by which results are judged: the library's public face mesh, every frame from scratch.

It is not the product's tracker: a result must not be judged by the very instrument whose noise it reproduces (that
would halve the landmark distance).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tmt.topology import MEDIAPIPE_478
from tmt.track import FaceTracker
from tmt.track_mediapipe import MediaPipeTracker
from tmt.types import Array


class FaceMeshJudge(FaceTracker):
    """A FaceTracker that looks at each picture alone; faces too small for it are left to the product's tracker."""

    topology = MEDIAPIPE_478

    def __init__(self) -> None:
        self._fallback = MediaPipeTracker()  # also the one who tells how to install what is missing
        import mediapipe

        solutions: Any = mediapipe.solutions
        self._mesh = solutions.face_mesh.FaceMesh(
            static_image_mode=True, refine_landmarks=True, max_num_faces=1, min_detection_confidence=0.3
        )

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker.detect; `previous` is not used."""
        faces = self._mesh.process(np.ascontiguousarray(frame)).multi_face_landmarks
        if not faces:
            return self._fallback.detect(frame, None)
        height, width = frame.shape[:2]
        return np.array([(p.x * width, p.y * height, p.z * width) for p in faces[0].landmark], np.float32)

    def search(self, frame: Array) -> list[Array]:
        """See FaceTracker.search: who is there is the product's word, how a face lies this one's."""
        return self._fallback.search(frame)

    def matte(self, frame: Array) -> Array:
        """See FaceTracker.matte."""
        return self._fallback.matte(frame)
