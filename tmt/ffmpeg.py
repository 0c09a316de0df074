"""The one door to the ffmpeg program: start it, feed or read it, never dead-lock on it, never leave it behind."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import IO

from .errors import WeightsError

# Only containers that hold pictures or sound themselves: a playlist or a list of files could make ffmpeg open other
# files or addresses, and a plain text file could pass as a "tele-typewriter" film.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,m4v,h264,hevc,obu,av1,ivf,flv,asf,ogg,dv,mxf,nut,"
    "yuv4mpegpipe,mjpeg,rm,wav,w64,mp3,aac,flac,caf,aiff,ac3,eac3,amr,wv,gif,apng"
)
KEPT_LINES = 40  # of what ffmpeg says on stderr: enough for its reason, bounded for files that raise one line a block


@lru_cache(maxsize=1)
def executable() -> str:
    """Path of the ffmpeg program that comes with imageio-ffmpeg."""
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise WeightsError(
            "dependency", name="imageio-ffmpeg", reason=short(str(error)), package="imageio-ffmpeg"
        ) from error


def source(path: Path) -> list[str]:
    """Arguments that open one file as an input: no other protocol, no playlist, no name taken for an option."""
    return ["-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS, "-i", f"file:{path.absolute()}"]


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until what is done here is done. Outside the main thread nothing is interrupted anyway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: waiting.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if waiting and callable(before):
        before(*waiting[0])


class Process:
    """A running ffmpeg: `pipe` is its picture side; stderr is drained by a thread and only its last lines are kept.

    `close()` ends it, whatever its state, and leaves no zombie, thread or open pipe.
    """

    def __init__(self, arguments: Sequence[str], *, feed: bool = False) -> None:
        self._process = subprocess.Popen(
            [executable(), "-hide_banner", "-nostats", *([] if feed else ["-nostdin"]), *arguments],
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if feed else subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C goes to us alone, and we end ffmpeg in order
        )
        pipe = self._process.stdin if feed else self._process.stdout
        assert pipe is not None
        assert self._process.stderr is not None
        self.pipe: IO[bytes] = pipe
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._drain = threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True)
        self._drain.start()

    def _listen(self, stderr: IO[bytes]) -> None:
        """Keep the last lines said, however many and however long they are."""
        with stderr:
            while line := stderr.readline(4096):
                self._lines.append(line.decode("utf-8", "replace"))

    @property
    def said(self) -> str:
        """What ffmpeg said last; complete after `wait` or `close`."""
        return "".join(self._lines)

    def wait(self, timeout: float | None = None) -> int:
        """Close the pipe, wait for the end; the exit status."""
        self._close_pipe()
        status = self._process.wait(timeout)
        self._drain.join()
        return status

    def close(self) -> None:
        """Kill ffmpeg if it still runs and free everything; may be called again."""
        if self._process.poll() is None:
            self._process.kill()
        self.wait()

    def _close_pipe(self) -> None:
        with contextlib.suppress(OSError):  # ffmpeg had gone before it had read everything
            self.pipe.close()


def run(arguments: Sequence[str], timeout: float = 600.0) -> tuple[int, bytes, str]:
    """Run ffmpeg to its end: exit status, stdout, stderr. A run past `timeout` s is killed and has status -9."""
    command = [executable(), "-hide_banner", "-nostats", "-nostdin", *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return -9, b"", f"no end after {timeout:.0f} s"
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def reason(said: str, status: int = 1) -> str:
    """One short line out of ffmpeg's stderr, without addresses, paths and its own error chain."""
    lines = [re.sub(r"^(\[[^\]]*\]\s*)+", "", line).strip() for line in said.splitlines()]
    if any("moov atom not found" in line for line in lines):
        return "its index is missing; the file is cut off"
    if "Invalid data found when processing input" in said or "whitelist" in said:
        return "its content is of no known video format"
    for line in reversed(lines):
        if line and not line.startswith(("Last message repeated", "Conversion failed", "At least one output")):
            return short(re.split(r"'?file:.*?: |Error [a-z ]+: ", line)[-1])
    return f"ffmpeg stopped by signal {-status}" if status < 0 else "no reason given"


def short(text: str) -> str:
    """A text as one line of at most 120 characters."""
    return " ".join(text.split())[:120] or "no reason given"
