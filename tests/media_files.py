"""Small media files for the tests, made by the bundled ffmpeg; a frame's number is readable from its grey level."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tmt import ffmpeg

# Frame N is a flat grey of 16 + N mod 200 on the limited-range scale; `level` reads it back.
COUNTER = "nullsrc=s=64x48:r={rate}:d={seconds},format=yuv420p,geq=lum='16+mod(N,200)':cb=128:cr=128"
TONE = "sine=f=440:d={seconds}"
EXACT = ("-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv420p")
PATCHES = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (224, 172, 140), (120, 70, 50), (128, 128, 128))


def make(path: Path, *arguments: str) -> Path:
    """Run ffmpeg to write `path`."""
    status, _, said = ffmpeg.run(["-v", "error", "-y", *arguments, f"file:{path}"])
    assert status == 0, said
    return path


def counter(
    path: Path, rate: str = "25", seconds: float = 1, sound: bool = False, more: tuple[str, ...] = EXACT
) -> Path:
    """A clip whose frames are numbered by grey level."""
    tone = ["-f", "lavfi", "-i", TONE.format(seconds=seconds)] if sound else []
    return make(path, "-f", "lavfi", "-i", COUNTER.format(rate=rate, seconds=seconds), *tone, *more)


def level(frame: np.ndarray) -> int:
    """The number of a `counter` frame, 0..199."""
    return round(float(frame.mean()) * 219 / 255)


def chart(side: int = 64) -> np.ndarray:
    """uint8 [side, side * patches, 3] RGB: flat patches, skin tones among them."""
    return np.repeat(np.repeat(np.array([PATCHES], np.uint8), side, 0), side, 1)


def patch_error(frame: np.ndarray, side: int = 64) -> int:
    """Largest difference from `chart` in the middle of the patches, levels of 255."""
    seen = frame[side // 2, side // 2 :: side].astype(int)
    return int(abs(seen - np.array(PATCHES)).max())


def sound_of(path: Path) -> np.ndarray:
    """The sound as float32 [samples] at 48 kHz in -1..1, from the file's start."""
    _, out, _ = ffmpeg.run(["-v", "error", "-i", str(path), "-f", "f32le", "-ac", "1", "-ar", "48000", "-"])
    return np.frombuffer(out, np.float32)


def clap(path: Path, *more: str, at: float = 1.0, delay: float = 0.0) -> Path:
    """Two seconds, black and silent until `at` s, then white and loud; the pictures start `delay` s after the sound."""
    light = f"color=black:s=64x48:r=25:d={2 - delay},drawbox=c=white:t=fill:enable='gte(t,{at - delay - 0.001})'"
    noise = f"aevalsrc='if(gte(t,{at}),0.5*sin(6283*t),0)':s=48000:d=2"
    late = ["-itsoffset", str(delay)] if delay else []
    return make(path, *late, "-f", "lavfi", "-i", light, "-f", "lavfi", "-i", noise, *more)
