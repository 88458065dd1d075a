"""Single sign-on where nothing but PostgreSQL stands in the way: two managers, and whose rows they are."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models

from core import rows
from core.identity import NOBODY, Identity, Kind, act_as
from core.secrets import encrypt
from organizations.domain import sign_on, two_managers
from organizations.models import Membership
from organizations.models_changes import GuardedChange
from organizations.models_sign_on import SignOnLink, SignOnProvider
from tests.support.two_managers import agree, second_manager
from tests.support.world import PLATFORM, World, make_world

pytestmark = pytest.mark.django_db
AT: dict[str, Any] = {"issuer": "https://login.invented.example", "client_id": "the-portal"}
TERMS: dict[str, Any] = {
    **AT,
    "client_secret": "a secret",
    "name": "Invented ID",
    "required": False,
    "second_step": True,
}
REFUSED = "row-level security|permission denied"
BY_TWO = "changed by two managers"


def propose(world: World, **terms: Any) -> GuardedChange:
    with act_as(world.who("manager")) as manager:
        return sign_on.propose(manager, **{**TERMS, **terms})


@pytest.fixture
def provider(world: World) -> SignOnProvider:
    propose(world)
    assert agree(world) == 1
    with act_as(world.loop()):
        return SignOnProvider.objects.get()


@pytest.fixture
def link(world: World, provider: SignOnProvider) -> SignOnLink:
    row = SignOnLink(certifier=world.certifier, user=world.members["reviewer"].user, subject="person-1", **AT)
    with act_as(world.loop()):
        rows.insert(row)
    return row


def written(actor: Identity, statement: str, *values: Any) -> int:
    with act_as(actor), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def strangers(world: World) -> dict[str, Identity]:
    """Everybody who is not of the certifier's staff, and those of its staff's rivals."""
    other = make_world(2)
    found = {role: world.who(role) for role in ("preparer", "signatory", "viewer", "importer", "broker")}
    found |= {f"other {role}": other.who(role) for role in ("manager", "reviewer", "signatory")}
    alone = Identity(kind=Kind.PERSON, user_id=other.members["manager"].user_id)
    return {**found, "nobody": NOBODY, "platform": PLATFORM, "other loop": other.loop(), "other person": alone}


# --- two managers


def test_one_manager_inserts_no_provider_past_the_domain(world: World) -> None:
    row = SignOnProvider(certifier=world.certifier, name="Mine", encrypted_secret=encrypt(b"a"), **AT)
    with pytest.raises(IntegrityError, match=BY_TWO), act_as(world.who("manager")):
        rows.insert(row)
    row.guarded_change_id = propose(world).pk
    with pytest.raises(IntegrityError, match=BY_TWO), act_as(world.who("manager")):
        rows.insert(row)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("issuer", "https://evil.example"), ("client_id", "another"), ("name", "Another"), ("required", True),
        ("second_step", False), ("encrypted_secret", b"another"),
    ],
)  # fmt: skip
def test_one_manager_changes_no_term_of_it(world: World, provider: SignOnProvider, column: str, value: Any) -> None:
    statement = f"UPDATE organizations_signonprovider SET {column} = %s"  # noqa: S608 - a name of the list above
    with pytest.raises(IntegrityError, match=BY_TWO):
        written(world.who("manager"), statement, value)
    with pytest.raises(IntegrityError, match=BY_TWO):
        written(world.who("reviewer"), statement + ", guarded_change_id = %s", value, uuid.uuid4())


def test_one_manager_stops_it_and_takes_it_up_no_more(world: World, provider: SignOnProvider) -> None:
    manager = world.who("manager")
    assert written(manager, "UPDATE organizations_signonprovider SET enabled = false") == 1
    with pytest.raises(IntegrityError, match=BY_TWO):
        written(manager, "UPDATE organizations_signonprovider SET enabled = true")


def test_a_confirmed_change_is_used_once_and_not_after_a_later_one(world: World, provider: SignOnProvider) -> None:
    first = provider.guarded_change_id
    propose(world, second_step=False)
    agree(world)
    with act_as(world.loop()):
        second = SignOnProvider.objects.get().guarded_change_id
    assert second != first
    for change in (first, second):
        with pytest.raises(IntegrityError, match=BY_TWO):
            written(
                world.who("manager"),
                "UPDATE organizations_signonprovider SET second_step = true, guarded_change_id = %s", change,
            )  # fmt: skip


def test_a_change_of_another_kind_or_certifier_opens_nothing(world: World, provider: SignOnProvider) -> None:
    other = make_world(2)
    foreign = propose(other)
    assert agree(other) == 1
    with act_as(world.who("manager")) as manager:
        rule = two_managers.propose(manager, GuardedChange.Kind.CONNECTION, [("switches", "", "x")])
    for change in (foreign, rule):
        with pytest.raises(IntegrityError, match=BY_TWO):
            written(
                world.who("manager"),
                "UPDATE organizations_signonprovider SET name = 'Mine', guarded_change_id = %s", change.pk,
            )  # fmt: skip


def test_a_provider_goes_to_no_other_certifier(world: World, provider: SignOnProvider) -> None:
    other = make_world(2)
    with pytest.raises(DatabaseError, match="stays with its certifier"):
        written(
            world.loop(), "UPDATE organizations_signonprovider SET certifier_id = %s", other.certifier.pk
        )  # fmt: skip


# --- whose rows they are


def seen(actor: Identity, model: type[models.Model]) -> int:
    with act_as(actor):
        return model._default_manager.count()


def test_nobody_but_the_certifiers_staff_reads_either_table(world: World, link: SignOnLink) -> None:
    for name, actor in strangers(world).items():
        assert (name, seen(actor, SignOnProvider), seen(actor, SignOnLink)) == (name, 0, 0)
    for role in ("reviewer", "approver", "manager", "auditor"):
        assert (seen(world.who(role), SignOnProvider), seen(world.who(role), SignOnLink)) == (1, 1)


def test_a_member_who_chooses_reads_whether_they_must_and_no_links(world: World, link: SignOnLink) -> None:
    member = Identity(kind=Kind.PERSON, user_id=world.members["reviewer"].user_id)
    assert (seen(member, SignOnProvider), seen(member, SignOnLink)) == (1, 0)
    exporter = Identity(kind=Kind.PERSON, user_id=world.members["signatory"].user_id)
    assert seen(exporter, SignOnProvider) == 0


def test_no_stranger_writes_either_table(world: World, link: SignOnLink) -> None:
    for actor in strangers(world).values():
        for statement in (
            "UPDATE organizations_signonprovider SET name = 'Mine'",
            "UPDATE organizations_signonlink SET last_used_at = now()",
            "DELETE FROM organizations_signonlink",
        ):
            assert written(actor, statement) == 0
        # most do not even see that the person is of the certifier: the trigger comes first
        with pytest.raises(DatabaseError, match=f"{REFUSED}|people of the certifier"), act_as(actor):
            rows.insert(
                SignOnLink(certifier=world.certifier, user=world.members["manager"].user, subject="mine", **AT)
            )  # fmt: skip


def test_even_a_manager_links_nobody_and_moves_no_link(world: World, link: SignOnLink) -> None:
    with pytest.raises(DatabaseError, match=REFUSED), act_as(second_manager(world)):
        rows.insert(SignOnLink(certifier=world.certifier, user=world.members["approver"].user, subject="mine", **AT))
    for column, value in (("subject", "mine"), ("user_id", world.members["approver"].user_id)):
        with pytest.raises(DatabaseError, match="permission denied"):
            written(world.loop(), f"UPDATE organizations_signonlink SET {column} = %s", value)  # noqa: S608


def test_only_people_of_the_certifier_are_linked(world: World, provider: SignOnProvider) -> None:
    other = make_world(2)
    left: Membership = world.members["auditor"]
    with act_as(world.loop()):
        Membership.objects.filter(pk=left.pk).update(ended_at=left.created_at)
    for member in (world.members["signatory"], world.members["importer"], other.members["reviewer"], left):
        with pytest.raises(IntegrityError, match="people of the certifier"), act_as(world.loop()):
            rows.insert(SignOnLink(certifier=world.certifier, user_id=member.user_id, subject="x", **AT))
