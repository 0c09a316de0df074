"""Where the networks run, and where named weights come from: device and download are chosen here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath

import torch

from tmt.errors import WeightsError
from tmt.weights import CONFIG, MOST_BYTES, PLACES, RECORD, STORED, first_line, refuse_pickles

ROOT = "."
FOLDERS = (ROOT, *(place for places in PLACES.values() for place in places))
# Nothing else of a repository is fetched: no code, no pickles, no state of a training.
WANTED = ("README.md", RECORD, *(str(PurePosixPath(f, name)) for f in FOLDERS for name in (CONFIG, STORED)))
TIMEOUT = 10.0  # s that a first answer may take


def device() -> torch.device:
    """The first CUDA device if a kernel really runs on it, otherwise the CPU."""
    if torch.cuda.is_available():
        try:
            return torch.ones(1, device="cuda:0").add_(1).device
        except RuntimeError:  # a card can be there that this build of torch has no kernels for
            pass
    return torch.device("cpu")


def fetch(name: str, revision: str | None = None) -> tuple[Path, str]:
    """The networks of a repository of the Hub: their folder in the library's cache, and the commit. What was fetched
    once is used where the Hub cannot be reached. HF_ENDPOINT, HF_HOME, HF_HUB_OFFLINE and HF_TOKEN are the library's.

    Raises WeightsError for a repository or revision that is not there, not open to this user, not reachable, or that
    holds nothing of use.
    """
    from huggingface_hub import snapshot_download

    # All files are begun at once: of a download that is cut off a network's weights are missing, never all of it.
    download = partial(
        snapshot_download, name, revision=revision, allow_patterns=list(WANTED), max_workers=len(WANTED)
    )
    try:
        _look_over(name, _listed(name, revision))
        folder = Path(download())
    except failures() as error:
        try:
            folder = Path(download(local_files_only=True))
        except failures():
            raise _refused(name, revision, error) from error
    return folder, folder.name


def failures() -> tuple[type[Exception], ...]:
    """What goes wrong with the Hub, among it the errors of the HTTP client, which differs from version to version."""
    from huggingface_hub.errors import HfHubHTTPError

    return OSError, ValueError, *HfHubHTTPError.__bases__


def _listed(name: str, revision: str | None) -> dict[str, int]:
    """A repository's files and their bytes."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(name, revision=revision, files_metadata=True, timeout=TIMEOUT)
    return {file.rfilename: file.size or 0 for file in info.siblings or ()}


def _look_over(name: str, files: Mapping[str, int]) -> None:
    """WeightsError for a repository that is not worth fetching, before anything of it is."""
    beside: dict[str, list[str]] = {folder: [] for folder in FOLDERS}
    for path in map(PurePosixPath, files):
        beside.get(str(path.parent), []).append(path.name)
    for folder, names in beside.items():
        if folder != ROOT:
            refuse_pickles(name, names)
    if not any(STORED in names for names in beside.values()):
        refuse_pickles(name, beside[ROOT])
        raise WeightsError("checkpoint_empty", name=name)
    largest = max(size for file, size in files.items() if file in WANTED)
    if largest > MOST_BYTES:
        raise WeightsError("checkpoint_large", name=name, found=largest / 1e6, limit=MOST_BYTES / 1e6)


def _refused(name: str, revision: str | None, error: Exception) -> WeightsError:
    """Why a repository could not be had, in words for a user."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return WeightsError("hub_gated", name=name)
    if isinstance(error, errors.RepositoryNotFoundError | errors.HFValidationError):
        return WeightsError("hub_missing", name=name)
    if isinstance(error, errors.RevisionNotFoundError):
        return WeightsError("hub_revision", name=name, revision=revision)
    return WeightsError("hub_unreached", name=name, reason=first_line(error))
