"""What the changes after issue share: who may make them, the locks, the row that stays, and who is told."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from certificates.domain.numbers import locked
from certificates.models import SHIPPING_STATES, Certificate, CertificateChange, CertificateState
from core import audit
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from core.wake import wake
from organizations.roles import Role
from organizations.tenancy import find
from pvf.domain import ledger
from pvf.models import Bucket, Cause, Holder

Kind = CertificateChange.Kind
#: Staff who change what was issued.
DECIDING = (Role.APPROVER, Role.MANAGER)


def require_decider(actor: Identity) -> None:
    """Refuse everybody but approvers and managers of the certifier (and its loops). Raises ``NotPermitted``."""
    if not actor.is_staff or not actor.has(*DECIDING):
        raise NotPermitted("ROLE", _("Only an approver or a manager may do this."))


def require_reason(reason: str) -> str:
    """The reason, trimmed. Raises ``InvalidInput`` REASON for an empty one."""
    if not reason.strip():
        raise InvalidInput("REASON", _("Give a reason."), field="reason")
    return reason.strip()[:300]


def lock(actor: Identity, certificate_id: uuid.UUID | str) -> Certificate:
    """The certificate FOR UPDATE, then its line and balance: what is read of its kilograms is what a movement finds."""
    find(Certificate.objects.all(), actor, certificate_id)
    certificate = locked(actor, certificate_id)
    ledger.lock_line(certificate.line_id)
    ledger.lock_balances([certificate.line_id])
    return certificate


def require_issued(certificate: Certificate) -> None:
    """Only an issued certificate is changed. Raises ``Conflict`` CERTIFICATE-STATE."""
    if certificate.state != CertificateState.ISSUED:
        words = {"state": certificate.get_state_display()}
        text = _("Only an issued certificate can be changed; this one is “%(state)s”.") % words
        raise Conflict("CERTIFICATE-STATE", text)


def require_shipping(certificate: Certificate) -> None:
    """Only an issued certificate, or one with a continuity document. Raises ``Conflict`` CERTIFICATE-STATE."""
    if certificate.state not in SHIPPING_STATES:
        words = {"state": certificate.get_state_display()}
        text = _("No goods leave under this certificate; it is “%(state)s”.") % words
        raise Conflict("CERTIFICATE-STATE", text)


def rest_of(certificate: Certificate) -> Decimal:
    """Kilograms certified that have not shipped."""
    rest: Decimal = certificate.net_kg - certificate.shipped_kg
    return rest


def free(actor: Identity, certificate: Certificate, cause: Cause, kg: Decimal, key: str, reason: str) -> None:
    """Give ``kg`` of a locked certificate back to the line they came from, even if its period has ended."""
    if kg > 0:
        ledger.move(
            actor, certificate.line_id, cause, Bucket.CERTIFIED, Bucket.AVAILABLE, kg, key=key,
            source_holder=(Holder.CERTIFICATE, certificate.pk), reason=reason,
        )  # fmt: skip


def note(
    actor: Identity, certificate: Certificate, kind: Kind, *, before_kg: Decimal, freed_kg: Decimal = Decimal(0),
    reason: str = "", change_id: uuid.UUID | None = None, **more: Any,
) -> CertificateChange:  # fmt: skip
    """Keep a change that was made to a locked certificate, tell its parties, and wake the loop that tells OID."""
    row = CertificateChange(
        certifier_id=certificate.certifier_id, client_id=certificate.client_id, certificate=certificate, kind=kind,
        net_kg_before=before_kg, net_kg_after=certificate.net_kg, shipped_kg=certificate.shipped_kg,
        freed_kg=freed_kg, reason=reason, made_by=actor.user_id,
    )  # fmt: skip
    if change_id is not None:
        row.id = change_id
    row.save(force_insert=True)
    audit.record(
        actor, f"certificate.{kind.value}", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, before={"net_kg": before_kg},
        after={
            "state": certificate.state, "net_kg": certificate.net_kg, "shipped_kg": certificate.shipped_kg,
            "freed_kg": freed_kg, "reason": reason, **more,
        },
    )  # fmt: skip
    if kind is not Kind.TOTAL:
        tell_parties(certificate, f"certificate.{kind.value}", {
            "before": before_kg, "after": certificate.net_kg, "freed": freed_kg, "reason": reason, **more,
        })  # fmt: skip
    wake("oid_calls", certificate.certifier_id, row.pk)
    return row


def tell_parties(certificate: Certificate, topic: str, words: dict[str, Any]) -> None:
    """Tell the exporter, the importer and the contact who was let in to a certificate."""
    common: dict[str, Any] = {
        "certifier_id": certificate.certifier_id, "object_type": "certificate", "object_id": certificate.pk,
        "context": {"number": certificate.called, "product": certificate.snapshot["product"]["label_name"], **words},
    }  # fmt: skip
    notify(topic, Audience.CLIENT, certificate.client_id, roles=[Role.PREPARER, Role.SIGNATORY], **common)
    notify(topic, Audience.OPERATION, certificate.importer_id, **common)
    # an importer without an account here is known by the contact that was let in to this one certificate
    for contact in certificate.contacts.filter(user_id__isnull=False):
        notify(topic, Audience.USER, contact.user_id, **common)
