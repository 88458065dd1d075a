"""What the platform operator does about people, whatever organisations they belong to: close, open, reset the second step."""

from __future__ import annotations

from contextlib import AbstractContextManager

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import InvalidInput, NotPermitted
from core.identity import NOBODY, Identity, Kind, act_as
from organizations.domain import sessions
from organizations.models import ApiToken, User


def _person(actor: Identity, email: str, reason: str) -> User:
    if actor.kind is not Kind.PLATFORM:
        raise NotPermitted("PLATFORM-ONLY", _("Only the platform operator may do this."))
    if not reason.strip():
        raise InvalidInput("REASON-MISSING", _("Say why: it is kept in the audit trail."), field="reason")
    # the operator knows nobody's account: it is found by its address as at sign-in
    with act_as(NOBODY):
        user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
    if user is None:
        raise InvalidInput("PERSON-UNKNOWN", _("Nobody signs in with this address."), field="email")
    if user.pk == actor.user_id:
        raise InvalidInput("PERSON-SELF", _("This is your own account."), field="email")
    return user


def _rows_of(user: User) -> AbstractContextManager[Identity]:
    """What belongs to a person alone is written as theirs; the audit row says who did it."""
    return act_as(Identity(kind=Kind.PERSON, user_id=user.pk))


def close_account(actor: Identity, email: str, reason: str) -> User:
    """Let a person in nowhere any more, from this moment: their sessions end and their API keys are revoked.

    Raises ``NotPermitted`` for anybody but the platform operator, ``InvalidInput`` PERSON-UNKNOWN, PERSON-SELF or
    REASON-MISSING.
    """
    user = _person(actor, email, reason)
    # keys too: opened again, the account must not find them alive
    with _rows_of(user):
        user.is_active = False
        user.save(update_fields=["is_active"])
        sessions.end_all(user)
        keys = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=clock.now())
    audit.record(actor, "people.account_closed", "person", user.pk, after={"reason": reason.strip(), "keys": keys})
    return user


def open_account(actor: Identity, email: str, reason: str) -> User:
    """Let a person in again, as the member that they were. Raises as :func:`close_account`."""
    user = _person(actor, email, reason)
    with _rows_of(user):
        user.is_active = True
        user.save(update_fields=["is_active"])
    audit.record(actor, "people.account_opened", "person", user.pk, after={"reason": reason.strip()})
    return user


def reset_second_step(actor: Identity, email: str, reason: str) -> User:
    """Take away a lost second step: the person sets up another one at the next sign-in; their sessions end.

    Raises as :func:`close_account`.
    """
    user = _person(actor, email, reason)
    with _rows_of(user):
        gone, _by_model = Authenticator.objects.filter(user=user).delete()
        sessions.end_all(user)
    audit.record(
        actor, "people.second_step_reset", "person", user.pk, before={"authenticators": gone},
        after={"reason": reason.strip()},
    )  # fmt: skip
    return user


ACTS = {"close": close_account, "open": open_account, "reset": reset_second_step}
