"""The sessions of a person: one ended, the others ended, all ended."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.db.models import F
from django.http import HttpRequest

from core import audit
from core.identity import Identity
from organizations.models import User
from organizations.tenancy import not_visible


def own(user: User) -> list[UserSession]:
    """The live sessions of a person, newest first; those that have ended are forgotten."""
    rows = UserSession.objects.purge_and_list(user)
    return sorted(rows, key=lambda row: row.created_at, reverse=True)


def end_one(actor: Identity, session_id: int) -> UserSession:
    """End one of the actor's own sessions at once. Raises ``NotVisible`` for anybody else's."""
    row = UserSession.objects.filter(pk=session_id, user_id=actor.user_id).first()
    if row is None:
        raise not_visible()
    row.end()
    audit.record(actor, "sign_in.session_ended", "person", row.user_id, before={"ip": row.ip})
    return row


def end_all(user: User, *, but: str | None = None) -> None:
    """End every session of a person, also those that nobody listed: they carry a hash of the epoch before.

    ``but``: the key of one whose row stays; its caller gives that session the new hash (:func:`end_others`).
    """
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    for row in UserSession.objects.filter(user=user).exclude(session_key=but or ""):
        row.end()


def end_others(request: HttpRequest, user: User) -> None:
    """End every session of a person but the one of ``request``, which goes on under a new key."""
    end_all(user, but=request.session.session_key)
    request.user = user
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)
