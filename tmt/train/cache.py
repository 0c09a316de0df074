"""Clips on disk -> what training reads: each tracked once, cut to the head, its frames compressed. And back.

A cached clip is one safetensors file: pictures as WebP, mattes as JPEG, landmarks and torso as numbers. A folder of
them is the cache; copied to another machine it is the pack. Synthetic heads are stored in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from tmt.canvas import cut, head_window
from tmt.drift import NUMBERS, in_window
from tmt.errors import MediaError, TmtError
from tmt.retarget import SAME_FACE
from tmt.skin import laid_over
from tmt.topology import Topology
from tmt.track import FaceTracker, TrackBuilder
from tmt.train.clip import Clip, Truth
from tmt.types import Array, Pose
from tmt.video import probe, read_frames

SIDE = 256  # px of a crop at most: what the networks see
FRAMES = 150  # of one clip: more of the same person teach little
PICTURE, MATTE = (cv2.IMWRITE_WEBP_QUALITY, 82), (cv2.IMWRITE_JPEG_QUALITY, 85)  # some 14 KB a frame
DEPTH_STEPS, NOTHING = 4000, 65535  # to a head unit; where no head is
ENDINGS = {".mp4", ".mov", ".mpg", ".avi", ".mkv", ".webm"}


def prepare(path: Path, tracker: FaceTracker, frames: int = FRAMES) -> tuple[Clip, Array | None]:
    """Track a clip as a driving clip is tracked, and keep at most `frames` of its frames; its mean face [S, S]."""
    info = probe(path)
    every = max(1, round((info.frames or frames) / frames))
    builder = TrackBuilder(tracker, path.name)
    with closing(read_frames(path, info=info, every=every)) as pictures:
        for picture in pictures:
            builder.add(picture)
    track = builder.finish(info.fps / every, clear=True)
    window = head_window(track, tracker.topology, SIDE)
    window = window.at(min(window.scale, SIDE / max(window.width, window.height)))
    images = []
    with closing(read_frames(path, info=info, every=every)) as pictures:
        for picture in pictures:
            crop = cut(picture, window)
            images.append(np.dstack([crop, np.round(tracker.matte(crop) * 255).astype(np.uint8)]))
    clip = Clip(
        name=path.stem,
        person=path.stem,
        images=np.stack(images),
        landmarks=window.to_window(track.landmarks).astype(np.float32),
        found=track.found,
        torso=in_window(track.torso, window).astype(np.float32),
        fps=track.fps,
    )
    return clip, track.mean_face


def build(sources: Iterable[Path], out: Path, tracker: FaceTracker, frames: int = FRAMES) -> Iterator[str]:
    """Cache clips (files or folders of them) in the folder `out`; a line of progress for each. Clips that are there
    already are not tracked again; those without a usable face are named and left out."""
    out.mkdir(parents=True, exist_ok=True)
    faces: dict[str, Array] = {}
    for path in _clips(sources):
        if (out / f"{path.stem}.safetensors").is_file():
            yield f"{path.name}: there already"
            continue
        try:
            clip, face = prepare(path, tracker, frames)
        except TmtError as error:
            yield f"{path.name}: left out, {error}"
            continue
        if face is not None:
            faces[clip.name] = face
        save(clip, out, face)
        yield f"{path.name}: {len(clip)} frames of {clip.images.shape[2]} x {clip.images.shape[1]}"
    people = same_people(mean_faces(out), tracker.topology)
    for name, person in people.items():
        clip = load(out / f"{name}.safetensors")
        if clip.person != person:
            save(replace(clip, person=person), out, mean_faces(out).get(name))
    yield f"{len(list(out.glob('*.safetensors')))} clips, {len(set(people.values()))} people"


def _clips(sources: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for source in sources:
        if source.is_dir():
            found += sorted(path for path in source.iterdir() if path.suffix.lower() in ENDINGS)
        elif source.is_file():
            found.append(source)
        else:
            raise MediaError("missing", name=source.name)
    return found


def same_people(faces: dict[str, Array], topology: Topology) -> dict[str, str]:
    """Clip -> person: clips whose mean faces [S, S] are alike are one person's, named by the first of them."""
    person = {name: name for name in sorted(faces)}
    for one, other in combinations(sorted(faces), 2):
        if person[one] != person[other] and laid_over(faces[one], faces[other], topology)[0] > sum(SAME_FACE) / 2:
            first, second = sorted((person[one], person[other]))
            person = {name: first if who == second else who for name, who in person.items()}
    return person


def save(clip: Clip, folder: Path, face: Array | None = None) -> Path:
    """Write a clip into the cache; at once or not at all."""
    pictures = [_encoded(".webp", image[..., 2::-1], PICTURE) for image in clip.images]
    mattes = [_encoded(".jpg", image[..., 3], MATTE) for image in clip.images]
    tensors = {
        "pictures": np.concatenate(pictures),
        "picture_ends": np.cumsum([len(p) for p in pictures]),
        "mattes": np.concatenate(mattes),
        "matte_ends": np.cumsum([len(m) for m in mattes]),
        "landmarks": clip.landmarks,
        "found": clip.found.astype(np.uint8),
        "torso": clip.torso,
    }
    if face is not None:
        tensors["mean_face"] = face
    if clip.truth is not None:
        tensors |= _told(clip.truth)
    facts = {"name": clip.name, "person": clip.person, "fps": str(clip.fps)}
    path, part = folder / f"{clip.name}.safetensors", folder / f".{clip.name}.part"
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, part, metadata=facts)
    part.replace(path)
    return path


def load(path: Path) -> Clip:
    """A cached clip; MediaError for a file that is none."""
    try:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys() if name != "mean_face"}  # noqa: SIM118
        pictures = _decoded(tensors["pictures"], tensors["picture_ends"], cv2.IMREAD_COLOR)
        mattes = _decoded(tensors["mattes"], tensors["matte_ends"], cv2.IMREAD_GRAYSCALE)
        if tensors["torso"].shape[-1] != NUMBERS:
            raise ValueError("cached by an earlier version; make it anew")
        images = np.stack([np.dstack([p[..., ::-1], m]) for p, m in zip(pictures, mattes, strict=True)])
        return Clip(
            name=facts["name"],
            person=facts["person"],
            images=images,
            landmarks=tensors["landmarks"],
            found=tensors["found"] > 0,
            torso=tensors["torso"],
            fps=Fraction(facts["fps"]),
            truth=_read_truth(tensors) if "depths" in tensors else None,
        )
    except (SafetensorError, KeyError, ValueError, OSError, TypeError, cv2.error) as error:
        raise MediaError("unreadable", name=path.name, reason=str(error)) from error


def _told(truth: Truth) -> dict[str, Array]:
    """What only a synthetic clip knows, as tensors: depth in steps of 1 / DEPTH_STEPS head units as 16-bit PNG."""
    steps = np.clip(truth.depth.astype(np.float32) * DEPTH_STEPS + NOTHING // 2, 0, NOTHING - 1)
    depths = [_encoded(".png", np.where(np.isfinite(one), one, NOTHING).astype(np.uint16), ()) for one in
              np.where(np.isfinite(truth.depth), steps, np.nan)]  # fmt: skip
    labels = [_encoded(".png", one, ()) for one in truth.labels]
    return {
        "depths": np.concatenate(depths), "depth_ends": np.cumsum([len(d) for d in depths]),
        "labels": np.concatenate(labels), "label_ends": np.cumsum([len(one) for one in labels]),
        "scale": truth.pose.scale, "rotation": truth.pose.rotation, "translation": truth.pose.translation,
    }  # fmt: skip


def _read_truth(tensors: dict[str, Array]) -> Truth:
    steps = np.stack(_decoded(tensors["depths"], tensors["depth_ends"], cv2.IMREAD_UNCHANGED)).astype(np.float32)
    depth = np.where(steps == NOTHING, np.inf, (steps - NOTHING // 2) / DEPTH_STEPS).astype(np.float16)
    labels = np.stack(_decoded(tensors["labels"], tensors["label_ends"], cv2.IMREAD_UNCHANGED))
    return Truth(Pose(tensors["scale"], tensors["rotation"], tensors["translation"]), depth, labels)


def load_all(folder: Path) -> list[Clip]:
    """Every clip of a cache, by name."""
    return [load(path) for path in sorted(folder.glob("*.safetensors"))]


def mean_faces(folder: Path) -> dict[str, Array]:
    """The mean faces [S, S] that are stored in a cache, by clip."""
    faces = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="numpy") as file:
            if "mean_face" in file.keys():  # noqa: SIM118
                faces[path.stem] = file.get_tensor("mean_face")
    return faces


def _encoded(kind: str, image: Array, options: Sequence[int]) -> Array:
    done, data = cv2.imencode(kind, np.ascontiguousarray(image), list(options))
    assert done, kind
    return data.reshape(-1)


def _decoded(data: Array, ends: Array, kind: int) -> list[Array]:
    images = [cv2.imdecode(part, kind) for part in np.split(data, ends[:-1])]
    if any(image is None for image in images):
        raise ValueError("a picture cannot be decoded")
    return images
