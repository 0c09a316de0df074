"""The renderer: one picture whichever way it is computed, and nothing drawn where nothing moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from heads import pipeline, studied

from tmt.bank import target_of
from tmt.canvas import crop_canvas
from tmt.renderer import Renderer, helpful_share
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


def test_a_network_is_trusted_as_far_as_it_helps_and_not_at_all_where_it_harms() -> None:
    rng = np.random.default_rng(0)
    truth = [rng.integers(60, 200, (20, 30, 4), dtype=np.uint8) for _ in range(3)]
    for picture in truth:
        picture[..., 3] = 255
        picture[:, 20:, 3] = 0  # no person there: what happens there does not count
    true = [picture[..., :3].astype(np.float32) / 255 for picture in truth]
    error = [rng.normal(0, 0.05, picture.shape).astype(np.float32) for picture in true]
    plain = [t + e for t, e in zip(true, error, strict=True)]

    def learned(share: float) -> list[np.ndarray]:
        inside = np.arange(30)[None, :, None] < 20
        pairs = zip(true, error, strict=True)
        return [np.where(inside, t + (1 - share) * e, 0).astype(np.float32) for t, e in pairs]

    assert helpful_share(plain, learned(1.0), truth) == pytest.approx(1.0, abs=1e-3)
    assert helpful_share(plain, learned(2.0), truth) == pytest.approx(0.5, abs=1e-3)  # it overdoes things
    assert helpful_share(plain, learned(-1.0), truth) == 0.0
    assert helpful_share(plain, plain, truth) == 0.0
