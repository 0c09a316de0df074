"""Surfaces and strands as objects of Blender's, with what their materials read from them. Needs `bpy`."""

from __future__ import annotations

from typing import Any

import blender_scene as studio
import numpy as np

from tmt.train.heads import paint
from tmt.train.heads.asset import Array
from tmt.train.heads.strands import Strands

bpy = studio.bpy
CAMERA_Y, CAMERA_Z = -0.27, 10.5  # dm: height and distance of the camera from the eyes at rest


def mesh(name: str, points: Array, quads: Array, material: Any, levels: int) -> tuple[Any, Array]:
    """A smooth surface of some of the points -> the object and the indices of its points."""
    index, inverse = np.unique(quads, return_inverse=True)
    faces = [list(dict.fromkeys(quad)) for quad in inverse.reshape(quads.shape).tolist()]
    data = bpy.data.meshes.new(name)
    data.from_pydata(studio.flat(points[index]).reshape(-1, 3).tolist(), [], faces)
    data.materials.append(material)
    data.polygons.foreach_set("use_smooth", [True] * len(faces))
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    if levels:
        subdivision = made.modifiers.new("smooth", "SUBSURF")
        subdivision.levels = subdivision.render_levels = levels
    return made, index


def paint_points(data: Any, colour: Array) -> None:
    """Attach `paint` [N, 3] to points."""
    rgba = np.concatenate([colour, np.ones((len(colour), 1))], 1).astype(np.float32)
    data.attributes.new("paint", "FLOAT_COLOR", "POINT").data.foreach_set("color", rgba.ravel())


def unroll(data: Any, place: Array) -> None:
    """Attach texture coordinates: places on the sheet [N, 2] of the points, without a jump at the back of the head."""
    corner = np.empty(len(data.loops), np.int32)
    data.loops.foreach_get("vertex_index", corner)
    face = np.repeat(np.arange(len(data.polygons)), [len(p.vertices) for p in data.polygons])
    across = place[corner, 0]
    first = across[np.searchsorted(face, np.arange(len(data.polygons)))][face]
    turn = 2 * np.pi * paint.RADIUS
    across = across - turn * np.round((across - first) / turn)
    uv = paint.texture(np.stack([across, place[corner, 1]], 1)).astype(np.float32)
    data.uv_layers.new(name="sheet").uv.foreach_set("vector", uv.ravel())


class Strips:
    """Strands as strips of quads that face the camera."""

    def __init__(self, strands: Strands, material: Any) -> None:
        """Strips of the strands' colours."""
        self.strands = strands
        many, points = strands.points.shape[:2]
        base = (np.arange(many)[:, None] * points + np.arange(points - 1)).ravel() * 2
        quads = np.stack([base, base + 1, base + 3, base + 2], 1)
        data = bpy.data.meshes.new("strands")
        data.vertices.add(many * points * 2)
        data.loops.add(quads.size)
        data.polygons.add(len(quads))
        data.loops.foreach_set("vertex_index", quads.ravel().astype(np.int32))
        data.polygons.foreach_set("loop_start", np.arange(0, quads.size, 4, dtype=np.int32))
        data.update(calc_edges=True)
        data.materials.append(material)
        self.made = bpy.data.objects.new("strands", data)
        bpy.context.scene.collection.objects.link(self.made)
        shade = np.linspace(0.72, 1.08, points)[:, None]  # roots lie deeper than tips
        paint_points(data, np.repeat((strands.colour[:, None] * shade).reshape(-1, 3), 2, 0))
        for name in ("mass", "along"):
            data.attributes.new(name, "FLOAT_VECTOR", "POINT")

    def move(self, points: Array, mass: Array) -> None:
        """New points [S, P, 3]; mass [S, P, 3]: the direction out of the mass of hair."""
        along = np.gradient(points, axis=1)
        along /= np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-9)
        sight = np.array([0, CAMERA_Y, CAMERA_Z]) - points
        across = np.cross(along, sight)
        across /= np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-9)
        wide = across * self.strands.radius[:, None]
        data = self.made.data
        for name, vector in (("mass", mass), ("along", along)):
            data.attributes[name].data.foreach_set("vector", studio.flat(np.repeat(vector.reshape(-1, 3), 2, 0)))
        studio.move(self.made, np.stack([points - wide, points + wide], 2))
