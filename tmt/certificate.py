"""A certificate of one's own, of the form that Content Credentials ask for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "tmt, self-made certificate"  # names neither a user nor a computer


def made(root_name: str, name: str, years: int) -> bytes:
    """PEM: a private key, its certificate, and the certificate of the root that signed it, whose key is forgotten."""
    above, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    root = _certificate(root_name, root_name, above, above, years)
    own = _certificate(name, root_name, key, above, years)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return b"".join([private, own.public_bytes(Encoding.PEM), root.public_bytes(Encoding.PEM)])


def _certificate(
    name: str, issuer: str, key: EllipticCurvePrivateKey, by: EllipticCurvePrivateKey, years: int
) -> x509.Certificate:
    """A root where it signs itself, else what may sign documents and nothing else."""
    now, is_root = datetime.now(timezone.utc), key is by
    of_issuer = x509.SubjectKeyIdentifier.from_public_key(by.public_key())
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(name)).issuer_name(_named(issuer)).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(_usage(is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )  # fmt: skip
    if not is_root:
        mail = ExtendedKeyUsageOID.EMAIL_PROTECTION  # of the usages that C2PA allows the one nobody has to apply for
        made = made.add_extension(x509.ExtendedKeyUsage([mail]), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(of_issuer)
        made = made.add_extension(authority, critical=False)
    return made.sign(by, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, ISSUER), x509.NameAttribute(NameOID.COMMON_NAME, name)
    ])  # fmt: skip


def _usage(is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=is_root, crl_sign=is_root, encipher_only=False, decipher_only=False,
    )  # fmt: skip
