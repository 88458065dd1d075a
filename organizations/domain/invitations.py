"""The ways in: an invitation by e-mail, accepted once. Only the hash of its token is kept with it."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid

from allauth.account.models import EmailAddress
from django.db import connection
from django.dispatch import Signal
from django.urls import reverse
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted, NotVisible
from core.identity import Identity, act_as
from core.models import Audience
from core.notify import notify
from organizations.domain.parties import Party, clean_roles, party_of_invitation, require_manager
from organizations.identity import hash_token
from organizations.models import Invitation, Membership, User
from organizations.tenancy import find

VALID_DAYS = 14
#: Sent inside the accepting transaction with ``invitation`` and ``user``; a floor above that let somebody in to one
#: object only (a certificate's contact) writes its own row then.
accepted = Signal()


def open_invitation(
    actor: Identity,
    party: Party,
    *,
    email: str,
    roles: list[str],
    proof: str = "",
    token: str = "",
    certificate_id: uuid.UUID | None = None,
    days: int = VALID_DAYS,
) -> tuple[Invitation, str]:
    """Write an invitation row and its audit row; returns it with the plain token. Tells nobody: the caller does."""
    token = token or secrets.token_urlsafe(32)
    invitation = Invitation(
        token_sha256=hash_token(token),
        email=email.strip().lower(),
        side=party.side,
        roles=roles,
        proof=proof,
        certificate_id=certificate_id,
        invited_by=actor.user_id,
        expires_at=clock.now() + dt.timedelta(days=days),
        **party.ids,
    )
    with act_as(party.host(actor.user_id)):
        invitation.save(force_insert=True)
    audit.record(
        actor,
        "people.invited",
        "invitation",
        invitation.pk,
        certifier_id=party.certifier_id,
        client_id=party.client_id,
        after={"email_sha256": hash_token(invitation.email), "side": party.side, "roles": roles, "proof": proof},
    )
    return invitation, token


def send(invitation: Invitation, token: str, *, organisation: str) -> None:
    """Queue the e-mail with the link. The link stands in the notification until it is used or ends."""
    notify(
        "people.invited",
        Audience.EMAIL,
        None,
        certifier_id=invitation.certifier_id,
        object_type="invitation",
        object_id=invitation.pk,
        email=invitation.email,
        context={
            "path": reverse("organizations:accept", args=[token]),
            "organisation": organisation,
            "until": invitation.expires_at.date(),
        },
    )


def invite(actor: Identity, party: Party, *, email: str, roles: list[str]) -> Invitation:
    """Invite somebody into ``party``. Raises ``NotPermitted``, ``InvalidInput`` (roles), ``Conflict`` MEMBER-ALREADY."""
    require_manager(actor, party)
    roles = clean_roles(party.side, roles)
    address = email.strip().lower()
    if Membership.objects.filter(user__email=address, side=party.side, ended_at=None, **party.ids).exists():
        raise Conflict("MEMBER-ALREADY", _("This person belongs to the organization already."), field="email")
    older = Invitation.objects.filter(
        email=address, side=party.side, accepted_at=None, revoked_at=None, certificate_id=None, **party.ids
    )
    older.update(revoked_at=clock.now())
    invitation, token = open_invitation(actor, party, email=address, roles=roles)
    send(invitation, token, organisation=Invitation.objects.get(pk=invitation.pk).organisation_name)
    return invitation


def revoke(actor: Identity, invitation_id: uuid.UUID | str) -> Invitation:
    """Take an invitation back. Raises ``NotVisible``, ``NotPermitted``, ``Conflict`` when it was accepted."""
    invitation = find(Invitation.objects.select_for_update(), actor, invitation_id)
    require_manager(actor, party_of_invitation(invitation))
    if invitation.accepted_at:
        raise Conflict("INVITATION-USED", _("This invitation has been accepted: end the membership instead."))
    if invitation.revoked_at is None:
        invitation.revoked_at = clock.now()
        invitation.save(update_fields=["revoked_at"])
        audit.record(
            actor, "people.invitation_revoked", "invitation", invitation.pk, certifier_id=invitation.certifier_id
        )
    return invitation


def by_token(token: str) -> Invitation:
    """The live invitation behind a link. Raises ``NotVisible`` for any other text, and for one that was used or ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, side, certifier_id, client_id, operation_id, broker_id"
            " FROM organizations_invitation_by_token(%s)",
            [hash_token(token)],
        )
        row = cursor.fetchone()
    if row is None:
        text = _("This invitation was used, was taken back, or has ended. Ask for a new one.")
        raise NotVisible("INVITATION-GONE", text)
    party = Party(row[1], row[2], row[3], row[4], row[5])
    with act_as(party.host(None)):
        return (
            Invitation.objects.select_related(
                "certifier", "client__operation", "client__certifier", "operation", "broker"
            )
            .filter(pk=row[0])
            .get()
        )


def accept(actor: Identity, token: str, *, name: str = "", password: str = "", language: str = "en") -> User:
    """Let the person in: the signed-in one, or a new one with ``name`` and ``password``.

    The link reached the address, so the address counts as confirmed. Raises ``NotVisible`` (no such live invitation),
    ``NotPermitted`` INVITATION-OTHER (signed in with another address) and SIGN-IN-FIRST (the address has an account).
    """
    invitation = by_token(token)
    party = party_of_invitation(invitation)
    user = _guest(actor, invitation, name, password, language)
    with act_as(party.host(user.pk)) as host:
        locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if locked.accepted_at or locked.revoked_at:
            raise Conflict("INVITATION-USED", _("This invitation has been used already."))
        locked.accepted_at = clock.now()
        locked.save(update_fields=["accepted_at"])
        if locked.certificate_id is None:
            join(host, party, user, list(locked.roles), proof=locked.proof)
        accepted.send(sender=Invitation, invitation=locked, user=user)
        audit.record(host, "people.invitation_accepted", "invitation", locked.pk)
    return user


def _guest(actor: Identity, invitation: Invitation, name: str, password: str, language: str) -> User:
    known = User.objects.filter(email=invitation.email).first()
    if actor.user_id:
        if known is None or known.pk != actor.user_id:
            text = _("This invitation is for another e-mail address. Sign out first.")
            raise NotPermitted("INVITATION-OTHER", text)
        return known
    if known is not None:
        raise NotPermitted("SIGN-IN-FIRST", _("There is an account with this address already: sign in first."))
    if not name.strip() or not password:
        raise InvalidInput("NAME-PASSWORD", _("Enter your name and a password."), field="name")
    user = User.objects.create_user(invitation.email, password, name=name.strip(), language=language)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def join(host: Identity, party: Party, user: User, roles: list[str], *, proof: str = "") -> Membership:
    """The membership itself, under the identity of its organisation; roles are added to one that is there already."""
    live = Membership.objects.select_for_update(of=("self",)).filter(
        user=user, side=party.side, ended_at=None, **party.ids
    )
    membership = live.first()
    if membership is None:
        membership = Membership(user=user, side=party.side, roles=roles, proof=proof, **party.ids)
        membership.save(force_insert=True)
    else:
        membership.roles = clean_roles(party.side, [*membership.roles, *roles])
        membership.save(update_fields=["roles"])
    audit.record(
        host, "people.joined", "membership", membership.pk, certifier_id=party.certifier_id,
        client_id=party.client_id, after={"roles": membership.roles, "proof": proof},
    )  # fmt: skip
    return membership
