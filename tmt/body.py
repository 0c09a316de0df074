"""The subject's own pictures behind a transferred head: played back and forth, the head in them taken out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

import cv2
import numpy as np

from tmt.bank import target_of
from tmt.behind import SAMPLES, UNSURE, Behind, Camera, View, behind, stands
from tmt.canvas import Canvas, cut
from tmt.chosen import ChosenFace, box_of
from tmt.composite import near, soft_dilated
from tmt.depth import HeadPrior, fit_prior, neck
from tmt.drift import shifted
from tmt.film import Film, back_and_forth, block_of
from tmt.geometry import smoothstep
from tmt.level import levelled
from tmt.motion import canonical_faces
from tmt.neckline import nearest_to, shoulders
from tmt.relief import fit_raised
from tmt.render import deform, look, place, spread
from tmt.steady import steady
from tmt.topology import Topology
from tmt.track import FaceTracker, track
from tmt.types import Array, CanonicalHead, Performance, Pose, Surface, Target, Targets, Window
from tmt.working import working_frames

SPAN = 600  # frames of the subject's clip that are played at most; of a longer one those around the reference
SLOW = 0.3  # s: what the base of the neck does slower than this is the body's motion
WHOLLY = (0.6, 0.95)  # share of the head from which on its old place is cleared
DOWN = (0.12, 0.40)  # face heights below the chin over which the drawn neck gives way to the picture's
ASIDE = (0.75, 1.05)  # face widths beside the neck over which shoulders do
HANGING = 1.5  # times as far down and aside hair is looked for where no shoulder ever is
STRAY = 2.0  # how far around the person hair is looked for that the matte has missed, see composite.soft_dilated
CROWN = 1.4  # face heights from the chin to the top of the hair
COARSE = 256  # px of the longer side at which it is decided where the head was


def slow(places: Array, fps: Fraction) -> Array:
    """places [T, 2] without what is faster than a body."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(places, SLOW * float(fps), axis=0, mode="nearest")


def joint(surface: Surface, prior: HeadPrior, wider: float = 1.0) -> Array:
    """How far each vertex of the sheet [G, G] is drawn as head, 0..1, where the torso stays as the picture has it:
    less and less from the chin down the neck, and beside it, where the shoulders may stand high. All that `wider`."""
    x, y = (
        (surface.vertices[:, axis] - middle) / wider for axis, middle in ((0, prior.centre[0]), (1, prior.chin))
    )
    down = 1 - smoothstep((y / prior.face_height - DOWN[0]) / (DOWN[1] - DOWN[0]))
    aside = smoothstep((np.abs(x) / prior.face_width - ASIDE[0]) / (ASIDE[1] - ASIDE[0]))
    level = smoothstep(y / (0.3 * prior.face_height) + 1)
    return (down * (1 - aside * level)).astype(np.float32).reshape(surface.grid, surface.grid)


def own_joint(head: CanonicalHead, prior: HeadPrior) -> Array:
    """`joint` [G, G] for this very head: none of it on shoulders that its own pictures show."""
    bank = head.bank
    nearest = nearest_to(bank.index, head.performance.reference)
    return joint(head.surface, prior) * (1 - shoulders(head.surface, bank.places[nearest], bank.images[nearest], prior))


@dataclass(frozen=True)
class Carried:
    """Targets moved so that the head stays on a body which moves by itself. shift [T, 2] px, torso [T, 4] drift."""

    targets: Targets
    shift: Array
    torso: Array

    @property
    def pose(self) -> Pose:
        """See Targets."""
        return _moved(self.targets.pose, self.shift)

    def __len__(self) -> int:
        return len(self.targets)

    def target(self, index: int) -> Target:
        """See Targets."""
        target = self.targets.target(index)
        return replace(target, pose=_moved(target.pose, self.shift[index]), torso=self.torso[index])


def _moved(pose: Pose, shift: Array) -> Pose:
    return replace(pose, translation=pose.translation + np.concatenate([shift, 0 * shift[..., :1]], -1))


class Body:
    """The subject's pictures in the order in which they are shown behind the frames of a run."""

    def __init__(self, head: CanonicalHead, tracker: FaceTracker, fps: Fraction) -> None:
        """fps of the run."""
        self._head, self._tracker = head, tracker
        self._ratio = head.info.fps / fps
        every = round(head.info.fps / head.performance.fps)
        self._own, self._start = head.performance, 0
        if every > 1:
            self._own, self._start = _dense(head, tracker, every)
        self._film = Film(head.info, self._start, len(self._own), block_of(head.picture))
        # The body's own slow motion since the head's reference frame.
        places = slow(neck(self._own.pose, head.performance, tracker.topology), head.info.fps)
        home = neck(head.performance.pose, head.performance, tracker.topology)[head.performance.reference]
        self._sway = places - home
        self._home = home
        prior = fit_prior(head.performance.neutral.astype(np.float64), tracker.topology)
        self._joints = own_joint(head, prior), joint(head.surface, prior, HANGING)
        self._layers: Behind | None = None
        self._camera: Camera | None = None

    def number(self, index: int) -> int:
        """Which of the pictures stands behind frame `index`."""
        return back_and_forth(int(index * self._ratio), len(self._own))

    def carry(self, targets: Targets, fps: Fraction) -> Carried:
        """The targets with the driver's slow motion from place to place given up for the body's."""
        sway = self._sway[[self.number(index) for index in range(len(targets))]]
        subject = self._head.performance
        driven = slow(neck(targets.pose, subject, self._tracker.topology), fps) - self._home
        torso, shift = shifted(subject.torso[subject.reference], sway), sway - driven
        shift[:, 1] -= self._too_low(_moved(targets.pose, shift))
        return Carried(targets, shift, torso.astype(np.float32))

    def _too_low(self, pose: Pose) -> Array:
        """How far heads come down [T] px with hair on them that the picture's upper edge cut off in all frames."""
        subject, topology = self._head.performance, self._tracker.topology
        tops = (neck(p, subject, topology, CROWN)[:, 1] for p in (subject.pose, pose))
        own, drawn = tops
        lowest = float(np.percentile(own[subject.found], 30))
        return np.maximum(drawn - lowest, 0) if np.median(own) < 0 else 0 * drawn

    def behind(self, index: int, canvas: Canvas) -> tuple[Canvas, Array]:
        """The canvas as it is behind frame `index`, and the whole picture [H, W, 3] uint8 it is pasted into."""
        layers = self._layers = self._layers or self._layered(canvas)
        number = self.number(index)
        picture = self._film[number]
        around = cut(picture, canvas.window).astype(np.float32) / 255
        person = self._person(picture, canvas)
        share, wider = self._shares(number, canvas)
        motion = None if self._camera is None else self._camera.motion(around, person)
        now = layers.at(motion, self._sway[number] * canvas.window.scale)
        share = np.maximum(share, wider * now.empty)
        stray = soft_dilated(person, STRAY) * now.strays(around)
        gone = np.maximum(near(person), stray) * smoothstep((share - WHOLLY[0]) / (WHOLLY[1] - WHOLLY[0]))
        plate = around + (now.clean - around) * (gone * canvas.known)[..., None]
        changed = replace(canvas, plate=plate, around=around, person=person, share=share, stray=stray)
        return replace(changed, joint=self._joints[0]), picture

    def _layered(self, canvas: Canvas) -> Behind:
        """What is behind the head, from pictures of the whole clip."""
        camera = Camera(canvas, self._person(self._head.picture, canvas))
        views, motions = [], []
        for number in np.unique(np.linspace(0, len(self._own) - 1, SAMPLES).round().astype(int)):
            colours = cut(self._film[number], canvas.window)
            person = np.where(canvas.known > 0, self._person(self._film[number], canvas), UNSURE)
            motions.append(camera.motion(colours / np.float32(255), person))
            sway = self._sway[number] * canvas.window.scale
            views.append(View(colours, person, self._shares(int(number), canvas)[0], sway))
        still = stands(motions, canvas.window.shape)
        self._camera = None if still else camera
        return behind(views, [None if still else motion for motion in motions])

    def close(self) -> None:
        """Stop decoding."""
        self._film.close()

    def _person(self, picture: Array, canvas: Canvas) -> Array:
        """Where the person is in a picture [h, w], seen on the canvas; nothing outside the bank's window."""
        box, window = self._head.bank.window, canvas.window
        matte = self._tracker.matte(levelled(cut(picture, box)))
        scale = window.scale
        size = round(box.width * scale), round(box.height * scale)
        left, top = round((box.left - window.left) * scale), round((box.top - window.top) * scale)
        out = np.zeros(window.shape, np.float32)
        spot = out[top : top + size[1], left : left + size[0]]
        spot[:] = cv2.resize(matte, size, interpolation=cv2.INTER_LINEAR)[: spot.shape[0], : spot.shape[1]]
        return out

    def _shares(self, number: int, canvas: Canvas) -> list[Array]:
        """How far the place of each pixel [h, w] belonged to the subject's head in a picture, not to the torso; and the
        same where hair hangs down."""
        subject = self._head.performance
        torso = shifted(subject.torso[subject.reference], self._sway[number])
        target = replace(target_of(self._own, number), torso=torso)
        return _shares(self._head, target, canvas.window, self._joints, self._tracker.topology)


def _shares(
    head: CanonicalHead, target: Target, window: Window, joints: Sequence[Array], topology: Topology
) -> list[Array]:
    """How far the place of each pixel [h, w] belongs to the head, not to the torso, by each of the `joints` [G, G]."""
    vertices = place(head.surface, deform(head.surface, target.canonical, target.swing), target, head.performance)
    small = window.at(min(window.scale, COARSE / max(window.width, window.height)))
    seen = look(head.surface, vertices, small)
    chin = small.to_window(neck(target.pose, head.performance, topology))[1]
    above = ~seen.covered & (np.arange(seen.depth.shape[0])[:, None] < chin)
    shares = [np.where(above, np.float32(1), spread(weight, seen)) for weight in joints]
    return [cv2.resize(share, window.shape[::-1], interpolation=cv2.INTER_LINEAR) for share in shares]


def standing_torso(head: CanonicalHead, topology: Topology) -> Array:
    """Where the torso stands in the head's picture [H, W] 0..1, as the bank's window shows it."""
    bank, subject = head.bank, head.performance
    prior = fit_prior(subject.neutral.astype(np.float64), topology)
    nearest = nearest_to(bank.index, subject.reference)
    target = target_of(subject, int(bank.index[nearest]))
    [share] = _shares(head, target, bank.window, [own_joint(head, prior)], topology)
    return (1 - share) * (bank.images[nearest][..., 3] / np.float32(255))


def _dense(head: CanonicalHead, tracker: FaceTracker, every: int) -> tuple[Performance, int]:
    """Every frame of the part of a long clip around its reference frame, tracked, and where it starts."""
    first, topology = max(0, head.performance.reference - SPAN // 4 // every), tracker.topology
    start, who = first * every, box_of(head.track.landmarks[first, : topology.surface])
    with closing(working_frames(head.info, start=start)) as frames:
        found = track(islice(frames, SPAN // 2), ChosenFace(tracker, who), head.info.fps, head.name, skin=False)
    landmarks = steady(found.landmarks, topology.stable, 0.3)
    pose, landmarks = fit_raised(landmarks, head.performance.shape, topology)
    canonical = canonical_faces(landmarks, pose)
    dense = replace(head.performance, pose=pose, canonical=canonical, found=found.found, torso=found.torso, swing=None)
    return dense, start
