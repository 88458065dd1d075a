"""``python -m oid_store codes``: the table of codes for README.md."""

from typing import Any

from django.core.management.base import BaseCommand

from oid_store.domain.codes import Code


def table() -> str:
    """All codes as a Markdown table."""
    rows = [f"| {each.value.code} | {each.value.status} | {each.value.message} |" for each in Code]
    return "\n".join(["", "| code | status | message |", "|---|---|---|", *rows, ""])


class Command(BaseCommand):
    """Prints; README.md is written by hand around it and a test compares them."""

    help = "Print the table of codes (Markdown)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(table())
