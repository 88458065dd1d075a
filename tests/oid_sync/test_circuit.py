"""The circuit breaker: calls rest when OID fails again and again, people are told once, and it ends by itself."""

from __future__ import annotations

import datetime as dt

import pytest
from pytest_django import Settings

from core import clock
from core.identity import act_as
from core.models import AuditRow, Notification
from core.topics import render
from oid_sync import tasks
from oid_sync.connectors.base import Unavailable, Unknown
from oid_sync.domain import calls, circuit, links
from oid_sync.models import CallState, Circuit, OidCall, OidConnection
from oid_sync.reasons import Reason
from tests.oid_sync.toy_connector import kind as toy
from tests.support import stages
from tests.support.world import World, make_client, make_world

pytestmark = pytest.mark.django_db
LEASE = dt.timedelta(seconds=14)


@pytest.fixture(autouse=True)
def _toy(settings: Settings) -> None:
    settings.OID_CONNECTORS = [*settings.OID_CONNECTORS, "tests.oid_sync.toy_connector"]
    settings.OID_CIRCUIT_FAILURES, settings.OID_CIRCUIT_SECONDS = 3, 10
    toy.REGISTER.__init__()  # type: ignore[misc]


@pytest.fixture
def connected(world: World) -> World:
    with act_as(world.who("manager")) as manager:
        links.connect(manager, connector="toy")
    return world


def link(world: World) -> OidConnection:
    with act_as(world.loop()):
        return OidConnection.objects.get(certifier=world.certifier)


def fail(world: World, times: int = 1) -> OidConnection:
    with act_as(world.loop()) as loop:
        for _time in range(times):
            circuit.failed(loop, world.certifier.pk, Reason.TIME_OUT)
    return link(world)


def rest_is_over(world: World) -> None:
    with act_as(world.loop()):
        OidConnection.objects.update(circuit_until=clock.now() - dt.timedelta(seconds=1))


def may_send(world: World) -> bool:
    with act_as(world.loop()):
        return circuit.may_send(OidConnection.objects.filter(certifier=world.certifier).first(), LEASE)


def test_calls_rest_after_failures_in_a_row_and_not_before(connected: World) -> None:
    assert fail(connected, 2).circuit == Circuit.CLOSED
    assert may_send(connected)
    assert fail(connected).circuit == Circuit.OPEN
    assert not may_send(connected)
    with act_as(connected.loop()):
        assert calls.due(connected.certifier.pk) == []


def test_an_answer_between_ends_the_count(connected: World) -> None:
    fail(connected, 2)
    with act_as(connected.loop()) as loop:
        circuit.answered(loop, connected.certifier.pk)
    assert fail(connected, 2).circuit == Circuit.CLOSED


def test_one_call_tries_after_the_rest_and_a_further_failure_makes_the_rest_longer(connected: World) -> None:
    fail(connected, 3)
    rests = []
    for _time in range(9):
        rest_is_over(connected)
        assert may_send(connected)
        assert not may_send(connected)
        before = clock.now()
        row = fail(connected)
        assert row.circuit == Circuit.OPEN and row.circuit_until is not None
        rests.append((row.circuit_until - before).total_seconds())
    assert rests[0] > 10 and rests[1] > rests[0] * 1.2
    assert rests[-1] <= circuit.LONGEST_REST.total_seconds() * 1.2 + 1


def test_a_killed_trier_gives_its_turn_to_the_next(connected: World) -> None:
    fail(connected, 3)
    rest_is_over(connected)
    assert may_send(connected)
    rest_is_over(connected)
    assert may_send(connected)


def test_the_first_answer_closes_it(connected: World) -> None:
    fail(connected, 3)
    with act_as(connected.loop()) as loop:
        circuit.answered(loop, connected.certifier.pk)
    row = link(connected)
    assert (row.circuit, row.failures, row.failing_since, row.opened_times) == (Circuit.CLOSED, 0, None, 0)
    assert may_send(connected)


def test_staff_who_act_are_told_once_when_it_opens_and_once_when_it_ends(connected: World) -> None:
    fail(connected, 3)
    for _time in range(3):
        rest_is_over(connected)
        may_send(connected)
        fail(connected)
    with act_as(connected.loop()) as loop:
        circuit.answered(loop, connected.certifier.pk)
        circuit.answered(loop, connected.certifier.pk)
        told = list(Notification.objects.filter(topic__startswith="oid.circuit").order_by("created_at"))
        acts = list(AuditRow.objects.filter(act__startswith="oid.circuit").order_by("at").values_list("act", flat=True))
    assert [row.topic for row in told] == ["oid.circuit_open", "oid.circuit_closed"]
    assert [row.audience_roles for row in told] == [["manager", "approver", "reviewer"]] * 2
    assert acts == ["oid.circuit_open", "oid.circuit_closed"]
    assert "does not answer" in render(told[0], "en", "").subject


def test_exporters_whose_certificates_wait_are_told_once_and_nobody_else(connected: World) -> None:
    rival = make_client(connected.certifier, "1010000099", "Rival Cooperative")
    first, second = stages.approved(connected, "100"), stages.approved(connected, "200")
    fail(connected, 3)
    rest_is_over(connected)
    may_send(connected)
    fail(connected)
    with act_as(connected.loop()):
        (told,) = Notification.objects.filter(topic="certificate.delayed")
    assert (told.audience_id, told.object_id) == (connected.client.pk, first.pk)
    assert told.audience_id != rival.pk
    assert (told.context["waiting"], second.state) == (2, "awaiting_number")
    assert "2 approved certificates of yours wait" in render(told, "en", "").body
    assert "esperan" in render(told, "es", "").body


def test_desk_and_the_exporters_page_say_so_while_it_lasts(connected: World) -> None:
    certificate = stages.approved(connected)
    address = f"/certificates/{certificate.pk}/"
    fail(connected, 3)
    desk = connected.browser("auditor").get("/oid/").content.decode()
    assert "OID does not answer" in desk and "no answer within the time limit" in desk
    assert "Registration delayed" in connected.browser("viewer").get(address).content.decode()
    with act_as(connected.loop()) as loop:
        circuit.answered(loop, connected.certifier.pk)
    assert "Registration delayed" not in connected.browser("viewer").get(address).content.decode()
    assert "OID does not answer" not in connected.browser("auditor").get("/oid/").content.decode()


def test_another_certifier_goes_on(connected: World) -> None:
    other = make_world(2)
    with act_as(other.who("manager")) as manager:
        links.connect(manager, connector="toy")
    certificate = stages.approved(other)
    fail(connected, 3)
    assert may_send(other)
    assert (
        "Registration delayed" not in other.browser("viewer").get(f"/certificates/{certificate.pk}/").content.decode()
    )


def test_a_pause_that_oid_asks_for_is_no_failure(connected: World) -> None:
    stages.approved(connected)
    with act_as(connected.loop()) as loop:
        calls.make_missing(connected.certifier.pk)
        for result in (Unavailable("maintenance", 60, Reason.MAINTENANCE), Unknown("busy", 60)):
            calls.answers._count(loop, connected.certifier.pk, result)
    assert link(connected).failures == 0


@pytest.mark.django_db(transaction=True)
def test_an_outage_opens_it_and_its_end_sends_everything(transactional_db: None, settings: Settings) -> None:
    world = make_world()
    with act_as(world.who("manager")) as manager:
        links.connect(manager, connector="toy")
    for lot in ("A", "B", "C", "D"):
        stages.approved(world, "100", lot=lot)
    for _time in range(3):
        toy.REGISTER.faults["register"] = toy.Fault.AWAY
        with act_as(world.loop()):
            OidCall.objects.filter(state=CallState.WAITING).update(next_attempt_at=clock.now())
        with act_as(world.loop()):
            calls.make_missing(world.certifier.pk)
            due = calls.due(world.certifier.pk)
        calls.perform(world.certifier.pk, due[0])
    assert link(world).circuit == Circuit.OPEN
    tasks.sweep_registration()
    assert toy.REGISTER.done == []
    rest_is_over(world)
    for _time in range(2):
        with act_as(world.loop()):
            OidCall.objects.filter(state=CallState.WAITING).update(next_attempt_at=clock.now())
        tasks.sweep_registration()
    assert len(toy.REGISTER.done) == 4
    assert link(world).circuit == Circuit.CLOSED
