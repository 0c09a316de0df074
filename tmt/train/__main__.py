"""python -m tmt.train: `cache` clips once, `fusion` to train on them. See each one's --help."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tmt.errors import TmtError
from tmt.topology import MEDIAPIPE_478
from tmt.train.cache import FRAMES, build, load_all
from tmt.train.clip import Clip
from tmt.train.config import TrainConfig, read_config
from tmt.train.pool import fill, people_of


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the commands; 0 when it went well."""
    given = _parser().parse_args(argv)
    try:
        given.run(given)
    except TmtError as error:
        print(f"tmt.train: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tmt.train", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="STAGE")
    cache = commands.add_parser("cache", help="track clips once into a folder, which is also what travels")
    cache.add_argument("clips", nargs="+", type=Path, help="videos, or folders of videos")
    cache.add_argument("-o", "--out", type=Path, required=True)
    cache.add_argument("--frames", type=int, default=FRAMES, help="of each clip at most (%(default)s)")
    cache.set_defaults(run=_cache)
    stage = commands.add_parser("fusion", help="train the attention fusion")
    stage.add_argument("--cache", type=Path, help="folder made by `cache`; without it, synthetic heads alone")
    stage.add_argument("--asset", type=Path, help="the parametric head, for synthetic people")
    stage.add_argument("--config", type=Path, help="JSON, see tmt/train/config.py")
    stage.add_argument("--out", type=Path, required=True, help="the run's folder; an unfinished run there goes on")
    stage.add_argument("--start", type=Path, help="weights to start from (default: those that ship, if any; 'none')")
    stage.add_argument("--budget", type=_seconds, default=1500.0, help="wall clock, such as 90s, 25m, 2h (25m)")
    stage.add_argument("--steps", type=int, help="stop at this step: the same seed then gives the same weights")
    stage.add_argument("--seed", type=int)
    stage.add_argument("--workers", type=int, default=1, help="processes that read samples (%(default)s)")
    stage.set_defaults(run=_fusion)
    return parser


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r}: such as 90s, 25m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def _cache(given: argparse.Namespace) -> None:
    from tmt.trackers import load_tracker

    for line in build(given.clips, given.out, load_tracker("mediapipe"), given.frames):
        print(line, flush=True)


def _fusion(given: argparse.Namespace) -> None:
    from tmt.learned import FUSION, has_fusion
    from tmt.train.loop import Budget, run

    config = read_config(given.config, seed=given.seed)
    train, check, data = _samples(given, config)
    start = given.start or (FUSION if has_fusion() else None)
    start = None if start is not None and str(start) == "none" else start
    for line in run(given.out, config, train, check, Budget(given.budget, given.steps), start, given.workers, data):
        print(line, flush=True)


def _samples(given: argparse.Namespace, config: TrainConfig) -> tuple[list[Path], list[Path], dict[str, object]]:
    """Files of the samples to train on and to check with, drawn now where they are missing; and whose they are."""
    people = people_of([] if given.cache is None else load_all(given.cache))
    unknown = set(config.held_out) - set(people)
    if unknown and people:
        print(f"held out, but not in the cache: {', '.join(sorted(unknown))}", file=sys.stderr)
    held = [people.pop(name) for name in config.held_out if name in people]
    real = list(people.values())
    if not held and len(real) > 1:
        held = [real.pop()]
    heads = config.heads if given.asset is not None else 0
    share = 1.0 if not real else (config.head_share if heads else 0.0)
    count = {"real": round(config.samples * (1 - share)), "heads": round(config.samples * share)}
    groups = {"real": (lambda n: real[n], len(real)), "heads": (lambda n: _heads(given.asset, n, config), heads)}
    files: list[Path] = []
    for name, (clips, persons) in groups.items():
        if persons and count[name]:
            files += _filled(given.out / "samples" / name, clips, persons, count[name], config.seed)
    check = held or [list(_heads(given.asset, heads + n, config)) for n in range(3)]
    checks = _filled(given.out / "samples" / "check", lambda n: check[n], len(check), config.checks, 0)
    data: dict[str, object] = {
        "trained on": sorted(clip.name for clips in real for clip in clips), "synthetic heads": heads,
        "held out": sorted(clip.name for clips in held for clip in clips),
    }  # fmt: skip
    return files, checks, data


def _filled(folder: Path, clips: object, people: int, count: int, seed: int) -> list[Path]:
    for number in fill(folder, clips, people, count, MEDIAPIPE_478, seed):  # type: ignore[arg-type]
        if number % 100 == 0:
            print(f"{folder.name}: sample {number} of {count}", flush=True)
    return sorted(folder.glob("[0-9]*.npz"))[:count]


def _heads(asset: Path, number: int, config: TrainConfig) -> Iterable[Clip]:
    from tmt.train.heads import load_asset, random_clip

    return [random_clip(load_asset(asset), config.seed * 100_000 + number, config.head_frames)]


if __name__ == "__main__":
    raise SystemExit(main())
