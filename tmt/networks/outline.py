"""Where the recurrent head ends, by view: behind the outline of one view lies hair of another. What a texel of the
sheet beyond the outline shows is background from the front and, once the head has turned, its side: the mean of both
would be a ghost. Like those of `networks/ways.py` only sums, so that frames add up in any order and number; how they
are read: `tmt/ways.py`.
"""

from __future__ import annotations

import torch

from tmt.ways import APART, CENTRES


def with_outline(
    before: torch.Tensor | None, numbers: torch.Tensor, weight: torch.Tensor, matte: torch.Tensor
) -> torch.Tensor:
    """One frame more, weight and matte [B, 1, S, S]; numbers [B, N], of which the last two are the view -> sums of
    mattes and of weights, by view [B, 2, V, S, S]."""
    away = (numbers[:, None, -2:].float() - torch.tensor(CENTRES, device=numbers.device)).square().sum(-1)
    shared = torch.softmax(-away / (2 * APART**2), 1)[..., None, None] * weight.float()
    here = torch.stack([shared * matte.float(), shared], 1)
    return here if before is None else before + here
