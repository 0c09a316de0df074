"""File <-> frames, streaming: uint8 [H, W, 3] RGB as displayed, at a constant rate. Nothing is held but one frame."""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator, Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from . import ffmpeg, stills
from .errors import MediaError, OutputError
from .probe import Stream, inspect, probe
from .types import MediaInfo
from .writer import VideoWriter

__all__ = ["VideoWriter", "probe", "read_frames", "save_png"]

SCALER = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
# HDR: to linear light with reference white (203 cd/m2) at 1; faces pass unchanged, what is brighter is rolled off.
TONE_MAP = (
    "zscale=transferin={transfer}:primariesin=bt2020:{matrix}transfer=linear:npl=203,format=gbrpf32le,"
    "zscale=primaries=bt709,tonemap=mobius:param=0.6:desat=0,"
    "zscale=transfer=iec61966-2-1:matrix=gbr:range=full,format=gbrp"
)


def read_frames(
    path: Path | str, *, info: MediaInfo | None = None, every: int = 1, start: int = 0
) -> Generator[np.ndarray, None, None]:
    """Frames start, start + every, ... of a clip resampled to the constant rate `info.fps`; uint8 [H, W, 3] RGB.

    Frame k is what is seen k / fps seconds after the file's start, so sound stays in step. `info` is what `probe`
    gave (another rate may be put in). A damaged file gives the frames that decode. Close the generator to stop early.
    """
    path = Path(path)
    probed, stream = inspect(path)
    fps = (info or probed).fps
    if stream is None:
        yield from islice(_held(path, fps, probed.is_still), start, None, every)
        return
    yield from _decode(path, stream, fps, every, start, probed.is_still)


def _held(path: Path, fps: Fraction, is_still: bool) -> Iterator[np.ndarray]:
    """Frames of a picture file, each repeated for as long as it is shown."""
    picture = stills.look(path)
    slots = [round(time * fps) for time in picture.times] if picture and not is_still else [0, 1]
    for index, frame in enumerate(stills.frames(path)):
        for _ in range(slots[min(index + 1, len(slots) - 1)] - slots[min(index, len(slots) - 1)]):
            yield frame.copy()
        if is_still:
            return


def _decode(path: Path, stream: Stream, fps: Fraction, every: int, start: int, still: bool) -> Iterator[np.ndarray]:
    """Frames out of an ffmpeg that ends with this generator."""
    width, height = stream.size
    channels = 4 if stream.alpha else 3
    process = ffmpeg.Process(_arguments(path, stream, fps, every, start, still))
    shown = 0
    try:
        while (frame := _take(process, height, width, channels)) is not None:
            yield stills.over_grey(frame) if stream.alpha else frame
            shown += 1
    finally:
        process.close()
    if not shown and not start:
        raise MediaError("no_frames", name=path.name)


def _take(process: ffmpeg.Process, height: int, width: int, channels: int) -> np.ndarray | None:
    """The next whole frame, or None at the end."""
    frame = np.empty((height, width, channels), np.uint8)
    view, filled = frame.reshape(-1).data, 0
    while filled < len(view):
        count = process.pipe.readinto(view[filled:])  # type: ignore[attr-defined]  # unbuffered: a RawIOBase
        if not count:
            return None
        filled += count
    return frame


def _arguments(path: Path, stream: Stream, fps: Fraction, every: int, start: int, still: bool) -> list[str]:
    """The command line that decodes one track to raw frames as displayed."""
    decoder = {"vp8": ["-c:v", "libvpx"], "vp9": ["-c:v", "libvpx-vp9"]}  # the built-in ones do not see transparency
    filters = ["yadif=deint=interlaced"] if stream.interlaced else []
    # start_time=0: a picture track that starts after the sound is held, so frame k is at k / fps.
    if not still:
        filters += [f"fps={fps}:start_time=0:round=near" if stream.timed else f"setpts=N/({fps}*TB)"]
    filters += [f"trim=start_frame={start}"] if start else []
    filters += [f"framestep={every}"] if every > 1 else []
    if stream.transfer and _has_zscale():  # tags may be incomplete, so nothing is left for zscale to look up
        matrix = "matrixin=bt2020nc:" if stream.pixels.startswith(("yuv", "p0", "p2")) else ""
        filters += [TONE_MAP.format(transfer=stream.transfer, matrix=matrix)]
    width, height = stream.size
    pixels = "rgba" if stream.alpha else "rgb24"
    filters += [f"scale={width}:{height}:flags={SCALER}:out_range=full", f"format={pixels}"]
    return [
        *("-v", "error"),
        *(decoder.get(stream.codec, []) if stream.alpha else []),
        *("-reinit_filter", "0"),  # a change of size on the way goes to the scaler; the clock is not started again
        *ffmpeg.source(path),
        *("-map", f"0:{stream.index}", "-vf", ",".join(filters), "-fps_mode", "passthrough"),
        *("-frames:v", "1") * still,
        *("-f", "rawvideo", "-pix_fmt", pixels, "pipe:1"),
    ]


@lru_cache(maxsize=1)
def _has_zscale() -> bool:
    """Whether this ffmpeg can convert HDR; without it the picture is only paler."""
    return " zscale " in ffmpeg.run(["-filters"])[1].decode("utf-8", "replace")


def save_png(path: Path | str, rgb: np.ndarray) -> None:
    """Write uint8 [H, W, 3] RGB as a PNG, whole or not at all."""
    path = Path(path)
    temporary = path.with_name(f".tmt-{secrets.token_hex(6)}.png")
    try:
        Image.fromarray(np.ascontiguousarray(rgb)).save(temporary, format="PNG")
        os.replace(temporary, path)
    except OSError as error:
        reason = ffmpeg.short(error.strerror or str(error))
        raise OutputError("output_unwritable", name=path.name, reason=reason) from error
    finally:
        temporary.unlink(missing_ok=True)
