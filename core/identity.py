"""Who acts, told to PostgreSQL anew in every transaction.

The identity is set by ``set_config(..., is_local => true)``, so it ends with its transaction and cannot leak over a
pooled connection. Row policies read it; where it was not set, they show nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.db import connection, transaction

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request


class Kind(enum.StrEnum):
    """Kinds of identity that row policies know."""

    NOBODY = "nobody"
    PERSON = "person"
    STAFF = "staff"
    EXPORTER = "exporter"
    IMPORTER = "importer"
    BROKER = "broker"
    LOOP = "loop"
    CHECK = "check"
    SUPPORT = "support"
    PLATFORM = "platform"


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """One actor: a person in one of their memberships, or a background loop of one certifier."""

    kind: Kind = Kind.NOBODY
    user_id: uuid.UUID | None = None
    certifier_id: uuid.UUID | None = None
    client_id: uuid.UUID | None = None
    operation_id: uuid.UUID | None = None
    broker_id: uuid.UUID | None = None
    membership_id: uuid.UUID | None = None
    roles: frozenset[str] = frozenset()
    on_behalf_of: str = ""
    request_id: str = ""
    ip: str = ""

    @classmethod
    def loop(cls, certifier_id: uuid.UUID | None = None) -> Identity:
        """A background loop working for one certifier, or (None) merely listing the certifiers."""
        return cls(kind=Kind.LOOP, certifier_id=certifier_id)

    @property
    def is_staff(self) -> bool:
        """Whether the actor stands on the certifier's side of the desk."""
        return self.kind in {Kind.STAFF, Kind.LOOP, Kind.SUPPORT}

    def has(self, *roles: str) -> bool:
        """Whether the actor holds one of ``roles``; loops hold every role of their certifier."""
        return self.kind is Kind.LOOP or not self.roles.isdisjoint(roles)


NOBODY = Identity()
_current: ContextVar[Identity] = ContextVar("portal_identity", default=NOBODY)

_SET = (
    "SELECT set_config('portal.kind', %s, true), set_config('portal.user_id', %s, true), "
    "set_config('portal.certifier_id', %s, true), set_config('portal.client_id', %s, true), "
    "set_config('portal.operation_id', %s, true), set_config('portal.broker_id', %s, true)"
)


def current() -> Identity:
    """The identity of the transaction under way (NOBODY outside one)."""
    return _current.get()


def actor_of(request: HttpRequest | Request) -> Identity:
    """Who acts in a request of a page or of the API: the middleware has put it there."""
    identity: Identity = request.identity  # type: ignore[union-attr]
    return identity


def settings_of(identity: Identity) -> list[str]:
    """The values of the six ``portal.*`` settings, in the order of the SQL above; empty text for none."""
    return [
        identity.kind.value,
        *(
            str(value) if value else ""
            for value in (
                identity.user_id,
                identity.certifier_id,
                identity.client_id,
                identity.operation_id,
                identity.broker_id,
            )
        ),
    ]


def assume(identity: Identity) -> None:
    """Tell PostgreSQL, for the rest of the present transaction, who acts. Refuses outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("an identity is set inside a transaction only: open transaction.atomic() first")
    _current.set(identity)
    with connection.cursor() as cursor:
        cursor.execute(_SET, settings_of(identity))


@contextlib.contextmanager
def act_as(identity: Identity) -> Iterator[Identity]:
    """A transaction in which ``identity`` acts. Inside another one it becomes a savepoint and gives the identity back."""
    before = _current.get()
    nested = connection.in_atomic_block
    try:
        with transaction.atomic():
            assume(identity)
            yield identity
    finally:
        if nested and not connection.needs_rollback:
            assume(before)
        else:
            _current.set(before)
