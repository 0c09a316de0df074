"""The face trackers by name; which one is taken when none is named."""

from __future__ import annotations

from importlib.util import find_spec

from tmt.checkpoint import SHIPPED, Checkpoint
from tmt.errors import SettingsError
from tmt.track import FaceTracker
from tmt.types import TRACKERS


def load_tracker(name: str | None = None, checkpoint: Checkpoint = SHIPPED) -> FaceTracker:
    """A tracker, ready to work; without a name MediaPipe, or face-alignment where there is no MediaPipe. `checkpoint`:
    whose PoseNet it is, where it is one."""
    if name is None:
        lacks_first = find_spec("mediapipe") is None and find_spec("face_alignment") is not None
        name = TRACKERS[1] if lacks_first else TRACKERS[0]
    if name == "mediapipe":
        from tmt.track_mediapipe import MediaPipeTracker

        return MediaPipeTracker()
    if name == "face-alignment":
        from tmt.track_face_alignment import FaceAlignmentTracker

        return FaceAlignmentTracker()
    if name == "posenet":
        from tmt.track_posenet import PoseNetTracker

        return PoseNetTracker(checkpoint.pose)
    raise SettingsError("setting", name="tracker", value=name, reason=f"one of {', '.join(TRACKERS)}")
