"""Rotations, similarities and image sampling: pure functions, and the one place for conventions.

Camera: x right, y down, z forward (into the picture). A pose maps canonical -> picture. The canonical face looks
towards the camera, along -z. Angles are radians here, degrees on the page and in files. Lengths of the canonical head
are inter-ocular distances ("head units"). Pixel centres lie at .5, so a picture spans [0, W] x [0, H]. Images in the
core are float RGB in [0, 1], [*, 3, H, W].

Yaw > 0 turns the face to the right of the picture, pitch > 0 looks up, roll > 0 is clockwise in the picture.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from tmt.types import Array, Pose


def rotation_from_euler(yaw: Array | float, pitch: Array | float, roll: Array | float) -> Array:
    """Angles [*] radians -> rotation [*, 3, 3], R = Rz(roll) @ Rx(-pitch) @ Ry(-yaw)."""
    yaw, pitch, roll = np.broadcast_arrays(np.asarray(yaw, float), pitch, roll)
    zero, one = np.zeros_like(yaw), np.ones_like(yaw)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = _stack([[cy, zero, -sy], [zero, one, zero], [sy, zero, cy]])
    about_x = _stack([[one, zero, zero], [zero, cp, sp], [zero, -sp, cp]])
    about_z = _stack([[cr, -sr, zero], [sr, cr, zero], [zero, zero, one]])
    return about_z @ about_x @ about_y


def euler_from_rotation(rotation: Array) -> tuple[Array, Array, Array]:
    """Rotation [*, 3, 3] -> (yaw, pitch, roll) [*] radians; the inverse of `rotation_from_euler` for |pitch| < pi/2."""
    pitch = np.arcsin(np.clip(rotation[..., 2, 1] * -1.0, -1.0, 1.0))
    yaw = np.arctan2(rotation[..., 2, 0], rotation[..., 2, 2])
    roll = np.arctan2(-rotation[..., 0, 1], rotation[..., 1, 1])
    return yaw, pitch, roll


def _stack(rows: list[list[Array]]) -> Array:
    return np.stack([np.stack(row, -1) for row in rows], -2)


def rotation_angle(a: Array, b: Array) -> Array:
    """Angle [*] radians between rotations [*, 3, 3]."""
    trace = np.einsum("...ij,...ij->...", a, b)
    return np.arccos(np.clip((trace - 1) / 2, -1.0, 1.0))


def power_rotation(rotation: Array, amount: float) -> Array:
    """Rotation [*, 3, 3] -> the same axis, the angle times `amount` (a strength; 0 gives the identity)."""
    if amount == 1.0:
        return rotation
    from scipy.spatial.transform import Rotation

    flat = rotation_vector(rotation).reshape(-1, 3) * amount
    return Rotation.from_rotvec(flat).as_matrix().reshape(rotation.shape)


def rotation_vector(rotation: Array) -> Array:
    """Rotations [*, 3, 3] -> axis times angle, radians [*, 3]."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(rotation.reshape(-1, 3, 3)).as_rotvec().reshape(*rotation.shape[:-2], 3)


def rotation_from_vector(vector: Array) -> Array:
    """Axis times radians [*, 3] -> rotations [*, 3, 3]; the inverse of `rotation_vector`."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(vector.reshape(-1, 3)).as_matrix()).reshape(*vector.shape[:-1], 3, 3)


def fit_similarity(source: Array, target: Array, weights: Array) -> Pose:
    """Weighted least-squares similarity (Umeyama 1991): source [N, 3], target [*, N, 3], weights [*, N] -> Pose [*]."""
    weights = weights / weights.sum(-1, keepdims=True)
    mean_s = np.einsum("...n,nd->...d", weights, source)
    mean_t = np.einsum("...n,...nd->...d", weights, target)
    a, b = source - mean_s[..., None, :], target - mean_t[..., None, :]
    covariance = np.einsum("...n,...ni,...nj->...ij", weights, b, a)
    u, d, vt = np.linalg.svd(covariance)
    flip = np.ones(d.shape)
    flip[..., 2] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * flip[..., None, :]) @ vt
    scale = (d * flip).sum(-1) / np.einsum("...n,...nd->...", weights, a * a)
    translation = mean_t - scale[..., None] * np.einsum("...ij,...j->...i", rotation, mean_s)
    return Pose(scale, rotation, translation)


def fit_similarity_robust(source: Array, target: Array, *, tolerance: float = 0.025, rounds: int = 4) -> Pose:
    """Iteratively reweighted `fit_similarity`; residuals over `tolerance` (units of `source`) lose weight as 1/r."""
    weights = np.ones(target.shape[:-1])
    for _ in range(rounds):
        pose = fit_similarity(source, target, weights)
        residual = np.linalg.norm(target - transform(pose, source), axis=-1) / pose.scale[..., None]
        weights = 1.0 / np.maximum(1.0, residual / tolerance)
    return pose


def transform(pose: Pose, points: Array) -> Array:
    """Canonical points [*, N, 3] or [N, 3] -> picture px [*, N, 3]."""
    turned = pose.scale[..., None, None] * np.swapaxes(pose.rotation, -1, -2)
    return points @ turned.astype(points.dtype) + pose.translation[..., None, :].astype(points.dtype)


def untransform(pose: Pose, points: Array) -> Array:
    """Picture points [*, N, 3] px -> canonical [*, N, 3]; the inverse of `transform`."""
    return (points - pose.translation[..., None, :]) / pose.scale[..., None, None] @ pose.rotation


def similarity_slopes(turned: Array) -> Array:
    """How turned points [*, N, 3] move [*, N, 3, 7] with a turn [3], with the log of their size, and with their place
    [3]: the steps that `changed` takes."""
    out = np.zeros((*turned.shape, 7))
    x, y, z = np.moveaxis(turned, -1, 0)
    out[..., 0, 1], out[..., 0, 2] = z, -y
    out[..., 1, 0], out[..., 1, 2] = -z, x
    out[..., 2, 0], out[..., 2, 1] = y, -x
    out[..., 3] = turned
    out[..., (0, 1, 2), (4, 5, 6)] = 1
    return out


def change_to(pose: Pose, other: Pose) -> Array:
    """From one pose to another [7]: turn, growth (log), and shift in head units."""
    turn, shift = rotation_vector(other.rotation @ pose.rotation.T), (other.translation - pose.translation) / pose.scale
    return np.concatenate([turn, [np.log(other.scale / pose.scale)], shift])


def changed(pose: Pose, change: Array) -> Pose:
    """Poses [*] after a change [*, 7]: the inverse of `change_to`."""
    turn = rotation_from_vector(change[..., :3]) @ pose.rotation
    shift = change[..., 4:] * np.asarray(pose.scale)[..., None]
    return Pose(pose.scale * np.exp(change[..., 3]), turn, pose.translation + shift)


def sample(image: torch.Tensor, xy: torch.Tensor, mode: str = "bilinear") -> torch.Tensor:
    """image [B, C, H, W] at xy [B, h, w, 2] px (centres at .5) -> [B, C, h, w]; the border is repeated outside."""
    height, width = image.shape[-2:]
    scale = torch.tensor([2.0 / width, 2.0 / height], dtype=xy.dtype, device=xy.device)
    return F.grid_sample(image, xy * scale - 1.0, mode=mode, padding_mode="border", align_corners=False)


def pixel_centres(height: int, width: int, device: torch.device | None = None) -> torch.Tensor:
    """[H, W, 2] px coordinates (x, y) of the pixel centres."""
    y, x = torch.meshgrid(
        torch.arange(height, device=device) + 0.5, torch.arange(width, device=device) + 0.5, indexing="ij"
    )
    return torch.stack([x, y], -1)


def smoothstep(x: Array) -> Array:
    """0 below 0, 1 above 1, smooth between."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
