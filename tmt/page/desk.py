"""What the handlers of the page share: the studio, the visitors, the line, the reader's language."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from tmt.errors import Language, MediaError, TmtError
from tmt.estimate import Estimate
from tmt.page.agreement import Agreement
from tmt.page.examples import Examples
from tmt.page.line import Line
from tmt.page.run import Report
from tmt.page.studio import Clip, Studio, Viewer
from tmt.page.texts import preferred, text
from tmt.page.visits import Visit, Visits
from tmt.preflight import Preflight, Role
from tmt.provenance import file_sha256
from tmt.report_html import Price
from tmt.types import CanonicalHead, Settings

NOTICE = 9.0  # s; what an error says stays in the panel of what was asked for
log = logging.getLogger(__name__)


@dataclass
class Desk:
    """One page's things. Of visitors only `visits` knows anything."""

    studio: Studio
    examples: Examples
    keep_seconds: float
    price: Price | None = None
    votes: Path | None = None
    line: Line = field(default_factory=Line)
    estimate: Estimate = field(default_factory=Estimate)
    visits: Visits = field(init=False)

    def __post_init__(self) -> None:
        self.visits = Visits(lambda: Path(get_upload_folder()), self.keep_seconds)

    def visit(self, request: gr.Request | None) -> Visit:
        """The visitor of a request."""
        return self.visits.of(request.session_hash if request else None)

    def session(self, request: gr.Request) -> str:
        """What a page calls itself."""
        return request.session_hash or ""

    def leave(self, request: gr.Request) -> None:
        """Their page tells that it is closed: what is theirs goes soon."""
        self.visits.leave(request.session_hash)

    def take(self, visit: Visit, value: str | None) -> Path:
        """An input as a path that is known to be the visitor's; MediaError where it is gone."""
        if not value:
            raise MediaError("missing", name="-")
        path = Path(value)
        self.visits.hold(visit, path)
        return path

    def look(self, visit: Visit, path: Path, role: Role, face: int | None) -> Preflight:
        """The pre-flight look at a clip, taken once for each face; None: the largest and most central one."""
        key = (str(path), role, face)
        with visit.looking[role]:  # a file and a box may ask for it at once
            if key not in visit.looks:
                visit.looks[key] = self.studio.look(path, role, face)
            return visit.looks[key]

    def clip(self, visit: Visit, value: str | None, role: Role, face: str) -> Clip:
        """An input as chosen; face: "auto", or a number from the left."""
        path = self.take(visit, value)
        found = self.look(visit, path, role, numbered(face))
        return Clip(path, found.face + 1 if len(found.faces) > 1 else None, found.crop)

    def key_of(self, subject: Clip) -> str:
        """What a subject's head is kept under: the file's content and the face."""
        return f"{file_sha256(subject.path)}-{subject.face}"

    def head(self, visit: Visit, subject: Clip, agreed: Agreement, report: Report) -> CanonicalHead:
        """The subject's head, studied now or kept from before."""
        key = self.key_of(subject)
        with visit.lock:  # two events that want the same head at once wait for one study
            head = visit.heads.get(key)
            if head is None:
                head = self.studio.study(subject, agreed.consent, report)
            self.visits.keep_head(visit, key, head)
        return self.studio.under(head, agreed.receipt)

    def left_of(self, driving: Clip, settings: Settings) -> Callable[[str], float]:
        """Seconds that the rest of a transfer takes after a stage."""
        info = self.studio.facts(driving.path, "driving").info
        return lambda stage: self.estimate.after(stage, info, settings)

    def viewer(self, visit: Visit, subject: Clip, agreed: Agreement) -> Viewer:
        """What shows the subject's head from any angle, prepared now or kept from the last picture."""
        key = self.key_of(subject)
        with visit.lock:
            kept = visit.viewer
            if kept is None or kept[0] != key:
                kept = key, self.studio.viewer(self.head(visit, subject, agreed, lambda _: None))
                visit.viewer = kept
            return kept[1]


def numbered(face: str | None) -> int | None:
    """A choice among faces as a number from the left, from 1; None for "auto"."""
    return int(face) if face and face != "auto" else None


def language_of(request: gr.Request | None) -> Language:
    """The reader's language."""
    return preferred(request.headers.get("accept-language") if request else None)


def explained(error: Exception, language: Language) -> str:
    """What a visitor is told; a fault of the program is for the log."""
    if isinstance(error, TmtError):
        return error.text(language)
    log.error("a handler failed", exc_info=error)
    return text("unexpected", language)


def notice(words: str) -> gr.Error:
    """Words (HTML) in the corner of the page, for as long as it takes to read them."""
    return gr.Error(words, duration=NOTICE, print_exception=False)


def toast(error: Exception, language: Language) -> gr.Error:
    """An error as Gradio shows it; a file's name in it must not become markup."""
    return notice(html.escape(explained(error, language)))
