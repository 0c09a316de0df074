"""Training, from clips to weights: nothing is lost on the way, the target is never among its own sources, a run that
was cut off ends where an uninterrupted one does."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from heads import TOPOLOGY
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Dataset

from tmt.attend import MAPS, gather
from tmt.bank import target_of
from tmt.canvas import bank_canvas
from tmt.errors import MediaError, OutputError, SettingsError
from tmt.evaluate.metrics import psnr
from tmt.growth import atlas_of
from tmt.networks.blocks import at_half, block
from tmt.networks.head import HeadCell
from tmt.render import look
from tmt.renderer import Renderer
from tmt.study import variant
from tmt.trackers import load_tracker
from tmt.train import __main__ as command
from tmt.train import cache, fusion, head, joint, sights
from tmt.train.cast import Filmed
from tmt.train.config import WARPS, TrainConfig, read_config
from tmt.train.drawing import fill
from tmt.train.fusion import FusionStage
from tmt.train.loop import Budget, run
from tmt.train.pool import FUSION, Samples, read, unpacked
from tmt.train.samples import LESSONS, ODDS, Subject, random_sample, sample_of, subject_of, withheld
from tmt.types import Array, CanonicalHead, FaceTrack, MediaInfo, Method, Receipt, Settings
from tmt.warp import warped_by

TINY: dict[str, object] = {"half": 4, "quarter": 4, "memory": 4}
SMALL = {"network": {"source": 4, "width": 8, "widths": (8, 8, 8)}}


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory, subject_clip: Path, driving_clip: Path) -> Path:
    """Both test clips in a cache, and the woman's a second time under another name."""
    folder = tmp_path_factory.mktemp("cache")
    again = folder / "again.mp4"
    shutil.copy(subject_clip, again)
    for line in cache.build([subject_clip, driving_clip, again], folder / "out", load_tracker("mediapipe")):
        assert "left out" not in line
    return folder / "out"


@pytest.fixture(scope="module")
def subject(cached: Path) -> Subject:
    return subject_of(cache.load(cached / "subject.safetensors"), TOPOLOGY)


@pytest.fixture(scope="module")
def flat_subject(cached: Path) -> Subject:
    """The same clip as the learned 2D baseline sees it."""
    return subject_of(cache.load(cached / "subject.safetensors"), TOPOLOGY, "2d")


@pytest.fixture(scope="module")
def samples(cached: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("samples")
    clips = [cache.load(cached / "subject.safetensors")]
    assert list(fill(FUSION, folder, lambda _: clips, 1, 4, TOPOLOGY, seed=0)) == [4]
    return sorted(folder.iterdir())


def test_a_cached_clip_comes_back_as_it_was(cached: Path, tmp_path: Path) -> None:
    clip = cache.load(cached / "subject.safetensors")
    assert len(clip) == 48 and clip.found.all() and clip.images.shape[1:] == (206, 206, 4)
    again = cache.load(cache.save(replace(clip, name="copy"), tmp_path))
    np.testing.assert_array_equal(again.landmarks, clip.landmarks)
    assert (again.person, again.fps) == (clip.person, clip.fps)
    assert psnr(clip.images[5][..., :3], again.images[5][..., :3]) > 38
    assert np.abs(again.images[..., 3].astype(int) - clip.images[..., 3]).mean() < 1


def test_one_person_in_two_clips_is_recognised_and_two_people_are_kept_apart(cached: Path) -> None:
    people = {clip.name: clip.person for clip in cache.load_all(cached)}
    assert people == {"again": "again", "subject": "again", "driving": "driving"}


def test_a_file_that_is_no_cached_clip_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "x.safetensors"
    broken.write_bytes(b"no such thing")
    with pytest.raises(MediaError, match=r"x\.safetensors"):
        cache.load(broken)


@given(st.integers(0, 47), st.sampled_from(LESSONS), st.integers(0, 1000))
def test_the_target_is_never_among_its_own_sources_and_something_is_always_left(
    subject: Subject, frame: int, lesson: str, seed: int
) -> None:
    allowed = withheld(subject, frame, lesson, np.random.default_rng(seed))
    assert len(allowed) >= 2
    assert frame not in subject.bank.index[allowed]


def test_both_kinds_of_warp_are_asked_for_the_same_frames_with_the_same_frames_withheld(
    subject: Subject, flat_subject: Subject
) -> None:
    np.testing.assert_array_equal(flat_subject.bank.index, subject.bank.index)
    for lesson in LESSONS:
        kept, same = (withheld(one, 20, lesson, np.random.default_rng(1)) for one in (subject, flat_subject))
        np.testing.assert_array_equal(kept, same)


def test_the_untaught_network_changes_nothing(samples: list[Path]) -> None:
    sources, hints, maps, truth = unpacked(batch_of(Samples(samples, 128, 0, plain=True)))
    net = fusion.FusionNet()
    taught = fusion.compose(net(sources, hints, maps), sources, hints, maps)
    torch.testing.assert_close(taught, fusion.compose(None, sources, hints, maps))
    assert truth.shape == (1, 4, 128, 128)


def head_of(subject: Subject) -> CanonicalHead:
    """The training subject as the product knows it."""
    from fractions import Fraction

    clip, canvas = subject.clip, subject.canvas
    info = MediaInfo(Path("x.mp4"), 206, 206, Fraction(25), None, None, has_audio=False, is_still=False)
    plate = np.round(canvas.plate * 255).astype(np.uint8)
    height, width = clip.images.shape[1:3]
    none = np.empty(0)
    track = FaceTrack(none, none, none, none, (width, height), info.fps)  # only the picture's size matters here
    return CanonicalHead(
        "x", info, Receipt("", (), ""), subject.performance, subject.surface, subject.bank, clip.images[0][..., :3],
        plate, track=track, seconds=0.0,
    )


@pytest.mark.parametrize("method", ["fused", "learned2d"])
def test_what_is_composed_in_training_is_what_the_product_draws(
    subject: Subject, flat_subject: Subject, monkeypatch: pytest.MonkeyPatch, method: Method
) -> None:
    frame = 20
    head = variant(head_of(subject), method, TOPOLOGY)
    subject = flat_subject if method == "learned2d" else subject
    canvas = bank_canvas(head.plate, head.bank.window)
    torch.manual_seed(0)  # the same network whatever was tested before
    net = fusion.FusionNet().eval()
    with torch.no_grad():  # taught something, and visibly
        net.choose.weight.normal_(0, 3.0)
        net.paint.weight.normal_(0, 0.5)
    monkeypatch.setattr("tmt.renderer.load_fusion", lambda _: net)
    monkeypatch.setattr("tmt.glance.Glances.paint", lambda *_: None)  # like teeth, laid over what is learned
    renderer = Renderer(head, TOPOLOGY, canvas, Settings(method=method))
    renderer._detail, renderer._trust, renderer._net = fusion.DETAIL, 1.0, net  # as if it had helped on this head
    drawn = renderer.draw(target_of(subject.performance, frame))
    renderer.close()
    sample = sample_of(subject, frame, np.arange(len(subject.bank)), TOPOLOGY)
    parts = (sample.evidence.sources, sample.evidence.hints, sample.evidence.maps)
    sources, hints, maps = (torch.from_numpy(part)[None] for part in parts)
    with torch.no_grad():
        composed = fusion.compose(net(sources, hints, maps), sources, hints, maps)[0]
        plain = fusion.compose(None, sources, hints, maps)[0]

    def as_bytes(image: torch.Tensor) -> Array:
        return (image.clamp(0, 1).permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)

    assert psnr(as_bytes(composed)[:206, :206], drawn) > 36
    assert psnr(as_bytes(plain)[:206, :206], drawn) < 30


def test_light_and_mirror_change_sources_and_truth_alike(samples: list[Path]) -> None:
    batch = batch_of(Samples(samples, 128, seed=3))
    plain = unpacked({name: part for name, part in batch.items() if name not in ("gain", "gamma", "order")})
    lit = unpacked(batch)
    before, after = (float((sources[0, 0, :3] - truth[0, :3]).abs().mean()) for sources, _, _, truth in (plain, lit))
    assert not torch.equal(lit[3], plain[3])
    assert 0.4 * before < after < 2.5 * before
    unchanged = [index for index, name in enumerate(MAPS) if name not in ("red", "green", "blue")]
    torch.testing.assert_close(lit[2][:, unchanged], plain[2][:, unchanged])


def test_a_sample_travels_as_it_was_gathered(subject: Subject, samples: list[Path], tmp_path: Path) -> None:
    sample = random_sample(subject, TOPOLOGY, np.random.default_rng(5))
    FUSION.write(tmp_path / "000000.npz", sample)
    batch = {name: torch.from_numpy(part)[None] for name, part in read(tmp_path / "000000.npz").items()}
    wanted = (sample.evidence.sources, sample.evidence.hints, sample.evidence.maps, sample.truth)
    for part, before in zip(unpacked(batch), wanted, strict=True):
        torch.testing.assert_close(part[0], torch.from_numpy(before), atol=3e-3, rtol=1e-3)


def test_a_disk_that_will_not_hold_the_samples_is_told_at_once(
    cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmt.train.drawing.AT_ONCE", 1)
    monkeypatch.setattr("tmt.train.drawing.shutil.disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    with pytest.raises(OutputError, match=r"999 more samples need \d"):
        list(fill(FUSION, tmp_path, Filmed(cached, (("subject",),)), 1, 1000, TOPOLOGY, seed=0))
    assert len(FUSION.files(tmp_path, 9)) == 1


@pytest.mark.parametrize("workers", [0, 2])
def test_samples_are_the_same_whoever_draws_them(
    cached: Path, samples: list[Path], tmp_path: Path, workers: int
) -> None:
    cast = Filmed(cached, (("subject",),))
    assert list(fill(FUSION, tmp_path, cast, 1, 2, TOPOLOGY, seed=0, workers=workers)) == [2]
    for mine, theirs in zip(FUSION.files(tmp_path, 9), samples, strict=False):
        assert mine.name == theirs.name
        for one, other in zip(read(mine).values(), read(theirs).values(), strict=True):
            step = 1 if one.dtype == np.uint8 else 1e-3  # one thread adds up in another order than several
            np.testing.assert_allclose(one.astype(np.float64), other.astype(np.float64), rtol=2e-3, atol=step)


def test_the_loss_falls_on_a_sample_seen_often(samples: list[Path], tmp_path: Path) -> None:
    config = TrainConfig(batch=1, crop=208, every=60, warm_up=5, rate=3e-3, average=0.8, **SMALL)  # type: ignore[arg-type]
    lines = list(run(FusionStage(samples[:1], samples[:1]), tmp_path / "run", config, Budget(steps=60), workers=0))
    rows = [line.split(",") for line in (tmp_path / "run" / "log.csv").read_text().splitlines()]
    assert rows[0][:4] == ["step", "seconds", "train", "loss"]
    assert float(rows[-1][3]) < float(rows[1][3]), lines


def test_a_run_that_was_cut_off_ends_with_the_weights_of_one_that_was_not(samples: list[Path], tmp_path: Path) -> None:
    config = TrainConfig(batch=1, crop=64, every=2, warm_up=1, **SMALL)  # type: ignore[arg-type]
    cut, whole, stage = tmp_path / "cut", tmp_path / "whole", FusionStage(samples, samples[:1])
    for line in run(stage, cut, config, Budget(steps=4), workers=0):
        if line.startswith("step 2"):
            break
    list(run(stage, cut, config, Budget(steps=4), workers=0))
    list(run(stage, whole, config, Budget(steps=4), workers=0))
    a, b = ((folder / "state" / "000.safetensors").read_bytes() for folder in (cut, whole))
    assert a == b
    assert all(path.stat().st_size < 16e6 for path in (cut / "state").iterdir())


@pytest.mark.parametrize("warp", WARPS)
def test_one_command_goes_from_cached_clips_to_weights_in_half_precision(
    cached: Path, tmp_path: Path, warp: str
) -> None:
    config = tmp_path / "config.json"
    small = {"held_out": ["driving"], "samples": 2, "checks": 1, "batch": 1, "crop": 64, "every": 1, **SMALL}
    config.write_text(json.dumps(small | {"warp": warp}))
    arguments = ["fusion", "--cache", str(cached), "--config", str(config), "--out", str(tmp_path / "run")]
    assert command.main([*arguments, "--steps", "2", "--workers", "0", "--start", "none"]) == 0
    best = tmp_path / "run" / "best"
    net = fusion.FusionNet.from_pretrained(best)
    assert sum(p.numel() for p in net.parameters()) > 1000
    assert json.loads((best / "training.json").read_text()).items() >= {
        "trained on": ["again", "subject"], "held out": ["driving"], "synthetic heads": 0,
    }.items()  # fmt: skip
    assert (best / "curve.csv").read_text().count("\n") >= 2
    assert cv2.imread(str(tmp_path / "run" / "sheet.png")).shape == (256, 768, 3)


@pytest.mark.parametrize("text", ['{"sead": 1}', '{"samples": "many"}', '{"part": "nose"}', '{"warp": "4d"}', "{"])
def test_a_config_with_a_wrong_name_or_value_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(SettingsError):
        read_config(path)


@pytest.fixture(scope="module")
def drawn(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sample of the recurrent head, and one of head and fusion together."""
    folder, made = tmp_path_factory.mktemp("sights"), {}
    for name, arrays in (
        ("head", sights.sample(subject, TOPOLOGY, np.random.default_rng(3))),
        ("joint", joint.sample(subject, TOPOLOGY, np.random.default_rng(3))),
    ):
        made[name] = folder / f"{name}.safetensors"
        sights.write(made[name], arrays)
    return made


def batch_of(dataset: Dataset[dict[str, torch.Tensor]], index: int = 0) -> dict[str, torch.Tensor]:
    return {name: part[None] for name, part in dataset[index].items()}


def test_a_square_of_a_sight_is_judged_by_what_the_target_shows_of_it(drawn: dict[str, Path]) -> None:
    whole, part = (batch_of(sights.Sights([drawn["head"]], 1, crop=crop)) for crop in (None, 64))
    assert part["pixels"].shape[-1] == 64 and part["truth"].shape == whole["truth"].shape
    shown = part["where"][:, :1] >= 0
    assert 0 < int(shown.sum()) < int((whole["where"][:, :1] >= 0).sum())
    assert float(part["care"][~shown].abs().max()) == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_head_seen_in_a_mirror_is_the_mirrored_head(drawn: dict[str, Path], seed: int) -> None:
    arrays = sights.read(drawn["head"])
    net = HeadCell(4, 4, 4).eval()

    def picture(one: dict[str, Array]) -> Array:
        batch = {name: torch.from_numpy(np.ascontiguousarray(a, np.float32))[None] for name, a in one.items()}
        state = net.begin(1, batch["weight"].shape[-1], 1)
        for glimpse in sights.glimpses(batch):
            state = net(state, glimpse)
        return np.asarray(head.posed(net, state, batch)[0].detach())

    assert np.abs(picture(sights.mirrored(arrays)) - picture(arrays)[..., ::-1]).mean() < 2e-3


def test_the_recurrent_heads_loss_falls_on_a_sample_seen_often(drawn: dict[str, Path], tmp_path: Path) -> None:
    config = TrainConfig(batch=1, every=12, warm_up=3, rate=5e-3, average=0.8, network=TINY)
    files = [drawn["head"]]
    stage = head.HeadStage(sights.Sights(files, 1, 10_000, 96), sights.Sights(files, 1))
    lines = list(run(stage, tmp_path / "run", config, Budget(steps=12), workers=0))
    rows = [line.split(",") for line in (tmp_path / "run" / "log.csv").read_text().splitlines()]
    column = rows[0].index("loss")
    assert float(rows[-1][column]) < float(rows[1][column]), lines


def test_training_puts_the_head_among_the_sources_as_the_product_does(subject: Subject, drawn: dict[str, Path]) -> None:
    """The plain filter's atlas, given to `attend.gather`, against what the stage makes of the same state."""
    batch, net = batch_of(joint.Samples([drawn["joint"]], 1, 256, plain=True)), HeadCell(4, 4, 4).eval()
    state = net.begin(1, sights.SIDE, 1)
    with torch.inference_mode():
        for glimpse in sights.glimpses(batch):
            state = net(state, glimpse)
        sources, hints = joint.with_head(state, head.drawn_head(net, state, batch), batch)
    rng = np.random.default_rng(3)
    frame = int(rng.choice(np.flatnonzero(subject.clip.found)))
    allowed = withheld(subject, frame, str(rng.choice(LESSONS, p=ODDS)), rng)
    posed, mix = joint.posed_and_mixed(subject, frame, allowed, TOPOLOGY)
    atlas = replace(atlas_of(net, state, subject.surface), depth=np.zeros((1, 1), np.float32))
    seen = look(subject.surface, posed.vertices, subject.canvas.window)
    warps = warped_by(seen, subject.canvas.window, subject.bank, subject.bank.images, mix, spare=1)
    told = gather(subject.surface, TOPOLOGY, posed, mix, subject.canvas, seen, warps, atlas)
    height, width = told.maps.shape[1:]  # the batch is filled up at the right and below
    sources, hints = sources[..., :height, :width], hints[..., :height, :width]
    assert told.sources.shape == sources.shape[1:]
    sure = told.maps[MAPS.index("covered")] * told.maps[MAPS.index("head")] > 0.9
    assert np.abs(told.hints[-1, 0] - hints[0, -1, 0].numpy())[sure].mean() < 0.02
    assert np.abs(told.hints[0, 0] - hints[0, 0, 0].numpy())[sure].mean() < 0.02
    assert np.abs(told.sources[-1] - sources[0, -1].numpy())[:, sure].mean() < 0.02  # all but the depth's slip


def test_one_command_trains_the_head_and_one_trains_it_with_the_fusion(cached: Path, tmp_path: Path) -> None:
    small = {"held_out": ["driving"], "samples": 1, "checks": 1, "batch": 1, "crop": 64, "every": 1}
    extras: tuple[tuple[str, dict[str, object]], ...] = (
        ("head", {"network": TINY}), ("joint", {**SMALL, "part": "fusion"}),
    )  # fmt: skip
    for name, more in extras:
        config = tmp_path / f"{name}.json"
        config.write_text(json.dumps(small | more))
        arguments = [name, "--cache", str(cached), "--config", str(config), "--out", str(tmp_path / name)]
        assert command.main([*arguments, "--steps", "1", "--workers", "0", "--start", "none"]) == 0
    assert HeadCell.from_pretrained(tmp_path / "head" / "best").count == TINY["memory"]
    both = tmp_path / "joint" / "best"
    assert HeadCell.from_pretrained(both / "head") and fusion.FusionNet.from_pretrained(both / "fusion")
    assert json.loads((both / "training.json").read_text())["trained on"] == ["again", "subject"]


@pytest.mark.parametrize("side", [1, 3])
def test_layers_at_half_size_are_those_over_torchs_own_unshuffling(side: int) -> None:
    layers = torch.nn.Sequential(torch.nn.Conv2d(4 * 3, 5, side, 1, side // 2), torch.nn.ReLU(), block(5, 4))
    picture = torch.rand(2, 3, 6, 8)
    wanted = layers(torch.nn.functional.pixel_unshuffle(picture, 2))
    torch.testing.assert_close(at_half(layers, picture), wanted)


def test_the_fusion_sees_every_source_beside_the_mean_of_all() -> None:
    """What is told by sources and mean apart, is the first layer over all of them and their difference."""
    torch.manual_seed(0)
    net, count = fusion.FusionNet(maps=3), 4
    sources, hints, mean = torch.rand(2, count, 4, 16, 32), torch.rand(2, count, 2, 16, 32), torch.rand(2, 3, 16, 32)
    every = torch.cat([sources, hints, sources[:, :, :3] - mean[:, None]], 2).flatten(0, 1)
    wanted = net.look(torch.nn.functional.pixel_unshuffle(every, 2))
    torch.testing.assert_close(net._looked(sources, hints, mean), wanted)
