"""``python -m oid_store void_certificate NUMBER --reason …``: a record voided by NOP itself, not by its certifier."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from oid_store.domain.amendments import void
from oid_store.domain.calls import lock_record
from oid_store.domain.changes import log_change
from oid_store.domain.record import record_body
from oid_store.domain.rejection import Rejection
from oid_store.domain.types import VoidRequest
from oid_store.models import ChangeKind


class Command(BaseCommand):
    """Voids a live record; certifiers learn of it from the change log."""

    help = "Void a record as NOP."

    def add_arguments(self, parser: CommandParser) -> None:
        """The record and the reason."""
        parser.add_argument("number")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Void it."""
        number = options["number"]
        try:
            with transaction.atomic():
                certificate = lock_record(number[:3], number)
                before: dict[str, object] = {"status": certificate.status}
                void(certificate, VoidRequest(options["reason"]), by="NOP")
                log_change(certificate, ChangeKind.VOIDED, "NOP", "", before=before, after=record_body(certificate))
        except Rejection as rejection:
            raise CommandError(f"{number} not voided: {rejection}") from rejection
        self.stdout.write(f"{number}: void")
