"""The page refuses without consent, hands out what was made and nothing else, and speaks the reader's language."""

from __future__ import annotations

import html
import importlib
import json
import re
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import gradio
import gradio_client
import httpx
import page_server
import pytest
from conftest import DATA
from page_server import MockStudio, Served, serve, until

import app
from tmt.errors import TEXTS as ERRORS
from tmt.errors import Cancelled
from tmt.page.desk import Desk
from tmt.page.examples import Examples
from tmt.page.run import Background, Report
from tmt.page.texts import TEXTS, catalogue, preferred, text
from tmt.page.transfer import Transfer
from tmt.page.words_form import FORM
from tmt.page.words_result import RESULT
from tmt.pipeline import TalkingHeadPipeline
from tmt.report_words import WORDS
from tmt.seal import Seal
from tmt.types import Receipt, Result, Settings, Step
from tmt.verify import TEXTS as FINDINGS
from tmt.video import VideoWriter, read_frames

clips, served = page_server.clips, page_server.served  # fixtures
CONSENTS = ("consent_subject", "consent_driving", "consent_purpose")
AGREED = dict.fromkeys(CONSENTS, True)


@pytest.fixture
def client(served: Served, tmp_path: Path) -> gradio_client.Client:
    """A program that uses the page."""
    return new_client(served, tmp_path)


def new_client(served: Served, folder: Path) -> gradio_client.Client:
    return gradio_client.Client(served.url, download_files=folder, verbose=False, analytics_enabled=False)


def transfer(client: gradio_client.Client, subject: Path, driving: Path, **settings: object) -> list[Any]:
    """Video, side by side, HTML report, JSON report, receipt, figures, message."""
    files = gradio_client.handle_file(str(subject)), gradio_client.handle_file(str(driving))
    return list(client.predict(*files, **settings, api_name="/transfer"))


def unfinished(served: Served) -> list[Path]:
    """What a run that did not end well has left."""
    return list(served.cache.glob("visit-*/*/unfinished.mp4"))


def test_importing_and_building_the_page_load_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a model was asked for")

    monkeypatch.setattr(TalkingHeadPipeline, "from_pretrained", refuse)
    assert importlib.reload(app).build(MockStudio())


def test_without_examples_the_page_leaves_their_place_out(tmp_path: Path) -> None:
    config = app.build(MockStudio(), examples=tmp_path).blocks.get_config_file()
    shown = {part["props"].get("elem_id"): part["props"].get("visible") for part in config["components"]}
    assert [shown[name] for name in ("showcase", "subject_chips", "driving_chips")] == [False] * 3


def test_no_text_hides_another_of_the_same_name() -> None:
    assert len(TEXTS) == len(FORM) + len(RESULT)


@pytest.mark.parametrize("words", [TEXTS, WORDS])
def test_every_text_exists_in_both_languages_with_the_same_blanks(words: dict[str, tuple[str, str]]) -> None:
    for key, (english, japanese) in words.items():
        assert sorted(re.findall(r"{\w+", english)) == sorted(re.findall(r"{\w+", japanese)), key
        assert re.search("[A-Za-z]", english) or "{" in english, key
        assert re.search("[ぁ-んァ-ヶ一-龠倍]", japanese) or "{" in japanese, key


def test_every_label_on_the_page_is_a_known_text() -> None:
    config = json.dumps(app.build(MockStudio()).blocks.get_config_file(), default=str)
    used = set(re.findall(r'"key": "(\w+)"', config.replace("\\", "")))
    known = set(catalogue("en")) | {"showcase", "chips_subject", "chips_driving"}
    assert len(used) > 60
    assert not used - known


def test_a_screen_reader_finds_a_name_at_every_control() -> None:
    config = app.build(MockStudio()).blocks.get_config_file()
    for part in config["components"]:
        if part["type"] in ("file", "radio", "checkbox", "slider", "dropdown", "textbox", "image", "video"):
            assert part["props"].get("label"), part["props"].get("elem_id")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ja", "ja"),
        ("ja-JP,en;q=0.8", "ja"),
        ("en-US,ja;q=0.9", "en"),
        ("en;q=0.4, ja;q=0.7", "ja"),
        ("de-DE", "en"),
        ("jav", "en"),
        ("", "en"),
        (None, "en"),
        (";q=x,,", "en"),
    ],
)
def test_the_most_wanted_language_decides(header: str | None, language: str) -> None:
    assert preferred(header) == language


@pytest.mark.parametrize("missing", CONSENTS)
@pytest.mark.parametrize("endpoint", ["/transfer", "/study", "/view"])
def test_a_program_is_refused_without_each_consent(
    client: gradio_client.Client, served: Served, clips: dict[str, Path], missing: str, endpoint: str
) -> None:
    before = len(served.studio.studied)
    given = {key: True for key in CONSENTS if key != missing}
    files = [gradio_client.handle_file(str(clips[name])) for name in ("anna", "ben")]
    # /transfer names the box, as its widget does; the others say which statement is missing.
    told = missing if endpoint == "/transfer" else missing.removeprefix("consent_")
    with pytest.raises((ValueError, gradio_client.exceptions.AppError), match=told):
        client.predict(*files[: 2 if endpoint == "/transfer" else 1], **given, api_name=endpoint)
    assert len(served.studio.studied) == before


@pytest.mark.parametrize("given", [False, "true", 1])
def test_the_core_refuses_what_slips_past_the_form(clips: dict[str, Path], given: object) -> None:
    request = gradio.Request(headers={"accept-language": "ja"})
    studio = MockStudio()
    run = Transfer(Desk(studio, Examples(), 60.0)).transfer(
        request, str(clips["anna"]), str(clips["ben"]), True, given, True  # type: ignore[arg-type]
    )  # fmt: skip
    with pytest.raises(gradio.Error, match=ERRORS["consent"][1][:8]):
        list(run)
    assert studio.studied == studio.looked == []


def test_a_program_with_consent_gets_what_was_written(client: gradio_client.Client, clips: dict[str, Path]) -> None:
    done = transfer(client, clips["anna"], clips["ben"], **AGREED, size="512", preset="strong", mouth=0.5)
    video, beside, page, report, receipt, figures, _ = done
    assert Path(video).name == "anna_ben_AI-generated.mp4"
    assert Path(video).read_bytes().startswith(clips["ben"].read_bytes()), "a re-encoded file has lost its signature"
    assert Path(beside).stat().st_size
    assert Path(page).read_text(encoding="utf-8").startswith("<!doctype html>")
    told = json.loads(Path(report).read_text(encoding="utf-8"))["settings"]
    assert (told["size"], told["side_by_side"], told["mode"], told["mouth"]) == (512, True, "relative", 0.6)
    assert json.loads(Path(receipt).read_text(encoding="utf-8"))["consent_text"]
    assert figures["fused"]["pose_deg"] == 1.5


def test_a_program_studies_a_still_and_looks_at_it_from_elsewhere(client: gradio_client.Client) -> None:
    still = gradio_client.handle_file(str(DATA / "still.png"))
    model, coverage, _, _ = client.predict(still, **AGREED, api_name="/study")
    assert Path(model).read_bytes() == b"glTF"
    assert Path(coverage).suffix == ".png"
    view = client.predict(still, **AGREED, yaw=20, api_name="/view")
    assert Path(view).stat().st_size


def test_a_subject_is_studied_once_for_a_visitor(client: gradio_client.Client, served: Served) -> None:
    still = gradio_client.handle_file(str(DATA / "still.png"))
    before = len(served.studio.studied)
    for yaw in (0, 10, 20):
        client.predict(still, **AGREED, yaw=yaw, api_name="/view")
    assert len(served.studio.studied) == before + 1


def test_the_chosen_face_reaches_the_study(
    client: gradio_client.Client, served: Served, clips: dict[str, Path]
) -> None:
    transfer(client, clips["couple"], clips["ben"], **AGREED, subject_face="2")
    assert served.studio.faces[-1] == 2


def test_the_endpoints_have_names_types_and_descriptions(client: gradio_client.Client) -> None:
    told = client.view_api(return_format="dict")
    assert isinstance(told, dict)
    assert set(told["named_endpoints"]) == {"/transfer", "/view", "/study", "/delete", "/verify"}
    assert told["unnamed_endpoints"] == {}
    for name, endpoint in told["named_endpoints"].items():
        assert all(parameter["python_type"]["type"] for parameter in endpoint["parameters"]), name
    info = httpx.get(f"{client.src}gradio_api/info").json()["named_endpoints"]
    assert "consent_purpose: evaluation only" in info["/transfer"]["description"]
    assert all(endpoint["description"] for endpoint in info.values())


def test_anybody_can_check_a_video_without_consent(
    client: gradio_client.Client, clips: dict[str, Path], tmp_path: Path, driving_clip: Path
) -> None:
    seal = Seal(Settings(), Receipt("tmt-consent-1", (), ""), {})
    ours = tmp_path / "<b>ours.mp4"
    marked = seal.marker()
    with VideoWriter(ours, size=(256, 256), fps=Fraction(25), seal=seal.sign) as writer:
        for frame in read_frames(driving_clip):
            writer.write(marked(frame))
    for path, finding in ((ours, "signed"), (driving_clip, "nothing")):
        words, told = client.predict(gradio_client.handle_file(str(path)), api_name="/verify")
        assert told["finding"] == finding
        assert FINDINGS[finding][0] in html.unescape(words)
        assert "<b>" not in words
    with pytest.raises(gradio_client.exceptions.AppError, match=r"broken\.mp4: "):
        client.predict(gradio_client.handle_file(str(clips["broken"])), api_name="/verify")


def test_a_bad_file_is_one_clear_error(client: gradio_client.Client, served: Served, clips: dict[str, Path]) -> None:
    with pytest.raises(gradio_client.exceptions.AppError, match=r"broken\.mp4: .* Convert it"):
        transfer(client, clips["broken"], clips["ben"], **AGREED)
    assert until(lambda: not unfinished(served))


def test_a_fault_of_the_program_tells_visitors_nothing_of_its_inside(
    client: gradio_client.Client, clips: dict[str, Path]
) -> None:
    with pytest.raises(gradio_client.exceptions.AppError) as caught:
        transfer(client, clips["crash"], clips["ben"], **AGREED)
    assert str(caught.value) == text("unexpected", "en")


def test_two_visitors_with_the_same_names_get_their_own_results(
    served: Served, clips: dict[str, Path], tmp_path: Path
) -> None:
    results: dict[str, list[Any]] = {}

    def visit(mode: str) -> None:
        visitor = new_client(served, tmp_path / mode)
        results[mode] = transfer(visitor, clips["anna"], clips["ben"], **AGREED, mode=mode)

    visits = [threading.Thread(target=visit, args=(mode,)) for mode in ("relative", "absolute")]
    for visitor in visits:
        visitor.start()
    for visitor in visits:
        visitor.join()
    for mode, (video, _, _, report, *_) in results.items():
        assert Path(video).read_bytes().endswith(mode.encode())
        assert json.loads(Path(report).read_text(encoding="utf-8"))["settings"]["mode"] == mode
    assert len(results) == 2


def test_deleting_leaves_no_file_of_the_visitor_and_spares_the_others(
    served: Served, clips: dict[str, Path], tmp_path: Path
) -> None:
    anna, ben = (new_client(served, tmp_path / name) for name in ("first", "second"))
    transfer(anna, clips["anna"], clips["ben"], **AGREED, mode="absolute")
    transfer(ben, clips["anna"], clips["ben"], **AGREED)
    made = served.cache.glob("visit-*/*/*generated.mp4")
    own = max((path for path in made if path.read_bytes().endswith(b"absolute")), key=lambda path: path.stat().st_mtime)
    url = f"{served.url}/gradio_api/file={own}"
    assert httpx.get(url).status_code == 200
    anna.predict(api_name="/delete")
    assert httpx.get(url).status_code == 404
    assert not own.parent.parent.exists()
    assert transfer(ben, clips["anna"], clips["ben"], **AGREED)[0]
    assert httpx.get(f"{served.url}/gradio_api/file=/etc/nothing-there").status_code == 403


def test_a_program_that_stops_leaves_no_file(
    client: gradio_client.Client, served: Served, clips: dict[str, Path]
) -> None:
    files = (gradio_client.handle_file(str(clips[name])) for name in ("anna", "endless"))
    begun = len(served.studio.parts)
    job = client.submit(*files, **AGREED, api_name="/transfer")
    assert until(lambda: len(served.studio.parts) > begun)
    folder = served.studio.parts[-1].parent
    job.cancel()
    assert until(lambda: not folder.exists())


def test_work_that_is_stopped_ends_at_its_next_report_and_then_cleans_up() -> None:
    begun, ended, cleaned = threading.Event(), threading.Event(), threading.Event()

    def work(report: Report) -> Result:
        try:
            while True:
                report(Step("render", 1, 2))
                begun.set()
        finally:
            ended.set()

    run = Background(work)
    assert begun.wait(10)
    run.stop(then=lambda: cleaned.set() if ended.is_set() else None)
    with pytest.raises(Cancelled):
        run.result()
    assert cleaned.wait(10)


@pytest.mark.parametrize("wrong", [{"size": "99999"}, {"method": "other"}, {"mode": "upside down"}, {"preset": "odd"}])
def test_a_setting_that_the_page_does_not_offer_is_refused(
    client: gradio_client.Client, served: Served, clips: dict[str, Path], wrong: dict[str, str]
) -> None:
    before = len(served.studio.studied)
    with pytest.raises((ValueError, gradio_client.exceptions.AppError, httpx.HTTPStatusError)):
        transfer(client, clips["anna"], clips["ben"], **AGREED, **wrong)
    assert len(served.studio.studied) == before


def test_with_a_login_nothing_is_served_to_strangers(tmp_path: Path) -> None:
    with serve(MockStudio(), tmp_path, auth=("user", "secret")) as page:
        secret = page.cache / "visit-x" / "result.mp4"
        secret.parent.mkdir(parents=True)
        secret.write_bytes(b"video")
        for path in (secret, secret.with_name("gone.mp4")):
            assert httpx.get(f"{page.url}/gradio_api/file={path}").status_code == 401
        assert httpx.get(f"{page.url}/config").status_code == 401


@pytest.mark.parametrize("reached", [True, False])
def test_a_public_link_is_told_and_without_one_the_page_works_all_the_same(
    reached: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def tunnel(*_: object, **__: object) -> str:
        if not reached:
            raise OSError("no way out")
        return "https://abc.gradio.live"

    monkeypatch.setattr(gradio.networking, "setup_tunnel", tunnel)
    monkeypatch.setattr(gradio.networking, "url_ok", lambda _: True)
    with serve(MockStudio(), tmp_path, share=True) as page:
        told = capsys.readouterr()
        assert page.url in told.out
        assert ("https://abc.gradio.live" in told.out) is reached
        assert ("No public link" in told.err) is not reached
        assert httpx.get(page.url).status_code == 200


def test_share_and_login_reach_the_server(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr(TalkingHeadPipeline, "from_pretrained", lambda *_, **__: None)
    monkeypatch.setattr(app, "launch", lambda page, host, port, **how: asked.update(how, host=host, port=port))
    assert app.main(["--share", "--host", "0.0.0.0", "--port", "7999", "--root-path", "/tmt"]) == 0
    assert (asked["share"], asked["auth"], asked["root_path"]) == (True, None, "/tmt")
    assert (asked["host"], asked["port"]) == ("0.0.0.0", 7999)
    assert "anybody who has the link" in capsys.readouterr().err
    assert app.main(["--share", "--auth", "user:secret"]) == 0
    assert asked["auth"] == ("user", "secret")
    assert not capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["nobody", "user:", ":password"])
def test_a_malformed_login_is_refused_before_anything_is_served(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        app.main(["--auth", wrong])
    assert caught.value.code == 2
    assert "USER:PASSWORD" in capsys.readouterr().err
