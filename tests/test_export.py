"""`study` shows the head as it was seen: pictures, a 3D file that viewers open, a report; all of them or nothing."""

from __future__ import annotations

import json
import os
import re
import struct
import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tmt import export, label, portrait, provenance
from tmt.bake import BakedHead, bake
from tmt.bust import to_mesh
from tmt.errors import OutputError
from tmt.geometry import rotation_from_euler, transform
from tmt.glb import Mesh, to_glb
from tmt.pipeline import TalkingHeadPipeline
from tmt.portrait import CHECKER, draw, look_at
from tmt.study import variant
from tmt.topology import MEDIAPIPE_478
from tmt.types import Array, CanonicalHead, Consent

TYPES = {5126: "<f4", 5123: "<u2", 5125: "<u4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}


class Glb:
    """A small reader that trusts nothing: the header, both chunks, every view and accessor are held to the format."""

    def __init__(self, data: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON" and size % 4 == 0
        self.document = json.loads(data[20 : 20 + size])
        rest, kind = struct.unpack_from("<I4s", data, 20 + size)
        assert kind == b"BIN\0" and rest % 4 == 0 and 28 + size + rest == len(data)
        self.bytes = data[28 + size :]
        assert 0 <= rest - self.document["buffers"][0]["byteLength"] < 4
        ends = [0]
        for view in self.document["bufferViews"]:
            assert view["byteOffset"] % 4 == 0 and view["byteOffset"] >= ends[-1]
            ends.append(view["byteOffset"] + view["byteLength"])
        assert ends[-1] <= rest

    def view(self, index: int) -> bytes:
        """The bytes of a buffer view."""
        view = self.document["bufferViews"][index]
        return self.bytes[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    def accessor(self, index: int) -> Array:
        """The numbers of an accessor [N, C], held to its bounds."""
        accessor = self.document["accessors"][index]
        values = np.frombuffer(self.view(accessor["bufferView"]), TYPES[accessor["componentType"]])
        values = np.asarray(values).reshape(-1, WIDTHS[accessor["type"]])
        assert len(values) == accessor["count"] and np.isfinite(values).all()
        if "min" in accessor:
            assert np.allclose(values.min(0), accessor["min"]) and np.allclose(values.max(0), accessor["max"])
        return values

    def mesh(self) -> tuple[Mesh, Array]:
        """The mesh and its texture [S, S, 4] uint8."""
        primitive = self.document["meshes"][0]["primitives"][0]
        named = {name: self.accessor(index) for name, index in primitive["attributes"].items()}
        assert "min" in self.document["accessors"][primitive["attributes"]["POSITION"]]
        assert len({len(values) for values in named.values()}) == 1
        triangles = self.accessor(primitive["indices"]).reshape(-1, 3).astype(int)
        assert triangles.max() < len(named["POSITION"])
        image = Image.open(BytesIO(self.view(self.document["images"][0]["bufferView"])))
        return Mesh(named["POSITION"], named["NORMAL"], named["TEXCOORD_0"], triangles), np.asarray(image)


@pytest.fixture(scope="module")
def head(subject_clip: Path, consent: Consent) -> CanonicalHead:
    """The synthetic woman, studied."""
    return TalkingHeadPipeline.from_pretrained().study(subject_clip, consent=consent)


@pytest.fixture(scope="module")
def folder(head: CanonicalHead, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `save_head` wrote of her."""
    place = tmp_path_factory.mktemp("study") / "head"
    written = export.save_head(head, MEDIAPIPE_478, place)
    assert written == [place / name for name in export.FILES]
    return place


@pytest.fixture(scope="module")
def glb(folder: Path) -> Glb:
    """The 3D file, read."""
    return Glb((folder / "head.glb").read_bytes())


@pytest.fixture(scope="module")
def once_seen(head: CanonicalHead) -> BakedHead:
    """The head as one frame alone shows it."""
    return bake(variant(head, "single", MEDIAPIPE_478), MEDIAPIPE_478, side=256)


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    export.check_folder(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_folders_above_are_not_made(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder above"):
        export.check_folder(tmp_path / "missing" / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for place in (tmp_path / "mine", tmp_path / "mine" / "below"):
        with pytest.raises(OutputError, match=place.name):
            export.check_folder(place)
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_folder_under_a_files_name_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "head.glb").mkdir()
    with pytest.raises(OutputError, match=r"head\.glb"):
        export.check_folder(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        export.check_folder(tmp_path / "new")
    with pytest.raises(OutputError, match="Permission denied"):
        export.check_folder(tmp_path)


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(OutputError, match="No space left"):
        export.check_folder(tmp_path)


def test_only_the_promised_files_are_written(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(export.FILES)


def test_what_is_not_wanted_is_not_drawn(head: CanonicalHead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "draw", lambda *_: pytest.fail("a view was drawn"))
    written = export.save_head(head, MEDIAPIPE_478, tmp_path, ("head.glb", "coverage.png"))
    assert [path.name for path in written] == ["coverage.png", "head.glb"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coverage.png", "head.glb"]


def test_a_failure_half_way_leaves_older_files_alone_and_nothing_new(
    head: CanonicalHead, once_seen: BakedHead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "front.png").write_text("older")

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "bake", lambda *_: once_seen)
    monkeypatch.setattr(export, "_makers", lambda *_: dict.fromkeys(export.FILES, lambda: b"new"))
    monkeypatch.setattr(export, "write_json", broken)
    with pytest.raises(OutputError, match="No space left"):
        export.save_head(head, MEDIAPIPE_478, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["front.png"]
    assert (tmp_path / "front.png").read_text() == "older"


def test_the_3d_file_keeps_to_the_format(glb: Glb) -> None:
    mesh, texture = glb.mesh()
    assert glb.document["asset"]["version"] == "2.0"
    assert set(glb.document["materials"][0]["extensions"]) <= set(glb.document["extensionsUsed"])
    assert np.allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-5)
    assert mesh.uv.min() >= 0 and mesh.uv.max() <= 1
    assert texture.shape == (1024, 2048, 4), "powers of two: every viewer keeps them as they are"
    assert len(np.unique(mesh.triangles)) == len(mesh.positions), "no vertex is carried along unused"


def test_the_3d_head_is_upright_life_size_and_faces_the_viewer(glb: Glb) -> None:
    mesh, _ = glb.mesh()
    a, b, c = (mesh.positions[mesh.triangles[:, i]] for i in range(3))
    outward = np.cross(b - a, c - a)
    from_middle = mesh.positions[mesh.triangles].mean(1) - (mesh.positions.min(0) + mesh.positions.max(0)) / 2
    assert ((outward * from_middle).sum(1) >= -1e-9).mean() > 0.85, "counter-clockwise as seen from outside"
    assert ((outward * mesh.normals[mesh.triangles].mean(1)).sum(1) >= -1e-9).mean() > 0.98
    width, height, depth = np.ptp(mesh.positions, axis=0)
    assert 0.12 < width < 0.26 and 0.18 < height < 0.36 and 0.14 < depth < 0.30
    nose = mesh.positions[mesh.positions[:, 2].argmax()]
    assert abs(nose[0]) < 0.012 and -0.06 < nose[1] < 0, "below the eyes, in the middle"


def test_the_3d_head_put_where_the_subjects_was_looks_like_her(glb: Glb, head: CanonicalHead, folder: Path) -> None:
    mesh, texture = glb.mesh()
    metres = json.loads((folder / "head.json").read_text())["head"]["metres_per_unit"]
    subject = head.performance
    origin = subject.neutral[[eye.corners[0] for eye in MEDIAPIPE_478.eyes]].mean(0)
    canonical = mesh.positions * (1, -1, -1) / metres + origin
    points = transform(subject.pose[subject.reference], canonical)
    drawn, covered = splat(mesh, points, texture, (head.info.height, head.info.width))
    face = np.zeros_like(covered)
    low, high = (f(points[:, :2], axis=0).astype(int) for f in (np.min, np.max))
    face[low[1] : high[1], low[0] : high[0]] = True
    assert covered.sum() > 0.5 * face.sum(), "the mesh has no holes"
    error = np.abs(drawn[covered] - head.picture[covered].astype(float))
    assert np.median(error) < 6 and error.mean() < 12
    assert np.corrcoef(drawn[covered].ravel(), head.picture[covered].ravel())[0, 1] > 0.93


@pytest.mark.parametrize("pitch", [-35, 0, 35])
@pytest.mark.parametrize("yaw", [-60, -30, 30, 60, 180])
def test_the_turned_3d_head_is_a_head_and_no_mask(glb: Glb, yaw: float, pitch: float) -> None:
    mesh, texture = glb.mesh()
    turn = rotation_from_euler(np.radians(yaw), np.radians(pitch), 0.0)
    points = (mesh.positions - mesh.positions.mean(0)) * (1, -1, -1) @ turn.T * 1000 + (200, 200, 0)
    _, covered = splat(mesh, points, texture, (400, 400))
    whole = cv2.morphologyEx(covered.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    outside = np.pad(whole, 1)
    cv2.floodFill(outside, None, (0, 0), 2)
    assert (outside != 0).all(), "nothing is seen through it"
    columns = np.flatnonzero(whole.any(0))
    assert np.ptp(columns) > 0.5 * np.ptp(np.flatnonzero(whole.any(1))), "it has depth"
    edge = np.abs(np.diff(whole.astype(int), axis=0)).sum(0)
    assert (edge <= 4).mean() > 0.97, "an outline without a fringe of cells"


def test_the_seam_between_what_was_seen_and_the_back_is_hard_to_find(glb: Glb, head: CanonicalHead) -> None:
    assert head.back is not None
    baked = bake(head, MEDIAPIPE_478)
    _, plain = to_mesh(replace(head, back=None), baked, MEDIAPIPE_478, 1.0, np.zeros(3))
    _, texture = glb.mesh()
    sheet = texture[:, : plain.shape[1]]
    solid = cv2.erode((plain[..., 3] > 250).astype(np.uint8), np.ones((121, 121), np.uint8)) > 0
    assert (sheet[solid] == plain[solid]).mean() > 0.99, "the face is as it was"
    assert (sheet[..., 3] == plain[..., 3]).all()
    rim = (plain[..., 3] > 200) & ~solid & (np.indices(solid.shape)[0] < 400)
    hair = np.median(texture[:300, -200:, :3].reshape(-1, 3), axis=0)
    far = [np.linalg.norm(picture[rim][:, :3] - hair, axis=1).mean() for picture in (sheet, plain)]
    assert far[0] < far[1], "its rim is nearer to what the back wears"


def splat(mesh: Mesh, points: Array, texture: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Draw a mesh at points [V, 3] px by dense dots -> RGB [H, W, 3] and covered [H, W]; the reference for viewers."""
    steps = (np.stack(np.meshgrid(np.arange(8), np.arange(8)), -1).reshape(-1, 2) + 0.5) / 8
    steps = steps[steps.sum(1) < 1]
    weights = np.c_[1 - steps.sum(1), steps]
    dots = np.einsum("sc,tcd->tsd", weights, points[mesh.triangles]).reshape(-1, 3)
    uv = np.einsum("sc,tcd->tsd", weights, mesh.uv[mesh.triangles]).reshape(-1, 2)
    size = np.array(texture.shape[1::-1])
    columns, rows = np.clip(uv * size, 0, size - 1).astype(int).T
    colours = texture[rows, columns]
    x, y = np.floor(dots[:, :2]).astype(int).T
    keep = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0]) & (colours[:, 3] > 0.6 * 255)
    order = np.flatnonzero(keep)[np.argsort(-dots[keep, 2])]  # the nearest is written last
    image, covered = np.zeros((*shape, 3)), np.zeros(shape, bool)
    image[y[order], x[order]], covered[y[order], x[order]] = colours[order, :3], True
    return image, covered


def test_a_mesh_of_many_vertices_gets_larger_indices() -> None:
    count = 70_000
    ramp = np.linspace(0, 1, count)
    flat = np.stack([ramp, ramp**2, ramp], 1)
    triangles = np.stack([np.arange(count - 2) + i for i in range(3)], 1)
    picture = BytesIO()
    Image.new("RGBA", (2, 2)).save(picture, "PNG")
    mesh = Mesh(flat, np.tile((0.0, 0.0, 1.0), (count, 1)), flat[:, :2], triangles)
    read, _ = Glb(to_glb(mesh, picture.getvalue(), 0.5, "a comment")).mesh()
    assert (read.triangles == triangles).all() and np.allclose(read.positions, flat)


def test_likenesses_bear_the_label_and_every_file_says_what_made_it(folder: Path, glb: Glb) -> None:
    for name in ("front.png", "side.png", "depth.png", "coverage.png"):
        with Image.open(folder / name) as image:
            assert "AI-generated" in image.info["Comment"]
            picture = np.asarray(image)
        box = picture[label.label_box(*picture.shape[:2]).slices]
        has_label = (box.min(-1) > 240).any() and box.mean() < 200
        assert has_label == (name in ("front.png", "side.png"))
    assert "AI-generated" in glb.document["asset"]["extras"]["comment"]


def test_the_report_says_who_was_studied_how_and_what_was_seen(folder: Path, head: CanonicalHead) -> None:
    text = (folder / "head.json").read_text(encoding="utf-8")
    report = json.loads(text)
    subject = report["inputs"]["subject"]
    assert subject == {"name": "subject.mp4", "sha256": provenance.file_sha256(head.info.path)}
    assert report["consent"]["statements"] == ["subject", "driving", "purpose"]
    assert report["frames"]["subject"] == {"total": 48, "tracked": 48, "held": 0, "reasons": {}}
    assert set(report["head"]["keyframes"]) <= set(range(48))
    low, high = report["head"]["yaw_degrees"]
    assert -26 < low < -12 and 12 < high < 26, "she turns 20 degrees to either side"
    assert np.ptp(report["head"]["pitch_degrees"]) > 5, "she nods"
    assert 0.8 < report["head"]["share_seen"] <= 1
    for name in export.FILES[:-1]:
        assert report["outputs"][Path(name).stem]["sha256"] == provenance.file_sha256(folder / name)
    assert report["ai_generated"] is True and "tmt" in report["versions"]
    assert str(head.info.path.parent) not in text


def test_what_no_frame_saw_is_checkered_and_the_front_is_not(once_seen: BakedHead) -> None:
    def greys(yaw: float) -> int:
        picture = draw(once_seen, look_at(once_seen, yaw))
        return sum(int((picture == grey).all(-1).sum()) for grey in CHECKER)

    assert greys(0.0) < 50
    assert greys(45.0) > 1000 and greys(-45.0) > 1000


def test_more_frames_see_more_of_the_head(once_seen: BakedHead, folder: Path) -> None:
    with_all = json.loads((folder / "head.json").read_text())["head"]["share_seen"]
    assert export.share_seen(once_seen) < with_all - 0.03
    assert once_seen.seen.max() == 1


def test_depth_is_least_at_the_tip_of_the_nose(once_seen: BakedHead, head: CanonicalHead) -> None:
    view = look_at(once_seen)
    row, column = np.unravel_index(np.argmin(view.depth), view.depth.shape)
    at = view.grid_xy[row, column].round().astype(int)
    nearest = once_seen.vertices[at[1] * once_seen.grid + at[0]]
    assert np.linalg.norm(nearest - head.performance.neutral[1]) < 0.12  # landmark 1: the tip


def test_a_matte_that_misses_the_face_is_not_believed(head: CanonicalHead, once_seen: BakedHead) -> None:
    single = variant(head, "single", MEDIAPIPE_478)
    images = single.bank.images.copy()
    images[..., 3] = 0
    blind = replace(single, bank=replace(single.bank, images=images))
    assert bake(blind, MEDIAPIPE_478, side=64).cells.sum() >= once_seen.cells.sum()


def test_the_maps_of_a_head_bear_numbers_and_no_words_of_one_language(
    head: CanonicalHead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(portrait, "_write", lambda panel, text, at: written.append(text))
    export.save_head(head, MEDIAPIPE_478, tmp_path, ("coverage.png", "depth.png"))
    assert f"n / {len(head.bank)}" in written and str(len(head.bank)) in written
    assert not [text for text in written if re.search("[A-Za-z]{3}", text)]
