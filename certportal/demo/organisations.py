"""The demo's certifiers, directory, clients, people, broker, and their keys for the API."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import secrets
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from core import clock
from core.identity import Identity, Kind, act_as
from organizations.domain import second_step
from organizations.domain.parties import Party
from organizations.grant_scopes import OF_IMPORTER
from organizations.identity import hash_token, identity_of
from organizations.models import (
    ApiToken,
    Broker,
    Certifier,
    Client,
    Delegation,
    Membership,
    Operation,
    User,
)

from . import cast, sign_in

OPERATIONS = Path(__file__).with_name("operations.json")
TOKEN_NAME = "demo"  # noqa: S105 - the name of a key, not a key
PLATFORM = Identity(kind=Kind.PLATFORM)


@dataclasses.dataclass
class Cast:
    """The rows of the demo's cast; ``members`` by e-mail address."""

    certifiers: dict[str, Certifier]
    clients: dict[str, Client]
    broker: Broker
    members: dict[str, Membership]

    def who(self, email: str) -> Identity:
        """The identity of a demo person."""
        return identity_of(self.members[email])


def directory() -> None:
    """The operations of the demo's directory, as OID's data of today would give them."""
    today = clock.now().date()
    for entry in json.loads(OPERATIONS.read_text(encoding="utf-8")):
        values = {**entry, "directory_date": today}
        with act_as(PLATFORM):
            Operation.objects.update_or_create(nop_id=values.pop("nop_id"), defaults=values)


def certifiers() -> dict[str, Certifier]:
    """The certifying agents by slug."""
    found = {}
    for role in cast.CERTIFIERS:
        values = {field: value for field, value in dataclasses.asdict(role).items() if field != "slug"}
        with act_as(PLATFORM):
            found[role.slug], _ = Certifier.objects.get_or_create(slug=role.slug, defaults=values)
    return found


def clients(by_slug: dict[str, Certifier]) -> dict[str, Client]:
    """The exporters by key."""
    found = {}
    for role in cast.CLIENTS:
        certifier = by_slug[role.certifier]
        operation = Operation.objects.get(nop_id=role.nop_id)
        with act_as(Identity.loop(certifier.pk)):
            found[role.key], _ = Client.objects.get_or_create(
                certifier=certifier, operation=operation, defaults={"contact_email": operation.email}
            )
    return found


def person(email: str, name: str, *, language: str = "en", platform: bool = False) -> User:
    """Somebody with the demo's password and a confirmed address."""
    user, made = User.objects.get_or_create(
        email=email, defaults={"name": name, "language": language, "is_platform_operator": platform}
    )
    if made:
        user.password = make_password(cast.PASSWORD)
        user.save(update_fields=["password"])
    EmailAddress.objects.get_or_create(user=user, email=email, defaults={"primary": True, "verified": True})
    return user


def _second_steps(members: dict[str, Membership], operator: User) -> None:
    """An authenticator for everybody whose role needs one."""
    for membership in members.values():
        if second_step.is_needed(membership.user, [membership]):
            sign_in.give_second_step(membership.user)
    sign_in.give_second_step(operator)


def _party(
    who: cast.Person, by_slug: dict[str, Certifier], by_key: dict[str, Client], broker: Broker
) -> dict[str, Any]:
    if who.side == cast.Side.CERTIFIER:
        return {"certifier": by_slug[who.party]}
    if who.side == cast.Side.CLIENT:
        return {"certifier": by_key[who.party].certifier, "client": by_key[who.party]}
    if who.side == cast.Side.IMPORTER:
        return {"operation": Operation.objects.get(nop_id=who.party)}
    return {"broker": broker}


def everybody() -> Cast:
    """Make the whole cast, or find it."""
    directory()
    by_slug = certifiers()
    by_key = clients(by_slug)
    with act_as(PLATFORM):
        broker, _ = Broker.objects.get_or_create(name=cast.BROKER_NAME, defaults={"email": cast.BROKER_EMAIL})
    operator = person(cast.PLATFORM_EMAIL, "Olga Operator", platform=True)
    members = {}
    for who in cast.PEOPLE:
        user = person(who.email, who.name, language=who.language)
        places = _party(who, by_slug, by_key, broker)
        host = Party(who.side, **{f"{name}_id": row.pk for name, row in places.items()}).host(None)
        with act_as(host):
            # with what its organisation's name is made of: a second run finds the row instead of making it
            found = Membership.objects.select_related("user", "certifier", "client__operation", "client__certifier")
            members[who.email], _ = found.select_related("operation", "broker").get_or_create(
                user=user, side=who.side, ended_at=None, **places,
                defaults={"roles": [who.role], "proof": "demo"},
            )  # fmt: skip
    _delegate(members, broker)
    _second_steps(members, operator)
    return Cast(by_slug, by_key, broker, members)


def _delegate(members: dict[str, Membership], broker: Broker) -> None:
    """The first importer lets the broker see its certificates and confirm receipts for a year."""
    importer = identity_of(members["importer@harborgreen.example"])
    today = clock.now().date()
    with act_as(importer):
        if not Delegation.objects.filter(broker=broker, operation_id=importer.operation_id, revoked_at=None).exists():
            Delegation(
                broker=broker, operation_id=importer.operation_id, granted_by=importer.user_id,
                grantor_name=Operation.objects.get(pk=importer.operation_id).name, scopes=list(OF_IMPORTER),
                valid_from=today - dt.timedelta(days=1), valid_until=today + dt.timedelta(days=365),
            ).save(force_insert=True)  # fmt: skip


def new_tokens(everyone: Cast) -> dict[str, str]:
    """A fresh API key for every demo person (older demo keys are revoked); returned by e-mail address."""
    tokens = {}
    for email, membership in everyone.members.items():
        token = secrets.token_urlsafe(32)
        with act_as(Identity(kind=Kind.PERSON, user_id=membership.user_id)):
            ApiToken.objects.filter(name=TOKEN_NAME, membership=membership, revoked_at=None).update(
                revoked_at=clock.now()
            )
            ApiToken(
                membership=membership, user=membership.user, name=TOKEN_NAME, prefix=token[:8],
                token_sha256=hash_token(token), expires_at=clock.now() + dt.timedelta(days=365),
            ).save(force_insert=True)  # fmt: skip
        tokens[email] = token
    return tokens
