"""Signed provenance inside a video: Content Credentials (C2PA), made and read without any network.

Who signs: the certificate that a deployment gives (TMT_SIGN_CERT and TMT_SIGN_KEY: PEM, or paths of PEM files), else
one that this computer made for itself once, which nobody else knows. Its root's own key is thrown away as soon as it
has signed: nothing else can ever be signed by it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

from tmt._version import __version__
from tmt.errors import SettingsError

State = Literal["trusted", "valid", "invalid"]
# What standardised readers show beside such a video: composed of recordings by trained algorithms (IPTC).
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
ASSERTION = "io.github.tmt.run"  # our own part of the manifest
CERT, KEY, FOLDER = "TMT_SIGN_CERT", "TMT_SIGN_KEY", "TMT_SIGN_FOLDER"
YEARS = 10
NAME, ROOT_NAME = "tmt on this computer", "tmt on this computer, root"
# Nothing is fetched, whatever address a manifest names.
OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
UNTRUSTED = "signingCredential.untrusted"


@dataclass(frozen=True)
class Signer:
    """chain: certificates, the signer's first, PEM; key: the signer's, PEM; own: made on this computer."""

    chain: bytes
    key: bytes
    own: bool


@dataclass(frozen=True)
class Credentials:
    """What a file says of itself. state: "trusted" where a root that is known here signed it, "valid" where somebody
    else did and nothing was changed since, "invalid" where something was; signer: the certificate's name; made_by: the
    program; generated: it says that algorithms made it; told: our own part, of a video that tmt made."""

    state: State
    signer: str
    made_by: str
    generated: bool
    told: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def signer() -> Signer:
    """Who signs here; SettingsError for a certificate that was given and is of no use."""
    cert, key = os.environ.get(CERT, ""), os.environ.get(KEY, "")
    if bool(cert) != bool(key):
        raise SettingsError("setting", name=KEY if cert else CERT, value="", reason="certificate and key go together")
    if cert:
        return Signer(_pem(CERT, cert), _pem(KEY, key), own=False)
    return _own()


def root() -> bytes | None:
    """The certificate (PEM) by which others can check what was signed here, if there is one yet."""
    if os.environ.get(CERT):
        chain = _pem(CERT, os.environ[CERT])
    elif (_folder() / "signer.pem").is_file():
        chain = _own().chain
    else:
        return None
    return b"-----BEGIN CERTIFICATE-----" + chain.split(b"-----BEGIN CERTIFICATE-----")[-1]


def sign(source: Path, target: Path, who: Signer, title: str, told: Mapping[str, object]) -> None:
    """Write `target`, the video `source` with a signed manifest in it that says what it is and carries what is `told`.

    Raises OSError, and ValueError where the library refuses."""
    import c2pa

    manifest = {
        "claim_generator_info": [{"name": "tmt", "version": __version__}],
        "title": title,
        "format": "video/mp4",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [{
                "action": "c2pa.created", "digitalSourceType": SOURCE,
                "softwareAgent": {"name": "tmt", "version": __version__},
            }]}},
            {"label": ASSERTION, "data": dict(told)},
        ],
    }  # fmt: skip
    try:
        with c2pa.Signer.from_info(_info(who)) as by, c2pa.Builder(manifest) as builder:
            builder.sign_file(str(source), str(target), by)
    except c2pa.C2paError as error:
        target.unlink(missing_ok=True)  # where it fails an empty file is left
        raise ValueError(str(error)) from error


def check(who: Signer) -> None:
    """ValueError for a certificate and a key that cannot sign."""
    import c2pa

    try:
        c2pa.Signer.from_info(_info(who)).close()
    except c2pa.C2paError as error:
        raise ValueError(str(error)) from error


def _info(who: Signer) -> Any:
    """As the library takes it; without an authority for its time, which would be asked over the network."""
    import c2pa

    return c2pa.C2paSignerInfo(alg=b"es256", sign_cert=who.chain, private_key=who.key, ta_url=None)


def read(path: Path, trust: Sequence[bytes] = ()) -> Credentials | None:
    """A file's credentials, None where it has none; roots (PEM) in `trust` are believed, and the one known here."""
    import c2pa

    anchors = [pem for pem in (root(), *trust) if pem is not None]
    known = {"trust": {"user_anchors": b"\n".join(anchors).decode("ascii", "replace")}} if anchors else {}
    try:
        reader = c2pa.Reader.try_create(str(path), context=c2pa.Context.from_dict({**OFFLINE, **known}))
    except c2pa.C2paError as error:
        problem = str(error)[:200]
        return None if _foreign(error) else Credentials("invalid", "", "", generated=False, problems=(problem,))
    if reader is None:
        return None
    with reader:
        state, store = str(reader.get_validation_state()), json.loads(reader.json())
    return _credentials(state, store)


def _foreign(error: Exception) -> bool:
    """Whether it is only that such files cannot carry credentials."""
    return any(word in str(error) for word in ("NotSupported", "UnsupportedType", "ManifestNotFound"))


def _credentials(state: str, store: Mapping[str, Any]) -> Credentials:
    manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
    parts = {str(part.get("label")): part.get("data") for part in manifest.get("assertions", [])}
    actions = next((data for label, data in parts.items() if label.startswith("c2pa.actions")), None) or {}
    sources = [str(action.get("digitalSourceType", "")) for action in actions.get("actions", [])]
    tools = manifest.get("claim_generator_info") or [{}]
    signature = manifest.get("signature_info") or {}
    problems = tuple(str(one.get("code")) for one in store.get("validation_status") or [])
    told = parts.get(ASSERTION)
    return Credentials(
        {"Trusted": "trusted", "Valid": "valid"}.get(state, "invalid"),  # type: ignore[arg-type]
        str(signature.get("common_name") or signature.get("issuer") or ""),
        " ".join(str(tools[0].get(key, "")) for key in ("name", "version")).strip(),
        any("lgorithmicMedia" in source for source in sources),
        told if isinstance(told, dict) else {},
        tuple(code for code in problems if code != UNTRUSTED),
    )


def _pem(name: str, value: str) -> bytes:
    """PEM that is given, or in a file whose path is."""
    if "-----BEGIN" in value:
        return value.replace("\\n", "\n").encode()  # a secret's one line
    try:
        text = Path(value).read_bytes()
    except OSError as error:
        raise SettingsError("setting", name=name, value=value, reason=error.strerror) from error
    if b"-----BEGIN" not in text:
        raise SettingsError("setting", name=name, value=value, reason="there is no PEM in it")
    return text


def _folder() -> Path:
    return Path(os.environ.get(FOLDER) or Path.home() / ".tmt")


def _own() -> Signer:
    """This computer's own, made where there is none or it ends soon; for this process alone where no file can be."""
    path = _folder() / "signer.pem"
    with contextlib.suppress(OSError, ValueError):
        return _parted(path.read_bytes())
    from tmt.certificate import made

    fresh = made(ROOT_NAME, NAME, YEARS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{secrets.token_hex(6)}.pem")
        part.touch(0o600, exist_ok=False)  # nobody else may read the key, not even for a moment
        part.write_bytes(fresh)
        os.replace(part, path)
        return _parted(path.read_bytes())  # two processes may have made one: the last stays
    except OSError:
        return _kept(fresh)


_KEPT: list[Signer] = []


def _kept(made: bytes) -> Signer:
    """The first one that this process made and could not store."""
    if not _KEPT:
        _KEPT.append(_parted(made))
    return _KEPT[0]


def _parted(pem: bytes) -> Signer:
    """Key and certificates of a file; ValueError where it is not whole, or where it ends within a day."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    start = pem.index(b"-----BEGIN CERTIFICATE-----")
    load_pem_private_key(pem[:start], None)
    end = x509.load_pem_x509_certificates(pem[start:])[0].not_valid_after_utc
    if end < datetime.now(timezone.utc) + timedelta(days=1):
        raise ValueError("expired")
    return Signer(pem[start:], pem[:start], own=True)
