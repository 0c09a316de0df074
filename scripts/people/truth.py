"""The truth of six (subject, performer) pairs: the performance on the subject, with camera, pose, depth and masks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from people import stage, voice
from people.act import FPS
from people.objects import CAMERA_Y, CAMERA_Z
from people.plays import CLIPS
from tmt.train.heads.asset import UNIT, Act, Array, Asset, turned
from tmt.train.heads.figure import BINDING, NECK, Figure

PAIRS = (
    ("subject_1", "performer_1"), ("subject_1", "performer_3"), ("subject_2", "performer_2"),
    ("subject_3", "performer_1"), ("subject_3", "performer_4"), ("subject_4", "performer_3"),
)  # fmt: skip
FRAMES, SIZE, SAMPLES = 20, 256, 2
LABELS = ("background", "skin", "hair", "eyes", "mouth", "garment")
MATERIALS = {"skin": 1, "hair": 2, "eye": 3, "teeth": 4, "tongue": 4, "cloth": 5}  # name -> index in LABELS


def numbers(performer: str) -> list[int]:
    """The frames of a performance that are compared: even from the first to the last."""
    return np.linspace(0, CLIPS[performer].frames - 1, FRAMES).round().astype(int).tolist()


def render(asset: Asset, frames: Path) -> None:
    """Render what is missing of all pairs into the folder `frames`; one folder for each pair."""
    for subject in dict.fromkeys(subject for subject, _ in PAIRS):
        todo = [(performer, k) for one, performer in PAIRS if one == subject for k in numbers(performer)
                if not _data(frames, subject, performer, k).is_file()]  # fmt: skip
        if not todo:
            continue
        stage.open_room(CLIPS[subject].person, SAMPLES)
        actor = stage.Actor(Figure(asset, CLIPS[subject].person))
        passes = Passes(frames / "passes", actor)
        for performer, number in todo:
            path = _data(frames, subject, performer, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            one = CLIPS[performer].act(number / FPS)
            actor.perform(one)
            stage.shoot(path.with_suffix(".png"), SIZE)
            depth, label = passes.take()
            half = path.with_name(f"half-{path.name}")
            np.savez_compressed(half, depth=depth, label=label, **facts(actor.figure, one, number))
            os.replace(half, path)


def _data(frames: Path, subject: str, performer: str, number: int) -> Path:
    return frames / f"{subject}-by-{performer}" / f"{number:04d}.npz"


def facts(figure: Figure, one: Act, number: int) -> dict[str, Array]:
    """What is known of a frame without rendering it: pose, expression, landmarks, in head units and camera axes."""
    unit = head_unit(figure)
    upright = figure.expressed(one)
    points = figure.moved(upright, figure.base, one)
    bound = np.load(BINDING)
    marks = (points[bound["corners"]] * bound["share"][..., None]).sum(1)
    irises = [figure.moved(ball[:1], ball[:1], one) for ball in figure.eye_points(one)]
    axes = np.diag([1.0, -1.0, -1.0])  # ours: y up, z to the camera; the camera's: y down, z forward
    turn = turned(np.eye(3), np.zeros(3), one.turn).T
    origin = turned(np.zeros((1, 3)), NECK, one.turn) + np.array(one.shift)
    return {
        "number": np.array(number), "rotation": axes @ turn @ axes, "translation": _camera(origin, unit)[0],
        "landmarks": _camera(np.concatenate([marks, *irises[::-1]]), unit).astype(np.float32),
        "expression": np.array([one.units.get(name, 0.0) for name in units(figure.asset)], np.float32),
        "gaze": np.array(one.gaze[:2]), "unit_dm": np.array(unit),
    }  # fmt: skip


def units(asset: Asset) -> list[str]:
    """Names of the expression units, in the order of their weights."""
    return [name[len(UNIT) :] for name in asset.targets if name.startswith(UNIT)]


def head_unit(figure: Figure) -> float:
    """Distance between the outer corners of the eyes at rest, dm: the unit of length of the head."""
    bound = np.load(BINDING)
    marks = (figure.base[bound["corners"]] * bound["share"][..., None]).sum(1)
    return float(np.linalg.norm(marks[33] - marks[263]))


def _camera(points: Array, unit: float) -> Array:
    """points [N, 3] of the scene, dm -> the camera's axes (x right, y down, z forward), head units."""
    out: Array = (points - [0, CAMERA_Y, CAMERA_Z]) * [1, -1, -1] / unit
    return out


class Passes:
    """Depth and labels at the pixels' centres: one ray each, without the filter that smooths a picture."""

    def __init__(self, folder: Path, actor: stage.Actor) -> None:
        """Number the materials and let Blender write both passes into `folder`."""
        self.folder, self.actor = folder, actor
        for material in stage.bpy.data.materials:
            material.pass_index = MATERIALS.get(material.name, 0)
        layer = stage.bpy.context.view_layer
        layer.use_pass_z = layer.use_pass_material_index = True

    def take(self) -> tuple[Array, Array]:
        """Depth [H/2, W/2] float16, head units (0: nothing), at the centres of every second pixel; labels [H, W]."""
        scene = stage.bpy.context.scene
        render, cycles = scene.render, scene.cycles
        before = cycles.samples, cycles.use_denoising, cycles.pixel_filter_type, cycles.filter_width, render.filepath
        cycles.samples, cycles.use_denoising, cycles.pixel_filter_type = 1, False, "BOX"
        cycles.filter_width = 0.01
        self._write_passes(scene)
        stage.bpy.ops.render.render()
        scene.use_nodes = False
        cycles.samples, cycles.use_denoising, cycles.pixel_filter_type, cycles.filter_width, render.filepath = before
        depth, index = (self._read(name) for name in ("depth", "label"))
        label = np.round(index).astype(np.uint8)
        depth = np.where(label > 0, depth / head_unit(self.actor.figure), 0)
        return depth[1::2, 1::2].astype(np.float16), label

    def _write_passes(self, scene: Any) -> None:
        """Nodes that write both passes as OpenEXR files."""
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        layers, file = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeOutputFile")
        file.base_path, file.format.file_format, file.format.color_depth = str(self.folder), "OPEN_EXR", "32"
        file.file_slots.clear()
        for name, source in (("depth", "Depth"), ("label", "IndexMA")):
            file.file_slots.new(name)
            tree.links.new(layers.outputs[source], file.inputs[name])

    def _read(self, name: str) -> Array:
        path = next(self.folder.glob(f"{name}*.exr"))
        image = stage.bpy.data.images.load(str(path))
        width, height = image.size
        pixels = np.empty(width * height * image.channels, np.float32)
        image.pixels.foreach_get(pixels)
        stage.bpy.data.images.remove(image)
        path.unlink()
        out: Array = pixels.reshape(height, width, -1)[::-1, :, 0]
        return out


def pack(asset: Asset, frames: Path, out: Path) -> None:
    """What is shipped of all pairs: `<pair>.npz`, the facts of all frames in arrays, and `<pair>.mp4`, the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    for subject, performer in PAIRS:
        paths = [_data(frames, subject, performer, number) for number in numbers(performer)]
        facts_of = [dict(np.load(path)) for path in paths]
        arrays = {name: np.stack([one[name] for one in facts_of]) for name in facts_of[0]}
        arrays |= {
            "focal_px": np.array(stage.LENS / stage.SENSOR * SIZE),
            "centre_px": np.array([SIZE / 2, SIZE / 2]),
            "labels": np.array(LABELS),
            "expression_names": np.array(units(asset)),
            "unit_dm": arrays["unit_dm"][0],
        }
        half = out / f"half-{subject}-by-{performer}.npz"
        np.savez_compressed(half, **arrays)
        os.replace(half, out / f"{subject}-by-{performer}.npz")
        voice.pictures([path.with_suffix(".png") for path in paths], out / f"{subject}-by-{performer}.mp4")
