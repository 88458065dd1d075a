"""A certificate as the register answers it."""

import re
from decimal import Decimal

from oid_store.domain import clock
from oid_store.models import Certificate, CertificateStatus

NUMBER = re.compile(r"\d{3}-\d{10}-\d{6}", re.ASCII)
NOP_ID = re.compile(r"\d{10}", re.ASCII)


def kg(weight: Decimal | None) -> str | None:
    """Kilograms as a string with three places."""
    return None if weight is None else f"{weight:.3f}"


def shown_status(certificate: Certificate) -> str:
    """``live``, ``expired``, ``void`` or ``replaced``; a live record past its end date is expired."""
    if certificate.status == CertificateStatus.LIVE and certificate.end_date < clock.today():
        return "expired"
    return str(certificate.status)


def _parties(certificate: Certificate) -> dict[str, object]:
    handler = certificate.final_handler_nop_id
    return {
        "exporter": {
            "nop_id": certificate.exporter_nop_id,
            "name": certificate.exporter_name,
            "address": certificate.exporter_address,
        },
        "importer": {"nop_id": certificate.importer_nop_id, "name": certificate.importer_name},
        "final_handler": {"nop_id": handler} if handler else None,
        "consignee": certificate.consignee,
        "destination": {"city": certificate.destination_city, "state": certificate.destination_state},
    }


def _goods(certificate: Certificate) -> dict[str, object]:
    return {
        "origin": certificate.origin,
        "product_label": certificate.product_label,
        "hts": certificate.hts,
        "standard": certificate.standard,
        "net_weight_kg": kg(certificate.net_weight_kg),
        "lots": certificate.lots,
        "transport": certificate.transport,
        "start_date": certificate.start_date.isoformat(),
        "end_date": certificate.end_date.isoformat(),
        "departure_date": certificate.departure_date.isoformat() if certificate.departure_date else None,
    }


def _actuals(certificate: Certificate) -> dict[str, object]:
    shipments = sorted(certificate.actuals.all(), key=lambda actual: actual.pk) if certificate.pk else []
    return {
        "total_kg": kg(certificate.actual_kg),
        "declared_total_kg": kg(certificate.declared_total_kg),
        "shipments": [
            {
                "shipment_ref": actual.shipment_ref,
                "shipped_on": actual.shipped_on.isoformat(),
                "net_weight_kg": kg(actual.net_weight_kg),
                "entry_number": actual.entry_number,
                "reported_at": clock.stamp(actual.reported_at),
            }
            for actual in shipments
        ],
    }


def _void(certificate: Certificate) -> dict[str, object] | None:
    if certificate.voided_at is None:
        return None
    return {"reason": certificate.void_reason, "by": certificate.void_by, "at": clock.stamp(certificate.voided_at)}


def record_body(certificate: Certificate) -> dict[str, object]:
    """The whole record, ready for JSON. Reads ``actuals``, ``replaces``, ``replaced_by``: prefetch them for lists."""
    replacement = getattr(certificate, "replaced_by", None) if certificate.pk else None
    return {
        "number": certificate.number,
        "reference": str(certificate.reference),
        "certifier_code": certificate.certifier_code,
        "status": shown_status(certificate),
        "version": certificate.version,
        "registered_at": clock.stamp(certificate.registered_at),
        "changed_at": clock.stamp(certificate.changed_at),
        **_parties(certificate),
        **_goods(certificate),
        "snapshot_sha256": certificate.snapshot_sha256,
        "actuals": _actuals(certificate),
        "replaces": certificate.replaces.number if certificate.replaces else None,
        "replaced_by": replacement.number if replacement else None,
        "void": _void(certificate),
        "warnings": certificate.warnings,
    }
