"""Comparisons within the portal: the ledger with itself, with requests, certificates, shipments and the directory.

Each is one statement for a slice, so balance and movements are seen as of one moment and an act that commits meanwhile is
no difference. A slice is a range of keys: with row security on, ``certifier_id =`` and the bounds of the range are
leakproof comparisons, which PostgreSQL may use on an index before it has applied the row policies
(``movement_by_source_holder``, ``movement_by_target_holder``, ``movement_sequence_once``, primary keys); everything
else is a filter on the rows found. Holdings are summed by holder *and* line: a movement on another line than its holder's is a
difference, and so is one whose holder does not exist.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import partial
from typing import Any

from certificates.domain.recount import recount_shipped
from certificates.models import CertificateState
from core.identity import Identity
from oid_sync.domain.reconciliation.drifts import Cure, Difference
from oid_sync.domain.reconciliation.slices import Slice, fetch
from oid_sync.models import DriftKind, Remedy
from organizations.models import OperationStatus
from pvf.models import Bucket
from requests_app.models import OPEN_STATES

ZERO = Decimal(0)
BUCKETS = (Bucket.AVAILABLE, Bucket.RESERVED, Bucket.CERTIFIED, Bucket.SHIPPED)
#: States in which a certificate holds what it has not shipped.
LIVE = (
    CertificateState.AWAITING_NUMBER,
    CertificateState.AWAITING_DOCUMENT,
    CertificateState.ISSUED,
    CertificateState.CONTINUITY,
)
STATES = {"live": list(map(str, LIVE)), "open": list(map(str, OPEN_STATES))}

#: Lines, as many as a slice has rows, or until their movements are many times as many: at least one line, however many it
#: has. A line's movements are scattered over the table, which small slices would read again and again.
BALANCES_BOUND = """
    WITH next AS (
        SELECT line_id, row_number() OVER way AS nth, sum(last_sequence) OVER way AS movements FROM (
            SELECT line_id, last_sequence FROM pvf_balance
            WHERE certifier_id = %(certifier)s AND line_id > %(after)s ORDER BY line_id LIMIT %(size)s
        ) line WINDOW way AS (ORDER BY line_id)
    ), full_at AS (SELECT nth, line_id FROM next WHERE movements >= 50 * %(size)s OR nth = %(size)s ORDER BY nth LIMIT 1)
    SELECT coalesce((SELECT nth FROM full_at), (SELECT count(*) FROM next)), (SELECT line_id FROM full_at)
"""
REQUESTS_BOUND = """
    SELECT count(*), (array_agg(id ORDER BY id))[%(size)s] FROM (
        SELECT id FROM requests_app_request WHERE certifier_id = %(certifier)s AND id > %(after)s
        ORDER BY id LIMIT %(size)s) next
"""
CERTIFICATES_BOUND = """
    SELECT count(*), (array_agg(id ORDER BY id))[%(size)s] FROM (
        SELECT id FROM certificates_certificate WHERE certifier_id = %(certifier)s AND id > %(after)s
        ORDER BY id LIMIT %(size)s) next
"""

_BALANCES = """
    WITH b AS (
        SELECT line_id, available, reserved, certified, shipped, last_sequence FROM pvf_balance
        WHERE certifier_id = %(certifier)s AND line_id > %(after)s AND line_id <= %(upto)s
    ), m AS (
        SELECT line_id, count(*) AS movements, max(sequence) AS last_sequence,
            coalesce(sum(kg) FILTER (WHERE target = 'available'), 0)
                - coalesce(sum(kg) FILTER (WHERE source = 'available'), 0) AS available,
            coalesce(sum(kg) FILTER (WHERE target = 'reserved'), 0)
                - coalesce(sum(kg) FILTER (WHERE source = 'reserved'), 0) AS reserved,
            coalesce(sum(kg) FILTER (WHERE target = 'certified'), 0)
                - coalesce(sum(kg) FILTER (WHERE source = 'certified'), 0) AS certified,
            coalesce(sum(kg) FILTER (WHERE target = 'shipped'), 0)
                - coalesce(sum(kg) FILTER (WHERE source = 'shipped'), 0) AS shipped
        FROM pvf_movement
        WHERE certifier_id = %(certifier)s AND line_id > %(after)s AND line_id <= %(upto)s GROUP BY line_id
    )
    SELECT line_id, b.available, b.reserved, b.certified, b.shipped, b.last_sequence, m.available AS moved_available,
        m.reserved AS moved_reserved, m.certified AS moved_certified, m.shipped AS moved_shipped, m.movements
    FROM b FULL JOIN m USING (line_id)
    WHERE (b.available, b.reserved, b.certified, b.shipped, b.last_sequence, b.last_sequence) IS DISTINCT FROM
        (coalesce(m.available, 0), coalesce(m.reserved, 0), coalesce(m.certified, 0), coalesce(m.shipped, 0),
         coalesce(m.movements, 0), coalesce(m.last_sequence, 0))
    ORDER BY line_id
"""

#: A request for a replacement on the same line holds only what its old certificate's rest does not cover.
_REQUESTS = """
    WITH q AS (
        SELECT id, reference, line_id,
            CASE WHEN state = ANY(%(open)s) THEN coalesce(net_kg, 0) - covered_kg ELSE 0 END AS wanted
        FROM requests_app_request WHERE certifier_id = %(certifier)s AND id > %(after)s AND id <= %(upto)s
    ), m AS (
        SELECT holder_id, line_id, sum(kg) AS held FROM (
            SELECT target_holder_id AS holder_id, line_id, kg FROM pvf_movement
            WHERE certifier_id = %(certifier)s AND target_holder_id > %(after)s AND target_holder_id <= %(upto)s
                AND target_holder = 'request' AND target = 'reserved'
            UNION ALL
            SELECT source_holder_id, line_id, -kg FROM pvf_movement
            WHERE certifier_id = %(certifier)s AND source_holder_id > %(after)s AND source_holder_id <= %(upto)s
                AND source_holder = 'request' AND source = 'reserved'
        ) moved GROUP BY holder_id, line_id
    )
    SELECT coalesce(q.id, m.holder_id) AS id, q.reference, coalesce(q.line_id, m.line_id) AS line_id,
        coalesce(q.wanted, 0) AS wanted, coalesce(m.held, 0) AS held
    FROM q FULL JOIN m ON m.holder_id = q.id AND m.line_id = q.line_id
    WHERE coalesce(q.wanted, 0) <> coalesce(m.held, 0)
    ORDER BY id
"""

#: Certified: what the ledger has not shipped yet, while the certificate is live. A replacement that is not issued yet
#: holds only what the old certificate's rest does not cover.
_CERTIFICATES = """
    WITH c AS (
        SELECT id, line_id, state, net_kg, shipped_kg,
            CASE WHEN replaces_id IS NULL OR state = 'issued' THEN 0
                ELSE (SELECT covered_kg FROM requests_app_request r WHERE r.id = request_id) END AS covered
        FROM certificates_certificate
        WHERE certifier_id = %(certifier)s AND id > %(after)s AND id <= %(upto)s
    ), m AS (
        SELECT holder_id, line_id, sum(certified) AS certified, sum(shipped) AS shipped FROM (
            SELECT target_holder_id AS holder_id, line_id, CASE target WHEN 'certified' THEN kg ELSE 0 END AS certified,
                CASE target WHEN 'shipped' THEN kg ELSE 0 END AS shipped
            FROM pvf_movement
            WHERE certifier_id = %(certifier)s AND target_holder_id > %(after)s AND target_holder_id <= %(upto)s
                AND target_holder = 'certificate'
            UNION ALL
            SELECT source_holder_id, line_id, CASE source WHEN 'certified' THEN -kg ELSE 0 END,
                CASE source WHEN 'shipped' THEN -kg ELSE 0 END
            FROM pvf_movement
            WHERE certifier_id = %(certifier)s AND source_holder_id > %(after)s AND source_holder_id <= %(upto)s
                AND source_holder = 'certificate'
        ) moved GROUP BY holder_id, line_id
    ), s AS (
        SELECT certificate_id, sum(net_kg) AS kg FROM certificates_shipment
        WHERE certifier_id = %(certifier)s AND certificate_id > %(after)s AND certificate_id <= %(upto)s
            AND corrected_at IS NULL
        GROUP BY certificate_id
    ), held AS (
        SELECT coalesce(c.id, m.holder_id) AS id, c.id IS NULL AS stray, coalesce(c.line_id, m.line_id) AS line_id,
            c.shipped_kg, coalesce(m.certified, 0) AS certified,
            coalesce(m.shipped, 0) AS shipped, coalesce(s.kg, 0) AS reported,
            CASE WHEN c.state = ANY(%(live)s) THEN c.net_kg - coalesce(m.shipped, 0) - c.covered ELSE 0 END
                AS wanted
        FROM c FULL JOIN m ON m.holder_id = c.id AND m.line_id = c.line_id LEFT JOIN s ON s.certificate_id = c.id
    )
    SELECT id, stray, line_id, shipped_kg, certified, shipped, reported, wanted FROM held
    WHERE shipped <> coalesce(shipped_kg, 0) OR shipped <> reported OR certified <> wanted
    ORDER BY id, line_id
"""

_PARTIES = """
    SELECT c.id, o.nop_id, o.status FROM certificates_certificate c
    JOIN organizations_client k ON k.id = c.client_id JOIN organizations_operation o ON o.id = k.operation_id
    WHERE c.certifier_id = %(certifier)s AND c.id > %(after)s AND c.id <= %(upto)s AND c.state = ANY(%(live)s)
        AND o.status <> %(certified)s
    UNION
    SELECT c.id, o.nop_id, o.status FROM certificates_certificate c
    JOIN organizations_operation o ON o.id = c.importer_id
    WHERE c.certifier_id = %(certifier)s AND c.id > %(after)s AND c.id <= %(upto)s AND c.state = ANY(%(live)s)
        AND o.status <> %(certified)s
    ORDER BY 1, 2
"""


#: What the importer weighed is looked at while the certificate is live: afterwards it stays with the shipment.
_RECEIPTS = """
    SELECT s.certificate_id AS id, s.sequence, s.net_kg, r.received_kg FROM certificates_receipt r
    JOIN certificates_shipment s ON s.id = r.shipment_id JOIN certificates_certificate c ON c.id = s.certificate_id
    WHERE r.certifier_id = %(certifier)s AND r.certificate_id > %(after)s AND r.certificate_id <= %(upto)s
        AND s.corrected_at IS NULL AND r.received_kg <> s.net_kg AND c.state = ANY(%(live)s)
    ORDER BY 1, 2
"""


def kilograms(value: Decimal | None) -> str:
    """Kilograms with three places."""
    return f"{value or ZERO:.3f}"


def balances(part: Slice) -> list[Difference]:
    """Each balance with the sum of its line's movements, and their number with the line's sequence."""
    found = []
    for row in fetch(_BALANCES, part.words):
        have = {bucket.value: kilograms(row[bucket.value]) for bucket in BUCKETS}
        moved = {bucket.value: kilograms(row[f"moved_{bucket.value}"]) for bucket in BUCKETS}
        have["movements"], moved["movements"] = str(row["last_sequence"] or 0), str(row["movements"] or 0)
        found.append(Difference(DriftKind.BALANCE, str(row["line_id"]), have, moved, line_id=row["line_id"]))
    return found


def requests(part: Slice) -> list[Difference]:
    """What each open request holds reserved with what it asks for; any other holds nothing."""
    return [
        Difference(
            DriftKind.RESERVED, row["reference"] or f"{row['id']}:{row['line_id']}", kilograms(row["wanted"]),
            kilograms(row["held"]), line_id=row["line_id"],
        )
        for row in fetch(_REQUESTS, part.words | STATES)
    ]  # fmt: skip


def certificates(part: Slice) -> list[Difference]:
    """What each certificate holds certified and shipped with its own figures and its shipments; and its parties.

    Both in one slice: a certificate's row is wide, and read once.
    """
    holdings = [difference for row in fetch(_CERTIFICATES, part.words | STATES) for difference in _holdings(row)]
    return holdings + _parties(part) + _receipts(part)


def _holdings(row: dict[str, Any]) -> list[Difference]:
    key: uuid.UUID = row["id"]
    subject = f"{key}:{row['line_id']}" if row["stray"] else str(key)
    found = []
    if not (row["shipped_kg"] or ZERO) == row["reported"] == row["shipped"]:
        safe = row["reported"] == row["shipped"] and not row["stray"]
        cure: Cure | None = partial(_set_shipped, key) if safe else None
        said = {"certificate": kilograms(row["shipped_kg"]), "ledger": kilograms(row["shipped"])}
        found.append(
            Difference(DriftKind.SHIPPED, subject, said, kilograms(row["reported"]), key, row["line_id"], cure)
        )
    if row["certified"] != row["wanted"]:
        said_now, held = kilograms(row["wanted"]), kilograms(row["certified"])
        found.append(Difference(DriftKind.CERTIFIED, subject, said_now, held, key, row["line_id"]))
    return found


def _set_shipped(certificate_id: uuid.UUID, actor: Identity) -> Remedy | None:
    return Remedy.SHIPPED_SET if recount_shipped(actor, certificate_id) else None


def _parties(part: Slice) -> list[Difference]:
    """Exporter and importer of each live certificate are still Certified in the directory."""
    certified = OperationStatus.CERTIFIED.value
    return [
        Difference(
            DriftKind.PARTY_STATUS, f"{row['id']}:{row['nop_id']}", certified, row["status"], certificate_id=row["id"]
        )
        for row in fetch(_PARTIES, part.words | STATES | {"certified": certified})
    ]


def _receipts(part: Slice) -> list[Difference]:
    """What the exporter reported of each shipment with what the importer received."""
    return [
        Difference(
            DriftKind.RECEIPT, f"{row['id']}:{row['sequence']}", kilograms(row["net_kg"]), kilograms(row["received_kg"]),
            certificate_id=row["id"],
        )
        for row in fetch(_RECEIPTS, part.words | STATES)
    ]  # fmt: skip
