"""Trials with the whole truth: the same performance rendered on the subject, with its depth and its pose.

A folder `truth` beside the clips holds, for each pair, `SUBJECT-by-PERFORMER.npz` (see examples/README.md) and the true
pictures as `.mp4`. The performer's clip drives the subject's in relative mode, for the truth has the subject's own size
and place and the performer's turns; both clips begin at rest before one camera.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from tmt.draw import draw
from tmt.errors import MediaError
from tmt.evaluate.metrics import closeness, depth_error, pose_change_error
from tmt.evaluate.observe import diverse, head_box
from tmt.evaluate.rows import Outcome, TruthRow, mean_closeness
from tmt.evaluate.sheets import Strip, contact_sheet
from tmt.evaluate.trial import CONSENT, MOMENTS, Setup, survive
from tmt.pipeline import Drive, TalkingHeadPipeline, run_to_end
from tmt.render import deform, look, place
from tmt.study import laid
from tmt.types import Array, CanonicalHead, Method, Pose, Settings, Target, Targets, Window
from tmt.video import read_frames, save_png

FOLDER = "truth"
FLAT = ("copy", "warp2d", "learned2d")  # methods that know no depth
HEAD = ("skin", "hair", "eyes", "mouth")  # labels of what belongs to a head
SETTINGS = Settings(mode="relative", full_frame=True, label=False, mark=False, sound="none")


@dataclass(frozen=True)
class Truth:
    """One pair: numbers [T] of the driving frames; pictures [T, H, W, 3] uint8; depth [T, h, w] head units, 0 where
    there is nothing, at every second pixel; face, head [T, h, w] bool: where depth is compared; rotation [T, 3, 3]."""

    case: str
    subject: Path
    driving: Path
    numbers: Array
    pictures: Array
    depth: Array
    face: Array
    head: Array
    rotation: Array


@dataclass(frozen=True)
class Made:
    """What a method made of a pair: pictures [T, H, W, 3] uint8, depth [T, h, w] px (None: it knows none)."""

    pictures: Array
    depth: Array | None


Make = Callable[[CanonicalHead, Truth, Method], Made]


def find_truth(clips: Path) -> list[Path]:
    """The pairs of a folder of clips; MediaError where it has no truth."""
    found = pairs_in(clips)
    if not found:
        raise MediaError("missing", name=f"{clips.name}/{FOLDER}/*-by-*.npz")
    return found


def pairs_in(clips: Path) -> list[Path]:
    """The pairs of a folder of clips, if there are any."""
    return sorted((clips / FOLDER).glob("*-by-*.npz"))


def load_truth(path: Path) -> Truth:
    """One pair, or a MediaError that names the file that is missing or is not one."""
    subject, performer = (path.parents[1] / f"{name}.mp4" for name in path.stem.split("-by-"))
    for needed in (path, path.with_suffix(".mp4"), subject, performer):
        if not needed.is_file():
            raise MediaError("missing", name=needed.name)
    try:
        with np.load(path, allow_pickle=False) as file:
            data = {name: file[name] for name in file.files}
        label = data["label"][:, 1::2, 1::2]
        head = np.isin(label, [list(data["labels"]).index(name) for name in HEAD]) & (data["depth"] > 0)
        face = head & _inside(data["landmarks"], float(data["focal_px"]), data["centre_px"], head.shape[1:])
        return Truth(
            path.stem, subject, performer, data["number"], np.stack(list(read_frames(path.with_suffix(".mp4")))),
            data["depth"].astype(np.float32), face, head, data["rotation"],
        )  # fmt: skip
    except (OSError, LookupError, ValueError, zipfile.BadZipFile) as error:
        raise MediaError("not_media", name=path.name, reason=f"its arrays are not there: {error}") from error


def _inside(landmarks: Array, focal: float, centre: Array, shape: tuple[int, ...]) -> Array:
    """[T, h, w] bool inside the hull of the landmarks [T, L, 3] (camera axes, head units), at every second pixel."""
    mask = np.zeros((len(landmarks), *shape), np.uint8)
    for layer, points in zip(mask, landmarks[..., :2] / landmarks[..., 2:] * focal + centre, strict=True):
        cv2.fillConvexPoly(layer, cv2.convexHull(np.round(points / 2 - 0.75).astype(np.int32)), (1.0,))
    return mask > 0


def true_trials(paths: Sequence[Path], setup: Setup, make: Make | None = None) -> Iterator[Outcome]:
    """Every method on every pair; one study serves all performers of a subject. `make`: instead of the product."""
    for _, group in groupby(paths, key=lambda path: path.stem.split("-by-")[0]):
        files = list(group)
        yield from survive(FOLDER, files[0].stem.split("-by-")[0], _subject(files, setup, make))


def _subject(files: list[Path], setup: Setup, make: Make | None) -> Iterator[Outcome]:
    head = setup.pipeline.study(load_truth(files[0]).subject, consent=CONSENT)
    for path in files:
        yield from survive(FOLDER, path.stem, _case(load_truth(path), head, setup, make))


def _case(truth: Truth, head: CanonicalHead, setup: Setup, make: Make | None) -> Iterator[Outcome]:
    made: dict[str, Made] = {}
    maker = make or _Product(setup).make

    def one(method: Method) -> Iterator[Outcome]:
        made[method] = maker(head, truth, method)
        yield judge(truth, made[method], method, setup)

    for method in setup.methods:
        yield from survive(FOLDER, truth.case, one(method), method)
    _sheet(truth, made, setup)


def judge(truth: Truth, made: Made, method: str, setup: Setup) -> TruthRow:
    """Pictures, depth and pose of a result against the truth."""
    observer = setup.observer
    wanted, got = (observer.see(map(observer.face, pictures), 1, truth.case)
                   for pictures in (truth.pictures, made.pictures))  # fmt: skip
    known = np.flatnonzero(wanted.found)
    frames = [closeness(truth.pictures[k], made.pictures[k], wanted.landmarks[k], got.landmarks[k], observer.topology)
              for k in known]  # fmt: skip
    both = np.flatnonzero(got.found)
    errors = [float("nan")] * 2
    if made.depth is not None:
        errors = [float(np.mean([depth_error(*one) for one in zip(truth.depth, made.depth, part, strict=True)]))
                  for part in (truth.face, truth.head)]  # fmt: skip
    return TruthRow(
        case=truth.case, method=method, close=mean_closeness(frames), depth_face=errors[0], depth_head=errors[1],
        pose_deg=pose_change_error(truth.rotation[both], got.rotation[both]), missed=int((~got.found).sum()),
    )  # fmt: skip


class _Product:
    """Makes results with the product itself, of the frames alone that are compared."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._drive: Drive | None = None

    def make(self, head: CanonicalHead, truth: Truth, method: Method) -> Made:
        """See Made. The driving clip is tracked once."""
        pipeline, topology = self.setup.pipeline, self.setup.observer.topology
        assert isinstance(pipeline, TalkingHeadPipeline), "a pretended pipeline brings its own `make`"
        settings = replace(SETTINGS, method=method)
        if self._drive is None:
            self._drive = run_to_end(pipeline.drive(truth.driving, settings, head))
        subject, whole = laid(head, self._drive.performance, topology, settings)
        plan = Chosen(whole, truth.numbers)
        size = truth.pictures.shape[2], truth.pictures.shape[1]
        pictures = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
                    for picture, _ in draw(subject, plan, settings, pipeline.tracker, Counter())]  # fmt: skip
        depth = None if method in FLAT else np.stack([_depth(subject, plan.target(k), size) for k in range(len(plan))])
        return Made(np.stack(pictures), depth)


class Chosen:
    """Some frames of a plan, as a plan."""

    def __init__(self, plan: Targets, numbers: Array) -> None:
        self.plan, self.numbers = plan, [int(number) for number in numbers]

    @property
    def pose(self) -> Pose:
        """Of the chosen frames."""
        return self.plan.pose[np.array(self.numbers)]

    def __len__(self) -> int:
        return len(self.numbers)

    def target(self, index: int) -> Target:
        """The head in the chosen frame `index`."""
        return self.plan.target(self.numbers[index])


def _depth(head: CanonicalHead, target: Target, size: tuple[int, int]) -> Array:
    """Depth [h, w] of the head in the whole picture, at every second of `size` pixels; NaN where there is none."""
    info = head.info
    window = Window(0.0, 0.0, info.width, info.height, size[0] / info.width)
    vertices = place(head.surface, deform(head.surface, target.canonical, target.swing), target, head.performance)
    seen = look(head.surface, vertices, window)
    depth: Array = np.where(seen.covered, seen.depth, np.nan)[1::2, 1::2]
    return depth


def _sheet(truth: Truth, made: dict[str, Made], setup: Setup) -> None:
    """The contact sheet of a pair: the truth and every method at some moments."""
    observer = setup.observer
    seen = observer.see([observer.face(picture) for picture in truth.pictures], 1, truth.case)
    moments = diverse(seen, observer.topology, MOMENTS)
    box = head_box(seen.landmarks, truth.pictures.shape[1:])
    rows = {"truth": truth.pictures, **{method: one.pictures for method, one in made.items()}}
    folder = setup.out / "sheets"
    folder.mkdir(parents=True, exist_ok=True)
    strips = [Strip(name, [pictures[k][box] for k in moments]) for name, pictures in rows.items()]
    save_png(folder / f"{FOLDER}-{truth.case}.png", contact_sheet(strips))
