"""Voiding an issued certificate: a person's decision. What has shipped stays shipped; the rest goes back to its line."""

from __future__ import annotations

import uuid

from django.db import transaction

from certificates.domain import changes, replacing, states
from certificates.models import Certificate, CertificateState
from core import clock
from core.identity import Identity
from pvf.models import Cause


@transaction.atomic
def void(actor: Identity, certificate_id: uuid.UUID | str, *, reason: str) -> Certificate:
    """Void a certificate that OID has numbered; OID follows by the loop. A second time changes nothing.

    Raises ``Conflict`` CERTIFICATE-STATE or FROZEN, ``InvalidInput`` REASON, ``NotPermitted``.
    """
    changes.require_decider(actor)
    certificate = changes.lock(actor, certificate_id)
    if certificate.state == CertificateState.VOID:
        return certificate
    if certificate.state != CertificateState.AWAITING_DOCUMENT or certificate.replaces_id is not None:
        # a wrong certificate that OID has numbered need not be released first; one that replaces another is in OID for good
        changes.require_issued(certificate)
    replacing.require_no_replacement(certificate)
    reason = changes.require_reason(reason)
    freed = changes.rest_of(certificate)
    changes.free(actor, certificate, Cause.VOID, freed, f"void:{certificate.pk}", reason)
    states.move(certificate, CertificateState.VOID)
    certificate.closed_at = clock.now()
    certificate.save(update_fields=["state", "closed_at"])
    changes.note(actor, certificate, changes.Kind.VOIDED, before_kg=certificate.net_kg, freed_kg=freed, reason=reason)
    return certificate
