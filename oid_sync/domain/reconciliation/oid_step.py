"""Certificates compared with the records that OID holds, in both directions."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Any

from django.db import connection

from certificates.domain import numbers
from certificates.models import CertificateState, Shipment
from core import clock
from core.identity import Identity
from oid_sync.domain import calls
from oid_sync.domain.reconciliation.drifts import Cure, Difference
from oid_sync.domain.reconciliation.slices import FIRST, Slice, fetch
from oid_sync.models import DriftKind, Remedy

#: The portal's state → statuses that OID may show for it.
FITTING: dict[str, tuple[str, ...]] = {
    CertificateState.AWAITING_DOCUMENT: ("live",),
    CertificateState.ISSUED: ("live", "expired"),
    CertificateState.CLOSED: ("live", "expired"),
    CertificateState.VOID: ("void",),
    CertificateState.REPLACED: ("replaced",),
}
#: Pairs as one text each.
PAIRS = [f"{state}:{status}" for state, statuses in FITTING.items() for status in statuses]
#: How long a call to OID may be under way before the difference that it is to end counts as one.
UNDER_WAY = dt.timedelta(days=1)
#: An act as fresh as this may not have its call to OID yet: the loop looks for such acts at much shorter intervals.
SETTLING = dt.timedelta(seconds=60)
#: Acts after which OID is not told anything, since OID itself was their cause or they do not concern it.
NOT_FOR_OID = [
    "certificate.approve", "certificate.number", "certificate.issue", "certificate.recount",
    "certificate.document_failed", "certificate.document_retry", "certificate.flag", "certificate.unflag",
    "certificate.oid_mark", "certificate.oid_unmark",
]  # fmt: skip
KINDS = (
    DriftKind.MISSING_IN_OID,
    DriftKind.UNKNOWN_TO_PORTAL,
    DriftKind.NUMBER,
    DriftKind.OID_FIELDS,
    DriftKind.OID_STATUS,
    DriftKind.ACTUALS,
)

#: A slice ends at the nearer of two keys, so that neither certificates nor records without one can make it longer.
BOUND = """
    WITH c AS (
        SELECT count(*) AS rows, (array_agg(id ORDER BY id))[%(size)s] AS upto FROM (
            SELECT id FROM certificates_certificate WHERE certifier_id = %(certifier)s AND id > %(after)s
            ORDER BY id LIMIT %(size)s) next
    ), r AS (
        SELECT (array_agg(reference ORDER BY reference))[%(size)s] AS upto FROM (
            SELECT reference FROM oid_sync_oidrecord WHERE certifier_id = %(certifier)s AND reference > %(after)s
            ORDER BY reference LIMIT %(size)s) next
    )
    SELECT CASE WHEN r.upto < c.upto OR c.upto IS NULL AND r.upto IS NOT NULL THEN (
            SELECT count(*) FROM certificates_certificate
            WHERE certifier_id = %(certifier)s AND id > %(after)s AND id <= r.upto)
        ELSE c.rows END, least(c.upto, r.upto)
    FROM c, r
"""

_FORGET = """
    DELETE FROM oid_sync_oidrecord WHERE certifier_id = %(certifier)s AND seen_in <> %(reading)s
        AND (reference > %(after)s AND reference <= %(upto)s OR %(first)s AND reference IS NULL)
"""

#: ``unsettled``: a call about the certificate is under way, ended after OID's log was read, or is about to be made.
_COMPARE = """
    WITH c AS (
        SELECT c.id, c.state, c.number, c.snapshot_sha256, jsonb_build_object(
            'number', coalesce(c.number, ''), 'hts', coalesce(s.hts ->> 'code', ''),
            'origin', coalesce(s.origin ->> 'code', ''), 'product_label', coalesce(s.product ->> 'label_name', ''),
            'standard', coalesce(s.standard, ''), 'start_date', coalesce(s.period ->> 'start', ''),
            'end_date', coalesce(s.period ->> 'end', ''), 'snapshot_sha256', c.snapshot_sha256,
            'exporter', coalesce(s.exporter ->> 'nop_id', ''), 'importer', coalesce(s.importer ->> 'nop_id', ''),
            'net_weight_kg', c.net_kg::text) AS facts
        FROM certificates_certificate c, LATERAL jsonb_to_record(c.snapshot) AS s(hts jsonb, origin jsonb,
            product jsonb, standard text, period jsonb, exporter jsonb, importer jsonb)
        WHERE c.certifier_id = %(certifier)s AND c.id > %(after)s AND c.id <= %(upto)s
    ), r AS (
        SELECT reference, number, status, facts, actuals FROM oid_sync_oidrecord
        WHERE certifier_id = %(certifier)s AND reference > %(after)s AND reference <= %(upto)s
    ), s AS (
        SELECT certificate_id, jsonb_object_agg(id::text, net_kg::text) AS actuals FROM certificates_shipment
        WHERE certifier_id = %(certifier)s AND certificate_id > %(after)s AND certificate_id <= %(upto)s
            AND corrected_at IS NULL
        GROUP BY certificate_id
    ), both_sides AS (
        SELECT c.id, c.state, c.number, c.facts, r.number AS oid_number, r.status AS oid_status, r.facts AS oid_facts,
            coalesce(s.actuals, '{}') AS actuals, coalesce(r.actuals, '{}') AS oid_actuals,
            c.state || ':' || r.status = ANY(%(pairs)s) OR (
                r.status = 'replaced' AND c.state IN ('issued', 'awaiting_document') AND EXISTS (
                    SELECT FROM certificates_certificate n WHERE n.replaces_id = c.id
                        AND n.state IN ('awaiting_number', 'awaiting_document'))) AS fits
        FROM c FULL JOIN r ON r.reference = c.id LEFT JOIN s ON s.certificate_id = c.id
    )
    SELECT *, id IS NOT NULL AND (EXISTS (
            SELECT FROM oid_sync_oidcall k WHERE k.certificate_id = d.id AND (k.done_at >= %(read_from)s OR
                k.state IN ('waiting', 'in_flight', 'unknown') AND k.created_at > %(under_way)s))
        OR EXISTS (
            SELECT FROM core_auditrow a WHERE a.certifier_id = %(certifier)s AND a.object_id = d.id::text
                AND a.at > %(settled)s AND a.act LIKE 'certificate.%%' AND a.act <> ALL(%(not_for_oid)s))) AS unsettled
    FROM both_sides d
    WHERE id IS NULL OR (oid_number IS NULL AND number IS NOT NULL)
        OR (oid_number IS NOT NULL AND (facts <> oid_facts OR actuals <> oid_actuals OR NOT fits))
    ORDER BY id
"""
_UNNAMED = """
    SELECT number AS oid_number, status AS oid_status, facts AS oid_facts FROM oid_sync_oidrecord
    WHERE certifier_id = %(certifier)s AND reference IS NULL ORDER BY number
"""


def compare(part: Slice) -> tuple[list[Difference], list[uuid.UUID]]:
    """The differences of a slice, and the certificates about which nothing can be said at this moment."""
    run = part.run
    if run.full:
        _forget(part)
    read_from = run.read_from or run.started_at
    words = part.words | {
        "pairs": PAIRS, "read_from": read_from, "settled": read_from - SETTLING, "not_for_oid": NOT_FOR_OID,
        "under_way": clock.now() - UNDER_WAY,
    }  # fmt: skip
    found: list[Difference] = []
    unsettled: list[uuid.UUID] = []
    for row in fetch(_COMPARE, words):
        if row["unsettled"]:
            unsettled.append(row["id"])
        else:
            found += _differences(row)
    if part.is_last:
        found += [_unknown(row) for row in fetch(_UNNAMED, part.words)]
    return found, unsettled


def _forget(part: Slice) -> None:
    """Records that this reading of the whole log has not met are not in OID any more."""
    words = part.words | {"reading": part.run.reading, "first": part.after == FIRST}
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, words)


def _differences(row: dict[str, Any]) -> list[Difference]:
    if row["id"] is None:
        return [_unknown(row)]
    key: uuid.UUID = row["id"]
    if row["oid_number"] is None:
        return [Difference(DriftKind.MISSING_IN_OID, str(key), row["number"], "", certificate_id=key)]
    found = []
    mine, theirs = dict(row["facts"]), dict(row["oid_facts"])
    if row["number"] is None:
        mine.pop("number")
        theirs.pop("number")
        if row["state"] != CertificateState.ABANDONED:
            same = mine == theirs and row["state"] in numbers.WAITING
            cure: Cure | None = partial(_take_number, key, row["oid_number"]) if same else None
            found.append(Difference(DriftKind.NUMBER, str(key), "", row["oid_number"], key, cure=cure))
    wrong = sorted(name for name in mine | theirs if mine.get(name) != theirs.get(name))
    if wrong:
        ours, others = ({name: side.get(name, "") for name in wrong} for side in (mine, theirs))
        found.append(Difference(DriftKind.OID_FIELDS, str(key), ours, others, key))
    if not row["fits"] and (row["number"] or row["state"] == CertificateState.ABANDONED):
        found.append(Difference(DriftKind.OID_STATUS, str(key), row["state"], row["oid_status"], key))
    if row["actuals"] != row["oid_actuals"]:
        found.append(_actuals(key, row))
    return found


def _unknown(row: dict[str, Any]) -> Difference:
    facts = row["oid_facts"]
    shown = {name: facts.get(name, "") for name in ("number", "net_weight_kg", "exporter", "importer")}
    return Difference(
        DriftKind.UNKNOWN_TO_PORTAL, row["oid_number"], "", shown | {"status": row["oid_status"]}
    )  # fmt: skip


def _actuals(key: uuid.UUID, row: dict[str, Any]) -> Difference:
    """Safe where OID merely lacks what the portal has told it: a report, or that a report was taken back."""
    mine, theirs = row["actuals"], row["oid_actuals"]
    changed = [name for name in mine.keys() & theirs.keys() if mine[name] != theirs[name]]
    cure: Cure | None = None
    if not changed and row["oid_status"] in {"live", "expired", "replaced"}:
        cure = partial(_report_again, key, sorted(mine.keys() - theirs.keys()), sorted(theirs.keys() - mine.keys()))
    return Difference(DriftKind.ACTUALS, str(key), mine, theirs, key, cure=cure)


def _take_number(certificate_id: uuid.UUID, number: str, actor: Identity) -> Remedy | None:
    """OID holds the very record that was to be registered: its number is the certificate's."""
    numbers.give(actor, certificate_id, number, registered_at=clock.now())
    calls.settle_registration(actor, certificate_id, number)
    return Remedy.NUMBER_TAKEN


def _report_again(
    certificate_id: uuid.UUID, reports: list[str], corrections: list[str], actor: Identity
) -> Remedy | None:
    rows = Shipment.objects.filter(certificate_id=certificate_id).select_related("certificate")
    known = {str(row.pk): row for row in rows}
    if any(name not in known or known[name].corrected_at is None for name in corrections):
        return None  # OID has a shipment that the portal never reported
    chosen = [known[name] for name in [*reports, *corrections] if name in known]
    return Remedy.REPORTED_AGAIN if chosen and calls.report_again(chosen) else None
