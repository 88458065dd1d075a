"""The sync desk: every call by its state, each word that went over the wire but no secret, and what a person may do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from core import clock, ids
from core.errors import Conflict, InvalidInput
from core.identity import act_as
from core.models import AuditRow
from oid_sync import tasks
from oid_sync.connectors.redaction import LONGEST, redacted
from oid_sync.domain import answers, calls, desk, links
from oid_sync.models import CallState, OidCall, OidExchange, Operation
from oid_sync.reasons import Reason
from tests.oid_store.server import StoreServer
from tests.oid_sync.toy_connector import kind as toy
from tests.support import stages
from tests.support.world import World, make_world


@pytest.fixture
def waiting(world: World) -> OidCall:
    stages.approved(world)
    with act_as(world.loop()):
        calls.make_missing(world.certifier.pk)
        return OidCall.objects.get()


def put(world: World, call: OidCall, state: CallState, **values: Any) -> None:
    with act_as(world.loop()):
        OidCall.objects.filter(pk=call.pk).update(state=state, **values)


def a_void(world: World, call: OidCall, state: CallState) -> OidCall:
    """A call about the record, behind a registration that is done."""
    put(world, call, CallState.DONE)
    with act_as(world.loop()):
        row = OidCall(
            certifier=world.certifier, certificate=call.certificate, operation=Operation.VOID, sequence=2, state=state,
            payload={"call_id": str(ids.new_id()), "reason": "Wrong."}, reason_code="OID-201", why=Reason.REFUSED,
        )  # fmt: skip
        row.save(force_insert=True)
    return row


@pytest.mark.django_db
@pytest.mark.parametrize("state", desk.SHOWN_STATES)
def test_a_call_is_shown_in_its_state_and_found_by_it(world: World, waiting: OidCall, state: CallState) -> None:
    put(world, waiting, state)
    browser = world.browser("auditor")
    assert str(waiting.pk) in browser.get(f"/oid/?state={state}").content.decode()
    other = next(one for one in desk.SHOWN_STATES if one != state)
    assert str(waiting.pk) not in browser.get(f"/oid/?state={other}").content.decode()
    with act_as(world.who("auditor")) as auditor:
        assert desk.counts(auditor)[state] == 1


@pytest.mark.django_db
def test_the_age_of_the_oldest_is_told_for_what_waits_and_what_is_under_way(world: World, waiting: OidCall) -> None:
    with act_as(world.who("auditor")) as auditor:
        assert desk.oldest(auditor) == (None, waiting.created_at)
    put(world, waiting, CallState.REJECTED)
    with act_as(world.who("auditor")) as auditor:
        assert desk.oldest(auditor) == (waiting.created_at, None)


@pytest.mark.django_db(transaction=True)
def test_every_word_of_an_exchange_is_kept_but_the_key(linked: World, store: StoreServer) -> None:
    stages.approved(linked)
    store.add_fault("reject", operation="register", next=1)
    tasks.sweep_registration()
    with act_as(linked.loop()):
        call = OidCall.objects.get()
        exchange = OidExchange.objects.get()
        stored = json.dumps([exchange.request, exchange.answer, call.payload, call.answer])
    assert (exchange.status, call.why, call.reason_code) == (422, Reason.REFUSED, "OID-900")
    assert f"POST {store.url}/v1/certificates" in exchange.request and str(call.certificate_id) in exchange.request
    assert "Authorization: [secret]" in exchange.request
    assert "OID-900" in exchange.answer
    assert store.keys["101"] not in stored
    page = linked.browser("auditor").get(f"/oid/calls/{call.pk}/").content.decode()
    assert "HTTP 422" in page and "OID-900" in page and store.keys["101"] not in page
    assert make_world(2).browser("manager").get(f"/oid/calls/{call.pk}/").status_code == 404
    assert linked.browser("signatory").get(f"/oid/calls/{call.pk}/").status_code == 403


def test_secrets_are_struck_out_wherever_they_stand() -> None:
    headers = {
        "Authorization": "Key abcdefgh",
        "Set-Cookie": "s=1",
        "X-Api-Key": "k",
        "Content-Type": "application/json",
    }
    body = json.dumps(
        {"token": "t-1", "echo": "your key abcdefgh", "deep": [{"password": "p-1", "kg": "1.000"}]}
    ).encode()
    kept = redacted(headers, body, ("abcdefgh",))
    assert [word for word in ("abcdefgh", "s=1", "t-1", "p-1") if word in kept] == []
    assert "Content-Type: application/json" in kept and '"kg": "1.000"' in kept


def test_what_is_kept_is_bounded_and_can_be_stored() -> None:
    kept = redacted({}, b"\x00\xff" + b"x" * (2 * LONGEST), ())
    assert len(kept) < LONGEST + 10 and "\x00" not in kept


@pytest.mark.django_db
def test_a_refused_call_about_a_record_can_be_settled_with_a_reason_and_later_ones_go_on(
    world: World, waiting: OidCall
) -> None:
    row = a_void(world, waiting, CallState.REJECTED)
    with act_as(world.who("manager")) as manager:
        with pytest.raises(InvalidInput):
            desk.settle(manager, row.pk, "  ")
        desk.settle(manager, row.pk, "NOP voided it on the telephone.")
        with pytest.raises(Conflict):
            desk.settle(manager, row.pk, "again")
        found = OidCall.objects.get(pk=row.pk)
        assert (found.state, found.why) == (CallState.CANCELLED, Reason.SETTLED)
        trace = AuditRow.objects.get(act="oid.settle")
    assert trace.before["code"] == "OID-201" and trace.after["reason"] == "NOP voided it on the telephone."
    assert world.browser("auditor").post(f"/oid/calls/{row.pk}/settle/", {"reason": "x"}).status_code == 403
    assert make_world(2).browser("manager").post(f"/oid/calls/{row.pk}/settle/", {"reason": "x"}).status_code == 404


@pytest.mark.django_db
def test_a_registration_is_never_settled_and_what_a_person_keys_is_never_sent(world: World, waiting: OidCall) -> None:
    put(world, waiting, CallState.REJECTED)
    with act_as(world.who("manager")) as manager, pytest.raises(Conflict):
        desk.settle(manager, waiting.pk, "x")
    put(world, waiting, CallState.AWAITING_PERSON)
    with act_as(world.who("manager")) as manager, pytest.raises(Conflict):
        desk.resend(manager, waiting.pk)


@pytest.mark.django_db
def test_waiting_behind_another_call_crowds_out_nobody(world: World, waiting: OidCall) -> None:
    behind = a_void(world, waiting, CallState.WAITING)
    put(world, waiting, CallState.REJECTED)
    with act_as(world.loop()):
        assert behind.pk not in calls.due(world.certifier.pk)
    put(world, waiting, CallState.DONE)
    with act_as(world.loop()):
        assert calls.due(world.certifier.pk) == [behind.pk]


@pytest.mark.django_db(transaction=True)
def test_a_call_at_which_the_portal_itself_breaks_is_asked_about_and_fails_in_the_end(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OID_CONNECTORS = [*settings.OID_CONNECTORS, "tests.oid_sync.toy_connector"]
    settings.OID_CIRCUIT_FAILURES = 100
    toy.REGISTER.__init__()  # type: ignore[misc]
    world = make_world()
    with act_as(world.who("manager")) as manager:
        links.connect(manager, connector="toy")
    certificate = stages.approved(world)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    real = answers.numbers.give_to
    monkeypatch.setattr(answers.numbers, "give_to", broken)
    states = []
    for _time in range(answers.MOST_BREAKAGES):
        with act_as(world.loop()):
            OidCall.objects.update(next_attempt_at=clock.now())
        tasks.sweep_registration()
        with act_as(world.loop()):
            states.append(OidCall.objects.get().state)
    assert states == [CallState.UNKNOWN] * (answers.MOST_BREAKAGES - 1) + [CallState.FAILED]
    monkeypatch.setattr(answers.numbers, "give_to", real)
    with act_as(world.who("manager")) as manager:
        call = OidCall.objects.get()
        assert (call.why, "ZeroDivisionError" in call.reason) == (Reason.PORTAL, True)
        assert desk.resend(manager, call.pk).state == CallState.UNKNOWN
    tasks.sweep_registration()
    assert toy.REGISTER.done == [("register", str(certificate.pk))]
    with act_as(world.loop()):
        assert OidCall.objects.get().state == CallState.DONE


@pytest.mark.django_db
def test_exchanges_can_be_neither_changed_nor_deleted(world: World, waiting: OidCall) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(current_user, 'oid_sync_oidexchange', 'UPDATE'), "
            "has_table_privilege(current_user, 'oid_sync_oidexchange', 'DELETE')"
        )
        assert cursor.fetchone() == (False, False)
