"""``manage.py retention``: take away what is no record and old enough. docs/retention.md says what is kept and why."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from certportal.retention import take_away


class Command(BaseCommand):
    """One line a kind and certifier."""

    help = "Take away drafts, texts, exchanges and sessions that are older than PORTAL_RETENTION_YEARS; never a record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what could go, and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        found = take_away(dry_run=options["dry_run"])
        if options["json"]:
            rows = [dataclasses.asdict(one) for one in found]
            answer = {"dry_run": options["dry_run"], "years": settings.RETENTION_YEARS, "found": rows}
            self.stdout.write(json.dumps(answer))
            return
        word = "could go" if options["dry_run"] else "taken away"
        for one in found:
            self.stdout.write(f"{one.certifier}: {one.count} {one.kind} {word}")
            for reference in one.kept:
                self.stdout.write(f"  {reference} stays: something refers to it")
        if not found:
            self.stdout.write(f"Nothing is older than {settings.RETENTION_YEARS} years and no record.")
