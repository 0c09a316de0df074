"""BakedHead and Back -> one closed mesh with one picture on it: what 3D viewers show.

Before lies the sheet, as filmed; behind it a core, closed on all sides: the back of the head, a lining close behind the
sheet, which is seen where the jaw overhangs the neck, and the cut through the neck.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from tmt.bake import TEXTURE, BakedHead, cut_level
from tmt.geometry import smoothstep
from tmt.glb import Mesh
from tmt.topology import Topology
from tmt.types import Array, Back, CanonicalHead

GUTTER = 8  # px on both sides of where the two pictures meet: smaller copies of them must not mix them
STRIP = TEXTURE - 2 * GUTTER  # px of the width for the back of the head: together a power of two
SEAM, BEYOND = 0.14, 0.04  # head units inside and outside the outline where the sheet's colours become the back's
ROUND = 2.0  # rows over which the back's depth is evened out
TUCK = 0.04  # head units from the sheet to the back's edge
UNDER, THROAT = 0.15, 0.02  # head units from the sheet to the lining: behind the face, behind the throat
RIM, DEEP = 0.06, 0.10  # head units from a sheet's outline: mixed with what was behind it; the person's own for certain
ALIKE = (0.10, 0.25)  # colours that differ by so much are still, and no more, of one surface


def to_mesh(
    head: CanonicalHead, baked: BakedHead, topology: Topology, metres: float, origin: Array
) -> tuple[Mesh, Array]:
    """The head's mesh, `metres` per head unit around `origin` [3] (head units), and its picture [H, W, 4] uint8."""
    mesh, texture = _sheet(baked), baked.texture
    if head.back is not None:
        back = _tucked(_cut(head.back, cut_level(head.performance.neutral, topology)), baked)
        chin = float(head.performance.neutral[topology.chin, 1])
        share = len(texture) / (len(texture) + 2 * GUTTER + STRIP)
        front = _joined(mesh, _lined(back, baked, chin))
        mesh = _joined(_beside(front, 0, share), _beside(_behind(back), 1, STRIP / len(texture) * share))
        texture = _atlas(_without_seam(baked, back), back)
    towards = np.array([1, -1, -1], np.float32)  # canonical y down, z into the picture; glTF y up, z to the viewer
    positions = ((mesh.positions - origin) * metres * towards).astype(np.float32)
    return Mesh(positions, (mesh.normals * towards).astype(np.float32), mesh.uv, mesh.triangles), texture


def _sheet(baked: BakedHead) -> Mesh:
    """The cells of the sheet that are the head's, in head units, seen from before."""
    rows, columns = np.indices((baked.grid, baked.grid))
    uv = baked.uv(np.stack([columns, rows], -1).astype(np.float32))
    return _grid(baked.vertices.reshape(baked.grid, baked.grid, 3), uv, baked.cells)


def _cut(back: Back, level: float) -> Back:
    """The back down to a level, its depth evened out."""
    rows, own = len(back.vertices), back.vertices[:, 0, 1]
    at = np.interp(np.linspace(own[0], min(level, own[-1]), rows), own, np.arange(rows)).astype(np.float32)
    smooth = back.vertices.copy()
    smooth[..., 2] = gaussian_filter1d(smooth[..., 2], ROUND, axis=0, mode="nearest")
    x = np.arange(back.vertices.shape[1], dtype=np.float32)
    vertices = cv2.remap(smooth, *np.meshgrid(x, at), cv2.INTER_LINEAR)
    side = len(back.colours)
    lines = np.interp(np.linspace(0, rows - 1, side), np.arange(rows), at) * (side - 1) / (rows - 1)
    where = np.meshgrid(np.arange(side, dtype=np.float32), lines.astype(np.float32))
    return Back(vertices, back.head, cv2.remap(back.colours, *where, cv2.INTER_LINEAR), back.solid)


def _tucked(back: Back, baked: BakedHead) -> Back:
    """The back nowhere before the sheet: its edge runs along the crease between cheek and ear."""
    vertices = back.vertices.copy()
    depth, _ = _on_sheet(baked, vertices[..., 0], vertices[..., 1])
    vertices[..., 2] = np.maximum(vertices[..., 2], depth + TUCK)
    return replace(back, vertices=vertices)


def _on_sheet(baked: BakedHead, x: Array, y: Array) -> tuple[Array, Array]:
    """The sheet's depth [*] at x, y [*] head units, and the places [*, 2] in its picture."""
    sheet = baked.vertices.reshape(baked.grid, baked.grid, 3).astype(np.float32)
    columns = np.interp(x, sheet[0, :, 0], np.arange(baked.grid)).astype(np.float32)
    rows = np.interp(y, sheet[:, 0, 1], np.arange(baked.grid)).astype(np.float32)
    depth = cv2.remap(sheet[..., 2], columns, rows, cv2.INTER_LINEAR)
    return np.asarray(depth), np.clip(baked.uv(np.stack([columns, rows], -1)), 0, 1)


def _behind(back: Back) -> Mesh:
    """The back of the head, in head units, seen from behind; its colours are its picture."""
    rows, columns = back.vertices.shape[:2]
    uv = np.stack(np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows)), -1)
    return _turned(_grid(back.vertices, uv, np.ones((rows - 1, columns - 1), bool)))


def _lined(back: Back, baked: BakedHead, chin: float) -> Mesh:
    """The lining, from one edge of the back to the other, and what joins them at the crown and through the neck."""
    lining, uv = _inside(back, baked, chin)
    lid, floor = (np.stack(rows) for rows in ((back.vertices[0], lining[0]), (lining[-1], back.vertices[-1])))
    mesh = _grid(lining, uv, np.ones((lining.shape[0] - 1, lining.shape[1] - 1), bool))
    for part, places in ((lid, uv[[0, 0]]), (floor, uv[[-1, -1]])):
        mesh = _joined(mesh, _grid(part, places, np.ones((1, part.shape[1] - 1), bool)))
    return mesh


def _inside(back: Back, baked: BakedHead, chin: float) -> tuple[Array, Array]:
    """The lining's vertices [R, C, 3] and their places in the sheet's picture [R, C, 2]."""
    x, y = back.vertices[..., 0], back.vertices[..., 1]
    depth, places = _on_sheet(baked, x, y)
    depth = depth + UNDER + (THROAT - UNDER) * smoothstep((y - chin) / 0.2)
    share = np.sqrt(np.sin(np.linspace(0, np.pi, x.shape[1])))
    right, left = back.vertices[:, :1, 2], back.vertices[:, -1:, 2]
    edge = right + np.linspace(0, 1, x.shape[1]) * (left - right)
    z = np.minimum(edge + (depth - edge) * share, back.vertices[..., 2])
    return np.stack([x, y, z], -1).astype(np.float32), places


def _without_seam(baked: BakedHead, back: Back) -> Array:
    """The sheet's picture [S, S, 4] uint8, whose colours become the back's towards the outline that both share: there
    pixels are mixed with what was behind them. Where the back is of other stuff, hair behind a jaw, they become those
    that lie further inside."""
    columns, rows = baked.ticks(len(baked.texture))
    sheet = baked.vertices.reshape(baked.grid, baked.grid, 3).astype(np.float32)
    x, y = np.moveaxis(cv2.remap(sheet[..., :2], *np.meshgrid(columns, rows), cv2.INTER_LINEAR), -1, 0)
    level = back.vertices[:, 0, 1]
    low, high = (np.interp(y, level, back.vertices[:, edge, 0]) for edge in (0, -1))
    turn = np.arccos(np.clip(((low + high) / 2 - x) / np.maximum((high - low) / 2, 1e-3), -1, 1)) / np.pi
    row = np.interp(y, level, np.linspace(0, 1, len(level)))
    last = len(back.colours) - 1
    behind = cv2.remap(back.colours, *((v * last).astype(np.float32) for v in (turn, row)), cv2.INTER_LINEAR)
    unit = float(np.median(np.diff(columns)) * np.median(np.diff(sheet[0, :, 0])))
    away, deep = _carried(baked.texture, round(DEEP / unit))
    alike = smoothstep((ALIKE[1] - np.linalg.norm(deep - behind, axis=-1)) / (ALIKE[1] - ALIKE[0]))
    alike = cv2.blur(alike.astype(np.float32), (round(DEEP / unit),) * 2)[..., None]
    inside = np.minimum(np.minimum(x - low, high - x), y - level[0])
    seam = np.where(inside > 0, inside / SEAM, -inside / BEYOND)
    seam = (1 - smoothstep(np.maximum(seam, away * unit / SEAM)))[..., None] * alike  # not before an ear
    rim = (1 - smoothstep(away * unit / RIM))[..., None]
    colours = baked.texture[..., :3] / np.float32(255)
    colours = colours + (deep - colours) * rim
    mixed = np.round(255 * np.clip(colours + (behind - colours) * seam, 0, 1)).astype(np.uint8)
    return np.dstack([mixed, baked.texture[..., 3]])


def _carried(texture: Array, reach: int) -> tuple[Array, Array]:
    """How many px a picture's [S, S, 4] pixels lie inside its matte [S, S], and the colours [S, S, 3] 0..1 that it has
    `reach` px inside, carried outwards."""
    small = max(1, reach // 4)  # this need not be sharp
    matte = (texture[::small, ::small, 3] > 127).astype(np.uint8)
    away = cv2.distanceTransform(cv2.copyMakeBorder(matte, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)[1:-1, 1:-1]
    core = np.where(away >= min(reach / small, 0.9 * float(away.max())), 0, 1).astype(np.uint8)
    _, names = cv2.distanceTransformWithLabels(core, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = texture[::small, ::small, :3] / np.float32(255)
    table = np.zeros((int(names.max()) + 1, 3), np.float32)
    table[names[core == 0]] = colours[core == 0]
    side = texture.shape[1], texture.shape[0]
    carried = cv2.GaussianBlur(table[names], (0, 0), 2)
    return small * cv2.resize(away, side), cv2.resize(carried, side)


def _atlas(texture: Array, back: Back) -> Array:
    """The sheet's picture and, at its right, the back's."""
    worn = cv2.resize(back.colours, (STRIP, len(texture)), interpolation=cv2.INTER_CUBIC)
    solid = np.round(255 * np.clip(np.dstack([worn, np.ones_like(worn[..., :1])]), 0, 1)).astype(np.uint8)
    return np.concatenate([texture, *(np.repeat(c, GUTTER, 1) for c in (texture[:, -1:], solid[:, :1])), solid], 1)


def _grid(sheet: Array, uv: Array, cells: Array) -> Mesh:
    """Two triangles for every one of the `cells` [R-1, C-1] bool of a grid [R, C, 3], whose columns go to the right and
    rows down as seen from before; uv [R, C, 2]. Vertices that no triangle has are left out."""
    normal = -np.cross(np.gradient(sheet, axis=1), np.gradient(sheet, axis=0)).reshape(-1, 3)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.where(length > 1e-9, normal / np.maximum(length, 1e-9), (0, 0, -1))
    rows, columns = np.nonzero(cells)
    a = rows * sheet.shape[1] + columns
    b, c, d = a + 1, a + sheet.shape[1], a + sheet.shape[1] + 1
    triangles = np.concatenate([np.stack([a, c, b], 1), np.stack([d, b, c], 1)])
    used, compact = np.unique(triangles, return_inverse=True)
    return Mesh(sheet.reshape(-1, 3)[used], normal[used], uv.reshape(-1, 2)[used], compact.reshape(-1, 3))


def _turned(mesh: Mesh) -> Mesh:
    """With its other side outside."""
    return Mesh(mesh.positions, -mesh.normals, mesh.uv, mesh.triangles[:, ::-1])


def _beside(mesh: Mesh, side: int, share: float) -> Mesh:
    """A mesh whose picture becomes that share of a wider one's width, at its left (0) or at its right (1)."""
    return Mesh(mesh.positions, mesh.normals, mesh.uv * (share, 1) + (side * (1 - share), 0), mesh.triangles)


def _joined(left: Mesh, right: Mesh) -> Mesh:
    """Two meshes on one picture as one."""
    return Mesh(
        np.concatenate([left.positions, right.positions]), np.concatenate([left.normals, right.normals]),
        np.concatenate([left.uv, right.uv]).astype(np.float32),
        np.concatenate([left.triangles, right.triangles + len(left.positions)]),
    )  # fmt: skip
