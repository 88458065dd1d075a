"""``manage.py audit_status``: how far each audit chain is, and how long the oldest row has waited for its seal.

Exit codes: 0 nothing has waited for more than a minute; 1 something has.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import audit_seal
from core.identity import Identity, act_as
from core.models import AuditSealing
from organizations.management.chains import add_certifier, chosen

LATE_SECONDS = 60


class Command(BaseCommand):
    """One line a chain."""

    help = "Show the head of each audit chain and the age of the oldest unsealed row."

    def add_arguments(self, parser: CommandParser) -> None:
        add_certifier(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object a chain")

    def handle(self, *args: Any, **options: Any) -> None:
        late = False
        for name, certifier_id in chosen(options["certifier"]):
            age = audit_seal.unsealed_age(certifier_id)
            with act_as(Identity.loop(certifier_id)):
                state = AuditSealing.objects.filter(pk=audit_seal.chain_of(certifier_id)).first()
            seconds = age.total_seconds() if age else 0.0
            late = late or seconds > LATE_SECONDS
            head = f"{state.sequence}:{state.chain_sha256}" if state else "0"
            if options["json"]:
                self.stdout.write(json.dumps({"certifier": name, "head": head, "unsealed_seconds": round(seconds, 1)}))
            else:
                self.stdout.write(f"{name}: head {head}, oldest unsealed row {seconds:.0f} s old")
        if late:
            sys.exit(1)
