"""A clip is looked at before any work: what is said of it is true, and one face of several is kept to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from heads import pipeline
from media_files import make

from tmt.errors import MediaError
from tmt.preflight import Preflight, file_facts, look_over
from tmt.preview import Stills, moment_of, preview
from tmt.types import CanonicalHead, Consent, Settings


def keys(found: Preflight) -> set[str]:
    return {remark.key for remark in found.remarks}


@pytest.fixture(scope="module")
def head(subject_clip: Path) -> CanonicalHead:
    return pipeline().study(subject_clip, consent=Consent(True, True, True))


def test_a_good_clip_is_green_and_its_facts_are_right(subject_clip: Path) -> None:
    found = look_over(subject_clip, "subject", pipeline().tracker)
    assert (found.level, keys(found)) == ("green", set())
    assert found.info.seconds == pytest.approx(48 / 25)
    assert len(found.faces) == 1
    assert found.yaw[0] < -12 and found.yaw[1] > 12
    assert found.crop is not None
    assert found.crop.left >= 0 and found.crop.left + found.crop.width <= 256
    assert found.picture is not None
    assert found.picture.shape == (256, 256, 3)


def test_what_would_spoil_a_result_is_said(
    still_picture: Path, no_face_picture: Path, driving_clip: Path, tmp_path: Path
) -> None:
    tracker = pipeline().tracker
    assert look_over(no_face_picture, "subject", tracker).level == "red"
    assert keys(look_over(still_picture, "subject", tracker)) == {"still_subject"}
    assert keys(look_over(still_picture, "driving", tracker)) == {"still_driving"}
    small = make(tmp_path / "small.mp4", "-i", str(driving_clip), "-vf", "scale=128:128,eq=brightness=-0.3", "-an")
    assert keys(look_over(small, "driving", tracker)) == {"small_face", "dark", "silent"}
    brief = make(tmp_path / "brief.mp4", "-i", str(driving_clip), "-t", "0.4")
    assert keys(look_over(brief, "driving", tracker)) == {"short"}


def test_a_subject_that_neither_turns_nor_opens_the_mouth_is_told_so(still_picture: Path, tmp_path: Path) -> None:
    frozen = make(tmp_path / "frozen.mp4", "-loop", "1", "-i", str(still_picture), "-t", "2", "-r", "25")
    assert keys(look_over(frozen, "subject", pipeline().tracker)) == {"turns_little", "mouth_closed"}


def test_file_facts_need_no_look_at_a_face(driving_clip: Path, tmp_path: Path) -> None:
    assert keys(file_facts(driving_clip, "driving")) == set()
    (tmp_path / "no.mp4").write_bytes(b"nothing")
    with pytest.raises(MediaError):
        file_facts(tmp_path / "no.mp4", "driving")


def test_each_of_two_faces_can_be_chosen(two_faces_picture: Path) -> None:
    tracker = pipeline().tracker
    first, second = (look_over(two_faces_picture, "subject", tracker, face) for face in (1, 2))
    assert "several_faces" in keys(first)
    assert [found.face for found in (first, second)] == [0, 1]
    assert first.faces[0].x < 192 < second.faces[1].x, "counted from the left"
    assert look_over(two_faces_picture, "subject", tracker).face == 0, "the larger one"
    assert first.crop is not None and second.crop is not None
    assert first.face_pixels > second.face_pixels
    assert first.crop.left + first.crop.width / 2 < 192 < second.crop.left + second.crop.width / 2


def test_a_preview_is_one_frame_that_moves(head: CanonicalHead, driving_clip: Path) -> None:
    tracker = pipeline().tracker
    moment = moment_of(driving_clip, tracker)
    shown = preview(head, moment, tracker, Settings(size=256))
    assert shown.result.shape == (256, 256, 3)
    assert shown.driving.shape == (256, 256, 3)
    assert 0 < shown.at < 40 / 25
    frozen = Settings(size=256, head=0, mouth=0, eyes=0, brows=0, gaze=0)
    still = preview(head, moment, tracker, frozen)
    assert np.abs(shown.result.astype(float) - still.result).mean() > 2, "a telling moment differs from rest"


def test_a_still_view_turns_the_head_as_asked(head: CanonicalHead) -> None:
    tracker = pipeline().tracker
    topology = tracker.topology
    noses, stills = [], Stills(head, tracker)
    before = stills.picture((0.0, 0.0, 0.0))
    for yaw in (-20.0, 0.0, 20.0):
        picture = stills.picture((yaw, 0.0, 0.0))
        found = tracker.detect(picture, None)
        assert found is not None
        oval = found[list(topology.oval), 0]
        noses.append((found[1, 0] - oval.min()) / np.ptp(oval))
    assert noses[0] < noses[1] - 0.05 < noses[2] - 0.10
    assert (stills.picture((0.0, 0.0, 0.0)) == before).all(), "whatever was looked at in between"
