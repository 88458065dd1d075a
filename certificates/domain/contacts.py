"""The contact that the exporter gave: invited, on issue, to that one certificate and to nothing else."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from certificates.models import Certificate, CertificateContact
from core import clock
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from organizations.domain.invitations import VALID_DAYS, open_invitation
from organizations.domain.parties import Party
from organizations.models import Invitation, Membership, User


def invite(actor: Identity, certificate: Certificate, email: str, words: dict[str, Any]) -> CertificateContact | None:
    """Invite ``email`` to the certificate, once; None without an address or for a member of the importer, who sees it."""
    address = email.strip().lower()
    if not address:
        return None
    members = Membership.objects.filter(operation_id=certificate.importer_id, ended_at=None)
    if members.filter(user__email=address).exists():
        return None
    contact, new = CertificateContact.objects.get_or_create(
        certificate=certificate, email=address, defaults={"certifier_id": certificate.certifier_id}
    )
    if not new:
        return contact
    party = Party(Membership.Side.IMPORTER, certifier_id=certificate.certifier_id)
    days = max(VALID_DAYS, (certificate.end_date - clock.now().date()).days)
    invitation, token = open_invitation(
        actor, party, email=address, roles=[], certificate_id=certificate.pk, days=days
    )  # fmt: skip
    notify(
        "certificate.invited", Audience.EMAIL, None, certifier_id=certificate.certifier_id,
        object_type="invitation", object_id=invitation.pk, email=address,
        context={**words, "path": reverse("organizations:accept", args=[token]), "until": invitation.expires_at.date()},
    )  # fmt: skip
    return contact


def let_in(sender: type[Invitation], *, invitation: Invitation, user: User, **_extra: Any) -> None:
    """The contact accepted: from now on the person sees the certificate (inside the accepting transaction)."""
    if invitation.certificate_id is None:
        return
    CertificateContact.objects.filter(certificate_id=invitation.certificate_id, email=invitation.email).update(
        user_id=user.pk, accepted_at=clock.now()
    )
