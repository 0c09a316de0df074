"""Trained networks -> a checkpoint's folder with a model card, and from there to the Hugging Face Hub."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tmt.errors import OutputError, WeightsError
from tmt.hub import failures
from tmt.train.card import card
from tmt.weights import CONFIG, CURVE, PLACES, RECORD, STORED, check_network, first_line, networks_in

CARD = "README.md"


def gather(runs: Sequence[Path], out: Path, repo: str | None = None) -> list[Path]:
    """Copy what trainings left as their best into a checkpoint `out`, a new or empty folder; what was written. `repo`:
    owner/name, for the card.

    Raises WeightsError for a run that holds no network, or a broken one, or one that another run holds, too;
    OutputError. Nothing appears unless all of it does.
    """
    found: dict[str, tuple[Path, Path]] = {}  # part -> the run's folder, the network's
    for run in runs:
        if not run.is_dir():
            raise WeightsError("checkpoint_missing", name=run)
        name = run.resolve().name
        for part, folder in networks_in(run, name).items():
            if part in found:
                raise WeightsError("publish_twice", name=name, part=part)
            check_network(folder, part, name)
            found[part] = run, folder
    _check_out(out)
    try:
        with tempfile.TemporaryDirectory(prefix=".tmt-", dir=out.resolve().parent) as place:
            made = Path(place) / "checkpoint"  # the folder of a TemporaryDirectory itself is closed to others
            for part, (run, folder) in found.items():
                _copy(run, folder, made / PLACES[part][0])
            (made / CARD).write_text(card(made, {part: PLACES[part][0] for part in found}, repo), encoding="utf-8")
            if out.is_dir():
                out.rmdir()  # it is empty; onto one that is there nothing can be moved on Windows
            os.replace(made, out)
    except OSError as error:
        raise OutputError("output_unwritable", name=out.name, reason=error.strerror) from error
    return sorted(path for path in out.rglob("*") if path.is_file())


def _check_out(out: Path) -> None:
    if out.is_dir():
        if any(out.iterdir()):
            raise OutputError("output_unwritable", name=out.name, reason="the folder is not empty")
    elif out.exists():
        raise OutputError("output_unwritable", name=out.name, reason="it is a file, not a folder")
    elif not out.resolve().parent.is_dir():
        raise OutputError("output_unwritable", name=out.name, reason="the folder above it does not exist")


def _copy(run: Path, folder: Path, to: Path) -> None:
    """One network: its weights, its configuration without a place on the trainer's machine, and what its training
    recorded, which lies beside it or, of several trained together, above it."""
    to.mkdir(parents=True)
    shutil.copyfile(folder / STORED, to / STORED)
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    config.pop("_name_or_path", None)
    (to / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for name in (RECORD, CURVE):
        beside = next((path for path in (folder / name, run / name) if path.is_file()), None)
        if beside is not None:
            shutil.copyfile(beside, to / name)


def upload(folder: Path, repo: str, *, public: bool = False) -> str:
    """Upload a checkpoint to a repository of the Hub, which is made if it is not there; its address.

    Raises WeightsError where the Hub refuses or cannot be reached, or where the repository is public and `public` is
    not said.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        api.create_repo(repo, private=not public, exist_ok=True)
        if not public and not api.model_info(repo).private:  # one that was there before keeps what it was
            raise WeightsError("publish_public", name=repo)
        done = api.upload_folder(
            repo_id=repo, folder_path=folder, commit_message="Checkpoint of tmt", allow_patterns=_own_files()
        )
    except failures() as error:
        raise WeightsError("publish_refused", name=repo, reason=first_line(error)) from error
    return str(done.commit_url)


def _own_files() -> list[str]:
    """What `gather` writes, and nothing that came into the folder since."""
    names = (CONFIG, STORED, RECORD, CURVE)
    return [CARD, *(f"{places[0]}/{name}" for places in PLACES.values() for name in names)]
