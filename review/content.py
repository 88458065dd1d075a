"""The content of a request as labelled rows for the page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core.templatetags.portal_format import day, hts, kg
from requests_app.domain.changes import field_label
from requests_app.models import DocumentKind, ProposedCorrection, Question, Request

Row = tuple[str, Any]
NONE = "\N{EM DASH}"

GOODS = ("label_name", "hts_code", "origin", "standard", "harvest_year", "net_kg", "gross_kg", "packages_kind",
         "packages_number")  # fmt: skip
PARTIES = ("importer_nop_id", "importer", "importer_contact_email", "recipient_name", "recipient_nop_id",
           "consignee_name", "consignee_address", "destination_city", "destination_state",
           "last_handler_nop_id")  # fmt: skip
TRANSPORT = ("kind", "transport_mode", "port_of_lading", "vessel", "bill_of_lading", "departure_date", "start_date",
             "end_date")  # fmt: skip


def of_request(request: Request) -> dict[str, list[Row]]:
    """Rows by section."""
    return {
        "goods": _fields(request, GOODS),
        "parties": _fields(request, PARTIES),
        "transport": _fields(request, TRANSPORT),
        "lots": [(row.lot, _lot(row.kg, row.declared_kg)) for row in request.lots.order_by("lot")],
        "containers": [(row.number, row.seal or NONE) for row in request.containers.order_by("number")],
        "invoices": [
            (row.number, ", ".join(part for part in (kg(row.kg) if row.kg else "", row.supplier_nop_id) if part) or NONE)
            for row in request.invoices.order_by("number")
        ],
    }  # fmt: skip


def _lot(net: Any, declared: Any) -> str:
    if declared is None:
        return str(kg(net))
    return _("%(net)s of a lot of %(declared)s") % {"net": kg(net), "declared": kg(declared)}


def _fields(request: Request, names: tuple[str, ...]) -> list[Row]:
    return [(label(name), shown(name, _value(request, name))) for name in names]


def label(name: str) -> str:
    """A field's label."""
    return _("Net weight") if name == "net_kg" else capfirst(field_label(name))


def _value(request: Request, name: str) -> Any:
    display = getattr(request, f"get_{name}_display", None)
    return capfirst(display()) if display else getattr(request, name)


def shown(name: str, value: Any) -> Any:
    """A value as people read it."""
    if value in (None, ""):
        return NONE
    if name in {"net_kg", "gross_kg"}:
        return kg(value)
    if name == "hts_code":
        return hts(value)
    if name.endswith("_date"):
        return day(dt.date.fromisoformat(value) if isinstance(value, str) else value)
    if name == "importer":
        return f"{value.name}, {value.city}" if value.city else value.name
    return str(value)


def corrections(rows: list[ProposedCorrection]) -> list[dict[str, Any]]:
    """Proposals with their changes as rows."""
    return [
        {
            "proposed_at": row.proposed_at,
            "get_state_display": row.get_state_display(),
            "note": row.note,
            "rows": [(label(name), shown(name, value)) for name, value in row.changes.items()],
        }
        for row in rows
    ]


def questions(rows: list[Question]) -> list[dict[str, Any]]:
    """Questions with what they are about in words."""
    return [
        {
            "asked_at": row.asked_at,
            "text": row.text,
            "answer": row.answer,
            "completed_at": row.completed_at,
            "deadline": row.deadline,
            "about": ", ".join(
                [field_label(name) for name in row.fields]
                + [str(DocumentKind(kind).label) for kind in row.document_kinds]
            ),
        }
        for row in rows
    ]
