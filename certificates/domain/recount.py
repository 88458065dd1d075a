"""The shipped weight on a certificate's own row: a sum kept for reading, put right where it differs from its sources."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db.models import Sum

from certificates.domain.numbers import locked
from certificates.models import Shipment
from core import audit
from core.identity import Identity
from pvf.domain import ledger
from pvf.models import Bucket, Holder


def recount_shipped(actor: Identity, certificate_id: uuid.UUID) -> bool:
    """Set the certificate's shipped weight to that of its shipments, if the ledger says the same; else change nothing.

    Returns whether it was set. Moves no kilogram.
    """
    certificate = locked(actor, certificate_id)
    rows = Shipment.objects.filter(certificate_id=certificate_id, corrected_at=None)
    reported = rows.aggregate(kg=Sum("net_kg"))["kg"] or Decimal(0)
    shipped = ledger.held(Holder.CERTIFICATE, certificate_id, Bucket.SHIPPED)
    if reported != shipped or reported == certificate.shipped_kg or reported > certificate.net_kg:
        return False
    before = certificate.shipped_kg
    certificate.shipped_kg = reported
    certificate.save(update_fields=["shipped_kg"])
    audit.record(
        actor, "certificate.recount", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, before={"shipped_kg": before}, after={"shipped_kg": reported},
    )  # fmt: skip
    return True
