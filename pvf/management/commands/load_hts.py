"""``manage.py load_hts``: the tariff table, from the CSV that comes with the portal or another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from pvf.domain import hts_table


class Command(BaseCommand):
    """Idempotent."""

    help = "Load HTS codes from a CSV (default: the table that comes with the portal)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=hts_table.BUNDLED)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                codes, editions = hts_table.load(options["file"].read_text(encoding="utf-8").splitlines())
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        self.stdout.write(f"{codes} HTS codes, {editions} editions.")
