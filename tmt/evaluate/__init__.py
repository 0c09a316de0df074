"""Measuring the product: trials with and without a known truth, and speed. What the command line calls is here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from tmt.errors import SettingsError
from tmt.types import METHODS, Method, Settings

if TYPE_CHECKING:  # the command line imports this module at its start; what is heavy comes when it is used
    from tmt.checkpoint import Checkpoint
    from tmt.evaluate.observe import Observer

PROTOCOLS = ("self", "cross", "view", "turn", "expression", "truth", "growth", "hard", "lost")
ANYWHERE = PROTOCOLS[:5]  # those that any folder of clips is enough for, and that compare methods
SIZES = (256, 512)
LONGEST = 600.0  # s of driving for one trial

__all__ = ["ANYWHERE", "PROTOCOLS", "SIZES", "bench", "evaluate"]


def evaluate(
    clips_dir: Path,
    out: Path,
    protocols: tuple[str, ...] = ANYWHERE,
    methods: tuple[str, ...] | None = None,
    seconds: float = 4.0,
    tracker: str | None = None,
    without: tuple[str, ...] = (),
    checkpoint: Checkpoint | str | Path | None = None,
    revision: str | None = None,
) -> int:
    """Trials of every method over a folder of clips -> exit status; videos, tables and sheets under `out`.

    methods: None for all that can be used. seconds: of driving in each self and view trial, of a turntable; a cross
    trial has twice as much. tracker, without, checkpoint, revision: see TalkingHeadPipeline. The caller has the consent
    of the people in the clips.
    """
    chosen = None if methods is None else _known(methods)
    if not 0 < seconds <= LONGEST:
        reason = f"it must be above 0 and at most {LONGEST:.0f}"
        raise SettingsError("setting", name="seconds", value=seconds, reason=reason)
    from tmt.checkpoint import resolve
    from tmt.evaluate.report import run_trials
    from tmt.evaluate.trial import Setup
    from tmt.learned import offered
    from tmt.pipeline import TalkingHeadPipeline

    used = resolve(checkpoint, revision)
    pipeline = TalkingHeadPipeline.from_pretrained(used, tracker=tracker, without=without)
    able = tuple(name for name in offered(used) if name != "head" or name not in without)
    return run_trials(clips_dir, Setup(pipeline, _observer(), out, chosen or able, seconds), protocols)


def bench(
    subject: Path | None = None, driving: Path | None = None, sizes: tuple[int, ...] = SIZES,
    method: Method = Settings.method, out: Path | None = None,
    checkpoint: Checkpoint | str | Path | None = None, revision: str | None = None,
) -> int:
    """Speed of every stage against the reference workload -> exit status; the table is printed, and kept in `out`.

    Without clips those that come with the project; one clip alone drives itself.
    """
    from tmt.evaluate.speed import measure, report
    from tmt.pipeline import TalkingHeadPipeline

    own = [path for path in (subject, driving) if path is not None]
    first, second = (own * 2)[:2] if own else _example_clips()
    pipeline = TalkingHeadPipeline.from_pretrained(checkpoint, revision=revision)
    report(list(measure(pipeline, first, second, sizes, method=method)), out)
    return 0


def _known(methods: tuple[str, ...]) -> tuple[Method, ...]:
    """The methods asked for, or an error that names those there are."""
    unknown = [name for name in methods if name not in METHODS]
    if unknown or not methods:
        raise SettingsError(
            "setting", name="methods", value=", ".join(unknown), reason=f"known are {', '.join(METHODS)}"
        )
    return cast("tuple[Method, ...]", methods)


def _observer() -> Observer:
    from tmt.evaluate.identity import load_identity
    from tmt.evaluate.judge import FaceMeshJudge
    from tmt.evaluate.observe import Observer

    return Observer(FaceMeshJudge(), load_identity())


def _example_clips() -> list[Path]:
    """Subject and driving clip that come with the project; a plain installation has none."""
    root = Path(__file__).parents[2]
    for folder in (root / "examples", root / "tests" / "data"):
        clips = sorted(folder.glob("*.mp4"))
        if clips:
            pick = [next((clip for clip in clips if word in clip.stem), None) for word in ("subject", "perform")]
            return [pick[0] or clips[0], pick[1] or clips[0]]
    raise SettingsError("setting", name="subject", value=None, reason="there is no example clip here; name one")
