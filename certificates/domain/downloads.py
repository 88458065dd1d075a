"""The document as it goes out: the stored bytes, to whoever sees the certificate."""

from __future__ import annotations

import dataclasses
import uuid

from certificates.models import Certificate, CertificateDocument
from core import audit
from core.files import read_file
from core.identity import Identity
from organizations.tenancy import find, not_visible


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


def download(actor: Identity, certificate_id: uuid.UUID | str) -> Download:
    """Read the document and leave a trace of who took it. Raises ``NotVisible``."""
    document = current_document(actor, certificate_id)
    data = read_file(document.file)
    audit.record(
        actor, "certificate.download", "certificate", document.certificate_id, certifier_id=document.certifier_id,
        client_id=document.client_id, after={"sha256": document.sha256},
    )  # fmt: skip
    return Download(data, document.sha256, f"{document.certificate.number}.pdf")
