"""OID shows an issued certificate otherwise: it is marked, everybody concerned told once, and cleared when that ends.

Level-triggered: what a reconciliation found is compared with the marks that are open. Nothing is decided here: whether a
certificate that OID shows as void is voided in the portal too, with its kilograms, is a person's decision.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Mapping

from certificates.domain import flags
from certificates.models import Certificate, CertificateState, OidMark
from core import audit, clock, rows
from core.identity import Identity

#: Certificates that people rely on: only these are marked anew.
RELIED_ON = (CertificateState.AWAITING_DOCUMENT, CertificateState.ISSUED, CertificateState.CLOSED)


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What OID shows of a certificate: the kind of mark, and the fields that differ for CHANGED."""

    kind: str
    fields: tuple[str, ...] = ()


def settle(actor: Identity, seen: Mapping[uuid.UUID, Collection[Seen]]) -> int:
    """Bring the marks of these certificates to what OID shows (nothing: cleared). Returns how many were changed.

    In one transaction of the caller's, for some hundred certificates at most.
    """
    locked = Certificate.objects.select_for_update(of=("self",)).filter(pk__in=list(seen)).order_by("pk")
    changed = 0
    with rows.together():
        for certificate in locked:
            changed += _settle_one(actor, certificate, seen[certificate.pk])
    return changed


def _settle_one(actor: Identity, certificate: Certificate, seen: Collection[Seen]) -> int:
    have = {row.kind: row for row in OidMark.objects.filter(certificate=certificate, closed_at=None)}
    wanted = {item.kind: item for item in seen}
    if certificate.state not in RELIED_ON:
        wanted = {kind: item for kind, item in wanted.items() if kind in have}
    same = {kind for kind, item in wanted.items() if kind in have and have[kind].fields == list(item.fields)}
    if same == set(have) == set(wanted):
        return 0
    now = clock.now()
    OidMark.objects.filter(pk__in=[row.pk for kind, row in have.items() if kind not in same]).update(closed_at=now)
    new = [item for kind, item in wanted.items() if kind not in same]
    for item in new:
        OidMark(
            certifier_id=certificate.certifier_id, client_id=certificate.client_id, certificate=certificate,
            kind=item.kind, fields=list(item.fields),
        ).save(force_insert=True)  # fmt: skip
    before = certificate.flagged_because
    certificate.flagged_because = flags.text_of(certificate)
    certificate.save(update_fields=["flagged_because"])
    audit.record(
        actor, "certificate.oid_mark" if wanted else "certificate.oid_unmark", "certificate", certificate.pk,
        certifier_id=certificate.certifier_id, client_id=certificate.client_id,
        before={"flagged_because": before}, after={"flagged_because": certificate.flagged_because},
    )  # fmt: skip
    if new:
        reasons = [flags.mark_text(item.kind, list(item.fields)) for item in new]
        flags.tell("certificate.oid_marked", [certificate], reasons)
    elif not wanted and certificate.state in RELIED_ON:
        flags.tell("certificate.oid_cleared", [certificate], [])
    return 1
