"""The main job: study a subject, draw the frames of a driving clip; and what is refused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
import torch
from drivers import short_clip
from heads import pipeline, studied

from tmt.errors import Cancelled, ConsentError, FaceError, MediaError, SettingsError
from tmt.label import label_box
from tmt.learned import offered
from tmt.motion import turntable
from tmt.pipeline import TalkingHeadPipeline
from tmt.types import Array, CanonicalHead, Consent, Frame, Method, Mode, Settings, Sound, Step
from tmt.video import probe, read_frames

COUNT = 7  # frames of the short driving clip


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def head(folder: Path) -> CanonicalHead:
    """The subject as its first fourteen frames show it: turning, with the mouth opening."""
    return pipeline().study(short_clip("subject.mp4", 14, folder), consent=Consent(True, True, True))


@pytest.fixture(scope="session")
def short(folder: Path) -> Path:
    """The driving clip's first seven frames, in which the mouth opens."""
    return short_clip("driving.mp4", COUNT, folder)


@pytest.fixture(scope="session")
def plain(head: CanonicalHead, short: Path) -> list[Frame]:
    """What the usual settings give."""
    return list(pipeline().frames(head, short, Settings(size=256)))


def pixels(frames: Iterable[Frame]) -> Array:
    """[T, 3, H, W]."""
    return torch.stack([frame.image for frame in frames]).numpy()


def psnr(a: Array, b: Array) -> float:
    return float(-10 * np.log10(np.mean((a.astype(float) - b) ** 2)))


# Study


def test_a_head_holds_what_its_clip_showed(subject_clip: Path) -> None:
    head = studied()
    frames = list(read_frames(subject_clip))
    assert len(head.track) == len(head.performance) == len(frames) == 48 and head.track.found.all()
    assert head.info == probe(subject_clip) and head.name == "subject.mp4"
    np.testing.assert_array_equal(head.picture, frames[head.performance.reference])
    window = head.bank.window
    spot = np.s_[int(window.top) : int(window.top + window.height), int(window.left) : int(window.left + window.width)]
    for row, frame in enumerate(head.bank.index):
        np.testing.assert_array_equal(head.bank.images[row][..., :3], frames[frame][spot])
    matte = head.bank.images[..., 3] / 255
    middle = [side // 2 for side in matte.shape[1:]]
    assert matte[:, middle[0], middle[1]].min() > 0.9 and matte[:, :4, :4].max() < 0.2
    assert head.performance.reference in head.bank.index


def test_a_receipt_says_what_was_affirmed_and_when(head: CanonicalHead) -> None:
    assert set(head.receipt.statements) == {"subject", "driving", "purpose"} and head.receipt.utc


def test_the_same_picture_gives_the_same_head_whatever_was_done_between(
    still_picture: Path, consent: Consent, short: Path
) -> None:
    first = studied("still.png")
    list(pipeline().frames(first, short, Settings(method="copy")))
    again = pipeline().study(still_picture, consent=consent)
    for name in ("images", "places", "offsets", "quality"):
        np.testing.assert_array_equal(getattr(again.bank, name), getattr(first.bank, name))
    np.testing.assert_array_equal(again.plate, first.plate)
    np.testing.assert_array_equal(again.surface.vertices, first.surface.vertices)


def test_progress_of_a_study_counts_every_frame_and_keyframe(still_picture: Path, consent: Consent) -> None:
    steps: list[Step] = []
    pipeline().study(still_picture, consent=consent, progress=steps.append)
    assert steps == [Step("study", 1, 1), Step("build", 1, 2), Step("build", 2, 2)]


@pytest.mark.parametrize(
    "given", [None, Consent(False, True, True), Consent(True, False, True), Consent(True, True, False)], ids=str
)
def test_without_consent_nothing_is_even_opened(given: Consent | None) -> None:
    steps: list[Step] = []
    with pytest.raises(ConsentError):
        pipeline().study("there is no such file.mp4", consent=given, progress=steps.append)
    assert not steps


@pytest.mark.parametrize("stage", ["study", "build"])
def test_a_study_can_be_stopped_on_the_way(subject_clip: Path, consent: Consent, stage: str) -> None:
    def stop(step: Step) -> None:
        if step.stage == stage and step.done == (3 if stage == "study" else step.total):
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        pipeline().study(subject_clip, consent=consent, progress=stop)


def test_subjects_without_a_face_are_refused(no_face_picture: Path, consent: Consent) -> None:
    with pytest.raises(FaceError, match=r"no_face\.png"):
        pipeline().study(no_face_picture, consent=consent)


def test_of_two_people_the_larger_is_studied(two_faces_picture: Path) -> None:
    found = studied(two_faces_picture.name)
    assert found.track.landmarks[0, :, 0].mean() < found.info.width / 2


# Frames


def test_every_driving_frame_gives_one_picture_in_range(plain: list[Frame]) -> None:
    assert [frame.index for frame in plain] == list(range(COUNT))
    for frame in plain:
        assert frame.image.shape == (3, 256, 256) and frame.image.dtype == torch.float32
        assert frame.image.min() >= 0 and frame.image.max() <= 1
    assert pixels(plain).std(0).max() > 0.05  # it moves


def test_the_label_is_burnt_in_unless_switched_off_and_touches_nothing_else(
    head: CanonicalHead, short: Path, plain: list[Frame]
) -> None:
    on, off = pixels(plain), pixels(pipeline().frames(head, short, Settings(size=256, label=False)))
    rows, columns = label_box(256, 256).slices
    changed = np.abs(on - off).max((0, 1)) > 0
    assert changed[rows, columns].mean() > 0.8
    changed[rows, columns] = False
    assert not changed.any()


def test_runs_from_one_pipeline_do_not_influence_each_other(
    head: CanonicalHead, short: Path, plain: list[Frame]
) -> None:
    other = Settings(size=256, mode="absolute", steadiness=0.0, mouth=0.3, sources=3)
    before = {name: getattr(head.bank, name).copy() for name in ("images", "places", "quality")}
    alone = pixels(pipeline().frames(head, short, other))
    both = zip(pipeline().frames(head, short, Settings(size=256)), pipeline().frames(head, short, other), strict=True)
    first, second = zip(*both, strict=True)
    np.testing.assert_array_equal(pixels(first), pixels(plain))
    np.testing.assert_array_equal(pixels(second), alone)
    assert np.abs(alone - pixels(plain)).max() > 0.05
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(head.bank, name), array)


def test_strengths_of_zero_give_a_still_portrait(head: CanonicalHead, short: Path) -> None:
    still = Settings(size=256, head=0, mouth=0, eyes=0, brows=0, gaze=0, label=False)
    frames = pixels(pipeline().frames(head, short, still))
    assert np.abs(frames - frames[0]).max() < 0.12 and np.abs(frames - frames[0]).mean() < 0.002


def test_the_subjects_own_clip_as_driver_comes_back_as_it_was(subject_clip: Path) -> None:
    head = studied()
    window = head.bank.window
    spot = np.s_[int(window.top) : int(window.top + window.height), int(window.left) : int(window.left + window.width)]
    own = pipeline().frames(head, subject_clip, Settings(mode="absolute", label=False, full_frame=True))
    scores = []
    for frame, true in zip(own, read_frames(subject_clip), strict=True):
        scores.append(psnr(frame.image.permute(1, 2, 0).numpy()[spot], true[spot] / 255))
    assert min(scores) > 27 and np.mean(scores) > 35


@pytest.mark.parametrize("method", offered())
def test_every_method_draws_every_frame(head: CanonicalHead, short: Path, method: Method) -> None:
    frames = pixels(pipeline().frames(head, short, Settings(size=256, method=method)))
    assert frames.shape == (COUNT, 3, 256, 256) and np.isfinite(frames).all()


def test_the_recurrent_head_can_be_left_out_as_a_source(still_picture: Path, short: Path, consent: Consent) -> None:
    poorer = TalkingHeadPipeline(pipeline().tracker, ("head",))
    head = poorer.study(still_picture, consent=consent)
    assert head.atlas is None
    assert len(list(poorer.frames(head, short, Settings(size=256)))) > 1
    with pytest.raises(SettingsError, match="recurrent head"):
        next(iter(poorer.frames(head, short, Settings(size=256, method="head"))))


def test_a_full_frame_keeps_the_pictures_size_and_all_of_it_but_the_head(short: Path) -> None:
    scene = studied("two_faces.png")
    frames = pixels(pipeline().frames(scene, short, Settings(full_frame=True, label=False)))
    assert frames.shape == (COUNT, 3, scene.info.height, scene.info.width)
    picture = scene.picture.transpose(2, 0, 1) / np.float32(255)
    changed = (np.abs(frames - picture) > 1 / 255).any((0, 1))
    assert changed.any() and not changed[:, 300:].any()  # the second person stays as she was photographed


@pytest.mark.parametrize("name", ["two_faces.png", "still.png"])
def test_a_full_frame_at_rest_is_the_picture_itself(short: Path, name: str) -> None:
    rest = Settings(full_frame=True, label=False, head=0, mouth=0, eyes=0, brows=0, gaze=0)
    frame = next(iter(pipeline().frames(studied(name), short, rest))).image.permute(1, 2, 0).numpy()
    away = np.abs(frame - studied(name).picture / np.float32(255)).max(-1)
    assert cv2.GaussianBlur(away, (0, 0), 4).max() < 0.1


def test_a_still_picture_can_be_the_subject(short: Path) -> None:
    still = studied("still.png")
    assert len(still.bank) == 1
    frames = pixels(pipeline().frames(still, short, Settings(size=256, label=False)))
    assert len(frames) == COUNT and frames.std(0).max() > 0.05


# What is refused


@pytest.mark.parametrize(
    "settings",
    [
        Settings(size=300), Settings(mouth=2.5), Settings(head=-0.1), Settings(gaze=float("nan")),
        Settings(steadiness=1.5), Settings(sources=0), Settings(method=cast(Method, "paint")),
        Settings(mode=cast(Mode, "sideways")),
        Settings(sound=cast(Sound, "loud")),
    ],
    ids=lambda s: ",".join(f"{k}={v}" for k, v in vars(s).items() if v != getattr(Settings(), k)),
)
def test_settings_out_of_range_are_refused_before_anything_is_read(
    head: CanonicalHead, tmp_path: Path, settings: Settings
) -> None:
    for start in (
        lambda: next(iter(pipeline().frames(head, "no such file.mp4", settings))),
        lambda: pipeline().transfer(head, "no such file.mp4", tmp_path / "out.mp4", settings),
        lambda: pipeline().view(head, tmp_path / "out.mp4", turntable(seconds=0.1), settings),
    ):
        with pytest.raises(SettingsError):
            start()
    assert not list(tmp_path.iterdir())


def test_a_still_picture_cannot_drive(head: CanonicalHead, still_picture: Path) -> None:
    with pytest.raises(MediaError) as caught:
        list(pipeline().frames(head, still_picture))
    assert caught.value.key == "driving_needs_motion"
