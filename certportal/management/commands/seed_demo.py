"""``manage.py seed_demo``: the demo, made once; refuses production."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from certportal.demo import cast, links, organisations, pvfs, requests
from core.private import private_folder
from organizations.domain import second_step


class Command(BaseCommand):
    """Idempotent: what is there stays; accounts and keys are written to PORTAL_DATA_DIR/demo_accounts.json."""

    help = "Load the demo: certifiers, exporters, importers, a broker, PVFs, requests in every state."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo does not exist with PORTAL_ENV=production.")
        everyone = organisations.everybody()
        for certifier in everyone.certifiers.values():
            links.connect(certifier)
            links.sign(certifier)
        call_command("load_hts", stdout=self.stdout)
        loaded = pvfs.all_pvfs(everyone)
        made = requests.all_requests(everyone)
        write_accounts(everyone)
        self.stdout.write(f"Demo: {len(everyone.members)} people, {loaded} PVFs and {made} requests made.")


def write_accounts(everyone: organisations.Cast) -> None:
    """The sign-ins and API keys of the demo, readable by the portal's user alone."""
    path = Path(settings.PORTAL_DATA_DIR) / "demo_accounts.json"
    tokens = organisations.new_tokens(everyone)
    accounts = [
        {
            "role": role_name(who), "organisation": everyone.members[who.email].organisation_name,
            "email": who.email, "password": cast.PASSWORD, "token": tokens[who.email],
            "totp_secret": cast.TOTP_SECRET if second_step.ROLES & {who.role} else "",
        }
        for who in cast.PEOPLE
    ]  # fmt: skip
    accounts.append(
        {"role": "platform operator", "organisation": "CertPortal", "email": cast.PLATFORM_EMAIL,
         "password": cast.PASSWORD, "token": "", "totp_secret": cast.TOTP_SECRET}
    )  # fmt: skip
    fresh = path.with_suffix(".new")
    private_folder(path.parent)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"accounts": accounts}, file, ensure_ascii=False, indent=1)
    fresh.replace(path)


def role_name(who: cast.Person) -> str:
    """The role as the list of sign-ins names it: "exporter signatory", "reviewer", "importer", …"""
    return f"exporter {who.role.value}" if who.side == cast.Side.CLIENT else str(who.role.value)
