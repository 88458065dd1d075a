"""Reconciliation sees every kind of difference, keeps it until it is gone, and goes on where it was killed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from certificates.models import Certificate, CertificateState
from core.identity import act_as
from oid_sync import tasks
from oid_sync.domain.reconciliation import runs
from oid_sync.models import Drift, DriftKind, ReconciliationRun
from organizations.models import Operation, OperationStatus
from tests.oid_store.payloads import registration
from tests.oid_store.server import StoreServer
from tests.support import stages
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def reconcile(world: World) -> ReconciliationRun:
    loop = world.loop()
    with act_as(loop):
        run = runs.start(loop, world.certifier.pk)
    runs.go_on(world.certifier.pk, run.pk)
    with act_as(loop):
        return ReconciliationRun.objects.get(pk=run.pk)


def open_drifts(world: World) -> dict[str, Drift]:
    with act_as(world.loop()):
        return {drift.kind: drift for drift in Drift.objects.filter(closed_at=None)}


@pytest.fixture
def numbered(linked: World) -> Certificate:
    """A certificate that OID has given a number."""
    certificate = stages.approved(linked, lot="L1")
    tasks.sweep_registration()
    with act_as(linked.loop()):
        return Certificate.objects.get(pk=certificate.pk)


def test_where_all_agrees_no_drift_is_found(linked: World, numbered: Certificate):
    stages.submitted(linked, "500")
    run = reconcile(linked)
    assert (run.state, run.note, run.found) == (ReconciliationRun.State.DONE, "", 0)
    assert run.compared >= 5
    assert open_drifts(linked) == {}


def test_a_changed_balance_is_drift_until_it_is_put_right(
    linked: World, numbered: Certificate, owner_connection: psycopg.Connection[Any]
):
    owner_connection.execute("UPDATE pvf_balance SET available = available + 1")
    reconcile(linked)
    drift = open_drifts(linked)[DriftKind.BALANCE]
    assert drift.portal_value["available"] != drift.other_value["available"]
    owner_connection.execute("UPDATE pvf_balance SET available = available - 1")
    reconcile(linked)
    assert open_drifts(linked) == {}
    with act_as(linked.loop()):
        assert Drift.objects.get(pk=drift.pk).closed_because


def test_the_same_difference_is_one_row(linked: World, numbered: Certificate, store: StoreServer):
    store.void_as_nop(str(numbered.number))
    reconcile(linked)
    first = open_drifts(linked)[DriftKind.OID_STATUS]
    reconcile(linked)
    again = open_drifts(linked)[DriftKind.OID_STATUS]
    assert (again.pk, again.first_seen_at) == (first.pk, first.first_seen_at)
    assert again.last_seen_at > first.last_seen_at
    assert (again.portal_value, again.other_value) == (CertificateState.AWAITING_DOCUMENT, "void")


def test_a_record_that_the_portal_does_not_know(linked: World, store: StoreServer):
    number = store.post("/v1/certificates", registration()).json()["number"]
    reconcile(linked)
    assert open_drifts(linked)[DriftKind.UNKNOWN_TO_PORTAL].subject == number


def test_a_record_that_oid_has_lost(linked: World, numbered: Certificate, store: StoreServer):
    store.empty()
    reconcile(linked)
    assert open_drifts(linked)[DriftKind.MISSING_IN_OID].portal_value == numbered.number


def test_a_number_that_only_oid_knows_is_taken_over(linked: World, store: StoreServer):
    certificate = stages.approved(linked)
    store.post("/v1/certificates", registration(reference=str(certificate.pk)))
    run = reconcile(linked)
    assert run.healed == 1
    with act_as(linked.loop()):
        assert Certificate.objects.get(pk=certificate.pk).state == CertificateState.AWAITING_DOCUMENT


def test_a_party_that_is_no_longer_certified(linked: World, numbered: Certificate):
    Operation.objects.filter(nop_id="3030000011").update(status=OperationStatus.REVOKED)
    reconcile(linked)
    assert open_drifts(linked)[DriftKind.PARTY_STATUS].other_value == OperationStatus.REVOKED


def test_a_request_whose_reservation_is_wrong(
    linked: World, store: StoreServer, owner_connection: psycopg.Connection[Any]
):
    request = stages.submitted(linked, "500")
    owner_connection.execute("UPDATE requests_app_request SET net_kg = 499 WHERE id = %s", [request.pk])
    reconcile(linked)
    drift = open_drifts(linked)[DriftKind.RESERVED]
    assert (drift.subject, drift.portal_value, drift.other_value) == (request.reference, "499.000", "500.000")


def test_a_killed_run_goes_on_where_it_was(linked: World, numbered: Certificate, monkeypatch: pytest.MonkeyPatch):
    loop = linked.loop()
    with act_as(loop):
        run = runs.start(loop, linked.certifier.pk)
        runs._slice(runs._running(run.pk))
    with act_as(loop):
        assert ReconciliationRun.objects.get(pk=run.pk).step == "requests"
        assert runs.start(loop, linked.certifier.pk).pk == run.pk
    monkeypatch.setattr(runs, "STALE", -runs.STALE)
    tasks.sweep_reconciliation()
    with act_as(loop):
        assert ReconciliationRun.objects.get(pk=run.pk).state == ReconciliationRun.State.DONE


def test_a_store_that_is_away_ends_the_run_as_failed_and_closes_nothing(
    linked: World, numbered: Certificate, store: StoreServer
):
    store.void_as_nop(str(numbered.number))
    reconcile(linked)
    store.stop()
    try:
        run = reconcile(linked)
    finally:
        store.start()
    assert run.state == ReconciliationRun.State.FAILED
    assert DriftKind.OID_STATUS in open_drifts(linked)


def test_the_command_exits_with_one_on_open_drift(
    linked: World, numbered: Certificate, store: StoreServer, capsys: Any
):
    call_command("reconcile", certifier=linked.certifier.slug)
    store.empty()
    with pytest.raises(SystemExit) as stopped:
        call_command("reconcile", certifier=linked.certifier.slug)
    assert stopped.value.code == 1
    assert "missing_in_oid" in capsys.readouterr().out
