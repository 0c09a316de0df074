"""Speech by espeak-ng: the sound of a sentence, when each phoneme begins, and the mouth's shape for it."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence

import numpy as np

from tmt.train.heads.act import REST, SHAPES
from tmt.train.heads.asset import Array, smooth

RATE = 22050  # Hz, of espeak-ng's voices
RETRIEVE, PHONEME_EVENTS, EVENT_END, EVENT_PHONEME, UTF8 = 1, 1, 0, 7, 1  # espeak-ng's own numbers
RATE_PARAMETER, PITCH_PARAMETER = 1, 3
LETTERS = {
    "a": "aAV0Q@&3",
    "e": "eE",
    "i": "iIj",
    "o": "oO",
    "u": "uUwM",
    "m": "mpbB",
    "f": "fv",
    "s": "szTDCc",
    "S": "SZJ",
    "t": "tdnlLr4R",
    "k": "kgNhxqG?",
}  # first letter of espeak-ng's phoneme -> mouth shape
Timed = Sequence[tuple[float, str]]


class _Name(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("unique", ctypes.c_uint), ("text", ctypes.c_int), ("length", ctypes.c_int),
        ("audio", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("id", _Name),
    )  # fmt: skip


def speak(text: str, voice: str, pitch: int, pace: int) -> tuple[Array, list[tuple[float, str]]]:
    """A sentence -> samples int16 [N] at RATE and (seconds, phoneme) for every phoneme. pitch 0..99, pace words/min."""
    path = ctypes.util.find_library("espeak-ng")
    if path is None:
        raise SystemExit("espeak-ng is not there: install it (Debian: apt install espeak-ng) to make the voices.")
    library = ctypes.CDLL(path)
    if library.espeak_Initialize(RETRIEVE, 0, None, PHONEME_EVENTS) != RATE:
        raise SystemExit("espeak-ng does not find its voices: install its data too (Debian: espeak-ng-data).")
    sound: list[Array] = []
    phonemes: list[tuple[float, str]] = []

    def receive(wave: object, count: int, events: object) -> int:
        if count:
            sound.append(np.ctypeslib.as_array(wave, (count,)).copy())  # type: ignore[arg-type]
        k = 0
        while events[k].type != EVENT_END:  # type: ignore[index]
            if events[k].type == EVENT_PHONEME:  # type: ignore[index]
                phonemes.append((events[k].audio / 1000, events[k].id.string.decode()))  # type: ignore[index]
            k += 1
        return 0

    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
    callback = kind(receive)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(voice.encode())
    library.espeak_SetParameter(RATE_PARAMETER, pace, 0)
    library.espeak_SetParameter(PITCH_PARAMETER, pitch, 0)
    line = text.encode()
    library.espeak_Synth(line, len(line) + 1, 0, 1, 0, UTF8, None, None)
    library.espeak_Synchronize()
    return np.concatenate(sound), phonemes


def shape(phoneme: str) -> dict[str, float]:
    """The mouth's shape for a phoneme of espeak-ng; pauses and marks let it rest."""
    core = phoneme.lstrip("',%=_:|-")
    for name, letters in LETTERS.items():
        if core[:1] and core[0] in letters:
            return SHAPES[name]
    return REST


def mouth(timed: Timed, t: float, lead: float = 0.05) -> dict[str, float]:
    """Weights at t seconds: neighbours blend, and the lips move `lead` seconds before the sound, as people's do."""
    now, out = t + lead, dict[str, float]()
    ends = [start for start, _ in timed[1:]] + [timed[-1][0] + 0.1]
    for (start, phoneme), end in zip(timed, ends, strict=True):
        share = float(
            smooth(start - 0.06, start + 0.03, np.asarray(now)) * smooth(end + 0.06, end - 0.03, np.asarray(now))
        )
        for name, weight in shape(phoneme).items() if share else ():
            out[name] = out.get(name, 0.0) + share * weight
    return out
