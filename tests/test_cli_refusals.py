"""What the command line refuses, by which status, with which one line, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from media_files import make
from PIL import Image

from tmt import provenance
from tmt.cli import main
from tmt.video import probe

resource: Any = pytest.importorskip("resource") if os.name != "nt" else None

Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Refused:
    """Call the command line with bad input and check how it says no; the line it says."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def call(*arguments: str | Path) -> str:
        before = sorted(tmp_path.rglob("*"))
        assert main([*map(str, arguments), "--consent", "--quiet"]) == 3
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "Traceback" not in captured.err
        *statements, line = captured.err.splitlines()
        assert line.startswith("tmt: ")
        assert not any(text.startswith("tmt:") for text in statements)
        assert sorted(tmp_path.rglob("*")) == before, "something was left behind"
        return line

    return call


@pytest.mark.parametrize("command", ["transfer", "study", "view", "evaluate"])
def test_without_consent_the_statements_are_printed_and_nothing_is_done(
    command: str, subject_clip: Path, driving_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    inputs = [subject_clip, driving_clip] if command == "transfer" else [subject_clip]
    assert main([command, *map(str, inputs), "-o", str(tmp_path / "out.mp4")]) == 4
    captured = capsys.readouterr()
    for text in provenance.statements("en").values():
        assert text in captured.err
    assert captured.err.splitlines()[-1].startswith("tmt: Nothing was processed")
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_japanese_user_reads_japanese(
    subject_clip: Path, driving_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert main(["transfer", str(subject_clip), str(driving_clip), "-o", str(tmp_path / "out.mp4")]) == 4
    said = capsys.readouterr().err
    for text in provenance.statements("ja").values():
        assert text in said
    assert "--consent を付けてください" in said.splitlines()[-1]


@pytest.mark.parametrize("role", ["subject", "driving"])
@pytest.mark.parametrize("kind", ["missing", "empty", "text", "cut", "folder"])
def test_a_file_that_is_no_clip_is_named_with_what_is_wrong(
    role: str, kind: str, refused: Refused, subject_clip: Path, driving_clip: Path, tmp_path: Path
) -> None:
    bad = tmp_path / f"{kind}-{role}.mp4"
    if kind == "folder":
        bad.mkdir()
    elif kind != "missing":
        content = {"empty": b"", "text": b"no clip at all\n" * 500, "cut": driving_clip.read_bytes()[:600]}
        bad.write_bytes(content[kind])
    inputs = (bad, driving_clip) if role == "subject" else (subject_clip, bad)
    assert bad.name in refused("transfer", *inputs, "-o", tmp_path / "out.mp4")


def test_a_picture_without_a_face_is_named(
    refused: Refused, no_face_picture: Path, driving_clip: Path, tmp_path: Path
) -> None:
    line = refused("transfer", no_face_picture, driving_clip, "-o", tmp_path / "out.mp4")
    assert no_face_picture.name in line
    assert "face" in line


def test_a_dog_is_no_person(refused: Refused, shared: Path, driving_clip: Path, tmp_path: Path) -> None:
    dog = shared / "clips" / "dev" / "still_dog_no_human_face.jpg"
    assert "no human face" in refused("transfer", dog, driving_clip, "-o", tmp_path / "out.mp4")


def test_a_face_of_forty_pixels_is_refused_by_its_size_or_not_found(
    refused: Refused, still_picture: Path, driving_clip: Path, tmp_path: Path
) -> None:
    small = tmp_path / "far.png"
    with Image.open(still_picture) as picture:
        picture.convert("RGB").resize((76, 76), Image.Resampling.LANCZOS).save(small)
    line = refused("transfer", small, driving_clip, "-o", tmp_path / "out.mp4")
    assert "far.png" in line and "pixels wide" in line


def test_one_frame_cannot_drive_whatever_it_is_called(
    refused: Refused, subject_clip: Path, still_picture: Path, tmp_path: Path
) -> None:
    single = make(tmp_path / "single.mp4", "-i", str(subject_clip), "-frames:v", "1")
    mislabelled = tmp_path / "picture.mp4"
    shutil.copy(still_picture, mislabelled)
    for path in (single, mislabelled):
        assert "only one frame" in refused("transfer", subject_clip, path, "-o", tmp_path / "out.mp4")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
def test_files_without_permission_are_named(
    refused: Refused, subject_clip: Path, driving_clip: Path, tmp_path: Path
) -> None:
    locked, folder = tmp_path / "locked.mp4", tmp_path / "closed"
    shutil.copy(subject_clip, locked)
    locked.chmod(0)
    folder.mkdir(mode=0o500)
    assert "locked.mp4" in refused("transfer", locked, driving_clip, "-o", tmp_path / "out.mp4")
    assert "no permission" in refused("transfer", subject_clip, driving_clip, "-o", folder / "out.mp4")


def test_a_file_the_system_does_not_let_us_open_is_named(
    refused: Refused, subject_clip: Path, driving_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked.mp4"
    shutil.copy(subject_clip, locked)
    real = Path.open

    def guarded(self: Path, *arguments: Any, **named: Any) -> Any:
        if self.name == "locked.mp4":
            raise PermissionError(13, "Permission denied")
        return real(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", guarded)
    line = refused("transfer", locked, driving_clip, "-o", tmp_path / "out.mp4")
    assert "locked.mp4" in line and "Permission denied" in line


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="the system has no limit on the size of files")
def test_a_full_disk_is_told_in_one_line_and_nothing_is_left(
    refused: Refused, still_picture: Path, driving_clip: Path, tmp_path: Path
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        line = refused("transfer", still_picture, driving_clip, "-o", tmp_path / "out.mp4", "--method", "copy")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "cannot be written" in line and "free some space" in line


def test_a_driver_without_sound_gives_a_silent_result(still_picture: Path, driving_clip: Path, tmp_path: Path) -> None:
    silent = make(tmp_path / "silent.mp4", "-i", str(driving_clip), "-an", "-frames:v", "4")
    out = tmp_path / "out.mp4"
    arguments = ["transfer", str(still_picture), str(silent), "-o", str(out), "--method", "copy", "--size", "256"]
    assert main([*arguments, "--consent", "--quiet"]) == 0
    assert probe(out).frames == 4 and not probe(out).has_audio


def test_a_clip_that_is_cut_off_is_used_and_that_is_said(
    still_picture: Path, driving_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    whole = make(tmp_path / "whole.mp4", "-i", str(driving_clip), "-an", "-movflags", "+faststart", "-crf", "12")
    cut, out = tmp_path / "cut.mp4", tmp_path / "out.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    arguments = ["transfer", str(still_picture), str(cut), "-o", str(out), "--method", "copy", "--size", "256"]
    assert main([*arguments, "--consent", "--quiet"]) == 0
    (note,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("tmt:")]
    assert "cut.mp4: the file is cut off" in note
    frames = json.loads(out.with_suffix(".json").read_text("utf-8"))["frames"]["driving"]
    assert 0 < frames["total"] < 40 and frames["reasons"]["cut_off_file"] == pytest.approx(40 - frames["total"], abs=2)


def test_an_output_that_cannot_be_is_refused_before_any_work(
    refused: Refused, subject_clip: Path, driving_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmt.cli._pipeline", None)  # a call of it would crash
    own = tmp_path / "own.mp4"
    shutil.copy(subject_clip, own)
    (tmp_path / "file").write_text("no folder")
    assert ".mp4" in refused("transfer", subject_clip, driving_clip, "-o", tmp_path / "out.avi")
    assert "out.mp4" in refused("transfer", subject_clip, driving_clip, "-o", tmp_path / "absent" / "out.mp4")
    assert "out.mp4" in refused("transfer", subject_clip, driving_clip, "-o", tmp_path / "file" / "out.mp4")
    assert "overwrite" in refused("transfer", own, driving_clip, "-o", own)
    assert "overwrite" in refused("transfer", subject_clip, own, "-o", own)
    assert own.read_bytes() == subject_clip.read_bytes()


@pytest.mark.parametrize("setting", [["--mouth", "9"], ["--steadiness", "-1"]])
def test_a_strength_out_of_its_range_is_refused(
    setting: list[str], refused: Refused, subject_clip: Path, driving_clip: Path, tmp_path: Path
) -> None:
    line = refused("transfer", subject_clip, driving_clip, "-o", tmp_path / "out.mp4", *setting)
    assert f"{setting[0].removeprefix('--')}={float(setting[1])}" in line


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["transfer", "a.mp4"], ["transfer", "a", "b", "-o", "c.mp4", "--size", "300"], ["view"]]
)
def test_wrong_usage_is_told_from_bad_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: tmt" in capsys.readouterr().err
