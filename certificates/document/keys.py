"""The certifier's signing key: read from PKCS#12, and a demonstration key for systems that are none of the real ones."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.sign import SimpleSigner
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certificates.document.errors import DemoKeyRefused, NoSigningKey
from certificates.document.ltv import revocation_hosts
from certificates.document.services import NO_SERVICES, Services
from certificates.document.signers import DEMO_MARK, common_name, is_demo_certificate, issuers_of, may_sign
from core.private import private_folder

PRODUCTION = "production"
_DEMO_DAYS = 3 * 365
#: X.520 bounds common and organisation names at 64 characters.
_NAME_LIMIT = 64
_RSA_BITS = 2048
_CANNOT_OPEN = (
    "the file cannot be opened: the password is wrong, or it is no PKCS#12 file with a key and its certificate"
)


@dataclass(frozen=True)
class SigningKey:
    """A private key with its certificate, ready to sign. Made by :func:`load_signing_key`; never printed or pickled.

    ``services``: the servers that signing with it asks. They belong to the key so that no caller can forget them.
    """

    signer: Signer
    certificate: asn1_x509.Certificate
    services: Services = NO_SERVICES

    @property
    def chain(self) -> list[asn1_x509.Certificate]:
        """The certificate and those that came with it."""
        return [self.certificate, *(other for other in self.signer.cert_registry if other != self.certificate)]

    @property
    def revocation_hosts(self) -> frozenset[str]:
        """Servers that the chain names for questions about revocation."""
        return revocation_hosts(self.chain)

    @property
    def carries_revocation(self) -> bool:
        """Whether documents carry answers about revocation: the chain names whom to ask, and the operator allows it."""
        return bool(self.revocation_hosts) and self.revocation_hosts <= self.services.revocation_hosts

    @property
    def subject(self) -> str:
        """Whom the certificate names: its common name."""
        return common_name(self.certificate)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, 64 hexadecimal digits: what a verifier is told to trust."""
        return str(self.certificate.sha256.hex())

    @property
    def expires_at(self) -> dt.datetime:
        """End of the certificate's validity, UTC."""
        when: dt.datetime = self.certificate.not_valid_after
        return when

    @property
    def is_demo(self) -> bool:
        """Whether this is a demonstration key: what it signs is no certificate."""
        return is_demo_certificate(self.certificate)

    def __repr__(self) -> str:
        return f"<SigningKey {self.subject!r}>"


def load_signing_key(data: bytes, password: bytes, *, portal_env: str, now: dt.datetime) -> SigningKey:
    """The key in the PKCS#12 file ``data``.

    Raises :class:`~certificates.document.errors.NoSigningKey` where there is none, the password is wrong, or the
    certificate is not valid at ``now`` (aware); :class:`~certificates.document.errors.DemoKeyRefused` for a
    demonstration key where ``portal_env`` is production.
    """
    if not data:
        raise NoSigningKey("no key is stored")
    try:
        signer = SimpleSigner.load_pkcs12_data(data, other_certs=[], passphrase=password)
    except (ValueError, TypeError) as error:
        raise NoSigningKey(_CANNOT_OPEN) from error
    if signer is None or signer.signing_cert is None:
        raise NoSigningKey(_CANNOT_OPEN)
    # a file may bring more certificates along than its path: documents carry nothing that proves nothing
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(issuers_of(signer.signing_cert, list(signer.cert_registry)))
    signer = SimpleSigner(signer.signing_cert, signer.signing_key, store)
    key = SigningKey(signer, signer.signing_cert)
    if key.is_demo and portal_env == PRODUCTION:
        raise DemoKeyRefused("a demonstration key does not sign in production")
    weak = _weakness(key.certificate)
    if weak:
        raise NoSigningKey(weak)
    if not key.certificate.not_valid_before <= now <= key.expires_at:
        raise NoSigningKey(f"the certificate of {key.subject} is not valid today (until {key.expires_at:%Y-%m-%d})")
    return key


def _weakness(certificate: asn1_x509.Certificate) -> str:
    """Why the certificate's key must not sign documents; empty where it may (NIST SP 800-131A, RFC 5280 4.2.1.3)."""
    public = certificate.public_key
    if public.algorithm == "rsa" and public.bit_size < _RSA_BITS:
        return f"an RSA key needs {_RSA_BITS} bits, this one has {public.bit_size}"
    if public.algorithm == "dsa":
        return "DSA keys are not accepted: use RSA or an elliptic curve"
    if not may_sign(certificate):
        return "the certificate does not allow its key to sign (key usage)"
    return ""


def load_signing_key_file(path: Path, password: bytes, *, portal_env: str, now: dt.datetime) -> SigningKey:
    """:func:`load_signing_key` of a file; a file that is not there is no key."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NoSigningKey(f"{path} cannot be read: {error.strerror}") from error
    return load_signing_key(data, password, portal_env=portal_env, now=now)


def make_demo_key(path: Path, password: bytes, certifier_name: str, *, portal_env: str, now: dt.datetime) -> None:
    """Write a new self-signed demonstration key of ``certifier_name`` to ``path`` (PKCS#12, mode 0600, RSA 3072).

    Its subject says :data:`DEMO_MARK`. Raises :class:`~certificates.document.errors.DemoKeyRefused` where
    ``portal_env`` is production.
    """
    if portal_env == PRODUCTION:
        raise DemoKeyRefused("demonstration keys are not made in production")
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"{DEMO_MARK}: {certifier_name}"[:_NAME_LIMIT]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, certifier_name[:_NAME_LIMIT]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, DEMO_MARK),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=_DEMO_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signature_use(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    data = pkcs12.serialize_key_and_certificates(
        certifier_name.encode(), key, certificate, None, BestAvailableEncryption(password)
    )
    _write_private(path, data)


def _signature_use() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_private(path: Path, data: bytes) -> None:
    """All or nothing, and readable by nobody else at any moment."""
    private_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
