"""python -m tmt.train: `cache` clips once, train `geometry`, `head`, `fusion` or `joint`, `publish` what came out. Each
has --help."""

from __future__ import annotations

import argparse
import math
import re
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tmt.checkpoint import ASSETS, SHIPPED, Weights
from tmt.errors import TmtError
from tmt.topology import MEDIAPIPE_478
from tmt.train.cache import FRAMES, build, load, load_all
from tmt.train.cast import Filmed, people_of
from tmt.train.clip import Clip
from tmt.train.config import TrainConfig, read_config
from tmt.train.drawing import Kind, fill
from tmt.train.pool import FUSION

JUDGES = 3  # synthetic heads that judge a fusion where no real person is held out
CHECKED = 40  # synthetic heads that are held out


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
    for name, what, run in (
        ("geometry", "train depth and pose from frames of one head", _geometry),
        ("head", "train the recurrent canonical head", _head),
        ("fusion", "train the attention fusion", _fusion),
        ("joint", "train head and fusion together", _joint),
    ):
        stage = commands.add_parser(name, help=what)
        stage.add_argument("--cache", type=Path, help="folder made by `cache`; without it, synthetic heads alone")
        stage.add_argument("--asset", type=Path, help="the parametric head, for synthetic people")
        stage.add_argument("--config", type=Path, help="JSON, see tmt/train/config.py")
        stage.add_argument("--out", type=Path, required=True, help="the run's folder; an unfinished run there goes on")
        stage.add_argument("--start", type=Path, help="weights to start from (default: those that ship; 'none')")
        stage.add_argument("--budget", type=_seconds, default=1500.0, help="wall clock, such as 90s, 25m, 2h (25m)")
        stage.add_argument("--steps", type=int, help="stop at this step: the same seed then gives the same weights")
        stage.add_argument("--seed", type=int)
        stage.add_argument("--workers", type=int, default=1, help="processes that draw and read samples (%(default)s)")
        stage.add_argument("--drawing", type=_seconds, default=math.inf, help="draw heads no longer than this")
        stage.set_defaults(run=run)
    publish = commands.add_parser("publish", help="gather trained networks into a checkpoint, with a model card")
    publish.add_argument("runs", nargs="+", type=Path, metavar="RUN/best", help="the clips' names in them go along")
    publish.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER", help="new or empty")
    publish.add_argument("--repo", metavar="OWNER/NAME", help="upload it there, too, with the token that is logged in")
    publish.add_argument("--public", action="store_true", help="for everybody to see (default: private)")
    publish.set_defaults(run=_publish)
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


def _publish(given: argparse.Namespace) -> None:
    from tmt.train.publish import gather, upload

    for path in gather(given.runs, given.out, given.repo):
        print(path, flush=True)
    if given.repo is not None:
        print(upload(given.out, given.repo, public=given.public), flush=True)


def _fusion(given: argparse.Namespace) -> None:
    from tmt.train.fusion import FusionStage
    from tmt.train.loop import Budget, run

    config = read_config(given.config, seed=given.seed)
    train, check, data = _samples(given, config)
    start = _start(given.start, SHIPPED.fusion if config.warp == "3d" else SHIPPED.fusion2d)
    budget = Budget(given.budget, given.steps)
    for line in run(FusionStage(train, check), given.out, config, budget, start, given.workers, data):
        print(line, flush=True)


def _geometry(given: argparse.Namespace) -> None:
    from tmt.train.geometry import GeometryStage
    from tmt.train.loop import LAPS, Budget, run
    from tmt.train.views import Views, turning_of

    config = read_config(given.config, seed=given.seed)
    held, real = _people(given, config)
    heads = config.heads if given.asset is not None else 0
    drawn = [load(path) for path in _kept_heads(given, config, heads + CHECKED)] if heads else []
    train = [clip for clips in real for clip in clips] + drawn[CHECKED:]
    check = [clip for clips in held for clip in clips] + drawn[:CHECKED]
    sets = ((train, config.samples, LAPS, False), (check, config.checks, 1, True))
    learn, look = (
        Views([turning_of(clip, MEDIAPIPE_478) for clip in clips], MEDIAPIPE_478, config.seed, count, laps, plain=plain,
              lone=config.part == "depth" and not plain)
        for clips, count, laps, plain in sets
    )
    start = _start(given.start, SHIPPED.depth and ASSETS / "geometry")
    budget, stage = Budget(given.budget, given.steps), GeometryStage(learn, look, config.part)
    for line in run(stage, given.out, config, budget, start, given.workers, _data(real, len(drawn[CHECKED:]), held)):
        print(line, flush=True)


def _head(given: argparse.Namespace) -> None:
    from tmt.train.head import HeadStage
    from tmt.train.loop import LAPS, Budget, run
    from tmt.train.sights import HEAD_SAMPLE, Sights

    config = read_config(given.config, seed=given.seed)
    train, check, data = _sights(given, config, HEAD_SAMPLE)
    stage = HeadStage(Sights(train, config.seed, LAPS, config.crop), Sights(check, config.seed))
    start = _start(given.start, SHIPPED.head)
    for line in run(stage, given.out, config, Budget(given.budget, given.steps), start, given.workers, data):
        print(line, flush=True)


def _joint(given: argparse.Namespace) -> None:
    from tmt.train.joint import JOINT_SAMPLE, JointStage
    from tmt.train.loop import Budget, run

    config = read_config(given.config, seed=given.seed)
    train, check, data = _sights(given, config, JOINT_SAMPLE)
    start = _start(given.start, ASSETS)
    stage, budget = JointStage(train, check, config.part), Budget(given.budget, given.steps)
    for line in run(stage, given.out, config, budget, start, given.workers, data):
        print(line, flush=True)


def _sights(
    given: argparse.Namespace, config: TrainConfig, kind: Kind
) -> tuple[list[Path], list[Path], dict[str, object]]:
    """Files of what a head is learned from, drawn now where they are missing; and whose they are."""
    held, real = _people(given, config)
    train = _filled(given, kind, "real", Filmed.of(given.cache, real), config.samples, config.seed)
    check = _filled(given, kind, "check", Filmed.of(given.cache, held), config.checks, 0)
    return train, check, _data(real, 0, held)


def _start(asked: Path | None, shipped: Weights | Path | None) -> Path | None:
    """The weights to start from."""
    if asked is None:
        return shipped.folder if isinstance(shipped, Weights) else shipped
    return None if str(asked) == "none" else asked


def _people(given: argparse.Namespace, config: TrainConfig) -> tuple[list[list[Clip]], list[list[Clip]]]:
    """The clips of those who are held out, and of those who are not."""
    people = people_of([] if given.cache is None else load_all(given.cache))
    unknown = set(config.held_out) - set(people)
    if unknown and people:
        print(f"held out, but not in the cache: {', '.join(sorted(unknown))}", file=sys.stderr)
    held = [people.pop(name) for name in config.held_out if name in people]
    real = list(people.values())
    if not held and len(real) > 1:
        held = [real.pop()]
    return held, real


def _data(real: list[list[Clip]], heads: int, held: list[list[Clip]]) -> dict[str, object]:
    """Whose clips were used, for the record."""
    return {
        "trained on": sorted(clip.name for clips in real for clip in clips), "synthetic heads": heads,
        "held out": sorted(clip.name for clips in held for clip in clips),
    }  # fmt: skip


def _samples(given: argparse.Namespace, config: TrainConfig) -> tuple[list[Path], list[Path], dict[str, object]]:
    """Files of the samples to train on and to check with, drawn now where they are missing; and whose they are."""
    held, real = _people(given, config)
    heads = config.heads if given.asset is not None else 0
    kind, share = replace(FUSION, warp=config.warp), config.head_share if heads and real else float(not real)
    drawn = _kept_heads(given, config, heads + JUDGES * (not held)) if share > 0 else []
    others, drawn = (drawn[:0], drawn) if held else (drawn[:JUDGES], drawn[JUDGES:])
    judges = Filmed.of(given.cache, held) if held else Filmed.of_files(others)
    files: list[Path] = []
    for name, cast, part in (
        ("real", Filmed.of(given.cache, real), 1 - share), ("heads", Filmed.of_files(drawn), share)
    ):  # fmt: skip
        if part > 0:
            files += _filled(given, kind, name, cast, round(config.samples * part), config.seed)
    return files, _filled(given, kind, "check", judges, config.checks, 0), _data(real, len(drawn), held)


def _filled(given: argparse.Namespace, kind: Kind, name: str, cast: Filmed, count: int, seed: int) -> list[Path]:
    """Files of so many samples, in the run's folder."""
    folder = given.out / "samples" / name
    for number in fill(kind, folder, cast, len(cast.names), count, MEDIAPIPE_478, seed, given.workers):
        print(f"{name}: {number} of {count} samples", flush=True)
    return kind.files(folder, count)


def _kept_heads(given: argparse.Namespace, config: TrainConfig, count: int) -> list[Path]:
    """Files of synthetic heads with their truth, drawn once and kept in a folder; as many as there is time for."""
    from tmt.train.heads.kept import kept_heads

    seeds = [config.seed * 100_000 + number for number in range(count)]
    folder, stop = given.out / "heads", time.monotonic() + given.drawing
    with closing(kept_heads(given.asset, folder, seeds, config.head_frames, config.head_size, given.workers)) as heads:
        for done, _ in enumerate(heads, 1):
            if done % 100 == 0:
                print(f"head {done} of {count}", flush=True)
            if time.monotonic() > stop:
                break
    return [path for seed in seeds if (path := folder / f"head-{seed}.safetensors").is_file()]


if __name__ == "__main__":
    raise SystemExit(main())
