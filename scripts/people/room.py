"""The room behind a person, and the light in it: a window, a ceiling, a floor. Needs `bpy`."""

from __future__ import annotations

import blender_scene as studio
import numpy as np
from scipy import ndimage

from people.materials import Nodes, picture
from people.objects import mesh
from tmt.train.heads.looks import Person

bpy = studio.bpy


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
    world = world * 0.8 + (window & ~bars)[..., None] * day * 25
    world = world + front[..., None] * wall * 5 + fill[..., None] * wall * 2.0
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
