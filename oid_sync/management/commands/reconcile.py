"""``manage.py reconcile --certifier SLUG``: one run now.

Exit codes: 0 nothing is open; 1 drift is open, or the run could not be ended; 2 wrong use.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.identity import Identity, act_as
from oid_sync.domain import links
from oid_sync.domain.reconciliation import drifts, runs
from oid_sync.models import Drift, ReconciliationRun
from organizations.models import Certifier

#: Seconds that the command waits while OID asks for a pause, or another worker has the run.
PATIENCE = 120
#: Drifts that are printed one by one; all of them are counted.
SHOWN = 200
MISUSE = 2


class Command(BaseCommand):
    """Prints a summary of the run and the open drifts."""

    help = "Compare movements, balances, requests, certificates, shipments and OID of one certifier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--certifier", required=True, help="the certifier's short name, as in its address")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
        parser.add_argument(
            "--changes", action="store_true", help="read from OID only what changed since its log was read last"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        certifier = Certifier.objects.filter(slug=options["certifier"]).first()
        if certifier is None:
            known = ", ".join(Certifier.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            text = f"There is no certifier {options['certifier']!r}. Known are: {known}."
            raise CommandError(text, returncode=MISUSE)
        run = _reconcile(certifier.pk, full=not options["changes"])
        with act_as(Identity.loop(certifier.pk)):
            summary = _summary(certifier, run)
            rows = list(
                Drift.objects.filter(certifier=certifier, closed_at=None).order_by("first_seen_at", "pk")[:SHOWN]
            )
        if options["json"]:
            self.stdout.write(json.dumps(summary | {"drifts": [_entry(row) for row in rows]}, ensure_ascii=False))
        else:
            self._print(certifier, run, summary, rows)
        if summary["open"] or run.state != ReconciliationRun.State.DONE:
            sys.exit(1)

    def _print(self, certifier: Certifier, run: ReconciliationRun, summary: dict[str, Any], rows: list[Drift]) -> None:
        counts = f"{run.compared} compared, {summary['open']} open, {run.healed} healed"
        self.stdout.write(f"{certifier.name}: {run.state}, {counts}. {run.note}".rstrip())
        for kind, count in summary["open_by_kind"].items():
            self.stdout.write(f"  {count:6}  {kind}")
        for row in rows:
            remedy = f"  {row.remedy}" if row.remedy else ""
            self.stdout.write(
                f"  {row.first_seen_at:%Y-%m-%d %H:%M}  {row.kind}  {row.subject}  "
                f"portal {json.dumps(row.portal_value)}  other {json.dumps(row.other_value)}{remedy}"
            )
        if summary["open"] > len(rows):
            self.stdout.write(f"  … and {summary['open'] - len(rows)} more: see the page Reconciliation.")


def _reconcile(certifier_id: uuid.UUID, *, full: bool) -> ReconciliationRun:
    """A run to its end, as far as OID and other workers let it; one that was under way is ended first."""
    actor = Identity.loop(certifier_id)
    with act_as(actor):
        run = runs.start(actor, certifier_id, full=full)
    run = _to_its_end(actor, certifier_id, run.pk)
    if full and not run.full and run.state == ReconciliationRun.State.DONE:
        with act_as(actor):
            again = runs.start(actor, certifier_id, full=True)
        run = _to_its_end(actor, certifier_id, again.pk)
    return run


def _to_its_end(actor: Identity, certifier_id: uuid.UUID, run_id: uuid.UUID) -> ReconciliationRun:
    end = time.monotonic() + PATIENCE
    while True:
        runs.go_on(certifier_id, run_id)
        with act_as(actor):
            run = ReconciliationRun.objects.get(pk=run_id)
            until = links.paused_until(certifier_id)
        if run.state != ReconciliationRun.State.RUNNING or time.monotonic() > end:
            return run
        if until is None:
            time.sleep(0.2)
        elif (until - clock.now()).total_seconds() > end - time.monotonic():
            run.note = f"OID asks to be left alone until {until:%Y-%m-%d %H:%M:%S} UTC: a worker goes on then."
            return run
        else:
            time.sleep(max(0.1, (until - clock.now()).total_seconds()))


def _summary(certifier: Certifier, run: ReconciliationRun) -> dict[str, Any]:
    by_kind = drifts.open_by_kind(certifier.pk)
    oldest = drifts.oldest_open(certifier.pk)
    return {
        "certifier": certifier.slug, "run": str(run.pk), "state": run.state, "full": run.full,
        "compared": run.compared, "found": run.found, "healed": run.healed, "open": sum(by_kind.values()),
        "open_by_kind": by_kind, "oldest_seconds": int(oldest.total_seconds()) if oldest else None, "note": run.note,
    }  # fmt: skip


def _entry(row: Drift) -> dict[str, Any]:
    return {
        "kind": row.kind, "subject": row.subject, "portal": row.portal_value, "other": row.other_value,
        "first_seen": row.first_seen_at.isoformat(), "last_seen": row.last_seen_at.isoformat(), "remedy": row.remedy,
    }  # fmt: skip
