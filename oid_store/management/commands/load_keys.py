"""``python -m oid_store load_keys``: take the certifiers' keys from OID_STORE_API_KEYS."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from oid_store.domain.keys import load_keys, parse_keys


class Command(BaseCommand):
    """Adds keys that are not known; keys that were revoked stay revoked."""

    help = "Load the keys in OID_STORE_API_KEYS (key:certifier code, comma separated). Only their hashes are kept."

    def add_arguments(self, parser: CommandParser) -> None:
        """The flag that makes the list complete."""
        parser.add_argument("--revoke-others", action="store_true", help="revoke every key that is not in the list")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say how many were new."""
        added = load_keys(parse_keys(settings.API_KEYS), revoke_others=options["revoke_others"])
        self.stdout.write(f"keys added: {added}")
