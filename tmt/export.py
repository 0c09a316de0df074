"""CanonicalHead -> a folder that shows it: views from front and sides, depth, coverage, a 3D file, a report."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tmt import label, provenance
from tmt.bake import PERSON, SEEN, BakedHead, bake
from tmt.bust import to_mesh
from tmt.checkpoint import STUDIED, told
from tmt.errors import OutputError
from tmt.geometry import euler_from_rotation
from tmt.glb import Mesh, to_glb
from tmt.growth import order_of
from tmt.portrait import draw, draw_coverage, draw_depth, look_at
from tmt.progress import Progress, counted, nobody
from tmt.stages import sheet, stages
from tmt.topology import Topology
from tmt.types import Array, CanonicalHead
from tmt.whole import write_json
from tmt.writer import COMMENT

EYE_CORNERS = 0.09  # metres between the outer corners of the eyes: an average adult; the true size cannot be known
PNG_LEVEL = 2  # of 9: a tenth larger than 6, at a third of the time
SIDE_VIEW = 45.0  # degrees of yaw
REPORT, GROWTH = "head.json", "growth.png"
FILES = ("front.png", "side.png", "depth.png", "coverage.png", GROWTH, "head.glb", REPORT)


@dataclass(frozen=True)
class HeadSummary:
    """What the report says of the head: numbers of bank frames, yaw and pitch that they span (degrees, as filmed),
    share 0..1 of the head's surface that some frame sees well, size of one head unit in metres (assumed)."""

    keyframes: tuple[int, ...]
    yaw_degrees: tuple[float, float]
    pitch_degrees: tuple[float, float]
    share_seen: float
    metres_per_unit: float


@dataclass(frozen=True)
class HeadSettings:
    """How it was shown: yaw of the side views in degrees, assumed distance of the outer eye corners in metres."""

    side_view: float = SIDE_VIEW
    eye_corners: float = EYE_CORNERS


def check_folder(folder: Path, files: Collection[str] = FILES) -> None:
    """Make the folder if it is missing (not those above it); OutputError unless the files can be written into it."""
    name = folder.resolve().name
    try:
        folder.mkdir(exist_ok=True)
        for file in files:
            if (folder / file).is_dir():
                raise OutputError("output_unwritable", name=file, reason="it is a folder")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError as error:
        raise OutputError("output_unwritable", name=name, reason="it is a file, not a folder") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise OutputError("output_unwritable", name=name, reason="the folder above it does not exist") from error
    except OSError as error:
        raise OutputError("output_unwritable", name=name, reason=error.strerror) from error


def save_head(
    head: CanonicalHead, topology: Topology, folder: Path, wanted: Collection[str] = FILES, say: Progress = nobody
) -> list[Path]:
    """Write front.png, side.png, depth.png, coverage.png, growth.png, head.glb and head.json, or those of them that are
    wanted; all or, on failure, none. `say`: told of every file, and of every keyframe of the growth."""
    check_folder(folder)
    baked = bake(head, topology)
    right, left = (head.performance.neutral[eye.corners[0]] for eye in topology.eyes)
    metres = EYE_CORNERS / float(np.linalg.norm(left - right))
    names = [name for name in FILES if name in wanted and (name != GROWTH or head.atlas is not None)]
    keyframes = len(order_of(head.performance, head.bank.index)) if GROWTH in names else 0
    tick = counted(say, "build", len(names) + keyframes)
    makers = _makers(head, baked, topology, metres, (left + right) / 2, tick)
    with _appearing(folder, names) as part:
        for name in names:
            if name != REPORT:
                (part / name).write_bytes(makers[name]())
                tick()
        if REPORT in names:
            outputs = {Path(name).stem: provenance.fingerprint(part / name) for name in names if name != REPORT}
            write_json(part / REPORT, _report(head, _summary(head, baked, metres), outputs))
    return [folder / name for name in names]


def _makers(
    head: CanonicalHead, baked: BakedHead, topology: Topology, metres: float, origin: Array, tick: Callable[[], None]
) -> dict[str, Callable[[], bytes]]:
    """What makes each file. Views of the head bear the label; the two maps are no likeness."""
    right, front, left = (look_at(baked, yaw) for yaw in (-SIDE_VIEW, 0.0, SIDE_VIEW))
    return {
        "front.png": lambda: _png(label.burn_uint8(draw(baked, front))),
        "side.png": lambda: _png(label.burn_uint8(np.concatenate([draw(baked, right), draw(baked, left)], 1))),
        "depth.png": lambda: _png(draw_depth(front, 100 * metres)),
        GROWTH: lambda: _png(label.burn_uint8(sheet(list(stages(head, topology, tick=tick))))),
        "coverage.png": lambda: _png(draw_coverage(baked, (right, front, left), len(head.bank))),
        "head.glb": lambda: _glb(*to_mesh(head, baked, topology, metres, origin)),
    }


def _glb(mesh: Mesh, texture: Array) -> bytes:
    return to_glb(mesh, _png(texture), PERSON, COMMENT)


def _summary(head: CanonicalHead, baked: BakedHead, metres: float) -> HeadSummary:
    yaw, pitch, _ = (np.degrees(angles) for angles in euler_from_rotation(head.bank.pose.rotation))
    return HeadSummary(
        keyframes=tuple(head.bank.index.tolist()), yaw_degrees=(float(yaw.min()), float(yaw.max())),
        pitch_degrees=(float(pitch.min()), float(pitch.max())), share_seen=share_seen(baked), metres_per_unit=metres,
    )


def share_seen(head: BakedHead) -> float:
    """Share of the head's surface (area in space, what is modelled of it) that some bank frame sees well."""
    sheet = head.vertices.reshape(head.grid, head.grid, 3)
    across, down = sheet[:-1, 1:] - sheet[:-1, :-1], sheet[1:, :-1] - sheet[:-1, :-1]
    area = np.linalg.norm(np.cross(across, down), axis=-1) * head.cells
    seen = (head.best > SEEN).reshape(head.grid, head.grid)[:-1, :-1]
    return float((area * seen).sum() / area.sum())


def _report(
    head: CanonicalHead, summary: HeadSummary, outputs: Mapping[str, provenance.Fingerprint]
) -> dict[str, object]:
    """The usual report, with what is particular to a head."""
    run = provenance.Run(
        settings=HeadSettings(), consent=head.receipt, inputs={"subject": provenance.fingerprint(head.info.path)},
        outputs=outputs, rates={"subject": head.info.fps}, found={"subject": head.track.found},
        lost={"subject": head.track.lost}, limits=(),
        seconds={"study": head.seconds}, label=True, checkpoint=told(head.checkpoint, STUDIED),
    )
    rounded = {key: np.round(value, 4).tolist() for key, value in asdict(summary).items()}
    return {**provenance.report(run), "head": rounded}


def _png(image: Array) -> bytes:
    """A picture [H, W, 3 or 4] uint8 as PNG, marked as made by this program."""
    marks, file = PngInfo(), BytesIO()
    marks.add_text("Comment", COMMENT)
    Image.fromarray(image).save(file, "PNG", pnginfo=marks, compress_level=PNG_LEVEL)
    return file.getvalue()


@contextlib.contextmanager
def _appearing(folder: Path, names: Collection[str]) -> Iterator[Path]:
    """A hidden folder for files of some names, which get their places in `folder` at the end, or vanish on failure."""
    fresh = [folder / name for name in names if not (folder / name).exists()]
    try:
        part = Path(tempfile.mkdtemp(prefix=".tmt-", dir=folder))  # inside: os.replace works within a file system only
        try:
            yield part
            for name in names:
                os.replace(part / name, folder / name)
        except BaseException:
            for path in fresh:
                path.unlink(missing_ok=True)
            raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise OutputError("output_unwritable", name=folder.resolve().name, reason=error.strerror) from error
