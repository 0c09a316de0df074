"""Render the pictures and clips with which the tests run: two synthetic people, from a CC0 parametric head.

  python3.11 -m venv blender && blender/bin/pip install "bpy==4.5.*" imageio-ffmpeg
  blender/bin/python scripts/render_test_clips.py makehuman_head_cc0.npz -o tests/data

`tmt/train/heads/asset.py` says what the asset holds. About five minutes on two cores.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import blender_scene as studio
import numpy as np
from synthetic_head import Act, Asset, Head, Person, Triple, ball, smooth

ffmpeg = studio.need("imageio_ffmpeg", "imageio-ffmpeg")
FPS = 25
SIZE = 256  # px; faces are then about 100 px wide, which a landmark detector finds easily
BLUE, SAND = (0.2, 0.3, 0.36), (0.36, 0.3, 0.2)  # walls
Perform = Callable[[Act], None]

SUBJECT = Person(
    shape={"macrodetails/caucasian-female-young": 1.0, "head/head-oval": 0.5, "nose/nose-scale-vert-decr": 0.3},
    skin=(0.58, 0.34, 0.25), lips=(0.42, 0.1, 0.1), hair=(0.11, 0.045, 0.018), iris=(0.06, 0.16, 0.22),
    cloth=(0.32, 0.06, 0.08), hair_length=0.75,
)  # fmt: skip
DRIVER = Person(
    shape={"macrodetails/african-male-young": 0.7, "macrodetails/caucasian-male-old": 0.3, "head/head-square": 0.5},
    skin=(0.2, 0.095, 0.055), lips=(0.16, 0.05, 0.045), hair=(0.012, 0.009, 0.008), iris=(0.045, 0.02, 0.01),
    cloth=(0.08, 0.13, 0.3), hair_length=0.12,
)  # fmt: skip


def eased(t: float, *keys: tuple[float, float]) -> float:
    """Value at time t between (time, value) keys, at rest at every key."""
    for (t0, v0), (t1, v1) in pairwise(keys):
        if t < t1:
            return v0 + (v1 - v0) * float(smooth(t0, t1, np.asarray(t)))
    return keys[-1][1]


def pulse(t: float, peak: float, half: float) -> float:
    """A soft bump of height 1 at time `peak`, gone `half` seconds before and after."""
    return eased(abs(t - peak), (0.0, 1.0), (half, 0.0))


def wave(t: float, period: float) -> float:
    """A sine of this period in seconds, 0 at the start."""
    return math.sin(2 * math.pi * t / period)


def both(name: str, weight: float) -> dict[str, float]:
    """An expression unit of the left and the right side."""
    return {name.format("left"): weight, name.format("right"): weight}


def subject_act(t: float) -> Act:
    """Turns from -20 to 20 degrees, nods, opens the mouth twice, raises the brows, blinks, looks aside, smiles."""
    units = {"mouth-open": 0.75 * pulse(t, 0.36, 0.2) + 0.5 * pulse(t, 1.0, 0.16)}
    units |= {"mouth-corner-puller": 0.8 * pulse(t, 1.48, 0.28)}
    units |= both("eye-{}-closure", pulse(t, 1.24, 0.13))
    for brow, weight in (("eyebrows-{}-up", 1.2), ("eyebrows-{}-inner-up", 1.6)):  # landmarks hardly see less
        units |= both(brow, weight * pulse(t, 0.72, 0.24))
    yaw = eased(t, (0.0, 0.0), (0.4, -20.0), (1.4, 20.0), (1.88, 2.0))
    gaze = 18.0 * pulse(t, 0.76, 0.24) - 16.0 * pulse(t, 1.58, 0.2)
    return Act(turn=(10.0 * wave(t, 1.44), yaw, 0.0), gaze=(0.0, gaze, 0.0), units=units)


def driving_act(t: float) -> Act:
    """Speaks: syllables at about 3 Hz with rounding and spreading, sways, blinks once."""
    say = float(smooth(0.08, 0.25, np.asarray(t)) * smooth(1.55, 1.35, np.asarray(t)))
    beat = wave(t, 0.69) ** 2
    units = {"mouth-open": say * beat * (0.45 + 0.25 * math.sin(4.1 * t)), "mouth-pursing": 0.6 * pulse(t, 0.55, 0.2)}
    units |= {"mouth-retraction": 0.7 * pulse(t, 1.05, 0.22)} | both("eye-{}-closure", pulse(t, 0.88, 0.13))
    units |= both("eyebrows-{}-up", 0.8 * pulse(t, 1.2, 0.25))
    turn = (5.0 * wave(t, 0.7), 15.0 * wave(t, 1.56), 5.0 * wave(t, 1.1))
    shift = (0.16 * wave(t, 1.3), 0.07 * wave(t, 0.8), 0.0)
    return Act(turn=turn, gaze=(0.0, -0.4 * turn[1], 0.0), shift=shift, units=units)


def cast(head: Head, place: Triple = (0.0, 0.0, 0.0), scale: float = 1.0) -> Perform:
    """Put a person into the studio, eyes at `place`; the result makes them act."""
    slots = (studio.material(6.0, 0.25, 0.45), studio.material(7.0, 0.6, 0.8), studio.material(1.0, 0.0, 0.1))
    surface = studio.add_surface(head.surface, head.quads, head.paint, head.slots, slots)
    strands = studio.add_strands(head.strands, head.person.hair, 0.006)
    for made in (surface, strands):
        made.location, made.scale = studio.flat(np.array(place)).tolist(), (scale, scale, scale)

    def perform(act: Act) -> None:
        points, hairs = head.posed(act)
        studio.move(surface, points)
        studio.move(strands, hairs)

    return perform


def encode(folder: Path, sound: str, out: Path) -> None:
    """Frames of a folder and a sound (an expression of ffmpeg's aevalsrc) -> H.264 and AAC in an MP4 file."""
    frames = ["-framerate", str(FPS), "-i", str(folder / "%04d.png")]
    seconds = len(list(folder.glob("*.png"))) / FPS
    audio = ["-f", "lavfi", "-i", f"aevalsrc={sound}:s=44100:d={seconds}", "-c:a", "aac", "-b:a", "48k"]
    tags = "setparams=color_primaries=bt709:color_trc=bt709"
    video = ["-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{tags}", "-c:v", "libx264", "-crf", "13"]
    command = [ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", *frames, *audio, *video]
    done = subprocess.run([*command, "-movflags", "+faststart", str(out)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{out}: could not be encoded ({done.stderr.strip()}).")


def clip(head: Head, wall: Triple, act: Callable[[float], Act], frames: int, sound: str, out: Path) -> None:
    """One performance as a clip."""
    studio.open_studio(wall)
    perform = cast(head)
    with tempfile.TemporaryDirectory() as folder:
        for k in range(frames):
            perform(act(k / FPS))
            studio.shoot(Path(folder) / f"{k:04d}.png", SIZE, SIZE)
        encode(Path(folder), sound, out)


def still(subject: Head, out: Path) -> None:
    """The subject's first frame, larger."""
    studio.open_studio(BLUE)
    cast(subject)(subject_act(0.0))
    studio.shoot(out, 384, 384)


def two_faces(subject: Head, driver: Head, out: Path) -> None:
    """Both people in one picture, the subject's face the larger one."""
    studio.open_studio(SAND, lens=72.0)
    cast(subject, (-0.85, -0.1, 0.0))(subject_act(0.0))
    cast(driver, (1.45, 0.25, -2.6), scale=0.85)(driving_act(0.0))
    studio.shoot(out, 384, 256)


def no_face(out: Path) -> None:
    """A mottled green ball: with a skin's colours and larger blotches, detectors take it for a face."""
    studio.open_studio(SAND)
    points, quads = ball()
    colour = np.tile([0.1, 0.3, 0.08], (len(points), 1))
    studio.add_surface(points - [0, 0.3, 0], quads, colour, np.zeros(len(quads)), (studio.material(9.0, 0.9, 0.5),))
    studio.shoot(out, SIZE, SIZE)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("asset", type=Path, help="the parametric head, .npz")
    parser.add_argument("-o", "--out", type=Path, default=Path("tests/data"), help="folder for the files")
    parser.add_argument("--only", nargs="+", help="names of the files to make; all if left out")
    options = parser.parse_args()
    asset, out = Asset(options.asset), options.out
    subject, driver = Head(asset, SUBJECT), Head(asset, DRIVER)
    hum, click = "0.03*sin(2*PI*220*t)", "0.1*sin(2*PI*440*t)+0.7*between(t\\,0.8\\,0.802)"
    jobs: dict[str, Callable[[Path], None]] = {
        "subject.mp4": lambda path: clip(subject, BLUE, subject_act, 48, hum, path),
        "driving.mp4": lambda path: clip(driver, SAND, driving_act, 40, click, path),
        "still.png": lambda path: still(subject, path),
        "two_faces.png": lambda path: two_faces(subject, driver, path),
        "no_face.png": no_face,
    }
    out.mkdir(parents=True, exist_ok=True)
    for name in options.only or jobs:
        if name not in jobs:
            parser.error(f"{name}: not one of {', '.join(jobs)}")
        jobs[name](out / name)


if __name__ == "__main__":
    main()
