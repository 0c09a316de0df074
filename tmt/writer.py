"""Frames -> an H.264 MP4 that plays everywhere, with sound in step; it appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

import numpy as np

from . import ffmpeg
from .errors import MediaError, OutputError

if TYPE_CHECKING:
    from typing_extensions import Self  # in typing only from Python 3.11

COMMENT = "AI-generated (tmt)"
# Measured at 512 px and the same crf: 1 to 2 dB above veryfast in 0.6 of its time, at 2.5 times its size.
PRESET = "superfast"
# The matrix is the subject's own, and said so; without a better reason BT.601: readers that obey the tag (browsers,
# ffmpeg) and readers that never look at it and take BT.601 for granted (OpenCV) then see the same colours.
MATRIX = {"bt601": ("bt601", "smpte170m"), "bt709": ("bt709", "bt709")}  # the scaler's name, the tag
TO_YUV = (
    "scale=flags=bicubic+accurate_rnd+full_chroma_int:in_range=full:out_range=tv:out_color_matrix={0},"
    "format=yuv420p,setparams=range=tv:colorspace={1}:color_primaries=bt709:color_trc=bt709,setsar={2}"
)
RATE, BLOCK = 48_000, 1024  # sound samples per second, and per AAC block
FULL = r"No space left|File too large|quota"
REFUSED = FULL + r"|Permission denied|Read-only|Input/output error|No such file"
TOO_LARGE = -getattr(signal, "SIGXFSZ", 0)  # how ffmpeg ends at a limit on file sizes


class VideoWriter:
    """Context manager: `write` frames; at a clean end the file appears under its name, otherwise nothing is left.

    size (width, height) px, any parity: an odd edge is repeated once, since 4:2:0 video is even. audio: a file whose
    sound from `audio_start` s on goes under the pictures, never longer than they or than `seconds`; one without sound
    is passed over. matrix, aspect: see MediaInfo. crf: 0 (lossless) .. 51. seal: writes the second
    path from the finished file at the first, knowing its final name; or says that it did not. After the end `sound`
    says whether there is any.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        size: tuple[int, int],
        fps: Fraction,
        audio: Path | None = None,
        audio_start: float = 0.0,
        seconds: float | None = None,
        crf: int = 12,
        comment: str = COMMENT,
        preset: str = PRESET,
        matrix: Literal["bt601", "bt709"] = "bt601",
        aspect: Fraction = Fraction(1),
        seal: Callable[[Path, Path, str], bool] | None = None,
    ) -> None:
        self.path, self.size, self.fps = Path(path), size, Fraction(fps).limit_denominator(100_000)
        self.audio, self.audio_start, self.seconds = audio, audio_start, seconds
        self.crf, self.comment, self.preset = crf, comment, preset
        self.matrix, self.aspect, self.seal = matrix, aspect, seal
        self.frames, self.sound = 0, False
        if self.path.suffix.lower() != ".mp4":
            raise OutputError("output_suffix", name=self.path.name, suffix=".mp4")
        token = secrets.token_hex(6)
        self._pictures = self.path.with_name(f".tmt-{token}.mp4")
        self._whole = self.path.with_name(f".tmt-{token}-sound.mp4")
        self._sealed = self.path.with_name(f".tmt-{token}-sealed.mp4")
        self._process: ffmpeg.Process | None = None

    def __enter__(self) -> Self:
        if self.path.is_dir():
            raise OutputError("output_unwritable", name=self.path.name, reason="it is a folder")
        if self.audio is not None and not self.audio.is_file():
            raise MediaError("missing", name=self.audio.name)
        try:
            with ffmpeg.uninterrupted():  # a process that nobody knows of would write the file again once it is gone
                self._pictures.open("xb").close()
                self._process = ffmpeg.Process(self._encode(), feed=True)
        except OSError as error:
            with contextlib.suppress(OSError):  # where nothing can be written, nothing can be removed
                self.abort()
            raise OutputError("output_unwritable", name=self.path.name, reason=error.strerror) from error
        except BaseException:
            self.abort()
            raise
        return self

    def write(self, frame: np.ndarray) -> None:
        """Append one frame, uint8 [H, W, 3] RGB."""
        width, height = self.size
        if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
            raise OutputError("encoder", name=self.path.name, reason=f"a frame of {frame.dtype} {frame.shape}")
        assert self._process is not None, "write() belongs inside `with`"
        if width % 2 or height % 2:
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        data = np.ascontiguousarray(frame).reshape(-1).data
        try:
            while data:
                data = data[self._process.pipe.write(data) :]
        except OSError:  # ffmpeg is gone; why is on its stderr
            raise self._failure(self._process.wait(), self._process.said) from None
        self.frames += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop, and remove what was written so far; may be called again."""
        if self._process is not None:
            self._process.close()
        for temporary in (self._pictures, self._whole, self._sealed):
            temporary.unlink(missing_ok=True)

    def _finish(self) -> None:
        """Close the pictures, add the sound, give the file its name."""
        assert self._process is not None
        if not self.frames:
            raise OutputError("encoder", name=self.path.name, reason="no frame was given")
        if status := self._process.wait():
            raise self._failure(status, self._process.said)
        done = self._pictures
        if self.audio is not None and self._add_sound(self.audio):
            done, self.sound = self._whole, True
        try:
            if self.seal is not None and self.seal(done, self._sealed, self.path.name):
                done = self._sealed
            os.replace(done, self.path)
        except OSError as error:
            raise OutputError("output_unwritable", name=self.path.name, reason=error.strerror) from error

    def _encode(self) -> list[str]:
        """The command line that makes a picture-only file from raw frames."""
        width, height = (side + side % 2 for side in self.size)
        scaler, tag = MATRIX[self.matrix]
        tags = ("-colorspace", tag, "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
        return [
            *("-v", "error", "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{width}x{height}"),
            *("-framerate", str(self.fps), "-i", "pipe:0", "-c:v", "libx264"),
            *("-vf", TO_YUV.format(scaler, tag, self.aspect)),
            *("-preset", self.preset, "-crf", str(self.crf), *tags),
            *self._mp4(self._pictures),
        ]

    def _mp4(self, target: Path) -> list[str]:
        """Output arguments: nothing of the input's metadata, the comment, the index in front, any name allowed."""
        tags = ["-map_metadata", "-1", "-map_chapters", "-1", "-metadata", f"comment={self.comment}"]
        return [*tags, "-movflags", "+faststart", "-f", "mp4", "-y", f"file:{target.absolute()}"]

    def _add_sound(self, audio: Path) -> bool:
        """Put the sound under the finished pictures, whose length is now known; False where there is none to use."""
        length = float(self.frames / self.fps)
        if self.seconds is not None:
            length = min(length, self.seconds)
        # Whole AAC blocks only: not every player takes the filling of the last one off again.
        samples = int(length * RATE) // BLOCK * BLOCK
        if not samples:
            return False
        # Gaps and a late start are filled with silence, so that sound time is file time.
        cut = (
            f"aresample={RATE}:async=1:first_pts=0,atrim=start={self.audio_start:.6f},asetpts=PTS-STARTPTS,"
            f"atrim=end_sample={samples}"
        )
        status, _, said = ffmpeg.run(
            [
                *("-v", "error", "-i", f"file:{self._pictures.absolute()}", *ffmpeg.source(audio)),
                *("-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-af", cut),
                *("-c:a", "aac", "-b:a", "192k", "-ac", "2"),
                *self._mp4(self._whole),
            ]
        )
        if status and (status == TOO_LARGE or re.search(FULL, said)):
            raise self._failure(status, said)
        return status == 0

    def _failure(self, status: int, said: str) -> OutputError:
        """What to tell the user when ffmpeg gave up."""
        if status == TOO_LARGE:
            said = "File too large"
        refused = re.search(REFUSED, said)
        key = "output_unwritable" if refused else "encoder"
        return OutputError(key, name=self.path.name, reason=refused[0] if refused else ffmpeg.reason(said, status))
