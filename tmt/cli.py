"""The command line: transfer, batch, study, view, verify, evaluate, bench, doctor.

Exit status: 0 done, 2 wrong usage, 3 bad input or output, 4 no consent, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tmt import cli_batch
from tmt.checkpoint import add_options
from tmt.cli_bars import progress as _progress
from tmt.cli_verify import add_verify
from tmt.errors import ConsentError, MediaError, TmtError
from tmt.presets import STRENGTHS
from tmt.terminal import spoken
from tmt.types import METHODS, PARTS, TRACKERS, Consent, Settings

if TYPE_CHECKING:
    from tmt.pipeline import TalkingHeadPipeline


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors become one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except TmtError as error:
        print(f"tmt: {error.text(spoken())}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("tmt: stopped; nothing was kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 141


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tmt", description="Talking-head motion transfer with a 3D head.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    transfer = commands.add_parser("transfer", help="move the subject's head as in the driving video")
    transfer.add_argument("subject", type=Path, help="video or picture whose appearance is kept")
    transfer.add_argument("driving", type=Path, help="video whose head motion, gaze and expression are transferred")
    _moving(transfer)
    _common(transfer)
    transfer.set_defaults(run=_transfer)
    batch = commands.add_parser("batch", help="transfer many pairs, each subject studied once")
    cli_batch.add_jobs(batch)
    _moving(batch)
    _common(batch, "DIR")
    batch.set_defaults(run=_batch)
    study = commands.add_parser("study", help="build the subject's canonical head and show it")
    study.add_argument("subject", type=Path)
    study.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    _people(study)
    study.set_defaults(run=_study)
    view = commands.add_parser("view", help="turn the subject's own head")
    view.add_argument("subject", type=Path)
    view.add_argument("--yaw", type=float, nargs=2, default=(-25.0, 25.0), metavar=("FROM", "TO"), help="degrees")
    view.add_argument("--pitch", type=float, nargs=2, default=(0.0, 0.0), metavar=("FROM", "TO"), help="degrees")
    view.add_argument("--seconds", type=float, default=4.0)
    _common(view)
    view.set_defaults(run=_view)
    add_verify(commands)
    _measuring(commands)
    return parser


def _moving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", choices=("relative", "absolute"), default="relative",
                        help="relative: changes since a neutral frame; absolute: the head as its picture has it")
    parser.add_argument("--sound", choices=("driving", "subject", "none"), default="driving", help="which clip's")
    parser.add_argument("--driving-face", type=int, metavar="N", help="of several, from the left from 1")
    parser.add_argument("--side-by-side", action="store_true", help="also write subject, driving and result together")
    for name in STRENGTHS:
        parser.add_argument(f"--{name}", type=float, default=1.0, metavar="X", help="strength, 1: as driven")


def _common(parser: argparse.ArgumentParser, output: str = "OUT.mp4") -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar=output)
    parser.add_argument("--method", choices=METHODS, default=Settings.method, help="%(default)s; others to compare")
    parser.add_argument("--size", type=int, choices=(256, 512, 1024), help="px of the head's crop")
    parser.add_argument("--full-frame", action="store_true", help="put the head back into the subject's full picture")
    parser.add_argument("--no-label", action="store_true", help="leave out the visible AI label (the report tells)")
    parser.add_argument("--no-mark", action="store_true", help="leave out the invisible mark (the report tells)")
    parser.add_argument("--steadiness", type=float, default=0.5, help="0 lively .. 1 steady")
    _people(parser)


def _people(parser: argparse.ArgumentParser, studied: bool = True) -> None:
    if studied:
        parser.add_argument("--subject-face", type=int, metavar="N", help="of several, from the left from 1")
    parser.add_argument("--tracker", choices=TRACKERS, help="default: mediapipe where it is; posenet: no landmarks")
    parser.add_argument("--consent", action="store_true", help="affirm the three statements that are printed")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_options(parser)


def _measuring(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from tmt.evaluate import PROTOCOLS
    evaluate = commands.add_parser("evaluate", help="measure the methods on a folder of clips")
    evaluate.add_argument("clips", type=Path, metavar="CLIPS_DIR")
    evaluate.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    evaluate.add_argument("--protocol", action="append", choices=PROTOCOLS,
                          help="default: self, cross; truth wants rendered performances in CLIPS_DIR/truth")
    evaluate.add_argument("--method", action="append", choices=METHODS, help="default: all")
    evaluate.add_argument("--seconds", type=float, default=4.0, help="of each half or driving clip")
    evaluate.add_argument("--without", action="append", choices=PARTS, default=[], help="leave a part out, to compare")
    _people(evaluate, studied=False)
    evaluate.set_defaults(run=_evaluate)
    bench = commands.add_parser("bench", help="measure the speed against a reference workload")
    bench.add_argument("--size", type=int, action="append", choices=(256, 512, 1024))
    for role in ("--subject", "--driving"):
        bench.add_argument(role, type=Path, help="default: a clip of the examples")
    bench.add_argument("--method", choices=METHODS, default=Settings.method)
    add_options(bench)
    bench.set_defaults(run=_bench)
    commands.add_parser("doctor", help="check that everything needed is there").set_defaults(run=_doctor)


def _affirmed(options: argparse.Namespace) -> Consent:
    """Consent by --consent, with the statements printed; ConsentError without it."""
    from tmt.provenance import statements

    language = spoken()
    print("同意事項:" if language == "ja" else "You affirm:" if options.consent else "Not affirmed:", file=sys.stderr)
    for text in statements(language).values():
        print(f"  - {text}", file=sys.stderr)
    if not options.consent:
        raise ConsentError("consent_flag")
    return Consent(subject=True, driving=True, purpose=True)


def _pipeline(options: argparse.Namespace) -> TalkingHeadPipeline:
    from tmt.pipeline import TalkingHeadPipeline

    return TalkingHeadPipeline.from_pretrained(options.checkpoint, revision=options.revision, tracker=options.tracker)


def _settings(options: argparse.Namespace) -> Settings:
    extra = {} if not hasattr(options, "mode") else {
        "mode": options.mode, "sound": options.sound, "side_by_side": options.side_by_side,
        "driving_face": options.driving_face,
        **{name: getattr(options, name) for name in STRENGTHS},
    }
    return Settings(
        method=options.method, size=options.size, full_frame=options.full_frame, label=not options.no_label,
        mark=not options.no_mark, steadiness=options.steadiness, **extra,
    )


def _notice(*clips: Path) -> None:
    """Say on stderr which clips are not whole, though they can be used."""
    from tmt.video import probe

    for info in map(probe, clips):
        if info.missing:
            note = MediaError("cut_off", name=info.path.name, seconds=info.missing)
            print(f"tmt: {note.text(spoken())}", file=sys.stderr)


def _transfer(options: argparse.Namespace) -> int:
    consent = _affirmed(options)
    from tmt.run import check_output, check_settings
    from tmt.video import probe

    settings = check_settings(_settings(options))
    check_output(options.output, options.subject, options.driving)
    probe(options.subject)  # a wrong file shall not cost a minute of study first
    if probe(options.driving).is_still:
        raise MediaError("driving_needs_motion", name=options.driving.name)
    _notice(options.subject, options.driving)
    pipeline = _pipeline(options)
    with _progress(options) as say:
        head = pipeline.study(options.subject, consent=consent, progress=say, face=options.subject_face)
        result = pipeline.transfer(head, options.driving, options.output, settings, progress=say)
    for path in (result.video, result.side_by_side, result.report_path):
        if path is not None:
            print(path)
    return 0


def _batch(options: argparse.Namespace) -> int:
    return cli_batch.perform(options, _settings(options), _affirmed, _pipeline, spoken())


def _study(options: argparse.Namespace) -> int:
    consent = _affirmed(options)
    from tmt.export import check_folder, save_head

    check_folder(options.output)
    _notice(options.subject)
    pipeline = _pipeline(options)
    with _progress(options) as say:
        head = pipeline.study(options.subject, consent=consent, progress=say, face=options.subject_face)
    for path in save_head(head, pipeline.tracker.topology, options.output):
        print(path)
    return 0


def _view(options: argparse.Namespace) -> int:
    consent = _affirmed(options)
    from tmt.motion import turntable
    from tmt.run import check_output, check_settings

    settings = check_settings(_settings(options))
    check_output(options.output, options.subject)
    _notice(options.subject)
    pipeline = _pipeline(options)
    with _progress(options) as say:
        head = pipeline.study(options.subject, consent=consent, progress=say, face=options.subject_face)
        path = turntable(tuple(options.yaw), tuple(options.pitch), options.seconds)
        result = pipeline.view(head, options.output, path, settings, progress=say)
    print(result.video, result.report_path, sep="\n")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    _affirmed(options)
    from tmt.evaluate import evaluate
    protocols, methods = tuple(options.protocol or ("self", "cross")), tuple(options.method or ()) or None
    return evaluate(options.clips, options.output, protocols, methods, options.seconds, options.tracker,
                    tuple(options.without), options.checkpoint, options.revision)  # fmt: skip


def _bench(options: argparse.Namespace) -> int:
    from tmt.evaluate import bench
    return bench(options.subject, options.driving, tuple(options.size or (256, 512)), options.method,
                 checkpoint=options.checkpoint, revision=options.revision)  # fmt: skip


def _doctor(_options: argparse.Namespace) -> int:
    from tmt.doctor import examine
    return examine()
