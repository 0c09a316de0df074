"""The choice of a method, in the form and beside a result."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tmt.learned import offered
from tmt.page.texts import LANGUAGES, of_method, text
from tmt.types import METHODS, Method

NAMED: dict[object, str] = {text(of_method(key), language): key for key in METHODS for language in LANGUAGES}


def method_choice(t: gr.I18n, value: Method, **words: Any) -> gr.Dropdown:
    """The methods that can be used, the best first: whatever the checkpoint, for it lacks nothing that ships.

    The browser translates their names itself; when it is slow to, a list that was never opened sends the name in place
    of what it stands for, which is understood, too.
    """
    choice = gr.Dropdown([(t(of_method(key)), key) for key in reversed(offered())], value=value, **words)
    plain = choice.preprocess

    def understood(payload: Any) -> Any:
        return plain(NAMED.get(payload, payload))

    choice.preprocess = understood  # type: ignore[method-assign]  # a subclass would have Gradio write a file beside it
    return choice
