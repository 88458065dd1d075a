"""What a signed PDF proves by itself: its signature, that all of it is signed, and that its data are those it names.

No network, no database, nothing of the portal but :mod:`certificates.document.datafile`: the same text is part of
``scripts/verify_certificate.py``, for people who do not run the portal.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pikepdf
from asn1crypto import x509
from asn1crypto.core import Asn1Value
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

from certificates.document.datafile import (
    CONTINUITY_FILE,
    DATA_FILE,
    NAMESPACE,
    RECORDED,
    continuity_findings,
    data_findings,
    read_continuity_file,
    read_data_file,
    sha256,
)
from certificates.document.signers import common_name, is_demo_certificate, issued_by, issuers_of, may_sign

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
