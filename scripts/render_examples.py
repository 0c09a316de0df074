"""Render the example clips: people who do not exist, from a CC0 parametric head.

  python3.11 -m venv blender && blender/bin/pip install "bpy==4.5.*" imageio-ffmpeg scipy
  blender/bin/python scripts/render_examples.py makehuman_head_cc0.npz -o examples             # clips and truth
  blender/bin/python scripts/render_examples.py makehuman_head_cc0.npz --frame subject_1:12    # one frame again

`tmt/train/heads/asset.py` says what the asset holds. Frames are kept in --frames, and one that is there is not rendered
again, so a run that was stopped goes on where it was. The voices need espeak-ng, the pictures do not.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from people.act import FPS
from people.plays import CLIPS
from synthetic_head import Asset

SIZE, SAMPLES = 512, 1  # px; rays a pixel, which the denoiser makes up for
COMPRESSION = 5  # of frames in the making, percent: time is dearer than space


def frames_of(asset: Asset, name: str, numbers: list[int], folder: Path) -> Iterator[Path]:
    """Render the frames of a clip that are not in the folder yet; their paths as they come."""
    from people import stage  # Blender: a wrong path or name shall be told without it

    from tmt.train.heads.figure import Figure

    clip = CLIPS[name]
    paths = {number: folder / f"{number:04d}.png" for number in numbers}
    missing = {number: path for number, path in paths.items() if not path.is_file()}
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    stage.open_room(clip.person, SAMPLES, COMPRESSION)
    actor = stage.Actor(Figure(asset, clip.person))
    for number, path in missing.items():
        actor.perform(clip.act(number / FPS))
        half = path.with_name(f"half-{path.name}")
        stage.shoot(half, SIZE)
        os.replace(half, path)  # a frame that is there is whole
        yield path


def one_frame(asset: Asset, wanted: str, out: Path) -> Path:
    """`wanted`, "clip:number", as a PNG file in `out`, which is rendered whether it is there or not."""
    name, _, number = wanted.partition(":")
    if name not in CLIPS or not number.isdigit() or int(number) >= CLIPS[name].frames:
        known = ", ".join(f"{key}:0..{clip.frames - 1}" for key, clip in CLIPS.items())
        raise SystemExit(f"--frame {wanted}: there is no such frame. Known are {known}.")
    folder = out / f"{name}-again"
    (folder / f"{int(number):04d}.png").unlink(missing_ok=True)
    (path,) = frames_of(asset, name, [int(number)], folder)
    return path


def everything(asset: Asset, names: list[str], frames: Path, out: Path) -> None:
    """These clips, then the truth of the pairs that they make up."""
    from people import truth, voice

    for name in names:
        for path in frames_of(asset, name, list(range(CLIPS[name].frames)), frames / name):
            print(path, flush=True)
        voice.encode(frames / name, CLIPS[name], out / f"{name}.mp4")
    if set(names) == set(CLIPS):
        truth.render(asset, frames / "truth")
        truth.pack(asset, frames / "truth", out / "truth")


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("asset", type=Path, help="the parametric head, .npz")
    parser.add_argument("-o", "--out", type=Path, default=Path("examples"), help="folder for the files")
    parser.add_argument("--frames", type=Path, default=Path("frames"), help="folder for frames in the making")
    parser.add_argument("--only", nargs="+", choices=list(CLIPS), default=list(CLIPS), help="clips to make")
    parser.add_argument("--frame", help="CLIP:NUMBER, this frame alone")
    options = parser.parse_args(arguments)
    asset = Asset(options.asset)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        if options.frame:
            print(one_frame(asset, options.frame, options.out))
        else:
            everything(asset, options.only, options.frames, options.out)
    except (OSError, RuntimeError) as error:  # Blender tells of a full disk with a RuntimeError
        reason = " ".join(str(error).split())
        raise SystemExit(f"{options.out}: could not be written ({reason}). Is there room on the disk?") from None


if __name__ == "__main__":
    main()
