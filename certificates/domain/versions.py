"""The versions of a certificate's document: the first, and one for each amendment. All stay; the highest counts."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from django.db.models import Max

from certificates.document.history import Amended, AmendedField, History
from certificates.models import Amendment, Certificate, CertificateDocument, ContinuityDocument
from core.identity import Identity


@dataclasses.dataclass(frozen=True)
class Version:
    """What one version of the document is made from."""

    number: int
    snapshot: dict[str, Any]
    history: History


def next_version(certificate: Certificate) -> Version:
    """The version of a certificate's document that is to be made next; versions are made one by one, in their order."""
    made = CertificateDocument.objects.filter(certificate=certificate).aggregate(last=Max("version"))["last"] or 0
    return version_of(certificate, made + 1)


def version_of(certificate: Certificate, number: int) -> Version:
    """What version ``number`` of a certificate's document is, or was, made from."""
    rows = Amendment.objects.filter(certificate=certificate, number__lt=number).select_related("change")
    amendments = list(rows.order_by("number"))
    snapshot = amendments[-1].snapshot if amendments else certificate.snapshot
    continuity = ContinuityDocument.objects.filter(certificate=certificate, made_at__isnull=False).first()
    history = History(
        version=number,
        replaces=(certificate.replaces.number or "") if certificate.replaces else "",
        continuity=continuity.reference if continuity else "",
        amendments=tuple(_amended(row) for row in amendments),
        first_issued=_text(certificate.issued_at) if number > 1 and certificate.issued_at else "",
    )
    return Version(number, snapshot, history)


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _amended(row: Amendment) -> Amended:
    fields = tuple(AmendedField(part["field"], part["before"], part["after"]) for part in row.content)
    day = row.made_at.astimezone(dt.UTC).date().isoformat()
    return Amended(row.number, day, row.change.reason, fields)


def content_of(certificate: Certificate) -> dict[str, Any]:
    """The certificate's content as it reads today: its snapshot, or that of its last amendment."""
    last = Amendment.objects.filter(certificate=certificate).order_by("-number").first()
    found: dict[str, Any] = last.snapshot if last else certificate.snapshot
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """A version as the page lists it. ``superseded``: a later one exists."""

    document: CertificateDocument
    superseded: bool
    amendment: Amended | None

    @property
    def version(self) -> int:
        """Its number, from 1."""
        return self.document.version

    @property
    def sha256(self) -> str:
        """SHA-256 of its bytes."""
        return self.document.sha256


def of(actor: Identity, certificate: Certificate) -> list[Listed]:
    """Every version that the actor may see, the newest first, each with the amendment that it was made for."""
    rows = list(CertificateDocument.objects.visible_to(actor).filter(certificate=certificate).order_by("-version"))
    amendments = Amendment.objects.visible_to(actor).filter(certificate=certificate).select_related("change")
    known = {row.number: _amended(row) for row in amendments}
    return [Listed(row, position > 0, known.get(row.version - 1)) for position, row in enumerate(rows)]
