"""Is this from tmt, and is it as it was? What a file says of itself, by its credentials and its invisible mark."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from tmt import credentials
from tmt.credentials import Credentials
from tmt.errors import Language, MediaError
from tmt.mark import Trace, find, written
from tmt.video import probe, read_frames

Finding = Literal["signed", "changed", "marked", "others", "nothing"]
FRAMES, EVERY = 120, 3  # that are looked at for the mark, from the first on

# A finding or a detail -> (English, Japanese)
TEXTS: dict[str, tuple[str, str]] = {
    "signed": (
        "Made with tmt (AI-generated), and not changed since.",
        "tmtで作られた映像（AI生成）です。作成後に変更されていません。",
    ),
    "changed": (
        "Carries signed credentials, but was changed after they were signed.",
        "署名付きの来歴情報がありますが、署名の後に変更されています。",
    ),
    "marked": (
        "Made with tmt (AI-generated): its invisible mark is there. The signature is lost, as when a video is encoded"
        " again, so nothing vouches that it was not changed.",
        "tmtで作られた映像（AI生成）です。見えない透かしがあります。再エンコードなどで署名が失われているため、"
        "変更されていないことは確かめられません。",
    ),
    "others": (
        "Carries credentials of another program, and no mark of tmt.",
        "ほかのソフトウェアの来歴情報があり、tmtの透かしはありません。",
    ),
    "nothing": (
        "No trace of tmt. That does not say that it is a genuine recording: marks can be lost or removed.",
        "tmtの痕跡は見つかりません。ただし、本物の映像であるとは限りません（印は失われたり、消されたりすることがあります）。",
    ),
    "trusted": ("Signed by: {signer} (known here).", "署名者：{signer}（このコンピューターが知る証明書）"),
    "valid": (
        "Signed by: {signer}. Nobody vouches here for who that is; with the signer's root certificate it can be told.",
        "署名者：{signer}（この署名者が誰かは、ここでは確かめられません。署名者のルート証明書があれば確認できます）",
    ),
    "made_by": ("Program: {program}.", "作成ソフトウェア：{program}"),
    "generated": ("It says of itself: made or changed by algorithms.", "映像自身の記載：アルゴリズムによる生成・加工"),
    "run": (
        "Run number {number}: the same stands in the run's report.",
        "実行番号：{number}（その実行のレポートと同じ番号です）",
    ),
    "unread": (
        "The mark is there, but its number can no longer be read.", "透かしはありますが、番号は読み取れません。"
    ),
    "consent": ("Consent recorded: {text}, {utc}.", "同意の記録：{text}、{utc}"),
    "problem": ("What does not fit: {problem}.", "一致しない点：{problem}"),
}


@dataclass(frozen=True)
class Verdict:
    """What is found in one file."""

    name: str
    finding: Finding
    credentials: Credentials | None
    trace: Trace

    @property
    def number(self) -> str | None:
        """The run's, by the credentials or the mark."""
        told = self.credentials.told.get("mark") if self.credentials is not None else None
        if self.trace.number is not None:
            return written(self.trace.number)
        return str(told) if told else None

    @property
    def from_tmt(self) -> bool:
        """Whether it is beyond doubt that tmt made it."""
        return self.finding in ("signed", "marked")


def verify(path: Path, trust: Sequence[bytes] = (), name: str | None = None) -> Verdict:
    """Look at a video or picture; roots (PEM) in `trust` are believed. MediaError for a file that cannot be read.

    `name` as it is to be told, where the file has another one."""
    info = probe(path)
    told = credentials.read(path, trust)
    with closing(read_frames(path, every=1 if info.is_still else EVERY)) as frames:
        trace = find(islice(frames, FRAMES))
    return Verdict(name or path.name, _finding(told, trace), told, trace)


def record(verdict: Verdict) -> dict[str, object]:
    """A verdict for programs, as JSON knows it."""
    return {**asdict(verdict), "from_tmt": verdict.from_tmt, "number": verdict.number}


def _finding(told: Credentials | None, trace: Trace) -> Finding:
    if told is not None and told.state == "invalid":
        return "changed"
    if told is not None and told.told:
        return "signed"
    if trace.found:
        return "marked"
    return "nothing" if told is None else "others"


def sentences(verdict: Verdict, language: Language = "en") -> list[str]:
    """A verdict in words, the finding first. Names in them are a file's own: they are to be escaped."""
    which, told, trace = 1 if language == "ja" else 0, verdict.credentials, verdict.trace
    parts: list[tuple[str, dict[str, str]]] = [(verdict.finding, {})]
    if told is not None:
        if told.state != "invalid":
            parts.append((told.state, {"signer": told.signer or "?"}))
        if told.made_by:
            parts.append(("made_by", {"program": told.made_by}))
        if told.generated:
            parts.append(("generated", {}))
        parts += [("problem", {"problem": problem}) for problem in told.problems]
    if verdict.number is not None:
        parts.append(("run", {"number": verdict.number}))
    elif trace.found:
        parts.append(("unread", {}))
    consent = told.told.get("consent") if told is not None else None
    if isinstance(consent, dict):
        parts.append(("consent", {"text": str(consent.get("text")), "utc": str(consent.get("utc"))}))
    return [TEXTS[key][which].format(**values) for key, values in parts]


def roots(paths: Sequence[Path]) -> list[bytes]:
    """Root certificates in files; MediaError for one that cannot be read or holds none."""
    found = []
    for path in paths:
        try:
            pem = path.read_bytes()
        except OSError as error:
            raise MediaError("unreadable", name=path.name, reason=error.strerror) from error
        if b"-----BEGIN CERTIFICATE-----" not in pem:
            raise MediaError("no_certificate", name=path.name)
        found.append(pem)
    return found
