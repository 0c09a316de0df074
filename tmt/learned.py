"""The learned fusion at work: evidence in, what to add to the unlearned fusion out."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from tmt.attend import MAPS, Evidence
from tmt.hub import device
from tmt.types import Array

if TYPE_CHECKING:
    from tmt.networks.fusion import FusionNet

_LOADING = threading.Lock()
FUSION = Path(__file__).with_name("assets") / "fusion"


def has_fusion() -> bool:
    """Whether trained weights of the attention fusion ship with the package."""
    return (FUSION / "config.json").is_file()


def load_fusion(folder: Path = FUSION) -> FusionNet:
    """The attention fusion's weights, once per process, in the precision that suits the device."""
    with _LOADING:
        return _loaded(folder, device())


def load_ahead() -> None:
    """Begin to load the weights beside other work: importing what they are made with takes seconds."""
    threading.Thread(target=load_fusion, name="tmt-load").start()


@lru_cache(maxsize=2)
def _loaded(folder: Path, where: torch.device) -> FusionNet:
    """By device: on a machine that lends its GPU by the minute, a process can have one that its parent had not."""
    from tmt.networks.fusion import FusionNet

    half = where.type == "cuda"
    kind = torch.float16 if half else torch.float32
    net = FusionNet.from_pretrained(folder, torch_dtype=kind, local_files_only=True, low_cpu_mem_usage=False)
    return net.to(where, memory_format=torch.channels_last).eval()


@torch.inference_mode()
def attend(net: FusionNet, evidence: Evidence, shape: tuple[int, int]) -> tuple[Array, Array, Array]:
    """What the network adds: logits [h, w, K] at its own size, and for a picture of `shape` (H, W) matte [H, W] and
    colours [H, W, 3]."""
    inputs = (
        torch.from_numpy(a)[None].to(net.device, net.dtype) for a in (evidence.sources, evidence.hints, evidence.maps)
    )
    repair = net(*inputs)
    near = torch.from_numpy(evidence.maps[MAPS.index("near")]).to(net.device, net.dtype)
    height, width = evidence.shape

    def picture(values: torch.Tensor) -> Array:
        return np.ascontiguousarray(values[:, :height, :width].permute(1, 2, 0).float().cpu().numpy())

    logits, added = picture(repair.logits[0]), picture(torch.cat([repair.matte[0], repair.picture[0]]) * near)
    if added.shape[:2] != shape:
        added = cv2.resize(added, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return logits, added[..., 0], added[..., 1:]
