"""A studio in Blender's Cycles: painted surfaces and strands, three lamps, a textured wall, a camera. Needs `bpy`."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
Triple = tuple[float, float, float]


def need(module: str, package: str) -> Any:
    """A module that is no requirement of the project itself, or one line on how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SystemExit(f"{module} cannot be loaded ({error}). On Python 3.11: pip install '{package}'") from None


bpy = need("bpy", "bpy==4.5.*")


def flat(points: Array) -> Array:
    """points [*, 3] (y up, z to the camera) as Blender wants them (z up, y away), flat float32."""
    p = points.reshape(-1, 3)
    return np.stack([p[:, 0], -p[:, 2], p[:, 1]], 1).astype(np.float32).ravel()


def material(scale: float, depth: float, rough: float) -> Any:
    """Material of the attribute `paint`, mottled by +-depth with noise that sticks to the attribute `rest`."""
    made = bpy.data.materials.new("painted")
    made.use_nodes = True
    nodes, link = made.node_tree.nodes, made.node_tree.links.new
    kinds = ("Attribute", "Attribute", "TexNoise", "MapRange", "VectorMath")
    paint, rest, noise, blend, times = (nodes.new("ShaderNode" + kind) for kind in kinds)
    paint.attribute_name, rest.attribute_name, times.operation = "paint", "rest", "MULTIPLY"
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = scale, 4
    for name, value in (("From Min", 0.3), ("From Max", 0.7), ("To Min", 1 - depth), ("To Max", 1 + depth)):
        blend.inputs[name].default_value = value
    link(rest.outputs["Vector"], noise.inputs["Vector"])
    link(noise.outputs["Fac"], blend.inputs["Value"])
    link(paint.outputs["Color"], times.inputs[0])
    link(blend.outputs["Result"], times.inputs[1])
    link(times.outputs["Vector"], nodes["Principled BSDF"].inputs["Base Color"])
    nodes["Principled BSDF"].inputs["Roughness"].default_value = rough
    return made


def _paint(data: Any, rest: Array, colour: Array) -> None:
    """Attach `rest` [N, 3] and `paint` [N, 3] to the points of a mesh or of hair curves."""
    data.attributes.new("rest", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", rest.astype(np.float32).ravel())
    rgba = np.concatenate([colour, np.ones((len(rest), 1))], 1).astype(np.float32)
    data.attributes.new("paint", "FLOAT_COLOR", "POINT").data.foreach_set("color", rgba.ravel())


def _place(data: Any, materials: tuple[Any, ...] = ()) -> Any:
    """Put a mesh, hair curves, a lamp or a camera into the scene."""
    for one in materials:
        data.materials.append(one)
    made = bpy.data.objects.new("thing", data)
    bpy.context.scene.collection.objects.link(made)
    return made


def add_surface(points: Array, quads: Array, colour: Array, slots: Array, materials: tuple[Any, ...]) -> Any:
    """A smooth, subdivided mesh: points and colour [N, 3], quads [F, 4], slots [F] picks each quad's material."""
    mesh = bpy.data.meshes.new("surface")
    faces = [list(dict.fromkeys(quad)) for quad in quads.tolist()]  # a repeated last index makes a triangle
    mesh.from_pydata(flat(points).reshape(-1, 3).tolist(), [], faces)
    made = _place(mesh, materials)
    mesh.polygons.foreach_set("use_smooth", [True] * len(faces))
    mesh.polygons.foreach_set("material_index", slots.astype(np.int32))
    _paint(mesh, points, colour)
    made.modifiers.new("smooth", "SUBSURF").render_levels = 1
    return made


def add_strands(strands: Array, colour: Triple, radius: float) -> Any:
    """Hairs [S, P, 3] of one colour, thinner towards the tip."""
    curves = bpy.data.hair_curves.new("strands")
    curves.add_curves([strands.shape[1]] * len(strands))
    taper = np.linspace(1, 0.3, strands.shape[1]) * radius
    curves.points.foreach_set("radius", np.tile(taper, len(strands)).astype(np.float32))
    made = _place(curves, (material(6.0, 0.5, 0.6),))
    rest = np.repeat(strands[:, :1], strands.shape[1], 1).reshape(-1, 3)
    _paint(curves, rest, np.tile(np.array(colour), (len(rest), 1)))
    move(made, strands)
    return made


def move(made: Any, points: Array) -> None:
    """Give a surface or strands new points, as many as before."""
    made.data.attributes["position"].data.foreach_set("vector", flat(points))
    if made.type == "MESH":
        made.data.update()  # normals are kept from the frame before otherwise
    made.data.update_tag()


def _lamp(place: Triple, energy: float, size: float) -> None:
    """An area lamp (place as x right, y away, z up; decimetres) that looks at the origin."""
    lamp = bpy.data.lights.new("lamp", "AREA")
    lamp.energy, lamp.size = energy, size
    made = _place(lamp)
    made.location = place
    x, y, z = place
    made.rotation_euler = (math.atan2(math.hypot(x, y), z), 0, math.atan2(y, x) + math.pi / 2)


def open_studio(wall: Triple, lens: float = 100.0) -> None:
    """An empty scene with lamps, a mottled wall of colour `wall` and a camera (36 mm sensor) 10 dm from the origin."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    corners = np.array([[-9, -7, -4], [9, -7, -4], [9, 7, -4], [-9, 7, -4]], float)
    quad, colour = np.array([[0, 1, 2, 3]]), np.tile(np.array(wall), (4, 1))
    add_surface(corners, quad, colour, np.zeros(1), (material(0.7, 0.5, 0.9),))
    for place, energy, size in (((4, -6, 3.5), 380, 3), ((-5, -5, 1), 160, 4), ((0, 4, 4), 120, 3)):
        _lamp(place, energy, size)
    camera = _place(bpy.data.cameras.new("camera"))
    camera.data.lens, camera.location, camera.rotation_euler = lens, (0, -10, -0.3), (math.radians(90), 0, 0)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.3, 0.33, 0.36, 1)
    scene.render.engine, scene.cycles.samples, scene.cycles.max_bounces = "CYCLES", 12, 3
    scene.cycles.use_denoising, scene.cycles.denoising_quality = True, "FAST"
    scene.render.use_persistent_data = True
    scene.view_settings.view_transform = "Standard"


def shoot(path: Path, width: int, height: int) -> None:
    """Render the scene to a PNG file."""
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y, render.filepath = width, height, str(path)
    render.image_settings.color_mode = "RGB"
    bpy.ops.render.render(write_still=True)
