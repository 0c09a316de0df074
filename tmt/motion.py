"""FaceTrack -> Performance: what a person does, with who they are taken out; and paths for novel views."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from tmt.creases import learn
from tmt.expression import measure
from tmt.geometry import euler_from_rotation, rotation_vector, untransform
from tmt.pose import SHAPE_FRAMES, mean_shape, template
from tmt.relief import fit_raised, set_back, usual_relief
from tmt.steady import PART, by_parts, steady
from tmt.topology import Topology
from tmt.types import Array, Creases, FaceTrack, HeadPath, Performance, Pose

AHEAD = np.radians(8.0)  # of yaw: who is turned less looks ahead
REST, REST_FRAMES = 0.3, 6  # of the frames found, those most like the reference; .2 to .5 tell the rest pose alike
RIDGE = 1e-3  # radians^2
NEUTRAL_FRAMES = 2500  # the neutral face needs no more than about this many frames


def perform(track: FaceTrack, topology: Topology, steadiness: float = 0.5) -> Performance:
    """Split a track into the person's shape and neutral face, and per frame pose and expression."""
    landmarks = steady(track.landmarks, topology.stable, steadiness)
    found = np.flatnonzero(track.found)
    some = landmarks[found[:: max(1, len(found) // SHAPE_FRAMES)]]
    shape = set_back(mean_shape(some, topology, template(topology.name)), usual_relief(topology.name))
    # Of a long clip there are two such arrays at a time, not three: calmed landmarks are raised, and then become the
    # faces, in place.
    pose, landmarks = fit_raised(landmarks, shape, topology, in_place=landmarks is not track.landmarks)
    canonical = canonical_faces(landmarks, pose, landmarks)
    neutral = _neutral_of(canonical, found, topology)
    performance = Performance(
        shape=shape, neutral=neutral, pose=pose, canonical=canonical, torso=smooth_torso(track.torso),
        found=track.found, reference=0, size=track.size, fps=track.fps, mean_face=track.mean_face,
        shoulders=track.shoulders,
    )
    return replace(
        performance, reference=reference_frame(performance, topology), creases=_creases(track, performance, topology)
    )


def _creases(track: FaceTrack, performance: Performance, topology: Topology) -> Creases | None:
    """How the clip's skin folds, where its faces were kept."""
    if not track.faces:
        return None
    at, faces = list(track.faces), np.stack(list(track.faces.values()))
    return learn(faces, performance.canonical[at], performance.neutral, performance.pose.rotation[at], topology)


def canonical_faces(landmarks: Array, pose: Pose, out: Array | None = None) -> Array:
    """Landmarks [T, L, 3] px of a head in poses [T] -> the faces themselves [T, L, 3] float32 head units, in `out`."""
    out = np.empty(landmarks.shape, np.float32) if out is None else out
    for start in range(0, len(landmarks), PART):
        part = slice(start, start + PART)
        out[part] = untransform(pose[part], landmarks[part].astype(np.float64))
    return out


def neutral_face(canonical: Array, topology: Topology) -> tuple[Array, Array]:
    """Mean of the relaxed frames of [T, L, 3] (lips closed, eyes open, gaze near its middle): [L, 3], [T]."""
    now = measure(canonical, topology)
    closed = now.mouth_open <= max(float(np.percentile(now.mouth_open, 25)), 0.03)
    relaxed = closed & (now.eyes >= np.percentile(now.eyes, 35))
    if relaxed.sum() < 4:
        relaxed = now.mouth_open <= np.percentile(now.mouth_open, 30)
    middle = np.median(canonical[relaxed], 0)
    away = np.abs(canonical - middle).mean((1, 2))
    relaxed &= away <= np.percentile(away[relaxed], 50)
    return canonical[relaxed].mean(0).astype(np.float32), relaxed


def with_own_neutral(performance: Performance, topology: Topology) -> Performance:
    """A performance whose neutral face is found anew: its poses are told better than they were."""
    found = np.flatnonzero(performance.found)
    return replace(performance, neutral=_neutral_of(performance.canonical, found, topology))


def _neutral_of(canonical: Array, found: Array, topology: Topology) -> Array:
    return neutral_face(canonical[found[:: max(1, len(found) // NEUTRAL_FRAMES)]], topology)[0]


def off_neutral(performance: Performance) -> Array:
    """How far every frame's face is from the neutral one [T], head units."""
    return by_parts(lambda faces: np.abs(faces - performance.neutral).mean((1, 2)), performance.canonical)


def reference_frame(performance: Performance, topology: Topology) -> int:
    """The frame nearest to neutral and frontal: where subject and driver are laid over each other."""
    yaw, pitch, roll = euler_from_rotation(performance.pose.rotation)
    cost = off_neutral(performance) / 0.02 + np.abs(np.degrees(yaw)) / 15 + np.abs(np.degrees(roll)) / 20
    aside = np.abs(yaw)
    ahead = performance.found & (aside <= max(AHEAD, float(np.percentile(aside[performance.found], 30))))
    cost = cost + np.abs(np.degrees(pitch - np.median(pitch[ahead]))) / 15  # a head turned aside is pitched otherwise
    cost = cost + np.abs(measure(performance.canonical, topology).gaze) / 0.15
    return int(np.argmin(np.where(performance.found, cost, np.inf)))


def rest_pose(performance: Performance) -> Pose:
    """How and where the head is held at rest: turned as in the reference frame, where and as large as the frames most
    like it in turn and expression tell of a head so turned (ridge regression: a head moves as it turns). One frame
    alone is caught in some sway; a plain mean of frames takes their turns along."""
    start, pose = performance.pose[performance.reference], performance.pose
    turn = rotation_vector(pose.rotation @ start.rotation.T)
    cost = off_neutral(performance) / 0.02 + np.degrees(np.linalg.norm(turn, axis=1)) / 4
    found = np.flatnonzero(performance.found)
    like = found[np.argsort(cost[found], kind="stable")[: max(REST_FRAMES, round(len(found) * REST))]]
    known = np.c_[np.ones(len(like)), turn[like]]
    told = np.c_[pose.translation[like] / start.scale, np.log(pose.scale[like])]
    normal = known.T @ known + len(like) * np.diag([0, RIDGE, RIDGE, RIDGE])
    place = np.linalg.solve(normal, known.T @ told)[0]
    return Pose(np.exp(place[3]), start.rotation, place[:3] * start.scale)


def smooth_torso(torso: Array) -> Array:
    """Torso drift [T, 4], calmed over a frame or so: shoulders are heavy, flow trembles."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(torso.astype(np.float32), 1.0, axis=0, mode="nearest") if len(torso) > 2 else torso


def turntable(
    yaw: tuple[float, float] = (-25.0, 25.0), pitch: tuple[float, float] = (0.0, 0.0), seconds: float = 4.0,
    fps: Fraction = Fraction(25),
) -> HeadPath:
    """A head that swings once from front to one end, to the other and back, eased; ends in degrees."""
    phase = np.linspace(0, 2 * np.pi, max(2, round(seconds * fps)), endpoint=False)

    def swing(ends: tuple[float, float]) -> Array:
        wave = np.sin(phase)
        return np.where(wave > 0, ends[1] * wave, -ends[0] * wave)

    return HeadPath(swing(yaw), swing(pitch), np.zeros(len(phase)), fps)
