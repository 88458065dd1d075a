"""Continuity documents: asked for by an approver in a declared outage, made and signed by the documents loop.

Law: nothing leaves before OID has it. This is the one exception, another kind of document with another face. It is never
made after the departure, and never for a replacement, whose old certificate is still there.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import uuid
from typing import Any
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from certificates.document.continuity import issue_continuity
from certificates.document.errors import DocumentError
from certificates.document.keys import SigningKey as Key
from certificates.document.snapshot import snapshot_sha256
from certificates.domain import behalf, changes, contacts, continuity_data, coop, leases, numbers, signing, states
from certificates.models import Certificate, CertificateState, ContinuityDocument, Outage
from core import audit, clock, ids
from core.errors import Conflict, NotPermitted
from core.files import PDF, read_file, store_own
from core.identity import Identity, act_as
from core.models import StoredFile
from core.wake import wake
from organizations.models import Client
from organizations.roles import Role
from organizations.tenancy import find, not_visible
from requests_app.domain.requests import lock_operations

log = structlog.get_logger(__name__)
#: Begins every reference: nobody takes it for a number of OID (21 characters, digits and hyphens alone).
PREFIX = "COOP"


def may_ask(actor: Identity) -> bool:
    """Whether the actor may have continuity documents made: approvers of the certifier."""
    return actor.is_staff and actor.has(Role.APPROVER)


@transaction.atomic
def ask(actor: Identity, certificate_id: uuid.UUID | str, **given: str) -> ContinuityDocument:
    """Have a continuity document made; ``given``: what OR1 asks for (``continuity_data.ASKED``).

    Made or being made already: that one. Given up, or left over from an earlier outage: asked for anew. Raises ``Conflict``
    CERTIFICATE-STATE, NO-OUTAGE, COOP-REPLACES or COOP-CHECKS (EXP-1, IMP-1, PER-2), ``InvalidInput``, ``NotPermitted``.
    """
    seen = find(Certificate.objects.all(), actor, certificate_id)
    if not may_ask(actor):
        raise NotPermitted("ROLE", _("Only an approver has a continuity document made."))
    operation_id = Client.objects.values_list("operation_id", flat=True).get(pk=seen.client_id)
    lock_operations([operation_id, seen.importer_id])
    certificate = numbers.locked(actor, certificate_id)
    have = ContinuityDocument.objects.select_related("outage").filter(certificate=certificate).first()
    if have is not None and (have.made_at or (have.outage.ended_at is None and not given_up(have))):
        return have
    outage = _require(actor, certificate)
    if have is not None:
        have.delete()
    code = ids.group_code(ids.readable_code())
    reference = f"{PREFIX}-{certificate.snapshot['certifier']['code']}-{code}"
    data = continuity_data.build(certificate, reference=reference, coop_code=outage.coop_code, given=given)
    row = ContinuityDocument(
        certifier_id=certificate.certifier_id, client_id=certificate.client_id, certificate=certificate, outage=outage,
        reference=reference, check_code=ids.readable_code(), coop_code=outage.coop_code, data=data,
        data_sha256=snapshot_sha256(data), asked_by=actor.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(
        actor, "certificate.continuity_asked", "certificate", certificate.pk, certifier_id=row.certifier_id,
        client_id=row.client_id, after={"reference": reference, "coop_code": row.coop_code, "data_sha256": row.data_sha256},
    )  # fmt: skip
    wake("continuity", row.certifier_id, row.pk)
    return row


def _require(actor: Identity, certificate: Certificate) -> Outage:
    """The outage in which a document may be made for a locked certificate. Raises ``Conflict``."""
    if certificate.state != CertificateState.AWAITING_NUMBER:
        words = {"state": certificate.get_state_display()}
        text = _("Only a certificate that waits for its number gets a continuity document; this one is “%(state)s”.")
        raise Conflict("CERTIFICATE-STATE", text % words)
    outage = Outage.objects.select_for_update().filter(certifier_id=certificate.certifier_id, ended_at=None).first()
    if outage is None:
        raise Conflict("NO-OUTAGE", _("Outage mode is off: the certificate is registered in OID as usual."))
    if certificate.replaces_id:
        text = _("It replaces a certificate that is still valid: use that one until OID is back.")
        raise Conflict("COOP-REPLACES", text)
    wrong = numbers.send_findings(actor, certificate)
    if wrong:
        said = "; ".join(f"{found.code}: {found.message}" for found in wrong)
        raise Conflict("COOP-CHECKS", said)
    return outage


def given_up(row: ContinuityDocument) -> bool:
    """Whether the loop has stopped trying: an approver asks anew."""
    return row.made_at is None and leases.is_spent(row.attempts)


@dataclasses.dataclass(frozen=True)
class Job:
    """What the rendering needs; the lease is ours until ``lease_until``."""

    row: ContinuityDocument
    key: Key | None
    made_at: dt.datetime
    lease_until: dt.datetime


def due(certifier_id: uuid.UUID, limit: int = 50) -> list[uuid.UUID]:
    """Continuity documents of a certifier that wait and that nobody is working on, oldest first."""
    rows = ContinuityDocument.objects.filter(
        leases.left(),
        certifier_id=certifier_id, made_at=None, outage__ended_at=None,
        certificate__state=CertificateState.AWAITING_NUMBER,
    ).exclude(lease_until__gt=clock.now())  # fmt: skip
    return list(rows.order_by("asked_at").values_list("pk", flat=True)[:limit])


def make(certifier_id: uuid.UUID, row_id: uuid.UUID) -> bool:
    """Make, sign and release one continuity document; False where there was nothing to do or it failed."""
    if connection.in_atomic_block:
        raise RuntimeError("a document is never made inside a transaction")
    actor = Identity.loop(certifier_id)
    with act_as(actor):
        job = _take(actor, row_id)
    if job is None:
        return False
    try:
        pdf = render(job)
    except DocumentError as error:
        with act_as(actor):
            _fail(actor, job, f"{error.code}: {error.message}")
        return False
    with act_as(actor):
        return _record(actor, job, pdf)


def _take(actor: Identity, row_id: uuid.UUID) -> Job | None:
    now = clock.now()
    rows = ContinuityDocument.objects.select_for_update(skip_locked=True, of=("self",)).select_related("certificate")
    row = rows.filter(pk=row_id, made_at=None, outage__ended_at=None).first()
    if row is None or (row.lease_until and row.lease_until > now):
        return None
    if given_up(row) and (row.lease_until is None or not leases.tries_again(row.attempts, row.error)):
        if row.lease_until is not None:
            _failed(actor, row, leases.DIED)
        return None
    if row.certificate.state != CertificateState.AWAITING_NUMBER:
        return None
    row.attempts += 1
    row.lease_until = now + dt.timedelta(seconds=settings.DOCUMENT_LEASE_SECONDS)
    row.save(update_fields=["attempts", "lease_until"])
    try:
        key = signing.key_in_use(row.certifier_id)
    except DocumentError as error:
        log.warning("signing_key_unusable", certificate=str(row.certificate_id), reason=str(error.message))
        key = None
    return Job(row, key, now, row.lease_until)


def check_url(row: ContinuityDocument) -> str:
    """The address of the check page for a continuity document, under the configured public origin."""
    query = urlencode({"reference": row.reference, "code": row.check_code})
    return f"{settings.PORTAL_PUBLIC_ORIGIN.rstrip('/')}{reverse('certificates:check-continuity')}?{query}"


def render(job: Job) -> bytes:
    """The signed bytes. Raises a ``DocumentError``; reads no database."""
    return issue_continuity(
        job.row.data, check_code=job.row.check_code, check_url=check_url(job.row), made_at=job.made_at,
        public_origin=settings.PORTAL_PUBLIC_ORIGIN, key=job.key,
    )  # fmt: skip


def _fail(actor: Identity, job: Job, reason: str) -> None:
    row = ContinuityDocument.objects.select_for_update(of=("self",)).get(pk=job.row.pk)
    if row.lease_until == job.lease_until:
        _failed(actor, row, reason)


def _failed(actor: Identity, row: ContinuityDocument, reason: str) -> None:
    """Note why; the caller holds the row's lock."""
    log.warning("continuity_failed", certificate=str(row.certificate_id), reason=reason, attempts=row.attempts)
    spent = given_up(row)
    known = row.attempts > settings.DOCUMENT_MAX_ATTEMPTS and leases.heals(reason)
    row.attempts = min(row.attempts, settings.DOCUMENT_MAX_ATTEMPTS)
    row.error, row.lease_until = reason[:300], leases.rest_of(reason, clock.now()) if spent else None
    row.save(update_fields=["attempts", "error", "lease_until"])
    if spent and not known:
        audit.record(
            actor, "certificate.continuity_failed", "certificate", row.certificate_id, certifier_id=row.certifier_id,
            client_id=row.client_id, after={"reason": reason},
        )  # fmt: skip


def _record(actor: Identity, job: Job, pdf: bytes) -> bool:
    """Release the document, if everything that it was asked under still holds; else it is not kept."""
    certificate = numbers.locked(actor, job.row.certificate_id)
    row = ContinuityDocument.objects.select_for_update(of=("self",)).filter(pk=job.row.pk).first()
    outage = Outage.objects.select_for_update().filter(pk=job.row.outage_id, ended_at=None).first()
    if (
        row is None
        or row.made_at is not None
        or certificate.state != CertificateState.AWAITING_NUMBER
        or outage is None
    ):
        return False
    if coop.departed(certificate):
        row.attempts = settings.DOCUMENT_MAX_ATTEMPTS
        row.save(update_fields=["attempts"])
        _fail(actor, job, "PER-2: the departure has passed")
        return False
    row.file = store_own(
        actor, pdf, name=f"{row.reference}.pdf", purpose=StoredFile.Kind.CERTIFICATE, content_type=PDF,
        certifier_id=row.certifier_id, client_id=row.client_id,
    )  # fmt: skip
    row.sha256, row.made_at = hashlib.sha256(pdf).hexdigest(), job.made_at
    row.lease_until, row.error = None, ""
    row.save(update_fields=["file", "sha256", "made_at", "lease_until", "error"])
    states.move(certificate, CertificateState.CONTINUITY)
    certificate.continuity_at = job.made_at
    certificate.save(update_fields=["state", "continuity_at"])
    audit.record(
        actor, "certificate.continuity", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, before={"state": CertificateState.AWAITING_NUMBER},
        after={"state": certificate.state, "reference": row.reference, "document_sha256": row.sha256},
    )  # fmt: skip
    _release(actor, certificate, row)
    return True


def _release(actor: Identity, certificate: Certificate, row: ContinuityDocument) -> None:
    words: dict[str, Any] = {"reference": row.reference, "coop_code": row.coop_code}
    changes.tell_parties(certificate, "certificate.continuity", words)
    invited = {"number": row.reference, "product": certificate.snapshot["product"]["label_name"]}
    contacts.invite(actor, certificate, certificate.request.importer_contact_email, invited)


@dataclasses.dataclass(frozen=True, slots=True)
class Download:
    """A continuity document's bytes with their SHA-256 and the name to save them under."""

    data: bytes
    sha256: str
    name: str


def of(actor: Identity, certificate: Certificate) -> ContinuityDocument | None:
    """The certificate's continuity document, made or being made, if the actor may see it."""
    # not joined with its outage, which only staff may see
    return ContinuityDocument.objects.visible_to(actor).filter(certificate=certificate).first()


def download(actor: Identity, certificate_id: uuid.UUID | str) -> Download:
    """Read the document and leave a trace of who took it. Raises ``NotVisible``, also where none is made yet."""
    certificate = find(Certificate.objects.all(), actor, certificate_id)
    row = ContinuityDocument.objects.visible_to(actor).filter(certificate=certificate).select_related("file").first()
    if row is None or row.file is None:
        raise not_visible()
    data = read_file(row.file)
    actor = behalf.reading(actor, [certificate])
    audit.record(
        actor, "certificate.download", "certificate", certificate.pk, certifier_id=row.certifier_id,
        client_id=row.client_id, after={"sha256": row.sha256, "continuity": row.reference},
    )  # fmt: skip
    return Download(data, row.sha256, f"{row.reference}.pdf")
