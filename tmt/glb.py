"""A textured mesh as binary glTF 2.0, the one-file 3D format that browsers, Blender and phones open.

Written by hand: the format is a JSON header and one block of bytes (https://www.khronos.org/gltf, chapter 4).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

import numpy as np

from tmt._version import __version__
from tmt.types import Array

MAGIC, VERSION, JSON_CHUNK, BIN_CHUNK = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
FLOAT, USHORT, UINT = 5126, 5123, 5125  # component types
VERTICES, INDICES = 34962, 34963  # what a buffer view is for
LINEAR, MIPMAPS, CLAMP = 9729, 9987, 33071  # how the texture is read


@dataclass(frozen=True)
class Mesh:
    """Axes as in glTF: x to the person's left, y up, z out of the face; triangles counter-clockwise from outside.

    positions [V, 3] metres; normals [V, 3] of length 1; uv [V, 2] 0..1 from the top left; triangles [N, 3] int.
    """

    positions: Array
    normals: Array
    uv: Array
    triangles: Array


class _Buffer:
    """The block of bytes and the views on it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, int]] = []
        self.accessors: list[dict[str, object]] = []

    def view(self, data: bytes, target: int | None = None) -> int:
        """Append bytes, aligned to 4; the index of their view."""
        self.data += b"\0" * (-len(self.data) % 4)
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)}
        self.views.append(view if target is None else {**view, "target": target})
        self.data += data
        return len(self.views) - 1

    def accessor(self, values: Array, component: int, kind: str, target: int, bounds: bool = False) -> int:
        """Append numbers [N] or [N, C]; the index of their accessor."""
        accessor: dict[str, object] = {
            "bufferView": self.view(values.tobytes(), target), "componentType": component, "count": len(values),
            "type": kind,
        }
        if bounds:
            accessor |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def to_glb(mesh: Mesh, texture: bytes, cutoff: float, comment: str) -> bytes:
    """The whole file. texture: a PNG with alpha, which is cut out below `cutoff`; comment: kept in the file."""
    buffer = _Buffer()
    small = len(mesh.positions) < 0xFFFF  # the highest index is reserved
    little = [np.ascontiguousarray(values, "<f4") for values in (mesh.positions, mesh.normals, mesh.uv)]
    attributes = {
        "POSITION": buffer.accessor(little[0], FLOAT, "VEC3", VERTICES, bounds=True),
        "NORMAL": buffer.accessor(little[1], FLOAT, "VEC3", VERTICES),
        "TEXCOORD_0": buffer.accessor(little[2], FLOAT, "VEC2", VERTICES),
    }
    flat = np.ascontiguousarray(mesh.triangles.ravel(), "<u2" if small else "<u4")
    indices = buffer.accessor(flat, USHORT if small else UINT, "SCALAR", INDICES)
    image = buffer.view(texture)
    document = {
        "asset": {"version": "2.0", "generator": f"tmt {__version__}", "extras": {"comment": comment}},
        "extensionsUsed": ["KHR_materials_unlit"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "head", "mesh": 0}],
        "meshes": [{"name": "head", "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]}],
        "materials": [_material(cutoff)],
        "textures": [{"sampler": 0, "source": 0}],
        "images": [{"name": "skin", "mimeType": "image/png", "bufferView": image}],
        "samplers": [{"magFilter": LINEAR, "minFilter": MIPMAPS, "wrapS": CLAMP, "wrapT": CLAMP}],
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data)}],
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    chunks = _chunk(JSON_CHUNK, text, b" ") + _chunk(BIN_CHUNK, bytes(buffer.data), b"\0")
    return struct.pack("<III", MAGIC, VERSION, 12 + len(chunks)) + chunks


def _material(cutoff: float) -> dict[str, object]:
    """Shown as filmed: its light is in the texture already. Viewers without the extension see a matt surface."""
    return {
        "name": "skin",
        "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 1.0},
        "alphaMode": "MASK",
        "alphaCutoff": cutoff,
        "doubleSided": True,
        "extensions": {"KHR_materials_unlit": {}},
    }


def _chunk(kind: int, data: bytes, pad: bytes) -> bytes:
    data += pad * (-len(data) % 4)
    return struct.pack("<II", len(data), kind) + data
