"""The room, the light, the camera and the materials in Blender's Cycles. Needs `bpy`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

import blender_scene as studio
from people import paint
from people.figure import Figure
from people.looks import Person, Triple
from people.strands import Body, Strands, hair, lashes, on_skin
from synthetic_head import Act, Array

bpy = studio.bpy
CAMERA_Y, CAMERA_Z = -0.27, 10.5  # dm: height and distance of the camera from the eyes at rest
LENS, SENSOR = 116.0, 36.0  # mm


def picture(name: str, values: Array, data: bool = False) -> Any:
    """values [H, W] or [H, W, 3], row 0 lowest -> an image of Blender's."""
    height, width = values.shape[:2]
    image = bpy.data.images.new(name, width, height, float_buffer=True, is_data=data)
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = values if values.ndim == 3 else values[..., None]
    image.pixels.foreach_set(rgba.ravel())
    image.pack()
    return image


class Nodes:
    """A material's nodes, made and wired by name."""

    def __init__(self, name: str) -> None:
        """A material with one Principled BSDF."""
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.shader = self.tree.nodes["Principled BSDF"]

    def new(self, kind: str, **inputs: Any) -> Any:
        """A node with values for its inputs (underscores stand for spaces)."""
        node = self.tree.nodes.new("ShaderNode" + kind)
        for key, value in inputs.items():
            node.inputs[key.replace("_", " ")].default_value = value
        return node

    def link(self, source: Any, target: Any) -> None:
        """Wire an output to an input."""
        self.tree.links.new(source, target)

    def set(self, **inputs: Any) -> None:
        """Values of the shader's inputs."""
        for key, value in inputs.items():
            self.shader.inputs[key.replace("_", " ")].default_value = value


def skin_material(person: Person) -> Any:
    """Painted colour, roughness and relief, with light that travels under the surface."""
    nodes = Nodes("skin")
    colour, rough, relief = paint.paint(person)
    uv = nodes.tree.nodes.new("ShaderNodeUVMap")
    uv.uv_map = "sheet"
    for name, values, target in (("colour", colour, "Base Color"), ("rough", rough, "Roughness"), ("relief", relief, "")):
        node = nodes.tree.nodes.new("ShaderNodeTexImage")
        node.image, node.extension = picture(name, values, data=name != "colour"), "EXTEND"
        if name == "colour":
            node.image.colorspace_settings.name = "Linear Rec.709"
        nodes.link(uv.outputs["UV"], node.inputs["Vector"])
        if target:
            nodes.link(node.outputs["Color"], nodes.shader.inputs[target])
        else:
            bump = nodes.new("Bump", Strength=0.55, Distance=0.006)
            nodes.link(node.outputs["Color"], bump.inputs["Height"])
            nodes.link(bump.outputs["Normal"], nodes.shader.inputs["Normal"])
    nodes.shader.subsurface_method = "BURLEY"
    nodes.set(Subsurface_Weight=0.55, Subsurface_Radius=(1.0, 0.36, 0.2), Subsurface_Scale=0.028, Specular_IOR_Level=0.42)
    return nodes.material


def plain_material(name: str, rough: float, coat: float = 0.0, attribute: str = "paint", under: float = 0.0) -> Any:
    """Colour from the points' attribute, a roughness, a clear coat, some light under the surface."""
    nodes = Nodes(name)
    source = nodes.tree.nodes.new("ShaderNodeAttribute")
    source.attribute_name = attribute
    nodes.link(source.outputs["Color"], nodes.shader.inputs["Base Color"])
    nodes.shader.subsurface_method = "BURLEY"
    nodes.set(Roughness=rough, Coat_Weight=coat, Coat_Roughness=0.03, Subsurface_Weight=under, Subsurface_Radius=(0.6, 0.4, 0.3), Subsurface_Scale=0.02)
    return nodes.material


def tooth_material() -> Any:
    """Teeth: painted, with dark lines between them."""
    made = plain_material("teeth", 0.22, 0.3, under=0.3)
    tree = made.node_tree
    rest, split = tree.nodes.new("ShaderNodeAttribute"), tree.nodes.new("ShaderNodeSeparateXYZ")
    rest.attribute_name = "rest"
    tree.links.new(rest.outputs["Vector"], split.inputs[0])
    value = split.outputs["X"]
    for operation, number in (("MULTIPLY", math.pi / 0.078), ("SINE", 0.0), ("ABSOLUTE", 0.0), ("POWER", 0.22)):
        node = tree.nodes.new("ShaderNodeMath")
        node.operation, node.inputs[1].default_value = operation, number
        tree.links.new(value, node.inputs[0])
        value = node.outputs[0]
    paint_node = next(node for node in tree.nodes if getattr(node, "attribute_name", "") == "paint")
    tint = tree.nodes.new("ShaderNodeVectorMath")
    tint.operation = "MULTIPLY"
    tree.links.new(paint_node.outputs["Color"], tint.inputs[0])
    tree.links.new(value, tint.inputs[1])
    tree.links.new(tint.outputs["Vector"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    return made


def hair_material() -> Any:
    """Hair as flat strips: lit as a mass by the attribute `mass`, with highlights across the attribute `along`."""
    nodes = Nodes("hair")
    colour, mass, along = (nodes.tree.nodes.new("ShaderNodeAttribute") for _ in range(3))
    colour.attribute_name, mass.attribute_name, along.attribute_name = "paint", "mass", "along"
    dull, gloss = nodes.new("BsdfDiffuse"), nodes.new("BsdfHair", RoughnessU=0.22, RoughnessV=0.75, Offset=math.radians(-4))
    gloss.component = "Reflection"
    mix = nodes.new("MixShader", Fac=0.22)
    shine = nodes.new("Mix")
    shine.data_type = "RGBA"
    shine.inputs[0].default_value = 0.25
    shine.inputs[7].default_value = (1, 1, 1, 1)
    nodes.link(colour.outputs["Color"], shine.inputs[6])
    for source, target in ((colour.outputs["Color"], dull.inputs["Color"]), (mass.outputs["Vector"], dull.inputs["Normal"]),
                           (shine.outputs[2], gloss.inputs["Color"]), (along.outputs["Vector"], gloss.inputs["Tangent"]),
                           (dull.outputs[0], mix.inputs[1]), (gloss.outputs[0], mix.inputs[2]),
                           (mix.outputs[0], nodes.tree.nodes["Material Output"].inputs["Surface"])):  # fmt: skip
        nodes.link(source, target)
    return nodes.material


def cloth_material(colour: Triple, knit: float) -> Any:
    """A dull weave with fuzz at its edges."""
    nodes = Nodes("cloth")
    where = nodes.tree.nodes.new("ShaderNodeTexCoord")
    waves = nodes.new("TexWave", Scale=26.0, Distortion=0.0, Detail=0.0)
    blotch = nodes.new("TexNoise", Scale=3.0, Detail=1.0)
    ramp = nodes.new("MapRange", From_Min=0.2, From_Max=0.8, To_Min=0.75, To_Max=1.2)
    tint = nodes.new("VectorMath")
    tint.operation, tint.inputs[0].default_value = "MULTIPLY", colour
    bump = nodes.new("Bump", Strength=0.35 * knit, Distance=0.02)
    for node in (waves, blotch):
        nodes.link(where.outputs["Object"], node.inputs["Vector"])
    nodes.link(blotch.outputs["Fac"], ramp.inputs["Value"])
    nodes.link(ramp.outputs["Result"], tint.inputs[1])
    nodes.link(tint.outputs["Vector"], nodes.shader.inputs["Base Color"])
    nodes.link(waves.outputs["Fac"], bump.inputs["Height"])
    nodes.link(bump.outputs["Normal"], nodes.shader.inputs["Normal"])
    nodes.set(Roughness=0.9, Sheen_Weight=0.35, Specular_IOR_Level=0.15)
    return nodes.material


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
        studio.move(self.made, np.stack([points - wide, points + wide], 2))
        data = self.made.data
        for name, vector in (("mass", mass), ("along", along)):
            data.attributes[name].data.foreach_set("vector", studio.flat(np.repeat(vector.reshape(-1, 3), 2, 0)))


class Actor:
    """A person in the room, who can be told to act."""

    def __init__(self, figure: Figure, hairs: int = 7000) -> None:
        """Put all parts of the figure into the scene."""
        self.figure, base, person = figure, figure.base, figure.person
        body = Body(figure)
        self.skin, self._skin = mesh("skin", base, figure.quads("body"), skin_material(person), 1)
        unroll(self.skin.data, figure.place[self._skin])
        self.parts = [self._part("teeth", "teeth", tooth_material()),
                      self._part("tongue", "tongue", plain_material("tongue", 0.35, 0.3, under=0.3))]  # fmt: skip
        wet = plain_material("eye", 0.35, 1.0)
        self.eyes = []
        for points in figure.eye_points(Act()):
            eye, _ = mesh("eye", points, figure.eye_quads, wet, 0)
            paint_points(eye.data, figure.eye_paint())
            self.eyes.append(eye)
        strand = hair_material()
        grown = hair(figure, body, hairs)
        self.loose = [Strips(grown, strand)] if grown is not None else []
        self.rooted = [Strips(made, strand) for made in (on_skin(figure, body, 90000 if person.beard else 50000), lashes(figure))]
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
            self._sweep(strips, strands.points + strands.roots.of(delta)[:, None], act)
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
    low = figure.base[quads][:, :, 1].min(1) < wear.height + 0.75
    made, index = mesh("cloth", figure.base, quads[low & (figure.base[quads][:, :, 1].max(1) < -0.9)], cloth_material(wear.colour, wear.knit), 1)
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


def room(person: Person) -> None:
    """A soft far wall and a world of light: a window, a ceiling, a floor."""
    wall, floor, day = (np.array(colour) for colour in person.room)
    rng = np.random.default_rng(person.seed + 4)
    high, wide = 128, 256
    y, x = np.mgrid[0:high, 0:wide] / np.array([high, wide])[:, None, None]
    world = floor + (wall - floor) * np.clip(y * 1.6 - 0.2, 0, 1)[..., None]
    centre = 0.25 + 0.145 * person.light  # the viewer's side; 0.25 is straight behind the camera
    window = (np.abs(x - centre) < 0.055) & (y > 0.5) & (y < 0.8)
    bars = (np.abs((x - centre) % 0.055) < 0.004) | (np.abs(y - 0.66) < 0.008)
    front = (np.abs(x - 0.25) < 0.05) & (np.abs(y - 0.53) < 0.07)  # light from beside the camera: eyes, mouth
    fill = (np.abs(x - (0.25 - 0.17 * person.light)) < 0.06) & (y > 0.42) & (y < 0.75)
    world = world * 0.8 + (window & ~bars)[..., None] * day * 25 + front[..., None] * wall * 5 + fill[..., None] * wall * 2.0
    rim = (np.abs(x - (0.75 - 0.1 * person.light)) < 0.04) & (y > 0.55) & (y < 0.85)
    world = world + rim[..., None] * day * 4
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    tree = scene.world.node_tree
    node = tree.nodes.new("ShaderNodeTexEnvironment")
    node.image = picture("world", world.astype(np.float32))
    node.image.colorspace_settings.name = "Linear Rec.709"
    tree.links.new(node.outputs["Color"], tree.nodes["Background"].inputs["Color"])
    _backdrop(person, rng)


def _backdrop(person: Person, rng: np.random.Generator) -> None:
    """What is seen behind: an out-of-focus room, painted and blurred."""
    wall, floor, day = (np.array(colour) for colour in person.room)
    size = 256
    image = np.tile(wall * 0.5, (size, size, 1))
    for _ in range(9):
        x, w, y, h = rng.integers(-40, size), rng.integers(14, 80), rng.integers(0, size), rng.integers(30, 200)
        tone = (wall, floor, floor * 0.5, wall * 1.2, day * 0.8)[rng.integers(0, 5)] * rng.uniform(0.25, 0.8)
        image[max(0, y) : y + h, max(0, x) : x + w] = tone
    image = np.stack([ndimage.gaussian_filter(image[..., c], 13, mode="nearest") for c in range(3)], -1)
    nodes = Nodes("backdrop")
    light = nodes.tree.nodes.new("ShaderNodeEmission")
    texture = nodes.tree.nodes.new("ShaderNodeTexImage")
    texture.image = picture("backdrop", image.astype(np.float32))
    texture.image.colorspace_settings.name = "Linear Rec.709"
    nodes.link(texture.outputs["Color"], light.inputs["Color"])
    nodes.link(light.outputs["Emission"], nodes.tree.nodes["Material Output"].inputs["Surface"])
    corners = np.array([[-5, -6, -8], [5, -6, -8], [5, 5, -8], [-5, 5, -8]], float)
    made, _ = mesh("backdrop", corners, np.array([[0, 1, 2, 3]]), nodes.material, 0)
    made.data.uv_layers.new(name="sheet").uv.foreach_set("vector", np.array([0, 0, 1, 0, 1, 1, 0, 1], np.float32))
    made.visible_diffuse = made.visible_glossy = made.visible_shadow = False


def open_room(person: Person, samples: int) -> None:
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
    render.use_persistent_data = True
    scene.view_settings.view_transform, scene.view_settings.look = "Filmic", "Medium High Contrast"
    scene.view_settings.exposure = 0.35


def shoot(path: Path, size: int) -> None:
    """Render the scene to a PNG file of size x size px."""
    studio.shoot(path, size, size)
