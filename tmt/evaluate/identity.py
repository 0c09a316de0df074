"""Whose face it is, judged by a network that knows nothing of this project: dlib's face descriptor, where installed.

Optional: `pip install dlib-bin face_recognition_models`. The second package brings the weights; it is located, never
imported, since its import needs a `pkg_resources` that newer setuptools no longer have.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from tmt.evaluate.metrics import box_around, iod
from tmt.topology import Topology
from tmt.types import Array

LARGEST = 600  # px: larger heads are shrunk, the network looks at 150 px
WEIGHTS = ("shape_predictor_68_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat")


class Identity(Protocol):
    """Turns a face into a vector that depends on who it is."""

    def __call__(self, image: Array, landmarks: Array, topology: Topology) -> Array | None:
        """image uint8 [H, W, 3], landmarks [L, 3] px -> [D] or None where no face is found."""


class DlibIdentity:
    """dlib's face detector, 68 landmarks and 128-number descriptor."""

    def __init__(self, folder: Path) -> None:
        dlib: Any = importlib.import_module("dlib")
        self._detector = dlib.get_frontal_face_detector()
        self._points = dlib.shape_predictor(str(folder / WEIGHTS[0]))
        self._network = dlib.face_recognition_model_v1(str(folder / WEIGHTS[1]))

    def __call__(self, image: Array, landmarks: Array, topology: Topology) -> Array | None:
        """See Identity."""
        head = image[box_around(landmarks, 1.0 * float(iod(landmarks, topology)), image.shape)]
        shrink = min(1.0, LARGEST / max(head.shape[:2]))
        picture = np.ascontiguousarray(cv2.resize(head, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
        faces = self._detector(picture, 1)
        if not faces:
            return None
        largest = max(faces, key=lambda face: face.area())
        return np.array(self._network.compute_face_descriptor(picture, self._points(picture, largest)))


def load_identity() -> Identity | None:
    """The identity network, or None where dlib or its weights are not installed."""
    spec = find_spec("face_recognition_models")
    if find_spec("dlib") is None or spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "models"
    return DlibIdentity(folder) if all((folder / name).is_file() for name in WEIGHTS) else None
