"""The clips of an evaluation: which there are, and the parts of them that the protocols need."""

from __future__ import annotations

from pathlib import Path

from tmt import ffmpeg
from tmt.errors import MediaError, OutputError
from tmt.types import Array
from tmt.video import VideoWriter, probe, read_frames

VIDEOS = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".m4v")
STILLS = (".jpg", ".jpeg", ".png", ".webp")
FEWEST_PAIRS = 6
LOSS = 10  # crf of the parts: far below what is measured


def find_clips(folder: Path) -> tuple[list[Path], list[Path]]:
    """Videos and stills of a folder, each by name; MediaError where there is no such folder or no video in it."""
    if not folder.is_dir():
        raise MediaError("missing", name=folder.name or str(folder))
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    videos = [path for path in files if path.suffix.lower() in VIDEOS]
    if not videos:
        raise MediaError("no_video", name=folder.name or str(folder))
    return videos, [path for path in files if path.suffix.lower() in STILLS]


def pairs(videos: list[Path], stills: list[Path]) -> list[tuple[Path, Path]]:
    """(subject, driving): each video driven by the next one, by the one after while pairs are few; then stills."""
    chosen: list[tuple[Path, Path]] = []
    for shift in range(1, len(videos)):
        if len(chosen) < FEWEST_PAIRS:
            chosen += [(clip, videos[(i + shift) % len(videos)]) for i, clip in enumerate(videos)]
    return sorted(chosen) + [(still, videos[i % len(videos)]) for i, still in enumerate(stills)]


def cut(clip: Path, target: Path, start: float, seconds: float) -> Path:
    """A part of a clip, from `start` s on for `seconds` s, without sound, nearly lossless."""
    target.parent.mkdir(parents=True, exist_ok=True)
    read = ["-v", "error", "-y", "-ss", f"{start:.6f}", *ffmpeg.source(clip), "-t", f"{seconds:.6f}"]
    encode = ["-map", "0:v:0", "-an", "-c:v", "libx264", "-crf", str(LOSS), "-preset", "fast"]
    status, _, said = ffmpeg.run([*read, *encode, f"file:{target.absolute()}"])
    if status or not target.is_file():
        raise OutputError("encoder", name=target.name, reason=ffmpeg.reason(said, status))
    return target


def halves(clip: Path, folder: Path, seconds: float) -> tuple[Path, Path]:
    """The first half of a clip, and the beginning, at most `seconds` s, of the second."""
    length = duration(clip)
    first = cut(clip, folder / f"{clip.stem}-first.mp4", 0.0, length / 2)
    return first, cut(clip, folder / f"{clip.stem}-second.mp4", length / 2, min(seconds, length / 2))


def duration(clip: Path) -> float:
    """Length of a clip, s; MediaError for a still."""
    info = probe(clip)
    if info.is_still or not info.frames:
        raise MediaError("driving_needs_motion", name=clip.name)
    return float(info.frames / info.fps)


def select(clip: Path, target: Path, keep: Array) -> Path:
    """The frames of a clip where `keep` [T] bool is set, one after another, as a new clip."""
    target.parent.mkdir(parents=True, exist_ok=True)
    info = probe(clip)
    with VideoWriter(target, size=(info.width, info.height), fps=info.fps, crf=LOSS) as writer:
        for frame, wanted in zip(read_frames(clip), keep, strict=False):
            if wanted:
                writer.write(frame)
    return target
