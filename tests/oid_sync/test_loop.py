"""The registration loop against the real store: nothing lost, nothing doubled."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connections

from certificates.models import Certificate, CertificateState
from core import clock
from core.identity import act_as
from oid_sync import tasks
from oid_sync.domain import calls, desk, taking
from oid_sync.models import CallState, OidCall, OidConnection
from organizations.models import OperationStatus
from requests_app.models import Request, RequestState
from tests.oid_store.server import StoreServer
from tests.support import stages
from tests.support.world import World, set_status

pytestmark = pytest.mark.django_db(transaction=True)


def run(world: World, *, times: int = 1) -> None:
    """Sweep, with every waiting time over."""
    for _ in range(times):
        with act_as(world.loop()):
            OidCall.objects.filter(state__in=[CallState.WAITING, CallState.UNKNOWN]).update(next_attempt_at=clock.now())
            OidConnection.objects.update(paused_until=None)
        tasks.sweep_registration()


def call(world: World) -> OidCall:
    with act_as(world.loop()):
        return OidCall.objects.get()


def certificate(world: World) -> Certificate:
    with act_as(world.loop()):
        return Certificate.objects.get()


def test_an_approved_certificate_gets_its_number_from_the_store(linked: World, store: StoreServer):
    stages.approved(linked, lot="L1")
    run(linked)
    found = certificate(linked)
    assert found.state == CertificateState.AWAITING_DOCUMENT
    assert found.number == store.rows("SELECT number FROM oid_store_certificate")[0][0]
    assert call(linked).state == CallState.DONE


def test_a_dropped_answer_is_unknown_until_the_store_was_asked(linked: World, store: StoreServer):
    stages.approved(linked)
    store.add_fault("commit_then_drop", operation="register", next=1)
    run(linked)
    assert call(linked).state == CallState.UNKNOWN
    assert certificate(linked).number is None
    assert len(store.rows("SELECT number FROM oid_store_certificate")) == 1


def test_what_the_store_refuses_lies_on_the_desk_and_can_be_sent_again(linked: World, store: StoreServer):
    stages.approved(linked)
    store.set_operation_status("3030000011", "Suspended")
    try:
        run(linked)
        refused = call(linked)
        assert (refused.state, refused.reason_code) == (CallState.REJECTED, "OID-106")
    finally:
        store.set_operation_status("3030000011", "Certified")
    manager = linked.who("manager")
    with act_as(manager):
        desk.resend(manager, refused.pk)
    run(linked)
    assert certificate(linked).number is not None


def refused_by_the_store(linked: World, store: StoreServer) -> OidCall:
    """A registration that the store has refused, since the importer was suspended there."""
    store.set_operation_status("3030000011", "Suspended")
    try:
        run(linked)
    finally:
        store.set_operation_status("3030000011", "Certified")
    return call(linked)


def test_what_the_store_refuses_can_go_back_to_review_once_it_was_asked(linked: World, store: StoreServer):
    stages.approved(linked)
    refused = refused_by_the_store(linked, store)
    manager = linked.who("manager")
    with act_as(manager):
        desk.back_to_review(manager, refused.pk, "Another importer will be named.")
        assert Request.objects.get().state == RequestState.APPROVED
    run(linked)
    with act_as(manager):
        assert Request.objects.get().state == RequestState.IN_REVIEW
    assert call(linked).state == CallState.CANCELLED
    assert store.rows("SELECT number FROM oid_store_certificate") == []


def test_a_record_that_came_in_late_is_not_orphaned_by_going_back(linked: World, store: StoreServer):
    """A first try times out and is written late, a second is refused: OID has the record, so the certificate goes on."""
    certified = stages.approved(linked)
    refused = refused_by_the_store(linked, store)
    with act_as(linked.loop()):
        late = OidCall.objects.get().payload
    assert store.post("/v1/certificates", late).status_code == 201
    manager = linked.who("manager")
    with act_as(manager):
        desk.back_to_review(manager, refused.pk, "Another importer will be named.")
    run(linked)
    found = certificate(linked)
    assert (found.pk, found.state) == (certified.pk, CertificateState.AWAITING_DOCUMENT)
    with act_as(manager):
        assert Request.objects.get().state == RequestState.APPROVED


def test_one_call_that_cannot_be_recorded_stops_no_other(
    linked: World, store: StoreServer, owner_connection: psycopg.Connection[Any]
):
    first = stages.approved(linked, "100", lot="A")
    second = stages.approved(linked, "100", lot="B")
    with act_as(linked.loop()):
        calls.make_missing(linked.certifier.pk)
    owner_connection.execute("UPDATE certificates_certificate SET state = 'closed' WHERE id = %s", [first.pk])
    run(linked)
    with act_as(linked.loop()):
        odd = OidCall.objects.get(certificate=first)
        assert (odd.state, odd.reason_code) == (CallState.STOPPED, "CERTIFICATE-STATE")
        assert Certificate.objects.get(pk=second.pk).number is not None


def test_an_answer_that_trickles_in_does_not_outlive_the_lease(linked: World, store: StoreServer):
    stages.approved(linked)
    store.add_fault("slow_drip", operation="register", next=1, params={"seconds": 30})
    started = time.monotonic()
    run(linked)
    assert time.monotonic() - started < 2 * 3 + 10
    assert call(linked).state == CallState.UNKNOWN


def test_a_party_suspended_meanwhile_is_not_sent_a_second_time(linked: World, store: StoreServer):
    stages.approved(linked)
    store.add_fault("drop", operation="register", next=1)
    run(linked)
    set_status(linked.importer.pk, OperationStatus.SUSPENDED)
    run(linked)
    stopped = call(linked)
    assert (stopped.state, stopped.reason_code) == (CallState.STOPPED, "IMP-1")
    assert store.rows("SELECT number FROM oid_store_certificate WHERE reference = %s", stopped.certificate_id) == []


def test_a_party_that_lost_its_certification_is_not_sent(linked: World, store: StoreServer):
    stages.approved(linked)
    set_status(linked.importer.pk, OperationStatus.SUSPENDED)
    run(linked)
    stopped = call(linked)
    assert (stopped.state, stopped.reason_code, stopped.attempts) == (CallState.STOPPED, "IMP-1", 0)
    assert store.rows("SELECT number FROM oid_store_certificate") == []


def test_an_ended_lease_is_asked_about_before_it_is_sent_again(linked: World, store: StoreServer):
    """A worker killed between sending and recording: the store has the record, the portal does not know."""
    stages.approved(linked)
    loop = linked.loop()
    with act_as(loop):
        calls.make_missing(linked.certifier.pk)
        taken = taking.take(loop, OidCall.objects.get().pk)
    assert taken is not None
    calls._send(taken)
    assert calls.due(linked.certifier.pk) == []
    with act_as(loop):
        OidCall.objects.update(lease_until=clock.now() - dt.timedelta(seconds=1))
    run(linked)
    assert certificate(linked).state == CertificateState.AWAITING_DOCUMENT
    assert len(store.rows("SELECT number FROM oid_store_certificate")) == 1


def test_two_loops_at_once_register_once(linked: World, store: StoreServer):
    for number in range(4):
        stages.approved(linked, "100", lot=f"L{number}")

    def sweep(_: int) -> None:
        try:
            tasks.sweep_registration()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sweep, range(4)))
    run(linked, times=2)
    with act_as(linked.loop()):
        assert Certificate.objects.filter(number__isnull=False).count() == 4
    assert len(store.rows("SELECT number FROM oid_store_certificate")) == 4


def test_a_store_that_is_away_costs_only_time(linked: World, store: StoreServer):
    stages.approved(linked)
    store.stop()
    try:
        run(linked)
        assert call(linked).state in {CallState.WAITING, CallState.UNKNOWN}
    finally:
        store.start()
    run(linked, times=2)
    assert certificate(linked).number is not None
