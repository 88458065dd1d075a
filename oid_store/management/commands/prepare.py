"""``python -m oid_store prepare``: everything before the server starts."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from oid_store.domain.startup import load_configured


class Command(BaseCommand):
    """Migrates, loads the keys, and outside production fills an empty directory with the demo's operations."""

    help = "Migrate, load keys and operations (--operations FILE; outside production the demo's if there are none)."

    def add_arguments(self, parser: CommandParser) -> None:
        """A file of operations."""
        parser.add_argument("--operations", type=Path, default=None)

    def handle(self, *args: Any, **options: Any) -> None:
        """One step after the other; each may be repeated."""
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        load_configured()
        if options["operations"] is not None:
            call_command("load_operations", str(options["operations"]), stdout=self.stdout)
