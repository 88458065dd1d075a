"""CTR-1, DUP-1 and DOC-1 on a reported shipment. The goods have left: each warns, none refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from stdnum import iso6346

from certificates.models import Certificate, Shipment
from core.checks import Finding, Outcome


def run(certificate: Certificate, shipment: Shipment) -> list[Finding]:
    """Every finding on ``shipment``, which may not be stored yet."""
    return [_containers(certificate, shipment), _lots(certificate, shipment), _documents(shipment)]


def _finding(code: str, outcome: Outcome, message: str, field: str, **compared: Any) -> Finding:
    return Finding(code, outcome, message, compared, field)


def _containers(certificate: Certificate, shipment: Shipment) -> Finding:
    """CTR-1: sea containers have the check digit of ISO 6346."""
    if not shipment.containers or certificate.snapshot["transport"]["mode"] not in {"", "sea"}:
        return _finding("CTR-1", Outcome.NOT_APPLICABLE, _("No sea containers are given."), "containers")
    bad = [number for number in shipment.containers if not iso6346.is_valid(number)]
    if bad:
        text = _("Check digit or form is wrong: %(numbers)s.") % {"numbers": ", ".join(bad)}
        return _finding("CTR-1", Outcome.WARN, text, "containers", containers=bad)
    return _finding("CTR-1", Outcome.PASS, _("All check digits are right."), "containers")


def _lots(certificate: Certificate, shipment: Shipment) -> Finding:
    """DUP-1: of each lot no more leaves, over all live shipments of the exporter, than its certificates name of it."""
    if not shipment.lots:
        return _finding("DUP-1", Outcome.NOT_APPLICABLE, _("No lots are given."), "lots")
    names = {str(entry["lot"]) for entry in shipment.lots}
    rows: list[dict[str, Any]] = []
    left = _left_of(certificate, shipment, names)
    for name in sorted(names):
        here = sum((Decimal(entry["kg"]) for entry in shipment.lots if entry["lot"] == name), Decimal(0))
        certified = sum(
            (Decimal(row["kg"] or 0) for row in certificate.snapshot["lots"] if row["lot"] == name), Decimal(0)
        )
        total = here + left.get(name, Decimal(0))
        rows.append({"lot": name, "kg": here, "earlier_kg": total - here, "certified_kg": certified,
                     "over_kg": max(total - certified, Decimal(0))})  # fmt: skip
    over = [row["lot"] for row in rows if row["over_kg"] > 0]
    if over:
        text = _("More of lot %(lots)s has left than this certificate names.") % {"lots": ", ".join(map(str, over))}
        return _finding("DUP-1", Outcome.WARN, text, "lots", lots=rows)
    return _finding("DUP-1", Outcome.PASS, _("Each lot stays within what the certificate names."), "lots", lots=rows)


_LEFT = """
SELECT e ->> 'lot', sum((e ->> 'kg')::numeric) FROM certificates_shipment s, jsonb_array_elements(s.lots) e
WHERE s.certifier_id = %s AND s.client_id = %s AND s.corrected_at IS NULL AND s.id <> %s AND e ->> 'lot' = ANY(%s) GROUP BY 1
"""


def _left_of(certificate: Certificate, shipment: Shipment, names: set[str]) -> dict[str, Decimal]:
    """Kilograms by lot that left before under any certificate of the same exporter."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, [certificate.certifier_id, certificate.client_id, shipment.pk, sorted(names)])
        return dict(cursor.fetchall())


def _documents(shipment: Shipment) -> Finding:
    """DOC-1: the bill of lading or air waybill is named and there."""
    if not shipment.transport_document:
        text = _("No bill of lading or air waybill is named.")
        return _finding("DOC-1", Outcome.WARN, text, "transport_document")
    if shipment.document_id is None:
        text = _("The bill of lading or air waybill %(number)s is named, the document is not there.")
        words = {"number": shipment.transport_document}
        return _finding("DOC-1", Outcome.WARN, text % words, "document")
    return _finding("DOC-1", Outcome.PASS, _("The transport document is there."), "document")
