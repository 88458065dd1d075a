"""The tests' own footing: restricted role, clean database, a world whose rows the policies allow."""

from decimal import Decimal

import pytest

from core.identity import act_as
from core.role_guard import role_faults
from organizations.models import Client
from pvf.models import Balance
from tests.support.world import World, make_world


@pytest.mark.django_db
def test_tests_run_as_the_restricted_role():
    assert role_faults() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_committed_rows_are_gone_for_the_next_test(time: int):
    world = make_world()
    with act_as(world.who("reviewer")):
        assert Client.objects.count() == 1


@pytest.mark.django_db
def test_a_world_has_its_kilograms(world: World):
    with act_as(world.who("signatory")):
        assert Balance.objects.get(line=world.line).available == Decimal("50000.000")


@pytest.mark.django_db
def test_home_sends_staff_to_the_queue(world: World):
    answer = world.browser("reviewer").get("/")
    assert answer.status_code == 302
