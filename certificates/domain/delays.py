"""While OID does not answer: since when, for the pages of certificates that wait for their number."""

from __future__ import annotations

import datetime as dt
import uuid

from certificates.models import Certificate, CertificateState, RegistrationDelay
from core import clock
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from organizations.roles import Role


def begin(certifier_id: uuid.UUID, since: dt.datetime) -> bool:
    """OID has not answered this certifier since then. False where that is known already."""
    if RegistrationDelay.objects.filter(certifier_id=certifier_id, ended_at=None).exists():
        return False
    RegistrationDelay(certifier_id=certifier_id, since=since).save(force_insert=True)
    _tell_exporters(certifier_id, since)
    return True


def _tell_exporters(certifier_id: uuid.UUID, since: dt.datetime) -> None:
    """Each exporter whose certificates wait for their number is told once, with the oldest of them."""
    waiting = Certificate.objects.filter(certifier_id=certifier_id, state=CertificateState.AWAITING_NUMBER)
    held: dict[uuid.UUID, list[Certificate]] = {}
    for certificate in waiting.order_by("approved_at", "pk"):
        held.setdefault(certificate.client_id, []).append(certificate)
    for client_id, certificates in held.items():
        oldest = certificates[0]
        notify(
            "certificate.delayed", Audience.CLIENT, client_id, certifier_id=certifier_id, object_type="certificate",
            object_id=oldest.pk, roles=[Role.PREPARER, Role.SIGNATORY],
            context={
                "since": since, "waiting": len(certificates), "product": oldest.snapshot["product"]["label_name"],
            },
        )  # fmt: skip


def end(certifier_id: uuid.UUID) -> bool:
    """OID answers again. False where no delay was known."""
    rows = RegistrationDelay.objects.filter(certifier_id=certifier_id, ended_at=None)
    return bool(rows.update(ended_at=clock.now()))


def of(actor: Identity, certificate: Certificate) -> RegistrationDelay | None:
    """The delay that keeps this certificate without a number, as the certifier and the exporter may know it."""
    if certificate.state != CertificateState.AWAITING_NUMBER:
        return None
    rows = RegistrationDelay.objects.visible_to(actor)
    return rows.filter(certifier_id=certificate.certifier_id, ended_at=None).first()
