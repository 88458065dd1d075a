"""``manage.py verify_audit``: follow every certifier's audit chain in the database.

Exit codes: 0 every chain holds; 1 one does not; 2 wrong use.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import audit_seal
from organizations.management.chains import add_certifier, chosen


class Command(BaseCommand):
    """Prints one line a chain; what is wrong, line by line."""

    help = "Verify the audit trail in the database: every row, every seal, every published head."

    def add_arguments(self, parser: CommandParser) -> None:
        add_certifier(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object a chain")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = False
        for name, certifier_id in chosen(options["certifier"]):
            chain = audit_seal.verify(certifier_id)
            broken = broken or bool(chain.faults)
            if options["json"]:
                found = {"certifier": name, "holds": not chain.faults, "faults": chain.faults}
                self.stdout.write(json.dumps(found | {"sequence": chain.sequence, "chain_sha256": chain.head}))
                continue
            verdict = "does not hold" if chain.faults else "holds"
            self.stdout.write(f"{name}: the chain {verdict}; it ends at {chain.sequence}:{chain.head}")
            for fault in chain.faults:
                self.stdout.write(f"  {fault}")
        if broken:
            sys.exit(1)
