"""The trust chain from end to end: what is made is signed, what is changed is noticed, what is not ours not claimed."""

from __future__ import annotations

import json
import shutil
import stat
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from media_files import make

from tmt import credentials, mark
from tmt.certificate import made
from tmt.cli import main
from tmt.errors import MediaError, SettingsError
from tmt.run import check_settings
from tmt.seal import Seal
from tmt.types import Receipt, Settings
from tmt.verify import TEXTS, roots, sentences, verify
from tmt.video import VideoWriter, read_frames

RECEIPT = Receipt("tmt-consent-1", ("subject", "driving", "purpose"), "2026-01-02T03:04:05Z")


def write(path: Path, clip: Path, seal: Seal) -> Path:
    marked = seal.marker()
    with VideoWriter(path, size=(256, 256), fps=Fraction(25), audio=clip, seal=seal.sign) as writer:
        for frame in read_frames(clip):
            writer.write(marked(frame))
    return path


@pytest.fixture(scope="module")
def seal(driving_clip: Path) -> Seal:
    return Seal(Settings(), RECEIPT, {"driving": driving_clip})


@pytest.fixture(scope="module")
def sealed(seal: Seal, driving_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sealed") / "out.mp4", driving_clip, seal)


def test_a_result_says_what_it_is_and_that_nothing_was_changed(sealed: Path, seal: Seal) -> None:
    verdict = verify(sealed)
    assert verdict.finding == "signed"
    assert verdict.credentials is not None
    assert verdict.credentials.state == "trusted"
    assert verdict.credentials.generated
    told = verdict.credentials.told
    assert told["consent"]["text"] == RECEIPT.text
    assert told["inputs"]["driving"] == seal.inputs["driving"].sha256
    assert verdict.number == told["mark"] == seal.told()["mark"]["number"]  # type: ignore[index]
    assert "driving.mp4" not in json.dumps(told), "names of files may name people"
    assert not list(sealed.parent.glob(".tmt-*"))


def test_one_changed_byte_is_noticed(sealed: Path, tmp_path: Path) -> None:
    data = bytearray(sealed.read_bytes())
    data[-len(data) // 3] ^= 0x55
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(data)
    verdict = verify(changed)
    assert verdict.finding == "changed"
    assert not verdict.from_tmt


def test_a_signature_that_is_lost_leaves_the_mark(sealed: Path, tmp_path: Path) -> None:
    again = make(tmp_path / "again.mp4", "-i", str(sealed), "-c:v", "libx264", "-crf", "26", "-pix_fmt", "yuv420p")
    verdict = verify(again)
    assert (verdict.finding, verdict.credentials) == ("marked", None)
    assert verdict.number == verify(sealed).number


def test_what_is_not_ours_is_not_claimed(driving_clip: Path, still_picture: Path) -> None:
    for path in (driving_clip, still_picture):
        verdict = verify(path)
        assert (verdict.finding, verdict.number, verdict.from_tmt) == ("nothing", None, False)


def test_without_the_mark_the_signature_remains_and_the_report_says_so(driving_clip: Path, tmp_path: Path) -> None:
    bare = Seal(Settings(mark=False), RECEIPT, {})
    out = write(tmp_path / "bare.mp4", driving_clip, bare)
    assert verify(out).finding == "signed"
    assert not verify(out).trace.found
    assert bare.told()["mark"] == {"invisible": False, "number": None}


def test_another_computer_believes_the_signature_with_the_root_alone(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root.pem"
    root.write_bytes(credentials.root() or b"")
    assert b"PRIVATE" not in root.read_bytes()
    monkeypatch.setenv(credentials.FOLDER, str(tmp_path / "another"))
    states = [verify(sealed, trust).credentials for trust in ([], roots([root]))]
    assert [one.state for one in states if one] == ["valid", "trusted"]
    assert TEXTS["valid"][0].split("{")[0] in sentences(verify(sealed))[1]


def test_the_key_is_made_once_and_nobody_else_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(credentials.FOLDER, str(tmp_path / "keys"))
    assert credentials.signer() == credentials.signer()
    mode = stat.S_IMODE((tmp_path / "keys" / "signer.pem").stat().st_mode)
    assert mode & 0o077 == 0 or not hasattr(stat, "S_IRUSR")


def test_where_no_key_can_be_kept_one_serves_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setenv(credentials.FOLDER, str(file))
    assert credentials.signer() == credentials.signer()


def test_a_spoilt_key_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(credentials.FOLDER, str(tmp_path))
    (tmp_path / "signer.pem").write_text("-----BEGIN nothing")
    credentials.check(credentials.signer())
    (tmp_path / "signer.pem").write_bytes(made("root", "ends at once", 0))
    assert b"ends at once" not in credentials.signer().chain
    credentials.check(credentials.signer())


def test_a_deployment_signs_with_its_own_certificate(
    driving_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = made("a company's root", "a company", 1)
    start = pem.index(b"-----BEGIN CERTIFICATE-----")
    (tmp_path / "chain.pem").write_bytes(pem[start:])
    monkeypatch.setenv(credentials.CERT, str(tmp_path / "chain.pem"))
    monkeypatch.setenv(credentials.KEY, pem[:start].decode())
    out = write(tmp_path / "out.mp4", driving_clip, Seal(Settings(), RECEIPT, {}))
    told = verify(out).credentials
    assert told is not None
    assert (told.signer, told.state) == ("a company", "trusted")


@pytest.mark.parametrize("given", [
    {credentials.CERT: "missing.pem", credentials.KEY: "missing.pem"},
    {credentials.CERT: "missing.pem"},
    {credentials.CERT: "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----", credentials.KEY: "-----BEGIN no"},
])  # fmt: skip
def test_a_certificate_of_no_use_is_told_before_the_work(
    given: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="TMT_SIGN"):
        check_settings(Settings())


def test_a_file_that_cannot_be_signed_appears_all_the_same_and_its_report_says_why(
    driving_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("not today")

    monkeypatch.setattr(credentials, "sign", refuse)
    seal = Seal(Settings(), RECEIPT, {})
    out = write(tmp_path / "out.mp4", driving_clip, seal)
    assert verify(out).finding == "marked"
    assert seal.told()["credentials"] == {"signed": False, "reason": "not today"}


def test_nothing_is_left_where_writing_the_signed_file_fails(
    driving_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(credentials, "sign", fail)
    with pytest.raises(Exception, match="No space left"):
        write(tmp_path / "out.mp4", driving_clip, Seal(Settings(), RECEIPT, {}))
    assert list(tmp_path.iterdir()) == []


def test_the_words_are_in_both_languages_and_say_no_more_than_is_known(sealed: Path, driving_clip: Path) -> None:
    for path in (sealed, driving_clip):
        english, japanese = sentences(verify(path), "en"), sentences(verify(path), "ja")
        assert len(english) == len(japanese)
        assert not set(english) & set(japanese)
    assert "does not say that it is a genuine recording" in sentences(verify(driving_clip))[0]


def test_the_command_answers_by_its_status_and_lists_all(
    sealed: Path, driving_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(sealed)]) == 0
    assert capsys.readouterr().out.startswith(f"{sealed.name}: {TEXTS['signed'][0]}")
    assert main(["verify", str(sealed), str(driving_clip), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["finding"] for one in told] == ["signed", "nothing"]
    assert [one["from_tmt"] for one in told] == [True, False]
    root = tmp_path / "root.pem"
    assert main(["verify", str(sealed), "--export-root", str(root), "--trust", str(root)]) == 0
    assert main(["verify", str(tmp_path / "none.mp4")]) == 3
    with pytest.raises(SystemExit) as nothing:
        main(["verify"])
    assert nothing.value.code == 2, "nothing is not from tmt"
    assert main(["verify", str(sealed), "--trust", str(driving_clip)]) == 3


def test_a_file_that_is_no_root_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "root.pem"
    path.write_text("nothing")
    for one in (path, tmp_path / "none.pem"):
        with pytest.raises(MediaError):
            roots([one])


def test_marks_of_one_run_are_alike_in_all_its_videos(driving_clip: Path) -> None:
    seal = Seal(Settings(), RECEIPT, {})
    frames = list(read_frames(driving_clip))
    first, second = (mark.find(map(seal.marker(), frames)) for _ in range(2))
    assert first.number is not None
    assert first.number == second.number
    assert mark.written(first.number) == seal.told()["mark"]["number"]  # type: ignore[index]


def test_a_copy_is_as_good_as_the_original(sealed: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(sealed, tmp_path / "別名.mp4"))
    assert verify(copy).finding == "signed"
    assert verify(copy, name="x.mp4").name == "x.mp4"
    assert np.isfinite(verify(copy).trace.certainty)
