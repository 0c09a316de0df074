"""What a pixel looks like: the nearest face, its material, the light on it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812

from tmt.render import rasterise_mesh
from tmt.train.heads.light import Lights, Shade
from tmt.train.heads.lit import lit, mixed
from tmt.train.heads.model import CLOTH, EYE, FRAME, FUZZ, HAIR, HAT, MOUTH, SKIN, Model, Posed

UNDER = (0.42, 0.2, 0.12)  # how far light wraps around skin, red to blue: it comes out again beside where it went in
FINE = 200.0  # depth steps a dm


@dataclass(frozen=True)
class Skins:
    """Textures [1, C, H, W]: skin (albedo 3, roughness, slope 2, and slope 2 + groove 1 of each wrinkle), eye, teeth,
    cloth."""

    skin: torch.Tensor
    eye: torch.Tensor
    teeth: torch.Tensor
    cloth: torch.Tensor


@dataclass(frozen=True)
class Hit:
    """Pixels that show the person, P of H*W: where [P], point [P, 3], normal [P, 3], and the rest of what is seen."""

    where: torch.Tensor
    corners: torch.Tensor
    weights: torch.Tensor
    material: torch.Tensor
    point: torch.Tensor
    normal: torch.Tensor
    sight: torch.Tensor

    def mix(self, values: torch.Tensor, pick: torch.Tensor) -> torch.Tensor:
        """Values at the points [N, C] -> at some of the pixels [p, C]."""
        return mixed(values, self.corners[pick], self.weights[pick])


def cast(
    model: Model, posed: Posed, pixels: torch.Tensor, eye: torch.Tensor, shape: tuple[int, int]
) -> tuple[Hit, torch.Tensor]:
    """pixels [N, 3]: the points in the picture, depth dm; eye [3]: the camera -> Hit, depth [H, W] dm (inf: none)."""
    scaled = torch.cat([pixels[:, :2], pixels[:, 2:] * FINE], 1).contiguous()
    triangle, uv, depth = rasterise_mesh(scaled, model.faces, shape)
    where = torch.nonzero(triangle.view(-1) >= 0)[:, 0]
    face = triangle.view(-1)[where].long()
    uv = uv.view(-1, 2)[where]
    weights = torch.stack([1 - uv[:, 0] - uv[:, 1], uv[:, 0], uv[:, 1]], 1)
    corners = model.faces[face].long()
    seen = mixed(torch.cat([posed.points, posed.normal], 1), corners, weights)
    point, normal = seen[:, :3], F.normalize(seen[:, 3:], dim=1)
    sight = F.normalize(eye - point, dim=1)
    return Hit(where, corners, weights, model.material[face], point, normal, sight), depth / FINE


def colour(
    model: Model, posed: Posed, hit: Hit, lights: Lights, skins: Skins, open_: torch.Tensor, wrinkles: torch.Tensor
) -> torch.Tensor:
    """[P, 3] linear light from each pixel of the person; open_ [N]: how much of the surroundings each point sees;
    wrinkles [K]: depth of each."""
    out = torch.zeros_like(hit.point)
    light = _Light(model, posed, hit, lights)
    for material in range(FUZZ + 1):
        pick = torch.nonzero(hit.material == material)[:, 0]
        if not len(pick):
            continue
        near = hit.mix(open_[:, None], pick)[:, 0]
        base = hit.mix(model.colour, pick)
        if material in (HAIR, FUZZ):
            along = F.normalize(_tangent(model, posed, hit, pick), dim=1)
            out[pick] = light.hair(pick, base, along, near, 1.0 if material == HAIR else 0.25)
        elif material == SKIN:
            out[pick] = _skin(model, hit, light, pick, near, base, skins.skin, wrinkles)
        else:
            out[pick] = _plain(model, hit, light, pick, near, base, material, skins)
    return out


def _tangent(model: Model, posed: Posed, hit: Hit, pick: torch.Tensor) -> torch.Tensor:
    corners = (hit.corners[pick] - model.wires).clamp(min=0)
    return posed.along[corners[:, 0]] + posed.along[corners[:, 1]] + posed.along[corners[:, 2]]


def _sampled(texture: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """texture [1, C, H, W] at place [P, 2] in [0, 1] -> [P, C]."""
    grid = (place * 2 - 1)[None, None]
    return F.grid_sample(texture, grid, align_corners=False, padding_mode="border")[0, :, 0].T


def _skin(
    model: Model, hit: Hit, light: _Light, pick: torch.Tensor, near: torch.Tensor, base: torch.Tensor,
    texture: torch.Tensor, wrinkles: torch.Tensor,
) -> torch.Tensor:
    painted = _sampled(texture, hit.mix(model.place, pick))
    folds = painted[:, 6:].view(len(pick), -1, 3)
    slope = painted[:, 4:6] + (folds[..., :2] * wrinkles[:, None]).sum(1)
    groove = (folds[..., 2] * wrinkles).sum(1).clamp(0, 1)[:, None]
    albedo = painted[:, :3] * base * (1 - groove * base.new_tensor([0.3, 0.42, 0.46]))
    normal = hit.normal[pick]
    level = F.normalize(torch.stack([normal[:, 2], torch.zeros_like(near), -normal[:, 0]], 1), dim=1)  # to the left
    normal = F.normalize(normal - slope[:, :1] * level - slope[:, 1:] * torch.linalg.cross(normal, level), dim=1)
    under = base.new_tensor(UNDER)
    tint = near[:, None] ** base.new_tensor([0.75, 0.95, 1.05])
    dull, mirrored = light.on(pick, normal, tint, painted[:, 3], under, 0.035)
    return albedo * dull + mirrored


def _plain(
    model: Model, hit: Hit, light: _Light, pick: torch.Tensor, near: torch.Tensor, base: torch.Tensor, material: int,
    skins: Skins,
) -> torch.Tensor:
    """Eyes, teeth, cloth, frames."""
    wrap = {MOUTH: 0.25, EYE: 0.25, CLOTH: 0.08, HAT: 0.1, FRAME: 0.0}[material]
    rough = {MOUTH: 0.3, EYE: 0.13, CLOTH: 0.85, HAT: 0.9, FRAME: 0.25}[material]
    strength = {MOUTH: 0.02, EYE: 0.035, CLOTH: 0.02, HAT: 0.01, FRAME: 0.06}[material]
    if material == MOUTH:
        base = base * _sampled(skins.teeth, hit.mix(model.place, pick))
        near = 0.12 + 0.88 * near
    elif material == EYE:
        base = base * _sampled(skins.eye, hit.mix(model.place, pick))
        near = 0.08 + 0.62 * near
    elif material in (CLOTH, HAT):
        place = hit.mix(model.place, pick)
        base = (base * _sampled(skins.cloth, place - torch.floor(place))).clamp(0, 0.9)
    normal = hit.normal[pick]
    normal = torch.where((normal * hit.sight[pick]).sum(1, keepdim=True) < 0, -normal, normal)  # strips have two sides
    dulled, around = torch.full_like(near, rough), near[:, None].expand(-1, 3)
    dull, mirrored = light.on(pick, normal, around, dulled, base.new_full((3,), wrap), strength)
    return base * dull + mirrored


class _Light:
    """The light on the pixels of one frame."""

    def __init__(self, model: Model, posed: Posed, hit: Hit, lights: Lights) -> None:
        new = hit.point.new_tensor
        self.hit, self.beams, self.colours = hit, new(lights.beams), new(lights.beam_colour) * lights.exposure
        self.around, self.glow = new(lights.around), new(lights.around_colour) * lights.exposure
        self.reach = hit.point.new_ones(len(hit.point), len(self.beams))
        faces = model.casting(2)
        for k, soft in enumerate(lights.soft):
            self.reach[:, k] = Shade(lights.beams[k], posed.points, faces, soft).of(hit.point)

    def on(
        self, pick: torch.Tensor, normal: torch.Tensor, near: torch.Tensor, rough: torch.Tensor, wrap: torch.Tensor,
        level: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See `lit`: light given back and light mirrored at some of the pixels."""
        lights = (self.beams, self.colours, self.around, self.glow)
        return lit(normal, self.hit.sight[pick], near, rough, self.reach[pick], wrap, level, lights)

    def hair(
        self, pick: torch.Tensor, base: torch.Tensor, along: torch.Tensor, near: torch.Tensor, gloss: float
    ) -> torch.Tensor:
        """Light [p, 3] from strands: dull where they lie across it, a coloured highlight and a white one by `gloss`."""
        normal, sight = self.hit.normal[pick], self.hit.sight[pick]
        out = base * ((((0.5 + 0.5 * normal @ self.around.T) ** 2) @ self.glow) * near[:, None] ** 0.8)
        for k, beam in enumerate(self.colours):
            towards = self.beams[k]
            cos = along @ towards
            lit = (1 - cos**2).clamp(min=0).sqrt() * (0.5 + 0.5 * normal @ towards).clamp(min=0) ** 1.5
            half = F.normalize(sight + towards, dim=1)
            glance = (along * half).sum(1)
            white = torch.exp(-(((glance - 0.08) / 0.13) ** 2)) * (0.028 * gloss)
            tinted = torch.exp(-(((glance + 0.12) / 0.26) ** 2))
            facing = (normal @ towards + 0.25).clamp(min=0)
            dull = base * (0.75 * lit + 0.9 * tinted * facing)[:, None] + (white * facing)[:, None]
            out = out + dull * beam * (self.reach[pick, k] * (0.3 + 0.7 * near))[:, None]
        return out
