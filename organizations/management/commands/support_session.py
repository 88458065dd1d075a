"""``manage.py support_session``: open, end and list support sessions from the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from core.identity import Identity, Kind, act_as
from organizations.domain import support
from organizations.models import Certifier, SupportSession, User


class Command(BaseCommand):
    """A session opened here is read in by the browser: the operator's page shows it with "Go on reading"."""

    help = "Open, end or list support sessions: a platform operator reads one certifier's data, logged and for a time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["open", "end", "list"])
        parser.add_argument("--operator", metavar="EMAIL", required=True, help="the platform operator who acts")
        parser.add_argument("--certifier", metavar="SHORT-NAME", help="whose data is read (open, end)")
        parser.add_argument("--reason", default="", help="why; the certifier reads it (open)")
        parser.add_argument("--minutes", type=int, default=60, help="how long, 5 to 480 (open)")

    def handle(self, *args: Any, **options: Any) -> None:
        operator = User.objects.filter(email=options["operator"].strip().lower()).first()
        if operator is None:
            raise CommandError(f"There is nobody with the address {options['operator']}.")
        actor = Identity(kind=Kind.PLATFORM, user_id=operator.pk)
        try:
            with act_as(actor):
                for row in self._act(actor, options):
                    end = row.ended_at or row.expires_at
                    state = "open" if row.is_open else "ended"
                    self.stdout.write(
                        f"{row.certifier.slug}: {state}, {row.operator_name}, {row.opened_at:%Y-%m-%d %H:%M} to"
                        f" {end:%Y-%m-%d %H:%M} UTC, {row.reason}"
                    )
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.message}") from error

    def _act(self, actor: Identity, options: dict[str, Any]) -> list[SupportSession]:
        if options["act"] == "list":
            return support.sessions(actor)
        certifier = Certifier.objects.filter(slug=options["certifier"] or "").first()
        if certifier is None:
            known = ", ".join(Certifier.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"Name the certifier with --certifier: {known}.")
        if options["act"] == "open":
            return [support.open_session(actor, certifier.pk, reason=options["reason"], minutes=options["minutes"])]
        mine = [row for row in support.sessions(actor) if row.is_open and row.operator_id == actor.user_id]
        return [support.end_session(actor, row.pk) for row in mine if row.certifier_id == certifier.pk]
