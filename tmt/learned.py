"""The trained networks that ship with the package: loaded once, and the fusion at work."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from tmt.attend import MAPS, Evidence
from tmt.errors import WeightsError
from tmt.hub import device
from tmt.types import METHODS, Array, Method

if TYPE_CHECKING:
    from tmt.networks.depth import DepthNet
    from tmt.networks.fusion import FusionNet
    from tmt.networks.head import HeadCell
    from tmt.networks.pose import PoseNet

_LOADING = threading.Lock()
ASSETS = Path(__file__).with_name("assets")
FUSION, FUSION2D = ASSETS / "fusion", ASSETS / "fusion2d"
GEOMETRY, HEAD = ASSETS / "geometry", ASSETS / "head"
ASKED: dict[str, Path] = {"fused": FUSION, "learned2d": FUSION2D}  # the networks that methods ask


def has_weights(folder: Path) -> bool:
    """Whether trained weights lie there."""
    return (folder / "config.json").is_file()


def offered() -> tuple[Method, ...]:
    """The methods that can be used: of those that ask a network, the trained ones."""
    return tuple(method for method in METHODS if method not in ASKED or has_weights(ASKED[method]))


def check_weights(folder: Path) -> None:
    """WeightsError unless trained weights lie there."""
    if not has_weights(folder):
        raise WeightsError("untrained", name=folder.name, folder=folder)


def load_fusion(folder: Path = FUSION) -> FusionNet:
    """The attention fusion's weights, once per process, in the precision that suits the device."""
    check_weights(folder)
    net: FusionNet = _load(folder, "fusion")
    return net


def load_depth() -> DepthNet | None:
    """DepthNet, once per process; None where no trained weights ship."""
    return _load(GEOMETRY / "depth", "depth") if has_weights(GEOMETRY / "depth") else None


def load_pose() -> PoseNet | None:
    """PoseNet, once per process; None where no trained weights ship."""
    return _load(GEOMETRY / "pose", "pose") if has_weights(GEOMETRY / "pose") else None


def load_head() -> HeadCell:
    """The recurrent head's cell, once per process; without trained weights it is the plain filter."""
    if has_weights(HEAD):
        net: HeadCell = _load(HEAD, "head")
        return net
    return _plain_head(device())


@lru_cache(maxsize=2)
def _plain_head(where: torch.device) -> HeadCell:
    from tmt.networks.head import HeadCell

    return HeadCell(4, 4, 4).to(where).eval()


def load_ahead() -> None:
    """Begin to load the weights beside other work: importing what they are made with takes seconds."""
    threading.Thread(target=lambda: (load_depth(), load_head(), load_fusion()), name="tmt-load").start()


def _load(folder: Path, name: str) -> Any:
    with _LOADING:
        return _loaded(folder, name, device())


@lru_cache(maxsize=6)
def _loaded(folder: Path, name: str, where: torch.device) -> Any:
    """By device: on a machine that lends its GPU by the minute, a process can have one that its parent had not."""
    from tmt.networks.depth import DepthNet
    from tmt.networks.fusion import FusionNet
    from tmt.networks.head import HeadCell
    from tmt.networks.pose import PoseNet

    made: dict[str, Any] = {"fusion": FusionNet, "depth": DepthNet, "pose": PoseNet, "head": HeadCell}
    kind = torch.float16 if where.type == "cuda" else torch.float32
    net = made[name].from_pretrained(folder, torch_dtype=kind, local_files_only=True, low_cpu_mem_usage=False)
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
