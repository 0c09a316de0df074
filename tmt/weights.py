"""A network's folder: which files it has, where a checkpoint keeps it, and whether what lies there can be used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tmt.errors import WeightsError
from tmt.provenance import file_sha256

CONFIG, STORED = "config.json", "diffusion_pytorch_model.safetensors"  # as diffusers names them
RECORD, CURVE = "training.json", "curve.csv"  # what a training leaves beside its weights
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")  # can run code when they are read: never are
MOST_PARAMETERS = 50_000_000  # thirty times what ships: anything larger was not made for this program
MOST_BYTES = 4 * MOST_PARAMETERS + 1_000_000  # in single precision, with the header

# A part of the program -> folders within a checkpoint, the first that is there counts (a training of the geometry
# leaves depth and pose at the top).
PLACES: Mapping[str, tuple[str, ...]] = {
    "fusion": ("fusion",),
    "fusion2d": ("fusion2d",),
    "head": ("head",),
    "depth": ("geometry/depth", "depth"),
    "pose": ("geometry/pose", "pose"),
}
CLASSES = {"fusion": "FusionNet", "fusion2d": "FusionNet", "head": "HeadCell", "depth": "DepthNet", "pose": "PoseNet"}
FED: Mapping[str, Mapping[str, int]] = {"FusionNet": {"maps": 18}, "PoseNet": {"side": 128}}  # what the program feeds


def network_class(part: str) -> Any:
    """The class of a part's network; importing it takes seconds."""
    from tmt.networks.depth import DepthNet
    from tmt.networks.fusion import FusionNet
    from tmt.networks.head import HeadCell
    from tmt.networks.pose import PoseNet

    return {kind.__name__: kind for kind in (DepthNet, FusionNet, HeadCell, PoseNet)}[CLASSES[part]]


def networks_in(folder: Path, name: str) -> dict[str, Path]:
    """The networks of a checkpoint, or of a folder that is itself a network: part -> folder; at least one, or a
    WeightsError about `name`. Whether they can be used is not looked at."""
    found = {part: there[0] for part, places in PLACES.items()
             if (there := [folder / place for place in places if _begun(folder / place)])}  # fmt: skip
    if (folder / CONFIG).is_file():
        kind = _json(folder / CONFIG, name).get("_class_name")
        parts = [part for part, named in CLASSES.items() if named == kind]
        if parts:
            found.setdefault(parts[-1] if _trained_flat(folder) else parts[0], folder)
        elif not found:
            known = "/".join(dict.fromkeys(CLASSES.values()))
            raise WeightsError("checkpoint_class", name=name, found=kind, wanted=known)
    if not found:
        refuse_pickles(name, (path.name for path in folder.iterdir()))
        raise WeightsError("checkpoint_empty", name=name)
    return found


def refuse_pickles(name: str, files: Iterable[str]) -> None:
    """WeightsError where weights are there, but only as a file that can run code."""
    names = list(files)
    unsafe = [file for file in names if PurePosixPath(file).suffix in PICKLES]
    if unsafe and not any(file.endswith(".safetensors") for file in names):
        raise WeightsError("checkpoint_pickle", name=name, file=unsafe[0])


def check_network(folder: Path, part: str, name: str) -> str:
    """SHA-256 of a network's weights, in hex; WeightsError about `name` unless they are whole and fit this program."""
    files = [path.name for path in folder.iterdir()]
    if STORED not in files:
        refuse_pickles(name, files)
    for file in (CONFIG, STORED):
        if file not in files:
            raise WeightsError("checkpoint_lacks", name=name, file=file)
    size = (folder / STORED).stat().st_size
    if size > MOST_BYTES:
        raise WeightsError("checkpoint_large", name=name, found=size / 1e6, limit=MOST_BYTES / 1e6)
    _check_tensors(folder / STORED, _shapes_wanted(_json(folder / CONFIG, name), part, name), name)
    return file_sha256(folder / STORED)


def _shapes_wanted(config: Mapping[str, Any], part: str, name: str) -> dict[str, tuple[int, ...]]:
    """The tensors of the network that a config.json describes; nothing is allocated for them."""
    import torch

    kind, said = network_class(part), config.get("_class_name")
    if said != kind.__name__:
        raise WeightsError("checkpoint_class", name=name, found=said, wanted=kind.__name__)
    for key, fed in FED.get(kind.__name__, {}).items():
        if config.get(key, fed) != fed:
            raise WeightsError("checkpoint_shape", name=name, part=key, found=config[key], wanted=fed)
    try:
        with torch.device("meta"):
            state = kind.from_config(dict(config)).state_dict()
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise WeightsError("checkpoint_network", name=name, reason=f"{CONFIG}: {first_line(error)}") from error
    count = sum(tensor.numel() for tensor in state.values())
    if count > MOST_PARAMETERS:
        raise WeightsError("checkpoint_large", name=name, found=4e-6 * count, limit=MOST_BYTES / 1e6)
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def _check_tensors(file: Path, wanted: Mapping[str, tuple[int, ...]], name: str) -> None:
    """WeightsError unless a file holds just these tensors, and they are finite numbers."""
    import torch
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt") as stored:
            shapes = {key: tuple(stored.get_slice(key).get_shape()) for key in stored.keys()}  # noqa: SIM118
            if shapes != wanted:
                odd = min(key for key in {*shapes, *wanted} if shapes.get(key) != wanted.get(key))
                sizes = {"found": shapes.get(odd), "wanted": wanted.get(odd)}
                raise WeightsError("checkpoint_shape", name=name, part=odd, **sizes)
            for tensor in map(stored.get_tensor, shapes):
                if not (tensor.is_floating_point() and bool(torch.isfinite(tensor).all())):
                    raise WeightsError("checkpoint_network", name=name, reason="its weights are not finite numbers")
    except (SafetensorError, OSError) as error:
        raise WeightsError("checkpoint_network", name=name, reason=f"{file.name}: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """An error's own words, cut short, or its kind where it has none."""
    return " ".join(str(error).split())[:120] or type(error).__name__


def _begun(folder: Path) -> bool:
    """Whether a folder holds a network, or what is left of one."""
    return folder.is_dir() and any(
        path.name == CONFIG or path.suffix in (".safetensors", *PICKLES) for path in folder.iterdir()
    )


def _trained_flat(folder: Path) -> bool:
    """Whether a fusion was trained on frames that 2D landmarks warp, as its training recorded."""
    record = _json(folder / RECORD, folder.name) if (folder / RECORD).is_file() else {}
    numbers = record.get("numbers")
    return isinstance(numbers, Mapping) and numbers.get("warp") == "2d"


def _json(file: Path, name: str) -> Mapping[str, Any]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError("checkpoint_network", name=name, reason=f"{file.name}: {first_line(error)}") from error
    if not isinstance(read, dict):
        raise WeightsError("checkpoint_network", name=name, reason=f"{file.name} is no JSON object")
    return read
