"""What a session keeps of single sign-on: questions that wait for the provider's answer, and by whom the session was made.

A session that a certifier's provider made acts for that certifier alone, while the provider is in force, and cannot change
how the person signs in elsewhere: the provider vouches to its own certifier and to nobody else.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
import uuid
from typing import Any

from django.contrib.auth import SESSION_KEY as USER_KEY
from django.http import HttpRequest

from organizations.models import Membership
from organizations.models_sign_on import SignOnProvider
from organizations.roles import Role
from organizations.sign_on.protocol import Question, Terms

QUESTIONS, MADE_BY = "sign_on_questions", "sign_on"
#: Questions that wait in one browser, and seconds that they do.
MOST, WAIT = 5, 600
#: Ways of signing in are changed in a session that the person made: what such a session reaches of those pages.
_REACHED = frozenset({
    "account_login", "account_logout", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_index",
    "mfa_activate_totp",
})  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class MadeBy:
    """The provider that made a session; ``multi_factor``: it said that it had asked for a second step."""

    certifier_id: uuid.UUID
    issuer: str
    client_id: str
    multi_factor: bool


def ask(request: HttpRequest, terms: Terms, *, target: str) -> Question:
    """Note a new question to the provider; ``target``: the page afterwards. For somebody whom it signed in it asks anew."""
    now = time.time()
    question = Question(
        secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64), now, is_own(request, terms)
    )
    waiting: dict[str, Any] = request.session.get(QUESTIONS, {})
    fresh = {state: kept for state, kept in waiting.items() if now - kept["started"] < WAIT}
    newest = dict(sorted(fresh.items(), key=lambda item: item[1]["started"])[1 - MOST :])
    kept = {**dataclasses.asdict(question), "certifier": str(terms.certifier_id), "target": target}
    request.session[QUESTIONS] = {**newest, question.state: kept}
    return question


def answered(request: HttpRequest, terms: Terms, state: str) -> tuple[Question, str] | None:
    """The question of that state and the page afterwards, once; None for a state that this browser has no question of."""
    waiting: dict[str, Any] = request.session.get(QUESTIONS, {})
    kept = dict(waiting.pop(state, {}))
    request.session[QUESTIONS] = waiting
    if not kept or time.time() - kept["started"] > WAIT or kept.pop("certifier") != str(terms.certifier_id):
        return None
    target = str(kept.pop("target"))
    return Question(**kept), target


def mark(request: HttpRequest, terms: Terms, *, multi_factor: bool) -> None:
    """From here on the session is one that this provider made."""
    request.session[MADE_BY] = {
        "certifier": str(terms.certifier_id), "issuer": terms.issuer, "client_id": terms.client_id,
        "multi_factor": multi_factor,
    }  # fmt: skip


def made_by(request: HttpRequest) -> MadeBy | None:
    """The provider that made the session; None where the person signed in here."""
    kept = request.session.get(MADE_BY)
    if not kept:
        return None
    return MadeBy(uuid.UUID(kept["certifier"]), kept["issuer"], kept["client_id"], bool(kept["multi_factor"]))


def is_own(request: HttpRequest, terms: Terms) -> bool:
    """Whether somebody is signed in whom this very provider signed in."""
    maker = made_by(request)
    return USER_KEY in request.session and maker is not None and maker.certifier_id == terms.certifier_id


def provider_in_force(maker: MadeBy) -> SignOnProvider | None:
    """The provider that made a session, unless it was stopped or changed since. Needs the person's identity to be set."""
    rows = SignOnProvider.objects.filter(certifier_id=maker.certifier_id, enabled=True)
    return rows.filter(issuer=maker.issuer, client_id=maker.client_id).first()


def within(memberships: list[Membership], maker: MadeBy | None) -> list[Membership]:
    """Those of a person's memberships that a session may act in: all that ask for no provider, or those of its provider."""
    if maker is None:
        return [row for row in memberships if not (provider_is_required(row) and Role.MANAGER not in row.roles)]
    own = (Membership.Side.CERTIFIER, maker.certifier_id)
    return [row for row in memberships if (row.side, row.certifier_id) == own]


def provider_is_required(membership: Membership) -> bool:
    """Whether the certifier lets its staff in by its provider alone (``live_memberships`` has asked)."""
    return bool(getattr(membership, "provider_required", False))


def may_reach(url_name: str) -> bool:
    """Whether a session that a provider made reaches the address: it changes no way in but its own second step."""
    return not url_name.startswith(("account_", "mfa_", "socialaccount_")) or url_name in _REACHED
