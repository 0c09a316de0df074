"""The main job's files: transferred video, side by side, report, novel views; whole or not at all."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from drivers import short_clip
from heads import TOPOLOGY, lip_gap, pipeline, studied
from media_files import sound_of
from PIL import Image

from tmt.errors import Cancelled, FaceError, MediaError, OutputError, TmtError
from tmt.geometry import euler_from_rotation
from tmt.motion import perform, turntable
from tmt.retarget import offset_gain
from tmt.track import track
from tmt.types import Array, CanonicalHead, Consent, HeadPath, Performance, Result, Settings, Step
from tmt.video import probe, read_frames

COUNT = 6  # frames of the short driving clip


@pytest.fixture(scope="session")
def head() -> CanonicalHead:
    return studied()


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return short_clip("driving.mp4", COUNT, tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="session")
def whole_run(
    head: CanonicalHead, driving_clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Result, list[Step]]:
    """The whole driving clip transferred, side by side, and its progress."""
    steps: list[Step] = []
    out = tmp_path_factory.mktemp("out 結果") / "result.mp4"
    settings = Settings(size=256, side_by_side=True)
    return pipeline().transfer(head, driving_clip, out, settings, progress=steps.append), steps


@pytest.fixture(scope="session")
def shown(whole_run: tuple[Result, list[Step]]) -> Performance:
    """What a tracker sees in the result."""
    result, _ = whole_run
    return perform(track(read_frames(result.video), pipeline().tracker, Fraction(25), "result"), TOPOLOGY)


@pytest.fixture(scope="session")
def driver(driving_clip: Path) -> Performance:
    return perform(track(read_frames(driving_clip), pipeline().tracker, Fraction(25), "driver"), TOPOLOGY)


def lips(performance: Performance) -> Array:
    return np.array([lip_gap(face) for face in performance.canonical])


def angles(performance: Performance) -> Array:
    """Yaw, pitch, roll [3, T] degrees."""
    return np.degrees(np.stack(euler_from_rotation(performance.pose.rotation)))


# A transfer


def test_a_transfer_has_the_drivers_frames_rate_length_and_sound(
    whole_run: tuple[Result, list[Step]], driving_clip: Path
) -> None:
    video, driving = probe(whole_run[0].video), probe(driving_clip)
    assert (video.width, video.height) == (256, 256) and video.fps == driving.fps
    assert len(list(read_frames(video.path))) == driving.frames == 40
    assert video.has_audio and np.abs(sound_of(video.path)).max() > 0.01


def test_a_side_by_side_shows_subject_driver_and_result_in_one_row(whole_run: tuple[Result, list[Step]]) -> None:
    result, _ = whole_run
    assert result.side_by_side is not None and result.side_by_side.name == "result_side-by-side.mp4"
    row = probe(result.side_by_side)
    assert (row.width, row.height) == (3 * 256, 256) and row.fps == 25 and row.has_audio
    frames, alone = list(read_frames(row.path)), list(read_frames(result.video))
    assert len(frames) == len(alone) == 40
    panel = np.stack(frames)[:, :200, 512:].astype(int)  # above the captions
    assert np.abs(panel - np.stack(alone)[:, :200]).mean() < 4
    assert np.abs(np.diff(np.stack(frames)[:, :200, :256].astype(int), axis=0)).mean() < 1.5  # the subject stands still
    assert np.abs(np.diff(np.stack(frames)[:, :200, 256:512].astype(int), axis=0)).mean() > 1.5


def test_progress_tells_tracking_alignment_and_rendering_frame_by_frame(whole_run: tuple[Result, list[Step]]) -> None:
    _, steps = whole_run
    assert [s.stage for s in steps] == ["track"] * 40 + ["align"] * 40 + ["render"] * 40
    assert [s.done for s in steps] == list(range(1, 41)) * 3
    assert {s.total for s in steps} == {40}


def test_the_report_beside_the_video_tells_settings_inputs_and_outputs(whole_run: tuple[Result, list[Step]]) -> None:
    result, _ = whole_run
    report = json.loads(result.report_path.read_text(encoding="utf-8"))
    assert result.report_path == result.video.with_suffix(".json")
    assert report == json.loads(json.dumps(result.report))
    assert report["settings"]["size"] == 256 and report["settings"]["mode"] == "relative"
    text = json.dumps(report)
    assert "subject.mp4" in text and "driving.mp4" in text and "result.mp4" in text
    assert str(result.video.parent) not in text  # names without folders


def test_the_result_is_a_face_that_moves_as_the_driver(shown: Performance, driver: Performance) -> None:
    assert shown.found.all()
    assert np.corrcoef(lips(shown), lips(driver))[0, 1] > 0.9
    for mine, theirs in zip(angles(shown)[:2], angles(driver)[:2], strict=True):
        relative = (mine - mine[driver.reference]) - (theirs - theirs[driver.reference])
        assert np.abs(relative).mean() < 3


def test_the_result_keeps_the_subjects_face_and_not_the_drivers(
    shown: Performance, head: CanonicalHead, driver: Performance
) -> None:
    skin = slice(0, TOPOLOGY.surface)

    def away(other: Performance) -> float:
        return float(np.linalg.norm(shown.neutral[skin, :2] - other.neutral[skin, :2], axis=1).mean())

    assert away(head.performance) < 0.4 * away(driver)
    assert offset_gain(shown.neutral, head.performance.neutral, TOPOLOGY)[0, 0] == pytest.approx(1, abs=0.05)


def test_the_video_shows_the_frames_that_frames_gives(head: CanonicalHead, short: Path, tmp_path: Path) -> None:
    result = pipeline().transfer(head, short, tmp_path / "o.mp4", Settings(size=256))
    frames = pipeline().frames(head, short, Settings(size=256))
    for frame, written in zip(frames, read_frames(result.video), strict=True):
        assert np.abs(frame.image.permute(1, 2, 0).numpy() * 255 - written).mean() < 4


@pytest.mark.parametrize(("sound", "heard"), [("none", False), ("subject", True)])
def test_sound_comes_from_where_it_was_asked_for(
    head: CanonicalHead, short: Path, tmp_path: Path, sound: str, heard: bool
) -> None:
    settings = Settings(size=256, method="copy", sound="none" if sound == "none" else "subject")
    result = pipeline().transfer(head, short, tmp_path / "o.mp4", settings)
    assert probe(result.video).has_audio == heard


def test_a_full_frame_of_odd_size_is_written_with_its_side_by_side(
    still_picture: Path, short: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "odd.png"
    Image.open(still_picture).crop((20, 0, 371, 353)).save(odd)
    subject = pipeline().study(odd, consent=Consent(subject=True, driving=True, purpose=True))
    result = pipeline().transfer(subject, short, tmp_path / "o.mp4", Settings(full_frame=True, side_by_side=True))
    video = probe(result.video)
    assert (video.width, video.height) == (352, 354) and len(list(read_frames(result.video))) == COUNT
    assert result.side_by_side is not None and len(list(read_frames(result.side_by_side))) == COUNT


# Whole or not at all


@pytest.mark.parametrize("after", [3, COUNT + 4, 2 * COUNT])
def test_closing_a_run_on_the_way_leaves_no_file(head: CanonicalHead, short: Path, tmp_path: Path, after: int) -> None:
    settings = Settings(size=256, method="copy", side_by_side=True)
    steps = pipeline().transfer_steps(head, short, tmp_path / "o.mp4", settings)
    for _ in range(after):
        next(steps)
    steps.close()
    assert not list(tmp_path.iterdir())


def test_a_run_stopped_by_its_progress_leaves_an_earlier_result_as_it_was(
    head: CanonicalHead, short: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o.mp4"
    out.write_bytes(b"an earlier result")

    def stop(step: Step) -> None:
        if step.stage == "render" and step.done == 4:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        pipeline().transfer(head, short, out, Settings(size=256, method="copy"), progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["o.mp4"] and out.read_bytes() == b"an earlier result"


def test_bad_driving_clips_and_places_to_write_leave_nothing(
    head: CanonicalHead, short: Path, no_face_picture: Path, tmp_path: Path
) -> None:
    given, out = tmp_path / "in", tmp_path / "out"
    given.mkdir()
    out.mkdir()
    ball = Image.open(no_face_picture).convert("RGB")
    ball.save(given / "ball.gif", save_all=True, append_images=[ball.rotate(90)] * 3, duration=100)
    for driving, name, error in (
        (given / "ball.gif", "o.mp4", FaceError), (given / "none.mp4", "o.mp4", MediaError),
        (short, "o.avi", OutputError), (short, "missing/o.mp4", OutputError),
    ):
        with pytest.raises(error):
            pipeline().transfer(head, driving, out / name, Settings(size=256))
    with pytest.raises(OutputError, match="overwrite"):
        pipeline().transfer(head, short, short, Settings(size=256))
    assert not list(out.iterdir()) and short.stat().st_size > 1000


def test_a_side_by_side_never_overwrites_its_driving_clip(head: CanonicalHead, short: Path, tmp_path: Path) -> None:
    driving = tmp_path / "o_side-by-side.mp4"
    driving.write_bytes(short.read_bytes())
    settings = Settings(size=256, method="copy", side_by_side=True)
    with pytest.raises(OutputError, match="overwrite"):
        pipeline().transfer(head, driving, tmp_path / "o.mp4", settings)
    assert driving.read_bytes() == short.read_bytes()


# Novel views


@pytest.fixture(scope="module")
def turned(head: CanonicalHead, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, HeadPath]:
    path = turntable((-15.0, 15.0), seconds=0.8)
    return pipeline().view(head, tmp_path_factory.mktemp("view") / "turn.mp4", path, Settings(size=256)), path


def test_a_turntable_is_written_frame_by_frame_without_sound(turned: tuple[Result, HeadPath]) -> None:
    result, path = turned
    video = probe(result.video)
    assert len(list(read_frames(result.video))) == len(path) == 20
    assert (video.width, video.height, video.fps, video.has_audio) == (256, 256, path.fps, False)
    assert json.loads(result.report_path.read_text(encoding="utf-8"))


def test_the_head_in_a_turntable_turns_as_asked(turned: tuple[Result, HeadPath]) -> None:
    result, path = turned
    seen = perform(track(read_frames(result.video), pipeline().tracker, path.fps, "turn"), TOPOLOGY, 0.0)
    yaw = angles(seen)[0]
    assert np.corrcoef(yaw, path.yaw)[0, 1] > 0.99
    assert 0.7 < np.ptp(yaw) / np.ptp(path.yaw) < 1.2
    assert np.abs(angles(seen)[2]).max() < 4


def test_a_path_of_no_views_is_refused_and_leaves_nothing(head: CanonicalHead, tmp_path: Path) -> None:
    nowhere = HeadPath(np.zeros(0), np.zeros(0), np.zeros(0), Fraction(25))
    with pytest.raises(TmtError):
        pipeline().view(head, tmp_path / "o.mp4", nowhere, Settings(size=256, method="copy"))
    assert not list(tmp_path.iterdir())
