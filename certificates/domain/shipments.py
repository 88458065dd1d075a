"""Shipments against a certificate: kilograms certified→shipped, and back where one was a mistake."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from certificates.domain import replacing, shipment_checks
from certificates.domain.numbers import locked
from certificates.models import SHIPPING_STATES, Certificate, CertificateState, Outage, Shipment
from core import audit, clock
from core.errors import Conflict, DomainError, InvalidInput, NotPermitted
from core.files import keep
from core.identity import Identity, Kind
from core.models import StoredFile
from core.units import Unit, to_kg
from core.uploads import Accepted, Source, accept
from core.wake import wake
from organizations import delegated
from organizations.grant_scopes import GrantScope
from organizations.models import Client, OperationStatus
from organizations.roles import Role
from organizations.tenancy import find
from pvf.domain import ledger
from pvf.models import Bucket, Cause, Holder
from requests_app.domain.requests import lock_operations


class AboveTheRest(DomainError):
    """More was to be shipped than the certificate has left; ``details`` hold the arithmetic in kilograms."""

    def __init__(self, certificate: Certificate, asked: Decimal) -> None:
        rest = certificate.net_kg - certificate.shipped_kg
        figures = {
            "certified": certificate.net_kg,
            "shipped": certificate.shipped_kg,
            "rest": rest,
            "asked": asked,
            "over": asked - rest,
        }
        text = _(
            "The certificate has %(rest)s kg left (%(certified)s kg certified, %(shipped)s kg shipped); "
            "%(asked)s kg is %(over)s kg too many."
        )
        words = {name: f"{value:,.3f}" for name, value in figures.items()}
        details = {f"{name}_kg": f"{value:.3f}" for name, value in figures.items()}
        super().__init__("SHIP-REST", text % words, field="quantity", details=details)


def may_report(actor: Identity, certificate: Certificate) -> bool:
    """Whether the actor reports shipments: the exporter's signatory, its broker by grant, or staff who act."""
    if actor.kind is Kind.EXPORTER:
        return actor.has(Role.SIGNATORY)
    if actor.kind is Kind.BROKER:
        return delegated.live(actor, GrantScope.SHIPMENTS).filter(client_id=certificate.client_id).exists()
    return actor.is_staff and actor.has(Role.REVIEWER, Role.APPROVER, Role.MANAGER)


def report(
    actor: Identity,
    certificate_id: uuid.UUID | str,
    *,
    quantity: Decimal,
    unit: str,
    departure_date: dt.date,
    transport_document: str = "",
    containers: Sequence[str] = (),
    lots: Sequence[Mapping[str, Any]] = (),
    invoices: Sequence[str] = (),
    entry_number: str = "",
    document: tuple[str, Source] | None = None,
    key: str,
) -> Shipment:
    """Report goods that left. The same ``key`` again gives the first result.

    ``lots``: what left of each, ``{"lot": text, "kg": Decimal}``, together no more than the shipment. ``document``: name
    and bytes of the bill of lading or air waybill. What CTR-1, DUP-1 and DOC-1 found stands in the result's ``findings``.
    Raises ``AboveTheRest``, ``Conflict`` SHIP-STATE, SHIP-SUSPENDED, FROZEN, ``InvalidInput`` (quantity, lots, date, file).
    """
    paper = accept(document[1], name=document[0], field="document") if document else None
    actor = reporting(actor, find(Certificate.objects.all(), actor, certificate_id))
    certificate = _lock(actor, certificate_id)
    shipment_id = uuid.uuid5(certificate.pk, key)
    known = Shipment.objects.filter(pk=shipment_id).first()
    if known is not None:
        return known
    kg = _kilograms(quantity, unit)
    _require_open(actor, certificate)
    _require_day(certificate, departure_date)
    kept_lots = _lots(lots, kg)
    if kg > certificate.net_kg - certificate.shipped_kg:
        raise AboveTheRest(certificate, kg)
    last = Shipment.objects.filter(certificate=certificate).aggregate(last=Max("sequence"))["last"] or 0
    shipment = Shipment(
        id=shipment_id, certifier_id=certificate.certifier_id, client_id=certificate.client_id,
        certificate=certificate, sequence=last + 1, entered_quantity=quantity, entered_unit=unit, net_kg=kg,
        departure_date=departure_date, transport_document=transport_document.strip(),
        containers=[name.strip().upper() for name in containers if name.strip()], lots=kept_lots,
        invoices=[name.strip() for name in invoices if name.strip()], entry_number=entry_number.strip(),
        reported_by=actor.user_id, document=_keep(actor, certificate, paper),
    )  # fmt: skip
    shipment.findings = [found.as_json() for found in shipment_checks.run(certificate, shipment)]
    shipment.save(force_insert=True)
    _move(actor, certificate, shipment, Cause.SHIPMENT)
    certificate.shipped_kg += kg
    _save(certificate)
    _note(actor, "certificate.ship", certificate, shipment)
    return shipment


def correct(actor: Identity, shipment_id: uuid.UUID | str, *, reason: str) -> Shipment:
    """Take a mistaken report back: its kilograms shipped→certified; the right one is reported anew. Repeats change nothing."""
    seen = find(Shipment.objects.all(), actor, shipment_id)
    actor = reporting(actor, find(Certificate.objects.all(), actor, seen.certificate_id))
    certificate = _lock(actor, seen.certificate_id)
    shipment = find(Shipment.objects.select_for_update(of=("self",)), actor, shipment_id)
    if shipment.corrected_at is not None:
        return shipment
    if not reason.strip():
        raise InvalidInput("REASON", _("Say what was wrong."), field="reason")
    if certificate.state not in SHIPPING_STATES:
        raise Conflict("SHIP-STATE", _("Shipments of this certificate can no longer be changed."))
    _move(actor, certificate, shipment, Cause.SHIPMENT_CORRECTED, reason)
    shipment.corrected_at, shipment.correction_reason = clock.now(), reason.strip()[:300]
    shipment.save(update_fields=["corrected_at", "correction_reason"])
    certificate.shipped_kg -= shipment.net_kg
    _save(certificate)
    _note(actor, "certificate.ship_corrected", certificate, shipment)
    return shipment


def _kilograms(quantity: Decimal, unit: str) -> Decimal:
    try:
        kg = to_kg(quantity, unit)
    except ValueError as error:
        raise InvalidInput("SHIP-QUANTITY", str(error), field="quantity") from error
    if kg <= 0:
        raise InvalidInput("SHIP-QUANTITY", _("Enter a weight above zero."), field="quantity")
    return kg


def _move(actor: Identity, certificate: Certificate, shipment: Shipment, cause: Cause, reason: str = "") -> None:
    """The shipment's kilograms certified→shipped, or back where it was a mistake."""
    back = cause is Cause.SHIPMENT_CORRECTED
    source, target = (Bucket.SHIPPED, Bucket.CERTIFIED) if back else (Bucket.CERTIFIED, Bucket.SHIPPED)
    holder = (Holder.CERTIFICATE, certificate.pk)
    ledger.move(
        actor, certificate.line_id, cause, source, target, shipment.net_kg,
        key=f"{'unship' if back else 'ship'}:{shipment.pk}", source_holder=holder, target_holder=holder, reason=reason,
    )  # fmt: skip


def _save(certificate: Certificate) -> None:
    """Keep what has shipped; a total that was declared before no longer stands."""
    certificate.total_declared_at = certificate.ending_inventory_kg = None
    certificate.save(update_fields=["shipped_kg", "total_declared_at", "ending_inventory_kg"])


def _lots(lots: Sequence[Mapping[str, Any]], kg: Decimal) -> list[dict[str, str]]:
    """The lots as stored. Raises ``InvalidInput`` SHIP-LOTS where one is wrong or they are more than the shipment."""
    kept, total = [], Decimal(0)
    for row in lots:
        name, part = str(row["lot"]).strip()[:60], to_kg(Decimal(row["kg"]), Unit.KGM)
        if not name or part <= 0:
            raise InvalidInput("SHIP-LOTS", _("Each lot needs its number and a weight above zero."), field="lots")
        kept.append({"lot": name, "kg": f"{part:.3f}"})
        total += part
    if total > kg:
        words = {"total": f"{total:,.3f}", "kg": f"{kg:,.3f}"}
        text = _("The lots add up to %(total)s kg, more than the %(kg)s kg of the shipment.") % words
        raise InvalidInput("SHIP-LOTS", text, field="lots")
    return kept


def _keep(actor: Identity, certificate: Certificate, paper: Accepted | None) -> StoredFile | None:
    if paper is None:
        return None
    try:
        return keep(actor, paper, certifier_id=certificate.certifier_id, client_id=certificate.client_id)
    except InvalidInput as error:
        raise InvalidInput(error.code, error.message, field="document") from error


def reporting(actor: Identity, certificate: Certificate) -> Identity:
    """The actor as whoever reports: a broker on behalf of the exporter. Raises ``NotPermitted`` ROLE or SCOPE."""
    if actor.kind is Kind.BROKER:
        return delegated.for_client(actor, certificate.client_id, GrantScope.SHIPMENTS)
    if not may_report(actor, certificate):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    return actor


def _lock(actor: Identity, certificate_id: uuid.UUID | str) -> Certificate:
    seen = find(Certificate.objects.all(), actor, certificate_id)
    operation_id = Client.objects.values_list("operation_id", flat=True).get(pk=seen.client_id)
    lock_operations([operation_id, seen.importer_id])
    certificate = locked(actor, certificate_id)
    ledger.lock_line(certificate.line_id)
    return certificate


def _require_open(actor: Identity, certificate: Certificate) -> None:
    if certificate.state not in SHIPPING_STATES:
        words = {"state": certificate.get_state_display()}
        raise Conflict("SHIP-STATE", _("Only an issued certificate takes shipments; this one is “%(state)s”.") % words)
    if certificate.flagged_because:
        raise Conflict("SHIP-SUSPENDED", _("New shipments are refused: %(why)s") % {"why": certificate.flagged_because})
    client = Client.objects.select_related("operation").get(pk=certificate.client_id)
    if not client.may_trade:
        raise Conflict("SHIP-SUSPENDED", _("New shipments are refused: the exporter is not Certified today."))
    if certificate.importer.status != OperationStatus.CERTIFIED:
        raise Conflict("SHIP-SUSPENDED", _("New shipments are refused: the importer is not Certified today."))
    replacing.require_no_replacement(certificate, by=actor)


def _require_day(certificate: Certificate, departure: dt.date) -> None:
    """7 CFR 205.273: the certificate comes before the export, and covers its period alone."""
    if not certificate.start_date <= departure <= certificate.end_date:
        words = {"start": certificate.start_date.isoformat(), "end": certificate.end_date.isoformat()}
        text = _("The departure must lie in the certificate's period, %(start)s to %(end)s.") % words
        raise InvalidInput("SHIP-PERIOD", text, field="departure_date")
    _require_outage(certificate, departure)
    # a day more than here: it may be tomorrow already where the goods left
    if departure > clock.now().date() + dt.timedelta(days=1):
        text = _("The goods have not left yet: report them once they have.")
        raise InvalidInput("SHIP-FUTURE", text, field="departure_date")


def _require_outage(certificate: Certificate, departure: dt.date) -> None:
    """A continuity document is for goods that leave while OID is out; what leaves afterwards needs a certificate of OID's."""
    if certificate.state != CertificateState.CONTINUITY:
        return
    ended = Outage.objects.filter(documents__certificate=certificate).values_list("ended_at", flat=True).first()
    if ended is not None and departure > ended.date() + dt.timedelta(days=1):
        words = {"day": ended.date().isoformat()}
        text = _("OID is back since %(day)s: what leaves afterwards does not go under a continuity document.") % words
        raise InvalidInput("SHIP-OUTAGE", text, field="departure_date")


def _note(actor: Identity, act: str, certificate: Certificate, shipment: Shipment) -> None:
    audit.record(
        actor, act, "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id,
        after={
            "shipment": shipment.pk, "sequence": shipment.sequence, "net_kg": shipment.net_kg,
            "departure": shipment.departure_date, "shipped_kg": certificate.shipped_kg,
            "reason": shipment.correction_reason,
        },
    )  # fmt: skip
    wake("oid_calls", certificate.certifier_id, shipment.pk)
