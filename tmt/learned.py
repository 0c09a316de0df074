"""The trained networks: loaded once for all who use the same weights, and the fusion at work."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from tmt.attend import MAPS, Evidence
from tmt.checkpoint import ASSETS, SHIPPED, Checkpoint, Weights
from tmt.errors import WeightsError
from tmt.hub import device
from tmt.provenance import file_sha256
from tmt.types import METHODS, Array, Method
from tmt.weights import PLACES, STORED, network_class

if TYPE_CHECKING:
    from tmt.networks.depth import DepthNet
    from tmt.networks.fusion import FusionNet
    from tmt.networks.head import HeadCell
    from tmt.networks.pose import PoseNet

_LOADING = threading.Lock()
ASKED: dict[str, str] = {"fused": "fusion", "learned2d": "fusion2d"}  # methods that ask a network, and which


def offered(checkpoint: Checkpoint = SHIPPED) -> tuple[Method, ...]:
    """The methods that can be used: of those that ask a network, the trained ones."""
    return tuple(
        method for method in METHODS if method not in ASKED or getattr(checkpoint, ASKED[method]) is not None
    )


def asked_weights(method: Method, checkpoint: Checkpoint | None = None) -> Weights:
    """The weights that a method asks (see ASKED); WeightsError where there are none. None: those that ship."""
    weights: Weights | None = getattr(checkpoint or SHIPPED, ASKED[method])
    if weights is None:
        raise WeightsError("untrained", name=ASKED[method], folder=ASSETS / ASKED[method])
    return weights


def load_fusion(weights: Weights) -> FusionNet:
    """An attention fusion, once per process, in the precision that suits the device."""
    net: FusionNet = _load(weights, "fusion")
    return net


def load_depth(weights: Weights | None = SHIPPED.depth) -> DepthNet | None:
    """DepthNet, once per process; None without trained weights."""
    return None if weights is None else _load(weights, "depth")


def load_pose(weights: Weights | None = SHIPPED.pose) -> PoseNet | None:
    """PoseNet, once per process; None without trained weights."""
    return None if weights is None else _load(weights, "pose")


def load_head(weights: Weights | None = SHIPPED.head) -> HeadCell:
    """The recurrent head's cell, once per process; without trained weights it is the plain filter."""
    if weights is None:
        return _plain_head(device())
    net: HeadCell = _load(weights, "head")
    return net


@lru_cache(maxsize=2)
def _plain_head(where: torch.device) -> HeadCell:
    from tmt.networks.head import HeadCell

    return HeadCell(4, 4, 4).to(where).eval()


def load_all(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Load whatever a checkpoint has; the parts' names."""
    there = {part: weights for part in PLACES if (weights := getattr(checkpoint, part)) is not None}
    for part, weights in there.items():
        _load(weights, part)
    return tuple(there)


def load_ahead(checkpoint: Checkpoint = SHIPPED) -> None:
    """Begin to load the weights beside other work: importing what they are made with takes seconds."""
    few = {part: getattr(checkpoint, part) for part in ("depth", "head", "fusion")}
    ahead = Checkpoint(**few)
    threading.Thread(target=load_all, args=(ahead,), name="tmt-load").start()


def _load(weights: Weights, part: str) -> Any:
    with _LOADING:
        return _loaded(weights, "fusion" if part in ASKED.values() else part, device())


@lru_cache(maxsize=20)
def _loaded(weights: Weights, part: str, where: torch.device) -> Any:
    """By device: on a machine that lends its GPU by the minute, a process can have one that its parent had not."""
    if weights.sha256 not in (None, file_sha256(weights.folder / STORED)):
        reason = "its file is no longer the one that was looked at"
        raise WeightsError("checkpoint_network", name=weights.name, reason=reason)
    kind = torch.float16 if where.type == "cuda" else torch.float32
    net = network_class(part).from_pretrained(
        weights.folder, torch_dtype=kind, local_files_only=True, low_cpu_mem_usage=False
    )
    return net.to(where, memory_format=torch.channels_last).eval()


@dataclass(frozen=True)
class Added:
    """A network's repair as arrays: logits [h, w, K] at its own size; matte [H, W] and picture [H, W, 3] at the
    picture's."""

    logits: Array
    matte: Array
    picture: Array


@torch.inference_mode()
def attend(
    net: FusionNet, evidence: Evidence, shape: tuple[int, int], follow: Array | float = 1.0
) -> Added:
    """What the network adds to a picture of `shape` (H, W). `follow` [h, w]: how far."""
    like = next(net.parameters())  # a network of diffusers looks through all its parameters when asked where it is
    sources, hints, maps = (
        torch.from_numpy(a)[None].to(like.device, like.dtype)
        for a in (evidence.sources, evidence.hints, evidence.maps)
    )
    told, near = net(sources, hints, maps), maps[0, MAPS.index("near")]
    height, width = evidence.shape

    def picture(values: torch.Tensor) -> Array:
        return np.ascontiguousarray(values[:, :height, :width].permute(1, 2, 0).float().cpu().numpy())

    logits, added = (
        picture(values) * np.asarray(follow, np.float32)[..., None]
        for values in (told.logits[0], torch.cat([told.matte[0], told.picture[0]]) * near)
    )
    if added.shape[:2] != shape:
        added = cv2.resize(added, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return Added(logits, added[..., 0], added[..., 1:])
