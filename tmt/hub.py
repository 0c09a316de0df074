"""Where the networks run: the device is chosen here and nowhere else."""

from __future__ import annotations

import torch


def device() -> torch.device:
    """The first CUDA device if a kernel really runs on it, otherwise the CPU."""
    if torch.cuda.is_available():
        try:
            return torch.ones(1, device="cuda:0").add_(1).device
        except RuntimeError:  # a card can be there that this build of torch has no kernels for
            pass
    return torch.device("cpu")
