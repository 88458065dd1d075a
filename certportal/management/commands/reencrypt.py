"""``manage.py reencrypt``: every stored secret under the first key of FIELD_ENCRYPTION_KEY.

Exit codes: 0 all are; 1 some are not (only counted, or no key opens them); the old key must stay until it is 0.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from certportal import reencryption


class Command(BaseCommand):
    """One line a kind of secret."""

    help = "Encrypt stored secrets anew with the first key of FIELD_ENCRYPTION_KEY; the others need only be readable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        dry = options["dry_run"]
        tallies = reencryption.renew(count_only=dry)
        if options["json"]:
            self.stdout.write(json.dumps({"dry_run": dry, "secrets": [vars(tally) for tally in tallies]}))
        else:
            for tally in tallies:
                word = "under an older key" if dry else "renewed"
                self.stdout.write(f"{tally.kind}: {tally.newest} under the newest key, {tally.old} {word}")
                for row in tally.unreadable:
                    self.stdout.write(f"  no key opens {row}: put the key back that it was encrypted with")
        if any(tally.unreadable or (dry and tally.old) for tally in tallies):
            sys.exit(1)
