"""The renderer: one picture whichever way it is computed, and nothing drawn where nothing moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from heads import pipeline, studied

from tmt.bank import target_of
from tmt.composite import crop_canvas
from tmt.renderer import Renderer
from tmt.types import CanonicalHead, Settings

SETTINGS = Settings(size=256, label=False)


@pytest.fixture(scope="module")
def head() -> CanonicalHead:
    return studied()


def renderer(head: CanonicalHead, portable: bool) -> Renderer:
    return Renderer(head, pipeline().tracker.topology, crop_canvas(head.bank, head.plate, 256), SETTINGS, portable)


def test_the_portable_path_draws_what_the_fast_path_draws(head: CanonicalHead) -> None:
    fast, portable = renderer(head, False), renderer(head, True)
    for index in head.bank.index[::15]:
        target = target_of(head.performance, int(index))
        difference = fast.draw(target).astype(int) - portable.draw(target).astype(int)
        assert np.abs(difference).max() <= 2


def test_a_keyframe_asked_for_again_looks_like_itself(head: CanonicalHead) -> None:
    drawer = renderer(head, False)
    for position in (3, len(head.bank) // 2):
        target = target_of(head.performance, int(head.bank.index[position]))
        kept = drawer.head.bank.images[position][..., :3]
        truth = cv2.resize(kept, (256, 256), interpolation=cv2.INTER_CUBIC).astype(float)
        error = ((drawer.draw(target) - truth) ** 2).mean()
        assert -10 * np.log10(error / 255**2) > 27
