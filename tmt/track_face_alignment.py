"""The second tracker: face-alignment (68 3D points, Bulat and Tzimiropoulos 2017), for where MediaPipe has no wheels.

Its weights are the library's own and come from its authors' server on first use; they are read as plain tensors, never
as pickled code. The 68 points become the mesh's by `points68`; the person is cut out by colour around the face.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from tmt import hub
from tmt.errors import WeightsError
from tmt.points68 import densify
from tmt.topology import MEDIAPIPE_478
from tmt.track import FaceTracker
from tmt.types import Array

DETECT_PIXELS = 480  # longer side at which faces are looked for: finds those of 1/16 of it
SURE = 0.25  # mean height of the 68 heat maps under which there is no face
BROW_ROOM = 0.18  # of the points' height: what a detector's box has above the brows
MATTE_PIXELS = 160


class FaceAlignmentTracker(FaceTracker):
    """Landmarks by the library's networks, every frame found afresh in a box placed by the frame before."""

    topology = MEDIAPIPE_478

    def __init__(self) -> None:
        self._lock = threading.Lock()
        try:
            import face_alignment
            from face_alignment import api, utils
            from face_alignment.detection.sfd import sfd_detector
            from face_alignment.models import ResNetDepth
        except Exception as error:  # the package can be absent, or broken by one of its own
            raise WeightsError("dependency", name="face-alignment", reason=error, package="face-alignment") from error
        addresses = (sfd_detector.models_urls["s3fd"], api.models_urls["3DFAN-4"], api.models_urls["depth"])
        try:
            files = [Path(utils.load_file_from_url(address, progress=False, check_hash=True)) for address in addresses]
            # The library would unpickle its depth weights; without them it starts, and gets them as tensors.
            depth = _depth_network(ResNetDepth(), files[2])
            self._networks: Any = face_alignment.FaceAlignment(
                face_alignment.LandmarksType.TWO_HALF_D, device=str(hub.device()), flip_input=False, compile=False,
                face_detector_kwargs={"path_to_detector": str(files[0])},
            )
            self._networks.depth_prediciton_net = depth
            self._networks.landmarks_type = face_alignment.LandmarksType.THREE_D
        except Exception as error:
            names = ", ".join(address.rpartition("/")[2] for address in addresses)
            folder, reason = Path(torch.hub.get_dir()) / "checkpoints", " ".join(str(error).split())[:120]
            raise WeightsError(
                "weights_download", name="face-alignment", reason=reason, files=names, folder=folder
            ) from error

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker.detect."""
        if previous is None:
            return next(iter(self.search(frame)), None)
        low, high = previous[: MEDIAPIPE_478.surface, :2].min(0), previous[: MEDIAPIPE_478.surface, :2].max(0)
        return self._mesh(frame, np.concatenate([low, high]))

    def search(self, frame: Array) -> list[Array]:
        """See FaceTracker.search."""
        found = [self._mesh(frame, box) for box in self.boxes(frame)]
        return [mesh for mesh in found if mesh is not None]

    def matte(self, frame: Array) -> Array:
        """See FaceTracker.matte: hair and shoulders by their colours (GrabCut), seeded by the place of the face."""
        height, width = frame.shape[:2]
        scale = MATTE_PIXELS / max(height, width)
        size = max(8, round(width * scale)), max(8, round(height * scale))
        boxes = self.boxes(frame)
        if not boxes:
            return np.zeros((height, width), np.float32)
        small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        mask = _seeded(size, boxes[0] * scale)
        with self._lock:  # OpenCV's random numbers are shared; the same picture shall give the same matte
            cv2.setRNGSeed(0)
            cv2.grabCut(small, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
        person = cv2.GaussianBlur(np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32), (0, 0), 0.8)
        return cv2.resize(person, (width, height), interpolation=cv2.INTER_LINEAR)

    def boxes(self, frame: Array) -> list[Array]:
        """Faces as left, top, right, bottom px, the largest and most central first."""
        height, width = frame.shape[:2]
        scale = min(1.0, DETECT_PIXELS / max(height, width))
        small = cv2.resize(frame, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
        with self._lock:
            boxes = [np.array(box[:4], float) / scale for box in self._networks.face_detector.detect_from_image(small)]
        middle, reach = np.array([width / 2, height / 2]), float(np.hypot(width, height))

        def worth(box: Array) -> float:
            away = float(np.linalg.norm((box[:2] + box[2:]) / 2 - middle))
            return float((box[2:] - box[:2]).max()) * (1.5 - away / reach)

        return sorted(boxes, key=worth, reverse=True)

    def points(self, frame: Array, box: Array) -> Array | None:
        """The 68 points [68, 3] px of the face in a box [4] px; None when there is none."""
        with self._lock:
            points, scores, _ = self._networks.get_landmarks_from_image(
                np.ascontiguousarray(frame), detected_faces=[box], return_landmark_score=True
            )
        return np.asarray(points[0], np.float32) if float(np.mean(scores[0])) >= SURE else None

    def _mesh(self, frame: Array, box: Array) -> Array | None:
        """The mesh of the face in a box, looked at again in a box of its own points when those lie elsewhere."""
        points = self.points(frame, box)
        own = box if points is None else _box_of(points)
        if np.abs(own - box).max() > 0.15 * (box[2:] - box[:2]).max():
            points = self.points(frame, own)
        return None if points is None else densify(points, frame)


def _box_of(points: Array) -> Array:
    """The box that the library's detector would draw around 68 points, left, top, right, bottom px."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    low = low - (0, BROW_ROOM * (high[1] - low[1]))
    return np.concatenate([low, high])


def _depth_network(network: torch.nn.Module, file: Path) -> torch.nn.Module:
    """Fill the library's depth network from its file, of which only tensors and plain numbers are read."""
    scalar: Any = np.float64(0).__reduce__()[0]
    with torch.serialization.safe_globals([scalar, np.dtype, type(np.dtype(np.float64)), type(np.dtype(np.float32))]):
        stored = torch.load(file, map_location="cpu", weights_only=True)["state_dict"]
    network.load_state_dict({name.replace("module.", ""): tensor for name, tensor in stored.items()})
    return network.to(hub.device()).eval()


def _seeded(size: tuple[int, int], box: Array) -> Array:
    """GrabCut's mask [h, w] for a face in a box [4] px: head and shoulders perhaps, the face surely, the rest not."""
    left, top, right, bottom = box
    middle, wide, tall = (left + right) / 2, right - left, bottom - top
    mask = np.full(size[::-1], cv2.GC_BGD, np.uint8)
    head = (round(middle), round(top + 0.4 * tall)), (round(0.95 * wide), round(1.0 * tall))
    cv2.ellipse(mask, *head, 0, 0, 360, cv2.GC_PR_BGD, -1)
    low = np.array([[middle - 0.5 * wide, bottom], [middle + 0.5 * wide, bottom]])
    wider = np.array([[middle + 2.2 * wide, bottom + 1.2 * tall], [middle - 2.2 * wide, bottom + 1.2 * tall]])
    floor = np.array([[middle + 2.4 * wide, size[1]], [middle - 2.4 * wide, size[1]]])
    body = np.concatenate([low, wider[:1], floor, wider[1:]])
    cv2.fillPoly(mask, [np.round(body).astype(np.int32)], cv2.GC_PR_FGD)
    cv2.ellipse(mask, head[0], (round(0.7 * wide), round(0.8 * tall)), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(mask, (round(middle), round((top + bottom) / 2)), (round(0.42 * wide), round(0.5 * tall)), 0, 0, 360,
                cv2.GC_FGD, -1)
    return mask
