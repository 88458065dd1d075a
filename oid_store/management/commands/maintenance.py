"""``python -m oid_store maintenance``: open, plan or end a maintenance window."""

import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from oid_store.domain import clock
from oid_store.domain.limits import end_maintenance, start_maintenance


class Command(BaseCommand):
    """While a window is open every call is answered 503 with Retry-After."""

    help = "Open a maintenance window for --minutes (from now, or --from a time with its zone), or --end them all."

    def add_arguments(self, parser: CommandParser) -> None:
        """Length and start, or the end."""
        parser.add_argument("--minutes", type=float)
        parser.add_argument("--from", dest="start", default="")
        parser.add_argument("--message", default="")
        parser.add_argument("--end", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open, plan or end."""
        if options["end"]:
            self.stdout.write(f"maintenance windows ended: {end_maintenance()}")
            return
        if not options["minutes"] or options["minutes"] <= 0:
            raise CommandError("say how long: --minutes 30")
        window = start_maintenance(self._start(options["start"]), options["minutes"], options["message"])
        self.stdout.write(f"maintenance from {window.starts_at.isoformat()} to {window.ends_at.isoformat()}")

    def _start(self, text: str) -> datetime.datetime:
        if not text:
            return clock.now()
        moment = parse_datetime(text)
        if moment is None or moment.tzinfo is None:
            raise CommandError("--from: a time in ISO 8601 with its zone, for example 2026-01-31T02:00:00Z")
        return moment
