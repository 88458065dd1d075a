"""Drift rows: one for each difference, seen again and again, closed when it is gone or healed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Value, When

from core import audit, clock, ids
from core.errors import DomainError
from core.identity import Identity
from oid_sync.models import Closed, Drift, DriftKind, ReconciliationRun, Remedy

#: Puts a difference right, or sets about it; None where it turned out not to be safe.
Cure = Callable[[Identity], Remedy | None]
#: Remedies after which the difference is gone at once; the others show in a later run.
AT_ONCE = frozenset({Remedy.NUMBER_TAKEN, Remedy.SHIPPED_SET})

_NOTE = """
    INSERT INTO oid_sync_drift AS drift (id, certifier_id, kind, subject, certificate_id, line_id, portal_value,
        other_value, first_seen_at, last_seen_at, last_run_id, closed_because, remedy)
    SELECT d.id, %(certifier)s, d.kind, d.subject, d.certificate_id, d.line_id, d.portal_value, d.other_value,
        %(now)s, %(now)s, %(run)s, '', ''
    FROM jsonb_to_recordset(%(found)s::jsonb) AS d(id uuid, kind text, subject text, certificate_id uuid, line_id uuid,
        portal_value jsonb, other_value jsonb)
    ON CONFLICT (certifier_id, kind, subject) WHERE closed_at IS NULL DO UPDATE SET
        portal_value = excluded.portal_value, other_value = excluded.other_value,
        last_seen_at = excluded.last_seen_at, last_run_id = excluded.last_run_id
    RETURNING kind, subject, id
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One difference that a slice found. ``kind`` and ``subject`` name it while it is open; ``cure`` where it is safe."""

    kind: DriftKind
    subject: str
    portal_value: Any
    other_value: Any
    certificate_id: uuid.UUID | None = None
    line_id: uuid.UUID | None = None
    cure: Cure | None = None


def note(actor: Identity, run: ReconciliationRun, differences: Iterable[Difference]) -> None:
    """Open a drift for each difference, or note that it is still there; heal those that can be healed safely."""
    found = {(str(item.kind), item.subject[:80]): item for item in differences}
    if not found:
        return
    rows = [
        {
            "id": str(ids.new_id()), "kind": kind, "subject": subject,
            "certificate_id": audit.plain(item.certificate_id), "line_id": audit.plain(item.line_id),
            "portal_value": audit.plain(item.portal_value), "other_value": audit.plain(item.other_value),
        }
        for (kind, subject), item in sorted(found.items(), key=lambda pair: pair[0])
    ]  # fmt: skip
    words: dict[str, Any] = {
        "certifier": run.certifier_id,
        "now": clock.now(),
        "run": run.pk,
        "found": json.dumps(rows),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, words)
        keys = {(kind, subject): drift_id for kind, subject, drift_id in cursor.fetchall()}
    run.found += len(found)
    curable = [(item, keys[key]) for key, item in found.items() if item.cure is not None]
    # certificates are locked in the order of their keys
    for item, drift_id in sorted(curable, key=lambda pair: str(pair[0].certificate_id)):
        _cure(actor, run, item, drift_id)


def _cure(actor: Identity, run: ReconciliationRun, item: Difference, drift_id: uuid.UUID) -> None:
    if item.cure is None:
        return
    try:
        with transaction.atomic():
            remedy = item.cure(actor)
    except DomainError:
        return  # not as safe as it looked: it stays open, for a person
    if remedy is None:
        return
    fields: dict[str, Any] = {"remedy": remedy, "remedy_run": run}
    if remedy in AT_ONCE:
        fields |= {"closed_at": clock.now(), "closed_because": Closed.HEALED}
        run.healed += 1
    Drift.objects.filter(pk=drift_id).update(**fields)
    audit.record(
        actor, "oid.reconciliation_heal", "certificate", item.certificate_id or drift_id,
        certifier_id=run.certifier_id, before={"portal": item.portal_value, "other": item.other_value},
        after={"remedy": remedy, "drift": drift_id, "run": run.pk},
    )  # fmt: skip


def keep(run: ReconciliationRun, kinds: Iterable[DriftKind], certificate_ids: list[uuid.UUID]) -> None:
    """Leave the drifts of certificates alone that could not be compared for certain: neither seen nor gone."""
    rows = Drift.objects.filter(certifier_id=run.certifier_id, closed_at=None, kind__in=list(kinds))
    rows.filter(certificate_id__in=certificate_ids).update(last_run=run)


def close_unseen(run: ReconciliationRun, kinds: Iterable[DriftKind]) -> None:
    """Close what this run, which has compared everything of these kinds, did not see any more."""
    gone = Drift.objects.filter(certifier_id=run.certifier_id, closed_at=None, kind__in=list(kinds))
    gone = gone.exclude(last_run=run)
    run.healed += gone.exclude(remedy="").count()
    why = Case(When(remedy="", then=Value(Closed.GONE.value)), default=Value(Closed.HEALED.value))
    gone.update(closed_at=clock.now(), closed_because=why)


def oldest_open(certifier_id: uuid.UUID) -> dt.timedelta | None:
    """Health: for how long the oldest open difference of a certifier has been known; None where none is open."""
    first = (
        Drift.objects.filter(certifier_id=certifier_id, closed_at=None)
        .order_by("first_seen_at")
        .values_list("first_seen_at", flat=True)
        .first()
    )
    return clock.now() - first if first else None


def open_by_kind(certifier_id: uuid.UUID) -> dict[str, int]:
    """How many differences are open, by kind."""
    kinds = Drift.objects.filter(certifier_id=certifier_id, closed_at=None).order_by().values_list("kind", flat=True)
    counts: dict[str, int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items()))
