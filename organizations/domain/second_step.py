"""The second step of signing in: who must have one, who has."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _

from core.errors import NotPermitted
from core.identity import Identity, Kind
from organizations.models import Membership, User
from organizations.roles import STAFF_ROLES, Role

#: Who decides, reads a certifier's files, or signs for an exporter; the platform operator beside them.
ROLES = frozenset({*STAFF_ROLES, Role.SIGNATORY})
#: What counts as a second step. Recovery codes stand in for one of these, never alone.
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_needed(user: User, memberships: Iterable[Membership]) -> bool:
    """Whether a person must sign in with two steps: by any of their live memberships, or as the platform operator."""
    return user.is_platform_operator or any(not ROLES.isdisjoint(row.roles) for row in memberships)


def is_set_up(user_id: uuid.UUID | None) -> bool:
    """Whether the person has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=KINDS).exists())


def with_second_step(user_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the people who have one."""
    rows = Authenticator.objects.filter(user_id__in=list(user_ids), type__in=KINDS)
    return set(rows.values_list("user_id", flat=True))


def require(actor: Identity) -> None:
    """Raise ``NotPermitted`` SECOND-STEP where the actor's roles need a second step and none is set up."""
    if (actor.kind is Kind.PLATFORM or not ROLES.isdisjoint(actor.roles)) and not is_set_up(actor.user_id):
        raise NotPermitted("SECOND-STEP", _("Set up two-step sign-in first: your role needs it."))
