"""Who has access to a certifier, to what, since when: the list that its manager looks through and confirms."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from core import audit, clock
from core.audit import plain
from core.errors import Conflict, NotPermitted
from core.identity import Identity
from organizations.domain import second_step
from organizations.domain.certifiers import own_certifier
from organizations.grant_scopes import GrantScope
from organizations.models import AccessReview, ApiToken, Delegation, Invitation, Membership
from organizations.roles import Role


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One membership: of the certifier's staff (``exporter`` is empty) or of one of its clients."""

    name: str
    email: str
    exporter: str
    roles: tuple[str, ...]
    since: dt.datetime
    last_sign_in: dt.datetime | None
    second_step: bool
    second_step_needed: bool
    active: bool
    keys: int
    key_last_used: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was invited and is not here yet.

    ``organization`` is empty for the certifier's staff and for an importer's contact, who is invited to one certificate.
    """

    email: str
    organization: str
    one_certificate: bool
    roles: tuple[str, ...]
    since: dt.datetime
    until: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Grant:
    """A broker that acts for an exporter, and what it may do."""

    broker: str
    exporter: str
    scopes: tuple[str, ...]
    since: dt.date
    until: dt.date

    @property
    def allowed(self) -> str:
        """What it may do, in words of the reader's language."""
        return ", ".join(str(GrantScope(name).label) for name in self.scopes)


@dataclasses.dataclass(frozen=True, slots=True)
class Access:
    """The whole list, and the fingerprint of what it says; times of sign-in and use do not count in it."""

    members: list[Member]
    invited: list[Invited]
    grants: list[Grant]

    @property
    def figures(self) -> dict[str, int]:
        """How much of what is on the list."""
        return {
            "members": len(self.members),
            "without_second_step": sum(row.second_step_needed and not row.second_step for row in self.members),
            "keys": sum(row.keys for row in self.members),
            "invited": len(self.invited),
            "grants": len(self.grants),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of who has what; the same list gives the same."""
        passing = {"last_sign_in", "key_last_used"}
        rows = [
            {name: value for name, value in dataclasses.asdict(row).items() if name not in passing}
            for group in (self.members, self.invited, self.grants)
            for row in group
        ]
        return hashlib.sha256(json.dumps(plain(rows), sort_keys=True).encode()).hexdigest()


def access_now(actor: Identity) -> Access:
    """Everybody with access to the actor's certifier or to one of its clients. For managers and auditors.

    Raises ``NotPermitted`` for everybody else.
    """
    certifier_id = own_certifier(actor)
    if not actor.has(Role.MANAGER, Role.AUDITOR):
        raise NotPermitted("REVIEW-MANAGER", _("Only managers and auditors see who has access."))
    return Access(_members(certifier_id), _invited(certifier_id), _grants(certifier_id))


def _exporter(row: Membership | Delegation) -> str:
    return row.client.operation.name if row.client else ""


def _members(certifier_id: uuid.UUID) -> list[Member]:
    rows = (
        Membership.objects.filter(certifier_id=certifier_id, ended_at=None)
        .select_related("user", "client__operation")
        .order_by("side", "client__operation__name", "user__name", "pk")
    )
    members = list(rows)
    with_step = second_step.with_second_step({row.user_id for row in members})
    live = Q(revoked_at=None, expires_at__gt=clock.now(), membership__in=[row.pk for row in members])
    keys: dict[uuid.UUID, dict[str, Any]] = {
        found["membership_id"]: dict(found)
        for found in ApiToken.objects.filter(live)
        .values("membership_id")
        .annotate(count=Count("pk"), last=Max("last_used_at"))
    }
    none: dict[str, Any] = {"count": 0, "last": None}
    return [
        Member(
            name=row.user.name, email=row.user.email, exporter=_exporter(row), roles=tuple(row.roles),
            since=row.created_at, last_sign_in=row.user.last_login, second_step=row.user_id in with_step,
            second_step_needed=second_step.is_needed(row.user, [row]), active=row.user.is_active,
            keys=keys.get(row.pk, none)["count"], key_last_used=keys.get(row.pk, none)["last"],
        )
        for row in members
    ]  # fmt: skip


def _invited(certifier_id: uuid.UUID) -> list[Invited]:
    rows = Invitation.objects.filter(
        certifier_id=certifier_id, accepted_at=None, revoked_at=None, expires_at__gt=clock.now()
    ).select_related("client__operation", "operation")
    return [
        Invited(
            email=row.email, organization=str(row.client.operation if row.client else row.operation or ""),
            one_certificate=row.certificate_id is not None, roles=tuple(row.roles), since=row.created_at,
            until=row.expires_at,
        )
        for row in rows.order_by("email", "pk")
    ]  # fmt: skip


def _grants(certifier_id: uuid.UUID) -> list[Grant]:
    rows = Delegation.objects.filter(
        certifier_id=certifier_id, revoked_at=None, valid_until__gte=clock.now().date()
    ).select_related("broker", "client__operation")
    return [
        Grant(row.broker.name, _exporter(row), tuple(row.scopes), row.valid_from, row.valid_until)
        for row in rows.order_by("broker__name", "client__operation__name", "pk")
    ]


def reviews(actor: Identity) -> Iterable[AccessReview]:
    """The last confirmations of the actor's certifier, newest first."""
    return AccessReview.objects.filter(certifier_id=own_certifier(actor)).order_by("-reviewed_at")[:10]


def confirm(actor: Identity, *, digest: str, note: str = "") -> AccessReview:
    """Keep that the manager has looked through the list with this fingerprint.

    Raises ``NotPermitted`` for anybody but a manager, ``Conflict`` STALE where the list has changed since it was shown.
    """
    access = access_now(actor)
    if not actor.has(Role.MANAGER) or actor.user_id is None:
        raise NotPermitted("REVIEW-MANAGER", _("Only a manager may confirm the access review."))
    if access.digest != digest:
        raise Conflict("STALE", _("The list has changed since you opened it. Look at it again."))
    row = AccessReview(
        certifier_id=own_certifier(actor), figures=access.figures, digest=digest, note=note.strip()[:500],
        reviewed_by=actor.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(actor, "people.access_reviewed", "access_review", row.pk, after={**access.figures, "digest": digest})
    return row
