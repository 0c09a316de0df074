"""The second tracker: the library's own code, on weights of its format which see painted marks."""

from __future__ import annotations

import sys
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from heads import TOPOLOGY, average

from tmt.cli import main
from tmt.errors import SettingsError, WeightsError
from tmt.points68 import MESH
from tmt.trackers import load_tracker
from tmt.types import Array

face_alignment = pytest.importorskip("face_alignment", reason="the second tracker's package is not installed")

SIDE, STEP, MARK = 320, 14, 7  # px of the picture, from mark to mark, of a mark's half side
RED, BLUE = np.linspace(40, 240, 9).round() / 255, np.linspace(0, 98, 8).round() / 255  # of the columns and rows


def places() -> Array:
    """Where the 68 marks are painted [68, 2] px: in rows of nine."""
    row, column = np.divmod(np.arange(68), 9)
    return np.stack([100 + STEP * column, 100 + STEP * row], 1).astype(float)


def painted() -> Array:
    """A picture of the marks on black, and a blue spot that says: here is a face."""
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    for index, (x, y) in enumerate(places().astype(int)):
        colour = round(RED[index % 9] * 255), 255, round(BLUE[index // 9] * 255)
        picture[y - MARK : y + MARK, x - MARK : x + MARK] = colour
    picture[150:160, 150:160, 2] = 255
    return picture


def blank(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A state of zeros (and ones where a norm divides), which takes no room in a file."""
    return {
        name: torch.tensor(float("running_var" in name or _scales(name, network))).to(value.dtype).expand(value.shape)
        for name, value in network.state_dict().items()
    }


def _scales(name: str, network: torch.nn.Module) -> bool:
    owner = network.get_submodule(name.rpartition(".")[0]) if "." in name else network
    return isinstance(owner, torch.nn.BatchNorm2d) and name.endswith("weight")


def put(state: dict[str, torch.Tensor], name: str, *entries: tuple[tuple[int, ...], float]) -> None:
    """Set a few numbers of one tensor."""
    state[name] = state[name].clone()
    for index, value in entries:
        state[name][index] = value


def seeing_marks() -> dict[str, torch.Tensor]:
    """FAN whose heat map k is high where the colour is that of mark k: colours pass through, point by point."""
    from face_alignment.models import FAN

    state = blank(FAN(4))
    put(state, "conv1.weight", *(((c, c, 3, 3), 1.0) for c in range(3)))
    for name in ("conv2", "conv4"):
        put(state, f"{name}.downsample.2.weight", *(((c, c, 0, 0), 1.0) for c in range(3)))
    for name in [name for name in state if name.endswith("b2_4.conv1.weight")]:  # the coarser branch cancels itself
        put(state, name, *(((c, c, 1, 1), -1.0) for c in range(3)))
    wanted = [(0, red) for red in RED] + [(2, blue) for blue in BLUE] + [(1, 1.0)]
    for row, (channel, value) in enumerate(wanted):  # too much, and too little, of a colour
        put(state, "conv_last3.weight", ((row, channel, 0, 0), 1.0), ((row + 32, channel, 0, 0), -1.0))
        put(state, "conv_last3.bias", ((row,), -value), ((row + 32,), value))
    faults = [(k, row + side) for k in range(68) for row in (k % 9, 9 + k // 9, 17) for side in (0, 32)]
    put(state, "l3.weight", *(((k, row, 0, 0), -10.0) for k, row in faults))
    state["l3.bias"] = torch.ones(68)
    return state


def finding_blue() -> dict[str, torch.Tensor]:
    """S3FD that finds a face of 128 px where there is blue."""
    from face_alignment.detection.sfd.net_s3fd import s3fd

    state = blank(s3fd())
    for name in [name for name in state if name.startswith(("conv1_", "conv2_", "conv3_", "conv4_", "conv5_", "fc"))]:
        if name.endswith(".weight") and state[name].ndim == 4 and "mbox" not in name:
            put(state, name, ((0, 0, state[name].shape[2] // 2, state[name].shape[3] // 2), 1.0))
    put(state, "fc7_mbox_conf.weight", ((1, 0, 1, 1), 1.0))
    for name in [name for name in state if name.endswith("_conf.bias")]:
        put(state, name, ((state[name].shape[0] - 1,), -20.0))
    put(state, "conv3_3_norm_mbox_conf.bias", ((0,), 0.0))
    return state


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of torch.hub with the three files under the names of the library's own."""
    from face_alignment import api
    from face_alignment.detection.sfd import sfd_detector
    from face_alignment.models import ResNetDepth

    home = tmp_path_factory.mktemp("hub")
    (home / "checkpoints").mkdir()
    depth = blank(ResNetDepth())
    depth["fc.bias"] = torch.linspace(-10, 10, 68)
    stored = {"module." + name: value for name, value in depth.items()}
    contents: dict[str, Any] = {
        sfd_detector.models_urls["s3fd"]: finding_blue(), api.models_urls["3DFAN-4"]: seeing_marks(),
        api.models_urls["depth"]: {"epoch": 1, "best_acc": np.float64(0.5), "state_dict": stored},
    }
    for address, content in contents.items():
        torch.save(content, home / "checkpoints" / address.rpartition("/")[2])
    return home


@pytest.fixture(scope="module")
def tracker(weights: Path) -> Any:
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(weights))
    try:
        return load_tracker("face-alignment")
    finally:
        torch.hub.set_dir(before)


def test_the_librarys_networks_find_the_marks_where_they_are_painted(tracker: Any) -> None:
    points = tracker.points(painted(), np.array([92.0, 80.0, 220.0, 208.0]))
    away = points[:, :2] - places()
    assert np.abs(away).max() <= MARK + 1  # anywhere in the mark is right
    assert np.all(np.diff(points[:, 2]) > 0) and points[0, 2] == pytest.approx(-points[-1, 2], abs=1e-3)


def test_faces_are_looked_for_by_the_librarys_detector_in_large_pictures_too(tracker: Any) -> None:
    for scale in (1, 3):
        picture = painted().repeat(scale, 0).repeat(scale, 1)
        (box, *others) = tracker.boxes(picture)
        centre, side = (box[:2] + box[2:]) / 2, box[2] - box[0]
        assert np.abs(centre - 155 * scale).max() < 100 * scale and side > 60 * scale, (box, others)


def test_a_picture_without_a_face_has_none(tracker: Any) -> None:
    empty = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert tracker.search(empty) == [] and tracker.detect(empty, None) is None
    assert not tracker.matte(empty).any()
    lost = average() * 60 + (160, 160, 0)
    assert tracker.detect(empty, lost.astype(np.float32)) is None


def test_a_face_is_given_as_the_mesh_that_all_stages_know(tracker: Any) -> None:
    mesh = tracker.detect(painted(), (average() * 90 + (156, 150, 0)).astype(np.float32))
    assert mesh.shape == (TOPOLOGY.count, 3) and mesh.dtype == np.float32 and np.isfinite(mesh).all()
    assert np.abs(mesh[list(MESH), :2] - places()).max() <= MARK + 1
    matte = tracker.matte(painted())
    assert matte.shape == (SIDE, SIDE) and matte.min() >= 0 and matte.max() <= 1 and matte[150, 150] > 0.9


def test_weights_that_cannot_be_downloaded_give_one_clear_error_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("face_alignment.utils.download_url_to_file", refuse)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path))
    try:
        with pytest.raises(WeightsError) as caught:
            load_tracker("face-alignment")
        folder = Path(__file__).parent / "data"
        arguments = ["view", str(folder / "still.png"), "-o", str(tmp_path / "o.mp4"), "--tracker", "face-alignment"]
        assert main([*arguments, "--consent", "--quiet"]) == 3
    finally:
        torch.hub.set_dir(before)
    said = str(caught.value)
    assert "3DFAN4" in said and str(tmp_path) in said and "mediapipe" in said and "Name or service" in said
    line = capsys.readouterr().err.splitlines()[-1]
    assert line == f"tmt: {said}" and "\n" not in said


def test_damaged_weights_are_told_and_never_run_as_code(weights: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "was run",))

    (tmp_path / "checkpoints").mkdir()
    for file in (weights / "checkpoints").iterdir():
        (tmp_path / "checkpoints" / file.name).write_bytes(file.read_bytes())
    bad = next(file for file in (tmp_path / "checkpoints").iterdir() if "depth" in file.name)
    torch.save({"state_dict": Evil()}, bad)
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path))
    try:
        with pytest.raises(WeightsError):
            load_tracker("face-alignment")
    finally:
        torch.hub.set_dir(before)
    assert not (tmp_path / "was run").exists()


def test_without_mediapipe_the_second_tracker_is_taken(tracker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tmt import trackers

    monkeypatch.setattr(trackers, "find_spec", lambda name: None if name == "mediapipe" else sys)
    monkeypatch.setattr("tmt.track_face_alignment.FaceAlignmentTracker", lambda: tracker)
    assert trackers.load_tracker() is tracker
    with pytest.raises(SettingsError, match="mediapipe, face-alignment"):
        trackers.load_tracker("dlib")
