"""The command line at work: what it writes, what it says, and that a run which is stopped leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from media_files import sound_of

from tmt import __version__, provenance
from tmt.__main__ import main as start
from tmt.cli import main
from tmt.video import probe, read_frames

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Done:
    """A finished run: where it wrote, its status, and what it said."""

    folder: Path
    status: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """The program's surroundings: English, and no program on PATH."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "IMAGEIO"))}
    return {**kept, "PATH": "/nonexistent", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **more}


def tmt(*arguments: str | Path, folder: Path) -> Done:
    """`python -m tmt` in a process of its own."""
    command = [sys.executable, "-m", "tmt", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    return Done(folder, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def transfer(subject_clip: Path, driving_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A whole run with sound and side by side, where no program is on PATH."""
    folder = tmp_path_factory.mktemp("transfer")
    return tmt("transfer", subject_clip, driving_clip, "-o", "out.mp4", "--consent", "--side-by-side", folder=folder)


def test_a_transfer_writes_video_side_by_side_and_report_and_says_where(transfer: Done) -> None:
    assert transfer.status == 0, transfer.err
    assert transfer.out.splitlines() == ["out.mp4", "out_side-by-side.mp4", "out.json"]
    assert {path.name for path in transfer.folder.iterdir()} == set(transfer.out.split())
    assert "Traceback" not in transfer.err


def test_the_statements_that_are_affirmed_are_printed(transfer: Done) -> None:
    for text in provenance.statements("en").values():
        assert text in transfer.err


def test_the_result_has_the_driving_clips_frames_rate_and_sound(transfer: Done, driving_clip: Path) -> None:
    video, driving = probe(transfer.folder / "out.mp4"), probe(driving_clip)
    assert (video.width, video.height) == (256, 256)
    assert (video.frames, video.fps, video.has_audio) == (driving.frames, driving.fps, True)
    given, wanted = sound_of(transfer.folder / "out.mp4"), sound_of(driving_clip)
    click, frame = int(np.abs(wanted).argmax()), round(48000 / driving.fps)
    assert abs(int(np.abs(given).argmax()) - click) < frame


def test_the_side_by_side_video_shows_three_panels_as_long_as_the_result(transfer: Done) -> None:
    video, beside = (probe(transfer.folder / name) for name in ("out.mp4", "out_side-by-side.mp4"))
    assert (beside.width, beside.height) == (3 * video.width, video.height)
    assert (beside.frames, beside.has_audio) == (video.frames, True)


def test_the_driving_panel_shows_the_frame_that_the_result_was_made_from(transfer: Done, driving_clip: Path) -> None:
    width = probe(transfer.folder / "out.mp4").width
    driving = np.stack(list(read_frames(driving_clip))).astype(int)
    for number, frame in enumerate(read_frames(transfer.folder / "out_side-by-side.mp4")):
        panel = frame[:200, width : 2 * width].astype(int)  # the caption lies below
        apart = np.abs(driving[:, :200] - panel).mean((1, 2, 3))
        assert apart[number] <= apart.min() + 0.1, number


def test_the_report_tells_what_was_done_with_what(transfer: Done, subject_clip: Path, driving_clip: Path) -> None:
    text = (transfer.folder / "out.json").read_text("utf-8")
    report = json.loads(text)
    for role, path in (("subject", subject_clip), ("driving", driving_clip)):
        assert report["inputs"][role] == {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    video = (transfer.folder / "out.mp4").read_bytes()
    assert report["outputs"]["video"]["sha256"] == hashlib.sha256(video).hexdigest()
    assert report["settings"]["method"] == "fused"
    assert report["settings"]["side_by_side"] is True
    assert report["frames"]["subject"]["total"] == probe(subject_clip).frames
    assert report["frames"]["driving"]["tracked"] == probe(driving_clip).frames
    assert Fraction(report["rates"]["output"]) == probe(driving_clip).fps
    assert report["label"] == {"visible": True}
    assert set(report["tracking"]) == {"tracker", "subject_face"}
    assert report["consent"]["text"] == provenance.CONSENT_TEXT
    assert report["versions"]["tmt"] == __version__
    assert str(subject_clip.parent) not in text, "a report names no folders"


def test_a_still_gives_a_full_frame_of_its_own_size_and_what_was_left_out_is_recorded(
    still_picture: Path, driving_clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "full.mp4"
    more = ["--full-frame", "--no-label", "--sound", "none", "--mode", "absolute", "--consent", "--quiet"]
    assert main(["transfer", str(still_picture), str(driving_clip), "-o", str(out), *more]) == 0
    video, subject = probe(out), probe(still_picture)
    assert (video.width, video.height) == (subject.width, subject.height)
    assert (video.frames, video.has_audio) == (probe(driving_clip).frames, False)
    report = json.loads(out.with_suffix(".json").read_text("utf-8"))
    assert report["label"] == {"visible": False}
    assert (report["settings"]["mode"], report["settings"]["full_frame"]) == ("absolute", True)


def test_a_view_turns_the_subject_by_angles_that_may_be_negative(still_picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "turn.mp4"
    angles = ["--yaw", "-30", "30", "--pitch", "-5", "5", "--seconds", "0.2"]
    assert main(["view", str(still_picture), "-o", str(out), *angles, "--consent", "--quiet"]) == 0
    assert probe(out).frames == round(0.2 * probe(out).fps)
    assert set(json.loads(out.with_suffix(".json").read_text("utf-8"))["inputs"]) == {"subject"}


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send on Windows")
def test_an_interrupted_run_leaves_nothing_behind(still_picture: Path, driving_clip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tmt", "transfer", str(still_picture), str(driving_clip)]
    command += ["-o", str(tmp_path / "out.mp4"), "--size", "1024", "--side-by-side", "--consent"]
    # A background job of a shell inherits that SIGINT is ignored; the run shall be one of a terminal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    end = time.monotonic() + 120
    while not any(tmp_path.iterdir()) and run.poll() is None and time.monotonic() < end:
        time.sleep(0.02)  # until it has begun to write
    assert any(tmp_path.iterdir()), "it never began to write"
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert err.splitlines()[-1].startswith("tmt: stopped")
    assert "Traceback" not in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []
    assert not [line for line in _running() if str(tmp_path) in line], "an ffmpeg was left running"


def _running() -> list[str]:
    """Command lines of all processes, where the system tells."""
    lines = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue  # it has ended
    return lines


def test_an_interrupt_while_the_packages_load_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "tmt.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "tmt.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])
    assert start(["transfer", "a.mp4", "b.mp4", "-o", "c.mp4"]) == 130
    assert capsys.readouterr().err == "tmt: stopped; nothing was kept.\n"


def test_doctor_finds_a_working_installation(tmp_path: Path) -> None:
    done = tmt("doctor", folder=tmp_path)
    assert done.status == 0, done.out
    assert {line.split()[0] for line in done.out.splitlines()} <= {"ok", "warn"}
    assert "Traceback" not in done.err
