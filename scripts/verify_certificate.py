#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["pyhanko==0.38.*", "pikepdf==10.*", "pypdf==7.*", "defusedxml"]
# ///
# Assembled from CertPortal's own modules by `python -m certificates.document.onefile`: change those, not this file.
"""Check NOP Import Certificates (PDF) that CertPortal issued, without the portal and without a network.

With uv:   uv run verify_certificate.py --trust certifier.pem certificate.pdf
With pip:  pip install "pyhanko==0.38.*" "pikepdf==10.*" "pypdf==7.*" defusedxml
           python verify_certificate.py --trust certifier.pem certificate.pdf

Exit codes: 0 every file is what a trusted signer issued; 1 something speaks against a file; 2 wrong use; 3 nothing speaks
against any file, but something that matters is not known: nobody was named to trust, or the portal gave no answer.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import hashlib
import http.client
import io
import json
import re
import sys
import time
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

import pikepdf
from asn1crypto import pem, x509
from asn1crypto.core import Asn1Value
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate as PlainCertificate
from cryptography.x509 import load_der_x509_certificate
from defusedxml.ElementTree import fromstring
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError, SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError, RevokedError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

# --- datafile ---

#: Name of the attachment.
DATA_FILE = "certificate.json"
#: What the file says it is.
DATA_FORMAT = "nop-import-certificate/1"
#: Name space of the certificate's own properties in the metadata (XMP), and those that a verifier reads.
NAMESPACE = "urn:certportal:certificate:1:"
RECORDED = ("number", "reference", "dataSha256", "snapshotSha256", "template")


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one spelling of ``value``: UTF-8, keys sorted, no white space, no NaN (in the manner of RFC 8785)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_data_file(data: bytes) -> dict[str, Any]:
    """The object in :data:`DATA_FILE`. Raises ``ValueError`` saying what is wrong with it."""
    try:
        content = json.loads(data, parse_float=_no_floats)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(content, dict) or content.get("format") != DATA_FORMAT:
        raise ValueError(f"it is not of the format {DATA_FORMAT}")
    if not isinstance(content.get("snapshot"), dict):
        raise ValueError("it holds no certificate data")
    if canonical(content) != data:
        raise ValueError("it is not in canonical form")
    return content


def data_findings(data: bytes, content: dict[str, Any], recorded: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What contradicts between the data file and the metadata (``recorded``): ("data" or "snapshot", what)."""
    if recorded.get("dataSha256") != sha256(data):
        yield "data", "the attached data are not those whose hash the metadata name"
    snapshot = content["snapshot"]
    if not sha256(canonical(snapshot)) == content.get("snapshot_sha256") == recorded.get("snapshotSha256"):
        yield "snapshot", "the certificate's data do not have the hash that is named for them"
    if content.get("number") != recorded.get("number") or snapshot.get("reference") != recorded.get("reference"):
        yield "data", "number or reference of the data are not those in the metadata"


def sha256(data: bytes) -> str:
    """SHA-256 of ``data``, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _no_floats(text: str) -> float:
    raise ValueError(f"it holds a floating-point number ({text})")


# --- signers ---

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


# --- proof ---

#: The signature's reason. The second kind says that a stamp belongs to it: the stamp itself stands outside what is signed.
REASON = "Issue of the NOP Import Certificate"
REASON_STAMPED = f"{REASON}, time-stamped"
#: The signer's own clock may be ahead of the time-stamp server's by so much, and behind by as long as stamping may take.
CLOCKS_DIFFER = dt.timedelta(minutes=10)
#: The data file of a continuity document (``certificates.document.continuity``).
CONTINUITY_FILE = "continuity.json"
#: Entries of the catalogue and of a page that make a viewer do something by itself: an issued document has none.
_ACTIVE = ("/OpenAction", "/AA")
_ANNOTATIONS = ("/Link", "/Widget")


class Problem(StrEnum):
    """Why a document is not what its signer issued."""

    NOT_READABLE = "not-readable"
    ENCRYPTED = "encrypted"
    NO_SIGNATURE = "no-signature"
    SEVERAL_SIGNATURES = "several-signatures"
    CHANGED = "changed-after-signing"
    NOT_WHOLE_FILE = "not-whole-file-signed"
    BAD_SIGNATURE = "bad-signature"
    SIGNER_NOT_VALID = "signer-not-valid"
    SIGNER_REVOKED = "signer-revoked"
    SIGNER_NOT_TRUSTED = "signer-not-trusted"
    TIME_STAMP = "time-stamp-not-valid"
    ACTIVE_CONTENT = "active-content"
    NO_DATA = "no-data"
    SEVERAL_FILES = "several-files"
    BAD_DATA = "bad-data"
    DATA_HASH = "data-not-as-recorded"
    SNAPSHOT_HASH = "snapshot-not-as-recorded"
    PAGE = "page-not-as-data"
    NOT_ISSUED = "not-the-issued-file"
    NOT_IN_FORCE = "not-in-force"


@dataclass(frozen=True)
class Finding:
    """One reason, with what was seen."""

    problem: Problem
    detail: str

    def __str__(self) -> str:
        return f"{self.problem}: {self.detail}"


@dataclass(frozen=True)
class Trust:
    """Who may sign: certificates by their SHA-256 (64 hexadecimal digits), and authorities whose certificates may.

    ``clocks``: certificates of time-stamp servers, or of their authorities; empty: any server's stamp is taken as it is.
    """

    fingerprints: frozenset[str] = frozenset()
    roots: tuple[x509.Certificate, ...] = ()
    clocks: tuple[x509.Certificate, ...] = ()

    @classmethod
    def of(
        cls,
        fingerprints: Collection[str] = (),
        roots: Sequence[x509.Certificate] = (),
        clocks: Sequence[x509.Certificate] = (),
    ) -> Trust:
        """Fingerprints as people write them (upper case, colons), and certificates, which are trusted themselves too."""
        spelled = {item.lower().replace(":", "").replace(" ", "") for item in fingerprints}
        return cls(frozenset(spelled | {root.sha256.hex() for root in roots}), tuple(roots), tuple(clocks))


@dataclass(frozen=True)
class Signer:
    """Who signed, and when: by their own clock, and by a time-stamp server's where there is one.

    ``trusted``: None where the caller named nobody to trust. ``revocation``: whether the file holds an answer of the
    signer's authority about revocation.
    """

    name: str
    subject: str
    fingerprint: str
    valid_from: dt.datetime
    valid_to: dt.datetime
    signed_at: dt.datetime | None
    is_demo: bool
    trusted: bool | None
    stamped_at: dt.datetime | None = None
    stamped_by: str = ""
    revocation: bool = False

    @property
    def at(self) -> dt.datetime | None:
        """The best time known for the signature."""
        return self.stamped_at or self.signed_at

    @property
    def level(self) -> str:
        """The signature's level in the words of ETSI EN 319 142-1."""
        if self.stamped_at is None:
            return "PAdES B-B"
        return "PAdES B-LT" if self.revocation else "PAdES B-T"


@dataclass(frozen=True)
class Verification:
    """The answer. ``ok`` means: nothing was found against the document. A demonstration can be ok; see ``is_demo``.

    ``remarks``: what could not be compared, and other things that are no reason against the document.
    """

    findings: tuple[Finding, ...] = ()
    signer: Signer | None = None
    content: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    remarks: tuple[str, ...] = ()

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


def is_continuity(pdf: bytes) -> bool:
    """Whether a file says of itself that it is a continuity document: no certificate, and without a number of OID's."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            return list(opened.attachments) == [CONTINUITY_FILE]
    except (*_PARSE_ERRORS, pikepdf.PdfError):
        return False


def prove(pdf: bytes, trust: Trust | None = None) -> Verification:
    """Check signature and data of ``pdf``. Never raises for what is in the file: one that cannot be read is a finding.

    With ``trust`` None anybody's intact signature passes and ``signer.trusted`` stays None.
    """
    signer, findings = check_signature(pdf, trust)
    content, data_problems = _check_data(pdf)
    return Verification((*findings, *data_problems), signer, content, sha256(pdf))


def check_signature(pdf: bytes, trust: Trust | None = None) -> tuple[Signer | None, list[Finding]]:
    """Who signed ``pdf``, and what is found against the signature."""
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        if reader.encrypted:
            return None, [Finding(Problem.ENCRYPTED, "the file is encrypted; an issued certificate never is")]
        signatures = reader.embedded_signatures
        if not signatures:
            return None, [Finding(Problem.NO_SIGNATURE, "the file holds no signature")]
        if len(signatures) > 1:
            return None, [Finding(Problem.SEVERAL_SIGNATURES, f"the file holds {len(signatures)} signatures, not one")]
        return _check_embedded(pdf, signatures[0], trust)
    except SignatureValidationError as error:
        return None, [Finding(Problem.BAD_SIGNATURE, str(error.failure_message))]
    except _PARSE_ERRORS as error:
        return None, [
            Finding(Problem.NOT_READABLE, f"the file's structure is broken ({type(error).__name__}: {error})")
        ]


def _check_embedded(pdf: bytes, signature: EmbeddedPdfSignature, trust: Trust | None) -> tuple[Signer, list[Finding]]:
    certificate = signature.signer_cert
    status: PdfSignatureStatus = validate_pdf_signature(
        signature,
        signer_validation_context=_offline([certificate]),
        ts_validation_context=_offline(list(trust.clocks) if trust else []),
        key_usage_settings=KeyUsageConstraints(key_usage=set()),
        skip_diff=True,
    )
    findings = list(_integrity_findings(pdf, signature, status))
    stamp = status.timestamp_validity
    stamped_at = stamp.timestamp if stamp is not None else None
    signed_at = status.signer_reported_dt
    kept = _Kept.of(signature)
    problem, trusted = _path(certificate, stamped_at or signed_at, kept, trust)
    signer = Signer(
        name=common_name(certificate), subject=str(certificate.subject.human_friendly),
        fingerprint=certificate.sha256.hex(), valid_from=certificate.not_valid_before,
        valid_to=certificate.not_valid_after, signed_at=signed_at, is_demo=is_demo_certificate(certificate),
        trusted=trusted, stamped_at=stamped_at,
        stamped_by=common_name(stamp.signing_cert) if stamp is not None else "", revocation=kept.holds_answers,
    )  # fmt: skip
    findings.extend(_signer_findings(certificate, signer))
    if stamp is None and str(signature.sig_object.get("/Reason", "")) == REASON_STAMPED:
        findings.append(Finding(Problem.TIME_STAMP, "the signature was made with a time stamp, which is not there"))
    if stamp is not None:
        findings.extend(_stamp_findings(stamp, signer, known=not (trust and trust.clocks) or bool(stamp.trusted)))
    if problem:
        findings.append(Finding(Problem.SIGNER_REVOKED, problem))
    return signer, findings


def _integrity_findings(pdf: bytes, signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> Iterator[Finding]:
    if not status.intact:
        yield Finding(Problem.CHANGED, "the signed bytes are not those that were signed")
    elif not status.valid:
        yield Finding(Problem.BAD_SIGNATURE, "the signature was not made with the certificate's key")
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        start, length, resume, rest = (int(number) for number in signature.byte_range)
        seen = f"it covers bytes {start} to {start + length} and {resume} to {resume + rest} of {len(pdf)}"
        yield Finding(Problem.NOT_WHOLE_FILE, f"the file has content that the signature does not cover: {seen}")
    elif not _field_is_exact(pdf, signature):
        yield Finding(Problem.CHANGED, "the signature field holds more than the signature")
    elif not _certificates_hold(signature):
        yield Finding(Problem.CHANGED, "a certificate in the signature is not as its issuer signed it")


def _signer_findings(certificate: x509.Certificate, signer: Signer) -> Iterator[Finding]:
    if not may_sign(certificate):
        yield Finding(Problem.SIGNER_NOT_VALID, "the signer's certificate is not for signing")
    if signer.at is None:
        yield Finding(Problem.SIGNER_NOT_VALID, "the signature names no time of signing")
    elif not signer.valid_from <= signer.at <= signer.valid_to:
        yield Finding(Problem.SIGNER_NOT_VALID, "the signer's certificate was not valid at the time of signing")
    if signer.trusted is False:
        yield Finding(Problem.SIGNER_NOT_TRUSTED, f"{signer.name} is not a signer known to this verifier")


def _stamp_findings(stamp: Any, signer: Signer, *, known: bool) -> Iterator[Finding]:
    """What is found against the time stamp (RFC 3161): its imprint, its signature, its server's certificate, its time."""
    server: x509.Certificate = stamp.signing_cert
    purposes = server.extended_key_usage_value
    if not (stamp.intact and stamp.valid):
        yield Finding(Problem.TIME_STAMP, "the time stamp is not one of this signature")
    elif purposes is None or "time_stamping" not in purposes.native:
        yield Finding(Problem.TIME_STAMP, f"the certificate of {signer.stamped_by} is not for time stamps")
    elif not known:
        yield Finding(Problem.TIME_STAMP, f"{signer.stamped_by} is not a time-stamp server known to this verifier")
    elif not server.not_valid_before <= stamp.timestamp <= server.not_valid_after:
        yield Finding(Problem.TIME_STAMP, f"the certificate of {signer.stamped_by} was not valid at that time")
    elif signer.signed_at is not None and abs(stamp.timestamp - signer.signed_at) > CLOCKS_DIFFER:
        yield Finding(Problem.TIME_STAMP, f"signed at {signer.signed_at}, but stamped at {stamp.timestamp}")


@dataclass(frozen=True)
class _Kept:
    """Certificates in the signature and the document's security store, and the answers about revocation kept there."""

    certificates: tuple[x509.Certificate, ...] = ()
    crls: tuple[Any, ...] = ()
    ocsps: tuple[Any, ...] = ()

    @property
    def holds_answers(self) -> bool:
        return bool(self.crls or self.ocsps)

    @classmethod
    def of(cls, signature: EmbeddedPdfSignature) -> _Kept:
        others = tuple(signature.other_embedded_certs)
        try:
            store = DocumentSecurityStore.read_dss(signature.reader)
        except NoDSSFoundError:
            return cls(others)
        context = store.as_validation_context({"trust_roots": [signature.signer_cert]})
        return cls((*others, *store.load_certs()), tuple(context.crls), tuple(context.ocsps))


def _path(
    certificate: x509.Certificate, at: dt.datetime | None, kept: _Kept, trust: Trust | None
) -> tuple[str, bool | None]:
    """Why the signer's certificate was revoked ("" for not, as far as the file says), and whether the signer is trusted."""
    known = None if trust is None else certificate.sha256.hex() in trust.fingerprints
    if at is None:
        return "", known
    roots = [] if trust is None else list(trust.roots)
    tops = [other for other in kept.certificates if other.self_issued] or list(kept.certificates)
    revoked = ""
    for anchors, names_trust in ((roots, True), (tops, False)):
        try:
            if anchors:
                asyncio.run(_validator(certificate, at, kept, anchors).async_validate_path())
                known = True if names_trust else known
        except RevokedError as error:
            revoked = str(error.failure_msg)
        except (PathBuildingError, PathValidationError):
            continue
    return revoked, known


def _validator(
    certificate: x509.Certificate, at: dt.datetime, kept: _Kept, anchors: list[x509.Certificate]
) -> CertificateValidator:
    context = ValidationContext(
        trust_roots=anchors, other_certs=kept.certificates, crls=kept.crls, ocsps=kept.ocsps, moment=at,
        allow_fetching=False, revocation_mode="soft-fail",
    )  # fmt: skip
    return CertificateValidator(certificate, intermediate_certs=kept.certificates, validation_context=context)


def _offline(roots: list[x509.Certificate]) -> ValidationContext:
    return ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")


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


def _certificates_hold(signature: EmbeddedPdfSignature) -> bool:
    """Whether the certificates beside the signer's are its path and nothing else, and those of a time stamp hold together.

    They too stand outside what is signed. A server may send more than its path: there the signatures alone count.
    """
    others = signature.other_embedded_certs
    if {other.dump() for other in others} != {each.dump() for each in issuers_of(signature.signer_cert, others)}:
        return False
    attributes, inside = signature.signer_info["unsigned_attrs"], []
    for attribute in attributes if attributes else ():
        if attribute["type"].native == "signature_time_stamp_token":
            choices = attribute["values"][0]["content"]["certificates"]
            inside += [load_der_x509_certificate(each.chosen.dump()) for each in choices if each.name == "certificate"]
    for certificate in inside:
        issuers = [other for other in inside if other.subject == certificate.issuer]
        if issuers and not any(issued_by(certificate, issuer) for issuer in issuers):
            return False
    return True


def _check_data(pdf: bytes) -> tuple[dict[str, Any], list[Finding]]:
    try:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            active = [Finding(Problem.ACTIVE_CONTENT, what) for what in _active_content(opened)]
            names = list(opened.attachments)
            if not names:
                return {}, [*active, Finding(Problem.NO_DATA, "no data file is attached")]
            if names == [CONTINUITY_FILE]:
                # another kind of document, made in an outage of OID: its own check page compares it by hash
                return {}, active
            if names != [DATA_FILE]:
                seen = f"attached is {', '.join(names)}, not {DATA_FILE} alone"
                return {}, [*active, Finding(Problem.SEVERAL_FILES, seen)]
            data = opened.attachments[DATA_FILE].get_file().read_bytes()
            recorded = _recorded(opened)
    except (*_PARSE_ERRORS, pikepdf.PdfError, ET.ParseError) as error:
        return {}, [Finding(Problem.NOT_READABLE, f"data or metadata cannot be read ({type(error).__name__}: {error})")]
    try:
        content = read_data_file(data)
    except ValueError as error:
        return {}, [*active, Finding(Problem.BAD_DATA, str(error))]
    kinds = {"data": Problem.DATA_HASH, "snapshot": Problem.SNAPSHOT_HASH}
    return content, [*active, *(Finding(kinds[kind], what) for kind, what in data_findings(data, content, recorded))]


def _active_content(opened: pikepdf.Pdf) -> Iterator[str]:
    """What would act, or lie over the page, in a viewer."""
    if "/JavaScript" in opened.Root.get("/Names", pikepdf.Dictionary()):
        yield "the file holds JavaScript"
    yield from (
        f"the file has {entry}: it does something when it is opened" for entry in _ACTIVE if entry in opened.Root
    )
    for number, page in enumerate(opened.pages, start=1):
        if "/AA" in page.obj:
            yield f"page {number} does something when it is shown"
        for annotation in page.obj.get("/Annots", ()):
            kind = str(annotation.get("/Subtype"))
            if kind not in _ANNOTATIONS:
                yield f"an annotation ({kind}) lies on page {number}"


def _recorded(opened: pikepdf.Pdf) -> dict[str, str]:
    """The certificate's properties in the metadata."""
    root = fromstring(opened.Root.Metadata.read_bytes())
    found = {name: root.findtext(f".//{{{NAMESPACE}}}{name}") for name in RECORDED}
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
    AssertionError,
    zlib.error,
)


# --- visible ---

#: A weight as the page prints it, and a certificate's number, with all white space taken out.
_WEIGHT = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})*\.\d{3}(?=kg)")
_NUMBER = re.compile(r"(?<!\d)\d{3}-\d{10}-\d{6}(?!\d)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Scripts whose letters a page holds in another order or shape than the text has: compared by nobody but a reader's eyes.
_SHAPED = ("ARABIC", "HEBREW", "SYRIAC", "THAANA", "DEVANAGARI", "BENGALI", "TAMIL", "THAI", "LAO", "KHMER", "MYANMAR")


@dataclass(frozen=True)
class Comparison:
    """``differences``: what contradicts; ``not_compared``: names of facts whose script this comparison cannot read."""

    differences: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()


def compare(pdf: bytes, content: dict[str, Any]) -> Comparison:
    """The pages of ``pdf`` against ``content``, the object in its data file. Never raises for what is in either."""
    try:
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
        facts = list(_facts(content))
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        return Comparison((f"pages and data cannot be compared ({type(error).__name__}: {error})",))
    seen = _squeezed(text)
    shaped = tuple(name for name, values in facts if any(map(_is_shaped, values)))
    missing = [
        f"{name} {values[0]!r} of the data is not on the pages"
        for name, values in facts
        if name not in shaped and not any(_squeezed(value) in seen for value in values)
    ]
    return Comparison((*missing, *_foreign(seen, content)), shaped)


def _facts(content: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Facts that the pages must show: a name, and the spellings of which one must be there. Empty facts are left out."""
    snapshot = content["snapshot"]
    code = snapshot["hts"]["code"]
    yield "number", (content["number"],)
    yield "net weight", (_weight(snapshot["net_kg"]),)
    if snapshot["gross_kg"]:
        yield "gross weight", (_weight(snapshot["gross_kg"]),)
    yield "HTS code", (code, f"{code[:4]}.{code[4:6]}.{code[6:]}")
    for name, holder, key in (
        ("product", "product", "label_name"), ("certifier", "certifier", "name"), ("exporter", "exporter", "name"),
        ("exporter's NOP ID", "exporter", "nop_id"), ("final handler", "final_handler", "name"),
        ("importer", "importer", "name"), ("importer's NOP ID", "importer", "nop_id"),
        ("recipient", "recipient", "name"), ("consignee", "consignee", "name"), ("origin", "origin", "name"),
    ):  # fmt: skip
        if snapshot[holder][key]:
            yield name, (snapshot[holder][key],)
    for end in ("start", "end"):
        yield f"{end} of the period", (_day(snapshot["period"][end]), snapshot["period"][end])
    for lot in snapshot["lots"]:
        yield f"lot {lot['lot']}", (lot["lot"],)
        if lot["kg"]:
            yield f"weight of lot {lot['lot']}", (_weight(lot["kg"]),)


def _foreign(seen: str, content: dict[str, Any]) -> Iterator[str]:
    """Weights and certificate numbers on the pages that the data do not know."""
    known = json.dumps(content, ensure_ascii=False)
    weights = {_weight(text) for text in re.findall(r"\"(\d+\.\d{3})\"", known)}
    total = _total(content["snapshot"]["lots"])
    for weight in sorted(set(_WEIGHT.findall(seen))):
        if f"{weight}kg" not in {*map(_squeezed, weights), total}:
            yield f"the pages say {weight} kg, which is not in the data"
    for number in sorted(set(_NUMBER.findall(seen))):
        if number not in known:
            yield f"the pages say the number {number}, which is not in the data"


def _total(lots: list[dict[str, Any]]) -> str:
    try:
        return _squeezed(_weight(str(sum((Decimal(lot["kg"]) for lot in lots if lot["kg"]), Decimal("0.000")))))
    except InvalidOperation:
        return ""


def _weight(text: str) -> str:
    whole, _point, thousandths = text.partition(".")
    return f"{int(whole):,}.{thousandths} kg"


def _day(text: str) -> str:
    year, month, day = (int(part) for part in text.split("-"))
    return f"{day} {_MONTHS[month - 1]} {year}"


def _squeezed(text: str) -> str:
    """Without white space and soft hyphens, in one Unicode form: lines break where they like."""
    composed = unicodedata.normalize("NFKC", text)
    return "".join(character for character in composed if not character.isspace() and character != "\N{SOFT HYPHEN}")


def _is_shaped(text: str) -> bool:
    return any(unicodedata.name(character, "").startswith(_SHAPED) for character in text)


# --- verify_cli ---

PROVEN, REFUTED, MISUSE, UNKNOWN = 0, 1, 2, 3
#: A certificate of a few pages has well under a megabyte; no file is read that is larger than this.
FILE_LIMIT = 50 * 1024 * 1024
ANSWER_LIMIT = 1024 * 1024
CHECK_PATH = "/api/v1/certificates/check/"
#: States in which a genuine document may not be used any more.
NOT_IN_FORCE = ("void", "replaced")

#: What is said of a continuity document.
CONTINUITY = (
    "this is a continuity document, made in an outage of OID: no certificate, and without a number of OID's; its text was not "
    "compared with its data. Its own check page, by reference and code, says whether these bytes were made"
)

Look = Callable[[bytes, Verification], Verification]


class Misuse(Exception):
    """The command was called in a way that cannot be answered."""


@dataclass(frozen=True)
class Answer:
    """What is known of one file. ``state``: of the certificate, as the portal says; "" where it was not asked."""

    file: str
    found: Verification
    state: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The exit code for this file alone."""
        if not self.found.ok:
            return REFUTED
        return UNKNOWN if self.unknown else PROVEN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments, the same for both commands."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="PDF of a certificate")
    parser.add_argument(
        "--trust", action="append", default=[], metavar="PEM",
        help="file with certificates that may sign, or of authorities whose certificates may (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--fingerprint", action="append", default=[], metavar="SHA256",
        help="SHA-256 of a certificate that may sign (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--trust-time", action="append", default=[], metavar="PEM",
        help="file with the certificate of the time-stamp server, or of its authority (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--online", default="", metavar="ORIGIN",
        help="also ask the portal there (https://…) whether this file was issued and is in force. Type the address "
        "yourself: one that stands in the file may lead to an imitation",
    )  # fmt: skip
    parser.add_argument("--seconds", type=int, default=10, help="time limit of that question (10)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def run(options: argparse.Namespace, out: TextIO, *, trust: Trust | None = None, look: Look | None = None) -> int:
    """Check ``options.files``; returns the exit code. Raises :class:`Misuse`.

    ``trust``: whom to trust where the options name nobody. ``look``: a further check of the portal's own.
    """
    named = _trust(options)
    trust = named if named is not None else trust
    _check_origin(options.online)
    answers = [_answer(name, options, trust, look) for name in options.files]
    if options.json:
        out.write(json.dumps({"files": [_plain(answer) for answer in answers]}, ensure_ascii=False, indent=2) + "\n")
    else:
        out.write("\n".join(_lines(answer) for answer in answers))
    codes = {answer.code for answer in answers}
    return REFUTED if REFUTED in codes else max(codes)


def main(arguments: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """The script's entry."""
    parser = argparse.ArgumentParser(description="Check NOP Import Certificates (PDF) that CertPortal issued.")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        return run(options, out or sys.stdout)
    except Misuse as error:
        parser.exit(MISUSE, f"{parser.prog}: {error}\n")


def _trust(options: argparse.Namespace) -> Trust | None:
    wrong = [text for text in options.fingerprint if len(text.replace(":", "").replace(" ", "")) != 64]
    if wrong:
        raise Misuse(f"{wrong[0]!r} is no SHA-256: it has 64 hexadecimal digits")
    roots = [certificate for name in options.trust for certificate in _pem(name)]
    clocks = [certificate for name in options.trust_time for certificate in _pem(name)]
    if not (roots or options.fingerprint):
        if clocks:
            raise Misuse("--trust-time needs --trust or --fingerprint: a time alone proves no signer")
        return None
    return Trust.of(options.fingerprint, roots, clocks)


def _pem(name: str) -> tuple[Any, ...]:
    try:
        return read_certificates(Path(name).read_bytes())
    except (OSError, ValueError) as error:
        raise Misuse(f"{name}: {error}") from error


def _check_origin(origin: str) -> None:
    parts = urllib.parse.urlsplit(origin)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if origin and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local))):
        raise Misuse(f"--online needs an address that begins with https://, not {origin!r}")


def _answer(name: str, options: argparse.Namespace, trust: Trust | None, look: Look | None) -> Answer:
    try:
        with Path(name).open("rb") as file:
            pdf = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise Misuse(f"{name}: {error.strerror}") from error
    if len(pdf) > FILE_LIMIT:
        return Answer(name, Verification((Finding(Problem.NOT_READABLE, "the file is far too large"),)))
    found = prove(pdf, trust)
    if found.content:
        compared = compare(pdf, found.content)
        differs = tuple(Finding(Problem.PAGE, text) for text in compared.differences)
        remarks = tuple(f"not compared, because of its script: {name}" for name in compared.not_compared)
        found = replace(found, findings=(*found.findings, *differs), remarks=remarks)
    if look is not None:
        found = look(pdf, found)
    unknown = () if trust is not None else ("nobody was named to trust (--trust, --fingerprint)",)
    if is_continuity(pdf):
        # nothing of its text was compared: it is never more than whole and signed
        unknown = (*unknown, CONTINUITY)
    answer = Answer(name, found, unknown=unknown if found.ok else ())
    return _ask(answer, options.online, options.seconds) if options.online and found.number else answer


def _ask(answer: Answer, origin: str, seconds: int) -> Answer:
    """The portal's word on the file: whether it issued these bytes, and in which state the certificate is."""
    found = answer.found
    query = urllib.parse.urlencode({"number": found.number, "code": found.content.get("check_code", "")})
    try:
        status, said = _get(f"{origin.rstrip('/')}{CHECK_PATH}?{query}", seconds)
    except (OSError, ValueError) as error:
        return replace(answer, unknown=(*answer.unknown, f"the portal gave no answer ({error})"))
    if status == 404 and isinstance(said.get("errors"), list):
        nothing = Finding(Problem.NOT_ISSUED, "the portal knows no certificate with this number and code")
        return replace(answer, found=replace(found, findings=(*found.findings, nothing)))
    hashes, state = said.get("document_sha256"), said.get("state")
    if status != 200 or not isinstance(hashes, list) or not isinstance(state, str):
        return replace(answer, unknown=(*answer.unknown, f"the portal gave no usable answer (status {status})"))
    more = []
    if found.sha256 not in hashes:
        more.append(Finding(Problem.NOT_ISSUED, "the portal has issued this certificate, but not this file"))
    elif found.sha256 != hashes[-1]:
        which = f"this file is version {hashes.index(found.sha256) + 1} of {len(hashes)}: the last one counts"
        more.append(Finding(Problem.NOT_IN_FORCE, which))
    if said.get("amendment_pending"):
        lowered = f"; {said['net_kg']} kg net now" if said.get("net_kg") else ""
        more.append(
            Finding(
                Problem.NOT_IN_FORCE, f"the certificate has been amended, its new document is not made yet{lowered}"
            )
        )
    if state in NOT_IN_FORCE:
        follows = f", replaced by {said['replaced_by']}" if said.get("replaced_by") else ""
        more.append(Finding(Problem.NOT_IN_FORCE, f"the certificate is {state}{follows}"))
    flagged = (f"the portal warns: {said['flagged_because']}",) if said.get("flagged_because") else ()
    whole = replace(found, findings=(*found.findings, *more), remarks=(*found.remarks, *flagged))
    return replace(answer, found=whole, state=state)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _get(url: str, seconds: int) -> tuple[int, dict[str, Any]]:
    """Status and JSON object; the time limit holds for the whole answer. Raises ``OSError``, ``ValueError``."""
    end = time.monotonic() + seconds
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 (the scheme was checked)
    try:
        response = opener.open(request, timeout=seconds)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _object(_whole(error, end))
    with response:
        said = json.loads(_whole(response, end))
    return response.status, said if isinstance(said, dict) else {}


def _whole(answer: Any, end: float) -> bytes:
    """All of an answer, or of a refusal, before ``end``. Raises ``OSError`` for one that is late, too long or broken off."""
    data = bytearray()
    try:
        while chunk := answer.read1(65536):
            data += chunk
            if time.monotonic() > end or len(data) > ANSWER_LIMIT:
                raise TimeoutError("it took too long or sent too much")
    except http.client.HTTPException as error:
        raise OSError(f"it broke off ({type(error).__name__})") from error
    return bytes(data)


def _object(data: bytes) -> dict[str, Any]:
    """The JSON object of a refusal; empty for anything else: another site's 404 says nothing about a certificate."""
    try:
        said = json.loads(data)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _plain(answer: Answer) -> dict[str, Any]:
    found, signer = answer.found, answer.found.signer
    return {
        "file": answer.file, "exit_code": answer.code, "number": found.number, "sha256": found.sha256,
        "demonstration": found.is_demo, "state": answer.state or None,
        "findings": [{"problem": str(each.problem), "detail": each.detail} for each in found.findings],
        "not_known": list(answer.unknown), "remarks": list(found.remarks),
        "signer": None if signer is None else {
            "name": signer.name, "fingerprint_sha256": signer.fingerprint, "trusted": signer.trusted,
            "level": signer.level, "signed_at": _moment(signer.signed_at), "stamped_at": _moment(signer.stamped_at),
            "stamped_by": signer.stamped_by or None, "revocation_data": signer.revocation,
            "valid_from": _moment(signer.valid_from), "valid_to": _moment(signer.valid_to),
        },
    }  # fmt: skip


def _lines(answer: Answer) -> str:
    found, signer = answer.found, answer.found.signer
    verdict = {
        PROVEN: "is what a trusted signer issued",
        REFUTED: "IS NOT TO BE RELIED ON",
        UNKNOWN: "is whole, but it is not known whether to rely on it",
    }[answer.code]
    lines = [f"{answer.file}: {verdict}"]
    lines += [f"  no: {finding.detail} ({finding.problem})" for finding in found.findings]
    lines += [f"  not known: {text}" for text in answer.unknown]
    if found.is_demo:
        lines.append("  a demonstration: no certificate for customs")
    if found.number:
        lines.append(f"  number {found.number}")
    if signer is not None:
        stamped = f", stamped {_moment(signer.stamped_at)} by {signer.stamped_by}" if signer.stamped_at else ""
        lines.append(f"  signer {signer.name}, {signer.level}, signed {_moment(signer.signed_at)}{stamped}")
        lines.append(f"  certificate of the signer, SHA-256 {signer.fingerprint}")
    lines += [f"  {text}" for text in found.remarks]
    if answer.state:
        lines.append(f"  the portal says: {answer.state}")
    lines.append(f"  SHA-256 of the file {found.sha256}")
    return "\n".join(lines) + "\n"


def _moment(when: Any) -> str | None:
    return None if when is None else when.strftime("%Y-%m-%dT%H:%M:%S%z")


if __name__ == "__main__":
    sys.exit(main())
