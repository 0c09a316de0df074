"""The example clips that the page shows at once: read from examples/examples.json, left out where there are none."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tmt.errors import Language, TmtError
from tmt.page.player import lanes, player
from tmt.page.texts import text
from tmt.preflight import Role
from tmt.probe import probe
from tmt.proxies import moments
from tmt.report_html import data_uri

log = logging.getLogger(__name__)
FACE = 88  # px of a small picture: sharp on a telephone, too


@dataclass(frozen=True)
class Example:
    """A clip of a person who does not exist. name, about: by language."""

    path: Path
    role: Role
    name: Mapping[str, str]
    about: Mapping[str, str]


@dataclass(frozen=True)
class ExamplePair:
    """A finished run: who is shown, who moves, and what came out."""

    subject: Example
    driving: Example
    result: Path


@dataclass(frozen=True)
class Examples:
    """All of them; empty where the project came without."""

    clips: tuple[Example, ...] = ()
    pairs: tuple[ExamplePair, ...] = ()

    def of(self, role: Role) -> list[Example]:
        """The clips for one side of the form."""
        return [clip for clip in self.clips if clip.role == role]

    def holds(self, path: Path) -> bool:
        """Whether a file is one of the examples: people who do not exist need not be asked."""
        return any(clip.path == path for clip in self.clips)


def load_examples(folder: Path) -> Examples:
    """Read the manifest of a folder; what is not there, or makes no sense, is left out and logged."""
    try:
        known = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
        clips = {entry["file"]: _clip(folder, entry) for entry in known["clips"] if (folder / entry["file"]).is_file()}
        pairs = [entry for entry in known.get("pairs", []) if _complete(folder, entry, clips)]
    except FileNotFoundError:
        return Examples()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("the examples are left out: %s", error)
        return Examples()
    made = (ExamplePair(clips[p["subject"]], clips[p["driving"]], folder / p["result"]) for p in pairs)
    return Examples(tuple(clips.values()), tuple(made))


def _clip(folder: Path, entry: Mapping[str, object]) -> Example:
    role, name, about = entry["role"], entry["name"], entry.get("about", {})
    if role not in ("subject", "driving") or not isinstance(name, Mapping) or not isinstance(about, Mapping):
        raise ValueError(f"{entry.get('file')}: role and names are wanted")
    return Example((folder / str(entry["file"])).resolve(), role, name, about)


def _complete(folder: Path, entry: Mapping[str, str], clips: Mapping[str, Example]) -> bool:
    return entry["subject"] in clips and entry["driving"] in clips and (folder / entry["result"]).is_file()


def showcase(examples: Examples, language: Language) -> str:
    """The finished pairs in a player, one at a time, each with a button that loads it into the form."""
    if not examples.pairs:
        return ""
    tabs = panels = ""
    for index, pair in enumerate(examples.pairs):
        faces = f"{_face(pair.subject)}{_face(pair.driving)}"
        name = f"{faces}<span>{_named(pair.subject, language)} × {_named(pair.driving, language)}</span>"
        if len(examples.pairs) > 1:
            pressed = "true" if index == 0 else "false"
            tabs += f'<button type="button" data-show="{index}" aria-pressed="{pressed}">{name}</button>'
        files = {"subject": pair.subject.path, "driving": pair.driving.path, "result": pair.result}
        shown = player(lanes(files, language), _rate(pair.result), language, mode="wipe", autoplay=True, telling=True)
        hidden = "" if index == 0 else " hidden"
        use = f'<button type="button" class="use" data-pair="{index}">{text("use_pair", language)}</button>'
        panels += f'<div class="pair-panel" data-panel="{index}"{hidden}>{shown}{use}</div>'
    note = f'<p class="hint">{text("examples_note", language)}</p>'
    return f'<div class="showcase"><div class="pair-tabs">{tabs}</div>{panels}{note}</div>'


def chips(examples: Examples, role: Role, language: Language) -> str:
    """Buttons that load one example clip."""
    buttons = "".join(
        f'<button type="button" data-clip="{index}" title="{html.escape(_about(clip, language))}"'
        f' aria-label="{text("use_clip", language, name=_named(clip, language))}">{_face(clip)}'
        f"{_named(clip, language)}</button>"
        for index, clip in enumerate(examples.of(role))
    )
    return f'<div class="chips"><span>{text("or_example", language)}</span>{buttons}</div>' if buttons else ""


def _face(clip: Example) -> str:
    """A small picture of who is seen in a clip; its name stands beside it."""
    return f'<img class="face-chip" alt="" src="{_first_picture(clip.path)}">'


@lru_cache(maxsize=64)
def _first_picture(path: Path) -> str:
    """The middle of a clip's first frame as a small picture inside a URL; empty where there is none."""
    try:
        (frame,) = moments(path, [0.0], FACE)
    except TmtError:
        return "data:,"
    left = max(0, (frame.shape[1] - FACE) // 2)
    return data_uri(frame[:, left : left + FACE])


def _named(clip: Example, language: Language) -> str:
    return html.escape(str(clip.name.get(language) or next(iter(clip.name.values()), clip.path.stem)))


def _about(clip: Example, language: Language) -> str:
    return str(clip.about.get(language, ""))


def _rate(path: Path) -> float:
    try:
        return float(probe(path).fps)
    except TmtError:
        return 25.0
