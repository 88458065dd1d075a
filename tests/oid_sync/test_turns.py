"""Many hands at one certifier: each call is sent by one of them, in its order, and never more at a time than there is room."""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from certificates.models import Certificate, CertificateState
from core.identity import act_as
from oid_sync import tasks
from oid_sync.domain import calls, taking, turns
from oid_sync.models import CallState, OidCall
from tests.oid_store.server import StoreServer
from tests.support import stages
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def side_by_side(hands: int, work: Any) -> None:
    """``work`` in so many threads at once, each with a connection of its own that is closed at the end."""
    start = threading.Barrier(hands)

    def hand(_: int) -> None:
        start.wait(10)
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(hands) as pool:
        list(pool.map(hand, range(hands)))


def test_many_hands_send_each_call_once(linked: World, store: StoreServer) -> None:
    for number in range(6):
        stages.approved(linked, "100", lot=f"L{number}")
    assert turns.waiting(linked.certifier.pk, 4) == 4
    side_by_side(4, lambda: turns.send_due(linked.certifier.pk, seconds=30))
    with act_as(linked.loop()):
        assert set(OidCall.objects.values_list("state", "attempts")) == {(CallState.DONE, 1)}
    assert store.rows("SELECT count(*) FROM oid_store_auditentry WHERE operation = 'register'") == [(6,)]


def test_calls_under_way_are_never_more_than_the_setting_allows(
    linked: World, store: StoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_room", threading.BoundedSemaphore(2))
    for number in range(4):
        stages.approved(linked, "100", lot=f"L{number}")
    turns.waiting(linked.certifier.pk, 4)
    store.add_fault("latency", operation="register", probability=1.0, params={"seconds": 0.4})
    started = time.monotonic()
    side_by_side(4, lambda: turns.send_due(linked.certifier.pk, seconds=30))
    assert time.monotonic() - started >= 0.8
    taken = store.rows("SELECT at - milliseconds * interval '1 ms', at FROM oid_store_auditentry WHERE status = 201")
    at_once = [sum(begun <= other < ended for begun, ended in taken) for other, _ in taken]
    assert max(at_once) == 2


def test_a_call_taken_ahead_that_finds_no_room_waits_again_as_before(
    linked: World, store: StoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.BoundedSemaphore(1)
    assert full.acquire()
    monkeypatch.setattr(calls, "_room", full)
    monkeypatch.setattr(calls, "AHEAD_SECONDS", 0.1)
    certificate = stages.approved(linked, "100")
    assert calls.register(linked.certifier.pk, certificate.pk) is False
    with act_as(linked.loop()):
        row = OidCall.objects.get()
        assert (row.state, row.attempts, row.lease_until, row.lease_token) == (CallState.WAITING, 0, None, None)
    registered = "SELECT count(*) FROM oid_store_auditentry WHERE operation = 'register'"
    assert store.rows(registered) == [(0,)]
    full.release()
    assert calls.register(linked.certifier.pk, certificate.pk) is True


def test_what_waits_for_room_waits_less_than_its_lease_allows() -> None:
    shortest = taking.lease_of(None).total_seconds() - 2 * 10
    assert shortest > calls.AHEAD_SECONDS


def test_a_wake_up_registers_its_own_certificate_and_leaves_the_others(linked: World, store: StoreServer) -> None:
    first, second = (stages.approved(linked, "100", lot=lot) for lot in ("A", "B"))
    tasks.run_registration(str(linked.certifier.pk), str(second.pk))
    with act_as(linked.loop()):
        states = dict(Certificate.objects.values_list("pk", "state"))
        assert list(OidCall.objects.values_list("certificate", flat=True)) == [second.pk]
    assert states == {first.pk: CertificateState.AWAITING_NUMBER, second.pk: CertificateState.AWAITING_DOCUMENT}


def test_a_call_that_fails_is_left_to_the_next_sweep_and_holds_up_no_other(
    linked: World, store: StoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stages.approved(linked, "100", lot="A")
    stages.approved(linked, "100", lot="B")
    turns.waiting(linked.certifier.pk, 4)
    with act_as(linked.loop()):
        odd = OidCall.objects.get(certificate=first.pk).pk
    perform = calls.perform

    def failing(certifier_id: uuid.UUID, call_id: uuid.UUID) -> bool:
        if call_id == odd:
            raise ZeroDivisionError
        return perform(certifier_id, call_id)

    monkeypatch.setattr(calls, "perform", failing)
    turns.send_due(linked.certifier.pk, seconds=30)
    with act_as(linked.loop()):
        assert dict(OidCall.objects.values_list("certificate", "state"))[first.pk] == CallState.WAITING
        assert Certificate.objects.filter(number__isnull=False).count() == 1


def test_the_sweep_calls_for_one_hand_a_call_beside_its_own(
    linked: World, store: StoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tasks.help_with_calls, "apply_async", lambda arguments, **how: asked.append((arguments, how)))
    for number in range(3):
        stages.approved(linked, "100", lot=f"L{number}")
    tasks.sweep_registration()
    assert [arguments for arguments, _ in asked] == [(str(linked.certifier.pk),)] * 2
    assert all(how["expires"] > 0 and how["queue"] == "oid" for _, how in asked)
    with act_as(linked.loop()):
        assert Certificate.objects.filter(number__isnull=False).count() == 3
