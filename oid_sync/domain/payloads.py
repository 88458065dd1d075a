"""What is sent to OID, made from the certificate's snapshot alone."""

from __future__ import annotations

import uuid
from typing import Any

from certificates.models import Amendment, Certificate, CertificateChange, Shipment


def registration(certificate: Certificate) -> dict[str, Any]:
    """The record as OID takes it; ``reference`` is the certificate's UUID."""
    snapshot = certificate.snapshot
    consignee = ", ".join(part for part in (snapshot["consignee"]["name"], snapshot["consignee"]["address"]) if part)
    body: dict[str, Any] = {
        "reference": str(certificate.pk),
        "certifier_code": snapshot["certifier"]["code"],
        "exporter": snapshot["exporter"],
        "importer": {name: snapshot["importer"][name] for name in ("nop_id", "name")},
        "consignee": consignee or snapshot["importer"]["name"],
        "destination": snapshot["destination"],
        "origin": snapshot["origin"]["code"],
        "product_label": snapshot["product"]["label_name"],
        "hts": snapshot["hts"]["code"],
        "standard": snapshot["standard"],
        "net_weight_kg": snapshot["net_kg"],
        "lots": [{"lot": row["lot"], "kg": row["kg"] or None} for row in snapshot["lots"]],
        "start_date": snapshot["period"]["start"],
        "end_date": snapshot["period"]["end"],
        "snapshot_sha256": certificate.snapshot_sha256,
    }
    if snapshot["final_handler"]["nop_id"]:
        body["final_handler"] = {"nop_id": snapshot["final_handler"]["nop_id"]}
    if snapshot["transport"]["departure_date"]:
        body["departure_date"] = snapshot["transport"]["departure_date"]
    transport = _transport(snapshot)
    if transport:
        body["transport"] = transport
    if certificate.replaces is not None and certificate.replaces.number:
        body["replaces"] = certificate.replaces.number
    return body


def _transport(snapshot: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: snapshot["transport"][name] for name in ("mode", "vessel", "port_of_lading", "bill_of_lading")
    }
    found["containers"] = [row["number"] for row in snapshot["containers"]]
    found["seals"] = [row["seal"] for row in snapshot["containers"] if row["seal"]]
    found["invoices"] = snapshot["invoices"]
    return {name: value for name, value in found.items() if value}


def shipment(call_id: uuid.UUID, row: Shipment) -> dict[str, Any]:
    """The actual weight of one shipment."""
    return {
        "call_id": str(call_id),
        "kind": "shipment",
        "shipment_ref": str(row.pk),
        "shipped_on": row.departure_date.isoformat(),
        "net_weight_kg": f"{row.net_kg:.3f}",
        **({"entry_number": row.entry_number} if row.entry_number else {}),
    }


def correction(call_id: uuid.UUID, row: Shipment) -> dict[str, Any]:
    """A shipment that was taken back."""
    return {
        "call_id": str(call_id),
        "kind": "correction",
        "shipment_ref": str(row.pk),
        "net_weight_kg": "0.000",
    }


def amendment(row: CertificateChange) -> dict[str, Any]:
    """What OID is told of an amendment: only what reads differently, since OID refuses a weight that is not lower."""
    found = Amendment.objects.filter(change=row).first()
    if found is None:
        return {"call_id": str(row.pk), "net_weight_kg": f"{row.net_kg_after:.3f}"}
    content, changed = found.snapshot, {part["field"] for part in found.content}
    body: dict[str, Any] = {"call_id": str(row.pk)}
    if "net_kg" in changed:
        body["net_weight_kg"] = content["net_kg"]
    if "lots" in changed:
        body["lots"] = [{"lot": lot["lot"], "kg": lot["kg"] or None} for lot in content["lots"]]
    if "departure_date" in changed:
        body["departure_date"] = content["transport"]["departure_date"]
    transport: dict[str, Any] = {
        name: content["transport"][name] for name in ("mode", "vessel", "port_of_lading", "bill_of_lading")
        if name in changed
    }  # fmt: skip
    if "containers" in changed:
        transport["containers"] = [each["number"] for each in content["containers"]]
        transport["seals"] = [each["seal"] for each in content["containers"] if each["seal"]]
    if transport:
        body["transport"] = transport
    return body


def change(row: CertificateChange) -> dict[str, Any]:
    """What OID is told of a change after issue; the change's own id is the call's."""
    kind = CertificateChange.Kind(row.kind)
    if kind is CertificateChange.Kind.AMENDED:
        return amendment(row)
    if kind is CertificateChange.Kind.TOTAL:
        return {"call_id": str(row.pk), "kind": "total", "net_weight_kg": f"{row.shipped_kg:.3f}"}
    return {"call_id": str(row.pk), "reason": row.reason}
