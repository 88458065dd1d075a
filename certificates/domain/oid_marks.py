"""OID shows an issued certificate otherwise: it is marked, everybody concerned told once, and cleared when that ends.

Level-triggered: what a reconciliation found is compared with the marks that it has open. Where people key records by hand
nothing reads OID: there a person says what they saw, and a person clears it. Nothing is decided here: whether a
certificate that OID shows as void is voided in the portal too, with its kilograms, is a person's decision.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.domain import changes, flags
from certificates.models import Certificate, CertificateState, OidMark
from core import audit, clock, rows
from core.errors import Conflict
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
    rows_open = list(OidMark.objects.filter(certificate=certificate, closed_at=None))
    by_hand = {row.kind for row in rows_open if row.seen_by is not None}
    have = {row.kind: row for row in rows_open if row.seen_by is None}
    wanted = {item.kind: item for item in seen if item.kind not in by_hand}
    if certificate.state not in RELIED_ON:
        wanted = {kind: item for kind, item in wanted.items() if kind in have}
    same = {kind for kind, item in wanted.items() if kind in have and have[kind].fields == list(item.fields)}
    if same == set(have) == set(wanted):
        return 0
    gone = [row for kind, row in have.items() if kind not in same]
    new = [item for kind, item in wanted.items() if kind not in same]
    _replace(certificate, gone, new, seen_by=None)
    _tell(actor, certificate, new, act="certificate.oid_mark" if wanted else "certificate.oid_unmark", note="")
    return 1


def _replace(
    certificate: Certificate, gone: Iterable[OidMark], new: Iterable[Seen], *, seen_by: uuid.UUID | None
) -> None:
    OidMark.objects.filter(pk__in=[row.pk for row in gone]).update(closed_at=clock.now())
    for item in new:
        OidMark(
            certifier_id=certificate.certifier_id, client_id=certificate.client_id, certificate=certificate,
            kind=item.kind, fields=list(item.fields), seen_by=seen_by,
        ).save(force_insert=True)  # fmt: skip


def _tell(actor: Identity, certificate: Certificate, new: Collection[Seen], *, act: str, note: str) -> None:
    """Keep the flag's text, put the change on record, tell everybody concerned."""
    before = certificate.flagged_because
    certificate.flagged_because = flags.text_of(certificate)
    certificate.save(update_fields=["flagged_because"])
    audit.record(
        actor, act, "certificate", certificate.pk, certifier_id=certificate.certifier_id,
        client_id=certificate.client_id, before={"flagged_because": before},
        after={"flagged_because": certificate.flagged_because, **({"note": note} if note else {})},
    )  # fmt: skip
    if new:
        reasons = [flags.mark_text(item.kind, list(item.fields)) for item in new]
        flags.tell("certificate.oid_marked", [certificate], reasons)
    elif (
        certificate.state in RELIED_ON and not OidMark.objects.filter(certificate=certificate, closed_at=None).exists()
    ):
        flags.tell("certificate.oid_cleared", [certificate], [])


@transaction.atomic
def note_seen(actor: Identity, certificate_id: uuid.UUID | str, *, kind: str, reason: str) -> Certificate:
    """Keep what a person saw of an issued certificate in OID itself: a mark of ``kind`` of theirs, or "" as it was issued.

    For certifiers whose records people key; a mark by hand stays until a person says otherwise. A second time changes
    nothing. ``reason``: where and when it was seen. Raises ``NotPermitted``, ``NotVisible``, ``InvalidInput`` REASON,
    ``Conflict`` CERTIFICATE-STATE.
    """
    changes.require_decider(actor)
    certificate = changes.lock(actor, certificate_id)
    if certificate.state not in RELIED_ON:
        raise Conflict("CERTIFICATE-STATE", _("Only an issued certificate can be shown otherwise by OID."))
    note = changes.require_reason(reason)
    have = list(OidMark.objects.filter(certificate=certificate, closed_at=None))
    mine = [row for row in have if row.seen_by is not None]
    if [row.kind for row in mine] == ([kind] if kind else []):
        return certificate
    found_already = {row.kind for row in have if row.seen_by is None}
    new = [Seen(kind)] if kind and kind not in found_already else []
    _replace(certificate, [row for row in mine if row.kind != kind], new, seen_by=actor.user_id)
    _tell(actor, certificate, new, act="certificate.oid_seen", note=note)
    return certificate
