"""Look at random heads: python -m tmt.train.heads ASSET --sheet OUT.png [--count 24] [--frames 1] [--speed]."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from tmt.train.heads import Asset, load_asset, random_clip
from tmt.train.heads.clip import Studio
from tmt.train.heads.play import random_play

FRAMES = 24  # that the speed is measured over


def main() -> None:
    """Draw a contact sheet, or say how fast frames come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("asset", type=Path)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--count", type=int, default=24, help="people on the sheet")
    parser.add_argument("--frames", type=int, default=1, help="frames of each")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0, help="of the first person")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--speed", action="store_true", help="measure frames per second")
    chosen = parser.parse_args()
    asset = load_asset(chosen.asset)
    if chosen.speed:
        speed(asset, chosen.size, torch.device(chosen.device))
    if chosen.sheet:
        draw(asset, chosen)


def draw(asset: Asset, chosen: argparse.Namespace) -> None:
    """Write the sheet: six people to a row, or a row for each person's frames."""
    tiles = []
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        clip = random_clip(asset, seed, chosen.frames, chosen.size, torch.device(chosen.device))
        tiles += list(clip.images[..., :3])
    columns = 6 if len(tiles) % 6 == 0 else chosen.frames
    rows = [np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns)]
    cv2.imwrite(str(chosen.sheet), np.vstack(rows)[..., ::-1])


def speed(asset: Asset, size: int, device: torch.device) -> None:
    """Seconds to make three people, and frames per second: by the clock, and of processor time (a shared machine)."""
    setup, shots, worked = [], [], []
    for seed in range(4):
        start = time.perf_counter()
        studio = Studio(asset, seed, size, device)
        setup.append(time.perf_counter() - start)
        play = random_play(seed, np.arange(FRAMES // 3) / 25, studio.model.person.calm)
        for act, sway, drift in zip(play.acts, play.sway, play.drift, strict=True):
            start, before = time.perf_counter(), time.process_time()
            studio.shoot(act, sway, drift * size)
            shots.append(time.perf_counter() - start)
            worked.append(time.process_time() - before)
    fps, own = (1 / float(np.mean(times[FRAMES // 3 :])) for times in (shots, worked))  # the first person compiles
    people, threads = float(np.mean(setup[1:])), torch.get_num_threads()
    print(f"{fps:.1f} frames/s at {size} ({own:.1f} a second of processor time), {people:.2f} s a person, "
          f"{threads} threads, {device}")  # fmt: skip


if __name__ == "__main__":
    main()
