"""How the person of a session has proved who they are: by which means, how long ago, and whether that is enough.

django-allauth notes each step of signing in, and each later confirmation, in the session. A session in which somebody
whose roles need a second step has not taken it yet has no organisation: its identity is a mere person's.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from django.conf import settings
from django.http import HttpRequest

from organizations.models import User

_SECOND_STEP = "mfa"
#: A sign-in at the certifier's own provider.
_SIGN_ON = "sign_on"


def _records(request: HttpRequest) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return records


def took_second_step(request: HttpRequest) -> bool:
    """Whether this session has taken the second step, at sign-in or since."""
    return any(record.get("method") == _SECOND_STEP for record in _records(request))


def forget_second_step(request: HttpRequest) -> None:
    """From here on this session has not taken it: what it was taken with is gone."""
    rest = [record for record in _records(request) if record.get("method") != _SECOND_STEP]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = rest


def is_fresh(request: HttpRequest) -> bool:
    """Whether the last proof, a sign-in or a confirmation, is younger than ``PORTAL_REAUTHENTICATION_MINUTES``."""
    last = max((record["at"] for record in _records(request)), default=0)
    return bool(time.time() - last < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def note(request: HttpRequest, user: User, method: str, **what: Any) -> None:
    """Note a proof that has just been given in this session."""
    record_authentication(request, user, method, **what)


def note_sign_on(request: HttpRequest, user: User, *, at: int | None) -> None:
    """Note a sign-in at the certifier's provider; ``at``: when the person gave proof there (Unix time).

    Without that moment it proves who they are and nothing of how long ago: it is never fresh.
    """
    note(request, user, _SIGN_ON)
    records = request.session[AUTHENTICATION_METHODS_SESSION_KEY]
    records[-1]["at"] = min(time.time(), at or 0)
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records


def note_second_step(request: HttpRequest, user: User, **what: Any) -> None:
    """Note that this session has taken the second step."""
    note(request, user, _SECOND_STEP, **what)
