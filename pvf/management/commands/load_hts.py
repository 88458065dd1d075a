"""``manage.py load_hts``: the tariff table that comes with the portal, or a newer edition with a report of its effects."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from core.identity import Identity, Kind, act_as
from pvf.domain import hts_edition, hts_table
from pvf.domain.hts_edition import Report


class Command(BaseCommand):
    """Idempotent."""

    help = "Load HTS codes from a CSV (default: the table that comes with the portal), or a newer edition."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=hts_table.BUNDLED)
        parser.add_argument("--edition", metavar="NAME", help='a newer edition, such as "2026 rev 5"')
        parser.add_argument(
            "--first-day", type=dt.date.fromisoformat, metavar="YYYY-MM-DD", help="the day from which it is in force"
        )
        parser.add_argument("--json", action="store_true", help="the report of a newer edition as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        if bool(options["edition"]) != bool(options["first_day"]):
            raise CommandError("A newer edition needs both --edition NAME and --first-day YYYY-MM-DD.")
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            if options["edition"]:
                with act_as(Identity(kind=Kind.PLATFORM)) as actor:
                    report = hts_edition.load_edition(actor, options["edition"], options["first_day"], lines)
                self._tell(report, options["json"])
                return
            with act_as(Identity(kind=Kind.PLATFORM)):
                codes, editions = hts_table.load(lines)
        except DomainError as error:
            raise CommandError(f"{path}: {error.code}: {error.message}") from error
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"{path}: {error}") from error
        self.stdout.write(f"{codes} HTS codes, {editions} editions.")

    def _tell(self, report: Report, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
            return
        kinds = Counter(change.kind for change in report.changes)
        what = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "nothing changed"
        self.stdout.write(
            f"Edition {report.edition}, in force from {report.first_day}: {report.listed} codes listed; {what}."
        )
        for change in report.changes:
            values = " → ".join(value for value in (change.before, change.after) if value)
            self.stdout.write(f"  {change.code} {change.kind}: {values}")
        if report.not_covered:
            self.stdout.write(
                f"{report.not_covered} codes under headings that the file does not name stay as they were."
            )
        self.stdout.write(f"PVF lines and requests touched: {len(report.touched)}.")
        for row in report.touched:
            self.stdout.write(f"  {row.certifier}: {row.kind} {row.reference} ({'; '.join(row.why)})")
