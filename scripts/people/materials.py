"""Materials in Blender's Cycles: skin, teeth, eyes, hair, cloth. Needs `bpy`."""

from __future__ import annotations

import math
from typing import Any

import blender_scene as studio
import numpy as np

from tmt.train.heads import paint
from tmt.train.heads.asset import Array, Triple
from tmt.train.heads.looks import Person

bpy = studio.bpy


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
    maps = (("colour", colour, "Base Color"), ("rough", rough, "Roughness"), ("relief", relief, ""))
    for name, values, target in maps:
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
    nodes.set(Subsurface_Weight=0.55, Subsurface_Radius=(1.0, 0.36, 0.2), Subsurface_Scale=0.028)
    nodes.set(Specular_IOR_Level=0.42)
    return nodes.material


def plain_material(name: str, rough: float, coat: float = 0.0, attribute: str = "paint", under: float = 0.0) -> Any:
    """Colour from the points' attribute, a roughness, a clear coat, some light under the surface."""
    nodes = Nodes(name)
    source = nodes.tree.nodes.new("ShaderNodeAttribute")
    source.attribute_name = attribute
    nodes.link(source.outputs["Color"], nodes.shader.inputs["Base Color"])
    nodes.shader.subsurface_method = "BURLEY"
    nodes.set(Roughness=rough, Coat_Weight=coat, Coat_Roughness=0.03)
    nodes.set(Subsurface_Weight=under, Subsurface_Radius=(0.6, 0.4, 0.3), Subsurface_Scale=0.02)
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
    dull = nodes.new("BsdfDiffuse")
    gloss = nodes.new("BsdfHair", RoughnessU=0.22, RoughnessV=0.75, Offset=math.radians(-4))
    gloss.component = "Reflection"
    mix = nodes.new("MixShader", Fac=0.22)
    shine = nodes.new("Mix")
    shine.data_type = "RGBA"
    shine.inputs[0].default_value = 0.25
    shine.inputs[7].default_value = (1, 1, 1, 1)
    nodes.link(colour.outputs["Color"], shine.inputs[6])
    wires = (
        (colour.outputs["Color"], dull.inputs["Color"]),
        (mass.outputs["Vector"], dull.inputs["Normal"]),
        (shine.outputs[2], gloss.inputs["Color"]),
        (along.outputs["Vector"], gloss.inputs["Tangent"]),
        (dull.outputs[0], mix.inputs[1]),
        (gloss.outputs[0], mix.inputs[2]),
        (mix.outputs[0], nodes.tree.nodes["Material Output"].inputs["Surface"]),
    )
    for source, target in wires:
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
