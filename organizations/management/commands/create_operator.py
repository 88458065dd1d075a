"""``manage.py create_operator EMAIL --name NAME``: an account for an operator of the platform; prints the link to it once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from organizations.domain import operators


class Command(BaseCommand):
    """For whoever runs the server: nobody can make the first operator from within."""

    help = "Make an account for an operator of the platform and print the link where they choose a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the operator's e-mail address; it must have no account yet")
        parser.add_argument("--name", required=True, help="the operator's name, as the audit trail shows it")
        parser.add_argument("--another", action="store_true", help="make a further operator beside those there are")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, path = operators.create(options["email"], name=options["name"], another=options["another"])
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(f"{user.email} is an operator. Give them this link, by a way that is yours alone:")
        self.stdout.write(f"{settings.PORTAL_PUBLIC_ORIGIN.rstrip('/')}{path}")
        days = settings.PASSWORD_RESET_TIMEOUT // 86400
        self.stdout.write(f"It works once, for {days} days. At the first sign-in two-step sign-in is set up.")
