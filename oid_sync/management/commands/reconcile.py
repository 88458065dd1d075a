"""``manage.py reconcile --certifier SLUG``: one run now; exit code 1 while drift is open."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.identity import Identity, act_as
from oid_sync.domain.reconciliation import runs
from oid_sync.models import Drift, ReconciliationRun
from organizations.models import Certifier


class Command(BaseCommand):
    """Prints a summary of the run and every open drift."""

    help = "Compare requests, ledger, certificates and OID of one certifier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--certifier", required=True, help="the certifier's short name, as in its address")

    def handle(self, *args: Any, **options: Any) -> None:
        certifier = Certifier.objects.filter(slug=options["certifier"]).first()
        if certifier is None:
            known = ", ".join(Certifier.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no certifier {options['certifier']!r}. Known are: {known}.")
        actor = Identity.loop(certifier.pk)
        with act_as(actor):
            run_id = runs.start(actor, certifier.pk).pk
        runs.go_on(certifier.pk, run_id)
        with act_as(actor):
            run = ReconciliationRun.objects.get(pk=run_id)
            drifts = list(Drift.objects.filter(certifier=certifier, closed_at=None).order_by("first_seen_at"))
        self.stdout.write(
            f"{certifier.name}: {run.state}, {run.compared} compared, {len(drifts)} open, {run.healed} healed. {run.note}"
        )
        for drift in drifts:
            self.stdout.write(
                f"  {drift.first_seen_at:%Y-%m-%d %H:%M}  {drift.kind}  {drift.subject}  "
                f"portal {drift.portal_value}  other {drift.other_value}"
            )
        if drifts or run.state != ReconciliationRun.State.DONE:
            sys.exit(1)
