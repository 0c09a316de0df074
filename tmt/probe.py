"""What is in a media file: size as displayed, a sane constant rate, length, sound. Judged by content, not by name."""

from __future__ import annotations

import itertools
import re
import statistics
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Literal

from . import ffmpeg, stills
from .errors import MediaError
from .types import MediaInfo

STILL_FPS = Fraction(25)
MAX_FPS = 60  # slow-motion recordings are halved until they fit
NO_TIME = 1 << 62  # ffmpeg's mark of a missing time stamp is beyond it
MAX_PIXELS = 8192 * 8192  # beyond it a single frame takes more than 200 MB
LONGEST_HOLD = 300.0  # s one frame may be shown
MILD_ASPECT = 1.2  # pixels less far from square are read, and written, as they are stored: nothing is resampled
USUAL_RATES = (
    *(Fraction(n) for n in (5, 6, 8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)),
    *(Fraction(n * 1000, 1001) for n in (12, 15, 24, 30, 48, 60, 120, 240)),  # film and NTSC video
    *(Fraction(n, 2) for n in (15, 25)),
)


@dataclass(frozen=True)
class Stream:
    """A picture track as stored, and what must be done to show it."""

    index: int
    codec: str
    pixels: str  # pixel format
    size: tuple[int, int]  # width, height of the frames that are read, px
    aspect: Fraction  # width of such a pixel over its height
    matrix: Literal["bt601", "bt709"]  # of its YUV
    transfer: str  # of HDR: smpte2084 (PQ) or arib-std-b67 (HLG); otherwise empty
    interlaced: bool
    alpha: bool
    nominal: float | None  # frames per second as the file says
    length: float  # s of the whole file as it says; 0: it does not
    timed: bool  # False: its time stamps cannot be meant, and frames follow each other at the nominal rate
    has_audio: bool


def probe(path: Path | str) -> MediaInfo:
    """Look into a video or picture file. Raises MediaError with one clear line for anything else."""
    return inspect(path)[0]


def inspect(path: Path | str) -> tuple[MediaInfo, Stream | None]:
    """`probe`, and the picture track for `read_frames` (None: a picture file, not read by ffmpeg)."""
    path = Path(path)
    try:
        if path.is_dir():
            raise MediaError("directory", name=path.name)
        state = path.stat()
        if not path.is_file():  # a named pipe or a device could be waited for without end
            raise MediaError("unreadable", name=path.name, reason="it is not an ordinary file")
        with path.open("rb") as file:
            if not file.read(1):
                raise MediaError("empty", name=path.name)
    except (FileNotFoundError, NotADirectoryError):
        raise MediaError("missing", name=path.name or str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise MediaError("unreadable", name=path.name, reason=ffmpeg.short(reason)) from None
    info, stream = _inspect(path.absolute(), (state.st_ino, state.st_mtime_ns, state.st_size))
    return replace(info, path=path), stream


@lru_cache(maxsize=64)
def _inspect(path: Path, _version: tuple[int, int, int]) -> tuple[MediaInfo, Stream | None]:
    picture = stills.look(path)
    if picture is not None:
        return _of_picture(path, picture), None
    stream = _read_header(path)
    times, tick, cut_off = _packet_times(path, stream.index)
    if not _sane(sorted(start for start, _ in times)):
        rate = choose_rate([], tick, stream.nominal)
        stream = replace(stream, timed=False)
        times = [(float(k / rate), float(1 / rate)) for k in range(len(times))]
    info = _of_video(path, stream, times, tick)
    if cut_off:
        info = replace(info, missing=max(stream.length - (info.seconds or 0.0), float(1 / info.fps)))
    return info, stream


def _sane(starts: list[float]) -> bool:
    """Whether frames that start at these times, ascending, can be held in between: a damaged file may ask for years."""
    return bool(starts) and max(b - a for a, b in itertools.pairwise([0.0, *starts])) < LONGEST_HOLD


def _of_picture(path: Path, picture: stills.Picture) -> MediaInfo:
    """A still, or an animation in a picture format."""
    width, height = picture.size
    if len(picture.times) < 3:  # one frame, and the end
        return MediaInfo(path, width, height, STILL_FPS, 1, None, False, True)
    fps = choose_rate(list(picture.times[:-1]), 0.01, None)
    frames = max(1, round(picture.times[-1] * fps))
    return MediaInfo(path, width, height, fps, frames, picture.times[-1], False, False)


def _of_video(path: Path, stream: Stream, times: list[tuple[float, float]], tick: float) -> MediaInfo:
    """times: (start, duration) of each packet, s since the file's start; tick: their resolution, s."""
    width, height = stream.size
    starts = sorted(start for start, _ in times)
    if len(starts) == 1:
        return MediaInfo(path, width, height, STILL_FPS, 1, None, stream.has_audio, True, stream.aspect, stream.matrix)
    fps = choose_rate(starts, tick, stream.nominal)
    if not starts:
        return MediaInfo(path, width, height, fps, None, None, stream.has_audio, False, stream.aspect, stream.matrix)
    end = starts[-1] + (max(times)[1] or float(1 / fps))
    frames = max(1, round(end * fps))
    return MediaInfo(path, width, height, fps, frames, end, stream.has_audio, False, stream.aspect, stream.matrix)


def _read_header(path: Path) -> Stream:
    """The first real picture track, out of what `ffmpeg -i` prints."""
    status, _, said = ffmpeg.run(ffmpeg.source(path), timeout=60)
    length = re.search(r"Duration: (\d+):(\d+):([\d.]+)", said)
    seconds = int(length[1]) * 3600 + int(length[2]) * 60 + float(length[3]) if length else 0.0
    if "Input #0" not in said:
        why = ffmpeg.reason(said, status)
        if "moov atom" in said and not _begins_as_film(path):  # ffmpeg has only gone by the file's name
            why = "its content is of no known video format"
        raise MediaError("not_media", name=path.name, reason=why)
    if "Tile Grid" in said:
        raise MediaError("not_media", name=path.name, reason="a HEIC/AVIF picture in tiles; export it as JPEG or PNG")
    blocks = re.split(r"\n(?=  +Stream #0)", said)
    has_audio = any(re.match(r"  +Stream #0:\S+: Audio: (?!none)", block) for block in blocks)
    for block in blocks:
        found = re.match(r"  +Stream #0:(\d+)\S*: Video: (.*)", block)
        if found and "(attached pic)" not in found[2] and not found[2].startswith("none"):
            return replace(_parse(path, int(found[1]), found[2], block, has_audio), length=seconds)
    raise MediaError("no_video", name=path.name)


def _begins_as_film(path: Path) -> bool:
    """Whether a file's first box is one that MP4 and MOV files begin with."""
    with path.open("rb") as file:
        return file.read(8)[4:] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"styp")


def _parse(path: Path, index: int, line: str, block: str, has_audio: bool) -> Stream:
    """One `Stream #0:n: Video: ...` line and the side data under it."""
    stored = re.search(r", (\d+)x(\d+)(?:[ ,]|$)", line)
    pixels = re.search(r", ([a-z][a-z0-9_]*)(\(.*?\))?, \d+x\d+", line)
    if not stored or not pixels:
        raise MediaError("not_media", name=path.name, reason="its pictures cannot be decoded")
    width, height = int(stored[1]), int(stored[2])
    if not 0 < width * height <= MAX_PIXELS:
        raise MediaError("not_media", name=path.name, reason=f"a picture of {width}x{height} pixels")
    aspect = _aspect(line)
    if not 1 / MILD_ASPECT < aspect < MILD_ASPECT:
        width, aspect = round(width * aspect), Fraction(1)
    turn = re.search(r"rotation of (-?[\d.]+) degrees", block)
    if turn and round(float(turn[1]) / 90) % 2:
        width, height, aspect = height, width, 1 / aspect
    rate = re.search(r", ([\d.]+)(k?) fps", line)
    nominal = float(rate[1]) * (1000 if rate[2] else 1) if rate else None
    tags, codec = pixels[2] or "", line.split(" ")[0].rstrip(",")
    alpha = bool(re.match(r"yuva|rgba|bgra|argb|abgr|gbrap|ya\d|pal8", pixels[1])) or bool(
        re.search(r"alpha_mode +: 1", block, re.IGNORECASE)
    )
    transfer = next((name for name in ("smpte2084", "arib-std-b67") if name in tags), "")
    interlaced = re.search(r"(top|bottom) (coded )?first", tags) is not None
    matrix: Literal["bt601", "bt709"] = "bt709" if "bt709" in tags and not transfer else "bt601"
    size = (width, height)
    known = (index, codec, pixels[1], size, aspect, matrix, transfer, interlaced, alpha, nominal)
    return Stream(*known, length=0.0, timed=True, has_audio=has_audio)


def _aspect(line: str) -> Fraction:
    """The shape of a pixel; 1 where the file says nothing sensible."""
    said = re.search(r"SAR (\d+):(\d+)", line)
    if said and int(said[1]) and int(said[2]) and 0.1 < int(said[1]) / int(said[2]) < 10:
        return Fraction(int(said[1]), int(said[2]))
    return Fraction(1)


def _packet_times(path: Path, index: int) -> tuple[list[tuple[float, float]], float, bool]:
    """(start, duration) of every picture packet, s since the file's start; their resolution, s; whether the file ends
    before it should. Decodes nothing."""
    copy = ["-v", "error", *ffmpeg.source(path), "-map", f"0:{index}", "-c", "copy", "-copyinkf", "-f", "framecrc", "-"]
    _, out, said = ffmpeg.run(copy)
    text = out.decode("ascii", "replace")
    base = re.search(r"^#tb 0: (\d+)/(\d+)", text, re.MULTILINE)
    tick = int(base[1]) / int(base[2]) if base else 0.001
    rows = [tuple(map(int, row)) for row in re.findall(r"^0, *(-?\d+), *(-?\d+), *(\d+)", text, re.MULTILINE)]
    delays = [shown - decoded for decoded, shown, _ in rows if abs(shown) < NO_TIME]
    # Where a packet does not say when it is shown, it is so long after its decoding as the others are.
    delay = statistics.median_low(delays) if delays else -rows[0][0] if rows else 0
    times = [((s if abs(s) < NO_TIME else d + delay) * tick, length * tick) for d, s, length in rows]
    shown_times = [time for time in times if time[0] > -tick]  # before 0: needed for decoding, not shown
    return shown_times or times, tick, re.search(r"partial file|ended prematurely", said) is not None


def choose_rate(starts: list[float], tick: float, nominal: float | None) -> Fraction:
    """A constant rate (frames/s) for frames that start at `starts` s, known to `tick` s; `nominal` is the file's word.

    The usual distance between frames decides, so that dropped frames and pauses do not lower the rate.
    """
    gaps = [b - a for a, b in itertools.pairwise(starts) if b - a > tick / 2]
    if not gaps:
        named = _usual(nominal, 0.0005) if nominal else None
        return _halved(named or STILL_FPS)
    middle = statistics.median_low(gaps)
    near = max(0.25 * middle, min(1.01 * tick, 0.5 * middle))
    typical = 1 / statistics.fmean(gap for gap in gaps if abs(gap - middle) <= near)
    if nominal and abs(nominal / typical - 1) < 0.02 and (named := _usual(nominal, 0.0005)):
        return _halved(named)
    if nominal and abs(nominal / typical - 1) < 0.001:
        return _halved(max(Fraction(1), Fraction(nominal).limit_denominator(100)))
    regular = max(gaps) - min(gaps) <= 2.01 * tick and tick < 0.01 * middle
    usual = _usual(typical, max(0.0002, 2 * tick / (starts[-1] - starts[0])) if regular else 0.015)
    return _halved(usual or max(Fraction(1), Fraction(typical).limit_denominator(1001)))


def _usual(rate: float, tolerance: float) -> Fraction | None:
    """The customary rate within a relative tolerance of `rate`, if there is one; a rough rate is no NTSC rate."""
    known = [usual for usual in USUAL_RATES if usual.denominator != 1001 or tolerance < 0.01]
    best = min(known, key=lambda usual: abs(float(usual) - rate))
    return best if abs(float(best) / rate - 1) <= tolerance else None


def _halved(rate: Fraction) -> Fraction:
    while rate > MAX_FPS:
        rate /= 2
    return rate
