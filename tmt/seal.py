"""What every output carries that says what it is: an invisible mark in its pictures, signed credentials in its file.

Where a file cannot be signed the video appears all the same, and its report says why.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from tmt import credentials, provenance
from tmt.errors import SettingsError
from tmt.mark import Marker, new_number, written
from tmt.types import Array, Receipt, Settings

SCHEMA = "tmt-run-1"
NOT_TOLD = ("driving_face",)  # settings that say nothing of what is seen


class Seal:
    """Of one run: the same number is in its mark, in its files' credentials and in its report."""

    def __init__(self, settings: Settings, receipt: Receipt, inputs: Mapping[str, Path]) -> None:
        self._settings, self._receipt, self._paths = settings, receipt, dict(inputs)
        self._number = new_number()
        self._refused: str | None = None

    @cached_property
    def inputs(self) -> dict[str, provenance.Fingerprint]:
        """The clips by role, hashed once."""
        return {role: provenance.fingerprint(path) for role, path in self._paths.items()}

    @cached_property
    def _signer(self) -> credentials.Signer:
        return credentials.signer()

    def marker(self) -> Callable[[Array], Array]:
        """What puts the mark into the frames of one video, in their order."""
        return Marker(self._number) if self._settings.mark else lambda frame: frame

    def sign(self, source: Path, target: Path, name: str) -> bool:
        """Write `target`, the finished video `source` with its credentials, and say whether it could be done."""
        try:
            credentials.sign(source, target, self._signer, name, self._told())
        except (ImportError, ValueError) as error:  # no such library for this computer, or it refuses the file
            self._refused = str(error) or type(error).__name__
            return False
        return True

    def told(self) -> dict[str, object]:
        """For the report."""
        signed: dict[str, object] = {"signed": self._refused is None}
        signed |= {"own_certificate": self._signer.own} if self._refused is None else {"reason": self._refused}
        number = written(self._number) if self._settings.mark else None
        return {"mark": {"invisible": self._settings.mark, "number": number}, "credentials": signed}

    def _told(self) -> dict[str, object]:
        """For the credentials: hashes, no names of files, which may name people."""
        settings = {
            name: value for name, value in dataclasses.asdict(self._settings).items()
            if value is not None and name not in NOT_TOLD
        }  # fmt: skip
        return {
            "schema": SCHEMA,
            "mark": written(self._number) if self._settings.mark else "",
            "consent": provenance.plain(self._receipt),
            "inputs": {role: one.sha256 for role, one in self.inputs.items()},
            "settings": settings,
        }


def check_signer() -> None:
    """SettingsError for a certificate that was given and is of no use: before the work, not after it."""
    try:
        credentials.check(credentials.signer())
    except ImportError:
        return  # told in the report
    except ValueError as error:
        raise SettingsError("setting", name=credentials.CERT, value="", reason=str(error)) from error
