"""Light: soft from all around, hard or soft from up to three directions, and the shade that the head casts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from tmt.render import rasterise_mesh
from tmt.train.heads.asset import Array

CENTRE, REACH = (0.0, -0.45, -0.55), 2.3  # dm: what shade is kept for
SIDE = 176  # px of a map of shade
FAR = 4.0


@dataclass(frozen=True)
class Lights:
    """around [A, 3] directions of broad light and its colours; beams [B, 3] directions and colours; the first of them
    cast shade, each with an edge of `soft` dm; exposure."""

    around: Array
    around_colour: Array
    beams: Array
    beam_colour: Array
    soft: tuple[float, ...]
    exposure: float


def _direction(azimuth: float, height: float) -> Array:
    """Unit vector: azimuth from the front to the subject's left, height over the horizon, degrees."""
    a, h = np.radians([azimuth, height])
    return np.array([np.sin(a) * np.cos(h), np.sin(h), np.cos(a) * np.cos(h)])


def _temperature(warm: float) -> Array:
    """Colour of light: warm 1 like a lamp, 0 neutral, -1 like the sky."""
    return np.array([1 + 0.3 * warm, 1 + 0.02 * warm, 1 - 0.36 * warm])


def random_lights(seed: int) -> Lights:
    """One of a few ways to be lit, with everything about it at random."""
    rng = np.random.default_rng([seed, 3])
    kind = str(rng.choice(["window", "overcast", "studio", "sun", "screen", "lamp", "gels"], p=[
        0.26, 0.12, 0.2, 0.17, 0.07, 0.13, 0.05]))  # fmt: skip
    tone = _temperature(rng.normal(0, 0.35))
    broad = [_direction(rng.uniform(-180, 180), rng.uniform(-40, 80)) for _ in range(4)]
    around = np.stack([*broad, _direction(0, 10)])
    level = {"window": 0.25, "overcast": 1.0, "studio": 0.3, "sun": 0.22, "screen": 0.18}.get(kind, 0.2)
    shade = level * rng.uniform(0.5, 1.3) * rng.dirichlet(np.full(5, 1.2))[:, None] * tone
    shade = shade * np.exp(rng.normal(0, 0.12, (5, 3)))
    side = float(rng.choice([-1, 1]))
    key = {
        "window": (rng.uniform(25, 85), rng.uniform(0, 35)), "overcast": (rng.uniform(-60, 60), 60.0),
        "studio": (rng.uniform(15, 55), rng.uniform(15, 45)), "sun": (rng.uniform(0, 100), rng.uniform(20, 65)),
        "screen": (rng.uniform(-15, 15), rng.uniform(-25, 5)), "lamp": (rng.uniform(0, 70), rng.uniform(30, 80)),
        "gels": (rng.uniform(40, 90), rng.uniform(0, 30)),
    }[kind]  # fmt: skip
    power = {"window": 1.0, "overcast": 0.3, "studio": 0.9, "sun": 1.8, "screen": 0.8, "lamp": 1.0, "gels": 1.0}[kind]
    hue = _temperature(rng.normal({"screen": -0.5, "lamp": 0.6, "sun": 0.2}.get(kind, 0.0), 0.25))
    beams, colours = [_direction(side * key[0], key[1])], [power * hue]
    soft = [float({"sun": rng.uniform(0.02, 0.05), "lamp": rng.uniform(0.04, 0.12)}.get(kind, rng.uniform(0.12, 0.4)))]
    if kind in ("studio", "gels", "screen") or rng.random() < 0.3:  # from the other side
        other = _direction(-side * rng.uniform(30, 90), rng.uniform(-5, 40))
        gel = rng.dirichlet([0.6, 0.6, 0.6]) * 2.5 if kind == "gels" else _temperature(rng.normal(0, 0.4))
        beams, colours = [*beams, other], [*colours, rng.uniform(0.15, 0.5 if kind != "gels" else 1.0) * gel]
        if kind == "gels":
            soft.append(float(rng.uniform(0.1, 0.3)))
    if rng.random() < 0.35:  # an edge of light from behind
        beams = [*beams, _direction(-side * rng.uniform(110, 160), rng.uniform(10, 50))]
        colours = [*colours, rng.uniform(0.4, 1.5) * _temperature(rng.normal(0, 0.4))]
    made = Lights(around, shade, np.stack(beams), np.stack(colours), tuple(soft), 1.0)
    target = float(np.exp(rng.normal(np.log(0.9), 0.22)))
    return Lights(made.around, made.around_colour, made.beams, made.beam_colour, made.soft, target / _level(made))


def _level(lights: Lights) -> float:
    """How much light falls on a face that looks ahead."""
    normals = np.array([(0, 0, 1), (0.6, 0, 0.8), (-0.6, 0, 0.8), (0, 0.5, 0.86), (0, -0.4, 0.92)])
    broad = ((0.5 + 0.5 * normals @ lights.around.T) ** 2) @ lights.around_colour
    beam = np.clip(normals @ lights.beams.T, 0, 1) @ lights.beam_colour * 0.8
    return float((broad + beam).mean(0) @ [0.3, 0.6, 0.1])


class Shade:
    """How much of a beam reaches a point: depths seen from the light, blurred (variance shadow map)."""

    def __init__(self, beam: Array, points: torch.Tensor, faces: torch.Tensor, soft: float, side: int = SIDE) -> None:
        """beam [3]: direction to the light; soft: dm, width of the edge."""
        forward = -np.asarray(beam) / np.linalg.norm(beam)
        right = np.cross([0.0, 1.0, 0.0] if abs(forward[1]) < 0.9 else [0.0, 0.0, 1.0], forward)
        right /= np.linalg.norm(right)
        self._axes = points.new_tensor(np.stack([right, np.cross(forward, right), forward]))
        seen = self._seen(points)
        pixels = torch.cat([(seen[:, :2] + 1) * (side / 2), seen[:, 2:] * 100], 1).contiguous()
        depth = (rasterise_mesh(pixels, faces, (side, side))[2] / 100).clamp(max=FAR)
        radius = max(1, round(soft / (2 * REACH / side) / 1.7))
        moments = torch.stack([depth, depth**2])[None]
        moments = F.pad(moments, [2 * radius] * 4, mode="replicate")
        for _ in range(2):  # twice a box: almost a bell
            moments = F.avg_pool2d(F.avg_pool2d(moments, (1, 2 * radius + 1), 1), (2 * radius + 1, 1), 1)
        self._moments = moments

    def _seen(self, points: torch.Tensor) -> torch.Tensor:
        """points [N, 3] -> across and up in [-1, 1], depth dm."""
        out = (points - points.new_tensor(CENTRE)) @ self._axes.T
        return torch.cat([out[:, :2] / REACH, out[:, 2:]], 1)

    def of(self, points: torch.Tensor, bias: float = 0.035) -> torch.Tensor:
        """[N] share of the light that reaches points [N, 3]."""
        seen = self._seen(points)
        grid = seen[None, None, :, :2]
        mean, square = F.grid_sample(self._moments, grid, align_corners=False, padding_mode="border")[0, :, 0]
        behind = seen[:, 2] - bias - mean
        variance = (square - mean**2).clamp(min=2e-4)
        chance = variance / (variance + behind.clamp(min=0) ** 2)
        return ((chance - 0.18) / 0.82).clamp(min=0)


def openness(points: torch.Tensor, normal: torch.Tensor, faces: torch.Tensor, count: int = 22) -> torch.Tensor:
    """[N] how much of the surroundings points see, 0..1: shade from all around."""
    k = np.arange(count) + 0.5
    height, turn = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    flat = np.sqrt(1 - height**2)
    seen, whole = torch.zeros(len(points), device=points.device), torch.zeros(len(points), device=points.device)
    for way in np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], 1):
        facing = (normal @ normal.new_tensor(way)).clamp(min=0)
        seen += facing * Shade(way, points, faces, 0.04, 112).of(points, 0.05)
        whole += facing
    return seen / whole.clamp(min=1e-6)
