"""From an approved request to the immutable snapshot of everything its certificate says."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pycountry
from django.db import connection

from certificates.document.errors import SnapshotError
from certificates.document.snapshot import SCHEMA_VERSION, Snapshot, read_snapshot
from organizations.models import Certifier, Operation
from pvf.domain import hts
from pvf.models import PVFLineTerms
from requests_app.domain.facts import RequestFacts
from requests_app.models import Request


def kilograms(value: Decimal | None) -> str:
    """Kilograms with three places, or empty."""
    return "" if value is None else f"{value:.3f}"


def country_name(code: str) -> str:
    """English name of an ISO 3166 country; the code itself where it is not known."""
    country = pycountry.countries.get(alpha_2=code)
    return str(getattr(country, "common_name", country.name)) if country else code


def take(
    facts: RequestFacts, terms: PVFLineTerms, *, reference: uuid.UUID, at: dt.datetime, by: uuid.UUID | None
) -> Snapshot:
    """The snapshot of the request that ``facts`` are about. Raises ``SnapshotError`` where something is missing."""
    request, importer = facts.request, facts.importer
    code = facts.hts or hts.Validity(known=False)
    if importer is None:
        raise SnapshotError(["importer: not in the directory"])
    approver = _name_of(by)
    return read_snapshot(
        {
            "schema_version": SCHEMA_VERSION,
            "reference": str(reference),
            "certifier": _certifier(facts.certifier),
            "exporter": _party(facts.client.operation),
            "final_handler": _handler(request.last_handler_nop_id, facts),
            "importer": _party(importer),
            "recipient": {"name": request.recipient_name, "nop_id": request.recipient_nop_id},
            "consignee": {"name": request.consignee_name, "address": request.consignee_address},
            "destination": {"city": request.destination_city, "state": request.destination_state},
            "origin": {"code": request.origin, "name": country_name(request.origin)},
            "product": {"label_name": request.label_name, "product_name": terms.product_name},
            "hts": {
                "code": request.hts_code,
                "description": code.description,
                "certified_organic": code.certified_organic,
            },
            "standard": request.standard,
            "net_kg": kilograms(request.net_kg),
            "gross_kg": kilograms(request.gross_kg),
            "packages": {
                "kind": request.packages_kind,
                "number": "" if request.packages_number is None else str(request.packages_number),
            },
            "lots": [{"lot": row.lot, "kg": kilograms(row.kg)} for row in facts.lots],
            "containers": [{"number": row.number, "seal": row.seal} for row in facts.containers],
            "invoices": [row.number for row in facts.invoices],
            "transport": _transport(request),
            "period": {"start": _day(request.start_date), "end": _day(request.end_date)},
            "kind": request.kind,
            "request_reference": request.reference,
            "approved_at": at.astimezone(dt.UTC).isoformat(),
            "approved_by": approver,
        }
    )


def _certifier(certifier: Certifier) -> dict[str, str]:
    fields = ("name", "code", "address", "country")
    return {**{name: getattr(certifier, name) for name in fields}, "accreditation": ""}


def _name_of(user_id: uuid.UUID | None) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM organizations_user WHERE id = %s", [user_id])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _party(operation: Operation) -> dict[str, str]:
    return {"name": operation.name, "address": operation.full_address, "nop_id": operation.nop_id}


def _handler(nop_id: str, facts: RequestFacts) -> dict[str, str]:
    operation = facts.suppliers.get(nop_id)
    if operation is None:
        return {"name": "", "nop_id": nop_id, "certifier": ""}
    return {"name": operation.name, "nop_id": nop_id, "certifier": operation.certifier_name}


def _transport(request: Request) -> dict[str, str]:
    single = request.kind == "single"
    return {
        "mode": str(request.transport_mode) if single else "",
        "port_of_lading": request.port_of_lading if single else "",
        "vessel": request.vessel if single else "",
        "bill_of_lading": request.bill_of_lading if single else "",
        "departure_date": _day(request.departure_date) if single else "",
    }


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""
