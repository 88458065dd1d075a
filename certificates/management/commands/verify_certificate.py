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
from certificates.document.proof import Finding, Problem
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
            named = options["trust"] or options["fingerprint"]
            look = _remade if named else _as_the_certifier
            code = verify_cli.run(argparse.Namespace(**options), self.stdout, trust=_portal_trust(), look=look)  # type: ignore[arg-type]
        except verify_cli.Misuse as error:
            raise CommandError(str(error), returncode=verify_cli.MISUSE) from error
        if code:
            sys.exit(code)


def _portal_trust() -> Trust:
    """Every key that a certifier of this portal has installed."""
    known = [signing.trust_of(certifier) for certifier in Certifier.objects.values_list("pk", flat=True)]
    return Trust.of([each for trust in known for each in trust.fingerprints], clocks=signing.services().timestamp_roots)


def _as_the_certifier(pdf: bytes, found: Verification) -> Verification:
    """Whether the signer is the certifier that the data name: another certifier's key does not speak for it."""
    found = _remade(pdf, found)
    if not found.content or found.signer is None or found.signer.trusted is not True:
        return found
    code = str(found.snapshot["certifier"]["code"])
    certifier = Certifier.objects.filter(code=code).first()
    if certifier is not None and found.signer.fingerprint in signing.trust_of(certifier.pk).fingerprints:
        return found
    wrong = Finding(Problem.SIGNER_NOT_TRUSTED, f"the data name certifier {code}, whose key this is not")
    return replace(found, findings=(*found.findings, wrong))


def _remade(pdf: bytes, found: Verification) -> Verification:
    """Say whether the page made anew is the same, byte for byte; with other libraries it may differ for no reason."""
    if not found.content:
        return found
    same = page_matches_data(pdf, found.content)
    says = "the page made anew from the data has the same bytes" if same else (
        "the page made anew from the data has other bytes: other libraries, or another template; its text was compared"
    )  # fmt: skip
    return replace(found, remarks=(*found.remarks, says))
