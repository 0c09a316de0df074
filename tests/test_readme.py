"""What README.md promises: two commands that stand alone, a front matter that fits, examples that the program takes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tmt.cli import _parser

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ("README.md", "README.ja.md", "tmt/evaluate/README.md", "tmt/train/README.md")
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def command(which: str) -> str:
    """The command after a marker."""
    (found,) = re.findall(rf"^<!-- {which} -->\n```bash\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
    assert isinstance(found, str)
    return found


def front_matter() -> dict[str, str]:
    """The Space's settings, as plain strings."""
    head = README.split("---\n")[1]
    pairs = (line.split(": ", 1) for line in head.splitlines())
    return {key: value.strip('"') for key, value in pairs}


def shown_commands(document: str) -> list[str]:
    """Every line in a block of shell commands that calls the program."""
    told = (ROOT / document).read_text("utf-8")
    blocks = re.findall(r"^```(?:bash|sh|console)?\n(.*?)^```", told, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in re.sub(r"\\\n\s*", "", block).splitlines()]
    return [line for line in lines if re.match(r"(\S*python3? -m )?tmt ", line)]


@pytest.mark.parametrize("which", ["run", "test"])
def test_each_command_is_one_line_that_makes_and_uses_its_own_environment(which: str) -> None:
    first, *others = command(which).split(" && ")
    assert "\n" not in command(which)
    environment = first.removeprefix("python3 -m venv ")
    assert environment.startswith(".venv")
    assert all(other.startswith(f"{environment}/bin/") for other in others)
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert f"{environment}/" in ignored or ".venv-*/" in ignored


def test_the_two_environments_do_not_meet() -> None:
    assert command("run").split(" && ")[0] != command("test").split(" && ")[0]


def test_the_run_command_installs_the_requirements_and_opens_the_page() -> None:
    assert "-r requirements.txt" in command("run")
    assert command("run").endswith("python app.py")


def test_the_test_command_checks_style_types_and_behaviour_in_this_order() -> None:
    places = [command("test").index(part) for part in ("[test]", "ruff check", "mypy", "pytest")]
    assert places == sorted(places)


def test_the_front_matter_fits_the_project() -> None:
    said, requirements = front_matter(), (ROOT / "requirements.txt").read_text("utf-8")
    assert said["sdk"] == "gradio"
    assert f"gradio>={said['sdk_version'].split('.')[0]}," in requirements
    assert said["python_version"] in ("3.10", "3.12")  # what a Space with a shared GPU is built with
    assert (ROOT / said["app_file"]).is_file()
    assert {said["colorFrom"], said["colorTo"]} <= COLOURS
    assert len(said["short_description"]) <= 60  # longer ones are refused


def test_the_licence_is_named_alike_everywhere() -> None:
    assert front_matter()["license"] == "apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text("utf-8")
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_is_shown_is_understood(document: str) -> None:
    parser = _parser()
    for line in shown_commands(document):
        words = shlex.split(line, comments=True)
        parser.parse_args(words[words.index("tmt") + 1 :])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_linked_is_there(document: str) -> None:
    told, folder = (ROOT / document).read_text("utf-8"), (ROOT / document).parent
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)", told):
        assert (folder / target).exists(), target


@pytest.mark.skipif(shutil.which("bash") is None, reason="the script is written for bash")
@pytest.mark.parametrize(
    ("commands", "status"), [("echo fine", 0), ("echo fine && exit 7", 7), ("echo one\necho two", 2), ("", 2)]
)
def test_continuous_integration_runs_the_readme_command_and_passes_its_status_on(
    tmp_path: Path, commands: str, status: int
) -> None:
    script = tmp_path / ".ci" / "run"
    script.parent.mkdir()
    shutil.copy(ROOT / ".ci" / "run", script)
    (tmp_path / "README.md").write_text(f"# A\n\n<!-- test -->\n```bash\n{commands}\n```\n\n```bash\necho no\n```\n")
    (tmp_path / ".venv-test").mkdir()
    (tmp_path / "bin").mkdir()
    browser = tmp_path / "bin" / "chromium"  # one is there already: nothing shall be installed
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    path = f"{browser.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run([script], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert ("fine" in done.stdout.splitlines()) is (status != 2)
    assert "no" not in done.stdout.splitlines()
    assert (tmp_path / ".venv-test").exists() is (status == 2)


def test_the_readme_can_be_read_at_one_go() -> None:
    assert README.count("\n") <= 320
