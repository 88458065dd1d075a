"""Comparisons within the portal: the ledger with itself, with requests, certificates and shipments."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from certificates.models import Certificate, CertificateState, Shipment
from oid_sync.domain.reconciliation.drifts import Difference
from oid_sync.models import DriftKind
from organizations.models import OperationStatus
from pvf.domain import ledger
from pvf.models import Balance, Bucket, Holder
from requests_app.models import OPEN_STATES, Request

ZERO = Decimal(0)
BUCKETS = (Bucket.AVAILABLE, Bucket.RESERVED, Bucket.CERTIFIED, Bucket.SHIPPED)
LIVE = (
    CertificateState.AWAITING_NUMBER,
    CertificateState.AWAITING_DOCUMENT,
    CertificateState.ISSUED,
    CertificateState.CONTINUITY,
)
_SUMS = """
    SELECT bucket, sum(kg) FROM (
        SELECT target AS bucket, kg FROM pvf_movement WHERE line_id = %s
        UNION ALL SELECT source, -kg FROM pvf_movement WHERE line_id = %s
    ) m WHERE bucket <> 'outside' GROUP BY bucket
"""


def kilograms(value: Decimal | None) -> str:
    """Kilograms with three places."""
    return f"{value or ZERO:.3f}"


def balances(certifier_id: uuid.UUID, ids: list[uuid.UUID]) -> Iterator[Difference]:
    """Each balance with the sum of its line's movements."""
    for row in Balance.objects.filter(certifier_id=certifier_id, line_id__in=ids):
        with connection.cursor() as cursor:
            cursor.execute(_SUMS, [row.line_id, row.line_id])
            sums = dict(cursor.fetchall())
        have = {bucket.value: kilograms(getattr(row, bucket)) for bucket in BUCKETS}
        moved = {bucket.value: kilograms(sums.get(bucket.value)) for bucket in BUCKETS}
        if have != moved:
            yield Difference(DriftKind.BALANCE, str(row.line_id), have, moved, line_id=row.line_id)


def requests(certifier_id: uuid.UUID, ids: list[uuid.UUID]) -> Iterator[Difference]:
    """What each open request holds reserved with what it asks for; a closed one holds nothing."""
    for row in Request.objects.filter(certifier_id=certifier_id, pk__in=ids, submitted_at__isnull=False):
        wanted = (row.net_kg or ZERO) if row.state in OPEN_STATES else ZERO
        held = ledger.reserved_by(row.pk)
        if held != wanted:
            yield Difference(DriftKind.RESERVED, row.reference, kilograms(wanted), kilograms(held), line_id=row.line_id)


def certificates(certifier_id: uuid.UUID, ids: list[uuid.UUID]) -> Iterator[Difference]:
    """What each certificate holds certified and shipped with its own figures and its shipments."""
    for row in Certificate.objects.filter(certifier_id=certifier_id, pk__in=ids):
        reported = Shipment.objects.filter(certificate=row, corrected_at=None).aggregate(kg=Sum("net_kg"))["kg"] or ZERO
        shipped = ledger.held(Holder.CERTIFICATE, row.pk, Bucket.SHIPPED)
        if not row.shipped_kg == reported == shipped:
            yield Difference(
                DriftKind.SHIPPED, str(row.pk), {"certificate": kilograms(row.shipped_kg), "ledger": kilograms(shipped)},
                kilograms(reported), certificate_id=row.pk, line_id=row.line_id,
            )  # fmt: skip
        wanted = row.net_kg - row.shipped_kg if row.state in LIVE else ZERO
        held = ledger.held(Holder.CERTIFICATE, row.pk, Bucket.CERTIFIED)
        if held != wanted:
            yield Difference(
                DriftKind.CERTIFIED, str(row.pk), kilograms(wanted), kilograms(held), certificate_id=row.pk,
                line_id=row.line_id,
            )  # fmt: skip


def parties(certifier_id: uuid.UUID, ids: list[uuid.UUID]) -> Iterator[Difference]:
    """Exporter and importer of each live certificate are still Certified in the directory."""
    rows = Certificate.objects.filter(certifier_id=certifier_id, pk__in=ids, state__in=LIVE)
    for row in rows.select_related("importer", "client__operation"):
        for party in (row.client.operation, row.importer):
            if party.status != OperationStatus.CERTIFIED:
                yield Difference(
                    DriftKind.PARTY_STATUS, f"{row.pk}:{party.nop_id}"[:80], OperationStatus.CERTIFIED.value,
                    party.status, certificate_id=row.pk,
                )  # fmt: skip
