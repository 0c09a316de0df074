"""Where a head is, told by all of its pixels: direct alignment (Lucas and Kanade 1981) of the sheet with keyframes.

Landmarks put the face right, but leave half a degree of how the head behind it is turned: at the crown that is a pixel
or two, which is most of what a hair's outline was wrong by. So the sheet is laid over each picture such that hair, ears
and skin look as they do in keyframes of the same person; landmarks hold it where pictures tell little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from tmt.bank import row_of, target_of
from tmt.geometry import (
    change_to,
    changed,
    rotation_angle,
    similarity_slopes,
    smoothstep,
    transform,
    untransform,
)
from tmt.kernels_align import accumulate
from tmt.render import deform, place, share_of_head
from tmt.topology import Topology
from tmt.types import Array, Performance, Pose, Surface, Target, Window

SIDE = 256  # px of the window that is looked at, longer side: a blur of so much is better than a finer one
BLUR = 1.0  # px
VIEWS = 3  # keyframes that a picture is laid over, those turned most like it
FAR = (8.0, 20.0)  # degrees from any keyframe over which less is believed: there other sides of a head are seen
POINTS = 2500  # of a keyframe's vertices, those with the strongest edges
PERSON = 0.2  # of the matte, from which a vertex is the person's in a keyframe
TURNS = 0.3  # share of the head and of what expressions leave alone, from which a vertex is looked at
NOISE = 0.06  # of colours 0..1, by which a pixel may be wrong
PLACE, DEPTH = 0.006, 0.025  # head units by which a landmark may be wrong in the picture, and across it
GUESS, ALIKE = 0.03, 0.25  # what landmarks count of a lost face; share of it that must look as it should
LOOSE = 0.025  # head units off from which a landmark counts less
ROUNDS, ENOUGH = 6, 4e-4  # steps at most; radians or head units below which they end

_Said = tuple[float, Array, Array]


@dataclass(frozen=True)
class View:
    """A keyframe to lay others over: its rotation [3, 3]; of its vertices [N] places [N, 2] px in its picture, colours
    [N, 3] 0..1 and weight [N]."""

    rotation: Array
    vertices: Array
    places: Array
    colours: Array
    weight: Array


@dataclass(frozen=True)
class Picture:
    """A reduced picture in its window: planes [h, w, 9], colours 0..1, and how they change across and down; matte
    [h, w] 0..255, where it is known."""

    window: Window
    planes: Array
    matte: Array | None

    def colours(self, places: Array) -> Array:
        """At places [N, 2] px -> [N, 3]."""
        return read_at(self.planes[..., :3], places)


def pictured(image: Array, window: Window) -> Picture:
    """A cut [H, W, 3] uint8 of a window, or one with matte [H, W, 4], reduced to SIDE."""
    small = window.at(window.scale * min(1.0, SIDE / max(window.shape)))
    image = cv2.resize(image, small.shape[::-1], interpolation=cv2.INTER_AREA)
    colours = cv2.GaussianBlur(image[..., :3], (0, 0), BLUR).astype(np.float32) / 255
    slopes = [cv2.Sobel(colours, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1))]
    matte = image[..., 3].copy() if image.shape[2] == 4 else None
    return Picture(small, np.concatenate([colours, *slopes], 2), matte)


def read_at(plane: Array, points: Array) -> Array:
    """Values [N, C] of a plane [h, w, C] at points [N, 2] px."""
    if not len(points):
        return np.empty((0, *plane.shape[2:]), plane.dtype)
    x, y = (np.ascontiguousarray(points[None, :, axis] - 0.5, np.float32) for axis in (0, 1))
    return cv2.remap(np.ascontiguousarray(plane), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]


def near_to(pose: Pose, views: Sequence[View]) -> tuple[View, float]:
    """Those of the views that are turned most like a pose as one, each counting as much, and how far that is believed,
    0..1: the less, the further it is turned from them."""
    away = [float(rotation_angle(view.rotation, pose.rotation)) for view in views]
    trust = 1 - float(smoothstep((np.degrees(min(away, default=np.inf)) - FAR[0]) / (FAR[1] - FAR[0])))
    near = [views[k] for k in np.argsort(away, kind="stable")[:VIEWS]] if trust > 0 else []
    if not near:
        return View(pose.rotation, np.empty(0, int), np.empty((0, 2)), np.empty((0, 3)), np.empty(0)), 0.0
    names = ("vertices", "places", "colours", "weight")
    vertices, places, colours, weight = (np.concatenate([getattr(view, name) for view in near]) for name in names)
    return View(near[0].rotation, vertices, places, colours, weight / len(near)), trust


class Aligner:
    """Lays a head, `surface` with the motion of a `performance`, over pictures."""

    def __init__(self, surface: Surface, performance: Performance, topology: Topology) -> None:
        self.surface, self.performance = surface, performance
        self._stable = list(topology.stable)
        self._shape = performance.shape[self._stable].astype(np.float64)
        self._still = 1 - np.clip(surface.regions.max(0), 0, 1).ravel()  # mouth, eyes and brows do as they like

    def view(self, index: int, picture: Picture) -> View:
        """Frame `index`, whose picture has a matte, to lay others over."""
        assert picture.matte is not None, "where a keyframe shows nobody is known"
        performance, target = self.performance, target_of(self.performance, index)
        places, _, quality, _ = row_of(self.surface, performance, picture.window, index)
        person = read_at(picture.matte, places) > PERSON * 255
        weight = self._turning(target) * np.exp(np.minimum(quality, 0)) * person * _inside(places, picture)
        edge = sum((read_at(picture.planes[..., k : k + 3], places) ** 2).sum(1) for k in (3, 6)) * weight
        vertices = np.argsort(-edge, kind="stable")[: min(POINTS, int((weight > 0).sum()))]
        places, weight = places[vertices], weight[vertices]
        return View(performance.pose.rotation[index], vertices, places, picture.colours(places), weight)

    def again(self, view: View, index: int, picture: Picture) -> View:
        """The view of frame `index` as this head has it, by what another one, much like it, was seen by."""
        target = target_of(self.performance, index)
        offsets = deform(self.surface, target.canonical, target.swing)
        placed = place(self.surface, offsets, target, self.performance)[view.vertices]
        places = picture.window.to_window(placed)[:, :2]
        weight = view.weight * (self._turning(target)[view.vertices] > 0) * _inside(places, picture)
        return View(target.pose.rotation, view.vertices, places, picture.colours(places), weight)

    def _turning(self, target: Target) -> Array:
        """How much each vertex counts by what it belongs to [G*G]: what turns with the head and has no expression."""
        share = share_of_head(self.surface, target, self.performance) * self._still
        return np.where(share > TURNS, share, 0)

    def pose(self, target: Target, picture: Picture, views: Sequence[View], lost: bool = False) -> Pose:
        """The pose in which a picture looks most like the `views` that are turned like it, begun at a target's, whose
        landmarks hold it; the target's own where no other looks more alike, or no view is turned like it. Of a `lost`
        face landmarks are a guess: they hold less, and the head must be there for all to see."""
        near, trust = near_to(target.pose, views)
        vertices, colours, weight = near.vertices, near.colours, near.weight
        if trust == 0 or not len(vertices):
            return target.pose
        offsets = deform(self.surface, target.canonical)
        head = (self.surface.vertices[vertices] + offsets[vertices]).astype(np.float64)
        marks = transform(target.pose, target.canonical[self._stable].astype(np.float64))
        pose, best, least, sure = target.pose, target.pose, np.inf, GUESS if lost else 1.0
        for _ in range(ROUNDS + 1):
            cost, normal, wanted = self._seen(pose, picture, head, colours, weight)
            held, more, pull = self._held(pose, marks)
            if cost + sure * held < least:
                least, best = cost + sure * held, pose
            step = np.linalg.solve(normal + sure * more, wanted + sure * pull)
            pose = changed(pose, step)
            if np.abs(step[:6]).max() < ENOUGH:
                break
        if lost and self._alike(best, picture, head, colours, weight) < ALIKE:
            return target.pose
        return best if trust == 1 else changed(target.pose, trust * change_to(target.pose, best))

    def _alike(self, pose: Pose, picture: Picture, head: Array, colours: Array, weight: Array) -> float:
        """Which share of what may be seen in a pose looks as it should, 0..1."""
        points = picture.window.to_window(transform(pose, head))[:, :2]
        square = (((colours - picture.colours(points)) / NOISE) ** 2).sum(1)
        return float((weight * _inside(points, picture) / (1 + square)).sum() / weight.sum())

    def _seen(self, pose: Pose, picture: Picture, head: Array, colours: Array, weight: Array) -> _Said:
        """What pixels say: the cost of a pose, and the normal equations [7, 7], [7] of a step away from it."""
        points = picture.window.to_window(transform(pose, head))[:, :2]
        normal, wanted = np.empty((7, 7)), np.empty(7)
        unit = float(pose.scale) * picture.window.scale
        cost = accumulate(picture.planes, head @ pose.rotation.T, points, unit, NOISE, colours, weight, normal, wanted)
        return cost, normal, wanted

    def _held(self, pose: Pose, marks: Array) -> _Said:
        """What landmarks `marks` [S, 3] px say, as `_seen`."""
        apart = (marks - transform(pose, self._shape)) / float(pose.scale)
        away = np.linalg.norm(apart * [1, 1, PLACE / DEPTH], axis=1)
        trust = (1 / np.maximum(1, away / LOOSE))[:, None] / np.array([PLACE, PLACE, DEPTH]) ** 2
        slopes = similarity_slopes(self._shape @ pose.rotation.T)
        cost = float((trust * apart**2).sum()) / 2
        weighted = slopes * trust[..., None]
        return cost, np.einsum("nci,ncj->ij", weighted, slopes), np.einsum("nci,nc->i", weighted, apart)


def _inside(points: Array, picture: Picture) -> Array:
    """Which points [N, 2] lie in a picture, and not at its edge [N]."""
    return ((points > 1) & (points < np.array(picture.window.shape[::-1]) - 1)).all(1)


def posed(performance: Performance, index: Array, poses: Sequence[Pose]) -> Performance:
    """A performance with other poses in frames `index` [K]: landmarks stay where they are in the picture, but where no
    face was found, whose expression stays."""
    pose, canonical = performance.pose, performance.canonical.copy()
    scale, rotation, translation = pose.scale.copy(), pose.rotation.copy(), pose.translation.copy()
    for frame, other in zip(index, poses, strict=True):
        if performance.found[frame]:
            canonical[frame] = stayed(canonical[frame], pose[frame], other)
        scale[frame], rotation[frame], translation[frame] = other.scale, other.rotation, other.translation
    return replace(performance, pose=Pose(scale, rotation, translation), canonical=canonical)


def stayed(face: Array, pose: Pose, other: Pose) -> Array:
    """A face [L, 3] in one pose as another pose has it, if its landmarks stay where they are in the picture; their
    depth is the head's."""
    there = transform(other, face.astype(np.float64))
    there[:, :2] = transform(pose, face.astype(np.float64))[:, :2]
    return untransform(other, there).astype(np.float32)


def bridged(performance: Performance, frames: Array, poses: Sequence[Pose]) -> Performance:
    """A performance with the `poses` of its `frames` [N]; between them what they change fades from one to the next."""
    old = performance.pose
    told = np.array([change_to(old[frame], pose) for frame, pose in zip(frames, poses, strict=True)])
    others = np.setdiff1d(np.arange(len(performance)), frames)
    between = np.stack([np.interp(others, frames, told[:, axis]) for axis in range(7)], 1)
    filled = [changed(old[frame], change) for frame, change in zip(others, between, strict=True)]
    return posed(performance, np.concatenate([frames, others]), [*poses, *filled])
