"""The flag of a certificate: why it should not be relied on as it stands, and who is told.

Two things raise it: a party that is not Certified (:mod:`suspension`), and OID showing it otherwise than it was issued
(:mod:`oid_marks`). The text is kept with the certificate, so that every page, the API and the public check show one.
"""

from __future__ import annotations

import uuid
from typing import Any

from certificates.models import Certificate, OidMark, PartyFinding
from core.models import Audience
from core.notify import notify
from organizations.roles import Role

#: Certificates that one transaction settles, and those that a message names.
TOGETHER, NAMED = 200, 20
FLAG_LENGTH = 300
_IN_WORDS = {
    OidMark.Kind.VOID: "OID shows this certificate as void.",
    OidMark.Kind.REPLACED: "OID shows this certificate as replaced.",
    OidMark.Kind.MISSING: "OID does not show this certificate any more.",
}


def party_text(finding: PartyFinding) -> str:
    """The reason in the English words of OID, as it is kept with the certificate."""
    since = f" since {finding.status_as_of.isoformat()}" if finding.status_as_of else ""
    directory = finding.source == PartyFinding.Source.DIRECTORY
    where = "OID's directory" if directory else "the certifier's record"
    return f"{finding.name} ({finding.nop_id}), {finding.party}, is {finding.status} in {where}{since}."


def mark_text(kind: str, fields: list[str]) -> str:
    """What OID shows, in English, as it is kept with the certificate."""
    if kind == OidMark.Kind.CHANGED:
        return f"OID shows other data than were issued: {', '.join(name.replace('_', ' ') for name in fields)}."
    return _IN_WORDS[OidMark.Kind(kind)]


def text_of(certificate: Certificate) -> str:
    """The flag by what is open now; empty where nothing is. OID's own word comes first."""
    marks = OidMark.objects.filter(certificate=certificate, closed_at=None).order_by("found_at", "pk")
    findings = PartyFinding.objects.filter(certificate=certificate, closed_at=None).order_by("found_at", "pk")
    texts = [mark_text(mark.kind, mark.fields) for mark in marks] + [party_text(finding) for finding in findings]
    return " ".join(texts)[:FLAG_LENGTH]


def tell(topic: str, certificates: list[Certificate], reasons: list[str]) -> None:
    """One message each to certifier and exporter; to importer and invited contacts of what was released to them alone.

    The certificates are of one exporter and one importer.
    """
    if not certificates:
        return
    one = certificates[0]

    def send(audience: Audience, audience_id: uuid.UUID | None, about: list[Certificate], **how: Any) -> None:
        names = [str(row.number or row.snapshot["request_reference"]) for row in about[:NAMED]]
        notify(
            topic, audience, audience_id, certifier_id=one.certifier_id, object_type="certificate",
            object_id=about[0].pk, context={"names": names, "count": len(about), "reasons": reasons}, **how,
        )  # fmt: skip

    staff = [Role.REVIEWER, Role.APPROVER, Role.MANAGER]
    send(Audience.CERTIFIER, one.certifier_id, certificates, roles=staff)
    send(Audience.CLIENT, one.client_id, certificates, roles=[Role.PREPARER, Role.SIGNATORY])
    released = [row for row in certificates if row.is_released]
    if not released:
        return
    send(Audience.OPERATION, one.importer_id, released)
    for certificate in released:
        for contact in certificate.contacts.filter(user_id__isnull=False):
            send(Audience.USER, contact.user_id, [certificate])
