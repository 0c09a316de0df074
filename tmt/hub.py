"""Where the networks live: the device of the computation, chosen here and nowhere else."""

from __future__ import annotations

import torch


def device() -> torch.device:
    """The first CUDA device that a kernel really runs on, otherwise the CPU."""
    if torch.cuda.is_available():
        chosen = torch.device("cuda", 0)
        try:
            torch.ones(1, device=chosen).add_(1)  # a driver can be there and be too old for this build of torch
        except RuntimeError:
            return torch.device("cpu")
        return chosen
    return torch.device("cpu")
