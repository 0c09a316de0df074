"""One frame put together from another's pixels, by depth and poses: what tells whether they are right.

Of several frames the best explains each pixel (Godard et al. 2019); what moves by itself in the face is told by a field
of landmark motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812

from tmt.networks.depth import Depth
from tmt.networks.pose import HeadPose
from tmt.train.fusion import ssim_map

Batch = dict[str, torch.Tensor]
WORK = 64  # px at which pictures are compared
SSIM_SHARE = 0.85  # of the difference, as is usual


@dataclass(frozen=True)
class Place:
    """Poses [B] of one frame in sides of its crop."""

    rotation: torch.Tensor
    scale: torch.Tensor
    translation: torch.Tensor


def lifted(z: torch.Tensor, where: Place) -> torch.Tensor:
    """Depth [B, 1, H, W] sides, as told by DepthNet -> canonical points [B, 3, H, W], head units."""
    height, width = z.shape[-2:]
    y = (torch.arange(height, device=z.device) + 0.5) / height
    x = (torch.arange(width, device=z.device) + 0.5) / width
    flat = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])
    seen = torch.cat([flat - where.translation[:, :, None, None], z], 1)
    return torch.einsum("bji,bjhw->bihw", where.rotation, seen) / where.scale[:, None, None, None]


def projected(points: torch.Tensor, where: Place) -> torch.Tensor:
    """Canonical points [B, 3, H, W] -> places [B, H, W, 2] in the crop, sides."""
    turned = torch.einsum("bij,bjhw->bhwi", where.rotation[:, :2], points) * where.scale[:, None, None, None]
    return turned + where.translation[:, None, None]


def photometric(batch: Batch, depth: Depth, places: list[Place]) -> tuple[torch.Tensor, torch.Tensor]:
    """How far the first frame differs from what the others make of it, and where that counts, both [B, 1, h, w]."""
    crops, head = (F.interpolate(batch[name].flatten(0, 1), size=WORK, mode="area").unflatten(0, batch[name].shape[:2])
                   for name in ("crops", "head"))  # fmt: skip
    z = F.interpolate(depth.z, size=WORK, mode="area")
    points, errors, counts = lifted(z, places[0]), [], []
    for k, place in enumerate(places[1:]):
        moved = points + F.interpolate(batch["field"][:, k], size=WORK, mode="bilinear", align_corners=False)
        there = projected(moved, place) * 2 - 1
        both = torch.cat([crops[:, k + 1], head[:, k + 1]], 1)
        seen = F.grid_sample(both, there, padding_mode="border", align_corners=False)
        errors.append(_difference(seen[:, :3], crops[:, 0]))
        counts.append(seen[:, 3:] * ((there.abs() < 1).all(-1)[:, None]))
        errors[-1] = errors[-1] + (1 - counts[-1])  # what is no head there explains nothing
    least = torch.stack(errors).amin(0)
    still = torch.stack([_difference(crops[:, k + 1], crops[:, 0]) for k in range(len(places) - 1)]).amin(0)
    counted = head[:, 0] * (torch.stack(counts).amax(0) > 0.5) * (least < still + 0.02)
    return least, counted


def _difference(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """[B, 1, H, W] of colour and structure."""
    structure = (1 - ssim_map(a, b)).clamp(0, 2).mean(1, keepdim=True) / 2
    return SSIM_SHARE * structure + (1 - SSIM_SHARE) * (a - b).abs().mean(1, keepdim=True)


def places_of(batch: Batch, told: HeadPose | None = None) -> list[Place]:
    """Poses of a sample's frames: from landmarks, or as PoseNet told them."""
    batches, count = batch["crops"].shape[:2]
    if told is None:
        parts = batch["rotation"], batch["scale"], batch["translation"]
    else:
        parts = tuple(p.unflatten(0, (batches, count)) for p in (told.rotation, told.scale, told.translation))
    return [Place(*(part[:, k] for part in parts)) for k in range(count)]
