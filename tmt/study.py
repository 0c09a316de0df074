"""Subject clip -> CanonicalHead: read it once to track it, once more to keep its best frames."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from tmt.align import Aligner
from tmt.back import back_of
from tmt.bank import build_bank, choose_keyframes
from tmt.canonical import build_surface
from tmt.canvas import cut, head_window
from tmt.checkpoint import SHIPPED, Checkpoint, Weights
from tmt.chosen import keep_to
from tmt.errors import SettingsError
from tmt.flat import flat_head, flattened
from tmt.geometry import transform, untransform
from tmt.growth import grown, order_of
from tmt.keyframes import keyframes_of, settled
from tmt.learned import load_ahead, load_depth, load_head
from tmt.lift import lift
from tmt.motion import perform, with_own_neutral
from tmt.neckline import outlined, parted
from tmt.plate import background_plate
from tmt.progress import Progress, counted
from tmt.relief import own_relief
from tmt.retarget import Retarget, retarget
from tmt.skin import follow, learn, skin_map, unroll
from tmt.sweep import swept
from tmt.swing import swung
from tmt.topology import Topology
from tmt.track import FaceTracker, TrackBuilder, with_matte
from tmt.types import Array, CanonicalHead, FaceTrack, MediaInfo, Method, Performance, Receipt, Settings, Step, Window
from tmt.video import probe
from tmt.working import enlarged, working_frames

MAX_FRAMES = 600  # a longer subject clip is sampled evenly: more frames hardly add views
BANK_PIXELS = 640  # side of a kept crop at most: 52 of them are 85 MB


def study(
    path: Path, receipt: Receipt, tracker: FaceTracker, say: Progress, face: int | None = None,
    steadiness: float = 0.3, checkpoint: Checkpoint = SHIPPED, certainty: bool = True, alignment: bool = True,
    swing: bool = True,
) -> CanonicalHead:
    """Build up a subject's canonical head; FaceError or MediaError when the clip does not show one. `say`: told of
    every frame that is tracked, and of every keyframe that is kept, and that the head grows by. `face`: which one of
    several, counted from the left from 1 (None: the largest and most central). `checkpoint`: its DepthNet sees the
    depth that landmarks do not know (without one: an average skull); `certainty`: whether it is heard on how sure it
    is; `alignment`: whether all of the head's pixels tell its pose, or landmarks alone; `swing`: whether they tell what
    moves beside that."""
    started = time.perf_counter()
    info = probe(path)
    load_ahead(checkpoint)
    every = max(1, -(-(info.frames or 0) // MAX_FRAMES))
    track = _track(info, every, keep_to(path, face, tracker, enlarged(info)), say, checkpoint.pose)
    performance = perform(track, tracker.topology, steadiness)
    window = head_window(track, tracker.topology, BANK_PIXELS)
    index = choose_keyframes(performance, track.sharpness, tracker.topology)
    tick = counted(say, "build", len(index) + len(order_of(performance, index)))
    images, picture, faces = _keep(info, every, index, performance, window, tracker, tick)
    performance = on_the_skin(performance, index, faces, tracker.topology)
    depth = load_depth(checkpoint.depth)
    cloud = None if depth is None else lift(depth, images, performance, index, window, tracker.topology, certainty)
    relief = own_relief(performance, tracker.topology)
    rough = build_surface(performance, tracker.topology, window, cloud=cloud, relief=relief)
    rough = outlined(rough, performance, window, index, images, tracker.topology)
    keyframes = keyframes_of(Aligner(rough, performance, tracker.topology), index, images, window)
    if alignment:
        performance = settled(rough, performance, keyframes, tracker.topology)
        performance = with_own_neutral(performance, tracker.topology)
    surface = build_surface(performance, tracker.topology, window, cloud=cloud, relief=relief)
    surface = parted(surface, performance, window, index, images, tracker.topology)
    surface = swept(surface, performance, window, index, images)
    if swing:
        performance = swung(surface, performance, keyframes, tracker.topology)
    surface, atlas = grown(load_head(checkpoint.head), surface, performance, window, index, images, tick)
    bank = build_bank(surface, performance, window, index, images)
    return CanonicalHead(
        name=path.name, info=info, receipt=receipt, performance=performance, surface=surface, bank=bank,
        picture=picture, plate=background_plate(bank.images), track=track, seconds=time.perf_counter() - started,
        back=back_of(surface, bank, performance, tracker.topology), atlas=atlas, face=face, checkpoint=checkpoint,
    )


def missing_frames(info: MediaInfo) -> dict[str, int]:
    """What a file that is cut off lacks, as a reason with a number of frames."""
    return {"cut_off_file": max(1, round(info.missing * info.fps))} if info.missing else {}


def _track(info: MediaInfo, every: int, tracker: FaceTracker, say: Progress, pose: Weights | None) -> FaceTrack:
    """The face in every `every`-th frame, with what the clip lacks."""
    builder = TrackBuilder(tracker, info.path.name, skin=False, enlarged=enlarged(info), pose=pose)
    expected = None if info.frames is None else -(-info.frames // every)
    with closing(working_frames(info, every)) as frames:
        for count, frame in enumerate(frames, 1):
            builder.add(frame)
            say(Step("study", count, expected))
            if count >= 2 * MAX_FRAMES:  # a clip whose length could not be known beforehand
                break
    track = builder.finish(info.fps / every, clear=True)
    return replace(track, lost={**track.lost, **missing_frames(info)})


def _keep(
    info: MediaInfo, every: int, index: Array, performance: Performance, window: Window, tracker: FaceTracker,
    tick: Callable[[], None],
) -> tuple[list[Array], Array, list[Array]]:
    """The keyframes' crops with matte [H, W, 4] uint8, the reference frame whole, and the keyframes' unrolled faces."""
    wanted, images, faces, picture = set(index.tolist()), [], [], None
    layout = skin_map(tracker.topology)
    with closing(working_frames(info, every)) as frames:
        for number, frame in enumerate(frames):
            if number == performance.reference:
                picture = frame.copy()
            if number in wanted:
                images.append(with_matte(cut(frame, window), tracker))
                faces.append(unroll(layout, frame, landmarks_of(performance, number)))
                tick()
            if number >= index[-1]:
                break
    assert picture is not None, "the reference frame is one of the keyframes"
    return images, picture, faces


def landmarks_of(performance: Performance, index: int) -> Array:
    """A frame's landmarks [L, 3] in the picture, px."""
    return transform(performance.pose[index], performance.canonical[index].astype(np.float64))


def on_the_skin(performance: Performance, index: Array, faces: list[Array], topology: Topology) -> Performance:
    """Move the landmarks of keyframes `index` onto the skin that their unrolled faces show; few frames stay as is."""
    model = learn(skin_map(topology), faces)
    if model is None:
        return performance
    canonical = performance.canonical.copy()
    for frame, face in zip(index, faces, strict=True):
        landmarks = landmarks_of(performance, frame)
        landmarks[:, :2] += follow(model, face, landmarks)
        canonical[frame] = untransform(performance.pose[frame], landmarks)
    return replace(performance, canonical=canonical, mean_face=model.mean)


def variant(head: CanonicalHead, method: Method, topology: Topology) -> CanonicalHead:
    """The head as a weaker method sees it: `single` has one frame, `flat` has no depth, and neither knows what frames
    tell together; `learned2d` knows landmarks in the picture alone; others are unchanged."""
    if method == "learned2d":
        return flat_head(head, topology)
    if method == "head" and head.atlas is None:
        raise SettingsError("setting", name="method", value=method, reason="the recurrent head was left out")
    if method not in ("single", "flat"):
        return head
    bank, keep, performance = head.bank, np.arange(len(head.bank)), replace(head.performance, swing=None)
    if method == "single":
        keep = np.flatnonzero(bank.index == head.performance.reference)
    flat = method == "flat"
    surface, images = build_surface(performance, topology, bank.window, flat=flat), [bank.images[k] for k in keep]
    surface = parted(surface, performance, bank.window, bank.index[keep], images, topology)
    rebuilt = build_bank(surface, performance, bank.window, bank.index[keep], images)
    back = None if flat else head.back
    return replace(head, performance=performance, surface=surface, bank=rebuilt, back=back, atlas=None)


def laid(
    head: CanonicalHead, driver: Performance, topology: Topology, settings: Settings
) -> tuple[CanonicalHead, Retarget]:
    """The head as the method sees it, and the driver, as the method sees them, laid over it."""
    seen = variant(head, settings.method, topology)
    driver = flattened(driver, topology) if settings.method == "learned2d" else driver
    return seen, retarget(seen.performance, driver, topology, settings)
