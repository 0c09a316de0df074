"""Several people, gaps and hands: one person is followed to the end, and what was missing is told by name."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from heads import DATA, FPS, TOPOLOGY, faces_at, pipeline
from media_files import make

from tmt.chosen import ChosenFace, FaceBox, keep_to
from tmt.errors import FaceError
from tmt.looks import SAME, Acquaintance, look_of
from tmt.pipeline import run_to_end
from tmt.track import FaceTracker, TrackBuilder
from tmt.types import Array, Consent, FaceTrack, Settings
from tmt.video import read_frames


def pictures(name: str, count: int | None = None) -> list[Array]:
    return list(read_frames(DATA / name))[:count]


def followed(frames: list[Array], tracker: FaceTracker | None = None) -> FaceTrack:
    builder = TrackBuilder(tracker or pipeline().tracker, "clip")
    for frame in frames:
        builder.add(frame)
    return builder.finish(FPS)


def across(track: FaceTrack) -> Array:
    """Where the face is [T], px from the left."""
    return np.asarray(track.landmarks[:, : TOPOLOGY.surface, 0].mean(1))


def kept(path: Path, number: int | None) -> FaceTrack:
    return followed(list(read_frames(path)), keep_to(path, number, pipeline().tracker))


def test_of_two_people_the_one_asked_for_is_taken_counted_from_the_left(tmp_path: Path) -> None:
    path = DATA / "two_faces.png"
    (both,) = pictures(path.name)
    first, second, default = (across(kept(path, number))[0] for number in (1, 2, None))
    assert first < both.shape[1] / 2 < second and default == first  # the larger is on the left
    mirrored = make(tmp_path / "mirrored.png", "-i", str(path), "-vf", "hflip")
    assert across(kept(mirrored, 1))[0] < both.shape[1] / 2 < across(kept(mirrored, None))[0]


@pytest.mark.parametrize("number", [0, 3])
def test_a_face_that_is_not_there_is_refused_by_its_number(number: int) -> None:
    with pytest.raises(FaceError, match=f"face {number} was asked for, but no picture shows more than 2"):
        keep_to(DATA / "two_faces.png", number, pipeline().tracker)


def test_a_person_who_comes_in_later_is_waited_for(tmp_path: Path) -> None:
    scene = "scale=768:512,setsar=1,fps=25,trim=duration=1.2"
    alone = f"[0]{scene},drawbox=x=384:w=384:h=512:c=gray:t=fill:enable='lt(n,10)'"
    clip = make(tmp_path / "in.mp4", "-loop", "1", "-i", str(DATA / "two_faces.png"), "-vf", alone[3:], "-crf", "6")
    track = kept(clip, 2)
    assert not track.found[:10].any() and track.found[10:].all() and (across(track) > 384).all()
    assert track.lost == {"not_yet_seen": 10}


def test_the_person_followed_is_kept_when_another_one_grows_larger() -> None:
    (both,) = pictures("two_faces.png")
    left, right = both[:, :256], both[:, 256:]
    frames = []
    for scale in np.linspace(1.0, 0.75, 8):
        small = cv2.resize(left, None, fx=float(scale), fy=float(scale), interpolation=cv2.INTER_AREA)
        large = cv2.resize(right, (256, 512), interpolation=cv2.INTER_CUBIC)[60:316]
        frame = np.full((256, 512, 3), 110, np.uint8)
        frame[: len(small), : small.shape[1]] = small
        frame[:, 256:] = large
        frames.append(frame)
    track = followed(frames, ChosenFace(pipeline().tracker, FaceBox(90.0, 128.0, 100.0)))
    assert track.found.all() and (across(track) < 256).all()


def test_a_cut_to_another_person_is_no_face_and_the_first_is_found_again() -> None:
    woman, man = pictures("subject.mp4", 6), pictures("driving.mp4", 20)
    track = followed([*woman, *man, *woman])
    assert track.found.tolist() == [True] * 6 + [False] * 20 + [True] * 6
    assert track.lost == {"another_face": 20}
    np.testing.assert_array_equal(track.landmarks[10], track.landmarks[5])  # held: more than half a second


def test_a_short_gap_is_bridged_and_a_long_one_is_held_and_both_are_told() -> None:
    woman, nothing = pictures("subject.mp4", 12), [np.full((256, 256, 3), 120, np.uint8)]
    short = followed([*woman[:6], *nothing * 5, *woman[6:]])
    assert not np.array_equal(short.landmarks[8], short.landmarks[5]) and sum(short.lost.values()) == 5
    long = followed([*woman[:6], *nothing * 15, *woman[6:]])
    np.testing.assert_array_equal(long.landmarks[12], long.landmarks[5])
    assert long.lost == {"hidden": 15}


def test_a_face_that_leaves_the_picture_is_held_where_it_went() -> None:
    (woman,) = pictures("subject.mp4", 1)
    canvas = np.full((256, 900, 3), 120, np.uint8)
    frames = []
    for x in range(300, 900, 40):
        frame = canvas.copy()
        part = woman[:, : max(0, 900 - x)]
        frame[:, x : x + part.shape[1]] = part
        frames.append(frame)
    track = followed([*frames, *[canvas] * 15])
    assert track.found[:6].all() and not track.found[-15:].any()
    assert track.lost.get("left_picture", 0) >= 15 and len(track.lost) == 1
    last = int(np.flatnonzero(track.found)[-1])
    np.testing.assert_array_equal(track.landmarks[-1], track.landmarks[last])


def test_a_face_of_sixty_pixels_in_a_large_picture_is_found(still_picture: Path) -> None:
    (face,) = list(read_frames(still_picture))
    known = pipeline().tracker.detect(face, None)
    assert known is not None
    width = float(np.ptp(known[: TOPOLOGY.surface, 0]))
    small = cv2.resize(face, None, fx=60 / width, fy=60 / width, interpolation=cv2.INTER_AREA)
    for corner in ((30, 40), (500, 900)):
        frame = np.full((720, 1280, 3), (90, 110, 130), np.uint8)
        frame[corner[0] : corner[0] + len(small), corner[1] : corner[1] + small.shape[1]] = small
        found = pipeline().tracker.detect(frame, None)
        assert found is not None
        wanted = known[: TOPOLOGY.surface, :2] * 60 / width + corner[::-1]
        assert np.linalg.norm(found[: TOPOLOGY.surface, :2] - wanted, axis=1).mean() < 3


def test_the_same_face_is_known_in_every_frame_and_another_one_is_not() -> None:
    track, looks = pipeline().tracker, {}
    for name in ("subject.mp4", "driving.mp4"):
        seen = [(frame, track.detect(frame, None)) for frame in pictures(name)[::6]]
        looks[name] = [look_of(frame, face, TOPOLOGY) for frame, face in seen if face is not None]
    known = Acquaintance()
    for look in looks["subject.mp4"][::2]:
        assert look is not None
        known.meet(look)
    own = [known.strangeness(look) for look in looks["subject.mp4"] if look is not None]
    other = [known.strangeness(look) for look in looks["driving.mp4"] if look is not None]
    assert max(own) < SAME < min(other)


def test_frames_behind_a_hand_are_not_used_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    face = faces_at(np.zeros(1))[0].astype(np.float32)

    def hands(frame: Array) -> list[Array]:
        there = frame[0, 0, 0] == 255
        return [np.array([[frame.shape[1] / 2, frame.shape[0] / 2]], np.float32)] if there else []

    tracker = pipeline().tracker
    monkeypatch.setattr(tracker, "hands", hands)
    monkeypatch.setattr(tracker, "detect", lambda frame, previous: face)
    monkeypatch.setattr(tracker, "search", lambda frame: [face])
    builder = TrackBuilder(tracker, "clip")
    for index in range(60):
        builder.add(np.full((400, 400, 3), 255 if 24 <= index < 30 else 90, np.uint8))
    track = builder.finish(FPS, clear=True)
    assert not track.found[24:30].any() and track.found[:12].all() and track.found[40:].all()
    assert track.lost == {"covered_by_hand": int((~track.found).sum())}


def test_the_report_of_a_run_names_what_was_missing(tmp_path: Path, consent: Consent) -> None:
    gap = "drawbox=c=gray:t=fill:enable='between(n,10,27)'"
    driving = make(tmp_path / "gap.mp4", "-i", str(DATA / "driving.mp4"), "-vf", gap, "-crf", "6")
    head = pipeline().study(DATA / "still.png", consent=consent)
    result = pipeline().transfer(head, driving, tmp_path / "o.mp4", Settings(size=256, method="copy"))
    frames = result.report["frames"]
    assert isinstance(frames, dict)
    assert frames["driving"]["held"] == 18 and frames["driving"]["reasons"] == {"hidden": 18}
    drive = run_to_end(pipeline().drive(driving))
    np.testing.assert_allclose(drive.performance.canonical[20], drive.performance.canonical[15], atol=2e-3)
    assert drive.info.fps == Fraction(25)
