"""Clips coming in: uploads, recordings and examples, and the card under each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr

from tmt.errors import Language, TmtError
from tmt.page.cards import checking_card, clip_card, refused_card
from tmt.page.desk import Desk, language_of, numbered
from tmt.page.panels import message_panel
from tmt.page.texts import text
from tmt.page.visits import Visit
from tmt.preflight import Preflight, Role
from tmt.types import Settings

Card = tuple[object, object]  # the card's HTML, the choice of faces


class Intake:
    """Handlers of the two clips."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def subject_card(self, request: gr.Request, path: str | None, face: str, *consents: bool) -> Iterator[Card]:
        """The card under the subject clip."""
        yield from self._card(request, "subject", path, face, all(consents))

    def driving_card(self, request: gr.Request, path: str | None, face: str, *consents: bool) -> Iterator[Card]:
        """The card under the driving clip."""
        yield from self._card(request, "driving", path, face, all(consents))

    def subject_arrived(self, request: gr.Request, path: str | None, agreed: bool) -> object:
        """The box about the person shown, after the subject clip has changed."""
        return self._box(request, "subject", path, agreed)

    def driving_arrived(self, request: gr.Request, path: str | None, agreed: bool) -> object:
        """The box about the person who moves, after the driving clip has changed."""
        return self._box(request, "driving", path, agreed)

    def _box(self, request: gr.Request, role: Role, value: str | None, agreed: bool) -> object:
        """Unticked where a clip was taken away or gave way to another: who agreed was the person on that one. The first
        clip after a tick is the one that was meant, and the people of the examples do not exist."""
        visit, path = self.desk.visit(request), value or ""
        before, visit.chosen[role] = visit.chosen.get(role, ""), path
        example = bool(path) and self.desk.examples.holds(Path(path))
        if not agreed or example or before in ("", path):
            return gr.skip()
        return gr.Checkbox(value=False, info=text("consent_again", language_of(request)))

    def _card(
        self, request: gr.Request, role: Role, value: str | None, face: str | None, agreed: bool
    ) -> Iterator[Card]:
        """The card; nothing more of it once it was asked for again, as what is known then may be less."""
        language, visit = language_of(request), self.desk.visit(request)
        visit.cards[role] += 1
        own = visit.cards[role]
        for card in self._looked(visit, role, value, face, agreed, language):
            yield card if visit.cards[role] == own else (gr.skip(), gr.skip())

    def _looked(
        self, visit: Visit, role: Role, value: str | None, face: str | None, agreed: bool, language: Language
    ) -> Iterator[Card]:
        if not value:
            yield "", _choice(None, language)
            return
        try:
            path = self.desk.take(visit, value)
            facts = self.desk.studio.facts(path, role)
            # Nobody's face is looked at before the boxes are ticked; people of the examples do not exist.
            if not agreed and not self.desk.examples.holds(path):
                yield clip_card(facts, role, language, looked=False, seconds=None), _choice(None, language)
                return
            # A number is a choice on this clip's own card; before that one was seen, it is left from another clip.
            number = numbered(face) if (str(path), role, None) in visit.looks else None
            if (str(path), role, number) not in visit.looks:
                yield checking_card(language), gr.skip()
            found = self.desk.look(visit, path, role, number)
            seconds = None if found.level == "red" else self._seconds(found, role)  # there will be no run
            yield clip_card(found, role, language, looked=True, seconds=seconds), _choice(found, language)
        except TmtError as error:
            yield refused_card(error, language), _choice(None, language)
        except Exception:
            yield message_panel(text("unexpected", language), "wrong"), _choice(None, language)
            raise

    def _seconds(self, found: Preflight, role: Role) -> float:
        """What this clip will cost."""
        estimate = self.desk.estimate
        if role == "subject":
            return estimate.study(found.info)
        return estimate.transfer(found.info, Settings()) + estimate.judge(found.info)

    def use_pair(self, event: gr.EventData) -> tuple[str | None, str | None]:
        """Both clips of the example pair whose button was pressed."""
        pairs, index = self.desk.examples.pairs, _index(event, "pair")
        if not 0 <= index < len(pairs):
            return None, None
        return str(pairs[index].subject.path), str(pairs[index].driving.path)

    def use_subject(self, event: gr.EventData) -> str | None:
        """The subject whose button was pressed."""
        return self._example("subject", event)

    def use_driving(self, event: gr.EventData) -> str | None:
        """The performer whose button was pressed."""
        return self._example("driving", event)

    def _example(self, role: Role, event: gr.EventData) -> str | None:
        clips, index = self.desk.examples.of(role), _index(event, "clip")
        return str(clips[index].path) if 0 <= index < len(clips) else None

    def recorded(self, path: str | None) -> str | None:
        """A recording becomes the clip."""
        return path if path and Path(path).is_file() else None


def _index(event: gr.EventData, name: str) -> int:
    value = getattr(event, name, -1)
    return value if isinstance(value, int) else -1


def _choice(found: Preflight | None, language: Language) -> gr.Radio:
    """The choice among faces, shown where there are several."""
    if found is None or len(found.faces) < 2:
        return gr.Radio(choices=[(text("auto", language), "auto")], value="auto", visible=False)
    numbers = range(1, len(found.faces) + 1)
    choices = [(text("face_button", language, number=number), str(number)) for number in numbers]
    return gr.Radio(choices=choices, value=str(found.face + 1), visible=True)
