"""Certificates compared with the records that OID holds, page by page of its change log."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from certificates.domain import numbers
from certificates.models import Certificate, CertificateState, Shipment
from core import clock
from core.identity import Identity
from oid_sync.connectors.base import Page
from oid_sync.domain.reconciliation import drifts
from oid_sync.domain.reconciliation.drifts import Difference
from oid_sync.domain.reconciliation.ledger_steps import kilograms
from oid_sync.models import DriftKind, ReconciliationRun

#: The portal's state → statuses that OID may show for it.
FITTING: dict[str, frozenset[str]] = {
    CertificateState.AWAITING_DOCUMENT: frozenset({"live"}),
    CertificateState.ISSUED: frozenset({"live", "expired"}),
    CertificateState.CLOSED: frozenset({"live", "expired"}),
    CertificateState.VOID: frozenset({"void"}),
    CertificateState.REPLACED: frozenset({"replaced"}),
}


def compare_page(actor: Identity, run: ReconciliationRun, page: Page) -> set[str]:
    """Compare one page of records; returns the references seen."""
    seen = set()
    for record in page.records:
        reference = str(record.get("reference", ""))
        seen.add(reference)
        certificate = _certificate(run.certifier_id, reference)
        if certificate is None:
            drifts.note(run, Difference(DriftKind.UNKNOWN_TO_PORTAL, str(record.get("number")), "", _short(record)))
        elif certificate.state == CertificateState.AWAITING_NUMBER:
            _give_number(actor, run, certificate, record)
        else:
            for difference in compare(certificate, record):
                drifts.note(run, difference)
        run.compared += 1
    return seen


def _certificate(certifier_id: uuid.UUID, reference: str) -> Certificate | None:
    try:
        key = uuid.UUID(reference)
    except ValueError:
        return None
    return Certificate.objects.filter(certifier_id=certifier_id, pk=key).first()


def _give_number(actor: Identity, run: ReconciliationRun, certificate: Certificate, record: Mapping[str, Any]) -> None:
    """OID has the record and the portal does not know its number: safe to heal, the reference is ours."""
    number = str(record.get("number"))
    difference = Difference(DriftKind.OID_FIELDS, str(certificate.pk), "", number, certificate_id=certificate.pk)
    numbers.give(actor, certificate.pk, number, registered_at=clock.now())
    drifts.heal(run, difference, "the number was taken over from OID")


def compare(certificate: Certificate, record: Mapping[str, Any]) -> Iterator[Difference]:
    """Field by field: what the snapshot says and what OID's record says."""
    snapshot = certificate.snapshot
    portal = {
        "number": certificate.number,
        "net_weight_kg": kilograms(certificate.net_kg),
        "exporter": snapshot["exporter"]["nop_id"],
        "importer": snapshot["importer"]["nop_id"],
        "hts": snapshot["hts"]["code"],
        "start_date": snapshot["period"]["start"],
        "end_date": snapshot["period"]["end"],
        "snapshot_sha256": certificate.snapshot_sha256,
    }
    theirs = {
        **{name: record.get(name) for name in portal},
        "exporter": (record.get("exporter") or {}).get("nop_id"),
        "importer": (record.get("importer") or {}).get("nop_id"),
    }
    wrong = [name for name in portal if portal[name] != theirs[name]]
    if wrong:
        yield Difference(
            DriftKind.OID_FIELDS, str(certificate.pk), {name: portal[name] for name in wrong},
            {name: theirs[name] for name in wrong}, certificate_id=certificate.pk,
        )  # fmt: skip
    status = str(record.get("status", ""))
    if status not in FITTING.get(certificate.state, frozenset()):
        yield Difference(
            DriftKind.OID_STATUS, str(certificate.pk), certificate.state, status, certificate_id=certificate.pk
        )
    yield from _actuals(certificate, record)


def _actuals(certificate: Certificate, record: Mapping[str, Any]) -> Iterator[Difference]:
    ours = {
        str(row.pk): kilograms(row.net_kg)
        for row in Shipment.objects.filter(certificate=certificate, corrected_at=None)
    }
    theirs = {
        str(entry.get("shipment_ref")): kilograms(Decimal(str(entry.get("net_weight_kg", "0"))))
        for entry in _shipments(record)
        if Decimal(str(entry.get("net_weight_kg", "0"))) > 0
    }
    if ours != theirs:
        yield Difference(DriftKind.ACTUALS, str(certificate.pk), ours, theirs, certificate_id=certificate.pk)


def _shipments(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    actuals = record.get("actuals") or {}
    entries = actuals.get("shipments", []) if isinstance(actuals, dict) else actuals
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("shipment_ref")]


def missing(certifier_id: uuid.UUID, seen: set[str]) -> Iterator[Difference]:
    """Numbered certificates that OID's log does not hold."""
    rows = Certificate.objects.filter(certifier_id=certifier_id, number__isnull=False)
    for row in rows.only("pk", "number").iterator(chunk_size=500):
        if str(row.pk) not in seen:
            yield Difference(DriftKind.MISSING_IN_OID, str(row.pk), row.number, "", certificate_id=row.pk)


def _short(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record.get(name) for name in ("number", "reference", "status", "net_weight_kg")}
