"""From an approved request to the immutable snapshot of everything its certificate says."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pycountry
from django.db import connection

from certificates.document.errors import SnapshotError
from certificates.document.snapshot import (
    NO_LETTERHEAD,
    SCHEMA_VERSION,
    Letterhead,
    Snapshot,
    read_snapshot,
    read_unfinished,
)
from organizations.models import Operation
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
    if facts.importer is None:
        raise SnapshotError(["importer: not in the directory"])
    approval = {
        "reference": str(reference),
        "approved_at": at.astimezone(dt.UTC).isoformat(),
        "approved_by": _name_of(by),
    }
    return read_snapshot(_data(facts, terms) | approval)


def unfinished(facts: RequestFacts) -> Snapshot:
    """What a certificate of the request would say now, before anybody approves it: what is not known is empty text.

    It has the form of a snapshot but is none: no check of its content, no approval in it, and it is kept nowhere.
    """
    approval = {"reference": str(facts.request.pk), "approved_at": "", "approved_by": ""}
    return read_unfinished(_data(facts, facts.terms) | approval)


def _data(facts: RequestFacts, terms: PVFLineTerms | None) -> dict[str, Any]:
    """All fields but those of the approval."""
    request, importer = facts.request, facts.importer
    code = facts.hts or hts.Validity(known=False)
    unknown = {"name": "", "address": "", "nop_id": request.importer_nop_id}
    return {
        "schema_version": SCHEMA_VERSION,
        "letterhead": _letterhead(facts),
        "certifier": _certifier(facts),
        "exporter": _party(facts.client.operation),
        "final_handler": _handler(request.last_handler_nop_id, facts),
        "importer": _party(importer) if importer else unknown,
        "recipient": {"name": request.recipient_name, "nop_id": request.recipient_nop_id},
        "consignee": {"name": request.consignee_name, "address": request.consignee_address},
        "destination": {"city": request.destination_city, "state": request.destination_state},
        "origin": {"code": request.origin, "name": country_name(request.origin) if request.origin else ""},
        "product": {"label_name": request.label_name, "product_name": terms.product_name if terms else ""},
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
    }


def _certifier(facts: RequestFacts) -> dict[str, str]:
    fields = ("name", "code", "address", "country")
    accreditation = facts.letterhead.accreditation if facts.letterhead else ""
    return {**{name: getattr(facts.certifier, name) for name in fields}, "accreditation": accreditation}


def _letterhead(facts: RequestFacts) -> Letterhead:
    head = facts.letterhead
    return {"text": head.text, "logo_sha256": head.logo_sha256} if head else NO_LETTERHEAD


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
