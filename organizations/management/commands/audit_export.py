"""``manage.py audit_export --certifier SLUG``: the sealed audit trail as JSON Lines, for ``scripts/verify_audit.py``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import audit_seal
from core.identity import Identity, act_as
from organizations.management.chains import MISUSE, add_certifier, chosen


class Command(BaseCommand):
    """Writes line by line: the trail may be long."""

    help = "Export a certifier's sealed audit trail as JSON Lines."

    def add_arguments(self, parser: CommandParser) -> None:
        add_certifier(parser, required=True)
        parser.add_argument("--first", type=int, default=1, help="sequence to begin with (1)")
        parser.add_argument("--last", type=int, help="sequence to end with (the newest)")
        parser.add_argument("--output", help="file to write; without it the lines are printed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["first"] < 1:
            raise CommandError("--first is 1 or more.", returncode=MISUSE)
        ((name, certifier_id),) = chosen(options["certifier"])
        with ExitStack() as files:
            target: Any = self.stdout
            if options["output"]:
                target = files.enter_context(Path(options["output"]).open("w", encoding="utf-8"))
            files.enter_context(act_as(Identity.loop(certifier_id)))
            count = -2  # the first and the last line are no rows
            for line in audit_seal.export(certifier_id, first=options["first"], last=options["last"]):
                target.write(line)
                count += 1
        # beside the lines, which may be read by a program
        self.stderr.write(f"{name}: {max(count, 0)} rows")
