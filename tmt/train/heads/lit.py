"""Light on surfaces, pixel by pixel: a compiled loop on the CPU, torch elsewhere; and mixing what corners carry."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from tmt.types import Array

Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def mixed(values: torch.Tensor, corners: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """values [N, C] at corners [P, 3] by weights [P, 3] -> [P, C]."""
    if values.device.type != "cpu":
        return sum(values[corners[:, k]] * weights[:, k, None] for k in range(3))  # type: ignore[return-value]
    out = np.empty((len(corners), values.shape[1]), np.float32)
    _mix(values.contiguous().numpy(), corners.contiguous().numpy(), weights.contiguous().numpy(), out)
    return torch.from_numpy(out)


@nb.njit(cache=True, nogil=True)
def _mix(values: Array, corners: Array, weights: Array, out: Array) -> None:
    for p in range(len(corners)):
        a, b, c = corners[p, 0], corners[p, 1], corners[p, 2]
        u, v, w = weights[p, 0], weights[p, 1], weights[p, 2]
        for k in range(values.shape[1]):
            out[p, k] = values[a, k] * u + values[b, k] * v + values[c, k] * w


def lit(
    normal: torch.Tensor, sight: torch.Tensor, near: torch.Tensor, rough: torch.Tensor, reach: torch.Tensor,
    wrap: torch.Tensor, level: float, lights: Tensors,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Light [P, 3] that a dull surface gives back, and light that it mirrors.

    normal, sight [P, 3] unit; near [P, 3] how much of the surroundings each colour sees; rough [P]; reach [P, B] how
    much of each beam comes through; wrap [3] how far light goes around; level: share mirrored straight on; lights:
    directions and colours of the beams [B, 3] and of the surroundings [A, 3].
    """
    if normal.device.type != "cpu":
        return lit_torch(normal, sight, near, rough, reach, wrap, level, lights)
    arrays = [t.contiguous().numpy() for t in (normal, sight, near, rough, reach, wrap, *lights)]
    dull, mirrored = (np.empty((len(normal), 3), np.float32) for _ in range(2))
    kernel: Any = _lit
    kernel(*arrays, np.float32(level), dull, mirrored)
    return torch.from_numpy(dull), torch.from_numpy(mirrored)


def lit_torch(
    normal: torch.Tensor, sight: torch.Tensor, near: torch.Tensor, rough: torch.Tensor, reach: torch.Tensor,
    wrap: torch.Tensor, level: float, lights: Tensors,
) -> tuple[torch.Tensor, torch.Tensor]:
    """`lit` in plain torch."""
    beams, colours, around, glow = lights
    dull = (((0.5 + 0.5 * normal @ around.T) ** 2) @ glow) * near
    across = (normal * sight).sum(1).clamp(min=0.05)
    edge = (1 - across.clamp(max=1)) ** 5
    ahead = F.normalize(2 * across[:, None] * normal - sight, dim=1)
    grey = near.mean(1)
    mirrored = (((0.5 + 0.5 * ahead @ around.T) ** 3) @ glow) * ((level + 0.35 * edge * (1 - rough)) * grey)[:, None]
    alpha = (rough**2).clamp(min=0.01) ** 2
    for k, beam in enumerate(colours):
        facing = normal @ beams[k]
        wrapped = ((facing[:, None] + wrap) / (1 + wrap)).clamp(min=0) * reach[:, k, None]
        dull = dull + wrapped * beam * (0.35 + 0.65 * near)
        half = F.normalize(sight + beams[k], dim=1)
        cos = (normal * half).sum(1).clamp(0, 1)
        lobe = alpha / (3.14 * (cos**2 * (alpha - 1) + 1) ** 2)
        fresnel = level + (1 - level) * (1 - (sight * half).sum(1).clamp(0, 1)) ** 5
        facing = facing.clamp(min=0)
        strength = lobe * fresnel * facing / (4 * facing.clamp(min=0.1) * across).clamp(min=0.05) * reach[:, k]
        mirrored = mirrored + (strength.clamp(max=6) * grey.clamp(min=0.2))[:, None] * beam
    return dull, mirrored


@nb.njit(cache=True, nogil=True, fastmath=True)
def _lit(
    normal: Array, sight: Array, near: Array, rough: Array, reach: Array, wrap: Array, beams: Array, colours: Array,
    around: Array, glow: Array, level: float, dull: Array, mirrored: Array,
) -> None:
    one, half = np.float32(1.0), np.float32(0.5)
    for p in range(len(normal)):
        n0, n1, n2 = normal[p, 0], normal[p, 1], normal[p, 2]
        s0, s1, s2 = sight[p, 0], sight[p, 1], sight[p, 2]
        straight = max(n0 * s0 + n1 * s1 + n2 * s2, np.float32(0.05))
        edge = (one - min(straight, one)) ** 5
        m0, m1, m2 = 2 * straight * n0 - s0, 2 * straight * n1 - s1, 2 * straight * n2 - s2
        size = one / max(np.sqrt(m0 * m0 + m1 * m1 + m2 * m2), np.float32(1e-9))
        m0, m1, m2 = m0 * size, m1 * size, m2 * size
        grey = (near[p, 0] + near[p, 1] + near[p, 2]) / np.float32(3.0)
        gleam = (level + np.float32(0.35) * edge * (one - rough[p])) * grey
        for c in range(3):
            dull[p, c] = mirrored[p, c] = 0
        for a in range(len(around)):
            broad = (half + half * (n0 * around[a, 0] + n1 * around[a, 1] + n2 * around[a, 2])) ** 2
            ahead = (half + half * (m0 * around[a, 0] + m1 * around[a, 1] + m2 * around[a, 2])) ** 3
            for c in range(3):
                dull[p, c] += broad * glow[a, c] * near[p, c]
                mirrored[p, c] += ahead * glow[a, c] * gleam
        alpha = max(rough[p] * rough[p], np.float32(0.01)) ** 2
        for k in range(len(beams)):
            b0, b1, b2 = beams[k, 0], beams[k, 1], beams[k, 2]
            facing = n0 * b0 + n1 * b1 + n2 * b2
            h0, h1, h2 = s0 + b0, s1 + b1, s2 + b2
            size = one / max(np.sqrt(h0 * h0 + h1 * h1 + h2 * h2), np.float32(1e-9))
            cos = min(max((n0 * h0 + n1 * h1 + n2 * h2) * size, np.float32(0.0)), one)
            away = min(max((s0 * h0 + s1 * h1 + s2 * h2) * size, np.float32(0.0)), one)
            lobe = alpha / (np.float32(3.14) * (cos * cos * (alpha - one) + one) ** 2)
            fresnel = level + (one - level) * (one - away) ** 5
            front = max(facing, np.float32(0.0))
            low = max(4 * max(front, np.float32(0.1)) * straight, np.float32(0.05))
            strength = min(lobe * fresnel * front / low * reach[p, k], np.float32(6.0)) * max(grey, np.float32(0.2))
            for c in range(3):
                wrapped = max((facing + wrap[c]) / (one + wrap[c]), np.float32(0.0)) * reach[p, k]
                dull[p, c] += wrapped * colours[k, c] * (np.float32(0.35) + np.float32(0.65) * near[p, c])
                mirrored[p, c] += strength * colours[k, c]
