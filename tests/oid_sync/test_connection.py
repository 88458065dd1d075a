"""The certifier's connection to OID: its manager's, its key never shown, its address never a tenant's to choose."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from core import clock
from core.errors import Conflict, NotPermitted
from core.identity import act_as
from core.models import AuditRow
from core.secrets import decrypt
from oid_sync.domain import links
from oid_sync.models import OidConnection
from organizations.models_changes import GuardedChange
from tests.support.two_managers import agree
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db

PAGE = "/oid/connection/"
KEY = "key-of-nobody-123"


@pytest.fixture(autouse=True)
def _address(settings: object) -> None:
    settings.OID_STORE_URL = "http://oid.invalid"  # type: ignore[attr-defined]


def test_a_manager_stores_a_key_that_is_never_shown_again(world: World) -> None:
    browser = world.browser("manager")
    assert browser.post(PAGE, {"key": f" {KEY} ", "time_limit_seconds": 15}).status_code == 302
    with act_as(world.who("manager")):
        row = OidConnection.objects.get()
        assert decrypt(row.encrypted_key) == KEY.encode()
        trace = AuditRow.objects.get(act="oid.connection")
        assert trace.after == {"connector": "http", "switches": [], "time_limit_seconds": 15, "key_changed": True}
    page = browser.get(PAGE).content.decode()
    assert "http://oid.invalid" in page
    assert KEY not in page


def test_a_blank_key_keeps_the_present_one_and_a_new_one_ends_a_pause(world: World) -> None:
    browser = world.browser("manager")
    browser.post(PAGE, {"key": KEY, "time_limit_seconds": 15})
    with act_as(world.loop()):
        OidConnection.objects.update(paused_until=clock.now(), paused_because="401")
    browser.post(PAGE, {"key": "", "time_limit_seconds": 20})
    with act_as(world.loop()):
        row = OidConnection.objects.get()
    assert (decrypt(row.encrypted_key), row.time_limit_seconds, row.paused_because) == (KEY.encode(), 20, "401")
    browser.post(PAGE, {"key": "another", "time_limit_seconds": 20})
    assert agree(world) == 1
    with act_as(world.loop()):
        assert OidConnection.objects.get().paused_until is None


def test_another_key_connector_or_a_switch_put_off_waits_for_a_second_manager(world: World) -> None:
    browser = world.browser("manager")
    browser.post(PAGE, {"key": KEY, "time_limit_seconds": 15})
    browser.post(PAGE, {"key": "another", "time_limit_seconds": 15})
    with act_as(world.loop()):
        row, change = OidConnection.objects.get(), GuardedChange.objects.get()
        assert decrypt(row.encrypted_key) == KEY.encode()
        assert change.summary == [["key", "stored", "another"]]
    page = browser.get("/organization/changes/").content.decode()
    assert "another one" in page
    assert KEY not in page
    assert agree(world) == 1
    with act_as(world.loop()):
        assert decrypt(OidConnection.objects.get().encrypted_key) == b"another"
        assert bytes(GuardedChange.objects.get().secret) == b""
    for switches, proposed in ((["two_people"], 1), ([], 1), (["two_people"], 0)):
        with act_as(world.who("manager")) as manager:
            links.connect(manager, connector="assisted", switches=switches)
        assert agree(world) == proposed, switches
    with act_as(world.loop()):
        assert OidConnection.objects.get().options == {"two_people": True}


def test_a_proposal_that_the_connection_has_overtaken_is_not_confirmed(world: World) -> None:
    browser = world.browser("manager")
    browser.post(PAGE, {"key": KEY, "time_limit_seconds": 15})
    browser.post(PAGE, {"key": "another", "time_limit_seconds": 15})
    browser.post(PAGE, {"key": "", "time_limit_seconds": 25})
    with pytest.raises(Conflict, match="STALE"):
        agree(world)
    with act_as(world.loop()):
        assert decrypt(OidConnection.objects.get().encrypted_key) == KEY.encode()


def test_postgresql_itself_refuses_another_key_of_one_manager(world: World) -> None:
    world.browser("manager").post(PAGE, {"key": KEY, "time_limit_seconds": 15})
    for change in ({"encrypted_key": b"x"}, {"connector": "assisted"}):
        with pytest.raises(IntegrityError, match="changed by two managers"), act_as(world.who("manager")):
            OidConnection.objects.update(**change)


@pytest.mark.parametrize(
    ("given", "says"),
    [({"key": "", "time_limit_seconds": 10}, "Enter the key"), ({"key": KEY, "time_limit_seconds": 1}, "2"),
     ({"key": KEY, "time_limit_seconds": 500}, "60")],
)  # fmt: skip
def test_what_is_missing_or_out_of_range_is_said_at_its_field(
    world: World, given: dict[str, object], says: str
) -> None:
    answer = world.browser("manager").post(PAGE, given)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    with act_as(world.who("manager")):
        assert not OidConnection.objects.exists()


def test_the_address_is_not_the_certifiers_to_choose(world: World) -> None:
    world.browser("manager").post(
        PAGE,
        {"key": KEY, "time_limit_seconds": 10, "base_url": "http://169.254.169.254", "address": "http://x.invalid"},
    )
    with act_as(world.loop()):
        row = OidConnection.objects.get()
        assert links.address_of(row) == "http://oid.invalid"


@pytest.mark.parametrize("role", ["reviewer", "approver", "auditor"])
def test_other_staff_read_only(world: World, role: str) -> None:
    browser = world.browser(role)
    assert browser.get(PAGE).status_code == 200
    assert browser.post(PAGE, {"key": KEY, "time_limit_seconds": 10}).status_code == 403
    with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
        links.connect(actor, key=KEY, time_limit_seconds=10)


@pytest.mark.parametrize("role", ["signatory", "importer", "broker"])
def test_nobody_else_opens_it_and_certifiers_do_not_see_each_others(world: World, role: str) -> None:
    world.browser("manager").post(PAGE, {"key": KEY, "time_limit_seconds": 33})
    assert world.browser(role).get(PAGE).status_code == 403
    assert "33 seconds" not in make_world(2).browser("manager").get(PAGE).content.decode()
