"""Frames and voice -> a clip: H.264 and AAC in MP4."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

import blender_scene as studio
import numpy as np

from people import speech
from people.act import FPS
from people.plays import Clip
from tmt.train.heads.asset import Array

LOSS, FAITHFUL = 17, 6  # crf of a clip that is watched, and of pictures that are measured


def encode(folder: Path, clip: Clip, out: Path) -> None:
    """The numbered PNG files of a folder as a clip, with the spoken line where there is one."""
    with tempfile.TemporaryDirectory() as work:
        sound = _sound(clip, Path(work) / "voice.wav")
        _run(["-i", str(folder / "%04d.png"), *sound], "yuv420p", LOSS, out)


def pictures(paths: Sequence[Path], out: Path) -> None:
    """PNG files one after another as a clip that hardly differs from them."""
    with tempfile.TemporaryDirectory() as work:
        for k, path in enumerate(paths):
            (Path(work) / f"{k:04d}.png").symlink_to(path.absolute())
        _run(["-i", str(Path(work) / "%04d.png")], "yuv444p", FAITHFUL, out)


def _run(inputs: list[str], pixels: str, loss: int, out: Path) -> None:
    ffmpeg = studio.need("imageio_ffmpeg", "imageio-ffmpeg").get_ffmpeg_exe()
    tags = "setparams=color_primaries=bt709:color_trc=bt709"
    video = ["-vf", f"scale=out_color_matrix=bt709:out_range=tv,format={pixels},{tags}", "-c:v", "libx264"]
    video += ["-crf", str(loss), "-preset", "slow", "-movflags", "+faststart"]
    command = [ffmpeg, "-y", "-v", "error", "-framerate", str(FPS), *inputs, *video, str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip() or "ffmpeg failed")


def _sound(clip: Clip, path: Path) -> list[str]:
    """ffmpeg's options for the spoken line, which is written to `path`; none for a silent clip."""
    if clip.line is None:
        return []
    said, _ = speech.speak(clip.line.text, clip.line.voice, clip.line.pitch, clip.line.pace)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.RATE)
        file.writeframes(fitted(said, clip).tobytes())
    return ["-i", str(path), "-c:a", "aac", "-b:a", "64k"]


def fitted(said: Array, clip: Clip) -> Array:
    """Samples int16 [N] of the line laid into the clip: its pause first, exactly as long as the pictures."""
    assert clip.line is not None, "the caller asks only for clips in which somebody speaks"
    out = np.zeros(round(clip.frames / FPS * speech.RATE), np.int16)
    start = round(clip.line.start * speech.RATE)
    part = said[: len(out) - start]
    out[start : start + len(part)] = part
    return out
