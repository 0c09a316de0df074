"""`tmt doctor`: what is missing or broken is told, with what to do, and nothing makes it crash."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tmt import doctor, hub
from tmt.doctor import Finding, examine

Usage = namedtuple("Usage", "total used free")


def levels(said: str) -> list[str]:
    return [line.split()[0] for line in said.splitlines()]


def refuse(*_arguments: object) -> None:
    raise AssertionError("the network was used")


def test_a_working_installation_passes_without_any_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert examine() == 0
    said = capsys.readouterr().out
    assert len(levels(said)) >= len(doctor.CHECKS)
    assert set(levels(said)) <= {"ok", "warn"}


def test_a_check_that_crashes_is_a_finding_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    def broken_library() -> Iterator[Finding]:
        raise ImportError("libGL.so.1: cannot open shared object file")

    def healthy() -> Iterator[Finding]:
        yield Finding("ok", "healthy")

    assert examine([broken_library, healthy]) == 3
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("fail  broken library: libGL.so.1")
    assert "pip install" in first
    assert second == "ok    healthy"


def test_warnings_alone_do_not_fail() -> None:
    assert examine([lambda: [Finding("warn", "a little", "do something")]]) == 0


def test_missing_and_wrong_packages_are_named_with_the_version_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["numpy>=1", "numpy>=99", "no-such-package-anywhere>=1", 'pytest==0; python_version < "3"']
    monkeypatch.setattr(doctor, "_required", lambda: asked)
    findings = [finding for finding in doctor.packages() if "OpenCV" not in finding.what]
    assert [finding.level for finding in findings] == ["fail", "fail", "ok"]
    assert ">=99" in findings[0].what
    assert "no-such-package-anywhere is missing" in findings[1].what
    assert "numpy" in findings[2].what
    assert "pytest" not in findings[2].what


def test_the_packages_looked_for_are_those_of_the_requirements() -> None:
    names = {line.split("=")[0].rstrip("<>~!=") for line in doctor._required()}
    assert {"torch", "mediapipe", "imageio-ffmpeg", "gradio"} <= names


def test_two_versions_of_opencv_in_one_folder_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_required", list[str])
    monkeypatch.setattr(doctor, "_version", {"opencv-python": "4.11.0.86", "opencv-contrib-python": "4.10.0.84"}.get)
    *_, last = doctor.packages()
    assert last.level == "warn"
    assert "4.10.0.84 and 4.11.0.86" in last.what


def test_an_ffmpeg_that_does_not_encode_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho \"Unknown encoder 'libx264'\" >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr("tmt.ffmpeg.executable", lambda: str(program))
    (finding,) = doctor.ffmpeg()
    assert finding.level == "fail"
    assert "libx264" in finding.what
    assert "imageio-ffmpeg" in finding.remedy


def test_a_taken_port_is_a_warning_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("GRADIO_SERVER_PORT", str(other.getsockname()[1]))
        (finding,) = doctor.page_port()
    assert finding.level == "warn"
    assert "--port" in finding.remedy


@pytest.mark.parametrize(("free", "level"), [(5e10, "ok"), (1e9, "warn"), (1e6, "fail")])
def test_little_room_is_told_before_a_run_fails_of_it(monkeypatch: pytest.MonkeyPatch, free: float, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(1e12, 0, free))
    (finding,) = doctor.disk()
    assert finding.level == level
    assert bool(finding.remedy) is (level != "ok")


def test_a_folder_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    (finding,) = doctor.disk()
    assert finding.level == "fail"
    assert "TMPDIR" in finding.remedy


def test_the_device_is_one_that_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (torch.arange(3, device=hub.device()) + 1).sum().item() == 6

    def no_kernel(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("no kernel image is available for execution on the device")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", no_kernel)
    assert hub.device() == torch.device("cpu")


def test_a_broken_opencv_is_a_finding_with_a_remedy_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "cv2").mkdir()
    broken = 'raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")\n'
    (tmp_path / "cv2" / "__init__.py").write_text(broken)
    root = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    command = [sys.executable, "-m", "tmt", "doctor"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("fail  opencv")]
    assert "libGL.so.1" in line
    assert "apt-get install libgl1" in line
    assert any(line.startswith("ok") and "ffmpeg" in line for line in done.stdout.splitlines())  # the others go on


def test_compiled_code_finds_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "import numba\n"
        "import numba.core.caching as caching\n"
        "def refuse(self): raise OSError('read-only')\n"
        "for name in dir(caching):\n"
        "    if name.endswith('CacheLocator') and hasattr(getattr(caching, name), 'ensure_cache_path'):\n"
        "        given = 'Provided' in name\n"
        "        make = lambda self: os.makedirs(self.get_cache_path(), exist_ok=True)\n"
        "        getattr(caching, name).ensure_cache_path = make if given else refuse\n"
        "from tmt import kernels\n"
        "print(numba.config.CACHE_DIR)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), "NUMBA_CACHE_DIR": ""}
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []  # and leaves nothing there
