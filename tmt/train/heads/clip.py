"""Somebody new, doing something, as a clip with its truth."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from tmt.drift import shifted, standing
from tmt.render import rasterise_mesh
from tmt.train.clip import Clip, Truth
from tmt.train.heads.asset import Act, Array, Asset
from tmt.train.heads.backdrop import random_backdrop
from tmt.train.heads.camera import Camera, Canonical, landmarks, random_camera
from tmt.train.heads.light import openness, random_lights
from tmt.train.heads.model import Model, Posed
from tmt.train.heads.people import random_person
from tmt.train.heads.play import random_play
from tmt.train.heads.sensor import develop, random_sensor
from tmt.train.heads.shade import cast, colour
from tmt.train.heads.textures import depths, textures
from tmt.types import Pose

LABELS = ("background", "skin", "hair", "eyes", "mouth", "garment", "worn")  # worn: hat, frame of glasses
OF_MATERIAL = (1, 4, 3, 5, 6, 6, 2, 1)  # material -> label; brows, beard and lashes belong to the skin
SHEET = 512  # px, height of the skin's sheet for a picture of 256
SPAN = 2.5  # s that a clip covers, however few its frames are
FASTEST = Fraction(25)


@dataclass(frozen=True)
class Shot:
    """One frame: light [H, W, 3] linear, matte [H, W] 0..1, depth [H, W] dm from the camera (inf: nobody), label."""

    light: Array
    matte: Array
    depth: Array
    label: Array


class Studio:
    """A person under their light before their background."""

    def __init__(self, asset: Asset, seed: int, size: int = 256, device: torch.device | None = None) -> None:
        """Everything about the person and the scene comes from the seed."""
        self.size, device = size, device or torch.device("cpu")
        self.model = Model(asset, random_person(list(asset.targets), seed), device)
        self.lights, self.camera = random_lights(seed), random_camera(self.model, seed, size)
        self.skins = textures(self.model, SHEET * size // 256)
        side = 2 * size + 1
        self._behind = torch.from_numpy(random_backdrop(seed, side)).to(device)
        rest = self.model.posed(Act(), self.camera.place, np.zeros(3))
        self._open = openness(rest.points, rest.normal, self.model.casting(4))

    def shoot(self, act: Act, sway: Array, drift: Array) -> tuple[Shot, Posed, Camera]:
        """One frame: sway [3] dm of the person, drift [2] px of the camera."""
        camera = self.camera.moved(drift)
        posed = self.model.posed(act, camera.place, sway)
        side = 2 * self.size + 1
        eye = posed.points.new_tensor(camera.place)
        hit, depth = cast(self.model, posed, camera.pixels(posed.points), eye, (side, side))
        folds = posed.points.new_tensor(depths(act))
        lit = colour(self.model, posed, hit, self.lights, self.skins, self._open, folds)
        light, matte = self._behind.view(-1, 3).clone(), torch.zeros(side * side, device=lit.device)
        label = torch.zeros(side * side, dtype=torch.uint8, device=lit.device)
        light[hit.where], matte[hit.where] = lit, 1.0
        label[hit.where] = torch.tensor(OF_MATERIAL, dtype=torch.uint8, device=lit.device)[hit.material]
        light = self._through_lenses(light.view(side, side, 3), posed, camera, depth)
        planes = torch.cat([light, matte.view(side, side, 1)], 2)
        small = _halved(planes).numpy(force=True)
        centre = (slice(1, None, 2), slice(1, None, 2))
        here = label.view(side, side)[centre].numpy(force=True)
        return Shot(small[..., :3], small[..., 3], depth[centre].numpy(force=True), here), posed, camera

    def _through_lenses(self, light: torch.Tensor, posed: Posed, camera: Camera, depth: torch.Tensor) -> torch.Tensor:
        """What is seen through glasses: darker by their tint, with a gleam."""
        worn = self.model.person.glasses
        if worn is None:
            return light
        pixels = camera.pixels(posed.lens)
        pixels[:, 2] *= 200
        face, uv, near = rasterise_mesh(pixels.contiguous(), self.model.lens_faces, depth.shape)  # type: ignore[arg-type]
        over = ((face >= 0) & (near / 200 < depth))[..., None]
        tint = 1 - worn.tint * (1 - light.new_tensor(worn.shade) * 2).clamp(0, 1)
        gleam = worn.gloss * 0.12 * (uv.sum(-1, keepdim=True) * 2.5 - 1.2).clamp(0, 1) ** 2
        return torch.where(over, light * tint + gleam, light)


def _halved(planes: torch.Tensor) -> torch.Tensor:
    """[2H+1, 2W+1, C] -> [H, W, C]: a tent of two pixels around every second sample."""
    rows = (planes[:-1:2] + planes[2::2]) / 4 + planes[1::2] / 2
    return (rows[:, :-1:2] + rows[:, 2::2]) / 4 + rows[:, 1::2] / 2


def load_asset(path: Path) -> Asset:
    """The parametric head's file."""
    return Asset(path)


def random_clip(
    asset: Asset, seed: int, frames: int, size: int = 256, device: torch.device | None = None,
    fps: Fraction | None = None,
) -> Clip:
    """A clip of `frames` frames, size x size px; without `fps` they are spread over at least SPAN seconds."""
    studio, sensor = Studio(asset, seed, size, device), random_sensor(seed)
    fps = fps or min(FASTEST, Fraction(max(frames - 1, 1)) / Fraction(SPAN))
    play = random_play(seed, np.arange(frames) / float(fps), studio.model.person.calm)
    canonical, rng = Canonical(studio.model), np.random.default_rng([seed, 9])
    images, marks, poses, depth, label, chest = [], [], [], [], [], []
    for act, sway, drift in zip(play.acts, play.sway, play.drift, strict=True):
        shot, posed, camera = studio.shoot(act, sway, drift * size)
        rgb = develop(shot.light, sensor, rng)
        matte = np.round(shot.matte * 255).astype(np.uint8)
        images.append(np.concatenate([rgb, matte[..., None]], -1))
        marks.append(landmarks(camera, posed.marks))
        poses.append(canonical.pose(camera, act, sway, posed.marks))
        eyes = camera.seen(posed.middle[None])[0, 2]
        depth.append(((shot.depth - eyes) / canonical.unit).astype(np.float16))
        label.append(shot.label)
        chest.append(camera.seen(posed.chest[None])[0, :2])
    pose = Pose(*(np.stack([getattr(p, name) for p in poses]) for name in ("scale", "rotation", "translation")))
    torso = shifted(standing(frames), np.stack(chest) - chest[0]).astype(np.float32)
    return Clip(
        f"head-{seed}", f"head-{seed}", np.stack(images), np.stack(marks).astype(np.float32), np.ones(frames, bool),
        torso, fps, Truth(pose, np.stack(depth), np.stack(label)),
    )  # fmt: skip


