"""API keys for tests whose people are to have no second step afterwards, as before."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

from core.identity import act_as
from organizations.domain import tokens
from organizations.identity import identity_of
from organizations.models import ApiToken, Membership
from tests.support.world import TOTP_SECRET


def key_of(membership: Membership, name: str, *, days: int = 30) -> tuple[ApiToken, str]:
    """A key of this person's, and its text. Whose role needs a second step must have one just now, to make it."""
    with act_as(identity_of(membership)) as actor:
        kept = TOTP.activate(membership.user, TOTP_SECRET).instance
        made = tokens.create(actor, name=name, days=days)
        Authenticator.objects.filter(pk=kept.pk).delete()
    return made
