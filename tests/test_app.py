"""The page refuses without consent, hands out what was made and nothing else, and speaks the reader's language."""

from __future__ import annotations

import importlib
import json
import re
import threading
from pathlib import Path

import gradio
import gradio_client
import httpx
import page_server
import pytest
from page_server import MockPipeline, Served, until
from tmt.page.handlers import Page

import app
from tmt.errors import TEXTS as ERRORS
from tmt.errors import Cancelled
from tmt.page.run import Background, Report
from tmt.page.texts import TEXTS, catalogue, preferred, text
from tmt.pipeline import TalkingHeadPipeline
from tmt.types import Result, Step

clips, served = page_server.clips, page_server.served  # fixtures
CONSENTS = ("consent_subject", "consent_driving", "consent_purpose")
AGREED = dict.fromkeys(CONSENTS, True)


@pytest.fixture
def client(served: Served, tmp_path: Path) -> gradio_client.Client:
    """A program that uses the page."""
    return new_client(served, tmp_path)


def new_client(served: Served, folder: Path) -> gradio_client.Client:
    return gradio_client.Client(served.url, download_files=folder, verbose=False, analytics_enabled=False)


def transfer(client: gradio_client.Client, subject: Path, driving: Path, **settings: object) -> list[str]:
    """Paths of video, side by side and report, and the summary."""
    files = gradio_client.handle_file(str(subject)), gradio_client.handle_file(str(driving))
    return list(client.predict(*files, **settings, api_name="/transfer"))


def unfinished(served: Served) -> list[Path]:
    """What a run that did not end well has left."""
    return [folder for folder in served.cache.glob("run-*") if not list(folder.glob("*_AI-generated.json"))]


def test_importing_and_building_the_page_load_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a model was asked for")

    monkeypatch.setattr(TalkingHeadPipeline, "from_pretrained", refuse)
    assert importlib.reload(app).build(MockPipeline())


def test_every_text_exists_in_both_languages_with_the_same_blanks() -> None:
    for key, (english, japanese) in TEXTS.items():
        assert re.findall(r"{\w+}", english) == re.findall(r"{\w+}", japanese), key
        assert re.search("[A-Za-z]", english), key
        assert re.search("[ぁ-んァ-ヶ一-龠]", japanese), key


def test_every_label_on_the_page_is_a_known_text() -> None:
    config = json.dumps(app.build(MockPipeline()).get_config_file(), default=str)
    used = set(re.findall(r'"key": "(\w+)"', config.replace("\\", "")))
    assert len(used) > 20
    assert not used - set(catalogue("en"))
    assert not used - set(catalogue("ja"))


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
def test_a_program_is_refused_without_each_consent(
    client: gradio_client.Client, served: Served, clips: dict[str, Path], missing: str
) -> None:
    before = len(served.pipeline.studied)
    with pytest.raises(ValueError, match=missing):
        transfer(client, clips["anna"], clips["ben"], **{key: True for key in CONSENTS if key != missing})
    assert len(served.pipeline.studied) == before


@pytest.mark.parametrize("given", [False, "true", 1])
def test_the_core_refuses_what_slips_past_the_form(clips: dict[str, Path], given: object) -> None:
    request = gradio.Request(headers={"accept-language": "ja"})
    pipeline = MockPipeline()
    run = Page(pipeline).transfer(request, str(clips["anna"]), str(clips["ben"]), True, given, True)  # type: ignore[arg-type]
    with pytest.raises(gradio.Error, match=ERRORS["consent"][1][:8]):
        list(run)
    assert pipeline.studied == []


def test_a_program_with_consent_gets_what_was_written(client: gradio_client.Client, clips: dict[str, Path]) -> None:
    video, beside, report, summary = transfer(client, clips["anna"], clips["ben"], **AGREED, size="512")
    assert Path(video).name == "anna_ben_AI-generated.mp4"
    assert Path(video).read_bytes().startswith(clips["ben"].read_bytes()), "a re-encoded file has lost its signature"
    assert Path(beside).stat().st_size
    told = json.loads(Path(report).read_text(encoding="utf-8"))["settings"]
    assert (told["size"], told["side_by_side"], told["mode"]) == (512, True, "relative")
    assert re.findall(r"<dd>([\d.]+)</dd>", summary) == ["50", "3", "0.20", "12.0"]


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
    results: dict[str, list[str]] = {}

    def visit(mode: str) -> None:
        visitor = new_client(served, tmp_path / mode)
        results[mode] = transfer(visitor, clips["anna"], clips["ben"], **AGREED, mode=mode)

    visits = [threading.Thread(target=visit, args=(mode,)) for mode in ("relative", "absolute")]
    for visitor in visits:
        visitor.start()
    for visitor in visits:
        visitor.join()
    for mode, (video, _, report, _) in results.items():
        assert Path(video).read_bytes().endswith(mode.encode())
        assert json.loads(Path(report).read_text(encoding="utf-8"))["settings"]["mode"] == mode
    assert len(results) == 2


def test_a_program_that_stops_leaves_no_file(
    client: gradio_client.Client, served: Served, clips: dict[str, Path]
) -> None:
    files = (gradio_client.handle_file(str(clips[name])) for name in ("anna", "endless"))
    begun = len(served.pipeline.parts)
    job = client.submit(*files, **AGREED, api_name="/transfer")
    assert until(lambda: len(served.pipeline.parts) > begun)
    folder = served.pipeline.parts[-1].parent
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


@pytest.mark.parametrize("wrong", [{"size": "99999"}, {"method": "other"}, {"mode": "upside down"}])
def test_a_setting_that_the_page_does_not_offer_is_refused(
    client: gradio_client.Client, served: Served, clips: dict[str, Path], wrong: dict[str, str]
) -> None:
    before = len(served.pipeline.studied)
    with pytest.raises((ValueError, gradio_client.exceptions.AppError, httpx.HTTPStatusError)):
        transfer(client, clips["anna"], clips["ben"], **AGREED, **wrong)
    assert len(served.pipeline.studied) == before


@pytest.mark.parametrize("wrong", ["nobody", "user:", ":password"])
def test_a_malformed_login_is_refused_before_anything_is_served(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        app.main(["--auth", wrong])
    assert caught.value.code == 2
    assert "USER:PASSWORD" in capsys.readouterr().err
