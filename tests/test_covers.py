"""What stands before the faces that PoseNet learns from, and their blur."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from heads import TOPOLOGY, mottled
from hypothesis import given
from hypothesis import strategies as st

from tmt.pose import template
from tmt.train.covers import MOST, NUMBERS, blurred, covered, mirrored_covers, random_blur, random_covers

SIDE = 64
seeds = st.integers(0, 2**32 - 1)
MARKS = template(TOPOLOGY.name) * 0.2 + 0.5


def crops(count: int) -> torch.Tensor:
    pictures = [mottled((SIDE, SIDE), grain=1.0 + i) for i in range(count)]
    grey = torch.from_numpy(np.stack(pictures)).float().reshape(count, SIDE, SIDE, -1)[..., 0]
    return grey[:, None].expand(-1, 3, -1, -1)


def covers(seed: int, count: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(np.stack([random_covers(rng, MARKS, np.full(3, 0.6), TOPOLOGY) for _ in range(count)]))


def test_what_is_not_covered_and_not_blurred_stays_as_it_is() -> None:
    shown = crops(3)
    torch.testing.assert_close(covered(shown, torch.zeros(3, MOST, NUMBERS)), shown, atol=0, rtol=0)
    torch.testing.assert_close(blurred(shown, torch.zeros(3, 1)), shown, atol=1e-6, rtol=0)


@given(seeds)
def test_covered_pictures_are_pictures_and_some_of_every_face_is_left(seed: int) -> None:
    shown, before = crops(8), covers(seed, 8)
    after = covered(shown, before)
    assert after.min() >= 0 and after.max() <= 1
    changed = ((after - shown).abs().amax(1) > 1e-3).float().mean((1, 2))
    assert (changed[before[..., -1].amax(1) == 0] == 0).all()
    assert (changed < 0.7).all()


def test_about_half_the_faces_are_covered_and_most_of_those_at_the_mouth() -> None:
    some = covers(0, 400)
    there = some[..., -1].amax(1) > 0
    assert 0.4 < there.float().mean() < 0.6
    lip = torch.from_numpy(MARKS[list(TOPOLOGY.lower_lip), :2].mean(0)).float()
    hidden = ((some[there, 0, :2] - lip).norm(dim=1) < some[there, 0, 2:4].amin(1)).float().mean()
    assert hidden > 0.4


@given(seeds)
def test_covers_seen_in_a_mirror_cover_the_mirrored_picture_alike(seed: int) -> None:
    shown, before = crops(2), covers(seed, 2)
    before[..., 12:14] = 0  # stripes and a neighbour's picture have no side
    before[..., 9:12] = before[..., 6:9]
    there = torch.from_numpy(mirrored_covers(before.numpy()))
    torch.testing.assert_close(covered(shown.flip(-1), there), covered(shown, before).flip(-1), atol=2e-3, rtol=0)


def test_a_blur_is_a_gaussian() -> None:
    shown, sigma = crops(2), torch.tensor([[0.8], [2.5]])
    told = blurred(shown, sigma).permute(0, 2, 3, 1).numpy()
    for picture, other, one in zip(shown.permute(0, 2, 3, 1).numpy(), told, sigma[:, 0].tolist(), strict=True):
        true = cv2.GaussianBlur(np.ascontiguousarray(picture), (17, 17), one, borderType=cv2.BORDER_REPLICATE)
        np.testing.assert_allclose(other, true, atol=2e-3)


def test_some_frames_are_blurred() -> None:
    rng = np.random.default_rng(0)
    drawn = np.concatenate([random_blur(rng) for _ in range(400)])
    assert 0.2 < (drawn > 0).mean() < 0.4
