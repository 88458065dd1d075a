"""``manage.py verify_certificate FILE…``: whether PDFs are what this portal's certifiers issued, and why not.

Offline but for ``--online``. Without ``--trust`` or ``--fingerprint`` the keys that certifiers have installed here are
trusted, those in use and those replaced.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from certificates.document import verify_cli
from certificates.document.verify import Trust, Verification, page_matches_data
from certificates.domain import signing
from organizations.models import Certifier


class Command(BaseCommand):
    """Prints a verdict with its reasons for each file."""

    help = "Check certificates (PDF): signature, whole file, data, page."

    def add_arguments(self, parser: CommandParser) -> None:
        verify_cli.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = verify_cli.run(argparse.Namespace(**options), self.stdout, trust=_portal_trust(), look=_remade)  # type: ignore[arg-type]
        except verify_cli.Misuse as error:
            raise CommandError(str(error), returncode=verify_cli.MISUSE) from error
        if code:
            sys.exit(code)


def _portal_trust() -> Trust:
    """Every key that a certifier of this portal has installed."""
    known = [signing.trust_of(certifier) for certifier in Certifier.objects.values_list("pk", flat=True)]
    return Trust.of([each for trust in known for each in trust.fingerprints], clocks=signing.services().timestamp_roots)


def _remade(pdf: bytes, found: Verification) -> Verification:
    """Say whether the page made anew is the same, byte for byte; with other libraries it may differ for no reason."""
    if not found.content:
        return found
    same = page_matches_data(pdf, found.content)
    says = "the page made anew from the data has the same bytes" if same else (
        "the page made anew from the data has other bytes: other libraries, or another template; its text was compared"
    )  # fmt: skip
    return replace(found, remarks=(*found.remarks, says))
