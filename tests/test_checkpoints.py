"""Weights of one's own: from a folder or from the Hub, whole or not at all, and never those of somebody else."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from fake_hub import FakeHub, serving
from heads import DATA, TOPOLOGY, acted, pipeline, studied
from safetensors.torch import load_file, save_file

import app
from tmt import doctor, hub
from tmt.attend import MAPS
from tmt.bank import target_of
from tmt.canvas import crop_canvas
from tmt.checkpoint import ASSETS, SHIPPED, STUDIED, Checkpoint, resolve, told
from tmt.cli import _parser, main
from tmt.errors import Language, OutputError, SettingsError, WeightsError
from tmt.headcrop import SIDE
from tmt.learned import load_all, load_fusion, load_head, offered
from tmt.networks.depth import DepthNet
from tmt.networks.fusion import FusionNet
from tmt.networks.head import HeadCell
from tmt.networks.pose import PoseNet
from tmt.pipeline import TalkingHeadPipeline
from tmt.provenance import file_sha256
from tmt.renderer import Renderer
from tmt.train import __main__ as training
from tmt.train import publish
from tmt.types import Array, Consent, HeadPath, Settings
from tmt.weights import FED, STORED

NAME = "someone/own-heads"
AHEAD = HeadPath(np.zeros(2), np.zeros(2), np.zeros(2), Fraction(25))  # two frames from the front


def painting(seed: int) -> FusionNet:
    """A small fusion that paints over what it is given, visibly, in a way of its own."""
    torch.manual_seed(seed)
    net = FusionNet(source=4, width=8, widths=(8, 8, 8))
    with torch.no_grad():
        net.paint.weight.normal_(0, 2.0)
    return net


def save(net: Any, folder: Path) -> Path:
    net.half().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a fusion and a head's cell."""
    made = tmp_path_factory.mktemp("checkpoints") / "own"
    save(painting(1), made / "fusion")
    save(HeadCell(4, 4, 4), made / "head")
    return made


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of another fusion alone."""
    made = tmp_path_factory.mktemp("checkpoints") / "other"
    save(painting(2), made / "fusion")
    return made


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    """A Hub for the client of this process, which has an empty cache."""
    from huggingface_hub import constants

    with serving(FakeHub()) as served:
        monkeypatch.setattr(constants, "ENDPOINT", served.url)
        template = served.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield served


def refusal(asked: str | Path | None, revision: str | None = None) -> WeightsError:
    with pytest.raises(WeightsError) as caught:
        resolve(asked, revision)
    for language in ("en", "ja"):
        words: Language = language
        assert caught.value.text(words)
    return caught.value


def own(checkpoint: Checkpoint) -> set[str]:
    """Parts whose weights do not ship."""
    parts = ("fusion", "fusion2d", "head", "depth", "pose")
    return {part for part in parts if getattr(checkpoint, part) != getattr(SHIPPED, part)}


# From a folder.


def test_what_a_checkpoint_lacks_is_taken_from_what_ships(folder: Path) -> None:
    used = resolve(folder)
    assert own(used) == {"fusion", "head"} and (used.name, used.revision) == ("own", None)
    assert used == resolve(str(folder)) and resolve() is SHIPPED
    assert offered(used) == offered() and load_all(used) == ("fusion", "fusion2d", "head", "depth", "pose")
    assert load_head(used.head).count == 4 != load_head().count


def test_what_ships_fits_itself() -> None:
    assert own(resolve(ASSETS)) == {"fusion", "fusion2d", "head", "depth", "pose"}
    assert {"FusionNet": {"maps": len(MAPS)}, "PoseNet": {"side": SIDE}} == FED


@pytest.mark.parametrize(
    ("net", "warp", "part"),
    [(painting(3), None, "fusion"), (painting(3), "3d", "fusion"), (painting(3), "2d", "fusion2d"),
     (HeadCell(4, 4, 4), None, "head"), (DepthNet((8, 8, 8, 8)), None, "depth"), (PoseNet((8, 8)), None, "pose")],
)  # fmt: skip
def test_a_folder_that_is_itself_a_network_is_that_network(
    net: Any, warp: str | None, part: str, tmp_path: Path
) -> None:
    best = save(net, tmp_path / "best")
    if warp is not None:
        (best / "training.json").write_text(json.dumps({"numbers": {"warp": warp}}))
    assert own(resolve(best)) == {part}


def test_depth_and_pose_lie_as_a_training_of_the_geometry_leaves_them(tmp_path: Path) -> None:
    for place in ("best/depth", "whole/geometry/depth"):
        save(DepthNet((8, 8, 8, 8)), tmp_path / place)
    assert own(resolve(tmp_path / "best")) == own(resolve(tmp_path / "whole")) == {"depth"}


@pytest.mark.parametrize("asked", ["no/such/folder", "nothing", "", "~nobody/none", Path("no/such")])
def test_what_is_neither_a_folder_nor_a_name_is_told(asked: str | Path) -> None:
    assert refusal(asked).key == "checkpoint_missing"


def test_a_folder_without_a_network_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    assert refusal(tmp_path).key == "checkpoint_empty"


@pytest.mark.parametrize("place", [".", "fusion"])
def test_weights_that_could_run_code_are_never_read(place: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / place).mkdir(exist_ok=True)
    shutil.copy(folder / "fusion" / "config.json", tmp_path / place)
    torch.save({}, tmp_path / place / "diffusion_pytorch_model.bin")
    assert refusal(tmp_path).key == "checkpoint_pickle"


def broken(how: str, folder: Path) -> None:
    """Spoil a fusion's folder."""
    config, stored = folder / "config.json", folder / STORED
    told, tensors = json.loads(config.read_text()), load_file(stored)
    if how == "cut off":
        stored.write_bytes(stored.read_bytes()[:-100])
    elif how == "no safetensors":
        stored.write_bytes(b"not a tensor")
    elif how == "no weights":
        stored.unlink()
    elif how == "no config":
        config.unlink()
    elif how == "no JSON":
        config.write_text("{")
    elif how == "another class":
        config.write_text(json.dumps({**told, "_class_name": "UNet2DModel"}))
    elif how == "a head":
        save(HeadCell(4, 4, 4), folder)
    elif how == "other widths":
        config.write_text(json.dumps({**told, "width": 16}))
    elif how == "nonsense":
        config.write_text(json.dumps({**told, "widths": "wide"}))
    elif how == "other maps":
        save(FusionNet(maps=20, source=4, width=8, widths=(8, 8, 8)), folder)
    elif how == "a tensor less":
        save_file(dict(list(tensors.items())[1:]), stored)
    elif how == "not a number":
        save_file({**tensors, "choose.weight": tensors["choose.weight"] * np.nan}, stored)


@pytest.mark.parametrize(
    ("how", "key"),
    [
        *((how, "checkpoint_network") for how in ("cut off", "no safetensors", "no JSON", "nonsense", "not a number")),
        *((how, "checkpoint_lacks") for how in ("no weights", "no config")),
        *((how, "checkpoint_class") for how in ("another class", "a head")),
        *((how, "checkpoint_shape") for how in ("other widths", "other maps", "a tensor less")),
    ],
)
def test_a_network_that_does_not_fit_is_refused_and_named(how: str, key: str, folder: Path, tmp_path: Path) -> None:
    made = tmp_path / "mine"
    shutil.copytree(folder, made)
    broken(how, made / "fusion")
    error = refusal(made)
    assert error.key == key and "mine/fusion" in str(error)
    assert str(tmp_path) not in str(error), "a report or a page may show it"


def test_a_network_too_large_is_refused_before_it_takes_memory(folder: Path, tmp_path: Path) -> None:
    made = tmp_path / "fusion"
    shutil.copytree(folder / "fusion", made)
    told = json.loads((made / "config.json").read_text())
    (made / "config.json").write_text(json.dumps({**told, "widths": [50_000, 50_000, 50_000]}))
    assert refusal(tmp_path).key == "checkpoint_large"
    shutil.copy(folder / "fusion" / "config.json", made)
    with (made / STORED).open("r+b") as file:
        file.truncate(3 << 30)  # a hole: it takes no room
    assert refusal(tmp_path).key == "checkpoint_large"


def test_weights_that_changed_since_they_were_looked_at_are_not_loaded(folder: Path, tmp_path: Path) -> None:
    made = tmp_path / "mine"
    shutil.copytree(folder, made)
    before = resolve(made)
    save(painting(4), made / "fusion")
    assert before.fusion is not None
    with pytest.raises(WeightsError, match="no longer"):
        load_fusion(before.fusion)
    after = resolve(made)
    assert after.fusion is not None and after.fusion != before.fusion
    assert isinstance(load_fusion(after.fusion), FusionNet), "what is kept of before is not taken for it"


def test_a_revision_belongs_to_a_repository(folder: Path) -> None:
    for asked in (None, folder):
        with pytest.raises(SettingsError, match="revision"):
            resolve(asked, "v1")


# Two at once.


def drawn(checkpoint: Checkpoint | None) -> Iterator[Array]:
    """Three frames of a painted head by the fusion of a checkpoint, whenever they are asked for."""
    head = replace(acted().head(range(0, 24, 3)), checkpoint=checkpoint)
    canvas = crop_canvas(head.bank, head.plate, 96)
    renderer = Renderer(head, TOPOLOGY, canvas, Settings(method="fused"))
    for frame in (4, 10, 16):
        yield renderer.draw(target_of(head.performance, frame))
    renderer.close()


def test_the_fusion_of_a_checkpoint_is_what_draws_and_two_of_them_do_not_mix(folder: Path, other: Path) -> None:
    checkpoints = [resolve(folder), resolve(other), None]
    alone = [np.stack(list(drawn(checkpoint))) for checkpoint in checkpoints]
    for one, another in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(alone[one].astype(int) - alone[another]).mean() > 1
    turns = zip(*map(drawn, checkpoints), strict=True)
    for by_itself, in_turns in zip(alone, map(np.stack, zip(*turns, strict=True)), strict=True):
        np.testing.assert_array_equal(by_itself, in_turns)


def test_the_same_weights_are_loaded_once(folder: Path) -> None:
    first, second = resolve(folder), resolve(folder)
    assert first.fusion is not None and second.fusion is not None
    assert load_fusion(first.fusion) is load_fusion(second.fusion)


def test_a_checkpoint_is_plain_data_for_another_process(folder: Path) -> None:
    used = resolve(folder)
    assert copy.deepcopy(used) == used and hash(copy.deepcopy(used)) == hash(used)


def test_a_report_names_the_weights_and_a_head_keeps_those_it_was_studied_with(
    folder: Path, other: Path, tmp_path: Path, consent: Consent
) -> None:
    tracker = pipeline().tracker
    first, second = (TalkingHeadPipeline(tracker, checkpoint=resolve(one)) for one in (folder, other))
    head = first.study(DATA / "still.png", consent=consent)
    assert head.checkpoint == first.checkpoint
    reports: list[Any] = []
    for number, pipe in enumerate((first, second)):
        out = tmp_path / f"{number}.mp4"
        reports.append(pipe.view(head, out, AHEAD).report["checkpoint"])
        assert json.loads(out.with_suffix(".json").read_text("utf-8"))["checkpoint"] == reports[-1]
    assert [report["name"] for report in reports] == ["own", "other"]
    for report, fusion in zip(reports, (folder, other), strict=True):
        used = report["weights"]
        assert set(used) == {"fusion", "head", "depth", "pose"}
        assert used["fusion"]["sha256"] == file_sha256(fusion / "fusion" / STORED)
        assert used["head"] == {"name": "own", "revision": None, "sha256": file_sha256(folder / "head" / STORED)}
        shipped = file_sha256(ASSETS / "geometry" / "depth" / STORED)
        assert used["depth"] == {"name": "shipped", "revision": None, "sha256": shipped}
    videos = [(tmp_path / f"{number}.mp4").read_bytes() for number in range(2)]
    assert videos[0] != videos[1]


def test_a_report_names_no_weights_that_were_left_out_or_not_asked(tmp_path: Path) -> None:
    poorer = TalkingHeadPipeline(pipeline().tracker, ("depth",))
    assert poorer.checkpoint == replace(SHIPPED, depth=None)
    assert set(cast(dict[str, Any], told(poorer.checkpoint, STUDIED))["weights"]) == {"head", "pose"}
    done = pipeline().view(studied("still.png"), tmp_path / "a.mp4", AHEAD, Settings(method="bank"))
    report: Any = done.report["checkpoint"]
    assert (report["name"], report["revision"]) == ("shipped", None)
    assert set(report["weights"]) == {"depth", "head", "pose"}, "bank asks no fusion"


# From the Hub.


def test_a_repository_is_fetched_once_and_read_without_the_hub(folder: Path, fake: FakeHub) -> None:
    (folder / "notes.bin").write_bytes(b"never fetched")
    commit = fake.push(NAME, folder)
    (folder / "notes.bin").unlink()
    used = resolve(NAME)
    assert own(used) == {"fusion", "head"} and (used.name, used.revision) == (NAME, commit)
    fetched = {line.split("/", 4)[-1] for line in fake.asked if line.startswith("GET") and "/resolve/" in line}
    assert fetched == {f"{place}/{file}" for place in ("fusion", "head") for file in ("config.json", STORED)}
    fake.repositories.clear()
    assert resolve(NAME) == used, "even where the repository is gone"
    assert not [line for line in fake.asked if "notes.bin" in line]


def test_without_any_server_what_was_fetched_is_used_and_what_was_not_is_told(
    folder: Path, fake: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    fake.push(NAME, folder)
    used = resolve(NAME)
    nobody = "http://127.0.0.1:9"
    monkeypatch.setattr(constants, "ENDPOINT", nobody)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", nobody + "/{repo_id}/resolve/{revision}/{filename}")
    assert resolve(NAME) == used
    assert refusal("someone/never-fetched").key == "hub_unreached"


def test_a_revision_is_pinned_whatever_comes_after(folder: Path, other: Path, fake: FakeHub) -> None:
    first, second = fake.push(NAME, folder), fake.push(NAME, other)
    newest, pinned = resolve(NAME), resolve(NAME, first)
    assert (newest.revision, own(newest)) == (second, {"fusion"})
    assert (pinned.revision, own(pinned)) == (first, {"fusion", "head"})
    assert newest.fusion != pinned.fusion
    assert resolve(f"{NAME}@{first}") == resolve(NAME, "v1") == pinned and str(pinned) == f"{NAME}@{first}"
    assert refusal(NAME, "v9").key == "hub_revision"
    with pytest.raises(SettingsError):
        resolve(f"{NAME}@v1", "v2")


def test_a_repository_that_is_not_there_or_not_open_is_told(folder: Path, fake: FakeHub) -> None:
    error = refusal("someone/nothing")
    assert error.key == "hub_missing" and "hf auth login" in str(error) and "hf auth login" in error.text("ja")
    fake.push(NAME, folder)
    fake.gated.add(NAME)
    assert refusal(NAME).key == "hub_gated"


def test_a_repository_of_pickles_alone_or_of_nothing_is_refused_unfetched(folder: Path, fake: FakeHub) -> None:
    config = (folder / "fusion" / "config.json").read_bytes()
    for place in ("", "fusion/"):
        fake.commit(NAME, {f"{place}config.json": config, f"{place}diffusion_pytorch_model.bin": b"code"})
        assert refusal(NAME).key == "checkpoint_pickle"
    fake.commit(NAME, {"README.md": b"soon"})
    assert refusal(NAME).key == "checkpoint_empty"
    assert not [line for line in fake.asked if "/resolve/" in line]


def test_a_repository_too_large_is_refused_unfetched(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MOST_BYTES", 1000)
    fake.commit(NAME, {"fusion/config.json": b"{}", f"fusion/{STORED}": bytes(1001)})
    assert refusal(NAME).key == "checkpoint_large"
    assert not [line for line in fake.asked if "/resolve/" in line]


def test_broken_weights_of_a_repository_are_refused(folder: Path, fake: FakeHub, tmp_path: Path) -> None:
    made = tmp_path / "made"
    shutil.copytree(folder, made)
    (made / "fusion" / STORED).write_bytes((folder / "fusion" / STORED).read_bytes()[:1000])
    fake.push(NAME, made)
    assert refusal(NAME).key == "checkpoint_network"


def test_the_librarys_own_variables_say_where_the_hub_and_the_cache_are(folder: Path, tmp_path: Path) -> None:
    code = f"from tmt.hub import fetch; print(*fetch({NAME!r}), sep='\\n')"
    with serving(FakeHub()) as served:
        commit = served.push(NAME, folder)
        said = {**os.environ, "HF_ENDPOINT": served.url, "HF_HOME": str(tmp_path)}
        said = {key: value for key, value in said.items() if key not in ("HF_HUB_CACHE", "HF_HUB_OFFLINE")}
        online = subprocess.run([sys.executable, "-c", code], env=said, capture_output=True, text=True, check=True)
        asked = len(served.asked)
        said["HF_HUB_OFFLINE"] = "1"
        offline = subprocess.run([sys.executable, "-c", code], env=said, capture_output=True, text=True, check=True)
        assert len(served.asked) == asked > 0
    place, told = online.stdout.split()
    assert online.stdout == offline.stdout and told == commit and Path(place).is_relative_to(tmp_path / "hub")


# Where it is asked for.


@pytest.mark.parametrize("command", [["transfer", "a", "b", "-o", "c"], ["study", "a", "-o", "c"],
                                     ["view", "a", "-o", "c"], ["evaluate", "a", "-o", "c"], ["bench"]])  # fmt: skip
def test_every_command_that_needs_networks_takes_a_checkpoint(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMT_CHECKPOINT", "someone/usual")
    given = _parser().parse_args([*command, "--checkpoint", NAME, "--revision", "v1"])
    assert (given.checkpoint, given.revision) == (NAME, "v1")
    assert _parser().parse_args(command).checkpoint == "someone/usual"
    monkeypatch.delenv("TMT_CHECKPOINT")
    assert _parser().parse_args(command).checkpoint is None


def test_a_command_draws_by_the_checkpoint_and_a_missing_one_is_one_line(
    other: Path, still_picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["view", str(still_picture), "-o", str(tmp_path / "turn.mp4"), "--seconds", "0.1", "--consent", "--quiet"]
    assert main([*command, "--checkpoint", str(other)]) == 0
    report = json.loads((tmp_path / "turn.json").read_text("utf-8"))
    assert report["checkpoint"]["name"] == "other" and report["checkpoint"]["weights"]["fusion"]["name"] == "other"
    capsys.readouterr()
    assert main([*command, "--checkpoint", str(tmp_path / "none")]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_the_page_is_served_with_the_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(TalkingHeadPipeline, "from_pretrained", lambda *given, **named: asked.append((given, named)))
    monkeypatch.setattr(app, "launch", lambda *_, **__: None)
    monkeypatch.setenv("TMT_CHECKPOINT", NAME)
    assert app.main([]) == app.main(["--checkpoint", "own", "--revision", "v1"]) == 0
    assert asked == [((NAME,), {"revision": None}), (("own",), {"revision": "v1"})]


def test_doctor_says_which_checkpoint_is_used_and_whether_it_loads(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plain,) = doctor.checkpoint()
    monkeypatch.setenv("TMT_CHECKPOINT", str(folder))
    (mine,) = doctor.checkpoint()
    monkeypatch.setenv("TMT_CHECKPOINT", str(tmp_path / "none"))
    (missing,) = doctor.checkpoint()
    assert [finding.level for finding in (plain, mine, missing)] == ["ok", "ok", "fail"]
    assert "shipped" in plain.what and "own" in mine.what and "TMT_CHECKPOINT" in missing.remedy


# Published.


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """What trainings of a fusion, of a geometry and of its 2D baseline leave behind."""
    made = [tmp_path / name / "best" for name in ("one", "two", "three")]
    save(painting(1), made[0])
    save(DepthNet((8, 8, 8, 8)), made[1] / "depth")
    save(painting(2), made[2])
    config = json.loads((made[0] / "config.json").read_text())
    (made[0] / "config.json").write_text(json.dumps({**config, "_name_or_path": str(tmp_path)}))
    for best, warp in zip(made, ("3d", "3d", "2d"), strict=True):
        record = {"numbers": {"warp": warp, "rate": 0.001}, "trained on": ["anna", "ben"], "held out": ["cleo"],
                  "started from": "what dora did"}  # fmt: skip
        (best / "training.json").write_text(json.dumps(record))
        (best / "curve.csv").write_text("step,loss\n0,0.5\n10,0.4\n20,0.25\n")
    return made


def test_what_was_trained_is_published_with_a_card_and_comes_back_the_same(runs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "checkpoint"
    assert training.main(["publish", *map(str, runs), "-o", str(out)]) == 0
    used = resolve(out)
    assert own(used) == {"fusion", "fusion2d", "depth"}
    assert (out / "fusion" / STORED).read_bytes() == (runs[0] / STORED).read_bytes()
    assert used.fusion is not None and isinstance(load_fusion(used.fusion), FusionNet)
    for path in out.rglob("*"):
        assert path.suffix == ".safetensors" or path.is_dir() or str(tmp_path) not in path.read_text("utf-8")
    front, text = (out / "README.md").read_text("utf-8").split("---\n")[1:]
    assert {"license: apache-2.0", "library_name: diffusers", "- en", "- ja"} <= set(front.splitlines())
    for said in ("anna, ben", "cleo", "dora", "| 20 | 0.25 |", "consent", "Out of scope", "Limits", "日本語"):
        assert said in text
    assert "10 | 0.4" not in text


def test_nothing_is_published_of_runs_that_do_not_go_together_or_do_not_fit(runs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(WeightsError, match="fusion"):
        publish.gather([runs[0], runs[0]], out)
    (runs[1] / "depth" / STORED).write_bytes(b"")
    with pytest.raises(WeightsError, match="best"):
        publish.gather(runs, out)
    with pytest.raises(WeightsError, match="no such folder"):
        publish.gather([tmp_path / "none"], out)
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="not empty"):
        publish.gather(runs[:1], out)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


class Account:
    """The part of the Hub's client that writes."""

    def __init__(self) -> None:
        self.private: dict[str, bool] = {}
        self.uploads: list[dict[str, Any]] = []

    def create_repo(self, repo: str, *, private: bool, exist_ok: bool) -> None:
        assert exist_ok
        self.private.setdefault(repo, private)

    def model_info(self, repo: str) -> Any:
        return type("Info", (), {"private": self.private[repo]})

    def upload_folder(self, **given: Any) -> Any:
        self.uploads.append(given)
        return type("Done", (), {"commit_url": f"https://hub.example/{given['repo_id']}/commit/1"})


def test_an_upload_is_private_unless_said_otherwise(
    runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import huggingface_hub

    account = Account()
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: account)
    command = ["publish", str(runs[0]), "-o", str(tmp_path / "a"), "--repo", NAME]
    assert training.main(command) == 0
    assert account.private == {NAME: True}
    assert capsys.readouterr().out.splitlines()[-1] == f"https://hub.example/{NAME}/commit/1"
    (sent,) = account.uploads
    assert (sent["repo_id"], sent["folder_path"]) == (NAME, tmp_path / "a")
    assert f"fusion/{STORED}" in sent["allow_patterns"] and NAME in (tmp_path / "a" / "README.md").read_text("utf-8")
    account.private["someone/open"] = False
    with pytest.raises(WeightsError, match="public"):
        publish.upload(tmp_path / "a", "someone/open")
    assert len(account.uploads) == 1
    publish.upload(tmp_path / "a", "someone/new", public=True)
    assert account.private["someone/new"] is False and len(account.uploads) == 2


def test_an_upload_that_the_hub_refuses_is_told(runs: list[Path], tmp_path: Path, fake: FakeHub) -> None:
    publish.gather(runs[:1], tmp_path / "a")
    with pytest.raises(WeightsError) as caught:
        publish.upload(tmp_path / "a", NAME)
    assert caught.value.key == "publish_refused" and (tmp_path / "a" / "README.md").is_file()
