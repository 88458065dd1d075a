"""``python -m oid_store set_operation_status NOP_ID STATUS``: as when a certifier or NOP acts on an operation."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oid_store.domain.directory import set_status
from oid_store.domain.rejection import Rejection
from oid_store.models import OperationStatus


class Command(BaseCommand):
    """Gives an operation another status from today on."""

    help = "Set the status of an operation, for example: set_operation_status 1010000001 Suspended"

    def add_arguments(self, parser: CommandParser) -> None:
        """The operation and its new status."""
        parser.add_argument("nop_id")
        parser.add_argument("status", choices=OperationStatus.values)

    def handle(self, *args: Any, **options: Any) -> None:
        """Set it."""
        try:
            set_status(options["nop_id"], options["status"])
        except Rejection as rejection:
            raise CommandError(f"no operation has the NOP ID {options['nop_id']}") from rejection
        self.stdout.write(f"{options['nop_id']}: {options['status']}")
