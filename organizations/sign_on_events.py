"""Signing in with a password where a certifier asks for its own provider: who may still, and what is on record of it."""

from __future__ import annotations

import dataclasses

from django.http import HttpRequest

from core import audit
from core.identity import NOBODY, Identity, Kind, act_as
from core.models import Audience
from core.notify import notify
from organizations.identity import live_memberships
from organizations.models import Membership, User
from organizations.roles import Role
from organizations.sign_on import sessions


def _memberships(user: User) -> list[Membership]:
    with act_as(Identity(kind=Kind.PERSON, user_id=user.pk)):
        return live_memberships(user)


def has_no_other_way(user: User) -> bool:
    """Whether every organisation of the person lets them in by its own provider alone."""
    rows = [] if user.is_platform_operator else _memberships(user)
    return bool(rows) and not sessions.within(rows, None)


def refused_here(request: HttpRequest, user: User) -> None:
    """The refused sign-in is on record at each certifier that asks for its provider."""
    for row in _memberships(user):
        _record(request, row, "sign_in.refused", reason="password-refused")


def note_break_glass(request: HttpRequest, user: User) -> None:
    """A manager came in past the provider that their certifier asks for: allowed, on record there, and told to managers."""
    if sessions.made_by(request) is not None:
        return
    for row in _memberships(user):
        if sessions.provider_is_required(row) and Role.MANAGER in row.roles:
            _record(request, row, "sign_in.break_glass")
            _tell_managers(row, user)


def _record(request: HttpRequest, row: Membership, act: str, **what: str) -> None:
    if row.certifier_id is None:
        return
    caller: Identity = getattr(request, "identity", NOBODY)
    loop = dataclasses.replace(Identity.loop(row.certifier_id), request_id=caller.request_id, ip=caller.ip)
    with act_as(loop) as actor:
        audit.record(actor, act, "person", row.user_id, after=what)


def _tell_managers(row: Membership, user: User) -> None:
    """Every manager gets it, also the one who came in: they may be the one who knows nothing of it."""
    if row.certifier_id is None:
        return
    with act_as(Identity.loop(row.certifier_id)):
        notify(
            "sign_in.break_glass", Audience.CERTIFIER, row.certifier_id, certifier_id=row.certifier_id,
            object_type="membership", object_id=row.pk, roles=[Role.MANAGER], context={"who": user.name},
        )  # fmt: skip
