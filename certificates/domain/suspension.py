"""When a party is not Certified any more: its live certificates are flagged, both parties and the certifier told.

Level-triggered: what the parties' statuses are is compared with the findings that are open, whatever changed them and
however often it is looked. A finding is raised once and closed once; who is told stands in the same transaction. Void is
a person's decision. Unnumbered certificates stop before OID is asked (``numbers.send_findings``), open requests fail
EXP-1 or IMP-1; here nothing of that is decided.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q

from certificates.domain import flags
from certificates.models import Certificate, CertificateState, PartyFinding
from core import audit, clock, rows
from core.identity import Identity, act_as
from organizations.models import OperationStatus
from organizations.tenancy import TenantQuerySet
from requests_app.domain.requests import lock_operations

LIVE = (
    CertificateState.AWAITING_NUMBER,
    CertificateState.AWAITING_DOCUMENT,
    CertificateState.ISSUED,
    CertificateState.CONTINUITY,
)
CERTIFIED = OperationStatus.CERTIFIED
_RELATED = ("client__operation", "importer")


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """A party that is not Certified, by whose record, and since when where that is known."""

    party: str
    source: str
    nop_id: str
    name: str
    status: str
    as_of: dt.date | None

    @property
    def text(self) -> str:
        """The reason in the English words of OID, as it is kept with the certificate."""
        return flags.party_text(self.finding())

    def finding(self, **of: Any) -> PartyFinding:
        """The row that keeps it."""
        return PartyFinding(
            party=self.party, source=self.source, nop_id=self.nop_id, name=self.name, status=self.status,
            status_as_of=self.as_of, **of,
        )  # fmt: skip


def reasons_of(certificate: Certificate) -> list[Reason]:
    """Why a certificate should be flagged, by its parties as they stand now; none where all are Certified."""
    exporter, importer = certificate.client.operation, certificate.importer
    party, source = PartyFinding.Party, PartyFinding.Source
    found = [
        (party.EXPORTER, source.DIRECTORY, exporter, exporter.status, exporter.status_as_of),
        (party.EXPORTER, source.CERTIFIER, exporter, certificate.client.own_status, None),
        (party.IMPORTER, source.DIRECTORY, importer, importer.status, importer.status_as_of),
    ]
    return [
        Reason(str(who), str(where), operation.nop_id, operation.name, status, as_of)
        for who, where, operation, status, as_of in found
        if status != CERTIFIED
    ]


def settle_all(certifier_id: uuid.UUID) -> int:
    """Flag and clear the certificates of a certifier, some at a time. Returns how many were changed."""
    actor = Identity.loop(certifier_id)
    with act_as(actor):
        groups = _differing(certifier_id)
    changed = 0
    for keys in groups:
        for start in range(0, len(keys), flags.TOGETHER):
            with act_as(actor):
                changed += _settle(actor, keys[start : start + flags.TOGETHER])
    return changed


def _differing(certifier_id: uuid.UUID) -> list[list[uuid.UUID]]:
    """Certificates whose open findings are not what they should be, by exporter and importer. Nothing is locked."""
    open_findings = PartyFinding.objects.filter(certificate=OuterRef("pk"), closed_at=None)
    uncertified = (
        ~Q(client__operation__status=CERTIFIED) | ~Q(client__own_status=CERTIFIED) | ~Q(importer__status=CERTIFIED)
    )
    rows = Certificate.objects.filter(certifier_id=certifier_id).filter(
        Q(state__in=LIVE) & uncertified | Exists(open_findings)
    )
    groups: dict[tuple[uuid.UUID, uuid.UUID], list[uuid.UUID]] = defaultdict(list)
    rows = rows.select_related(*_RELATED).defer("snapshot").prefetch_related("party_findings").order_by("pk")
    for row in rows.iterator(chunk_size=500):
        have = {_key(finding) for finding in row.party_findings.all() if finding.closed_at is None}
        if have != {_key(reason) for reason in _wanted(row, have)}:
            groups[row.client_id, row.importer_id].append(row.pk)
    return list(groups.values())


def _key(item: Reason | PartyFinding) -> tuple[str, str, str]:
    return (item.party, item.source, item.status)


def _wanted(certificate: Certificate, have: Iterable[tuple[str, str, str]]) -> list[Reason]:
    """The findings that should be open: new ones on live certificates alone."""
    reasons = reasons_of(certificate)
    return reasons if certificate.state in LIVE else [reason for reason in reasons if _key(reason) in set(have)]


@dataclasses.dataclass
class _Told:
    """What one transaction has to tell: the certificates flagged and cleared, and why."""

    flagged: list[Certificate] = dataclasses.field(default_factory=list)
    cleared: list[Certificate] = dataclasses.field(default_factory=list)
    reasons: dict[str, Reason] = dataclasses.field(default_factory=dict)


def _settle(actor: Identity, keys: list[uuid.UUID]) -> int:
    """Bring findings and flags of certificates of one exporter and importer to what they should be; tell people once."""
    first = Certificate.objects.select_related("client").only("importer_id", "client__operation_id").get(pk=keys[0])
    lock_operations([first.client.operation_id, first.importer_id])
    locked = Certificate.objects.select_for_update(of=("self",)).filter(pk__in=keys).select_related(*_RELATED)
    told = _Told()
    with rows.together():
        for certificate in locked.order_by("pk"):
            _settle_one(actor, certificate, told)
        flags.tell("certificate.flagged", told.flagged, [reason.text for reason in told.reasons.values()])
        flags.tell("certificate.cleared", told.cleared, [])
    return len(told.flagged) + len(told.cleared)


def _settle_one(actor: Identity, certificate: Certificate, told: _Told) -> None:
    have = {_key(row): row for row in PartyFinding.objects.filter(certificate=certificate, closed_at=None)}
    wanted = {_key(reason): reason for reason in _wanted(certificate, have)}
    gone = [row.pk for key, row in have.items() if key not in wanted]
    new = [reason for key, reason in wanted.items() if key not in have]
    if not gone and not new:
        return
    PartyFinding.objects.filter(pk__in=gone).update(closed_at=clock.now())
    PartyFinding.objects.bulk_create(
        reason.finding(certifier_id=certificate.certifier_id, client_id=certificate.client_id, certificate=certificate)
        for reason in new
    )
    before = certificate.flagged_because
    certificate.flagged_because = flags.text_of(certificate)
    certificate.save(update_fields=["flagged_because"])
    audit.record(
        actor, "certificate.flag" if wanted else "certificate.unflag", "certificate", certificate.pk,
        certifier_id=certificate.certifier_id, client_id=certificate.client_id,
        before={"flagged_because": before}, after={"flagged_because": certificate.flagged_because},
    )  # fmt: skip
    if new:
        told.flagged.append(certificate)
        told.reasons |= {reason.text: reason for reason in new}
    elif not wanted:
        told.cleared.append(certificate)


def open_findings(actor: Identity) -> TenantQuerySet[PartyFinding]:
    """Open findings on live certificates that the actor may see, oldest first."""
    rows = PartyFinding.objects.visible_to(actor).filter(closed_at=None, certificate__state__in=LIVE)
    return rows.select_related("certificate").order_by("found_at", "pk")
