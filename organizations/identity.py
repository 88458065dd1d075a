"""From a signed-in person or an API token to the identity that row policies read."""

from __future__ import annotations

import hashlib
import uuid
from typing import TypedDict

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from core import clock
from core.identity import Identity, Kind
from organizations.models import Membership, SupportSession, User
from organizations.models_sign_on import SignOnProvider
from organizations.roles import Role

SESSION_KEY = "membership_id"
#: Where a platform operator's browser keeps the support session that it reads in.
SUPPORT_KEY = "support_session_id"


class Marks(TypedDict):
    """What every identity of one HTTP request carries: the request's id and the caller's address."""

    request_id: str
    ip: str


_KIND_OF_SIDE = {
    Membership.Side.CERTIFIER: Kind.STAFF,
    Membership.Side.CLIENT: Kind.EXPORTER,
    Membership.Side.IMPORTER: Kind.IMPORTER,
    Membership.Side.BROKER: Kind.BROKER,
}


def identity_of(membership: Membership, *, request_id: str = "", ip: str = "") -> Identity:
    """The identity of a person acting in one membership."""
    return Identity(
        kind=_KIND_OF_SIDE[Membership.Side(membership.side)],
        user_id=membership.user_id,
        certifier_id=membership.certifier_id,
        client_id=membership.client_id,
        operation_id=membership.operation_id,
        broker_id=membership.broker_id,
        membership_id=membership.id,
        roles=frozenset(membership.roles),
        request_id=request_id,
        ip=ip,
    )


def live_memberships(user: User) -> list[Membership]:
    """A person's memberships that have not ended, oldest first. Needs the identity of that person to be set.

    ``provider_required`` of each: whether the certifier lets its staff in by its identity provider alone.
    """
    required = SignOnProvider.objects.filter(certifier_id=OuterRef("certifier_id"), enabled=True, required=True)
    return list(
        Membership.objects.filter(user=user, ended_at=None)
        .annotate(provider_required=Q(side=Membership.Side.CERTIFIER) & Exists(required))
        .select_related("certifier", "client__operation", "client__certifier", "operation", "broker")
        .order_by("created_at", "id")
    )


def identity_without_membership(user: User, *, request_id: str = "", ip: str = "") -> Identity:
    """A signed-in person who acts for no organisation (or the platform operator)."""
    kind = Kind.PLATFORM if user.is_platform_operator else Kind.PERSON
    return Identity(kind=kind, user_id=user.pk, request_id=request_id, ip=ip)


def open_support_session(user: User, session_id: object) -> SupportSession | None:
    """The operator's own support session if it is open. Needs the operator's identity to be set."""
    if not session_id or not user.is_platform_operator:
        return None
    rows = SupportSession.objects.filter(operator=user, ended_at=None, expires_at__gt=clock.now())
    return rows.filter(pk=str(session_id)).select_related("certifier").first()


def support_identity(session: SupportSession, *, request_id: str = "", ip: str = "") -> Identity:
    """A platform operator who reads one certifier's data: what its auditor may open, and nothing may be written."""
    return Identity(
        kind=Kind.SUPPORT,
        user_id=session.operator_id,
        certifier_id=session.certifier_id,
        roles=frozenset({Role.AUDITOR}),
        on_behalf_of=f"support session {session.pk}",
        request_id=request_id,
        ip=ip,
    )


def hash_token(token: str) -> str:
    """What is kept of a token: tokens are 256 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def membership_of_token(token: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """(user id, membership id) of a live API token, found by a SECURITY DEFINER function; None for any other text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id, membership_id FROM organizations_token_owner(%s)", [hash_token(token)])
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None
