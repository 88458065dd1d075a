"""Membership of an importer operation, by proof: a certifier's manager confirms it, or a code sent to its address in OID."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid

from django.db import connection
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity, Kind, act_as
from core.models import Audience
from core.notify import notify
from organizations.domain import invitations
from organizations.domain.parties import Party
from organizations.identity import hash_token
from organizations.models import Certifier, Invitation, Membership, Operation, User
from organizations.roles import Role

CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 10
CODES_A_DAY = 5
CODE_DAYS = 2


def _operation(nop_id: str) -> Operation:
    operation = Operation.objects.filter(nop_id=nop_id.strip()).first()
    if operation is None:
        raise InvalidInput("NOP-UNKNOWN", _("The directory has no operation with this NOP ID."), field="nop_id")
    return operation


def _own_certifier(actor: Identity) -> str:
    return str(Certifier.objects.filter(pk=actor.certifier_id or uuid.UUID(int=0)).first() or "")


def _party(operation: Operation) -> Party:
    return Party(Membership.Side.IMPORTER, operation_id=operation.pk)


def confirm(actor: Identity, *, nop_id: str, email: str, evidence: str) -> Invitation:
    """A certifier's manager (or the platform operator) confirms that ``email`` belongs to the importer, and says how they know.

    The person is invited; the confirmation is logged with its evidence and stays on the membership as its proof.
    """
    by_platform = actor.kind is Kind.PLATFORM
    if not by_platform and not (actor.is_staff and actor.has(Role.MANAGER)):
        raise NotPermitted("PEOPLE-MANAGER", _("Only a manager may confirm an importer."))
    if not evidence.strip():
        raise InvalidInput("EVIDENCE", _("Say how you know that this person acts for the importer."), field="evidence")
    operation = _operation(nop_id)
    confirmer = "the platform operator" if by_platform else _own_certifier(actor)
    invitation, token = invitations.open_invitation(
        actor, _party(operation), email=email, roles=[Role.IMPORTER], proof=f"confirmed by {confirmer}"[:200]
    )
    audit.record(
        actor, "importer.confirmed", "operation", operation.pk,
        after={"invitation": invitation.pk, "evidence": evidence.strip()},
    )  # fmt: skip
    invitations.send(invitation, token, organisation=str(operation))
    return invitation


def _secret(user: User, operation: Operation, code: str) -> str:
    """A code works for the person who asked and the operation it was asked for, nobody else's."""
    letters = "".join(sign for sign in code.upper() if sign.isalnum())
    return f"importer-code:{user.pk}:{operation.pk}:{letters}"


def request_code(actor: Identity, *, nop_id: str) -> Operation:
    """Send a code to the operation's own e-mail address in OID. Raises ``InvalidInput``, ``Conflict`` CODES-TODAY."""
    user = _person(actor)
    operation = _operation(nop_id)
    if not operation.email:
        text = _("OID has no e-mail address of this operation. Ask a certifier you work with to confirm you.")
        raise InvalidInput("NOP-NO-EMAIL", text, field="nop_id")
    party = _party(operation)
    with act_as(party.host(user.pk)):
        since = clock.now() - dt.timedelta(days=1)
        asked = Invitation.objects.filter(operation=operation, proof="code", created_at__gt=since).count()
    if asked >= CODES_A_DAY:
        raise Conflict("CODES-TODAY", _("Too many codes were asked for today. Try again tomorrow."), field="nop_id")
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    invitation, _token = invitations.open_invitation(
        actor, party, email=user.email, roles=[Role.IMPORTER], proof="code",
        token=_secret(user, operation, code), days=CODE_DAYS,
    )  # fmt: skip
    notify(
        "importer.code", Audience.EMAIL, None, certifier_id=None, object_type="invitation", object_id=invitation.pk,
        email=operation.email,
        context={"code": f"{code[:5]}-{code[5:]}", "person": user.name, "email": user.email, "operation": str(operation)},
    )  # fmt: skip
    return operation


def enter_code(actor: Identity, *, nop_id: str, code: str) -> Membership:
    """Turn a code into a membership. Raises ``InvalidInput`` CODE-WRONG for a code that is wrong, old or another's."""
    user = _person(actor)
    operation = _operation(nop_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM organizations_invitation_by_token(%s)", [hash_token(_secret(user, operation, code))]
        )
        row = cursor.fetchone()
    if row is None:
        raise InvalidInput("CODE-WRONG", _("This code is wrong or has ended."), field="code")
    party = _party(operation)
    with act_as(party.host(user.pk)) as host:
        invitation = Invitation.objects.select_for_update().get(pk=row[0])
        if invitation.accepted_at or invitation.revoked_at:
            raise InvalidInput("CODE-WRONG", _("This code is wrong or has ended."), field="code")
        invitation.accepted_at = clock.now()
        invitation.save(update_fields=["accepted_at"])
        return invitations.join(host, party, user, list(invitation.roles), proof="code")


def _person(actor: Identity) -> User:
    if actor.user_id is None:
        raise NotPermitted("SIGN-IN-FIRST", _("Sign in first."))
    return User.objects.get(pk=actor.user_id)
