"""Consent cannot be skipped, and a report tells what was done without telling where or by whom."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tmt import provenance
from tmt.errors import ConsentError, MediaError, OutputError
from tmt.types import Consent, Settings
from tmt.whole import write_json

IDS = ("subject", "driving", "purpose")
AGREED = Consent(subject=True, driving=True, purpose=True)


def make_run(folder: Path) -> provenance.Run:
    """A run over three small files in `folder`."""
    marks = {}
    for name in ("me.mp4", "動き.mov", "out.mp4"):
        (folder / name).write_bytes(name.encode())
        marks[name] = provenance.fingerprint(folder / name)
    return provenance.Run(
        settings=Settings(),
        consent=provenance.receipt(AGREED),
        inputs={"subject": marks["me.mp4"], "driving": marks["動き.mov"]},
        outputs={"video": marks["out.mp4"]},
        rates={"driving": Fraction(30000, 1001), "output": Fraction(25)},
        found={"driving": np.array([True, True, False, True])},
        lost={"driving": {"left_picture": 1}},
        limits=["yaw", "lids", "yaw"],
        seconds={"study": 1.23456, "render": 2.0},
        label=True,
    )


def texts_of(value: object) -> list[str]:
    """Every text, keys included, in a JSON value."""
    if isinstance(value, dict):
        return [text for key, part in value.items() for text in (key, *texts_of(part))]
    if isinstance(value, list):
        return [text for part in value for text in texts_of(part)]
    return [value] if isinstance(value, str) else []


def test_full_consent_lets_a_run_go_on() -> None:
    provenance.require(AGREED)
    record = provenance.receipt(AGREED)
    assert record.text == provenance.CONSENT_TEXT and record.statements == IDS


@pytest.mark.parametrize("left_out", IDS)
def test_each_missing_statement_is_refused_and_named(left_out: str) -> None:
    consent = Consent(**{key: key != left_out for key in IDS})
    with pytest.raises(ConsentError) as caught:
        provenance.require(consent)
    assert caught.value.values["missing"] == left_out
    assert caught.value.status == 4
    assert left_out in caught.value.text("ja")


def test_no_consent_names_all_three() -> None:
    with pytest.raises(ConsentError) as caught:
        provenance.receipt(None)
    assert all(key in str(caught.value) for key in IDS)


@pytest.mark.parametrize("truthy", [1, "true", "on", [True], np.bool_(True), object()])
def test_truthy_is_not_affirmed(truthy: object) -> None:
    with pytest.raises(ConsentError):
        provenance.require(Consent(subject=True, driving=truthy, purpose=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("stranger", [True, dict.fromkeys(IDS, True), SimpleNamespace(**dict.fromkeys(IDS, True))])
def test_only_a_consent_object_counts(stranger: object) -> None:
    with pytest.raises(ConsentError):
        provenance.require(stranger)  # type: ignore[arg-type]


def test_consent_has_no_defaults() -> None:
    with pytest.raises(TypeError):
        Consent()  # type: ignore[call-arg]


def test_statements_exist_in_both_languages_and_differ() -> None:
    english, japanese = provenance.statements("en"), provenance.statements("ja")
    assert tuple(english) == tuple(japanese) == IDS
    assert len({*english.values(), *japanese.values()}) == 6
    assert all(text.isascii() and len(text) > 40 for text in english.values())
    assert all(re.search("[ぁ-ん]", text) for text in japanese.values())


def test_changed_wording_needs_a_new_text_id() -> None:
    """A report refers to the wording by id alone. When this fails: raise the id, then note the new digest here."""
    digest = hashlib.sha256(repr(provenance.STATEMENTS).encode()).hexdigest()[:16]
    assert (provenance.CONSENT_TEXT, digest) == ("tmt-consent-1", "332f3957663a6f9a")


def test_hash_equals_that_of_the_whole_content(tmp_path: Path) -> None:
    content = os.urandom((1 << 20) + 17)  # more than one piece
    (tmp_path / "clip.bin").write_bytes(content)
    assert provenance.file_sha256(tmp_path / "clip.bin") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", ["absent.mp4", "folder"])
def test_hashing_what_is_no_file_is_one_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(MediaError) as caught:
        provenance.file_sha256(tmp_path / name)
    assert name in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_versions_load_no_package() -> None:
    code = "import sys\nfrom tmt import provenance\nbefore = set(sys.modules)\n"
    code += "found = provenance.versions()\nassert {'tmt', 'python', 'numpy', 'torch'} <= set(found), found\n"
    code += "assert not {'cv2', 'mediapipe', 'gradio', 'diffusers'} & (set(sys.modules) - before)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(provenance.__file__).parents[1])


def test_report_says_what_was_done(tmp_path: Path) -> None:
    told = json.loads(json.dumps(provenance.report(make_run(tmp_path))))
    assert told["settings"]["mode"] == "relative" and told["settings"]["sources"] == Settings().sources
    assert told["inputs"]["driving"] == {"name": "動き.mov", "sha256": hashlib.sha256("動き.mov".encode()).hexdigest()}
    assert told["outputs"]["video"]["name"] == "out.mp4"
    assert told["rates"] == {"driving": "30000/1001", "output": "25"}
    counts = {"total": 4, "tracked": 3, "held": 1, "reasons": {"left_picture": 1}}
    assert told["frames"] == {"driving": counts}
    assert told["limits"] == {"lids": 1, "yaw": 2}
    assert told["seconds"] == {"study": 1.235, "render": 2.0}
    assert told["consent"]["text"] == provenance.CONSENT_TEXT and told["consent"]["statements"] == list(IDS)
    assert told["label"] == {"visible": True}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["consent"]["utc"])


def test_report_survives_json_unchanged(tmp_path: Path) -> None:
    told = provenance.report(make_run(tmp_path))
    write_json(tmp_path / "out.json", told)
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == told


def test_report_contains_no_folder_user_or_host(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    told = provenance.report(run)
    texts = texts_of(told)
    assert texts and not [text for text in texts if text.startswith(("/", "\\")) or re.match(r"[A-Za-z]:[\\/]", text)]
    assert str(tmp_path) not in json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize("path", ["/home/someone/a.mp4", r"C:\Users\someone\a.mp4", r"\\host\someone\a.mp4"])
def test_a_path_that_slips_in_loses_its_folder(path: str) -> None:
    plain = provenance.plain({"input": path, "also": [Path("x/someone/a.mp4")]})
    assert plain == {"input": "a.mp4", "also": ["a.mp4"]}


def test_what_is_not_a_number_is_null_in_json() -> None:
    plain = provenance.plain({"a": float("nan"), "b": np.float32("inf"), "c": np.int64(3)})
    assert plain == {"a": None, "b": None, "c": 3}


def test_json_replaces_the_old_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("old")
    write_json(path, {"label": "AI生成"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"label": "AI生成"}
    assert os.listdir(tmp_path) == ["out.json"]


def test_json_that_fails_leaves_the_old_one_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.json"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OutputError, match="No space left"):
        write_json(path, {"a": 1})
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["out.json"]


def test_json_into_an_absent_folder_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"out\.json"):
        write_json(tmp_path / "absent" / "out.json", {})


def test_what_json_cannot_hold_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises((TypeError, ValueError)):
        write_json(tmp_path / "out.json", {"a": float("nan")})
    assert os.listdir(tmp_path) == []
