"""``python -m oid_store load_operations [FILE]``: load the directory of operations."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oid_store.domain.directory import DEMO_FILE, load_operations, read_operations


class Command(BaseCommand):
    """Writes operations that are new or differ; others are left as they are."""

    help = "Load operations from a JSON file (without one: the demo's); its form is described in oid_store/README.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file."""
        parser.add_argument("file", nargs="?", type=Path, default=DEMO_FILE)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say how many were new and how many changed."""
        try:
            entries = read_operations(options["file"])
        except (OSError, ValueError) as error:
            raise CommandError(f"operations not loaded: {error}") from error
        added, changed = load_operations(entries)
        self.stdout.write(f"operations added: {added}, changed: {changed}")
