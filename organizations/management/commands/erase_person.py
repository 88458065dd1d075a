"""``manage.py erase_person EMAIL``: take what identifies a person out of the portal; what they did stays."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from core.identity import Identity, Kind, act_as
from organizations.domain.erasure import erase_person
from organizations.models import User


class Command(BaseCommand):
    """For the operator of the portal, on a person's request."""

    help = "Erase a person who belongs to no organisation any more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person's e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody has the address {options['email']}.")
        try:
            with act_as(Identity(kind=Kind.PLATFORM)) as actor:
                touched = erase_person(actor, user.pk)
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(f"Erased. {touched} audit rows lost personal values; their chain still verifies.")
