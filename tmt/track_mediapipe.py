"""The first tracker: MediaPipe's face mesh (478 points with irises), its face detector and its person segmentation."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tmt.errors import WeightsError
from tmt.topology import MEDIAPIPE_478
from tmt.track import FaceTracker
from tmt.types import Array

# The library's own landmark subgraph, fed with our region of interest. Its public FaceMesh either runs a detector on
# every frame (a third slower, a third more jitter) or filters in time (lags: 0.4 to 0.5 dB).
GRAPH = """
input_stream: "image"
input_stream: "roi"
output_stream: "landmarks"
node {
  calculator: "ConstantSidePacketCalculator"
  output_side_packet: "PACKET:with_attention"
  node_options: {
    [type.googleapis.com/mediapipe.ConstantSidePacketCalculatorOptions] { packet { bool_value: true } }
  }
}
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}
"""
ROI_SCALE = 1.5  # side of the region over the face's box: what the network was trained on
NEAR = 0.8  # the close-range detector alone must be this sure: it takes a dog for a face at 0.7
FIRST_ROUNDS = 3  # looks at a newly found face, each from the landmarks of the one before


class MediaPipeTracker(FaceTracker):
    """Landmarks of one face, every frame found afresh in a region placed, turned and scaled by the frame before."""

    topology = MEDIAPIPE_478

    def __init__(self) -> None:
        self._lock = threading.RLock()  # the native graphs end the process when two threads enter them
        os.environ.setdefault("GLOG_minloglevel", "3")
        try:
            with _quiet_stderr():
                self._mesh = _MeshGraph()
                solutions: Any = self._mesh.mediapipe.solutions
                self._solutions: Any = solutions
                self._hands: Any = None
                self._far = solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.4)
                self._near = solutions.face_detection.FaceDetection(model_selection=0, min_detection_confidence=0.5)
                self._person = solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
                blank = np.zeros((64, 64, 3), np.uint8)  # the networks load, and log, on their first picture
                self.boxes(blank)
                self.matte(blank)
                self._mesh.landmarks(blank, np.array([32.0, 32.0]), 48.0, 0.0)
        except Exception as error:  # the wheel can be absent, or broken by a missing system library
            raise WeightsError("dependency", name="mediapipe", reason=error, package="mediapipe==0.10.21") from error

    def detect(self, frame: Array, previous: Array | None) -> Array | None:
        """See FaceTracker.detect."""
        with self._lock:
            return self._detect(frame, previous)

    def _detect(self, frame: Array, previous: Array | None) -> Array | None:
        if previous is None:
            return next(self._all(frame), None)
        found = self._follow(frame, previous)
        return found if found is not None and not _jumped(found, previous) else None

    def search(self, frame: Array) -> list[Array]:
        """See FaceTracker.search."""
        with self._lock:
            return list(self._all(frame))

    def _all(self, frame: Array) -> Iterator[Array]:
        for centre, side in self.boxes(frame):
            found = self._mesh.landmarks(frame, centre, side * ROI_SCALE, 0.0)
            for _ in range(FIRST_ROUNDS - 1):
                found = self._follow(frame, found) if found is not None else None
            if found is not None:
                yield found

    def boxes(self, frame: Array) -> list[tuple[Array, float]]:
        """Centre [2] px and size px of every face in the picture, the largest and most central first."""
        height, width = frame.shape[:2]
        picture = np.ascontiguousarray(frame)
        with self._lock:
            found = self._far.process(picture).detections
            if not found:
                found = [item for item in self._near.process(picture).detections or [] if item.score[0] >= NEAR]
        boxes = []
        for item in found:
            box = item.location_data.relative_bounding_box
            centre = np.array([(box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height])
            boxes.append((centre, float(max(box.width * width, box.height * height))))
        middle, reach = np.array([width / 2, height / 2]), float(np.hypot(width, height))
        return sorted(boxes, key=lambda b: -b[1] * (1.5 - float(np.linalg.norm(b[0] - middle)) / reach))

    def hands(self, frame: Array) -> list[Array]:
        """See FaceTracker.hands."""
        height, width = frame.shape[:2]
        with self._lock:
            if self._hands is None:  # loaded only where somebody asks
                with _quiet_stderr():
                    self._hands = self._solutions.hands.Hands(
                        static_image_mode=True, max_num_hands=2, model_complexity=0, min_detection_confidence=0.5
                    )
                    self._hands.process(np.zeros((64, 64, 3), np.uint8))
            found = self._hands.process(np.ascontiguousarray(frame)).multi_hand_landmarks or []
        return [np.array([(p.x * width, p.y * height) for p in hand.landmark], np.float32) for hand in found]

    def matte(self, frame: Array) -> Array:
        """See FaceTracker.matte."""
        with self._lock:
            return np.clip(self._person.process(np.ascontiguousarray(frame)).segmentation_mask, 0.0, 1.0)

    def _follow(self, frame: Array, landmarks: Array) -> Array | None:
        surface = landmarks[: self.topology.surface, :2]
        low, high = surface.min(0), surface.max(0)
        outer = [landmarks[eye.corners[0], :2] for eye in self.topology.eyes]
        roll = float(np.arctan2(*(outer[1] - outer[0])[::-1]))
        return self._mesh.landmarks(frame, (low + high) / 2, float((high - low).max()) * ROI_SCALE, roll)


class _MeshGraph:
    """The landmark network alone: picture and region of interest in, 478 landmarks out."""

    def __init__(self) -> None:
        import mediapipe
        from google.protobuf import text_format
        from mediapipe.framework import calculator_pb2
        from mediapipe.framework.formats import rect_pb2
        from mediapipe.python import _framework_bindings as bindings
        from mediapipe.python import packet_creator, packet_getter

        bindings.resource_util.set_resource_dir(str(Path(mediapipe.__file__).parent.parent))
        self.mediapipe, self._create, self._get = mediapipe, packet_creator, packet_getter
        self._rect, self._format = rect_pb2.NormalizedRect, bindings.image_frame.ImageFormat.SRGB
        self._stamp = bindings.timestamp.Timestamp
        config = text_format.Parse(GRAPH, calculator_pb2.CalculatorGraphConfig())
        self._graph = bindings.calculator_graph.CalculatorGraph(graph_config=config)
        self._packets: list[Any] = []
        self._graph.observe_output_stream("landmarks", lambda _name, packet: self._packets.append(packet))
        self._graph.start_run({})
        self._time = 0

    def landmarks(self, picture: Array, centre: Array, side: float, roll: float) -> Array | None:
        """picture [H, W, 3] uint8; region: centre [2] px, side px, roll radians -> [478, 3] float32 px or None."""
        half = side * 0.75 + 2  # holds the region however it is turned; the rest of a large picture is not copied
        left, top = (int(max(c - half, 0)) for c in centre)
        picture = picture[top : int(centre[1] + half) + 1, left : int(centre[0] + half) + 1]
        height, width = picture.shape[:2]
        if min(height, width) < 8:
            return None
        x, y = centre[0] - left, centre[1] - top
        region = self._rect(x_center=x / width, y_center=y / height, width=side / width, height=side / height)
        region.rotation = roll
        self._time += 1
        self._packets.clear()
        stamp = self._stamp(self._time)
        image = self._create.create_image_frame(data=np.ascontiguousarray(picture), image_format=self._format)
        self._graph.add_packet_to_input_stream("image", image.at(stamp))
        self._graph.add_packet_to_input_stream("roi", self._create.create_proto(region).at(stamp))
        self._graph.wait_until_idle()
        if not self._packets:
            return None
        points = self._get.get_proto(self._packets[0]).landmark
        return np.array([(p.x * width + left, p.y * height + top, p.z * width) for p in points], np.float32)


def _jumped(found: Array, previous: Array) -> bool:
    """Whether the face moved or changed in size more than a head can between two frames: a cut, or a lost face."""
    size = float(np.ptp(previous[:, :2], axis=0).max())
    moved = float(np.linalg.norm(found[:, :2].mean(0) - previous[:, :2].mean(0)))
    growth = float(np.ptp(found[:, :2], axis=0).max()) / size
    return moved > 0.6 * size or not 0.6 < growth < 1.7


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Silence what the native library prints while it starts; its real failures are raised."""
    saved, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)
