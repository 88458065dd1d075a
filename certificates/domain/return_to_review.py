"""Back to review: an approved request whose certificate never got a number."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.domain import replacing, states
from certificates.domain.numbers import locked
from certificates.models import Certificate, CertificateState
from core import audit
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from organizations.roles import Role
from organizations.tenancy import find
from pvf.domain import ledger
from pvf.models import Bucket, Cause, Holder
from requests_app.domain import requests, transitions
from requests_app.models import RequestState


@transaction.atomic
def back_to_review(actor: Identity, certificate_id: uuid.UUID, reason: str) -> Certificate:
    """Abandon a certificate without a number: kilograms certified→reserved, its request in review again.

    The caller has asked OID, which has no record of it. Raises ``Conflict`` where a number exists.
    """
    if not actor.is_staff or not actor.has(Role.REVIEWER, Role.APPROVER, Role.MANAGER):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    if not reason.strip():
        raise InvalidInput("REASON", _("Give a reason."), field="reason")
    seen = find(Certificate.objects.all(), actor, certificate_id)
    request = requests.locked(actor, seen.request_id)
    certificate = locked(actor, certificate_id)
    if certificate.state == CertificateState.ABANDONED:
        return certificate
    if certificate.state == CertificateState.CONTINUITY:
        text = _("A continuity document was made for this certificate: it cannot go back to review.")
        raise Conflict("CERTIFICATE-STATE", text)
    if certificate.number or certificate.state != CertificateState.AWAITING_NUMBER:
        raise Conflict("HAS-NUMBER", _("OID has given this certificate a number: it cannot go back to review."))
    kilograms = certificate.net_kg - request.covered_kg
    if kilograms > 0:
        ledger.move(
            actor, certificate.line_id, Cause.BACK_TO_REVIEW, Bucket.CERTIFIED, Bucket.RESERVED, kilograms,
            key=f"back:{certificate.pk}", source_holder=(Holder.CERTIFICATE, certificate.pk),
            target_holder=(Holder.REQUEST, request.pk), reason=reason,
        )  # fmt: skip
    states.move(certificate, CertificateState.ABANDONED)
    certificate.save(update_fields=["state"])
    replacing.note_approved(certificate.replaces_id, None)
    transitions.apply(actor, request, RequestState.IN_REVIEW, decided_at=None)
    audit.record(
        actor, "certificate.abandon", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, after={"reason": reason, "request": request.pk},
    )  # fmt: skip
    notify(
        "certificate.abandoned", Audience.CERTIFIER, certificate.certifier_id, certifier_id=certificate.certifier_id,
        object_type="request", object_id=request.pk, roles=[Role.REVIEWER, Role.APPROVER],
        context={"reference": request.reference, "reason": reason},
    )  # fmt: skip
    return certificate
