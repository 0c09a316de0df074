"""What the people of the examples say, and how many pictures a second they are shown in."""

from __future__ import annotations

import json
from pathlib import Path

from people.speech import mouth
from tmt.train.heads.act import Weights

FPS = 25
LINES = Path(__file__).with_name("lines.json")  # when each phoneme of the spoken lines begins, as espeak-ng said it


def spoken(name: str, t: float, start: float) -> Weights:
    """The mouth of a line of LINES at t seconds of a clip in which it begins at `start`."""
    return mouth([(at, phoneme) for at, phoneme in json.loads(LINES.read_text(encoding="utf-8"))[name]], t - start)
