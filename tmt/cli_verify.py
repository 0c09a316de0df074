"""`tmt verify`: what files say of where they come from.

Exit status: 0 every file is from tmt, by its signature or its mark; 1 one is not, or was changed; 3 one cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tmt.errors import OutputError
from tmt.terminal import spoken


def add_verify(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command and its options."""
    verify = commands.add_parser("verify", help="is a video from tmt, and is it as it was?")
    verify.add_argument("files", type=Path, nargs="*", metavar="FILE")
    verify.add_argument("--trust", type=Path, action="append", default=[], metavar="ROOT.pem",
                        help="believe this root certificate, too")  # fmt: skip
    verify.add_argument("--json", action="store_true", help="all that is found, for programs")
    verify.add_argument("--export-root", type=Path, metavar="ROOT.pem",
                        help="write the certificate by which others can check what was signed here")  # fmt: skip
    verify.set_defaults(run=_verify, usage_error=verify.error)


def _verify(options: argparse.Namespace) -> int:
    if not options.files and options.export_root is None:
        options.usage_error("give at least one FILE, or --export-root")
    from tmt.verify import record, roots, sentences, verify

    if options.export_root is not None:
        _export(options.export_root)
    trust = roots(options.trust)
    verdicts = [verify(path, trust) for path in options.files]
    if options.json:
        print(json.dumps([record(one) for one in verdicts], ensure_ascii=False, indent=2))
    else:
        for one in verdicts:
            first, *others = sentences(one, spoken())
            print(f"{one.name}: {first}", *(f"  {line}" for line in others), sep="\n")
    return 0 if all(one.from_tmt for one in verdicts) else 1


def _export(path: Path) -> None:
    from tmt import credentials

    credentials.signer()  # makes one where there is none
    pem = credentials.root()
    try:
        path.write_bytes(pem or b"")
    except OSError as error:
        raise OutputError("output_unwritable", name=path.name, reason=error.strerror) from error
    print(path, file=sys.stderr)
