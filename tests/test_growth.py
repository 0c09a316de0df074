"""The recurrent head: frames enter one by one, in any order, and add up to one head that can be looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from heads import TOPOLOGY, Painted, acted, studied
from hypothesis import given, settings
from hypothesis import strategies as st

from tmt import atlas as atlases
from tmt import stages
from tmt.bank import target_of
from tmt.growth import ENOUGH, atlas_of, build_up, compare, deepened, grown, noticed, order_of
from tmt.learned import load_head
from tmt.networks.head import Glimpse, HeadCell, State
from tmt.render import Seen
from tmt.sight import SIDE, at_vertices, loose, sight_of, spread_out
from tmt.types import Array, Atlas, Surface
from tmt.ways import in_frame, numbers_of

FRAMES = np.array([0, 3, 6, 9, 14, 18, 21])
TURNED = (5, 17)  # frames of the performance that the head has not seen


@pytest.fixture(scope="module")
def plain() -> HeadCell:
    """The cell without weights: a plain filter."""
    return HeadCell(4, 4, 4).eval()


@pytest.fixture(scope="module")
def photos() -> list[Array]:
    head = acted()
    return [head.photo(target_of(head.performance, int(frame))) for frame in FRAMES]


def seen_by(
    head: Painted, surface: Surface, photos: list[Array], net: HeadCell, frames: Array = FRAMES
) -> Atlas:
    states = build_up(net, surface, head.performance, head.window, frames, photos, fine=1)
    *_, state = states
    return atlas_of(net, state, surface)


def glimpse(seed: int, side: int = 16) -> Glimpse:
    """Anything that a frame might show, where nothing has moved."""
    rng = np.random.default_rng(seed)

    def plane(channels: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        return torch.from_numpy(rng.uniform(low, high, (1, channels, side, side)).astype(np.float32))

    pixels = torch.cat([plane(3), torch.ones(1, 1, side, side)], 1)
    still = torch.zeros(1, 2, side, side)
    return Glimpse(pixels, plane(1, 0.1), still, plane(1), plane(1), still, still, still[:, :1])


def after(net: HeadCell, glimpses: list[Glimpse]) -> State:
    state = net.begin(1, 16, 1)
    with torch.inference_mode():
        for one in glimpses:
            state = net(state, one)
    return state


@given(st.lists(st.integers(0, 99), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_without_weights_the_head_is_the_weighted_mean_of_its_frames(plain: HeadCell, seeds: list[int]) -> None:
    glimpses = [glimpse(seed) for seed in seeds]
    state = after(plain, glimpses)
    weights = np.stack([one.weight[0].numpy() for one in glimpses])
    colours = np.stack([one.pixels[0, :3].numpy() for one in glimpses])
    mean = (weights * colours).sum(0) / weights.sum(0)
    assert np.abs(state.colour[0, :3].numpy() - mean).max() < 2e-3
    assert np.allclose(state.weight[0, 0].numpy(), weights.sum(0)[0], atol=1e-4)


@given(st.permutations(range(5)))
@settings(max_examples=10, deadline=None)
def test_frames_that_agree_may_come_in_any_order(plain: HeadCell, order: list[int]) -> None:
    first, other = (after(plain, [glimpse(n) for n in numbers]) for numbers in (range(5), order))
    assert torch.allclose(first.colour, other.colour, atol=2e-3)
    assert torch.allclose(first.parallax, other.parallax, atol=1e-3)


def test_the_state_keeps_its_size_and_what_was_before_is_not_changed(plain: HeadCell) -> None:
    state = after(plain, [telling(0)])
    sizes = sizes_of(state)
    with torch.inference_mode():
        for number in range(20):
            assert state.ways is not None
            before = state.colour.clone(), state.ways.told.clone()
            later = plain(state, telling(number))
            assert torch.equal(state.colour, before[0]) and torch.equal(state.ways.told, before[1])
            state = later
    assert sizes_of(state) == sizes and len(sizes) == 11


def telling(seed: int) -> Glimpse:
    """A frame that tells its numbers."""
    return replace(glimpse(seed), numbers=torch.full((1, 4), float(seed)))


def sizes_of(state: State) -> dict[str, torch.Size]:
    """Of all that a state keeps."""
    assert state.ways is not None
    return {name: value.shape for name, value in (vars(state) | vars(state.ways)).items() if name != "ways"}


def test_the_numbers_of_a_texel_go_with_its_colours(plain: HeadCell) -> None:
    """They are drawn to every frame by the gain by which its colours are."""
    frames = [telling(seed) for seed in range(5)]
    state = after(plain, frames)
    assert state.numbers is not None
    weights = np.stack([one.weight[0, 0].numpy() for one in frames])
    mean = (weights * np.arange(5)[:, None, None]).sum(0) / weights.sum(0)
    assert np.abs(state.numbers[0].numpy() - mean).max() < 0.01


def test_a_frame_that_is_only_noticed_tells_as_much_of_expression_and_nothing_else(
    plain: HeadCell, photos: list[Array]
) -> None:
    head = acted()
    few = list(build_up(plain, head.surface, head.performance, head.window, FRAMES[:3], photos[:3], fine=1))
    sight = sight_of(head.surface, head.performance, head.window, int(FRAMES[2]), photos[2], 1)
    state, whole = noticed(plain, few[1], sight), few[2]
    assert torch.equal(state.colour, few[1].colour) and state.numbers is few[1].numbers
    assert state.ways is not None and whole.ways is not None
    for name, value in vars(whole.ways).items():
        torch.testing.assert_close(vars(state.ways)[name], value)


def test_the_head_shows_what_goes_with_an_expression(plain: HeadCell, photos: list[Array]) -> None:
    """Cheeks that light up with the first number of a frame, seen in some frames, are drawn so in another."""
    head = acted()
    bright, painted, frames = lit(head, photos)
    atlas = seen_by(head, head.surface, painted, plain, frames)
    sure = atlases.known(atlas, head.surface) > 0.9
    told: list[float] = []
    plainly: list[float] = []
    for frame in TURNED:
        drawn = in_frame(atlas, target_of(head.performance, frame), head.performance)
        for picture, errors in ((drawn.colours, told), (atlas.colours, plainly)):
            values = at_vertices(picture[..., 0].astype(np.float32), head.surface.grid).reshape(sure.shape)[sure]
            errors.append(float(np.abs(values / 255 - bright[frame]).mean()))
    assert np.mean(told) < 0.6 * np.mean(plainly)


def lit(head: Painted, photos: list[Array], times: int = 6) -> tuple[Array, list[Array], Array]:
    """How bright each frame is, by its first number; pictures of one grey as bright as that, and whose they are."""
    own = head.performance
    numbers = np.array([numbers_of(face, own.neutral, turn)[0]
                        for face, turn in zip(own.canonical, own.pose.rotation, strict=True)])  # fmt: skip
    bright = np.clip(0.5 + 0.25 * (numbers - numbers.mean()) / numbers.std(), 0, 1)
    painted = [np.dstack([np.full((*p.shape[:2], 3), 255 * bright[f], np.uint8), p[..., 3:]])
               for p, f in zip(photos, FRAMES, strict=True)]  # fmt: skip
    return bright, [p for p in painted for _ in range(times)], np.repeat(FRAMES, times)


def test_background_says_nothing_of_the_colour_but_ends_the_person(plain: HeadCell) -> None:
    person, nobody = glimpse(1), glimpse(2)
    nobody = replace(nobody, pixels=torch.cat([nobody.pixels[:, :3], torch.zeros(1, 1, 16, 16)], 1))
    both, alone = after(plain, [person, nobody]), after(plain, [person])
    assert torch.allclose(both.colour[:, :3], alone.colour[:, :3])
    assert float(both.colour[:, 3:].mean()) < 0.75 < float(alone.colour[:, 3:].mean())


def test_a_slip_is_what_a_texel_moves_by_when_the_head_is_deeper_there() -> None:
    """Against the definition: push the sheet back by a little, and see where its texels went in the picture."""
    head, frame, step = acted(), 6, 0.02
    pushed = replace(head.surface, vertices=head.surface.vertices + np.float32(step) * np.array([0, 0, 1], np.float32))
    photo = head.photo(target_of(head.performance, frame))
    sight = sight_of(head.surface, head.performance, head.window, frame, photo, 1)
    from tmt.bank import row_of

    grid = head.surface.grid
    near, far = (
        spread_out(row_of(surface, head.performance, head.window, frame)[0], grid, SIDE)
        for surface in (head.surface, pushed)
    )
    free = spread_out(loose(head.surface)[:, None], grid, SIDE)[..., 0]
    across, down = np.gradient(near, axis=1), np.gradient(near, axis=0)
    moved = sight.slip[0][..., None] * across + sight.slip[1][..., None] * down  # px per head unit
    sure = (free > 0.99) & (sight.weight > 0.6)
    assert sure.sum() > 1000
    assert np.abs(moved - (far - near) / step)[sure].max() < 0.02 * head.performance.pose.scale[frame]


def test_parallax_tells_depth_that_landmarks_do_not_know(plain: HeadCell) -> None:
    """A head that really is a quarter of a head unit deeper beside the face than an average one."""
    head = acted()
    grid = head.surface.grid
    wanted = (0.25 * np.exp(-((head.surface.vertices[:, :2] - (1.35, -0.3)) ** 2).sum(1) / 0.3)).astype(np.float32)
    wanted *= loose(head.surface)
    vertices = head.surface.vertices.copy()
    vertices[:, 2] += wanted
    true = replace(head, surface=replace(head.surface, vertices=vertices))
    photos = [true.photo(target_of(true.performance, int(frame))) for frame in FRAMES]
    told = at_vertices(seen_by(head, head.surface, photos, plain).depth, grid)
    deep = wanted > 0.15
    assert deep.sum() > 50
    assert 0.4 < told[deep].mean() / wanted[deep].mean() < 1.3
    rest = (wanted < 0.01) & (loose(head.surface) > 0.9)
    assert np.abs(told[rest]).mean() < 0.04


def test_depth_is_left_alone_where_landmarks_know_it(plain: HeadCell) -> None:
    head = acted()
    depth = np.full((SIDE, SIDE), 0.3, np.float32)
    moved = deepened(head.surface, depth).vertices[:, 2] - head.surface.vertices[:, 2]
    face = np.asarray(head.surface.operator.sum(1)).ravel()
    assert np.abs(moved[face > 0.96]).max() == 0
    assert moved.max() == pytest.approx(0.3, abs=1e-5)


def test_a_flow_between_a_head_and_its_frame_is_trusted_where_they_agree() -> None:
    head = acted()
    photo = head.photo(target_of(head.performance, 0))
    sight = sight_of(head.surface, head.performance, head.window, 0, photo, 1)
    flow, trust = compare(sight.pixels, sight.weight, sight, np.zeros_like(sight.slip))
    assert np.abs(flow).max() < 0.2
    assert trust[0][sight.weight > 0.5].mean() > 0.9
    other = replace(sight, pixels=np.ascontiguousarray(sight.pixels[:, ::-1]))
    assert compare(sight.pixels, sight.weight, other, np.zeros_like(sight.slip))[1][0].mean() < 0.5


def drawn(head: Painted, atlas: Atlas, frame: int) -> tuple[Array, Array, Seen]:
    target = target_of(head.performance, frame)
    seen = head.seen(target)
    return atlases.pixels_of(atlas, seen, head.surface.grid), head.photo(target).astype(np.float32) / 255, seen


def difference(head: Painted, atlas: Atlas, frame: int) -> float:
    pixels, truth, seen = drawn(head, atlas, frame)
    return float(np.abs(pixels[..., :3] - truth[..., :3])[seen.covered].mean())


def test_the_head_of_all_frames_shows_views_that_none_of_them_is(plain: HeadCell, photos: list[Array]) -> None:
    head = acted()
    whole = seen_by(head, head.surface, photos, plain)
    one = next(build_up(plain, head.surface, head.performance, head.window, FRAMES, photos, fine=1))
    alone = atlas_of(plain, one, head.surface)
    for frame in TURNED:
        assert difference(head, whole, frame) < 0.05
        assert difference(head, whole, frame) < difference(head, alone, frame)


def test_the_trained_head_is_no_worse_than_the_plain_filter(plain: HeadCell, photos: list[Array]) -> None:
    head, net = acted(), load_head()
    states = [seen_by(head, head.surface, photos, cell) for cell in (plain, net)]
    for frame in TURNED:
        filtered, learned = (difference(head, one, frame) for one in states)
        assert learned < 1.25 * filtered + 0.005


def test_networks_stay_within_their_bounds(tmp_path: Path) -> None:
    net = HeadCell()
    assert sum(parameter.numel() for parameter in net.parameters()) < 2e6
    net.save_pretrained(tmp_path)
    again = HeadCell.from_pretrained(tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), again.state_dict().values(), strict=True))


def test_what_study_makes_can_be_watched_growing() -> None:
    head = studied()
    last = len(order_of(head.performance, head.bank.index))
    shown = list(stages.stages(head, TOPOLOGY, (1, 4, last)))
    assert [stage.frames for stage in shown] == [1, 4, last]
    assert shown[0].coverage <= shown[-1].coverage == pytest.approx(1, abs=0.02)
    sure = [float(stage.certainty.astype(float).std()) for stage in shown]
    assert sure[0] != sure[-1]
    pages = stages.sheet(shown)
    assert pages.shape == (3 * stages.SMALL + stages.LABEL, 3 * stages.SMALL, 3)


@given(st.integers(1, 200))
def test_the_head_is_shown_after_one_frame_and_after_all(count: int) -> None:
    shown = stages.doublings(count)
    assert shown[0] == 1 and shown[-1] == count and list(shown) == sorted(set(shown))


def test_a_head_begins_with_the_view_nearest_to_all_others() -> None:
    head = acted()
    index = np.array([6, 0, 18])  # far left, straight, far right
    assert order_of(head.performance, index).tolist() == [1, 0, 2]
    assert order_of(head.performance, np.arange(25), 5).tolist() == [0, 6, 12, 18, 24]


def test_grown_gives_the_surface_the_depth_of_its_atlas(plain: HeadCell, photos: list[Array]) -> None:
    head = acted()
    surface, atlas = grown(plain, head.surface, head.performance, head.window, FRAMES, photos)
    assert np.array_equal(surface.vertices, deepened(head.surface, atlas.depth).vertices)
    back = deepened(surface, -atlas.depth).vertices
    assert np.abs(back - head.surface.vertices).max() < 1e-5


def test_keyframes_beyond_those_laid_down_tell_how_colours_go(plain: HeadCell, photos: list[Array]) -> None:
    head = acted()
    _, images, many = lit(head, photos)
    assert len(many) > 2 * ENOUGH
    _, atlas = grown(plain, head.surface, head.performance, head.window, many, images)
    order = order_of(head.performance, many)
    _, fewer = grown(plain, head.surface, head.performance, head.window, many[order], [images[k] for k in order])
    assert atlas.slopes is not None and fewer.slopes is not None
    assert np.array_equal(atlas.colours, fewer.colours)
    more, less = (float(np.abs(one[:-1].astype(np.float32)).mean()) for one in (atlas.slopes, fewer.slopes))
    assert more > 1.05 * less > 0


def test_where_a_frame_is_as_usual_the_head_keeps_its_colours(plain: HeadCell, photos: list[Array]) -> None:
    """The change of colours at the numbers that a texel's colours go with is nothing."""
    head = acted()
    _, painted, frames = lit(head, photos)
    *_, state = build_up(plain, head.surface, head.performance, head.window, frames, painted, fine=1)
    atlas = atlas_of(plain, state, head.surface)
    assert atlas.slopes is not None and atlas.white is not None and state.numbers is not None
    there = state.numbers[0].permute(1, 2, 0).numpy()
    told = np.concatenate([there, np.ones((*there.shape[:2], 1))], -1) @ atlas.white.T
    change = np.einsum("yxn,nyxc->yxc", told, atlas.slopes.astype(np.float64))
    seen = atlas.weight > 0.5
    assert np.abs(atlas.slopes[:-1].astype(np.float32))[:, seen].max() > 1
    assert np.abs(change[seen]).max() < 0.15  # of 255


def test_the_head_is_drawn_where_no_frame_sees_well_and_is_no_work_elsewhere(
    plain: HeadCell, photos: list[Array]
) -> None:
    head = acted()
    atlas = seen_by(head, head.surface, photos, plain)
    target, grid = target_of(head.performance, TURNED[0]), head.surface.grid
    whole, seen = replace(studied(), surface=head.surface, performance=head.performance, atlas=atlas), head.seen(target)
    well = np.zeros((6, grid, grid), np.float32)
    drawn, share = atlases.if_wanted(whole, well, target, seen)
    assert drawn is None and share.max() < 1e-3
    drawn, share = atlases.if_wanted(whole, well - 2 * atlases.PRICE, target, seen)
    assert drawn is not None and share.max() > 0.9
    assert np.array_equal(drawn.colours, in_frame(atlas, target, head.performance).colours)
    pixels = np.zeros((*seen.depth.shape, 5), np.float32)
    atlases.lay_in(pixels, atlas, head.surface, seen, share)
    assert (pixels[..., :3].max(-1) > 0).mean() > 0.2
    assert atlases.if_wanted(replace(whole, atlas=None), well, target, seen)[0] is None
