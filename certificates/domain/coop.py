"""Outage (COOP) mode: a manager declares that OID is out; what is registered afterwards, and what is not.

While it is on, approvers may have continuity documents made (:mod:`certificates.domain.continuity`), and what has one is
not sent to OID. When it is off again those certificates are registered, unless the certifier's setting says no or the
goods have left: a certificate is never registered after the export (7 CFR 205.273), then the continuity document stays.
"""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from certificates.document.errors import UnprintableText
from certificates.document.fonts import faces_for
from certificates.domain import changes
from certificates.models import Certificate, CertificateState, ContinuityDocument, Outage, Shipment, Unregistered
from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from core.wake import wake
from organizations.roles import Role
from organizations.rules import rules_of
from organizations.tenancy import TenantQuerySet
from requests_app.domain import service_clock

STAFF = (Role.REVIEWER, Role.APPROVER, Role.MANAGER)


def open_outage(certifier_id: uuid.UUID | None) -> Outage | None:
    """The certifier's declared outage; None in ordinary times."""
    if certifier_id is None:
        return None
    return Outage.objects.filter(certifier_id=certifier_id, ended_at=None).first()


def outages_of(actor: Identity) -> TenantQuerySet[Outage]:
    """The outages of the actor's certifier, the newest first."""
    return Outage.objects.visible_to(actor).order_by("-started_at")


@transaction.atomic
def start(actor: Identity, *, coop_code: str, reason: str) -> Outage:
    """Switch outage mode on. On already, with the same code: nothing changes.

    Raises ``NotPermitted``, ``InvalidInput`` COOP-CODE or REASON, ``Conflict`` OUTAGE-ON for another code.
    """
    certifier_id = _managed(actor)
    code = " ".join(coop_code.split())[:30]
    if not code:
        raise InvalidInput("COOP-CODE", _("Enter the COOP code that was given out for the outage."), field="coop_code")
    reason = changes.require_reason(reason)
    try:
        faces_for([("coop_code", code)])
    except UnprintableText as error:
        raise InvalidInput("TXT-1", error.message, field="coop_code", details=error.details) from error
    row = Outage(certifier_id=certifier_id, coop_code=code, reason=reason, started_by=actor.user_id)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        known = open_outage(certifier_id)
        if known is not None and known.coop_code == code:
            return known
        raise Conflict("OUTAGE-ON", _("Outage mode is on already, with another COOP code.")) from error
    _note(actor, "coop.started", row, {"coop_code": code, "reason": reason})
    return row


@transaction.atomic
def end(actor: Identity) -> Outage | None:
    """Switch outage mode off: OID is back. Off already: nothing changes. Raises ``NotPermitted``."""
    certifier_id = _managed(actor)
    row = Outage.objects.select_for_update().filter(certifier_id=certifier_id, ended_at=None).first()
    if row is None:
        return None
    row.ended_at, row.ended_by = clock.now(), actor.user_id
    row.save(update_fields=["ended_at", "ended_by"])
    made = ContinuityDocument.objects.filter(certifier_id=certifier_id, certificate__state=CertificateState.CONTINUITY)
    _note(actor, "coop.ended", row, {"coop_code": row.coop_code, "count": made.count()})
    wake("registration", certifier_id)
    return row


def _managed(actor: Identity) -> uuid.UUID:
    if actor.certifier_id is None or not actor.is_staff or not actor.has(Role.MANAGER):
        raise NotPermitted("ROLE", _("Only a manager switches outage mode on and off."))
    return actor.certifier_id


def _note(actor: Identity, act: str, row: Outage, words: dict[str, object]) -> None:
    audit.record(
        actor, act, "certifier", row.certifier_id, certifier_id=row.certifier_id, after={"outage": row.pk, **words}
    )
    notify(
        act, Audience.CERTIFIER, row.certifier_id, certifier_id=row.certifier_id, object_type="outage", object_id=row.pk,
        roles=list(STAFF), context=words,
    )  # fmt: skip


def departed(certificate: Certificate) -> bool:
    """Whether the goods have left, by the planned departure (the port's day) or by a reported shipment."""
    day = certificate.departure_date
    if day is not None and day < clock.today_in(service_clock.departure_zone(certificate.request)):
        return True
    return Shipment.objects.filter(certificate=certificate, corrected_at=None).exists()


def to_register(certifier_id: uuid.UUID) -> Q:
    """Certificates that OID is to be asked for a number: those that wait for it, and continuity documents once it is back."""
    found = Q(certifier_id=certifier_id, state=CertificateState.AWAITING_NUMBER)
    if open_outage(certifier_id) is None and rules_of(certifier_id).register_after_outage:
        found |= Q(
            certifier_id=certifier_id, state=CertificateState.CONTINUITY, continuity__unregistered_because=""
        )  # fmt: skip
    return found


def holds(certificate: Certificate) -> bool:
    """Whether OID is left alone about a certificate: it has a continuity document and the outage is not over."""
    return certificate.state == CertificateState.CONTINUITY and open_outage(certificate.certifier_id) is not None


def stays_because(certificate: Certificate) -> Unregistered | None:
    """Why a certificate with a continuity document is not registered now that OID is back; None where it is."""
    if certificate.number or certificate.continuity_at is None:
        return None
    if certificate.state == CertificateState.CLOSED:
        return Unregistered.ENDED
    if departed(certificate):
        return Unregistered.DEPARTED
    if not rules_of(certificate.certifier_id).register_after_outage:
        return Unregistered.SETTING
    return None


def leave_unregistered(actor: Identity, certificate_id: uuid.UUID, why: Unregistered) -> None:
    """OID is back and does not get this certificate: its continuity document stays, and both parties are told once."""
    rows = ContinuityDocument.objects.select_for_update(of=("self",)).select_related("certificate")
    document = rows.get(certificate_id=certificate_id)
    if document.unregistered_because:
        return
    document.unregistered_because = why
    document.save(update_fields=["unregistered_because"])
    certificate = document.certificate
    audit.record(
        actor, "certificate.unregistered", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, after={"because": why.value, "reference": document.reference},
    )  # fmt: skip
    words = {"reference": document.reference, "because": why.value}
    changes.tell_parties(certificate, "certificate.unregistered", words)
