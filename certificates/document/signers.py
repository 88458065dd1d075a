"""Certificates of signers (X.509): read, named, and followed upwards to their authority. Needs nothing of the portal."""

from __future__ import annotations

from collections.abc import Collection

from asn1crypto import pem, x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate as PlainCertificate
from cryptography.x509 import load_der_x509_certificate

#: Stands in the subject of every demonstration key, and so in every PDF reader that shows who signed.
DEMO_MARK = "DEMO - NOT FOR CUSTOMS USE"


def read_certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates in a PEM or DER file. Raises ``ValueError`` where there is none."""
    try:
        if pem.detect(data):
            blocks = [der for kind, _headers, der in pem.unarmor(data, multiple=True) if kind == "CERTIFICATE"]
        else:
            blocks = [data]
        found = tuple(x509.Certificate.load(der, strict=True) for der in blocks)
        for certificate in found:
            _ = certificate.not_valid_after, certificate.subject.native, certificate.public_key
    except (ValueError, TypeError) as error:
        raise ValueError(f"no certificates can be read there ({error})") from error
    if not found:
        raise ValueError("there is no certificate in it")
    return found


def common_name(certificate: x509.Certificate) -> str:
    """The common name of the certificate's subject, or the whole subject where it has none."""
    name = certificate.subject.native.get("common_name") or certificate.subject.human_friendly
    return str(name[0] if isinstance(name, list) else name)


def is_demo_certificate(certificate: x509.Certificate) -> bool:
    """Whether the certificate's subject carries :data:`DEMO_MARK`."""
    return DEMO_MARK in str(certificate.subject.human_friendly)


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether the certificate's key usage allows signatures (RFC 5280, 4.2.1.3); one that names no usage allows all."""
    use = certificate.key_usage_value
    return use is None or bool({"digital_signature", "non_repudiation"} & use.native)


def issuers_of(certificate: x509.Certificate, others: Collection[x509.Certificate]) -> list[x509.Certificate]:
    """The path from ``certificate`` upwards as far as ``others`` hold it; each is proven by its issuer's signature."""
    path: list[x509.Certificate] = []
    left = {other.dump(): load_der_x509_certificate(other.dump()) for other in others}
    left.pop(certificate.dump(), None)
    below = load_der_x509_certificate(certificate.dump())
    while below.issuer != below.subject:
        found = next((der for der, other in left.items() if issued_by(below, other)), None)
        if found is None:
            return path
        path.append(x509.Certificate.load(found))
        below = left.pop(found)
    return path if issued_by(below, below) else path[:-1]


def issued_by(certificate: PlainCertificate, issuer: PlainCertificate) -> bool:
    """Whether ``issuer`` is named in ``certificate`` and signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
