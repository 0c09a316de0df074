"""The people of the examples: what they perform, and how their rendering refuses; without Blender and the asset."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import render_examples
from people import speech
from people.act import LINES
from people.files import check_picture
from people.looks import PERFORMERS, SUBJECTS
from people.plays import CLIPS, LINES_SPOKEN

from tmt.train.heads import paint
from tmt.train.heads.act import blink, eased
from tmt.train.heads.asset import UNIT, Act

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
OPENS = ("mouth-open", "mouth-part-later", "mouth-parling", "mouth-upward-retraction", "mouth-protusion")


def acted(name: str) -> list[Act]:
    return [CLIPS[name].act(k / 25) for k in range(CLIPS[name].frames)]


@pytest.fixture
def asset(tmp_path: Path) -> Path:
    """A file with the arrays of the parametric head, though not with a head in them."""
    path = tmp_path / "head.npz"
    names = np.array([UNIT + "mouth-open"])
    np.savez(
        path, vertices=np.zeros((4, 3)), faces=np.zeros((1, 4), int), face_group=np.zeros(1, int),
        group_names=np.array(["body"]), target_names=names, target_offsets=np.array([0, 1]),
        target_vertex=np.zeros(1, int), target_delta=np.zeros((1, 3)),
    )  # fmt: skip
    return path


def test_eight_people_differ_in_shape_skin_hair_and_room() -> None:
    people = list((SUBJECTS | PERFORMERS).values())
    assert len(SUBJECTS) == len(PERFORMERS) == 4
    assert len({tuple(sorted(person.shape.items())) for person in people}) == 8
    assert len({person.skin for person in people}) == len({person.seed for person in people}) == 8
    assert {person.hair.style for person in people} >= {"short", "bob", "long", "bald"}


@pytest.mark.parametrize("name", list(CLIPS))
def test_nobody_jerks_and_nobody_stands_still(name: str) -> None:
    turns = np.array([act.turn for act in acted(name)])
    steps = np.abs(np.diff(turns, axis=0))
    assert steps.max() < 5.5  # degrees from one frame to the next
    assert (steps.sum(1) > 1e-3).all()
    assert np.abs(np.diff(turns, 2, axis=0)).max() < 1.5  # eased: no sudden start, no sudden stop


@pytest.mark.parametrize("name", list(CLIPS))
def test_everybody_blinks_wholly_and_looks_with_open_eyes_most_of_the_time(name: str) -> None:
    closed = np.array([act.units.get("eye-left-closure", 0.0) for act in acted(name)])
    assert closed.max() > 0.9
    assert (closed < 0.1).mean() > 0.6


@pytest.mark.parametrize("name", list(SUBJECTS))
def test_a_subject_shows_both_sides(name: str) -> None:
    yaw = [act.turn[1] for act in acted(name)]
    assert min(yaw) < -20 and max(yaw) > 20


def test_a_performer_turns_forty_degrees_and_nods_twenty() -> None:
    turns = np.array([act.turn for act in acted("performer_4")])
    assert turns[:, 1].min() < -38 and turns[:, 1].max() > 38
    assert turns[:, 0].min() < -18 and turns[:, 0].max() > 18


def test_one_subject_never_opens_the_mouth_and_the_others_do() -> None:
    widest = {name: max(act.units.get(unit, 0.0) for act in acted(name) for unit in OPENS) for name in SUBJECTS}
    assert widest.pop("subject_3") == 0
    assert min(widest.values()) > 0.3


def test_easing_rests_at_its_keys_and_a_blink_shuts_faster_than_it_opens() -> None:
    keys = ((0.0, 1.0), (1.0, 5.0))
    assert eased(0.0, *keys) == 1 and eased(1.0, *keys) == 5 and eased(9.0, *keys) == 5
    assert eased(0.01, *keys) - 1 < 0.01
    assert blink(1.0, 1.0) == 1 and blink(0.9, 1.0) == 0 and blink(1.1, 1.0) > 0.2


@pytest.mark.parametrize("name", list(LINES_SPOKEN))
def test_lips_close_for_m_and_open_for_a_when_they_sound(name: str) -> None:
    timed = [(float(at), str(phoneme)) for at, phoneme in json.loads(LINES.read_text(encoding="utf-8"))[name]]
    assert len(timed) > 20 and all(a[0] <= b[0] for a, b in pairwise(timed))
    (m,) = [at for at, phoneme in timed if phoneme == "m"][:1]
    vowel = next(at for at, phoneme in timed if phoneme in ("a", "V"))
    assert speech.mouth(timed, m + 0.01).get("mouth-open", 0.0) < speech.mouth(timed, vowel + 0.01)["mouth-open"]
    assert speech.mouth(timed, timed[-1][0] + 1) == {}


def test_every_phoneme_of_the_spoken_lines_has_a_shape_or_is_a_pause() -> None:
    for timed in json.loads(LINES.read_text(encoding="utf-8")).values():
        for _, phoneme in timed:
            assert speech.shape(phoneme) or phoneme.strip("_:") == "", phoneme


def test_the_painted_sheet_goes_around_the_head_once() -> None:
    angle = np.radians([-170, -90, 0, 90, 170])
    points = np.stack([np.sin(angle), np.zeros(5), np.cos(angle) + paint.AXIS], 1)
    across = paint.texture(paint.sheet(points))[:, 0]
    np.testing.assert_allclose(across, np.array([-170, -90, 0, 90, 170]) / 360 + 0.5, atol=1e-9)
    assert paint.lips(np.zeros(1), np.array([-0.62])) > 0 > paint.lips(np.zeros(1), np.array([-0.3]))


def test_a_wrong_path_to_the_asset_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.npz"
    broken.write_text("no archive")
    for path in (tmp_path / "nowhere.npz", tmp_path, broken):
        with pytest.raises(SystemExit, match=path.name) as refusal:
            render_examples.main([str(path), "-o", str(tmp_path / "out")])
        assert "\n" not in str(refusal.value) and "path" in str(refusal.value)


def test_a_frame_that_is_not_there_is_one_line_that_names_those_that_are(asset: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"subject_9:1.*subject_1:0\.\.74"):
        render_examples.main([str(asset), "-o", str(tmp_path), "--frame", "subject_9:1"])


def test_without_blender_one_line_says_what_to_install(asset: Path, tmp_path: Path) -> None:
    block = "import sys; sys.modules['bpy'] = None; import runpy; sys.argv = sys.argv[1:]; "
    code = f"{block}sys.path.insert(0, {str(SCRIPTS)!r}); runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-c", code, str(SCRIPTS / "render_examples.py"), str(asset), "-o", str(tmp_path)]
    done = subprocess.run([*command, "--frame", "subject_1:0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "pip install" in done.stderr and "bpy" in done.stderr


def test_a_full_disk_is_one_line(asset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(render_examples, "everything", full)
    with pytest.raises(SystemExit, match="No space left on device") as refusal:
        render_examples.main([str(asset), "-o", str(tmp_path / "out")])
    assert "\n" not in str(refusal.value)


def test_a_picture_that_was_cut_off_is_told_and_not_kept(still_picture: Path, tmp_path: Path) -> None:
    path = tmp_path / "0000.png"
    path.write_bytes(still_picture.read_bytes())
    check_picture(path)
    path.write_bytes(still_picture.read_bytes()[:5000])
    with pytest.raises(OSError, match="no space left"):
        check_picture(path)
    assert not path.exists()
