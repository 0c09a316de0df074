"""The layout: imports point one way, the page stays outside the core, and the code keeps to the house's rules."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {".git", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__", "build", "dist"}

# From the outside inwards. A module that is named nowhere here is a stage.
ENTRANCES = {"__init__", "__main__", "cli", "cli_bars", "cli_batch", "cli_verify", "doctor", "page"}  # what is started
MEASURING = {"evaluate", "train"}  # uses the whole product; only the command line knows it
ORDER = {"batch", "pipeline", "preview", "run", "draw", "renderer", "study"}  # puts the stages in order
FOUNDATION = {"_version", "errors", "messages", "topology", "types", "geometry"}  # what every stage may use
# What app.py and the page use of the rest: what a run is asked by, and what it is shown with.
APP_USES = {"checkpoint", "errors", "types", "provenance", "pipeline", "page", "report_html"}
PAGE_USES = APP_USES | {
    "chosen", "estimate", "evaluate", "export", "learned", "motion", "preflight", "presets", "preview", "probe",
    "progress", "proxies", "receipt", "report_figures", "report_findings", "report_words", "run", "topology", "track",
    "verify", "video", "votes", "working",
}

LINES = 250
LONGER = {"types.py": 340}  # every shape that crosses a module border, told in one place


def python_files() -> list[Path]:
    """The project's own Python files."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).parts
        if not any(part in SKIPPED or part.startswith(".venv") or part.endswith(".egg-info") for part in parts):
            found.append(path)
    return found


def modules() -> list[Path]:
    return [path for path in python_files() if path.is_relative_to(ROOT / "tmt")]


def name_of(path: Path) -> str:
    """The first name under tmt: a package counts as one module."""
    return path.relative_to(ROOT / "tmt").parts[0].removesuffix(".py")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path, *, lazy: bool = True) -> Iterator[str]:
    """Full names of what a file imports when it runs; without `lazy` only at its top level."""
    todo: list[ast.AST] = [tree_of(path)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(path, node)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo += node.orelse
        elif lazy or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += ast.iter_child_nodes(node)


def _from(path: Path, node: ast.ImportFrom) -> Iterator[str]:
    package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
    base = ".".join([*package, *([node.module] if node.module else [])])
    for alias in node.names:
        inside = base.startswith("tmt") and (ROOT / base.replace(".", "/") / f"{alias.name}.py").is_file()
        yield f"{base}.{alias.name}" if inside or not base else base


def uses(path: Path, *, lazy: bool = True) -> set[str]:
    """First names under tmt that a file imports, without its own; "tmt" itself is "__init__"."""
    names = {name for name in imports(path, lazy=lazy) if name.split(".")[0] == "tmt"}
    return {([*name.split("."), "__init__"])[1] for name in names} - {name_of(path)}


@cache
def graph() -> Mapping[str, frozenset[str]]:
    """Module -> modules it uses, at any time."""
    arrows: dict[str, frozenset[str]] = {}
    for path in modules():
        arrows[name_of(path)] = arrows.get(name_of(path), frozenset()) | uses(path)
    return arrows


def test_the_imports_are_read_right() -> None:
    arrows = graph()
    assert {"types", "video", "study"} <= arrows["pipeline"]
    assert {"ffmpeg", "stills", "errors", "types"} <= arrows["probe"]  # relative imports
    assert "evaluate" in arrows["cli"]  # inside a function
    assert "cli" in arrows["__main__"]
    assert "track_mediapipe" not in uses(ROOT / "tmt" / "pipeline.py", lazy=False)


def test_types_stand_on_the_standard_library_and_arrays_alone() -> None:
    outside = {name.split(".")[0] for name in imports(ROOT / "tmt" / "types.py")}
    assert outside - set(sys.stdlib_module_names) <= {"numpy", "torch", "scipy"}


def test_the_foundation_knows_no_stage_and_geometry_only_the_types() -> None:
    arrows = graph()
    assert arrows["geometry"] <= {"types"}
    for name in FOUNDATION:
        assert arrows[name] <= FOUNDATION, name


def test_stages_never_reach_up_to_what_puts_them_in_order() -> None:
    arrows = graph()
    stages = set(arrows) - ENTRANCES - MEASURING - ORDER
    assert len(stages) > 20
    above = ENTRANCES | MEASURING | ORDER
    assert {name: arrows[name] & above for name in stages if arrows[name] & above} == {}


def test_what_orders_the_stages_knows_no_entrance_and_no_measuring() -> None:
    arrows = graph()
    assert {name: arrows[name] & (ENTRANCES | MEASURING) for name in ORDER} == {name: frozenset() for name in ORDER}
    assert not arrows["study"] & ORDER
    assert not arrows["renderer"] & ORDER
    assert arrows["draw"] & ORDER <= {"renderer"}
    assert arrows["run"] & ORDER <= {"draw"}


def test_measuring_is_known_to_command_line_and_page_and_training_to_the_command_line_alone() -> None:
    known_to = {name for name, used in graph().items() if used & MEASURING}
    assert known_to <= {"cli", "page", *MEASURING}
    assert not graph()["page"] & {"train"}
    assert not uses(ROOT / "tmt" / "cli.py", lazy=False) & (MEASURING | {"page", "doctor"})
    assert not (graph()["evaluate"] | graph()["train"]) & ENTRANCES


def test_no_module_uses_itself_by_a_detour() -> None:
    left = dict(graph())
    while free := [name for name, used in left.items() if not used & set(left)]:
        for name in free:
            del left[name]
    assert left == {}, "a ring of imports"


def test_gradio_is_imported_by_the_page_alone() -> None:
    for path in modules():
        roots = {name.split(".")[0] for name in imports(path)}
        assert name_of(path) == "page" or not roots & {"gradio", "gradio_client"}, path
        assert name_of(path) == "page" or "page" not in uses(path), path


def test_the_page_uses_public_names_of_a_few_modules() -> None:
    files = [ROOT / "app.py", *(ROOT / "tmt" / "page").glob("*.py")]
    for path in files:
        used = {([*name.split("."), "__init__"])[1] for name in imports(path) if name.split(".")[0] == "tmt"}
        assert used <= (APP_USES if path.name == "app.py" else PAGE_USES) | {"__init__"}, path
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tmt":
                assert not any(alias.name.startswith("_") for alias in node.names), path


def test_importing_the_whole_core_loads_no_gradio_and_leaves_the_heavy_and_the_optional_for_later() -> None:
    # networks and what trains them are the heavy: nothing else imports them before a learned method is asked for
    parts = (path.relative_to(ROOT).with_suffix("").parts for path in modules())
    heavy = {f"tmt.train.{name}" for name in ("fusion", "geometry", "head", "joint", "loop", "reprojection", "sights")}
    heavy.add("tmt.evaluate.growth")
    every = {".".join(part) for part in parts if part[1] not in ("page", "__main__", "networks")}
    names = sorted(name for name in every - heavy if not name.endswith("__main__"))
    later = "{'gradio', 'mediapipe', 'face_alignment', 'diffusers', 'playwright', 'dlib'}"
    code = f"import sys, importlib\nfor name in {names}: importlib.import_module(name)\n"
    code += f"print({later} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("set()", 0), done.stderr


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_shell_no_pickle_and_no_except_that_swallows_everything(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    assert not roots & {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: a bare except"
        if isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle", "weights_only"):
            safe = node.arg == "weights_only"
            assert isinstance(node.value, ast.Constant), f"line {node.value.lineno}: {node.arg}"
            assert node.value.value is safe, f"line {node.value.lineno}: {node.arg}"


def test_no_file_names_a_place_on_one_machine() -> None:
    private = re.compile(r"[/\\](?:home|Users)[/\\]+(?!someone\b)\w|(?<![\w.])/(?:root|work|mnt|media|data)/")
    kinds = {".py", ".md", ".toml", ".txt", ".css", ".js", ".json", ".yml", ".yaml", ".cfg", ".sh"}
    files = [path for path in ROOT.glob("*") if path.is_file()]
    for folder in ("tmt", "tests", "scripts", ".ci", "examples", "docs"):
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    texts = [path for path in files if (path.suffix in kinds or path.parent.name == ".ci") and path != Path(__file__)]
    assert len(texts) > 50
    for path in texts:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not private.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()}"


def test_files_stay_short_enough_to_be_read_at_one_go() -> None:
    lengths = {path.relative_to(ROOT / "tmt").as_posix(): path.read_text("utf-8").count("\n") for path in modules()}
    assert {name: n for name, n in lengths.items() if n > LONGER.get(name, LINES)} == {}
    assert all(lengths[name] > LINES for name in LONGER), "an exception that is no longer needed"


def test_an_installed_package_holds_every_file_that_is_not_code() -> None:
    """Weights that lie in the source tree alone would leave an installed `tmt` without them."""
    line = re.search(r"^package-data\.tmt = (\[.*\])$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert line is not None
    packed = {found for pattern in json.loads(line[1]) for found in (ROOT / "tmt").glob(pattern) if found.is_file()}
    files = {path for path in (ROOT / "tmt").rglob("*")
             if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts}
    assert {path.suffix for path in files} >= {".safetensors", ".json", ".npz", ".css", ".js"}
    assert files == packed
