"""Which weights are used: those that ship, or a checkpoint from a folder or from the Hugging Face Hub.

A checkpoint has any of the networks, each in a folder of its own (see `weights.py`); what it lacks is taken from those
that ship. It is passed on as a value: nothing remembers which one is in use, so that two never mix.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tmt.errors import SettingsError, WeightsError
from tmt.hub import fetch
from tmt.provenance import file_sha256
from tmt.weights import CONFIG, PLACES, STORED, check_network, networks_in

ASSETS = Path(__file__).with_name("assets")
SHIPPED_NAME = "shipped"
VARIABLE = "TMT_CHECKPOINT"  # what page and command line use where nothing is said: a Space has no command line
STUDIED = ("depth", "head", "pose")  # what a head is studied with; PoseNet where landmarks are lost
ON_HUB = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


@dataclass(frozen=True)
class Weights:
    """One network's folder, and the checkpoint that it came with; sha256 of the file of its weights, in hex (None: they
    ship, and are read when they are used)."""

    folder: Path
    name: str = SHIPPED_NAME
    revision: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Checkpoint:
    """The networks in use (None: not there, or left out). `name`: of the repository or the folder that was asked for;
    `revision`: its commit on the Hub. Plain data, which other processes understand, too."""

    fusion: Weights | None = None
    fusion2d: Weights | None = None
    head: Weights | None = None
    depth: Weights | None = None
    pose: Weights | None = None
    name: str = SHIPPED_NAME
    revision: str | None = None

    def __str__(self) -> str:
        """As it can be asked for again."""
        return f"{self.name}@{self.revision}" if self.revision else self.name


def _shipped(part: str) -> Weights | None:
    folder = ASSETS / PLACES[part][0]
    return Weights(folder) if (folder / CONFIG).is_file() else None


SHIPPED = Checkpoint(**{part: _shipped(part) for part in PLACES})  # type: ignore[arg-type]


def resolve(asked: Checkpoint | str | Path | None = None, revision: str | None = None) -> Checkpoint:
    """The checkpoint that is `asked` for: a folder; "owner/name" on the Hub, at a `revision` (branch, tag, commit), or
    "owner/name@revision"; None: what ships. All of its networks are looked at before any is used.

    Raises WeightsError for one that is not there or cannot be used.
    """
    if isinstance(asked, Checkpoint):
        return asked
    if asked is None:
        _no_revision(revision, "it goes with the name of a repository")
        return SHIPPED
    folder, name, commit = _located(asked, revision)
    try:
        own = {
            part: Weights(place, name, commit, check_network(place, part, _spelled(name, folder, place)))
            for part, place in networks_in(folder, name).items()
        }
    except OSError as error:
        raise WeightsError("checkpoint_network", name=name, reason=error.strerror) from error
    return replace(SHIPPED, **own, name=name, revision=commit)  # type: ignore[arg-type]


def _located(asked: str | Path, revision: str | None) -> tuple[Path, str, str | None]:
    """Folder, name and commit."""
    folder, on_hub = Path(os.path.expanduser(asked)), ON_HUB.fullmatch(str(asked))  # noqa: PTH111  # never fails
    if asked != "" and folder.is_dir():
        _no_revision(revision, "a folder has none")
        folder = folder.resolve()
        return folder, folder.name or str(folder), None
    if isinstance(asked, Path) or on_hub is None:
        raise WeightsError("checkpoint_missing", name=asked)
    if revision and on_hub["revision"]:
        _no_revision(revision, "the name says another")
    folder, commit = fetch(on_hub["name"], revision or on_hub["revision"])
    return folder, on_hub["name"], commit


def _no_revision(revision: str | None, reason: str) -> None:
    if revision:
        raise SettingsError("setting", name="revision", value=revision, reason=reason)


def _spelled(name: str, folder: Path, place: Path) -> str:
    """A network within a checkpoint, as it is named to a user."""
    return name if place == folder else f"{name}/{place.relative_to(folder).as_posix()}"


def from_environment() -> str | None:
    """What TMT_CHECKPOINT asks for."""
    return os.environ.get(VARIABLE) or None


def add_options(parser: argparse.ArgumentParser) -> None:
    """--checkpoint and --revision, for whatever leads to a pipeline."""
    parser.add_argument("--checkpoint", default=from_environment(), metavar="FOLDER_OR_REPO",
                        help=f"weights of your own, or owner/name on the Hub; default: ${VARIABLE}, or those that ship")
    parser.add_argument("--revision", metavar="COMMIT", help="of the Hub's repository: a branch, a tag, a commit")


def told(checkpoint: Checkpoint | None, parts: Iterable[str]) -> dict[str, object]:
    """What a report says of the networks that a run asks: which checkpoint, and whose weights each one's are."""
    used = checkpoint or SHIPPED
    networks = {part: weights for part in parts if (weights := getattr(used, part)) is not None}
    return {
        "name": used.name, "revision": used.revision,
        "weights": {
            part: {"name": one.name, "revision": one.revision, "sha256": one.sha256 or _sha256(one.folder / STORED)}
            for part, one in networks.items()
        },
    }  # fmt: skip


@cache
def _sha256(file: Path) -> str:
    """Of a file that ships: it stays as it is."""
    return file_sha256(file)
