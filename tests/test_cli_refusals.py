"""What the command line refuses, by which status, with which one line, and that it leaves nothing behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tmt import provenance
from tmt.cli import main

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
