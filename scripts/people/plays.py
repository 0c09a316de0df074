"""What each person performs, second by second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from people.act import spoken
from people.looks import PERFORMERS, SUBJECTS
from tmt.train.heads.act import blink, brows, eased, hold, play, smile, surprise
from tmt.train.heads.asset import Act
from tmt.train.heads.looks import Person


@dataclass(frozen=True)
class Line:
    """A spoken line: text, espeak-ng's voice, pitch 0..99 and pace in words a minute, second at which it begins."""

    text: str
    voice: str
    pitch: int
    pace: int
    start: float = 0.15


@dataclass(frozen=True)
class Clip:
    """A clip: who, how many frames, what they do at t seconds, what they say."""

    person: Person
    frames: int
    act: Callable[[float], Act]
    line: Line | None = None


def _subject_1(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.3, 0), (1.0, -32), (1.25, -32), (2.1, 30), (2.35, 30), (2.95, 0))
    pitch = eased(t, (0, 0), (0.7, 3), (1.6, -9), (2.4, 8), (2.9, 0))
    talk = {
        "mouth-open": 0.55 * hold(t, 0.05, 0.6) + 0.35 * hold(t, 1.35, 1.85),
        "mouth-part-later": 0.35 * hold(t, 1.9, 2.3),
    }
    return play(
        11, t, (pitch, yaw, 0.08 * yaw), (0, -0.25 * yaw), blink(t, 1.1, 2.6), talk, smile(hold(t, 2.2, 3.4), 0.7)
    )


def _subject_2(t: float) -> Act:
    yaw = eased(t, (0, 4), (0.8, 28), (1.1, 28), (2.0, -34), (2.3, -34), (2.9, 0))
    pitch = eased(t, (0, 2), (0.6, -14), (1.5, 10), (2.4, -4), (2.9, 2))
    talk = {
        "mouth-open": 0.5 * hold(t, 0.45, 0.95) + 0.3 * hold(t, 2.3, 2.8),
        "mouth-protusion": 0.5 * hold(t, 1.2, 1.7),
    }
    return play(
        22,
        t,
        (pitch, yaw, -0.06 * yaw),
        (0, -0.2 * yaw),
        blink(t, 0.25, 1.95),
        talk,
        brows(0.8 * hold(t, 1.5, 2.2)),
        smile(0.8 * hold(t, 2.5, 3.4), 0.9),
    )


def _subject_3(t: float) -> Act:  # lips stay shut all the time
    yaw = eased(t, (0, 0), (0.7, -25), (1.0, -25), (1.9, 36), (2.2, 36), (2.9, 3))
    pitch = eased(t, (0, 0), (0.5, 6), (1.3, -8), (2.2, 4), (2.9, 0))
    lips = {"mouth-compression": 0.3 * hold(t, 0.8, 1.4)}
    return play(
        33,
        t,
        (pitch, yaw, 0.05 * yaw),
        (0, -0.25 * yaw),
        blink(t, 0.85, 2.45),
        lips,
        smile(0.6 * hold(t, 1.9, 3.4)),
        brows(0.7 * hold(t, 0.3, 0.9)),
    )


def _subject_4(t: float) -> Act:
    yaw = eased(t, (0, -3), (0.6, 20), (1.5, -30), (1.8, -30), (2.6, 24), (2.99, 8))
    pitch = eased(t, (0, 0), (0.8, 12), (1.6, -10), (2.5, 3), (2.99, 0))
    talk = {
        "mouth-open": 0.6 * hold(t, 0.2, 0.75),
        "mouth-parling": 0.6 * hold(t, 1.3, 1.8),
        "mouth-pursing": 0.6 * hold(t, 1.8, 2.2),
    }
    return play(
        44,
        t,
        (pitch, yaw, 0.1 * yaw),
        (0, -0.2 * yaw),
        blink(t, 1.0, 2.2),
        talk,
        smile(0.7 * hold(t, 2.2, 3.4), 0.6),
        brows(0.0, 0.5 * hold(t, 1.1, 1.7)),
    )


def _performer_1(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.5, 7), (1.2, -9), (2.0, 8), (2.7, -3), (3.1, 0))
    pitch = eased(t, (0, 0), (0.3, -4), (0.7, 4), (1.4, -3), (2.1, 4), (2.9, 0))
    return play(
        55,
        t,
        (pitch, yaw, 0.3 * yaw),
        (0, -0.3 * yaw),
        blink(t, 0.85, 2.35),
        spoken("performer_1", t, 0.15),
        brows(0.8 * hold(t, 0.9, 1.5) + 0.5 * hold(t, 2.0, 2.5)),
        smile(0.35 * hold(t, 2.5, 3.6)),
    )


def _performer_2(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.6, -8), (1.3, 5), (2.1, -4), (2.9, 0))
    pitch = eased(t, (0, 0), (0.5, 3), (1.0, -2), (1.8, 4), (2.35, 9), (2.95, 0))
    return play(
        66,
        t,
        (pitch, yaw, -0.25 * yaw),
        (0, -0.2 * yaw),
        blink(t, 0.5, 1.75, 2.5),
        spoken("performer_2", t, 0.15),
        brows(0.6 * hold(t, 1.0, 1.6)),
        smile(0.5 * hold(t, 2.2, 3.6)),
    )


def _performer_3(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.6, 6), (1.1, 6), (1.6, -10), (2.3, -10), (2.9, 2))
    pitch = eased(t, (0, 2), (0.7, -7), (1.2, -7), (1.8, 5), (2.9, 0))
    look = eased(t, (0, 0), (0.12, 0), (0.25, 14), (0.5, 14), (0.62, 0), (1.7, 0), (1.82, -13), (2.15, -13), (2.3, 0))
    return play(
        77,
        t,
        (pitch, yaw, 0.2 * yaw),
        (0, look),
        blink(t, 0.55, 1.6),
        surprise(hold(t, 0.65, 1.55), 0.45),
        smile(hold(t, 1.75, 3.6), 0.9),
        brows(0.0, 0.5 * hold(t, 0.05, 0.55)),
    )


def _performer_4(t: float) -> Act:
    yaw = eased(t, (0, 0), (0.2, 0), (0.95, 40), (1.15, 40), (2.15, -40), (2.35, -40), (2.98, 0))
    pitch = eased(t, (0, 0), (0.55, -20), (1.1, 0), (1.6, 20), (2.2, 0), (2.98, 0))
    talk = {"mouth-open": 0.4 * hold(t, 0.3, 0.8) + 0.3 * hold(t, 1.4, 1.85), "mouth-pursing": 0.5 * hold(t, 2.0, 2.5)}
    return play(88, t, (pitch, yaw, 0), (0, -0.3 * yaw), blink(t, 1.05, 2.25), talk, smile(0.6 * hold(t, 2.4, 3.6)))


LINES_SPOKEN = {
    "performer_1": Line("Hello. Isn't this a wonderful morning for a walk?", "en-us", 42, 165),
    "performer_2": Line("きょうは とても よい おてんき ですね。", "ja", 62, 138),
}
ACTS: dict[str, tuple[int, Callable[[float], Act]]] = {
    "subject_1": (75, _subject_1),
    "subject_2": (75, _subject_2),
    "subject_3": (75, _subject_3),
    "subject_4": (75, _subject_4),
    "performer_1": (80, _performer_1),
    "performer_2": (75, _performer_2),
    "performer_3": (75, _performer_3),
    "performer_4": (75, _performer_4),
}
CLIPS = {name: Clip(person, *ACTS[name], LINES_SPOKEN.get(name)) for name, person in (SUBJECTS | PERFORMERS).items()}
