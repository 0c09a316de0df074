"""What `tmt doctor` looks at: whether everything a run needs is there and works, and what to do where it is not.

Nothing but the standard library is imported at the top: a package that is missing or broken is a finding, not a crash.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tmt.types import Array

PROJECT = "tmt-head3d"
PYTHONS = ((3, 10), (3, 12))  # first and last that all packages support
PORT = 7860  # app.py's own default
ROOM, TIGHT = 2e9, 2e8  # free bytes: uploads and results of a day; the least for a single short clip
INSTALL = "install the packages again: python -m pip install -r requirements.txt"


@dataclass(frozen=True)
class Finding:
    """One line of the examination: what was found and, unless all is well, what to do."""

    level: Literal["ok", "warn", "fail"]
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.level:4}  {self.what}" + (f": {self.remedy}" if self.remedy else "")


Check = Callable[[], Iterable[Finding]]


def examine(checks: Iterable[Check] | None = None) -> int:
    """Run the checks and print a line for each finding; the exit status: 0, or 3 when something fails."""
    failed = False
    for check in CHECKS if checks is None else checks:
        for finding in _findings(check):
            print(finding, flush=True)
            failed |= finding.level == "fail"
    return 3 if failed else 0


def _findings(check: Check) -> Iterator[Finding]:
    """What a check finds; its own failure is a finding, too."""
    try:
        yield from check()
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        yield Finding("fail", f"{check.__name__.replace('_', ' ')}: {reason}", INSTALL)


def python() -> Iterator[Finding]:
    """The interpreter's version."""
    said = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        yield Finding("ok", said)
    else:
        first, last = (".".join(map(str, version)) for version in PYTHONS)
        yield Finding("fail", said, f"use Python {first} to {last}")


def packages() -> Iterator[Finding]:
    """Every required package is there in a version within its range, and the two builds of OpenCV agree."""
    from packaging.requirements import Requirement

    right = []
    for requirement in map(Requirement, _required()):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = _version(requirement.name)
        if version is None:
            yield Finding("fail", f"{requirement.name} is missing", INSTALL)
        elif not requirement.specifier.contains(version, prereleases=True):
            yield Finding("fail", f"{requirement.name} {version} is not {requirement.specifier}", INSTALL)
        else:
            right.append(f"{requirement.name} {version}")
    yield Finding("ok", f"packages: {', '.join(right)}")
    builds = {version for name in ("opencv-python", "opencv-contrib-python") if (version := _version(name))}
    if len(builds) > 1:
        versions = " and ".join(sorted(builds))
        yield Finding("warn", f"two versions of OpenCV share one folder: {versions}", "install the same of both")


def _required() -> list[str]:
    """The lines of requirements.txt, from the installed project's metadata or from the file beside the package."""
    file = Path(__file__).resolve().parent.parent / "requirements.txt"
    if file.is_file():
        lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line]
    return metadata.requires(PROJECT) or []


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def opencv() -> Iterator[Finding]:
    """OpenCV's library loads: on a bare system it lacks others."""
    try:
        import cv2

        yield Finding("ok", f"opencv {cv2.__version__} loads")
    except ImportError as error:
        remedy = "on Debian or Ubuntu: apt-get install libgl1 libglib2.0-0; otherwise " + INSTALL
        yield Finding("fail", f"opencv does not load ({error})", remedy)


def ffmpeg() -> Iterator[Finding]:
    """The bundled ffmpeg runs and writes what results are made of: H.264 and AAC."""
    from tmt.ffmpeg import executable, reason, run

    inputs = ["-f", "lavfi", "-i", "color=s=64x64:d=0.2", "-f", "lavfi", "-i", "sine=d=0.2"]
    status, _, said = run(["-v", "error", *inputs, "-c:v", "libx264", "-c:a", "aac", "-f", "null", "-"], timeout=60)
    if status:
        remedy = "install imageio-ffmpeg again, and unset IMAGEIO_FFMPEG_EXE if it is set"
        yield Finding("fail", f"ffmpeg does not encode ({reason(said, status)})", remedy)
    else:
        _, out, _ = run(["-version"], timeout=60)
        words = out.decode("utf-8", "replace").split()
        version = words[2] if len(words) > 2 else "of an unknown version"
        yield Finding("ok", f"ffmpeg {version} encodes H.264 and AAC ({Path(executable()).name})")


def face_tracker() -> Iterator[Finding]:
    """The tracker's networks load, and find nobody in an empty picture."""
    import numpy as np

    from tmt.track_mediapipe import MediaPipeTracker

    tracker, blank = MediaPipeTracker(), np.full((256, 256, 3), 128, np.uint8)
    if tracker.detect(blank, None) is None and _is_matte(tracker.matte(blank)):
        yield Finding("ok", "face tracker: loads, finds nobody in an empty picture")
    else:
        yield Finding("fail", "face tracker: finds a face in an empty picture", INSTALL)


def _is_matte(matte: Array) -> bool:
    return matte.shape == (256, 256) and bool((matte >= 0).all() and (matte <= 1).all())


def device() -> Iterator[Finding]:
    """Which device torch computes on."""
    import torch

    from tmt import hub

    chosen = hub.device()
    if chosen.type == "cuda":
        memory = torch.cuda.get_device_properties(chosen).total_memory / 2**30
        yield Finding("ok", f"device: {torch.cuda.get_device_name(chosen)}, {memory:.0f} GiB")
    elif torch.cuda.is_available():
        name = torch.cuda.get_device_name(0)
        yield Finding("warn", f"device: CPU, since this torch does not run on {name}", "install a torch built for it")
    else:
        yield Finding("ok", f"device: CPU, {torch.get_num_threads()} threads, {os.cpu_count()} cores (no CUDA)")


def compiled_code() -> Iterator[Finding]:
    """The numba kernels compile and draw."""
    import numpy as np

    try:
        from tmt.kernels import rasterise
    except RuntimeError as error:  # numba keeps its results beside the code, or else in the user's cache folder
        yield Finding("fail", f"compiled code: {error}", "set NUMBA_CACHE_DIR to a folder that can be written")
        return
    corner = np.arange(2, dtype=np.float32) * 16
    sheet = np.stack([*np.meshgrid(corner, corner), np.zeros((2, 2), np.float32)], -1)
    grid_xy, depth = np.empty((16, 16, 2), np.float32), np.empty((16, 16), np.float32)
    rasterise(sheet, grid_xy, depth)
    if (grid_xy >= 0).all() and np.isfinite(depth).all():
        yield Finding("ok", "compiled code: works")
    else:
        yield Finding("fail", "compiled code draws holes", "install numba again")


def disk() -> Iterator[Finding]:
    """The folder for temporary files takes files and has room."""
    folder = Path(tempfile.gettempdir())
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="tmt-doctor-") as file:
            file.write(b"tmt")
            file.flush()
    except OSError as error:
        yield Finding("fail", f"{folder} cannot be written ({error.strerror})", "set TMPDIR to a folder that can")
        return
    free = shutil.disk_usage(folder).free
    said, remedy = f"{folder}: {free / 1e9:.1f} GB free", "free some space, or set TMPDIR to another disk"
    level: Literal["ok", "warn", "fail"] = "ok" if free >= ROOM else "warn" if free >= TIGHT else "fail"
    yield Finding(level, said, "" if level == "ok" else remedy)


def page_port() -> Iterator[Finding]:
    """Nobody else uses the page's port."""
    port = int(os.environ.get("GRADIO_SERVER_PORT", PORT))
    try:
        with socket.socket() as place:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just given back is free
            place.bind(("127.0.0.1", port))
        yield Finding("ok", f"port {port} is free for the page")
    except OSError:
        yield Finding("warn", f"port {port} is taken", "start the page with --port and another number")


def offline() -> Iterator[Finding]:
    """What a run reads beside its inputs comes with the installed packages: nothing is fetched."""
    import numpy as np

    from tmt.label import burn_uint8
    from tmt.pose import template
    from tmt.topology import MEDIAPIPE_478

    faces, picture = template(MEDIAPIPE_478.name), burn_uint8(np.zeros((256, 256, 3), np.uint8))
    if len(faces) and picture.any():
        yield Finding("ok", "offline: networks, average face and label come with the packages, nothing is fetched")
    else:
        yield Finding("fail", "the average face or the label is empty", INSTALL)


def checkpoint() -> Iterator[Finding]:
    """The networks of the checkpoint that page and command line use load."""
    from tmt.checkpoint import VARIABLE, from_environment, resolve
    from tmt.errors import WeightsError
    from tmt.learned import load_all

    try:
        yield Finding("ok", f"checkpoint: {(used := resolve(from_environment()))}; {', '.join(load_all(used))} load")
    except WeightsError as error:
        yield Finding("fail", f"checkpoint: {error}", f"or unset {VARIABLE}: weights ship with the package")


CHECKS: tuple[Check, ...] = (
    python, packages, opencv, ffmpeg, face_tracker, device, checkpoint, compiled_code, disk, page_port, offline,
)
