"""More left than was certified: refused as a shipment, told to the certifier, settled by a person. Moves no kilogram."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.domain import changes
from certificates.domain.shipments import may_report
from certificates.models import Certificate, OverageReport
from core import audit, clock
from core.errors import InvalidInput, NotPermitted
from core.identity import Identity, Kind
from core.models import Audience
from core.notify import notify
from core.units import to_kg
from organizations.roles import Role
from organizations.tenancy import find


@transaction.atomic
def report(
    actor: Identity, certificate_id: uuid.UUID | str, *, quantity: Decimal, unit: str, departure_date: dt.date,
    transport_document: str = "", note: str = "", key: str,
) -> OverageReport:  # fmt: skip
    """Tell the certifier that more left than the certificate has. The same ``key`` again gives the first report.

    Raises ``InvalidInput`` OVERAGE where it is not more, ``Conflict`` CERTIFICATE-STATE, ``NotPermitted``.
    """
    seen = find(Certificate.objects.all(), actor, certificate_id)
    # to claim more than was certified is the exporter's own word: no grant holds it
    if actor.kind is Kind.BROKER or not may_report(actor, seen):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    certificate = changes.lock(actor, certificate_id)
    report_id = uuid.uuid5(certificate.pk, f"overage:{key}")
    known = OverageReport.objects.filter(pk=report_id).first()
    if known is not None:
        return known
    changes.require_shipping(certificate)
    try:
        kg = to_kg(quantity, unit)
    except ValueError as error:
        raise InvalidInput("OVERAGE", str(error), field="quantity") from error
    rest = changes.rest_of(certificate)
    if kg <= rest:
        text = _("%(kg)s kg is within the %(rest)s kg left: report it as a shipment.")
        raise InvalidInput("OVERAGE", text % {"kg": f"{kg:,.3f}", "rest": f"{rest:,.3f}"}, field="quantity")
    row = OverageReport(
        id=report_id, certifier_id=certificate.certifier_id, client_id=certificate.client_id, certificate=certificate,
        entered_quantity=quantity, entered_unit=unit, shipped_kg=kg, rest_kg=rest, over_kg=kg - rest,
        departure_date=departure_date, transport_document=transport_document.strip(), note=note.strip()[:300],
        reported_by=actor.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    _note(actor, certificate, row)
    return row


def _note(actor: Identity, certificate: Certificate, row: OverageReport) -> None:
    figures = {"shipped_kg": row.shipped_kg, "rest_kg": row.rest_kg, "over_kg": row.over_kg}
    audit.record(
        actor, "certificate.overage", "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, after={"overage": row.pk, **figures},
    )  # fmt: skip
    notify(
        "certificate.overage", Audience.CERTIFIER, certificate.certifier_id, certifier_id=certificate.certifier_id,
        object_type="certificate", object_id=certificate.pk, roles=[Role.REVIEWER, Role.MANAGER],
        context={"number": certificate.called, "exporter": certificate.snapshot["exporter"]["name"], **figures},
    )  # fmt: skip


@transaction.atomic
def settle(actor: Identity, overage_id: uuid.UUID | str, *, settlement: str) -> OverageReport:
    """Write down what became of an overage (another request, a finding, a mistake). The first settlement stays."""
    changes.require_decider(actor)
    row = find(OverageReport.objects.select_for_update(of=("self",)), actor, overage_id)
    if row.settled_at is not None:
        return row
    row.settlement = changes.require_reason(settlement)
    row.settled_by, row.settled_at = actor.user_id, clock.now()
    row.save(update_fields=["settlement", "settled_by", "settled_at"])
    audit.record(
        actor, "certificate.overage_settled", "certificate", row.certificate_id, certifier_id=row.certifier_id,
        client_id=row.client_id, after={"overage": row.pk, "settlement": row.settlement},
    )  # fmt: skip
    certificate = Certificate.objects.get(pk=row.certificate_id)
    notify(
        "certificate.overage_settled", Audience.CLIENT, row.client_id, certifier_id=row.certifier_id,
        object_type="certificate", object_id=row.certificate_id, roles=[Role.PREPARER, Role.SIGNATORY],
        context={"number": certificate.called, "over": row.over_kg, "settlement": row.settlement},
    )  # fmt: skip
    return row
