"""`tmt` and `python -m tmt`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. `doctor` starts without what it may find broken."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["doctor"]:
        from tmt.doctor import examine

        return examine()
    try:
        from tmt.cli import main as run

        return run(given)
    except KeyboardInterrupt:  # while the heavy packages are loaded, which takes seconds
        print("tmt: stopped; nothing was kept.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
