"""CanonicalHead + Target -> where every pixel of the picture lies on the head: deform, pose, skin, rasterise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import numpy as np
import torch

from tmt import kernels
from tmt.drift import after, back, drifted
from tmt.geometry import rotation_angle, smoothstep, transform
from tmt.types import Array, Performance, Surface, Target, Window

GLANCE = 0.20  # eye widths: were the sheet to go along with an iris any further, the white would fold (see glance.py)
FAR = (8.0, 20.0)  # degrees from the reference frame from which, and to which, a neck turns more smoothly
TRIANGLES = 2**20  # more than any sheet or mesh has: the low bits of a packed depth


@dataclass(frozen=True)
class Seen:
    """What a camera sees of the sheet: grid_xy [H, W, 2] grid coordinates (-1: nothing), depth [H, W] window px."""

    grid_xy: Array
    depth: Array

    @cached_property
    def covered(self) -> Array:
        """[H, W] bool."""
        return self.grid_xy[..., 0] >= 0


def deform(surface: Surface, canonical: Array, swing: Array | None = None) -> Array:
    """Landmarks [L, 3] of an expression -> offsets [G*G, 3] of the sheet, head units; `swing` [S, S, 2]: what it moves
    by beside them."""
    moves = canonical - surface.parameter
    for iris, corners in surface.eyes:
        first, last = surface.parameter[list(corners)]
        width = float(np.linalg.norm(last - first))
        away = moves[list(iris)].mean(0) - moves[list(corners)].mean(0)
        moves[list(iris)] -= away * (1 - _held(float(np.linalg.norm(away)) / width))
    offsets: Array = surface.operator @ moves.astype(np.float32)
    if swing is not None:
        between = hats(surface.grid, len(swing))
        for axis in (0, 1):
            offsets[:, axis] += (between @ swing[..., axis].astype(np.float32) @ between.T).ravel()
    return offsets


@cache
def hats(grid: int, nodes: int) -> Array:
    """Weights [G, S] that carry values at even nodes to the rows of a sheet, piecewise linear."""
    away = np.arange(grid)[:, None] / (grid - 1) * (nodes - 1) - np.arange(nodes)
    return np.maximum(1 - np.abs(away), 0).astype(np.float32)


def _held(glance: float) -> float:
    """Share of a glance, eye widths, that the sheet goes along with: it stays below GLANCE in the end."""
    free = 0.6 * GLANCE
    if glance <= free:
        return 1.0
    room = GLANCE - free
    return (free + room * (1 - math.exp(-(glance - free) / room))) / glance


def place(surface: Surface, offsets: Array, target: Target, subject: Performance) -> Array:
    """Vertices [G*G, 3] in the subject's picture, px: the head by its pose, the torso by its drift, blended between."""
    share = share_of_head(surface, target, subject)
    return skinned(surface.vertices + offsets, surface.vertices, share, target, subject)


def share_of_head(surface: Surface, target: Target, subject: Performance) -> Array:
    """How far each vertex [G*G] turns with the head: as frames tell it, and more smoothly the further the head
    turns, where a neck would be torn."""
    if surface.head_far is None:
        return surface.head
    turned = np.degrees(rotation_angle(subject.pose.rotation[subject.reference], target.pose.rotation))
    far = float(smoothstep((turned - FAR[0]) / (FAR[1] - FAR[0])))
    return surface.head + np.float32(far) * (surface.head_far - surface.head) if far > 0 else surface.head


def skinned(head: Array, torso: Array, share: Array, target: Target, subject: Performance) -> Array:
    """Points that turn with the head and that drift with the torso, both [N, 3] head units -> blended by their `share`
    [N] of the head, in the subject's picture [N, 3] px."""
    turned = transform(target.pose, head)
    resting = transform(subject.pose[subject.reference], torso)
    drift = after(target.torso, back(subject.torso[subject.reference]))
    resting[:, :2] = drifted(drift, resting[:, :2])
    weight = share[:, None]
    return weight * turned + (1 - weight) * resting


def rasterise(points: Array, shape: tuple[int, int]) -> Seen:
    """Sheet points [G, G, 3] window px -> Seen at [H, W]. Front faces first, back faces only where there are none."""
    grid_xy, depth = np.empty((*shape, 2), np.float32), np.empty(shape, np.float32)
    kernels.rasterise(np.ascontiguousarray(points, np.float32), grid_xy, depth)
    return Seen(grid_xy, depth)


def look(surface: Surface, vertices: Array, window: Window) -> Seen:
    """Rasterise vertices [G*G, 3] (picture px) into a window."""
    points = window.to_window(vertices).reshape(surface.grid, surface.grid, 3)
    return rasterise(points, window.shape)


def look_torch(surface: Surface, vertices: Array, window: Window, device: torch.device) -> Seen:
    """`look` in plain torch on a device."""
    points = window.to_window(vertices).reshape(surface.grid, surface.grid, 3)
    grid_xy, depth = rasterise_torch(torch.from_numpy(points).to(device), window.shape)
    return Seen(grid_xy.cpu().numpy(), depth.cpu().numpy())


def spread(values: Array, seen: Seen) -> Array:
    """Values at the sheet's vertices [G, G] -> at the pixels [H, W]; 0 where nothing is seen."""
    here: Array = cv2.remap(values, seen.grid_xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return here * seen.covered


def filled(points: Array, rings: Sequence[Sequence[int]], shape: tuple[int, int]) -> Array:
    """Polygons over points [N, 2] px as a mask [H, W] 0..1 with soft edges."""
    mask = np.zeros(shape, np.uint8)
    for ring in rings:
        corners = np.round((points[list(ring)] - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, shift=4)
    return mask / np.float32(255)


def rasterise_torch(points: torch.Tensor, shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The same in plain torch, for a GPU: points [G, G, 3] -> grid_xy [H, W, 2], depth [H, W]."""
    corners, cells = _triangles(points)
    triangle, uvz = nearest(corners, shape, float(kernels.BACK) * shape[0])
    half, base = cells[triangle.clamp(min=0), 2:], cells[triangle.clamp(min=0), :2]
    grid_xy = torch.where(half == 0, base + uvz[:, :2], base + 1 - uvz[:, :2])
    nothing = triangle < 0
    depth = uvz[:, 2].masked_fill(nothing, torch.inf)
    return grid_xy.masked_fill(nothing[:, None], -1.0).view(*shape, 2), depth.view(shape)


def rasterise_mesh(
    points: torch.Tensor, faces: torch.Tensor, shape: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """points [N, 3] px, faces [F, 3] int32 -> nearest face [H, W] (-1: none), u, v [H, W, 2] towards its second and
    third corner, depth [H, W] (inf: none). Both sides of a face count alike. On the CPU the kernel, elsewhere torch."""
    if points.device.type == "cpu":
        triangle, uv, depth = np.empty(shape, np.int32), np.empty((*shape, 2), np.float32), np.empty(shape, np.float32)
        kernels.rasterise_mesh(points.numpy(), faces.numpy(), triangle, uv, depth)
        return torch.from_numpy(triangle), torch.from_numpy(uv), torch.from_numpy(depth)
    return rasterise_mesh_torch(points, faces, shape)


def rasterise_mesh_torch(
    points: torch.Tensor, faces: torch.Tensor, shape: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`rasterise_mesh` in plain torch."""
    triangle, uvz = nearest(points[faces.long()], shape, 0.0)
    nothing = triangle < 0
    uv = uvz[:, :2].masked_fill(nothing[:, None], 0.0).view(*shape, 2)
    return triangle.int().view(shape), uv, uvz[:, 2].masked_fill(nothing, torch.inf).view(shape)


def nearest(corners: torch.Tensor, shape: tuple[int, int], back: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Corners [N, 3, 3] px of triangles -> per pixel [H*W] the nearest (-1: none), and its u, v and depth [H*W, 3].

    Back faces lie `back` px further than they are. Triangles are sorted by the size of their box, so that each group
    tries a small fixed set of pixels; depth and triangle are packed into one integer, of which every pixel keeps the
    least.
    """
    height, width = shape
    low = torch.ceil(corners[..., :2].amin(1) - 0.5).clamp(min=0)
    high = torch.minimum(torch.floor(corners[..., :2].amax(1) - 0.5), low.new_tensor([width - 1, height - 1]))
    extent = (high - low + 1).amax(1)
    extent = extent * (high >= low).all(1)
    far = torch.iinfo(torch.int64).max
    best = torch.full((height * width,), far, dtype=torch.int64, device=corners.device)
    side = 1
    while side < 2 * max(height, width):
        group = torch.nonzero((extent > side // 2 if side > 1 else extent > 0) & (extent <= side))[:, 0]
        for part in group.split(max(1, 2_000_000 // (side * side))):
            _splat(corners[part], part, low[part], high[part], side, shape, back, best)
        side *= 2
    nothing = best == far
    triangle = (best % TRIANGLES).masked_fill(nothing, 0)
    uvz = _barycentric_of(corners[triangle], _centres(height, width, corners.device))
    return triangle.masked_fill(nothing, -1), uvz


def _triangles(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Corners [N, 3, 3] of both triangles of every cell, and [N, 3]: column, row, half. In the kernel's order."""
    a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, :-1], points[1:, 1:]
    corners = torch.stack([torch.stack([a, b, c], 2), torch.stack([d, c, b], 2)], 2).reshape(-1, 3, 3)
    rows, columns = points.shape[0] - 1, points.shape[1] - 1
    y, x, half = torch.meshgrid(*(torch.arange(n, device=points.device) for n in (rows, columns, 2)), indexing="ij")
    return corners, torch.stack([x, y, half], -1).reshape(-1, 3).to(points.dtype)


def _centres(height: int, width: int, device: torch.device) -> torch.Tensor:
    index = torch.arange(height * width, device=device)
    return torch.stack([index % width + 0.5, torch.div(index, width, rounding_mode="floor") + 0.5], -1)


def _barycentric_of(corners: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    """corners [N, 3, 3], pixels [N, 2] -> u, v, depth [N, 3]; NaN for degenerate triangles."""
    a, b, c = corners.unbind(1)
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    px, py = pixels.unbind(-1)
    u = ((px - a[:, 0]) * (c[:, 1] - a[:, 1]) - (py - a[:, 1]) * (c[:, 0] - a[:, 0])) / area
    v = ((b[:, 0] - a[:, 0]) * (py - a[:, 1]) - (b[:, 1] - a[:, 1]) * (px - a[:, 0])) / area
    return torch.stack([u, v, a[:, 2] + u * (b[:, 2] - a[:, 2]) + v * (c[:, 2] - a[:, 2])], -1)


def _splat(
    corners: torch.Tensor, index: torch.Tensor, low: torch.Tensor, high: torch.Tensor, side: int,
    shape: tuple[int, int], back: float, best: torch.Tensor,
) -> None:
    """Write triangles that fit into side x side pixels into `best` [H*W] int64: depth in the high bits, index below."""
    step = torch.arange(side * side, device=corners.device)
    pixel = low[:, None] + torch.stack([step % side, torch.div(step, side, rounding_mode="floor")], -1)  # [N, S, 2]
    count = pixel.shape[1]
    repeated = corners.repeat_interleave(count, 0)
    uvz = _barycentric_of(repeated, pixel.reshape(-1, 2) + 0.5).view(-1, count, 3)
    a, b, c = corners.unbind(1)
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    u, v = uvz[..., 0], uvz[..., 1]
    hit = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1.000001) & (pixel <= high[:, None]).all(-1)
    hit &= (area.abs() >= 1e-9)[:, None]
    depth = uvz[..., 2] + torch.where(area > 0, 0.0, back)[:, None]
    # 1/1024 px is far below any real difference in depth
    key = ((depth.double() + 1e5) * 1024).nan_to_num(0).long() * TRIANGLES + index[:, None]
    where = (pixel[..., 1] * shape[1] + pixel[..., 0]).long()
    best.scatter_reduce_(0, where[hit], key[hit], "amin")
