"""The page over a mock pipeline, on a free port, for tests with and without a browser."""

from __future__ import annotations

import dataclasses
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import imageio_ffmpeg
import pytest

import app
from tmt import provenance
from tmt.types import CanonicalHead, Consent, Result, Settings, Step
from tmt.video import probe


class MockPipeline:
    """The interface of the real one; a result is the driving clip with the mode noted in a box that players skip."""

    def __init__(self) -> None:
        self.studied: list[str] = []
        self.parts: list[Path] = []

    def study(
        self, subject: Path, /, *, consent: Consent, progress: Callable[[Step], None] | None = None
    ) -> CanonicalHead:
        provenance.require(consent)
        self.studied.append(subject.name)
        probe(subject)
        if "crash" in subject.name:
            raise RuntimeError("/home/someone/secret")
        if progress:
            progress(Step("study", 1, 2))
        return cast(CanonicalHead, SimpleNamespace(name=subject.stem))

    def transfer_steps(
        self, _head: CanonicalHead, driving: Path, out: Path, settings: Settings, /
    ) -> Generator[Step, None, Result]:
        part = out.with_name("unfinished.mp4")
        part.write_bytes(b"half")
        self.parts.append(part)
        try:
            for done in range(1_000_000 if "endless" in driving.name else 25):  # long enough for some progress
                time.sleep(0.02)
                yield Step("render", done, 100)
            return self._write(driving, out, settings)
        finally:
            part.unlink(missing_ok=True)

    def _write(self, driving: Path, out: Path, settings: Settings) -> Result:
        beside, report_path = out.with_name(f"{out.stem}_side-by-side.mp4"), out.with_suffix(".json")
        note = settings.mode.encode()
        for path in (out, beside):
            path.write_bytes(driving.read_bytes() + (8 + len(note)).to_bytes(4, "big") + b"free" + note)
        report: dict[str, object] = {"frames": {"driving": {"total": 50, "tracked": 47, "held": 3}}}
        report |= {"settings": dataclasses.asdict(settings), "seconds": {"study": 2.0}}
        report_path.write_text(json.dumps(report), encoding="utf-8")
        return Result(out, report_path, report, beside, {"total": 10.0})


@dataclasses.dataclass(frozen=True)
class Served:
    """A running page."""

    url: str
    pipeline: MockPipeline
    cache: Path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small clips by name: two that play with sound, one that is no clip."""
    folder = tmp_path_factory.mktemp("clips")
    paths = {name: folder / f"{name}.mp4" for name in ("anna", "ben", "endless", "crash", "broken")}
    source = ["-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25", "-f", "lavfi", "-i", "sine=440", "-t", "1"]
    encode = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, *encode, str(paths["anna"])], check=True)
    for name in ("ben", "endless", "crash"):
        shutil.copy(paths["anna"], paths[name])
    paths["broken"].write_bytes(b"no clip at all " * 99)
    return paths


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page on a free port, where the system has an ffmpeg and no ffprobe: Gradio's own video check fails there."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "bin").mkdir()
    (folder / "bin" / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    with pytest.MonkeyPatch.context() as patch, socket.socket() as free:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "cache"))
        patch.setenv("PATH", str(folder / "bin"))
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        pipeline = MockPipeline()
        page = app.build(pipeline)
        app.launch(page, "127.0.0.1", port, block=False)
        yield Served(f"http://127.0.0.1:{port}", pipeline, folder / "cache")
        page.close()


def until(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()
