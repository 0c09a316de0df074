"""The page over a pretended studio, or the real one, on a free port, for tests with and without a browser."""

from __future__ import annotations

import dataclasses
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import imageio_ffmpeg
import numpy as np
import pytest
from conftest import DATA

import app
from tmt import provenance
from tmt.chosen import FaceBox
from tmt.evaluate.metrics import Traits
from tmt.evaluate.protocols import Cast
from tmt.evaluate.rows import CrossRow, Run
from tmt.evaluate.run_numbers import RunNumbers
from tmt.evaluate.standouts import Look
from tmt.evaluate.verdicts import Part, follows_of, likeness_of, same_of
from tmt.page.studio import Clip, Studio, Viewer
from tmt.preflight import Preflight, Remark, Role, file_facts
from tmt.preview import Moment, Preview
from tmt.progress import Progress
from tmt.types import CanonicalHead, Consent, Receipt, Result, Settings, Step, Window

FOR_EVER = 1_000_000
SAME = ("anna", "ben", "endless", "slow", "crash", "couple")  # clips that differ by their names
TRAITS = Traits(0.9, 0.8, 0.9, 0.9, 0.5, 0.7)


class MockStudio:
    """The interface of the real one; a result is the driving clip with the mode noted in a box that players skip."""

    def __init__(self) -> None:
        self.studied: list[str] = []
        self.looked: list[str] = []
        self.parts: list[Path] = []
        self.faces: list[int | None] = []

    def facts(self, path: Path, role: Role) -> Preflight:
        return file_facts(path, role)

    def look(self, path: Path, role: Role, face: int | None) -> Preflight:
        self.looked.append(path.name)
        facts = file_facts(path, role)
        count = 2 if "couple" in path.name else 1
        faces = tuple(FaceBox(40.0 + 50 * index, 48, 30) for index in range(count))
        several = (Remark("several_faces", "amber", {"count": 2}),) if count > 1 else ()
        picture = np.full((96, 128, 3), 128, np.uint8)
        return Preflight(
            facts.info, (*facts.remarks, *several), picture, 1.0, 0.2, faces, min(face or 1, count) - 1, 90.0,
            (-12, 15), (-3, 4), Window(20, 10, 70, 70, 1.0), 1.0,
        )  # fmt: skip

    def study(self, subject: Clip, consent: Consent, progress: Progress) -> CanonicalHead:
        provenance.require(consent)
        self.studied.append(subject.path.name)
        self.faces.append(subject.face)
        if "crash" in subject.path.name:
            raise RuntimeError("/home/someone/secret")
        for done in range(50 if "slow" in subject.path.name else 1):
            progress(Step("study", 1 + done, 50))
            time.sleep(0.02)
        return cast(CanonicalHead, SimpleNamespace(name=subject.path.stem, seconds=2.0))

    def under(self, head: CanonicalHead, receipt: Receipt) -> CanonicalHead:
        return cast(CanonicalHead, SimpleNamespace(**{**vars(head), "receipt": receipt}))

    def moment(self, driving: Clip) -> Moment:
        return cast(Moment, SimpleNamespace(picture=np.zeros((64, 64, 3), np.uint8), at=0.5))

    def preview(self, head: CanonicalHead, moment: Moment, settings: Settings) -> Preview:
        return Preview(moment.picture, np.full((64, 64, 3), 200, np.uint8), moment.at)

    def transfer(
        self, head: CanonicalHead, driving: Clip, out: Path, settings: Settings
    ) -> Generator[Step, None, Result]:
        part = out.with_name("unfinished.mp4")
        part.write_bytes(b"half")
        self.parts.append(part)
        try:
            for done in range(FOR_EVER if _endless(head, driving, settings) else 25):  # long enough for some progress
                time.sleep(0.02)
                yield Step("render", done, 100)
            return self._write(head, driving.path, out, settings)
        finally:
            part.unlink(missing_ok=True)

    def _write(self, head: CanonicalHead, driving: Path, out: Path, settings: Settings) -> Result:
        beside, report_path = out.with_name(f"{out.stem}_side-by-side.mp4"), out.with_suffix(".json")
        note = settings.mode.encode()
        for path in (out, beside):
            path.write_bytes(driving.read_bytes() + (8 + len(note)).to_bytes(4, "big") + b"free" + note)
        run = provenance.Run(
            settings=settings, consent=head.receipt,
            inputs={"driving": provenance.fingerprint(driving)}, outputs={"video": provenance.fingerprint(out)},
            rates={}, found={}, lost={}, limits=(), seconds={}, label=True,
        )  # fmt: skip
        report = provenance.report(run)
        report_path.write_text(json.dumps(report), encoding="utf-8")
        return Result(out, report_path, report, beside, {"render": 8.0, "encode": 2.0, "total": 10.0})

    def clips(self, head: CanonicalHead, driving: Clip, whole: bool, folder: Path) -> Mapping[str, Path]:
        return {role: Path(shutil.copy(driving.path, folder / f"{role}.mp4")) for role in ("subject", "driving")}

    def observe(self, subject: Clip, driving: Clip) -> Cast:
        return cast(Cast, SimpleNamespace())

    def judge(self, video: Path, cast: Cast, settings: Settings, seconds: float) -> RunNumbers:
        row = CrossRow("run", settings.method, 1.5, TRAITS, TRAITS, 0.01, 0.02, 0.02, 0.02, 0.9, 0.5, 1.0, 0.8, 0.3,
                       Run(25, 25, 0, seconds))  # fmt: skip
        parts = (Part("mouth", "follows", 0.9, 0.9), Part("brows", "weakly", 0.6, 0.5))
        likeness = likeness_of(row)
        looks = (Look(10, 0.4, "mouth", 1.3),)
        return RunNumbers(row, likeness, parts, 1.0, same_of(likeness), follows_of(parts), "good", looks)

    def files(self, head: CanonicalHead, folder: Path, progress: Progress) -> Mapping[str, Path]:
        made = {name: folder / name for name in ("head.glb", "coverage.png")}
        made["head.glb"].write_bytes(b"glTF")
        shutil.copy(DATA / "still.png", made["coverage.png"])
        return made

    def growth(self, head: CanonicalHead, folder: Path, progress: Progress) -> Path:
        for done in range(FOR_EVER if head.name == "endless" else 1):
            progress(Step("build", done, 100))
            time.sleep(0.02)
        return Path(shutil.copy(DATA / "still.png", folder / "growth.png"))

    def viewer(self, head: CanonicalHead) -> Viewer:
        return lambda angles: np.full((64, 64, 3), round(128 + angles[0]), np.uint8)

    def turntable(self, head: CanonicalHead, out: Path, progress: Progress) -> Result:
        for done in range(FOR_EVER if head.name == "endless" else 1):
            progress(Step("render", done, 100))
            time.sleep(0.02)
        shutil.copy(DATA / "driving.mp4", out)
        return Result(out, out, {})


def refused(path: Path, role: Role) -> Preflight:
    """A look at a clip without a face."""
    facts = file_facts(path, role)
    return dataclasses.replace(facts, remarks=(*facts.remarks, Remark("no_face", "red")))


def _endless(head: CanonicalHead, driving: Clip, settings: Settings) -> bool:
    """Whether a run lasts until it is stopped: by its driving clip, or by another method than the product's."""
    return "endless" in driving.path.name or (head.name == "endless" and settings.method != "fused")


@dataclasses.dataclass(frozen=True)
class Served:
    """A running page; `studio` is the pretended one, unless asked for otherwise."""

    url: str
    studio: Any
    cache: Path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small clips by name: those that play with sound, one that is no clip."""
    folder = tmp_path_factory.mktemp("clips")
    paths = {name: folder / f"{name}.mp4" for name in (*SAME, "stranger", "broken")}
    source = ["-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25", "-f", "lavfi", "-i", "sine=440", "-t", "1"]
    encode = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, *encode, str(paths["anna"])], check=True)
    for name in SAME[1:]:
        shutil.copy(paths["anna"], paths[name])
    paths["stranger"].write_bytes(paths["anna"].read_bytes() + (8).to_bytes(4, "big") + b"free")  # another file
    paths["broken"].write_bytes(b"no clip at all " * 99)
    return paths


def example_folder(folder: Path, result: Path) -> Path:
    """Examples as the project ships them, made of the tests' own clips."""
    folder.mkdir()
    for name in ("subject.mp4", "driving.mp4"):
        shutil.copy(DATA / name, folder / name)
    shutil.copy(result, folder / "result.mp4")
    clips = [
        {"file": "subject.mp4", "role": "subject", "name": {"en": "Mei", "ja": "芽衣"}, "about": {}},
        {"file": "driving.mp4", "role": "driving", "name": {"en": "Ren", "ja": "蓮"}, "about": {}},
    ]
    pairs = [{"subject": "subject.mp4", "driving": "driving.mp4", "result": "result.mp4"}]
    (folder / "examples.json").write_text(json.dumps({"clips": clips, "pairs": pairs}), encoding="utf-8")
    return folder


@contextmanager
def serve(
    studio: Studio, folder: Path, *, auth: tuple[str, str] | None = None, root_path: str | None = None,
    share: bool = False, **options: Any,
) -> Iterator[Served]:
    """The page on a free port, where the system has an ffmpeg and no ffprobe: Gradio's own video check fails there."""
    (folder / "bin").mkdir()
    (folder / "bin" / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "cache"))
        patch.setenv("PATH", str(folder / "bin"))
        port = free_port()
        examples = example_folder(folder / "examples", DATA / "driving.mp4")
        page = app.build(studio, examples=examples, **options)
        app.launch(page, "127.0.0.1", port, auth=auth, root_path=root_path, share=share, block=False)
        yield Served(f"http://127.0.0.1:{port}", studio, folder / "cache")
        page.blocks.close()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page over a pretended studio."""
    with serve(MockStudio(), tmp_path_factory.mktemp("page")) as page:
        yield page


def until(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()
