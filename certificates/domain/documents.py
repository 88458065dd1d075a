"""The documents loop: a lease in one transaction, rendering and signing in none, the record in another."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import uuid
from typing import Any
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from certificates.document.errors import DocumentError
from certificates.document.issue import issue_document
from certificates.document.keys import SigningKey as Key
from certificates.document.payload import TEMPLATE_VERSION
from certificates.domain import changes, contacts, leases, letterheads, replacing, signing, states, versions
from certificates.domain.numbers import locked
from certificates.models import Certificate, CertificateDocument, CertificateState
from core import audit, clock
from core.errors import Conflict, NotPermitted
from core.files import PDF, store_own
from core.identity import Identity, act_as
from core.models import Audience, StoredFile
from core.notify import notify
from core.wake import wake
from organizations.models_changes import GuardedChange
from organizations.roles import Role
from organizations.tenancy import TenantQuerySet

log = structlog.get_logger(__name__)

#: Certificates that wait for their first document, or for an amended version of it.
WAITS = Q(state=CertificateState.AWAITING_DOCUMENT) | Q(
    documents_due__gt=0, state__in=(CertificateState.ISSUED, CertificateState.CLOSED)
)


@dataclasses.dataclass(frozen=True)
class Job:
    """What the rendering needs; the lease is ours until ``lease_until``."""

    certificate: Certificate
    version: versions.Version
    key: Key | None
    issued_at: dt.datetime
    lease_until: dt.datetime


def due(certifier_id: uuid.UUID, limit: int = 50) -> list[uuid.UUID]:
    """Certificates of a certifier that wait for their document and that nobody is working on, oldest first."""
    now = clock.now()
    waiting = Certificate.objects.filter(WAITS, leases.left("document_"), certifier_id=certifier_id)
    waiting = waiting.exclude(document_lease_until__gt=now)
    return list(waiting.order_by("approved_at").values_list("pk", flat=True)[:limit])


def make(certifier_id: uuid.UUID, certificate_id: uuid.UUID) -> bool:
    """Make, sign and release the document of one certificate; False where there was nothing to do or it failed.

    Killed at any point, it is found again when its lease has ended; made twice, one of the two is kept.
    """
    if connection.in_atomic_block:
        raise RuntimeError("a document is never made inside a transaction")
    actor = Identity.loop(certifier_id)
    with act_as(actor):
        job = _take(actor, certificate_id)
    if job is None:
        return False
    try:
        pdf = _render(job)
    except DocumentError as error:
        with act_as(actor):
            _fail(actor, job, f"{error.code}: {error.message}", error.pause)
        return False
    with act_as(actor):
        return _record(actor, job, pdf)


def _take(actor: Identity, certificate_id: uuid.UUID) -> Job | None:
    now = clock.now()
    rows = Certificate.objects.select_for_update(skip_locked=True).visible_to(actor)
    certificate = rows.filter(WAITS, pk=certificate_id).first()
    if certificate is None or (certificate.document_lease_until and certificate.document_lease_until > now):
        return None
    attempts, error = certificate.document_attempts, certificate.document_error
    if leases.is_spent(attempts) and (
        certificate.document_lease_until is None or not leases.tries_again(attempts, error)
    ):
        if certificate.document_lease_until is not None:
            _give_up(actor, certificate, leases.DIED)
        return None
    certificate.document_attempts += 1
    certificate.document_lease_until = now + dt.timedelta(seconds=settings.DOCUMENT_LEASE_SECONDS)
    certificate.save(update_fields=["document_attempts", "document_lease_until"])
    try:
        key = signing.key_in_use(certificate.certifier_id)
    except DocumentError as error:
        log.warning("signing_key_unusable", certificate=str(certificate.pk), reason=str(error.message))
        key = None
    return Job(certificate, versions.next_version(certificate), key, now, certificate.document_lease_until)


def check_url(certificate: Certificate) -> str:
    """The address of the check page for a certificate, under the configured public origin (never the Host header)."""
    query = urlencode({"number": certificate.number, "code": certificate.check_code})
    return f"{settings.PORTAL_PUBLIC_ORIGIN.rstrip('/')}{reverse('certificates:check')}?{query}"


def _render(job: Job) -> bytes:
    certificate = job.certificate
    return issue_document(
        job.version.snapshot, number=certificate.number or "", check_code=certificate.check_code,
        check_url=check_url(certificate), issued_at=job.issued_at, public_origin=settings.PORTAL_PUBLIC_ORIGIN,
        key=job.key, logo=letterheads.logo_for(certificate.certifier_id, job.version.snapshot), history=job.version.history,
    )  # fmt: skip


def _fail(actor: Identity, job: Job, reason: str, pause: int = 0) -> None:
    """Note why; the next try comes with the next sweep, or after ``pause`` seconds, each time twice as long."""
    certificate = Certificate.objects.select_for_update().get(pk=job.certificate.pk)
    if certificate.document_lease_until != job.lease_until:
        return
    log.warning(
        "document_failed", certificate=str(certificate.pk), reason=reason, attempts=certificate.document_attempts
    )
    if leases.is_spent(certificate.document_attempts):
        _give_up(actor, certificate, reason)
        return
    wait = pause * 2 ** (certificate.document_attempts - 1)
    certificate.document_error = reason[:300]
    certificate.document_lease_until = clock.now() + dt.timedelta(seconds=wait) if wait else None
    certificate.save(update_fields=["document_error", "document_lease_until"])


def _give_up(actor: Identity, certificate: Certificate, reason: str) -> None:
    """It waits for a person from now on, or to heal, and people are told, once. The caller holds the row's lock."""
    known = certificate.document_attempts > settings.DOCUMENT_MAX_ATTEMPTS and leases.heals(reason)
    certificate.document_error = reason[:300]
    certificate.document_lease_until = leases.rest_of(reason, clock.now())
    certificate.document_attempts = settings.DOCUMENT_MAX_ATTEMPTS
    certificate.save(update_fields=list(_LOOP_FIELDS))
    if known:
        return
    audit.record(
        actor, "certificate.document_failed", "certificate", certificate.pk,
        certifier_id=certificate.certifier_id, client_id=certificate.client_id, after={"reason": reason},
    )  # fmt: skip
    _tell_given_up(certificate, reason)


def _tell_given_up(certificate: Certificate, reason: str) -> None:
    """The certifier's people learn of the first document that waits for them, not of each behind it."""
    others = Certificate.objects.filter(
        WAITS, certifier_id=certificate.certifier_id, document_attempts__gte=settings.DOCUMENT_MAX_ATTEMPTS
    )
    if others.exclude(pk=certificate.pk).exists():
        return
    notify(
        "certificate.document_stuck", Audience.CERTIFIER, certificate.certifier_id, object_type="stuck_documents",
        object_id=None, certifier_id=certificate.certifier_id, roles=[Role.APPROVER, Role.MANAGER],
        context={"number": certificate.number or "", "reason": reason},
    )  # fmt: skip


def _record(actor: Identity, job: Job, pdf: bytes) -> bool:
    certificate, old = replacing.lock_with_replaced(job.certificate.pk)
    if not Certificate.objects.filter(WAITS, pk=certificate.pk).exists() or not _is_next(job):
        return False
    digest = _keep(actor, job, certificate, pdf)
    certificate.document_lease_until, certificate.document_error, certificate.document_attempts = None, "", 0
    if certificate.state != CertificateState.AWAITING_DOCUMENT:
        _version_made(actor, job, certificate, digest)
        return True
    states.move(certificate, CertificateState.ISSUED)
    certificate.issued_at = job.issued_at
    certificate.save(update_fields=["state", "issued_at", *_LOOP_FIELDS])
    audit.record(
        actor, "certificate.issue", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, before={"state": CertificateState.AWAITING_DOCUMENT},
        after={"state": certificate.state, "number": certificate.number, "document_sha256": digest},
    )  # fmt: skip
    replacing.take_effect(actor, certificate, old)
    _release(actor, certificate)
    return True


_LOOP_FIELDS = ("document_lease_until", "document_error", "document_attempts")


def _is_next(job: Job) -> bool:
    """Whether the version made is still the one whose turn it is: another worker may have kept it already."""
    made = CertificateDocument.objects.filter(certificate_id=job.certificate.pk).count()
    return made == job.version.number - 1


def _keep(actor: Identity, job: Job, certificate: Certificate, pdf: bytes) -> str:
    """Store the document as the next version; its SHA-256."""
    stored = store_own(
        actor, pdf, name=f"{certificate.number}.pdf", purpose=StoredFile.Kind.CERTIFICATE, content_type=PDF,
        certifier_id=certificate.certifier_id, client_id=certificate.client_id,
    )  # fmt: skip
    digest = hashlib.sha256(pdf).hexdigest()
    CertificateDocument(
        certifier_id=certificate.certifier_id, client_id=certificate.client_id, certificate=certificate,
        version=job.version.number, file=stored, sha256=digest, template_version=str(TEMPLATE_VERSION),
        made_at=job.issued_at,
    ).save(force_insert=True)  # fmt: skip
    return digest


def _version_made(actor: Identity, job: Job, certificate: Certificate, digest: str) -> None:
    """An amended version takes the place of the one before: tell both parties; the next one, if any, is made next."""
    certificate.documents_due -= 1
    certificate.save(update_fields=["documents_due", *_LOOP_FIELDS])
    audit.record(
        actor, "certificate.document_version", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, after={"version": job.version.number, "document_sha256": digest},
    )  # fmt: skip
    changes.tell_parties(certificate, "certificate.document_version", {"version": job.version.number})
    if certificate.documents_due:
        wake("documents", certificate.certifier_id, certificate.pk)


def _release(actor: Identity, certificate: Certificate) -> None:
    """Tell exporter and importer, and let the contact that the exporter gave see this one certificate."""
    words = {"number": certificate.number, "product": certificate.snapshot["product"]["label_name"]}
    common: dict[str, Any] = {
        "certifier_id": certificate.certifier_id,
        "object_type": "certificate",
        "object_id": certificate.pk,
    }
    notify(
        "certificate.issued", Audience.CLIENT, certificate.client_id, roles=[Role.PREPARER, Role.SIGNATORY],
        context=words, **common,
    )  # fmt: skip
    notify("certificate.issued", Audience.OPERATION, certificate.importer_id, context=words, **common)
    contacts.invite(actor, certificate, certificate.request.importer_contact_email, words)
    # a contact who was let in with the continuity document is not invited again: the regular certificate is told
    for contact in certificate.contacts.filter(user_id__isnull=False):
        notify("certificate.issued", Audience.USER, contact.user_id, context=words, **common)


def failed(actor: Identity) -> TenantQuerySet[Certificate]:
    """Certificates whose document was given up: they wait for a person, oldest first."""
    rows = Certificate.objects.visible_to(actor).filter(WAITS, document_attempts__gte=settings.DOCUMENT_MAX_ATTEMPTS)
    return rows.order_by("approved_at")


def retry(actor: Identity, certificate_id: uuid.UUID | str) -> Certificate:
    """Let a document that failed for good be tried again. Raises ``NotVisible``, ``NotPermitted``, ``Conflict``."""
    certificate = locked(actor, certificate_id)
    if not actor.is_staff or not actor.has(Role.REVIEWER, Role.APPROVER, Role.MANAGER):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    if not Certificate.objects.filter(WAITS, pk=certificate.pk).exists():
        raise Conflict("CERTIFICATE-STATE", _("This certificate does not wait for its document."))
    if leases.is_spent(certificate.document_attempts):
        certificate.document_lease_until = None  # it rests no longer
    certificate.document_attempts, certificate.document_error = 0, ""
    certificate.save(update_fields=list(_LOOP_FIELDS))
    audit.record(
        actor, "certificate.document_retry", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id,
    )  # fmt: skip
    wake("documents", certificate.certifier_id, certificate.pk)
    return certificate


def key_confirmed(actor: Identity, change: GuardedChange) -> None:
    """A second manager has put a key in use: what failed for want of one is made now. Raises as `signing.use_confirmed`."""
    signing.use_confirmed(actor, change)
    retry_unsigned(actor)


def retry_unsigned(actor: Identity) -> int:
    """Let every document of the actor's certifier that could not be signed be tried again. Returns how many."""
    waiting = Certificate.objects.visible_to(actor).filter(WAITS, leases.healing("document_"))
    keys = list(waiting.order_by("pk").values_list("pk", flat=True))
    for key in keys:
        retry(actor, key)
    return len(keys)
