"""What would weaken the certifier's own controls is proposed by one manager and put in force by another."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection

from core import clock
from core.errors import Conflict, NotPermitted, NotVisible
from core.identity import Identity, act_as
from core.models import AuditRow, Notification
from organizations.domain import certifiers, memberships, two_managers
from organizations.models import CertifierSettings
from organizations.models_changes import GuardedChange
from organizations.rules import change_rules, rules_of
from tests.support.two_managers import agree, second_manager
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db

PAGE = "/organization/changes/"
State = GuardedChange.State


def propose(world: World, changes: dict[str, Any] | None = None) -> GuardedChange:
    """The manager switches four eyes off, or whatever else."""
    with act_as(world.who("manager")) as manager:
        made = certifiers.change_settings(manager, changes or {"four_eyes": False}, expected_version=0)
    assert made.proposed is not None
    return made.proposed


def rules(world: World) -> Any:
    with act_as(world.loop()):
        return rules_of(world.certifier.pk)


def test_four_eyes_stay_on_until_a_second_manager_agrees(world: World) -> None:
    change = propose(world)
    assert rules(world).four_eyes is True
    with act_as(second_manager(world)) as other:
        two_managers.confirm(other, change.pk)
    assert rules(world).four_eyes is False
    with act_as(world.loop()):
        row = CertifierSettings.objects.get()
        assert (row.guarded_change_id, row.created_by) == (change.pk, other.user_id)
        acts = AuditRow.objects.filter(object_id=str(change.pk)).order_by("at").values_list("act", "actor_id")
        assert list(acts) == [("change.proposed", change.proposed_by), ("change.confirmed", other.user_id)]
        assert list(Notification.objects.order_by("created_at").values_list("topic", flat=True)) == [
            "change.proposed", "change.decided",
        ]  # fmt: skip


def test_the_proposer_cannot_confirm_and_may_withdraw(world: World) -> None:
    change = propose(world)
    with act_as(world.who("manager")) as manager:
        with pytest.raises(NotPermitted, match="SECOND-MANAGER"):
            two_managers.confirm(manager, change.pk)
        assert two_managers.turn_down(manager, change.pk).state == State.WITHDRAWN
        assert two_managers.turn_down(manager, change.pk).state == State.WITHDRAWN
    with act_as(second_manager(world)) as other, pytest.raises(Conflict, match="CHANGE-ENDED"):
        two_managers.confirm(other, change.pk)
    assert rules(world).four_eyes is True


def test_confirming_twice_is_one_change_and_refusing_one_ends_it(world: World) -> None:
    first = propose(world)
    with act_as(second_manager(world)) as other:
        two_managers.confirm(other, first.pk)
        assert two_managers.confirm(other, first.pk).state == State.CONFIRMED
        assert CertifierSettings.objects.count() == 1
    with act_as(world.who("manager")) as manager:
        made = certifiers.change_settings(manager, {"overdue_actuals_fail": True}, expected_version=1)
    assert made.proposed is not None
    with act_as(other):
        assert two_managers.turn_down(other, made.proposed.pk).state == State.REFUSED
    assert rules(world).overdue_actuals_fail is False


@pytest.mark.parametrize("name", ["past_pvf_end_fails", "overdue_actuals_fail", "number_nop_mismatch_fails"])
def test_levels_of_checks_and_the_form_of_numbers_take_two_in_both_directions(world: World, name: str) -> None:
    propose(world, {name: True})
    assert getattr(rules(world), name) is False
    assert agree(world) == 1
    assert getattr(rules(world), name) is True
    with act_as(world.who("manager")) as manager:
        assert certifiers.change_settings(manager, {name: False}, expected_version=1).proposed is not None
    assert getattr(rules(world), name) is True


def test_other_rules_and_switching_four_eyes_on_take_one(world: World) -> None:
    propose(world)
    agree(world)
    with act_as(world.who("manager")) as manager:
        made = certifiers.change_settings(manager, {"four_eyes": True, "hard_limit_days": 20}, expected_version=1)
    assert made.proposed is None
    assert (rules(world).four_eyes, rules(world).hard_limit_days) == (True, 20)


def test_what_takes_one_is_in_force_at_once_beside_what_waits(world: World) -> None:
    propose(world, {"four_eyes": False, "hard_limit_days": 20})
    assert (rules(world).four_eyes, rules(world).hard_limit_days) == (True, 20)
    assert agree(world) == 1
    assert (rules(world).four_eyes, rules(world).hard_limit_days) == (False, 20)


def test_one_change_of_a_kind_waits_at_a_time(world: World) -> None:
    propose(world)
    with act_as(world.who("manager")) as manager, pytest.raises(Conflict, match="CHANGE-WAITS"):
        certifiers.change_settings(manager, {"overdue_actuals_fail": True}, expected_version=0)


def test_a_proposal_that_the_rules_have_overtaken_is_not_confirmed(world: World) -> None:
    propose(world, {"overdue_actuals_fail": True})
    with act_as(world.loop()):
        change_rules(world.certifier.pk, {"overdue_actuals_fail": True}, None)
    with pytest.raises(Conflict, match="STALE"):
        agree(world)
    with act_as(world.loop()):
        assert GuardedChange.objects.get().state == State.WAITING


def test_an_old_proposal_and_one_of_a_manager_who_has_left_are_not_confirmed(world: World) -> None:
    change = propose(world)
    other = second_manager(world)
    with act_as(other):
        memberships.end(other, world.members["manager"].pk)
        with pytest.raises(Conflict, match="PROPOSER-LEFT"):
            two_managers.confirm(other, change.pk)
        two_managers.turn_down(other, change.pk)
        made = certifiers.change_settings(other, {"four_eyes": False}, expected_version=0)
    assert made.proposed is not None
    third = make_world(2)
    with act_as(third.who("manager")), pytest.raises(NotVisible):
        two_managers.confirm(third.who("manager"), made.proposed.pk)


def test_a_proposal_ends_after_two_weeks(world: World, time_machine: Any) -> None:
    change = propose(world)
    time_machine.move_to(clock.now() + two_managers.LASTS + dt.timedelta(minutes=1))
    with act_as(second_manager(world)) as other, pytest.raises(Conflict, match="CHANGE-EXPIRED"):
        two_managers.confirm(other, change.pk)


@pytest.mark.parametrize("role", ["reviewer", "approver", "auditor"])
def test_other_staff_read_and_decide_nothing(world: World, role: str) -> None:
    change = propose(world)
    browser = world.browser(role)
    assert browser.get(PAGE).status_code == 200
    assert browser.post(f"{PAGE}{change.pk}/", {"act": "confirm"}).status_code == 403
    with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
        two_managers.confirm(actor, change.pk)


@pytest.mark.parametrize("role", ["signatory", "preparer", "viewer", "importer", "broker"])
def test_nobody_else_opens_the_page(world: World, role: str) -> None:
    change = propose(world)
    assert world.browser(role).get(PAGE).status_code == 403
    assert world.browser(role).post(f"{PAGE}{change.pk}/", {"act": "confirm"}).status_code == 403
    with act_as(world.who(role)):
        assert not GuardedChange.objects.exists()


def test_another_certifiers_manager_sees_and_confirms_nothing(world: World) -> None:
    change = propose(world)
    stranger = make_world(2)
    assert "four eyes" not in stranger.browser("manager").get(PAGE).content.decode().lower().split("<h2>", 1)[1]
    assert stranger.browser("manager").post(f"{PAGE}{change.pk}/", {"act": "confirm"}).status_code == 404
    with act_as(stranger.who("manager")):
        assert not GuardedChange.objects.exists()


def test_the_pages_take_a_change_from_one_manager_to_the_other(world: World) -> None:
    first = world.browser("manager")
    page = first.get("/organization/settings/")
    given = {
        name: "\n".join(value) if isinstance(value, (list, tuple)) else value
        for name, value in page.context["form"].initial.items()
        if value is not False and value is not None
    }
    del given["four_eyes"]
    assert first.post("/organization/settings/", given).status_code == 302
    shown = first.get(PAGE).content.decode()
    assert "another manager must confirm it" in shown
    assert 'value="confirm"' not in shown
    assert "waits for a second manager" in first.get("/organization/settings/").content.decode()
    second_manager(world)
    other = world.browser("manager2")
    assert 'value="confirm"' in other.get(PAGE).content.decode()
    with act_as(world.loop()):
        change = GuardedChange.objects.get()
    assert first.post(f"{PAGE}{change.pk}/", {"act": "confirm"}, follow=True).status_code == 200
    assert rules(world).four_eyes is True
    assert other.post(f"{PAGE}{change.pk}/", {"act": "confirm"}).status_code == 302
    assert rules(world).four_eyes is False
    assert "No change waits" in other.get(PAGE).content.decode()


def staff_writes(actor: Identity, statement: str, values: list[Any]) -> None:
    with act_as(actor), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_postgresql_itself_refuses_four_eyes_switched_off_by_one(world: World) -> None:
    manager = world.who("manager")
    with pytest.raises(IntegrityError, match="changed by two managers"), act_as(manager):
        change_rules(world.certifier.pk, {"four_eyes": False}, manager.user_id)
    propose(world)
    agree(world)
    with act_as(world.loop()):
        change = GuardedChange.objects.get()
    with act_as(manager):
        change_rules(world.certifier.pk, {"four_eyes": True}, manager.user_id)
    # a change that was used once does not open the door a second time
    with pytest.raises(IntegrityError, match="changed by two managers"), act_as(manager):
        change_rules(world.certifier.pk, {"four_eyes": False}, manager.user_id, guarded_change_id=change.pk)


def test_postgresql_itself_refuses_a_change_confirmed_by_its_proposer(world: World) -> None:
    change = propose(world)
    with pytest.raises(IntegrityError, match="change_by_two_managers"):
        staff_writes(
            world.who("manager"),
            "UPDATE organizations_guardedchange SET state = 'confirmed', decided_by = %s WHERE id = %s",
            [world.who("manager").user_id, change.pk],
        )


def test_postgresql_itself_refuses_a_change_in_another_persons_name(world: World) -> None:
    change, other = propose(world), second_manager(world)
    values = [other.user_id, change.pk]
    confirmed = "UPDATE organizations_guardedchange SET state = 'confirmed', decided_by = %s WHERE id = %s"
    with pytest.raises(IntegrityError, match="by the person who acts"):
        staff_writes(world.who("manager"), confirmed, values)
    forged = GuardedChange(
        certifier=world.certifier, kind=GuardedChange.Kind.CONNECTION, summary=[], proposed_by=other.user_id,
        expires_at=clock.now(),
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="by the person who acts"), act_as(world.who("manager")):
        forged.save(force_insert=True)
    staff_writes(other, confirmed, values)
    with pytest.raises(IntegrityError, match="by the person who acts"):
        staff_writes(other, "UPDATE organizations_guardedchange SET state = 'waiting' WHERE id = %s", [change.pk])


@pytest.mark.parametrize("column", ["summary = '[]'", "payload = '{}'", "proposed_by = gen_random_uuid()"])
def test_what_was_proposed_cannot_be_changed_behind_the_second_managers_back(world: World, column: str) -> None:
    change = propose(world)
    with pytest.raises(Exception, match="permission denied"):
        staff_writes(
            world.who("manager"),
            f"UPDATE organizations_guardedchange SET {column} WHERE id = %s",  # noqa: S608
            [change.pk],
        )


def test_the_portals_own_loops_are_no_managers(world: World) -> None:
    change = propose(world)
    with act_as(world.loop()) as loop, pytest.raises(NotPermitted):
        two_managers.confirm(loop, change.pk)
    with act_as(world.who("manager")) as manager, pytest.raises(NotVisible):
        two_managers.confirm(manager, uuid.uuid4())
