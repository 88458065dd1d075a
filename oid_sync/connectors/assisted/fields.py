"""What a person keys, field by field in the order in which OID asks for it, as plain text without grouping."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from oid_sync.models import OidCall, Operation
from requests_app.models import TransportMode


def fields_of(call: OidCall) -> list[tuple[str, str]]:
    """Label and value of each field that has one; kilograms with a point, dates ISO 8601."""
    rows = {
        Operation.REGISTER: _registration,
        Operation.AMEND: _amendment,
        Operation.ACTUALS: _actuals,
        Operation.VOID: _void,
    }[Operation(call.operation)](call)
    return [(str(label), value) for label, value in rows if value]


def _number(call: OidCall) -> tuple[str, str]:
    return _("Certificate number"), call.certificate.number or ""


def _registration(call: OidCall) -> list[tuple[str, str]]:
    snapshot: dict[str, Any] = call.certificate.snapshot
    certifier, exporter, handler = snapshot["certifier"], snapshot["exporter"], snapshot["final_handler"]
    importer, consignee, destination = snapshot["importer"], snapshot["consignee"], snapshot["destination"]
    return [
        (_("Certifier"), certifier["name"]),
        (_("Certifier code"), certifier["code"]),
        (_("Exporter"), exporter["name"]),
        (_("Exporter's address"), exporter["address"]),
        (_("Exporter's NOP ID"), exporter["nop_id"]),
        (_("Final handler"), handler["name"]),
        (_("Final handler's NOP ID"), handler["nop_id"]),
        (_("Final handler's certifier"), handler["certifier"]),
        (_("Importer of record"), importer["name"]),
        (_("Importer's address"), importer["address"]),
        (_("Importer's NOP ID"), importer["nop_id"]),
        (_("Ultimate consignee"), ", ".join(part for part in (consignee["name"], consignee["address"]) if part)),
        (_("City of destination"), destination["city"]),
        (_("State of destination"), destination["state"]),
        (_("Country of origin"), snapshot["origin"]["name"]),
        (_("Product as on the label"), snapshot["product"]["label_name"]),
        (_("HTS code"), snapshot["hts"]["code"]),
        (_("Organic standard"), snapshot["standard"]),
        (_("Net weight in kg"), _kg(call.payload["net_weight_kg"])),
        (_("Lots"), _lots(call.payload.get("lots", []))),
        *_transport(call.payload),
        (_("First day of the period"), snapshot["period"]["start"]),
        (_("Last day of the period"), snapshot["period"]["end"]),
        (_("Replaces"), str(call.payload.get("replaces", ""))),
    ]


def _transport(payload: dict[str, Any]) -> list[tuple[str, str]]:
    how = payload.get("transport", {})
    return [
        (_("Departure"), str(payload.get("departure_date", ""))),
        (_("Transport"), _mode(str(how.get("mode", "")))),
        (_("Port of lading"), str(how.get("port_of_lading", ""))),
        (_("Vessel or flight"), str(how.get("vessel", ""))),
        (_("Bill of lading or air waybill"), str(how.get("bill_of_lading", ""))),
        (_("Containers"), "; ".join(how.get("containers", []))),
        (_("Seals"), "; ".join(how.get("seals", []))),
        (_("Invoices"), "; ".join(how.get("invoices", []))),
    ]


def _mode(mode: str) -> str:
    return str(TransportMode(mode).label) if mode in TransportMode.values else mode


def _amendment(call: OidCall) -> list[tuple[str, str]]:
    payload = call.payload
    weight = _kg(payload["net_weight_kg"]) if payload.get("net_weight_kg") else ""
    return [
        _number(call),
        (_("New net weight in kg"), weight),
        (_("Lots"), _lots(payload.get("lots", []))),
        *_transport(payload),
    ]


def _actuals(call: OidCall) -> list[tuple[str, str]]:
    payload = call.payload
    weights = {
        "shipment": _("Actual net weight of the shipment in kg"),
        "correction": _("Corrected net weight of the shipment in kg"),
        "total": _("Total of actual net weights in kg"),
    }
    return [
        _number(call),
        (weights[payload["kind"]], _kg(payload["net_weight_kg"])),
        (_("Departure"), str(payload.get("shipped_on", ""))),
        (_("ACE entry number"), str(payload.get("entry_number", ""))),
    ]


def _void(call: OidCall) -> list[tuple[str, str]]:
    return [_number(call), (_("Reason"), str(call.payload["reason"]))]


def _lots(lots: list[dict[str, Any]]) -> str:
    return "; ".join(f"{row['lot']} ({_kg(row['kg'])} kg)" if row.get("kg") else str(row["lot"]) for row in lots)


def _kg(value: Any) -> str:
    """Without places that say nothing: what is keyed is read back by people."""
    text = f"{Decimal(str(value)):.3f}"
    return text.removesuffix(".000")
