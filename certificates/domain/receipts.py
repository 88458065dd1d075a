"""The importer confirms that a shipment arrived, with its own weight: a difference is a drift for the certifier to look at."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.models import Certificate, Receipt, Shipment
from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity, Kind
from core.models import Audience
from core.notify import notify
from core.units import to_kg
from organizations import delegated
from organizations.grant_scopes import GrantScope
from organizations.roles import Role
from organizations.tenancy import find


def may_confirm(actor: Identity, certificate: Certificate) -> bool:
    """Whether the actor is the importer of record, or a broker whom that importer lets confirm receipts."""
    if actor.kind is Kind.IMPORTER:
        return actor.operation_id == certificate.importer_id and actor.has(Role.IMPORTER)
    if actor.kind is Kind.BROKER:
        grants = delegated.live(actor, GrantScope.RECEIPTS)
        return grants.filter(client=None, operation_id=certificate.importer_id).exists()
    return False


@transaction.atomic
def confirm(
    actor: Identity, shipment_id: uuid.UUID | str, *, quantity: Decimal, unit: str, received_on: dt.date, note: str = ""
) -> Receipt:
    """Confirm a shipment. A second confirmation gives the first: a receipt is never edited.

    Raises ``Conflict`` RECEIPT-STATE for a shipment that was taken back, ``InvalidInput`` RECEIPT-QUANTITY or
    RECEIPT-DAY, ``NotPermitted``, ``NotVisible``.
    """
    shipment = find(Shipment.objects.select_related("certificate"), actor, shipment_id)
    certificate = shipment.certificate
    if not may_confirm(actor, certificate):
        raise NotPermitted("ROLE", _("The importer of record confirms a receipt, or the broker it has authorized."))
    if shipment.corrected_at is not None:
        raise Conflict("RECEIPT-STATE", _("The exporter has taken this shipment back."))
    try:
        kg = to_kg(quantity, unit)
    except ValueError as error:
        raise InvalidInput("RECEIPT-QUANTITY", str(error), field="quantity") from error
    if kg < 0:
        raise InvalidInput("RECEIPT-QUANTITY", _("Enter a weight of zero or more."), field="quantity")
    if not shipment.departure_date <= received_on <= clock.now().date() + dt.timedelta(days=1):
        text = _("The goods left on %(left)s: they arrive then or later, and not in the future.")
        words = {"left": shipment.departure_date.isoformat()}
        raise InvalidInput("RECEIPT-DAY", text % words, field="received_on")
    row, made = Receipt.objects.get_or_create(
        shipment=shipment,
        defaults={
            "certifier_id": certificate.certifier_id, "client_id": certificate.client_id,
            "importer_id": certificate.importer_id, "certificate": certificate, "entered_quantity": quantity,
            "entered_unit": unit, "received_kg": kg, "received_on": received_on, "note": note.strip()[:300],
            "confirmed_by": actor.user_id,
        },
    )  # fmt: skip
    if actor.kind is Kind.BROKER:
        actor = delegated.for_importer(actor, certificate.importer_id, GrantScope.RECEIPTS)
    if made:
        _note(actor, certificate, shipment, row)
    return row


def _note(actor: Identity, certificate: Certificate, shipment: Shipment, row: Receipt) -> None:
    importer = certificate.snapshot["importer"]["name"]
    audit.record(
        actor, "certificate.received", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id,
        after={"shipment": shipment.pk, "received_kg": row.received_kg, "shipped_kg": shipment.net_kg},
    )  # fmt: skip
    if row.received_kg != shipment.net_kg:
        notify(
            "certificate.receipt_differs", Audience.CERTIFIER, certificate.certifier_id,
            certifier_id=certificate.certifier_id, object_type="certificate", object_id=certificate.pk,
            roles=[Role.REVIEWER, Role.MANAGER],
            context={
                "number": certificate.number, "shipped": shipment.net_kg, "received": row.received_kg,
                "difference": row.received_kg - shipment.net_kg, "importer": importer,
            },
        )  # fmt: skip
