"""Everybody who knocks at an address: each role, and each way of having nothing to do with the row behind it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zlib
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client as Browser
from django.test.client import ClientHandler

from core import clock
from core.identity import act_as
from organizations.domain import brokers, second_step
from organizations.identity import identity_of
from organizations.models import Broker, Delegation, Membership, User
from organizations.roles import Role
from tests.access.scene import PASSWORD, Scene
from tests.support import world as world_module
from tests.support.api_keys import key_of
from tests.support.world import EXPORTER, STAFF, TOTP_SECRET, make_member, sign_in, sign_in_user

#: How a person stands to the own exporter's rows.
OWN_STAFF, OWN_EXPORTER, NAMED, GRANTED, GUEST = "own staff", "own exporter", "named importer", "granted", "guest"
RIVAL, OTHER_STAFF, OTHER_EXPORTER = "rival exporter", "other certifier", "other certifier's exporter"
#: A broker whom the exporter and the importer let see certificates, and nothing more.
NARROW = "certificates alone"
ELSEWHERE, OVER, ENDED, ALONE = "importer not named", "grant over", "membership ended", "no membership"
PLATFORM, NOBODY = "platform operator", "signed out"


HANDLER = ClientHandler(enforce_csrf_checks=False)


@dataclasses.dataclass(frozen=True)
class Person:
    """Who knocks: the word of the table for what they are, how they stand to the own rows, and how they come in."""

    name: str
    #: A role, or ``alone``, ``platform``, ``nobody``.
    role: str
    relation: str
    membership: Membership | None = None
    user: User | None = None
    key: str = ""

    def browser(self) -> Browser:
        """Django's test client as this person: signed in, by key, or signed out."""
        # an address of its own: limits count by it
        own: Any = {"REMOTE_ADDR": f"10.9.{zlib.crc32(self.name.encode()) % 250}.{len(self.name)}"}
        browser = Browser(headers={"Authorization": f"Bearer {self.key}"} if self.key else None, **own)
        # one chain of middleware for all: each would look through the static files anew
        browser.handler = HANDLER
        if self.key:
            return browser
        if self.membership is not None:
            sign_in(browser, self.membership)
        elif self.user is not None:
            sign_in_user(browser, self.user)
        return browser


def _grant_over(scene: Scene, name: str, *, revoked: bool) -> Membership:
    """A broker to whom the exporter and the importer granted once: until yesterday, or taken back today."""
    world, today = scene.own.world, clock.now().date()
    with act_as(world_module.PLATFORM):
        broker = Broker.objects.create(name=f"Invented {name}", email=f"desk-{name}@broker.example")
    last = today + dt.timedelta(days=30) if revoked else today - dt.timedelta(days=1)
    for grantor, party in (
        ("signatory", {"certifier": world.certifier, "client": world.client}),
        ("importer", {"operation": world.importer}),
    ):
        with act_as(world.who(grantor)):
            Delegation(
                broker=broker, valid_from=today - dt.timedelta(days=30), valid_until=last,
                revoked_at=clock.now() if revoked else None, **party,
            ).save(force_insert=True)  # fmt: skip
    return make_member(Membership.Side.BROKER, Role.BROKER, f"{name}@broker.example", broker=broker)


def _narrow(scene: Scene) -> Membership:
    """A broker whose grants hold the certificates alone."""
    world, today = scene.own.world, clock.now().date()
    with act_as(world_module.PLATFORM):
        broker = Broker.objects.create(name="Invented Narrow", email="desk-narrow@broker.example")
    for grantor in ("signatory", "importer"):
        with act_as(world.who(grantor)) as actor:
            brokers.grant(actor, broker_id=broker.pk, valid_until=today + dt.timedelta(days=30))
    return make_member(Membership.Side.BROKER, Role.BROKER, "narrow@broker.example", broker=broker)


def _ended(scene: Scene) -> dict[str, Membership]:
    world = scene.own.world
    sides = {
        "approver": (Membership.Side.CERTIFIER, {"certifier": world.certifier}),
        "signatory": (Membership.Side.CLIENT, {"certifier": world.certifier, "client": world.client}),
        "importer": (Membership.Side.IMPORTER, {"operation": world.importer}),
        "broker": (Membership.Side.BROKER, {"broker": world.broker}),
    }
    return {
        role: make_member(side, role, f"gone-{role}@ended.example", **party) for role, (side, party) in sides.items()
    }


def _key(membership: Membership) -> str:
    return key_of(membership, "Access test")[1]


def _members(scene: Scene) -> list[Person]:
    own, rival, other = (holdings.world.members for holdings in (scene.own, scene.rival, scene.other))
    elsewhere = make_member(Membership.Side.IMPORTER, "importer", "desk@elsewhere.example", operation=scene.elsewhere)
    found = [
        *((f"{role}", role, OWN_STAFF, own[role]) for role in STAFF),
        *((f"{role}", role, OWN_EXPORTER, own[role]) for role in EXPORTER),
        ("importer", "importer", NAMED, own["importer"]),
        ("broker", "broker", GRANTED, own["broker"]),
        *((f"rival {role}", role, RIVAL, rival[role]) for role in EXPORTER),
        *((f"other {role}", role, OTHER_STAFF, other[role]) for role in STAFF),
        *((f"other {role}", role, OTHER_EXPORTER, other[role]) for role in EXPORTER),
        ("other broker", "broker", OTHER_EXPORTER, other["broker"]),
        ("elsewhere importer", "importer", ELSEWHERE, elsewhere),
        ("narrow broker", "broker", NARROW, _narrow(scene)),
        ("expired broker", "broker", OVER, _grant_over(scene, "expired", revoked=False)),
        ("revoked broker", "broker", OVER, _grant_over(scene, "revoked", revoked=True)),
    ]
    return [Person(name, role, relation, membership) for name, role, relation, membership in found]


def everybody(scene: Scene) -> list[Person]:
    """All who come by the browser, then all who come by a key of the API."""
    members, ended = _members(scene), _ended(scene)
    keys = [
        dataclasses.replace(one, name=f"{one.name} by key", key=_key(one.membership))
        for one in members
        if one.membership
    ]
    operator = User.objects.create_user("operator@portal.example", PASSWORD, name="Op", is_platform_operator=True)
    gone = []
    for role, row in ended.items():
        gone += [
            Person(f"ended {role}", "alone", ENDED, None, row.user),
            Person(f"ended {role} by key", "nobody", ENDED, row, key=_key(row)),
        ]
        # its own kind of member may end it; that this is so is not what is tested here
        with act_as(identity_of(row)):
            assert Membership.objects.filter(pk=row.pk).update(ended_at=clock.now()) == 1
    needing = [one.membership.user for one in members if one.membership and one.role in second_step.ROLES]
    for user in (*needing, operator):  # only so do they get where their rights are asked
        TOTP.activate(user, TOTP_SECRET)
    return [
        *members,
        *gone,
        Person("guest", "alone", GUEST, None, scene.guest),
        Person("alone", "alone", ALONE, None, User.objects.create_user("alone@portal.example", PASSWORD, name="Alone")),
        Person("platform operator", "platform", PLATFORM, None, operator),
        Person("signed out", "nobody", NOBODY),
        *keys,
        Person("unknown key", "nobody", NOBODY, key="no such key"),
    ]
