"""Speed as a ratio: the product's stages against a fixed workload, timed in turns on the same machine.

Seconds do not hold on shared or unlike machines, the ratio nearly does. The workload is eight 64 -> 64 convolutions
3 x 3 on 1 x 64 x 256 x 256, fp32: 38.65 GFLOP. It runs before, between and after the product's chunks.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from tmt.evaluate.clips import cut, duration
from tmt.evaluate.report import markdown
from tmt.evaluate.trial import CONSENT, Pipeline
from tmt.types import CanonicalHead, Method, Settings
from tmt.video import probe

THREADS = 2  # of torch: what the figures are quoted for
CHUNKS, CHUNK_SECONDS = 4, 2.0  # of the driving clip; one more comes first and is not counted (caches, first use)
REFERENCES = 3  # runs of the workload between two chunks
SHORT = 0.4  # share of the subject that a short study sees: two lengths tell the cost of a frame from the fixed one


@dataclass(frozen=True)
class Cost:
    """What one stage takes: `seconds`, and `ratio` to one run of the reference workload in the same run.

    stage "study fixed" is once per subject, "study" per subject frame (in a clip shorter than the frame bank is large,
    the bank's cost is in there too), all others per driving frame at `size` px; "reference" is the workload itself.
    """

    stage: str
    size: int
    seconds: float
    ratio: float


class Reference:
    """The fixed workload, and every time it has taken in the measurement that runs."""

    def __init__(self) -> None:
        layers = [nn.Conv2d(64, 64, 3, padding=1) for _ in range(8)]
        self._network, self._input = nn.Sequential(*layers).eval(), torch.randn(1, 64, 256, 256)
        self.times: list[float] = []
        self.run(1)
        self.restart()  # the first run pays for loading

    @torch.inference_mode()
    def run(self, count: int = REFERENCES) -> None:
        """Time it some more."""
        for _ in range(count):
            start = time.perf_counter()
            self._network(self._input)
            self.times.append(time.perf_counter() - start)

    def restart(self) -> None:
        """Forget the times: another measurement begins, perhaps on a machine that is busier now."""
        self.times.clear()

    @property
    def seconds(self) -> float:
        """Median of one run."""
        return statistics.median(self.times)


def measure(
    pipeline: Pipeline, subject: Path, driving: Path, sizes: Sequence[int], threads: int = THREADS,
    method: Method = Settings.method,
) -> Iterator[Cost]:
    """Costs of a study, then of a transfer at each size, stage by stage as the pipeline reports them."""
    with tempfile.TemporaryDirectory(prefix="tmt-bench-") as folder, _threads(threads):
        parts, reference = Path(folder), Reference()
        head, studied = _study(pipeline, subject, parts, reference)
        yield from studied
        for size in sizes:
            yield from _transfer(pipeline, head, _chunks(driving, parts), Settings(size=size, method=method), reference)


def _study(pipeline: Pipeline, subject: Path, parts: Path, reference: Reference) -> tuple[CanonicalHead, list[Cost]]:
    """Studies of a short and of the whole subject; the difference is the frames' own cost."""
    reference.restart()
    short = cut(subject, parts / "short.mp4", 0.0, duration(subject) * SHORT)
    pipeline.study(short, consent=CONSENT)
    took, frames = [], []
    for clip in (short, subject):
        reference.run()
        start = time.perf_counter()
        head = pipeline.study(clip, consent=CONSENT)
        took.append(time.perf_counter() - start)
        frames.append(probe(clip).frames or 1)
    reference.run()
    each = max(0.0, (took[1] - took[0]) / max(1, frames[1] - frames[0]))
    fixed = max(0.0, took[1] - each * frames[1])
    return head, [_cost("study", 0, each, reference), _cost("study fixed", 0, fixed, reference)]


def _transfer(
    pipeline: Pipeline, head: CanonicalHead, chunks: Sequence[Path], settings: Settings, reference: Reference
) -> Iterator[Cost]:
    """Median over the chunks of each stage's seconds per frame, and of the whole transfer by the clock."""
    reference.restart()
    rounds: list[dict[str, float]] = []
    for chunk in chunks:
        reference.run()
        start = time.perf_counter()
        result = pipeline.transfer(head, chunk, chunk.with_name("out.mp4"), settings)
        total = time.perf_counter() - start
        frames = probe(result.video).frames or 1
        rounds.append({name: seconds / frames for name, seconds in {**result.seconds, "total": total}.items()})
    reference.run()
    yield _cost("reference", settings.size or 0, reference.seconds, reference)
    counted = rounds[1:]
    for stage in dict.fromkeys(name for chunk in counted for name in chunk):
        yield _cost(stage, settings.size or 0, statistics.median(chunk.get(stage, 0.0) for chunk in counted), reference)


def _cost(stage: str, size: int, seconds: float, reference: Reference) -> Cost:
    return Cost(stage, size, seconds, seconds / reference.seconds)


def _chunks(driving: Path, parts: Path) -> list[Path]:
    """Parts of the driving clip, the first one twice; those of a short clip overlap, since what a run costs beside
    its frames would weigh too much in shorter ones."""
    length = min(CHUNK_SECONDS, duration(driving))
    step = min(length, (duration(driving) - length) / (CHUNKS - 1))
    cuts = [cut(driving, parts / f"chunk-{i}.mp4", i * step, length) for i in range(CHUNKS)]
    return [cuts[0], *cuts]


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Torch with so many threads; they are set back afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def table(costs: Sequence[Cost]) -> str:
    """Costs as a Markdown table, ms and ratio."""
    lines = [
        {"stage": c.stage, "size": str(c.size or "-"), "ms": f"{1000 * c.seconds:.1f}", "x reference": f"{c.ratio:.3f}"}
        for c in costs
    ]
    return "\n".join(markdown(lines))


def report(costs: Sequence[Cost], out: Path | None, say: Callable[[str], None] = print) -> None:
    """Print the table, and keep it as bench.json and bench.md in a folder."""
    shape = (
        f"{THREADS} threads of {os.cpu_count()} cores, torch {torch.__version__}. On busy cores the reference, which "
        "needs all threads at once, slows down more than the stages do: ratios are then too low."
    )
    say(f"{table(costs)}\n\n{shape}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "bench.md").write_text(f"{table(costs)}\n\n{shape}\n", encoding="utf-8")
        (out / "bench.json").write_text(json.dumps([asdict(c) for c in costs], indent=1) + "\n", encoding="utf-8")
