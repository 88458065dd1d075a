"""The document as it goes out: the stored bytes, to whoever sees the certificate."""

from __future__ import annotations

import dataclasses
import uuid

from django.db.models import Max

from certificates.domain import behalf
from certificates.models import Certificate, CertificateDocument, CertificateState
from core import audit
from core.files import read_file
from core.identity import Identity
from organizations.tenancy import find, not_visible

#: States whose documents stay downloadable but must not be used.
NO_LONGER = (CertificateState.VOID, CertificateState.REPLACED)


@dataclasses.dataclass(frozen=True, slots=True)
class Download:
    """A document's bytes with their SHA-256 and the name to save them under."""

    data: bytes
    sha256: str
    name: str


def current_document(actor: Identity, certificate_id: uuid.UUID | str) -> CertificateDocument:
    """The newest document of a certificate that the actor may see. Raises ``NotVisible``, also where none is made yet."""
    certificate = find(Certificate.objects.all(), actor, certificate_id)
    rows = CertificateDocument.objects.visible_to(actor).filter(certificate=certificate)
    document = rows.select_related("file", "certificate").order_by("-version").first()
    if document is None:
        raise not_visible()
    return document


def version(actor: Identity, certificate_id: uuid.UUID | str, sha256: str) -> CertificateDocument:
    """The version of a certificate's document with these bytes. Raises ``NotVisible``."""
    certificate = find(Certificate.objects.all(), actor, certificate_id)
    rows = CertificateDocument.objects.visible_to(actor).filter(certificate=certificate, sha256=sha256)
    document = rows.select_related("file", "certificate").first()
    if document is None:
        raise not_visible()
    return document


def name_of(document: CertificateDocument) -> str:
    """The name to save a document under: it says what no longer counts, as a saved file has no page around it."""
    certificate = document.certificate
    parts = [certificate.number or ""]
    if document.version > 1:
        parts.append(f"v{document.version}")
    newest = CertificateDocument.objects.filter(certificate=certificate).aggregate(last=Max("version"))["last"]
    if newest != document.version:
        parts.append("SUPERSEDED")
    if certificate.state in NO_LONGER:
        parts.append(certificate.state.upper())
    return f"{' '.join(parts)}.pdf"


def download(actor: Identity, certificate_id: uuid.UUID | str, sha256: str = "") -> Download:
    """Read the current document, or the version with this SHA-256, and leave a trace of who took it. Raises ``NotVisible``."""
    document = version(actor, certificate_id, sha256) if sha256 else current_document(actor, certificate_id)
    data = read_file(document.file)
    actor = behalf.reading(actor, [document.certificate])
    audit.record(
        actor, "certificate.download", "certificate", document.certificate_id, certifier_id=document.certifier_id,
        client_id=document.client_id, after={"sha256": document.sha256},
    )  # fmt: skip
    return Download(data, document.sha256, name_of(document))
