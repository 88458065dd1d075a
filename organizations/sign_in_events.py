"""What follows from changes of how a person signs in: marks of the session, other sessions, the audit trail."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.http import HttpRequest

from core import audit
from core.identity import NOBODY, Identity, Kind, act_as
from organizations import proof, sign_on_events
from organizations.domain import second_step, sessions
from organizations.models import User


def _record(request: HttpRequest, act: str, user: User, **what: Any) -> None:
    actor: Identity = getattr(request, "identity", NOBODY)
    # django-allauth tells some of these after the request's transaction, when nobody acts any more
    with act_as(actor):
        audit.record(actor, act, "person", user.pk, after=what)


def added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """A second step that was set up was shown to work: this session has taken it."""
    if authenticator.type in second_step.KINDS:
        proof.note_second_step(request, user, id=authenticator.pk, type=authenticator.type)
    _record(request, "sign_in.second_step_added", user, type=authenticator.type)


def removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Without any second step left no session counts as having taken it: this one starts anew, the others end."""
    _record(request, "sign_in.second_step_removed", user, type=authenticator.type)
    if not second_step.is_set_up(user.pk):
        proof.forget_second_step(request)
        with act_as(Identity(kind=Kind.PERSON, user_id=user.pk)):
            sessions.end_others(request, user)


def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    """A sign-in is on record, with where it came from."""
    _record(request, "sign_in.done", user, second_step=proof.took_second_step(request))
    sign_on_events.note_break_glass(request, user)


def password_is_new(request: HttpRequest, user: User, **_: Any) -> None:
    """Django ends the other sessions itself: their mark no longer fits the password."""
    _record(request, "sign_in.password_changed", user)


def connect() -> None:
    """Bind to django-allauth's signals, once, when Django is ready."""
    authenticator_added.connect(added, dispatch_uid="organizations.second_step_added")
    authenticator_removed.connect(removed, dispatch_uid="organizations.second_step_removed")
    user_logged_in.connect(signed_in, dispatch_uid="organizations.signed_in")
    for name, signal in (("set", password_set), ("changed", password_changed), ("reset", password_reset)):
        signal.connect(password_is_new, dispatch_uid=f"organizations.password_{name}")
