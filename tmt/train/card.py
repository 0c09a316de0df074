"""A checkpoint's model card: what it is for, what not, what it was trained on, how well it does, where it ends."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tmt._version import __version__
from tmt.weights import CURVE, RECORD

FRONT = """---
license: apache-2.0
library_name: diffusers
pipeline_tag: video-to-video
tags:
- talking-head
- motion-transfer
- face-reenactment
- tmt
language:
- en
- ja
---
"""
WHAT = {
    "fusion": "attention fusion: which of the subject's frames shows each pixel best, and what none shows",
    "fusion2d": "the same on frames warped by 2D landmarks, a baseline (`--method learned2d`)",
    "head": "the recurrent canonical head's cell",
    "depth": "DepthNet: how deep hair, ears and neck lie",
    "pose": "PoseNet: where the head is while landmarks are lost",
}
BODY = """
# {title}

Networks for `tmt`, talking-head motion transfer with a 3D head after Head3D (Ni et al., arXiv 2311.02549), written by
version {version}. A network that is not listed is taken from those that ship with the program. Weights are safetensors.

| folder | network |
|---|---|
{networks}

```bash
tmt transfer SUBJECT DRIVING -o OUT.mp4 --consent --checkpoint {name}
```
```python
pipe = tmt.TalkingHeadPipeline.from_pretrained("{name}")
```

## Intended use
Moving the head of a person who has agreed to it as another person moves who has agreed to it, in order to evaluate the
method. Outputs bear a label that says they are AI-generated.

## Out of scope
Any use of a face without its owner's consent: impersonation, deception, harassment. Passing a result off as a real
recording, or removing the label. Recognising or judging people.

## Training data
{data}

A training goes on from weights that were trained before (those that ship, where nothing else was said): what these were
trained on counts, too. The program does not know what the people in the clips agreed to: whoever publishes this card
answers for it.

## Numbers
On what was held out, before training (without the network, or by the weights that were started from) and at the step
that is published, as the training measured them:

{numbers}

## Limits
Networks this small keep to what they saw: skin, hair, glasses and light unlike the training clips' come out worse, and
nobody has measured by how much. Views more than 25 degrees from all of the subject's frames are guesses. The program's
README tells the rest.

## 日本語
頭の動きを転写するプログラム `tmt` のネットワークです。ここにないネットワークは、プログラムに同梱のものが使われます。
被写体と動きの提供者の両方が同意している場合に限り、手法の評価の目的で使ってください。本人の同意がない利用、なりすまし、
実際の映像と誤認させる公開、「AI生成」の表示の除去には使わないでください。学習に使った動画と数値は上の英語の節のとおりです。
学習した動画と大きく異なる肌・髪・眼鏡・照明では品質が下がります。
"""


def card(folder: Path, places: Mapping[str, str], repo: str | None = None) -> str:
    """The README.md of a checkpoint `folder` whose networks (part -> folder in it) lie at `places`. `repo`: owner/name
    that it is for; without one the folder stands in its place."""
    networks = "\n".join(f"| `{place}` | {WHAT[part]} |" for part, place in places.items())
    records = {place: _record(folder / place / RECORD) for place in places.values()}
    return FRONT + BODY.format(
        title=repo.split("/")[-1] if repo else "A checkpoint of tmt", version=__version__, networks=networks,
        name=repo or "FOLDER", data="\n".join(f"- `{place}`: {_data(record)}" for place, record in records.items()),
        numbers="\n\n".join(_numbers(folder / place / CURVE, place, records[place]) for place in places.values()),
    )


def _record(path: Path) -> Mapping[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _data(record: Mapping[str, Any]) -> str:
    """What a network was trained on, in a sentence."""
    if not record:
        return "not recorded."
    heads = record.get("synthetic heads") or 0
    text = f"{_clips(record.get('trained on'))}; {heads} rendered heads of people who do not exist"
    text += f"; held out: {_clips(record.get('held out'))}."
    more = [f" {key.capitalize()}: {record[key]}" for key in ("started from", "stopped", "note") if record.get(key)]
    return text + "".join(line if line.endswith(".") else f"{line}." for line in more)


def _clips(names: object) -> str:
    if not isinstance(names, list) or not names:
        return "no clips of real people"
    return f"{len(names)} clips ({', '.join(map(str, names))})"


def _numbers(curve: Path, place: str, record: Mapping[str, Any]) -> str:
    """First and last row of a training's curve as a table, and what it was trained with."""
    numbers = record.get("numbers")
    told = numbers.items() if isinstance(numbers, Mapping) else ()
    settings = ", ".join(f"{key} {value}" for key, value in told if isinstance(value, int | float | str))
    lines = [f"`{place}`" + (f" ({settings})" if settings else "") + ":", ""]
    try:
        with curve.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error):
        rows = []
    if not rows:
        return "\n".join([*lines[:1], "", "no curve was recorded."])
    names = list(rows[0])
    shown = [rows[0], rows[-1]] if len(rows) > 1 else rows
    lines += ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join(lines + ["| " + " | ".join(row.get(name) or "" for name in names) + " |" for row in shown])
