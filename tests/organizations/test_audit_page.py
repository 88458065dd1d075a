"""The audit trail as people read it, and the erasure of a person from it."""

from __future__ import annotations

import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core import audit, audit_seal
from core.errors import Conflict, NotPermitted, NotVisible
from core.identity import act_as
from core.models import AuditRow
from organizations.domain import memberships
from organizations.domain.erasure import erase_person
from organizations.models import User
from tests.support.world import PLATFORM, World, make_world

pytestmark = pytest.mark.django_db

PAGE = "/organization/audit/"


def act(world: World, role: str = "manager", name: str = "thing.changed", **after: object) -> None:
    with act_as(world.who(role)) as actor:
        audit.record(actor, name, "thing", f"of-{role}", before={"kg": "1.000"}, after={"kg": "2.000", **after})


def test_auditor_and_manager_read_who_did_what_with_what_changed(world: World) -> None:
    act(world, email="somebody@invented.example")
    for role in ("auditor", "manager"):
        page = world.browser(role).get(PAGE).content.decode()
        assert "thing.changed" in page
        assert "1.000 → 2.000" in page
        assert "somebody@invented.example" in page
        assert str(world.members["manager"].user) in page


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("?act=thing.changed", {"of-manager", "of-approver"}), ("?act=no.such", set()),
        ("?object=of-approver", {"of-approver"}),
        ("?who={approver}", {"of-approver"}), ("?who=nonsense", set()), ("?first=2020-01-01", {"of-manager", "of-approver"}),
        ("?last=2020-01-01", set()), ("?first=2020-99-99", set()),
    ],
)  # fmt: skip
def test_it_is_narrowed_by_person_act_object_and_day(world: World, asked: str, seen: set[str]) -> None:
    act(world)
    act(world, "approver")
    answer = world.browser("auditor").get(PAGE + asked.format(approver=world.who("approver").user_id))
    assert answer.status_code == 200
    assert {entry["row"].object_id for entry in answer.context["entries"]} & {"of-manager", "of-approver"} == seen


@pytest.mark.parametrize("role", ["reviewer", "approver", "signatory", "preparer", "viewer", "importer", "broker"])
def test_nobody_else_opens_it(world: World, role: str) -> None:
    assert world.browser(role).get(PAGE).status_code == 403


def test_another_certifier_reads_nothing_of_it(world: World) -> None:
    act(world)
    page = make_world(2).browser("auditor").get(f"{PAGE}?act=thing.changed")
    assert list(page.context["entries"]) == []


def test_a_person_is_erased_and_the_chain_still_holds(world: World) -> None:
    other = world.members["reviewer"]
    person = world.members["approver"]
    email = person.user.email
    with act_as(world.who("approver")) as actor:
        audit.record(actor, "thing.changed", "thing", "x")
        AuditRow.objects.filter(object_id="x")
    act(world, email=email)
    audit_seal.seal_all(world.certifier.pk)
    with act_as(PLATFORM) as operator, pytest.raises(Conflict, match="HAS-MEMBERSHIPS"):
        erase_person(operator, person.user_id)
    with act_as(world.who("manager")) as manager:
        memberships.end(manager, person.pk)
    with act_as(PLATFORM) as operator:
        assert erase_person(operator, person.user_id) >= 2
        assert erase_person(operator, person.user_id) == 0
    gone = User.objects.get(pk=person.user_id)
    assert (gone.name, gone.is_active, gone.has_usable_password()) == ("Erased person", False, False)
    assert email not in gone.email
    audit_seal.seal_all(world.certifier.pk)
    assert audit_seal.verify(world.certifier.pk).faults == []
    page = world.browser("auditor").get(PAGE).content.decode()
    assert email not in page
    with act_as(world.loop()):
        assert AuditRow.objects.get(object_id="x").actor_id == person.user_id
        assert not AuditRow.objects.filter(personal__contains={"after.email": email}).exists()
    assert User.objects.get(pk=other.user_id).is_active


def test_only_the_operator_erases(world: World) -> None:
    for role in ("manager", "signatory"):
        with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
            erase_person(actor, world.members["viewer"].user_id)
    with act_as(PLATFORM) as operator, pytest.raises(NotVisible):
        erase_person(operator, uuid.uuid4())


def test_the_commands_say_what_they_did(world: World) -> None:
    act(world)
    audit_seal.seal_all(world.certifier.pk)
    said = StringIO()
    call_command("audit_status", stdout=said, json=True)
    call_command("verify_audit", stdout=said)
    assert "the chain holds" in said.getvalue()
    assert '"unsealed_seconds": 0.0' in said.getvalue()
    with pytest.raises(CommandError, match="no certifier"):
        call_command("verify_audit", certifier="nobody")
    with pytest.raises(CommandError, match="Nobody has the address"):
        call_command("erase_person", "nobody@invented.example")
