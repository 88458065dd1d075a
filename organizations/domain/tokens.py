"""Keys for the API: of one membership, shown once, kept as a hash."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid

from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from organizations.domain import second_step
from organizations.identity import hash_token
from organizations.models import ApiToken
from organizations.tenancy import not_visible

LONGEST_DAYS = 366
MOST_KEYS = 20


def own(actor: Identity) -> list[ApiToken]:
    """The keys of the membership acted in, newest first."""
    if actor.membership_id is None:
        return []
    return list(ApiToken.objects.filter(membership_id=actor.membership_id).order_by("-created_at"))


def create(actor: Identity, *, name: str, days: int) -> tuple[ApiToken, str]:
    """A new key for the membership acted in; the second value is the key itself, which nobody can show again.

    Raises ``NotPermitted`` for people without a membership and for those whose roles need a second step that is not set
    up (SECOND-STEP), ``InvalidInput`` TOKEN-DAYS, ``Conflict`` TOKEN-MANY.
    """
    if actor.membership_id is None or actor.user_id is None:
        raise NotPermitted("TOKEN-MEMBERSHIP", _("Keys belong to a membership of an organization."))
    second_step.require(actor)
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput("TOKEN-DAYS", _("A key lives between 1 and 366 days."), field="days")
    live = ApiToken.objects.filter(membership_id=actor.membership_id, revoked_at=None, expires_at__gt=clock.now())
    if live.count() >= MOST_KEYS:
        raise Conflict("TOKEN-MANY", _("There are 20 keys already. Revoke one that is not used."))
    key = secrets.token_urlsafe(32)
    row = ApiToken(
        membership_id=actor.membership_id, user_id=actor.user_id, name=name.strip()[:100], prefix=key[:8],
        token_sha256=hash_token(key), expires_at=clock.now() + dt.timedelta(days=days),
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(actor, "token.created", "api_token", row.pk, after={"name": row.name, "prefix": row.prefix})
    return row, key


def revoke(actor: Identity, token_id: uuid.UUID | str) -> ApiToken:
    """End a key at once. Raises ``NotVisible`` unless it is the person's own."""
    row = (
        ApiToken.objects.select_for_update()
        .filter(pk=token_id, membership_id=actor.membership_id or uuid.UUID(int=0))
        .first()
    )
    if row is None:
        raise not_visible()
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        audit.record(actor, "token.revoked", "api_token", row.pk, before={"name": row.name, "prefix": row.prefix})
    return row
