"""``manage.py import_pvf``: a PVF workbook as a proposal of one client, by the same functions as the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from core.files import store_file
from core.identity import Identity, act_as
from core.models import StoredFile
from organizations.models import Certifier, Client
from pvf.domain import proposals, workbook


class Command(BaseCommand):
    """Nothing is kept of a workbook that has errors."""

    help = "Propose a PVF from a workbook (layout: docs/pvf-workbook.md). A manager approves it in the portal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--certifier", required=True, help="the certifier's code or short name")
        parser.add_argument("--client", required=True, metavar="NOPID", help="the exporter's NOP ID")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["certifier"]
        with act_as(Identity.loop()):
            certifiers = Certifier.objects.all()
            certifier = certifiers.filter(code=name).first() or certifiers.filter(slug=name).first()
        if certifier is None:
            raise CommandError(f"There is no certifier {name}.")
        try:
            data = options["file"].read_bytes()
            with act_as(Identity.loop(certifier.pk)) as actor:
                self._import(actor, certifier, options["client"], options["file"].name, data)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error}") from error
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _import(self, actor: Identity, certifier: Certifier, nop_id: str, name: str, data: bytes) -> None:
        client = Client.objects.visible_to(actor).filter(operation__nop_id=nop_id).first()
        if client is None:
            raise CommandError(f"{certifier.name} has no client {nop_id}.")
        parsed = workbook.read_pvf(data)
        if parsed.errors or parsed.period_start is None or parsed.period_end is None:
            lines = [f"row {error.row}, {error.column}: {error.message}" for error in parsed.errors]
            raise CommandError("Nothing was imported.\n" + "\n".join(lines))
        stored = store_file(
            actor, data, name=name, purpose=StoredFile.Kind.SHEET, certifier_id=certifier.pk, client_id=client.pk
        )
        version = proposals.propose(
            actor, client_id=client.pk, number=parsed.number, period_start=parsed.period_start,
            period_end=parsed.period_end, rows=parsed.rows, source_file_id=stored.pk,
        )  # fmt: skip
        self.stdout.write(f"{parsed.number}: version {version.number} with {len(parsed.rows)} lines is proposed.")
