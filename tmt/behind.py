"""What is behind a head in the subject's pictures: the torso, and the background, which a hand-held camera moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tmt.canvas import Canvas
from tmt.composite import AWAY
from tmt.geometry import smoothstep
from tmt.plate import BACKGROUND_BELOW, background_of, filled_around
from tmt.types import Array

SAMPLES = 15  # pictures whose median is what lies behind
UNSURE = 0.4  # a matte that tells neither of a person nor of none
TORSO_ABOVE, TORSO_SHARE = 0.6, 0.3  # matte, and share of the head, from and to which a pixel is torso
OFTEN = (0.1, 0.4)  # share of the pictures in which a place is background, so that no torso stands there
NOTABLE = 8 / 255  # what differs less from the background is the background
NOISE = 3.0  # times what the background itself varies by
CORNERS, LEAST_CORNERS, INLIERS = 200, 12, 0.6
STILL_CAMERA = 0.004  # of the side: a camera that moves less than this stands still
TRACKED = 480  # px of the longer side at which the camera's motion is measured


@dataclass(frozen=True)
class View:
    """One of the subject's pictures on the canvas: colours [h, w, 3] uint8, where the person is [h, w] 0..1, how far
    each place belongs to the head [h, w] 0..1, and how far the torso has moved since the reference [2] canvas px."""

    colours: Array
    person: Array
    share: Array
    sway: Array


@dataclass(frozen=True)
class Behind:
    """Layers as in the reference picture, h x w px: the background `plate` [h, w, 3] float and how much it varies
    [h, w], the torso's colours [h, w, 3], where there is torso [h, w] 0..1, and where surely none is [h, w] 0..1."""

    plate: Array
    varies: Array
    torso: Array
    solid: Array
    empty: Array

    def at(self, camera: Array | None, sway: Array) -> Behind:
        """The same when the camera [2, 3] and the torso [2] px have moved."""
        plate, varies = (_moved(layer, camera) for layer in (self.plate, self.varies))
        step = np.array([[1, 0, sway[0]], [0, 1, sway[1]]], np.float32)
        torso, solid, empty = (_moved(layer, step) for layer in (self.torso, self.solid, self.empty))
        return Behind(plate, varies, torso, solid, empty)

    @property
    def clean(self) -> Array:
        """The picture without the head [h, w, 3] float."""
        return self.plate + (self.torso - self.plate) * self.solid[..., None]

    def strays(self, colours: Array) -> Array:
        """How surely a picture [h, w, 3] float shows something before the background that is no torso [h, w] 0..1."""
        apart = np.abs(colours - self.plate).max(-1)
        notable = np.maximum(NOTABLE, NOISE * self.varies)
        sure = smoothstep(apart / notable - 1).astype(np.float32) * (1 - self.solid)
        return np.minimum(cv2.GaussianBlur(cv2.dilate(sure, np.ones((3, 3), np.uint8)), (0, 0), 1.0), 1)


def behind(views: Sequence[View], cameras: Sequence[Array | None]) -> Behind:
    """The layers from some of the subject's pictures, and how the camera had moved in each of them."""
    back = [np.eye(2, 3, dtype=np.float32) if camera is None else camera for camera in cameras]
    seen = [_unmoved(view.colours, camera) for view, camera in zip(views, back, strict=True)]
    free = [_unmoved(_free(view), camera) for view, camera in zip(views, back, strict=True)]
    plate, varies = background_of(np.stack(seen), np.stack(free))
    steps = [np.array([[1, 0, v.sway[0]], [0, 1, v.sway[1]]], np.float32) for v in views]
    torsos = np.stack([_unmoved(_torso(view), step) for view, step in zip(views, steps, strict=True)])
    torso, _ = background_of(np.stack([_unmoved(v.colours, s) for v, s in zip(views, steps, strict=True)]), torsos)
    absent = np.stack([_unmoved(_empty(view), step) for view, step in zip(views, steps, strict=True)])
    there, gone = torsos.sum(0, dtype=np.float32), absent.sum(0, dtype=np.float32)
    known = (there + gone > 0).astype(np.float32)
    share = filled_around((there / (there + gone + 1))[..., None].repeat(2, -1) * known[..., None], known)[..., 0]
    solid = smoothstep(2 * cv2.GaussianBlur(share.astype(np.float32), (0, 0), 1.5) - 0.5).astype(np.float32)
    clear = np.stack([_unmoved(_free(view), step) for view, step in zip(views, steps, strict=True)])
    empty = smoothstep((clear.mean(0, dtype=np.float32) - OFTEN[0]) / (OFTEN[1] - OFTEN[0])) * (1 - solid)
    over = np.float32(255)
    return Behind(plate / over, varies / over, torso / over, solid, empty.astype(np.float32))


def _free(view: View) -> Array:
    """Where a picture shows the background [h, w] uint8."""
    reach = max(3, round(AWAY * view.person.shape[1]))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.erode(_empty(view), disc)


def _empty(view: View) -> Array:
    """Where a picture shows no person [h, w] uint8."""
    return (view.person < BACKGROUND_BELOW).astype(np.uint8)


def _torso(view: View) -> Array:
    """Where a picture shows the torso [h, w] uint8."""
    return ((view.person > TORSO_ABOVE) & (view.share < TORSO_SHARE)).astype(np.uint8)


def _moved(layer: Array, motion: Array | None) -> Array:
    if motion is None:
        return layer
    size = layer.shape[1], layer.shape[0]
    moved: Array = cv2.warpAffine(layer, motion, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved


def _unmoved(layer: Array, motion: Array) -> Array:
    """A picture of colours, or a mask [h, w] uint8 that is 0 beyond the picture, as it lies in the reference."""
    whole = cv2.BORDER_REPLICATE if layer.ndim == 3 else cv2.BORDER_CONSTANT
    flags = (cv2.INTER_LINEAR if layer.ndim == 3 else cv2.INTER_NEAREST) | cv2.WARP_INVERSE_MAP
    back: Array = cv2.warpAffine(layer, motion, (layer.shape[1], layer.shape[0]), flags=flags, borderMode=whole)
    return back


class Camera:
    """How the camera has moved since the reference picture, told by the background's corners."""

    def __init__(self, canvas: Canvas, person: Array) -> None:
        """The canvas of the reference picture, and where the person [h, w] is in it."""
        self._scale = min(1.0, TRACKED / max(canvas.window.shape))
        self._home = self._grey(canvas.around)
        away = _free(View(canvas.around, person, person, np.zeros(2)))
        mask = cv2.resize(away, self._home.shape[::-1], interpolation=cv2.INTER_NEAREST)
        self._corners = cv2.goodFeaturesToTrack(self._home, CORNERS, 0.01, 6, mask=mask)

    def motion(self, colours: Array, person: Array) -> Array | None:
        """Reference -> picture [h, w, 3] float, a similarity [2, 3] in canvas px; None where it cannot be told."""
        if self._corners is None or len(self._corners) < LEAST_CORNERS:
            return None
        found, fine, _ = cv2.calcOpticalFlowPyrLK(self._home, self._grey(colours), self._corners, None)
        at = np.round(found[:, 0] / self._scale).astype(int).clip(0, np.array(person.shape[::-1]) - 1)
        fine = (fine[:, 0] > 0) & (person[at[:, 1], at[:, 0]] < BACKGROUND_BELOW)
        if fine.sum() < LEAST_CORNERS:
            return None
        motion, agreed = cv2.estimateAffinePartial2D(self._corners[fine], found[fine], ransacReprojThreshold=1.0)
        if motion is None or agreed.mean() < INLIERS:
            return None
        motion[:, 2] /= self._scale
        return np.asarray(motion, np.float32)

    def _grey(self, colours: Array) -> Array:
        grey = cv2.cvtColor(np.round(colours * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
        return cv2.resize(grey, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA)


def stands(cameras: Sequence[Array | None], shape: tuple[int, int]) -> bool:
    """Whether the camera stands still, or its motion cannot be told."""
    corners = np.array([[0, 0], [shape[1], 0], [0, shape[0]], [shape[1], shape[0]]], float)
    told = [camera for camera in cameras if camera is not None]
    if len(told) <= len(cameras) // 2:
        return True
    far = [float(np.linalg.norm(corners @ m[:, :2].T + m[:, 2] - corners, axis=1).max()) for m in told]
    return float(np.percentile(far, 90)) < STILL_CAMERA * max(shape)
