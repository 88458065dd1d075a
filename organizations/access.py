"""Who may open what: every URL name maps to roles in one registry; whatever is not in it is refused.

Each app has ``url_roles.py`` with its ``URL_ROLES`` next to its views; ``certportal.url_roles`` registers them all when
Django is ready. A test walks the URLconf and fails for a name without an entry and for an entry without a URL.

``SENSITIVE_URLS`` beside it names the acts that need a fresh proof of who acts, ``ASK_FIRST_URLS`` those of them whose
form takes a file or a secret: it is asked for before the form is filled in, since neither can be given back.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

from core.identity import Identity, Kind
from organizations.roles import CLIENT_ROLES, STAFF_ROLES, Role


class Anyone(enum.StrEnum):
    """Audiences that are not roles."""

    SIGNED_OUT = "signed out"
    SIGNED_IN = "signed in"
    ALONE = "signed in without a membership"
    PLATFORM = "platform operator"


Audience = frozenset[str]
PUBLIC: Audience = frozenset({Anyone.SIGNED_OUT})
SIGNED_IN: Audience = frozenset({Anyone.SIGNED_IN})
STAFF: Audience = frozenset(STAFF_ROLES)
CLIENT: Audience = frozenset(CLIENT_ROLES)
#: Staff who act; auditors only read.
ACTING_STAFF: Audience = frozenset({Role.REVIEWER, Role.APPROVER, Role.MANAGER})
PARTIES: Audience = STAFF | CLIENT | {Role.IMPORTER, Role.BROKER}

_registry: dict[str, Audience] = {}
_sensitive: set[str] = set()
_ask_first: set[str] = set()


def register(entries: Mapping[str, Iterable[str]]) -> None:
    """Add URL names with the roles that may open them. Refuses a name that is registered with other roles."""
    for name, roles in entries.items():
        audience = frozenset(str(role) for role in roles)
        if _registry.get(name, audience) != audience:
            raise ValueError(f"URL name {name} is registered twice with different roles")
        _registry[name] = audience


def audience_of(url_name: str) -> Audience | None:
    """Who may open the URL; None where nobody said."""
    return _registry.get(url_name)


def registered_names() -> set[str]:
    """Every URL name that has an entry."""
    return set(_registry)


def register_sensitive(names: Iterable[str], *, ask_first: Iterable[str] = ()) -> None:
    """Add URL names whose acts need a fresh proof. Refuses a name without an entry in the registry of roles."""
    asked, first = set(names), set(ask_first)
    if unknown := (asked | first) - _registry.keys():
        raise ValueError(f"sensitive URL names without roles: {', '.join(sorted(unknown))}")
    _sensitive.update(asked | first)
    _ask_first.update(first)


def is_sensitive(url_name: str) -> bool:
    """Whether an act at this URL needs a fresh proof of who acts."""
    return url_name in _sensitive


def asks_first(url_name: str) -> bool:
    """Whether the proof is asked for before the page is shown to somebody who may act there."""
    return url_name in _ask_first


def sensitive_names() -> set[str]:
    """Every URL name whose acts need a fresh proof."""
    return set(_sensitive)


def may_open(actor: Identity, audience: Audience | None) -> bool:
    """Whether the actor belongs to the audience."""
    if audience is None:
        return False
    if Anyone.SIGNED_OUT in audience:
        return True
    if actor.kind in {Kind.NOBODY, Kind.CHECK}:
        return False
    marks = {Anyone.SIGNED_IN}
    if actor.kind is Kind.PERSON:
        marks.add(Anyone.ALONE)
    if actor.kind is Kind.PLATFORM:
        marks.add(Anyone.PLATFORM)
    return not audience.isdisjoint(marks | actor.roles)
