"""Which audit chains a command is about."""

from __future__ import annotations

import uuid

from django.core.management.base import CommandError, CommandParser

from organizations.models import Certifier

MISUSE = 2
#: Name of the chain of acts that belong to no certifier.
NOBODYS = "-"


def add_certifier(parser: CommandParser, *, required: bool = False) -> None:
    """The option that names a certifier."""
    text = f"the certifier's short name, as in its address; {NOBODYS} for acts that belong to none"
    parser.add_argument("--certifier", required=required, default="", help=text)


def chosen(slug: str) -> list[tuple[str, uuid.UUID | None]]:
    """(name, certifier id) of the chain that was named; of every chain for an empty name. Raises ``CommandError``."""
    every: list[tuple[str, uuid.UUID | None]] = [(NOBODYS, None)]
    every += [(row.slug, row.pk) for row in Certifier.objects.order_by("slug")]
    found = [one for one in every if slug in {"", one[0]}]
    if not found:
        raise CommandError(f"There is no certifier {slug!r}.", returncode=MISUSE)
    return found
