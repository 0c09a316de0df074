"""Networks may run in half precision; what their results are compared with, and the losses, may not."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tmt.networks.depth import Depth
    from tmt.networks.fusion import Repair
    from tmt.networks.pose import HeadPose

Told = TypeVar("Told", "Depth", "HeadPose", "Repair")


def whole(told: Told) -> Told:
    """What a network tells, in single precision."""
    return replace(told, **{one.name: getattr(told, one.name).float() for one in fields(told)})
