"""Signed PDF → whether it is what its signer issued, and if not, why not. Offline, and for files from anywhere.

What is checked:

- there is exactly one signature, it covers every byte of the file but itself, and the bytes of the signature field hold
  the signature and nothing else;
- the signature fits the bytes, its certificate allows signing and was valid when it was made, and, where the caller says
  whom to trust, is one of those;
- exactly one data file is attached, in its canonical form, its hash is the one in the metadata, and the hash of the
  snapshot in it is the one that it and the metadata name;
- on request, the page is made anew from the data and compared byte for byte (:func:`page_matches_data`).

It says nothing about the certificate's present state (void, replaced): only the check page knows that.
"""

from __future__ import annotations

import datetime as dt
import io
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

import pikepdf
from asn1crypto import x509
from asn1crypto.core import Asn1Value
from defusedxml.ElementTree import fromstring
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from certificates.document.errors import DocumentError
from certificates.document.keys import common_name, is_demo_certificate
from certificates.document.payload import DATA_FILE, TEMPLATE_VERSION, issue_of, read_data_file, sha256
from certificates.document.render import render_document
from certificates.document.snapshot import snapshot_sha256
from certificates.document.xmp import NAMESPACE, CertificateMetadata


class Problem(StrEnum):
    """Why a document is not what its signer issued."""

    NOT_READABLE = "not-readable"
    NO_SIGNATURE = "no-signature"
    SEVERAL_SIGNATURES = "several-signatures"
    CHANGED = "changed-after-signing"
    NOT_WHOLE_FILE = "not-whole-file-signed"
    BAD_SIGNATURE = "bad-signature"
    SIGNER_NOT_VALID = "signer-not-valid"
    SIGNER_NOT_TRUSTED = "signer-not-trusted"
    NO_DATA = "no-data"
    SEVERAL_FILES = "several-files"
    BAD_DATA = "bad-data"
    DATA_HASH = "data-not-as-recorded"
    SNAPSHOT_HASH = "snapshot-not-as-recorded"
    PAGE = "page-not-as-data"


@dataclass(frozen=True)
class Finding:
    """One reason, with what was seen."""

    problem: Problem
    detail: str

    def __str__(self) -> str:
        return f"{self.problem}: {self.detail}"


@dataclass(frozen=True)
class Signer:
    """Who signed, and when by their own clock. ``trusted``: None where the caller named nobody to trust."""

    name: str
    subject: str
    fingerprint: str
    valid_from: dt.datetime
    valid_to: dt.datetime
    signed_at: dt.datetime | None
    is_demo: bool
    trusted: bool | None


@dataclass(frozen=True)
class Verification:
    """The answer. ``ok`` means: nothing was found against the document. A demonstration can be ok; see ``is_demo``."""

    findings: tuple[Finding, ...] = ()
    signer: Signer | None = None
    content: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""

    @property
    def ok(self) -> bool:
        """Whether the document is, byte for byte, what its signer issued."""
        return not self.findings

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The kinds of reasons against it, in the order found."""
        return tuple(finding.problem for finding in self.findings)

    @property
    def number(self) -> str:
        """The certificate's number by the data file; empty where that cannot be read."""
        return str(self.content.get("number", ""))

    @property
    def is_demo(self) -> bool:
        """Whether a demonstration key signed it or its data say that it is a specimen."""
        return bool(self.content.get("specimen")) or bool(self.signer and self.signer.is_demo)


def verify_document(
    pdf: bytes, *, trusted_fingerprints: Collection[str] | None = None, remake_page: bool = False
) -> Verification:
    """Check ``pdf``. Never raises for what is in the file: a file that cannot be read is a finding.

    ``trusted_fingerprints``: SHA-256 of the certificates that may sign (64 hexadecimal digits); with None anybody's
    intact signature passes and ``signer.trusted`` stays None. ``remake_page`` also compares the page with the data: only
    meaningful with the template and libraries the document was made with.
    """
    signer, findings = _check_signature(pdf, trusted_fingerprints)
    content, data_findings = _check_data(pdf)
    findings += data_findings
    if remake_page and content and not findings and not page_matches_data(pdf, content):
        findings.append(Finding(Problem.PAGE, "the page made anew from the attached data differs from this one"))
    return Verification(tuple(findings), signer, content, sha256(pdf))


def page_matches_data(pdf: bytes, content: dict[str, Any]) -> bool:
    """Whether rendering ``content`` (the attached data) gives exactly the bytes that were signed in ``pdf``.

    A match proves that page and data say the same. On other versions of the libraries or of the template a difference
    proves nothing.
    """
    if content.get("template") != TEMPLATE_VERSION:
        return False
    try:
        issue = issue_of(content)
        rendered = render_document(
            content["snapshot"],
            number=issue.number,
            check_code=issue.check_code,
            check_url=issue.check_url,
            issued_at=issue.issued_at,
            public_origin=issue.public_origin,
            specimen=issue.specimen,
            history=issue.history,
        )
    except (DocumentError, KeyError, TypeError, ValueError):
        return False
    return pdf.startswith(rendered)


def _check_signature(pdf: bytes, trusted: Collection[str] | None) -> tuple[Signer | None, list[Finding]]:
    try:
        signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if not signatures:
            return None, [Finding(Problem.NO_SIGNATURE, "the file holds no signature")]
        if len(signatures) > 1:
            return None, [Finding(Problem.SEVERAL_SIGNATURES, f"the file holds {len(signatures)} signatures, not one")]
        return _check_embedded(pdf, signatures[0], trusted)
    except SignatureValidationError as error:
        return None, [Finding(Problem.BAD_SIGNATURE, str(error.failure_message))]
    except _PARSE_ERRORS as error:
        return None, [
            Finding(Problem.NOT_READABLE, f"the file's structure is broken ({type(error).__name__}: {error})")
        ]


def _check_embedded(
    pdf: bytes, signature: EmbeddedPdfSignature, trusted: Collection[str] | None
) -> tuple[Signer, list[Finding]]:
    certificate = signature.signer_cert
    context = ValidationContext(trust_roots=[certificate], allow_fetching=False, revocation_mode="soft-fail")
    status: PdfSignatureStatus = validate_pdf_signature(
        signature,
        signer_validation_context=context,
        key_usage_settings=KeyUsageConstraints(key_usage=set()),
        skip_diff=True,
    )
    signer = _signer(certificate, status.signer_reported_dt, trusted)
    findings = []
    if not status.intact:
        findings.append(Finding(Problem.CHANGED, "the signed bytes are not those that were signed"))
    elif not status.valid:
        findings.append(Finding(Problem.BAD_SIGNATURE, "the signature was not made with the certificate's key"))
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        findings.append(Finding(Problem.NOT_WHOLE_FILE, "the file has content that the signature does not cover"))
    elif not _field_is_exact(pdf, signature):
        findings.append(Finding(Problem.CHANGED, "the signature field holds more than the signature"))
    findings.extend(_signer_findings(certificate, signer))
    return signer, findings


def _signer(certificate: x509.Certificate, signed_at: dt.datetime | None, trusted: Collection[str] | None) -> Signer:
    fingerprint = certificate.sha256.hex()
    return Signer(
        name=common_name(certificate),
        subject=str(certificate.subject.human_friendly),
        fingerprint=fingerprint,
        valid_from=certificate.not_valid_before,
        valid_to=certificate.not_valid_after,
        signed_at=signed_at,
        is_demo=is_demo_certificate(certificate),
        trusted=None if trusted is None else fingerprint in {item.lower().replace(":", "") for item in trusted},
    )


def _signer_findings(certificate: x509.Certificate, signer: Signer) -> Iterator[Finding]:
    use = certificate.key_usage_value
    if use is not None and not {"digital_signature", "non_repudiation"} & use.native:
        yield Finding(Problem.SIGNER_NOT_VALID, "the signer's certificate is not for signing")
    if signer.signed_at is None:
        yield Finding(Problem.SIGNER_NOT_VALID, "the signature names no time of signing")
    elif not signer.valid_from <= signer.signed_at <= signer.valid_to:
        yield Finding(Problem.SIGNER_NOT_VALID, "the signer's certificate was not valid at the time of signing")
    if signer.trusted is False:
        yield Finding(Problem.SIGNER_NOT_TRUSTED, f"{signer.name} is not a signer known to this verifier")


def _field_is_exact(pdf: bytes, signature: EmbeddedPdfSignature) -> bool:
    """Whether the gap in the signed range is one hexadecimal string: the signature in its only DER spelling, then zeros.

    The signature cannot cover these bytes; without this look, some of them could be changed unseen.
    """
    start, length, resume, _rest = (int(number) for number in signature.byte_range)
    gap = pdf[start + length : resume]
    der = bytes(signature.pkcs7_content)
    try:
        value = Asn1Value.load(der, strict=False)
    except ValueError:
        return False
    spelled = value.dump(force=True).hex().upper().encode()
    return gap.startswith(b"<" + spelled) and gap.endswith(b">") and not gap[1 + len(spelled) : -1].strip(b"0")


def _check_data(pdf: bytes) -> tuple[dict[str, Any], list[Finding]]:
    try:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            names = list(opened.attachments)
            if not names:
                return {}, [Finding(Problem.NO_DATA, "no data file is attached")]
            if names != [DATA_FILE]:
                return {}, [Finding(Problem.SEVERAL_FILES, f"attached is {', '.join(names)}, not {DATA_FILE} alone")]
            data = opened.attachments[DATA_FILE].get_file().read_bytes()
            recorded = _recorded(opened)
    except (*_PARSE_ERRORS, pikepdf.PdfError, ET.ParseError) as error:
        return {}, [Finding(Problem.NOT_READABLE, f"data or metadata cannot be read ({type(error).__name__}: {error})")]
    try:
        content = read_data_file(data)
    except ValueError as error:
        return {}, [Finding(Problem.BAD_DATA, str(error))]
    return content, list(_data_findings(data, content, recorded))


def _data_findings(data: bytes, content: dict[str, Any], recorded: dict[str, str]) -> Iterator[Finding]:
    if recorded.get("dataSha256") != sha256(data):
        yield Finding(Problem.DATA_HASH, "the attached data are not those whose hash the metadata name")
    snapshot = content["snapshot"]
    if not snapshot_sha256(snapshot) == content.get("snapshot_sha256") == recorded.get("snapshotSha256"):
        yield Finding(Problem.SNAPSHOT_HASH, "the certificate's data do not have the hash that is named for them")
    if content.get("number") != recorded.get("number") or snapshot.get("reference") != recorded.get("reference"):
        yield Finding(Problem.DATA_HASH, "number or reference of the data are not those in the metadata")


def _recorded(opened: pikepdf.Pdf) -> dict[str, str]:
    """The certificate's properties in the metadata."""
    root = fromstring(opened.Root.Metadata.read_bytes())
    found = {name.name: root.findtext(f".//{{{NAMESPACE}}}{name.name}") for name in fields(CertificateMetadata)}
    return {name: text for name, text in found.items() if text is not None}


#: What the parsers raise at files that are broken, by accident or on purpose.
_PARSE_ERRORS = (
    PdfError,
    SigningError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OSError,
    RecursionError,
    NotImplementedError,
    zlib.error,
)
