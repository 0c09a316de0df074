"""A square around a head as the geometry networks see it, and how places and poses look in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tmt.geometry import rotation_from_euler
from tmt.types import Array, Pose

SIDE = 128  # px of a crop
TOO_FINE = 1.7  # px of the picture per px of the crop, from which it is reduced before
NOBODY = 128  # grey beside the person
SHARE = 0.48  # of the crop's side that the face takes up


@dataclass(frozen=True)
class HeadCrop:
    """A square of a picture: centre [2] px, side px, turned by `roll` radians; told in sides, 0..1 over the crop."""

    centre: Array
    side: float
    roll: float = 0.0

    def moved(self, shift: Array, zoom: float, roll: float) -> HeadCrop:
        """The same a little beside: shift [2] in sides."""
        return HeadCrop(self.centre + shift * self.side, self.side * zoom, self.roll + roll)

    @property
    def _turn(self) -> Array:
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return np.array([[cos, sin], [-sin, cos]])

    def to_crop(self, points: Array) -> Array:
        """points [N, 2 or 3] picture px -> sides of the crop."""
        out = np.array(points, np.float64) / self.side
        out[:, :2] = (points[:, :2] - self.centre) @ self._turn.T / self.side + 0.5
        return out

    def cut(self, image: Array, *, nearest: bool = False) -> Array:
        """The crop of a picture [H, W, C] -> [SIDE, SIDE, C]; beyond the picture its edge goes on, but its matte, the
        last of four channels, does not: nobody is there."""
        scale, origin = 1.0, np.zeros(2)
        if self.side > TOO_FINE * SIDE and not nearest:
            low = np.maximum(np.floor(self.centre - 0.75 * self.side), 0).astype(int)
            high = np.maximum(np.ceil(self.centre + 0.75 * self.side), low + 2).astype(int)
            image, origin = image[low[1] : high[1], low[0] : high[0]], low.astype(float)
            while self.side * scale > TOO_FINE * SIDE and min(image.shape[:2]) > 1:
                image, scale = _halved(image), scale / 2
        ratio = SIDE / (self.side * scale)
        turn = self._turn * ratio
        shift = SIDE / 2 - turn @ ((self.centre - origin) * scale) - 0.5 + turn @ np.full(2, 0.5)
        how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
        place = np.c_[turn, shift], (SIDE, SIDE)
        out = np.asarray(cv2.warpAffine(image, *place, flags=how, borderMode=cv2.BORDER_REPLICATE))
        if image.shape[2:] == (4,):
            out[..., 3] = cv2.warpAffine(np.ascontiguousarray(image[..., 3]), *place, flags=how)
        return out

    def seen(self, pose: Pose) -> Pose:
        """A pose in the picture -> in the crop, in sides."""
        x, y = self.to_crop(np.asarray(pose.translation)[None, :2])[0]
        rotation = rotation_from_euler(0.0, 0.0, -self.roll) @ pose.rotation
        return Pose(pose.scale / self.side, rotation, np.array([x, y, self.depth_of(pose)]))

    def depth_of(self, pose: Pose) -> float:
        """The depth of a pose's origin in sides."""
        return float(pose.translation[2]) / self.side

    def unseen(self, pose: Pose) -> Pose:
        """A pose in the crop -> in the picture; the inverse of `seen`."""
        place = (np.asarray(pose.translation[:2]) - 0.5) * self.side @ self._turn + self.centre
        rotation = rotation_from_euler(0.0, 0.0, self.roll) @ pose.rotation
        return Pose(pose.scale * self.side, rotation, np.array([*place, pose.translation[2] * self.side]))


def _halved(image: Array) -> Array:
    """Every 2 x 2 px as one; an odd row or column at the end is left out."""
    height, width = (side // 2 * 2 for side in image.shape[:2])
    return cv2.resize(image[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def crop_around(face: Array) -> HeadCrop:
    """The crop around a face's landmarks [N, 2] px, with room for hair and neck."""
    low, high = face.min(0), face.max(0)
    return HeadCrop((low + high) / 2, float((high - low).max()) / SHARE)


def alone(image: Array) -> Array:
    """A crop [S, S, 4] uint8 with matte -> [S, S, 3] uint8, grey where nobody is: what is behind a head says nothing of
    its shape."""
    share = image[..., 3:].astype(np.uint16)
    mixed = (image[..., :3] * share + np.uint16(NOBODY) * (255 - share) + np.uint16(127)) // 255
    return np.asarray(mixed, np.uint8)
