"""A person before the camera: put together, told to act, photographed. Needs `bpy`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import blender_scene as studio
import numpy as np

from people import materials
from people.files import check_picture
from people.objects import CAMERA_Y, CAMERA_Z, Strips, mesh, paint_points, unroll
from people.room import room
from tmt.train.heads.asset import Act, Array
from tmt.train.heads.figure import Figure
from tmt.train.heads.lashes import lashes
from tmt.train.heads.looks import Person
from tmt.train.heads.strands import Body, hair, on_skin

bpy = studio.bpy
LENS, SENSOR = 116.0, 36.0  # mm


class Actor:
    """A person in the room, who can be told to act."""

    def __init__(self, figure: Figure, hairs: int = 7000) -> None:
        """Put all parts of the figure into the scene."""
        self.figure, base, person = figure, figure.base, figure.person
        body = Body(figure)
        self.skin, self._skin = mesh("skin", base, figure.quads("body"), materials.skin_material(person), 1)
        unroll(self.skin.data, figure.place[self._skin])
        self.parts = [
            self._part("teeth", "teeth", materials.tooth_material()),
            self._part("tongue", "tongue", materials.plain_material("tongue", 0.35, 0.3, under=0.3)),
        ]
        wet = materials.plain_material("eye", 0.35, 1.0)
        self.eyes = []
        for points in figure.eye_points(Act()):
            eye, _ = mesh("eye", points, figure.eye_quads, wet, 0)
            paint_points(eye.data, figure.eye_paint())
            self.eyes.append(eye)
        strand = materials.hair_material()
        grown = hair(figure, body, hairs)
        self.loose = [Strips(grown, strand)] if grown is not None else []
        short = on_skin(figure, body, 90000 if person.beard else 50000), lashes(figure)
        self.rooted = [Strips(made, strand) for made in short]
        self.cloth = dress(figure)
        position = np.empty(len(self.cloth.data.vertices) * 3, np.float32)
        self.cloth.data.vertices.foreach_get("co", position)
        x, y, z = position.reshape(-1, 3).astype(float).T
        self._cloth = np.stack([x, z, -y], 1)

    def _part(self, name: str, word: str, material: Any) -> tuple[Any, Array]:
        figure = self.figure
        quads = figure.quads(word)
        made, index = mesh(name, figure.base, quads, material, 1)
        colour = figure.tooth_paint(quads) if name == "teeth" else np.tile([0.42, 0.13, 0.12], (len(figure.base), 1))
        paint_points(made.data, colour[index])
        rest = made.data.attributes.new("rest", "FLOAT_VECTOR", "POINT")
        rest.data.foreach_set("vector", figure.base[index].astype(np.float32).ravel())
        return made, index

    def perform(self, act: Act) -> None:
        """Take the pose and the expression of a frame."""
        figure = self.figure
        upright = figure.expressed(act)
        points = figure.moved(upright, figure.base, act)
        for made, index in [(self.skin, self._skin), *self.parts]:
            studio.move(made, points[index])
        studio.move(self.cloth, figure.moved(self._cloth, self._cloth, act))
        for eye, ball in zip(self.eyes, figure.eye_points(act), strict=True):
            studio.move(eye, figure.moved(ball, ball, act))
        delta = upright - figure.base
        for strips in self.rooted:
            strands = strips.strands
            carried = strands.roots.of(delta)[:, None] if strands.roots else 0.0
            self._sweep(strips, strands.points + carried, act)
        for strips in self.loose:
            self._sweep(strips, strips.strands.points, act)

    def _sweep(self, strips: Strips, upright: Array, act: Act) -> None:
        """Move strands [S, P, 3] with the head."""
        rest = strips.strands.points
        points = self.figure.moved(upright, rest, act)
        mass = self.figure.moved(upright + strips.strands.mass, rest, act) - points
        strips.move(points, mass)


def dress(figure: Figure) -> Any:
    """A garment: the skin below a tilted neckline, a little larger, with thickness at its edge."""
    import bmesh

    wear = figure.person.wear
    quads = figure.quads("body")
    heights = figure.base[quads][:, :, 1]
    low = quads[(heights.min(1) < wear.height + 0.75) & (heights.max(1) < -0.9)]
    made, _ = mesh("cloth", figure.base, low, materials.cloth_material(wear.colour, wear.knit), 1)
    work = bmesh.new()
    work.from_mesh(made.data)
    normal = np.array([0, -wear.slope, 1.0])
    front = (0, -0.1, wear.height)
    geometry = [*work.verts, *work.edges, *work.faces]
    bmesh.ops.bisect_plane(work, geom=geometry, plane_co=front, plane_no=normal.tolist(), clear_outer=True)
    work.normal_update()
    for vertex in work.verts:
        vertex.co += vertex.normal * (0.055 + 0.1 * 0.5 * max(0.0, min(1.0, (wear.height - 0.35 - vertex.co.z) / 0.6)))
    work.to_mesh(made.data)
    work.free()
    thick = made.modifiers.new("thick", "SOLIDIFY")
    thick.thickness, thick.offset = 0.07, 0.6
    made.modifiers.move(1, 0)
    return made


def open_room(person: Person, samples: int, compression: int = 15) -> None:
    """An empty scene with the person's room and light, and the camera."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    camera.data.lens, camera.data.sensor_width = LENS, SENSOR
    camera.location, camera.rotation_euler = (0, -CAMERA_Z, CAMERA_Y), (math.radians(90), 0, 0)
    scene.camera = camera
    room(person)
    render, cycles = scene.render, scene.cycles
    render.engine, cycles.samples, cycles.max_bounces = "CYCLES", samples, 1
    cycles.diffuse_bounces = cycles.glossy_bounces = 1
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.use_denoising, cycles.denoiser, cycles.denoising_quality = True, "OPENIMAGEDENOISE", "FAST"
    cycles.denoising_input_passes, cycles.denoising_prefilter = "RGB_ALBEDO_NORMAL", "FAST"
    cycles.use_adaptive_sampling, cycles.sample_clamp_indirect = False, 4.0
    render.use_persistent_data, render.image_settings.compression = True, compression
    scene.view_settings.view_transform, scene.view_settings.look = "Filmic", "Medium High Contrast"
    scene.view_settings.exposure = 0.35


def shoot(path: Path, size: int) -> None:
    """Render the scene to a PNG file of size x size px; OSError where it could not be written whole."""
    studio.shoot(path, size, size)
    check_picture(path)
