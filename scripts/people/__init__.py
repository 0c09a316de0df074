"""People who do not exist: their looks, what they perform, and how they are rendered."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))
