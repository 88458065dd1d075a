"""Drift rows: one for each difference, seen again and again, closed when it is gone."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from core import clock
from core.audit import plain
from oid_sync.models import Drift, DriftKind, ReconciliationRun


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One difference that a slice found. ``subject`` names it while it is open."""

    kind: DriftKind
    subject: str
    portal_value: Any
    other_value: Any
    certificate_id: uuid.UUID | None = None
    line_id: uuid.UUID | None = None


def note(run: ReconciliationRun, difference: Difference) -> Drift:
    """Open a drift, or note that it is still there."""
    drift, made = Drift.objects.get_or_create(
        certifier_id=run.certifier_id, kind=difference.kind, subject=difference.subject[:80], closed_at=None,
        defaults={
            "certificate_id": difference.certificate_id, "line_id": difference.line_id,
            "portal_value": plain(difference.portal_value), "other_value": plain(difference.other_value),
            "last_run": run,
        },
    )  # fmt: skip
    if not made:
        drift.portal_value, drift.other_value = plain(difference.portal_value), plain(difference.other_value)
        drift.last_seen_at, drift.last_run = clock.now(), run
        drift.save(update_fields=["portal_value", "other_value", "last_seen_at", "last_run"])
    run.found += 1
    return drift


def heal(run: ReconciliationRun, difference: Difference, how: str) -> None:
    """Note a difference that was put right at once, and how."""
    drift = note(run, difference)
    drift.closed_at, drift.closed_because = clock.now(), how[:200]
    drift.save(update_fields=["closed_at", "closed_because"])
    run.healed += 1


def close_unseen(run: ReconciliationRun) -> int:
    """Close what this run, which compared everything, did not see any more."""
    gone = Drift.objects.filter(certifier_id=run.certifier_id, closed_at=None).exclude(last_run=run)
    return gone.update(closed_at=clock.now(), closed_because="no longer there")
