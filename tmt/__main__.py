"""python -m tmt."""

import sys

from tmt.cli import main

if __name__ == "__main__":
    sys.exit(main())
