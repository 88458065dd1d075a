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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import pairwise
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
#: The same of a continuity document: another kind, made in an outage of OID and without a number.
CONTINUITY_FILE = "continuity.json"
CONTINUITY_FORMAT = "nop-continuity-document/1"
#: Name space of the certificate's own properties in the metadata (XMP), and those that a verifier reads.
NAMESPACE = "urn:certportal:certificate:1:"
RECORDED = ("number", "reference", "dataSha256", "snapshotSha256", "template")


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one spelling of ``value``: UTF-8, keys sorted, no white space, no NaN (in the manner of RFC 8785)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_data_file(data: bytes) -> dict[str, Any]:
    """The object in :data:`DATA_FILE`. Raises ``ValueError`` saying what is wrong with it."""
    content = _read_object(data, DATA_FORMAT)
    if not isinstance(content.get("snapshot"), dict):
        raise ValueError("it holds no certificate data")
    return content


def read_continuity_file(data: bytes) -> dict[str, Any]:
    """The object in :data:`CONTINUITY_FILE`. Raises ``ValueError`` saying what is wrong with it."""
    content = _read_object(data, CONTINUITY_FORMAT)
    said = content.get("data")
    if (
        not isinstance(said, dict)
        or not isinstance(said.get("snapshot"), dict)
        or not isinstance(said.get("or1"), dict)
    ):
        raise ValueError("it holds no data of a continuity document")
    return content


def _read_object(data: bytes, form: str) -> dict[str, Any]:
    try:
        content = json.loads(data, parse_float=_no_floats)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(content, dict) or content.get("format") != form:
        raise ValueError(f"it is not of the format {form}")
    if canonical(content) != data:
        raise ValueError("it is not in canonical form")
    return content


def continuity_findings(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What contradicts within a continuity document's data: ("snapshot", what)."""
    said = content["data"]
    if sha256(canonical(said["snapshot"])) != said.get("snapshot_sha256"):
        yield "snapshot", "the certificate's data do not have the hash that is named for them"


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
    def is_continuity(self) -> bool:
        """Whether it is a continuity document: no certificate, and without a number of OID's."""
        return "data" in self.content

    @property
    def reference(self) -> str:
        """A continuity document's reference by its data file; empty for a certificate."""
        return str(self.content["data"].get("reference", "")) if self.is_continuity else ""

    @property
    def snapshot(self) -> dict[str, Any]:
        """The certificate's data in the data file of either kind; empty where that cannot be read."""
        return dict((self.content["data"] if self.is_continuity else self.content).get("snapshot", {}))

    @property
    def is_demo(self) -> bool:
        """Whether a demonstration key signed it or its data say that it is a specimen."""
        return bool(self.content.get("specimen")) or bool(self.signer and self.signer.is_demo)


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
            if names not in ([DATA_FILE], [CONTINUITY_FILE]):
                seen = f"attached is {', '.join(names)}, not {DATA_FILE} alone"
                return {}, [*active, Finding(Problem.SEVERAL_FILES, seen)]
            continuity = names == [CONTINUITY_FILE]
            data = opened.attachments[names[0]].get_file().read_bytes()
            recorded = {} if continuity else _recorded(opened)
    except (*_PARSE_ERRORS, pikepdf.PdfError, ET.ParseError) as error:
        return {}, [Finding(Problem.NOT_READABLE, f"data or metadata cannot be read ({type(error).__name__}: {error})")]
    try:
        content = read_continuity_file(data) if continuity else read_data_file(data)
    except ValueError as error:
        return {}, [*active, Finding(Problem.BAD_DATA, str(error))]
    found = continuity_findings(content) if continuity else data_findings(data, content, recorded)
    kinds = {"data": Problem.DATA_HASH, "snapshot": Problem.SNAPSHOT_HASH}
    return content, [*active, *(Finding(kinds[kind], what) for kind, what in found)]


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


# --- shown ---

#: The start of the first page, and the end of the last.
START, END = "\1", "\0"
#: More lots than this are in a table of their own.
LOTS_IN_A_BOX = 6
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LABELS = (
    "Exporter", "Final handler and its certifier", "Importer of record", "Recipient", "Ultimate consignee",
    "Destination in the United States", "Product, named as on the label", "Net weight", "HTS code", "Country of origin",
    "Organic standard", "Gross weight", "Packages", "Commercial invoices", "Lots", "Period of validity", "Covers",
    "Transport", "Containers and seals",
)  # fmt: skip
#: What follows the last box of each section.
_SECTIONS = {6: "Goods", 15: "Period and transport", 19: "For the customs broker"}
_AMENDABLE = {
    "net_kg": "net weight", "lots": "lots (kg)", "mode": "transport", "port_of_lading": "port of lading",
    "vessel": "vessel or flight", "bill_of_lading": "bill of lading or air waybill",
    "departure_date": "planned departure", "containers": "containers and seals",
}  # fmt: skip
_HISTORY = "Earlier documents and amendments"
_OF_HISTORY = ("version", "first_issued_at", "replaces", "continuity_document", "amendments")


@dataclass(frozen=True)
class Passage:
    """One fact as the pages print it: its ``text`` with its label, and one of what may follow (nothing: anything)."""

    name: str
    text: str
    after: tuple[str, ...] = ()


def certificate_passages(content: Mapping[str, Any]) -> Iterator[Passage]:
    """All that a certificate prints of its data file's ``content``. Raises ``KeyError`` and the like for another form."""
    snapshot = content["snapshot"]
    yield from _head(content, snapshot)
    yield from _history_passages(content)
    boxes = [_box(*box) for box in enumerate(_boxes(snapshot), start=1)]
    for no, text in enumerate(boxes, start=1):
        follows = _SECTIONS.get(no) or f"{no + 1} {_LABELS[no]}"
        yield Passage(_LABELS[no - 1][0].lower() + _LABELS[no - 1][1:], text, (follows,))
    yield from _foot(content, snapshot)
    yield from _annex(content["number"], snapshot)


def day_shown(text: str) -> str:
    """An ISO 8601 day as pages print it; nothing for nothing."""
    if not text:
        return ""
    date = dt.date.fromisoformat(text)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def moment_shown(text: str) -> str:
    """An ISO 8601 moment as pages print it."""
    when = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    return f"{day_shown(when.date().isoformat())}, {when:%H:%M} UTC"


def weight_shown(text: str) -> str:
    """Kilograms as pages print them; nothing for nothing."""
    if not text:
        return ""
    whole, _point, thousandths = text.partition(".")
    return f"{int(whole):,}.{thousandths} kg"


def code_shown(code: str) -> str:
    """A check code in its groups of four."""
    bare = code.upper().replace("-", "").replace(" ", "")
    return "-".join(bare[start : start + 4] for start in range(0, len(bare), 4))


def tariff_shown(code: str) -> str:
    """Ten digits as the tariff prints them."""
    return f"{code[:4]}.{code[4:6]}.{code[6:]}" if code else ""


def lots_shown(lots: Sequence[Mapping[str, str]]) -> str:
    """Lots with their weights, in one line."""
    return "; ".join(f"{lot['lot']} ({weight_shown(lot['kg'])})" if lot["kg"] else lot["lot"] for lot in lots)


def _joined_by(by: str, *parts: str) -> str:
    return by.join(part for part in parts if part)


def _head(content: Mapping[str, Any], snapshot: Mapping[str, Any]) -> Iterator[Passage]:
    certifier = snapshot["certifier"]
    accreditation = f" · {certifier['accreditation']}" if certifier["accreditation"] else ""
    lines = [*filter(None, map(str.strip, certifier["address"].splitlines())), certifier["country"]]
    place = "".join(f"{line}{' · ' if no < len(lines) else ''}" for no, line in enumerate(lines, start=1) if line)
    letterhead = snapshot.get("letterhead", {}).get("text", "")
    issuer = f"{START}{certifier['name']} Certifying agent {certifier['code']}{accreditation} {place} {letterhead}"
    yield Passage("certifier", issuer, ("NOP Import Certificate",))
    yield Passage("number", f"Certificate number {content['number']}", ("Issued",))
    issued = content.get("first_issued_at") or content["issued_at"]
    period = snapshot["period"]
    yield Passage("time of issue", f"Issued {moment_shown(issued)}", ("Valid from",))
    yield Passage("start of the period", f"Valid from {day_shown(period['start'])}", ("Valid to",))
    yield Passage("end of the period", f"Valid to {day_shown(period['end'])}", ("Check code",))
    follows = _HISTORY if any(content.get(key) for key in _OF_HISTORY) else "Parties"
    yield Passage("check code", f"Check code {code_shown(content['check_code'])}", (follows,))


def _history_passages(content: Mapping[str, Any]) -> Iterator[Passage]:
    """The documents before this one, under their heading; nothing where there are none."""
    lines = [*_history_lines(content), ("", "Parties")]
    heading = f"{_HISTORY} "
    for (name, text), (_name, following) in pairwise(lines):
        yield Passage(name, f"{heading}{text}", (following,))
        heading = ""


def _history_lines(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if content.get("replaces"):
        text = f"This certificate replaces certificate {content['replaces']}, which must not be used any more."
        yield "certificate that it replaces", text
    if content.get("continuity_document"):
        reference = content["continuity_document"]
        text = f"It takes the place of continuity document {reference}, made while OID was out."
        yield "continuity document before it", text
    if content.get("version", 1) > 1:
        text = f"This is version {content['version']} of the document. It supersedes every earlier version of the same"
        yield "version", f"{text} number."
    if content.get("first_issued_at"):
        text = f"This version was made on {moment_shown(content['issued_at'])}."
        yield "time of this version", f"{text} Nothing but what is named here has changed."
    for row in content.get("amendments", ()):
        changes = " ".join(map(_change_shown, row["changes"]))
        text = f"Amendment {row['number']}, {row['day']} {changes} Reason: {row['reason']}"
        yield f"amendment {row['number']}", text


def _change_shown(part: Mapping[str, str]) -> str:
    before, after = part["before"], part["after"]
    if part["field"] == "net_kg":
        before, after = weight_shown(before), weight_shown(after)
    return f"{_AMENDABLE.get(part['field'], part['field'])} from {before or '–'} to {after or '–'}"


def _box(no: int, content: tuple[Iterable[str], str]) -> str:
    """One numbered box: its label, its lines, the party's NOP ID; an empty one says so."""
    lines, nop_id = content
    shown = " ".join(line for line in (*lines, f"NOP ID {nop_id}" if nop_id else "") if line)
    return f"{no} {_LABELS[no - 1]} {shown or 'Not stated'}"


def _boxes(snapshot: Mapping[str, Any]) -> Iterator[tuple[Iterable[str], str]]:
    """What is in the boxes 1 to 19: lines, and the NOP ID."""
    exporter, handler, importer = snapshot["exporter"], snapshot["final_handler"], snapshot["importer"]
    recipient, consignee, destination = snapshot["recipient"], snapshot["consignee"], snapshot["destination"]
    certified_by = f"Certified by {handler['certifier']}" if handler["certifier"] else ""
    yield (exporter["name"], exporter["address"]), exporter["nop_id"]
    yield (handler["name"], certified_by), handler["nop_id"]
    yield (importer["name"], importer["address"]), importer["nop_id"]
    yield (recipient["name"],), recipient["nop_id"]
    yield (consignee["name"], consignee["address"]), ""
    yield (_joined_by(", ", destination["city"], destination["state"]),), ""
    product, hts, packages = snapshot["product"], snapshot["hts"], snapshot["packages"]
    listed, label = product["product_name"], product["label_name"]
    yield (label, f"Listed by the certifier as: {listed}" if listed and listed != label else ""), ""
    yield (weight_shown(snapshot["net_kg"]),), ""
    organic = "A code for certified organic goods" if hts["certified_organic"] else ""
    yield (tariff_shown(hts["code"]), hts["description"], organic), ""
    origin = snapshot["origin"]
    yield (f"{origin['name']} ({origin['code']})" if origin["code"] else "",), ""
    yield (snapshot["standard"],), ""
    yield (weight_shown(snapshot["gross_kg"]),), ""
    yield (_joined_by(" ", packages["number"], packages["kind"]),), ""
    yield (", ".join(snapshot["invoices"]),), ""
    lots = snapshot["lots"]
    yield (_in_the_annex(lots) if len(lots) > LOTS_IN_A_BOX else lots_shown(lots),), ""
    yield from _movement_boxes(snapshot)


def _movement_boxes(snapshot: Mapping[str, Any]) -> Iterator[tuple[Iterable[str], str]]:
    transport, period, single = snapshot["transport"], snapshot["period"], snapshot["kind"] == "single"
    yield (f"{day_shown(period['start'])} to {day_shown(period['end'])}",), ""
    yield ("One shipment" if single else "Several shipments within the period",), ""
    later = "" if single else "Declared with each shipment"
    port, departure, bill = transport["port_of_lading"], transport["departure_date"], transport["bill_of_lading"]
    yield (
        (
            _joined_by(", ", transport["mode"], transport["vessel"]) or later,
            f"From {port}" if port else "",
            f"Departure {day_shown(departure)}" if departure else "",
            f"Bill of lading {bill}" if bill else "",
        ),
        "",
    )
    containers = (
        f"{row['number']}, seal {row['seal']}" if row["seal"] else row["number"] for row in snapshot["containers"]
    )
    yield ("; ".join(containers) or later,), ""


def _in_the_annex(lots: Sequence[Any]) -> str:
    return f"{len(lots)} lots, listed in the annex"


def _foot(content: Mapping[str, Any], snapshot: Mapping[str, Any]) -> Iterator[Passage]:
    lots, several = snapshot["lots"], snapshot["kind"] == "multiple"
    label = "Net weight of all shipments" if several else "Net weight"
    heads = f"Message set Certificate number HTS code {label}"
    entry = f"OR2 {content['number']} {snapshot['hts']['code']} {weight_shown(snapshot['net_kg'])}"
    yield Passage("customs broker's block", f"{heads} {entry}", ("Lots",))
    few = ", ".join(lot["lot"] for lot in lots) or "none declared"
    named = few if len(lots) <= LOTS_IN_A_BOX else _in_the_annex(lots)
    yield Passage("customs broker's lots", f"{entry} Lots {named}", ("File the 21-character",))
    request = f" Request {snapshot['request_reference']}." if snapshot["request_reference"] else ""
    approval = f"Approved {moment_shown(snapshot['approved_at'])} by {snapshot['approved_by']}.{request}"
    yield Passage("approval", approval, ("To check it, type",))
    yield Passage("origin of the check page", f"To check it, type {content['public_origin']} into a browser")
    yield Passage(
        "fingerprint", f"Fingerprint of the data (SHA-256) {content['snapshot_sha256']}", ("Annex: lots", END)
    )


def _annex(number: str, snapshot: Mapping[str, Any]) -> Iterator[Passage]:
    """Lots in pairs, as the table's rows hold them."""
    lots = snapshot["lots"]
    if len(lots) <= LOTS_IN_A_BOX:
        return
    intro = (
        f"{len(lots)} lots of certificate {number}; net weight of the certificate {weight_shown(snapshot['net_kg'])}."
    )
    yield Passage("annex", intro)
    cells = [f"{no} {lot['lot']} {weight_shown(lot['kg']) or '–'}" for no, lot in enumerate(lots, start=1)]
    for start in range(0, len(cells), 2):
        last = start + 2 >= len(cells)
        follows = (END,) if last else (cells[start + 2], "No. Lot Net weight")
        yield Passage(f"lots {start + 1} and on", " ".join(cells[start : start + 2]), follows)


# --- shown_continuity ---

_PARTIES = {
    "exporter": "Exporter", "consignee": "Ultimate consignee", "issuer": "Issuer of the certificate",
    "last_handler": "Last handler",
}  # fmt: skip


def continuity_passages(content: Mapping[str, Any]) -> Iterator[Passage]:
    """All that a continuity document prints of its data file. Raises ``KeyError`` and the like for another form."""
    data = content["data"]
    snapshot, or1 = data["snapshot"], data["or1"]
    certifier = snapshot["certifier"]
    issuer = f"{START}{certifier['name']}, certifying agent {certifier['code']}"
    yield Passage("certifier", issuer, ("Continuity document",))
    yield Passage("COOP code", f"COOP code {data['coop_code']}", ("Reference of this document",))
    yield Passage("reference", f"Reference of this document {data['reference']}", ("Made",))
    yield Passage("time when it was made", f"Made {moment_shown(content['made_at'])}", ("Check code",))
    yield Passage("check code", f"Check code {code_shown(content['check_code'])}", ("Message set OR1",))
    use = f"Intended use {or1['intended_use']}"
    yield Passage("intended use", use, ("Parties of message set OR1",))
    titles = [*_PARTIES.values(), "Goods and transport"]
    for (key, title), following in zip(_PARTIES.items(), titles[1:], strict=True):
        yield Passage(title[0].lower() + title[1:], f"{title} {_party(key, or1[key])}", (following,))
    rows = [*((label, value) for label, value in _rows_shown(snapshot) if value), ("Approved", "")]
    heading = f"{titles[-1]} "
    for (label, value), (following, _value) in pairwise(rows):
        yield Passage(label[0].lower() + label[1:], f"{heading}{label} {value}", (following,))
        heading = ""
    approval = f"Approved {moment_shown(snapshot['approved_at'])} by {snapshot['approved_by']}"
    yield Passage("approval", f"{approval}, request {snapshot['request_reference']}.", ("Made by",))
    yield Passage("origin of the check page", f"To check it, type {content['public_origin']} into a browser")
    yield Passage("fingerprint", f"Fingerprint of the certificate's data (SHA-256) {data['snapshot_sha256']}", (END,))


def _party(key: str, party: Mapping[str, Any]) -> str:
    ident = "Code" if key == "issuer" else "NOP ID"
    shown = f"{party['name']} {party['address']} Contact: {party['contact']} {ident} {party['nop_id'] or 'none stated'}"
    certifier = party.get("certifier")
    return f"{shown} Certified by {certifier['name']}, code {certifier['nop_id']}" if certifier else shown


def _rows_shown(snapshot: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and value of the table of goods and transport, in its order. A row without a value is not printed."""
    transport, period, origin = snapshot["transport"], snapshot["period"], snapshot["origin"]
    importer, destination, packages = snapshot["importer"], snapshot["destination"], snapshot["packages"]
    yield "Product, named as on the label", snapshot["product"]["label_name"]
    yield "HTS code", f"{tariff_shown(snapshot['hts']['code'])} {snapshot['hts']['description']}".strip()
    yield "Net weight", weight_shown(snapshot["net_kg"])
    yield "Gross weight", weight_shown(snapshot["gross_kg"])
    yield "Packages", f"{packages['number']} {packages['kind']}".strip()
    yield "Lots", lots_shown(snapshot["lots"])
    yield "Country of origin", f"{origin['name']} ({origin['code']})"
    yield "Organic standard", snapshot["standard"]
    yield "Importer of record", f"{importer['name']}, {importer['address']}, NOP ID {importer['nop_id']}"
    yield "Destination in the United States", ", ".join(filter(None, (destination["city"], destination["state"])))
    yield "Period", f"{day_shown(period['start'])} to {day_shown(period['end'])}"
    yield "Transport", ", ".join(filter(None, (transport["mode"], transport["vessel"], transport["port_of_lading"])))
    yield "Planned departure", day_shown(transport["departure_date"])
    yield "Bill of lading or air waybill", transport["bill_of_lading"]
    yield (
        "Containers and seals",
        "; ".join(" / ".join(filter(None, (row["number"], row["seal"]))) for row in snapshot["containers"]),
    )
    yield "Commercial invoices", ", ".join(snapshot["invoices"])


# --- visible ---

#: A weight as the page prints it, and a certificate's number, with all white space taken out.
_WEIGHT = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})*\.\d{3}(?=kg)")
_NUMBER = re.compile(r"(?<!\d)\d{3}-\d{10}-\d{6}(?!\d)")
_UNREADABLE = (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)
#: On every page of a demonstration.
_MARK = "Demonstration:notforcustomsuse"
#: Scripts whose letters a page holds in another order or shape than the text has: compared by nobody but a reader's eyes.
_SHAPED = ("ARABIC", "HEBREW", "SYRIAC", "THAANA", "DEVANAGARI", "BENGALI", "TAMIL", "THAI", "LAO", "KHMER", "MYANMAR")


@dataclass(frozen=True)
class Comparison:
    """``differences``: what contradicts; ``not_compared``: names of facts whose script this comparison cannot read."""

    differences: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()


def compare(pdf: bytes, content: dict[str, Any]) -> Comparison:
    """The pages of ``pdf`` against ``content``, the object in its data file. Never raises for what is in either.

    Every fact that is printed is compared in its place, with its label and with where it ends (:class:`Passage`).
    """
    try:
        text = text_of(pdf)
    except _UNREADABLE as error:
        return _not_comparable(error)
    return compare_text(text, content)


def text_of(pdf: bytes) -> str:
    """The text of all pages, without white space. Raises what the parser raises at a broken file."""
    return _squeezed("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def compare_text(text: str, content: dict[str, Any]) -> Comparison:
    """The same for pages that were read (:func:`text_of`)."""
    try:
        return _compared(text, content)
    except _UNREADABLE as error:
        return _not_comparable(error)


def _not_comparable(error: Exception) -> Comparison:
    return Comparison((f"pages and data cannot be compared ({type(error).__name__}: {error})",))


def _compared(text: str, content: dict[str, Any]) -> Comparison:
    if "data" in content:
        passages, snapshot = list(continuity_passages(content)), content["data"]["snapshot"]
        title = f"Continuity document {content['data']['reference']}"
    else:
        passages, snapshot = list(certificate_passages(content)), content["snapshot"]
        title = f"NOP Import Certificate {content['number']}"
    seen = START + _without_running_lines(text, snapshot["certifier"]["name"], title) + END
    shaped = tuple(passage.name for passage in passages if _is_shaped(passage.text))
    differences = [
        f"{passage.name}: the data say {passage.text.strip(START)!r}, the pages do not"
        for passage in passages
        if passage.name not in shaped and not _stands(passage, seen)
    ]
    if (_MARK in text) is not bool(content.get("specimen")):
        differences.append("pages and data do not agree whether this is a demonstration")
    return Comparison((*differences, *_foreign(seen, content, snapshot)), shaped)


def _without_running_lines(text: str, issuer: str, title: str) -> str:
    """Without what runs at head and foot of the pages: it would part a passage that goes on overleaf."""
    head, foot = re.escape(_squeezed(f"{issuer} {title}, continued")), re.escape(_squeezed(title))
    return re.sub(rf"(?:{head})?{foot}(?:{_MARK}\.)?Page\d+of\d+|{_MARK.upper()}", "", text)


def _stands(passage: Passage, seen: str) -> bool:
    """Whether a passage is there and followed by what has to follow it."""
    text, start = _squeezed(passage.text), 0
    follows = tuple(END if after == END else _squeezed(after) for after in passage.after)
    while (found := seen.find(text, start)) >= 0:
        if not follows or seen.startswith(follows, found + len(text)):
            return True
        start = found + 1
    return False


def _foreign(seen: str, content: dict[str, Any], snapshot: dict[str, Any]) -> Iterator[str]:
    """Weights and certificate numbers on the pages that the data do not know."""
    known = json.dumps(content, ensure_ascii=False)
    weights = {_squeezed(weight_shown(text)) for text in re.findall(r"\"(\d+\.\d{3})\"", known)}
    total = _total(snapshot["lots"])
    for weight in sorted(set(_WEIGHT.findall(seen))):
        if f"{weight}kg" not in {*weights, total}:
            yield f"the pages say {weight} kg, which is not in the data"
    for number in sorted(set(_NUMBER.findall(seen))):
        if number not in known:
            yield f"the pages say the number {number}, which is not in the data"


def _total(lots: list[dict[str, Any]]) -> str:
    try:
        return _squeezed(weight_shown(str(sum((Decimal(lot["kg"]) for lot in lots if lot["kg"]), Decimal("0.000")))))
    except InvalidOperation:
        return ""


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
CONTINUITY = "a continuity document, made in an outage of OID: no certificate, filed under OR1 with its COOP code"

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
        remarks = (CONTINUITY, *remarks) if found.is_continuity else remarks
        found = replace(found, findings=(*found.findings, *differs), remarks=remarks)
    if look is not None:
        found = look(pdf, found)
    unknown = () if trust is not None else ("nobody was named to trust (--trust, --fingerprint)",)
    answer = Answer(name, found, unknown=unknown if found.ok else ())
    return _ask(answer, options.online, options.seconds) if options.online and found.content else answer


def _ask(answer: Answer, origin: str, seconds: int) -> Answer:
    """The portal's word on the file: whether it issued these bytes, and in which state the certificate is.

    Number and code travel in the body: an address ends up in the logs of whoever is between.
    """
    found = answer.found
    named = {"reference": found.reference} if found.is_continuity else {"number": found.number}
    url = f"{origin.rstrip('/')}{CHECK_PATH}{'continuity/' if found.is_continuity else ''}"
    try:
        status, said = _post(url, {**named, "code": str(found.content.get("check_code", ""))}, seconds)
    except (OSError, ValueError) as error:
        return replace(answer, unknown=(*answer.unknown, f"the portal gave no answer ({error})"))
    if status == 404 and _is_not_found(said):
        nothing = Finding(Problem.NOT_ISSUED, f"the portal knows nothing with this {next(iter(named))} and code")
        return replace(answer, found=replace(found, findings=(*found.findings, nothing)))
    hashes, state = said.get("document_sha256"), said.get("state")
    if found.is_continuity and isinstance(hashes, str):
        hashes = [hashes]
    if status != 200 or not isinstance(hashes, list) or not isinstance(state, str):
        return replace(answer, unknown=(*answer.unknown, f"the portal gave no usable answer (status {status})"))
    flagged = (f"the portal warns: {said['flagged_because']}",) if said.get("flagged_because") else ()
    findings = (*found.findings, *_against(found, said, hashes, state))
    return replace(answer, found=replace(found, findings=findings, remarks=(*found.remarks, *flagged)), state=state)


def _is_not_found(said: dict[str, Any]) -> bool:
    """Whether a refusal is the portal's own: another site's 404 says nothing about a certificate."""
    errors = said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return isinstance(first, dict) and first.get("code") == "NOT-FOUND"


def _against(found: Verification, said: dict[str, Any], hashes: list[Any], state: str) -> Iterator[Finding]:
    """What the portal's answer says against the file."""
    if found.sha256 not in hashes:
        yield Finding(Problem.NOT_ISSUED, "the portal has issued this document, but not this file")
    elif found.sha256 != hashes[-1]:
        which = f"this file is version {hashes.index(found.sha256) + 1} of {len(hashes)}: the last one counts"
        yield Finding(Problem.NOT_IN_FORCE, which)
    if said.get("amendment_pending"):
        lowered = f"; {said['net_kg']} kg net now" if said.get("net_kg") else ""
        text = f"the certificate has been amended, its new document is not made yet{lowered}"
        yield Finding(Problem.NOT_IN_FORCE, text)
    if found.is_continuity and said.get("number"):
        yield Finding(Problem.NOT_IN_FORCE, f"the certificate {said['number']} takes the place of this document")
    if state in NOT_IN_FORCE:
        follows = f", replaced by {said['replaced_by']}" if said.get("replaced_by") else ""
        yield Finding(Problem.NOT_IN_FORCE, f"the certificate is {state}{follows}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _post(url: str, asked: dict[str, str], seconds: int) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of the answer; the time limit holds for the whole answer. Raises ``OSError``, ``ValueError``."""
    end = time.monotonic() + seconds
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(  # noqa: S310 (the scheme was checked)
        url, json.dumps(asked).encode(), {"Accept": "application/json", "Content-Type": "application/json"}
    )
    try:
        response = opener.open(request, timeout=seconds)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _object(_whole(error, end)) if _is_json(error) else {}
    with response:
        said = json.loads(_whole(response, end)) if _is_json(response) else {}
    return response.status, said if isinstance(said, dict) else {}


def _is_json(answer: Any) -> bool:
    """Whether an answer says of itself that it is JSON, as all of the portal's are."""
    return str(answer.headers.get_content_type()) == "application/json"


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
