"""Reconciliation sees every kind of difference once, keeps it until it is gone, and heals what is safe."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command

from certificates.models import Certificate, CertificateState, Shipment
from core.identity import act_as
from core.models import AuditRow
from oid_sync import tasks
from oid_sync.domain.reconciliation import drifts, oid_step, runs
from oid_sync.models import (
    CallState,
    Closed,
    Drift,
    DriftKind,
    OidCall,
    OidConnection,
    OidRecord,
    ReconciliationRun,
    Remedy,
)
from tests.oid_store.payloads import registration
from tests.oid_store.server import StoreServer
from tests.oid_sync.reconciling import (
    HEALED_AT_ONCE,
    PLANTS,
    SET_ABOUT,
    Place,
    all_drifts,
    names,
    numbered,
    open_drifts,
    plant_actual_differs,
    plant_actual_lost,
    plant_balance,
    plant_missing,
    plant_number,
    plant_shipped_cache,
    plant_status,
    reconcile,
    shipped,
    state_of,
)
from tests.support import stages
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done a moment ago counts at once."""
    monkeypatch.setattr(oid_step, "SETTLING", -oid_step.SETTLING)


@pytest.fixture
def place(linked: World, store: StoreServer, owner_connection: psycopg.Connection[Any]) -> Place:
    """A world where all agrees: an issued certificate with a shipment, an open request; OID has been told everything."""
    certificate = shipped(linked, owner_connection)
    tasks.sweep_registration()
    return Place(linked, store, owner_connection, certificate)


def test_where_all_agrees_no_drift_is_found(place: Place):
    stages.submitted(place.world, "500", lot="L9")
    run = reconcile(place.world)
    assert (run.state, run.note, run.found, run.healed) == (ReconciliationRun.State.DONE, "", 0, 0)
    # a line, two requests, a certificate twice; the log holds a registration and a report
    assert (run.compared, run.total) == (1 + 2 + 2 + 2, 1 + 2 + 3)
    assert all_drifts(place.world) == []


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_each_kind_is_found_once_kept_and_closed(place: Place, plant: str):
    """Found as one row; the same row while it is there; closed when it is gone; a full and a later reading agree."""
    expected = PLANTS[plant](place)
    reconcile(place.world)
    assert names(place.world) == [expected]
    (first,) = all_drifts(place.world)
    assert first.portal_value != first.other_value
    if plant in HEALED_AT_ONCE:
        assert first.closed_because == Closed.HEALED
        assert first.remedy_run_id == first.last_run_id
        assert reconcile(place.world).found == 0
        return
    assert first.closed_at is None
    assert bool(first.remedy) is (plant in SET_ABOUT)
    run = reconcile(place.world, full=False)
    (second,) = all_drifts(place.world)
    assert (second.pk, second.first_seen_at) == (first.pk, first.first_seen_at)
    assert (second.last_run_id, second.closed_at) == (run.pk, None)


def test_the_plants_leave_no_kind_out(place: Place):
    in_order = sorted(PLANTS, key=lambda name: name == "missing")  # the store is empty after that one
    assert {PLANTS[name](place)[0] for name in in_order} == set(DriftKind)


def test_many_at_once_are_all_found_and_no_other(place: Place):
    chosen = ["balance", "reserved", "unknown", "fields", "actual_differs", "party"]
    expected = sorted(PLANTS[name](place) for name in chosen)
    run = reconcile(place.world)
    assert names(place.world) == expected
    assert run.found == len(chosen)


def test_a_difference_that_is_gone_is_closed(place: Place):
    plant_balance(place)
    reconcile(place.world)
    drift = open_drifts(place.world)[DriftKind.BALANCE]
    assert drift.portal_value["available"] != drift.other_value["available"]
    place.ours("UPDATE pvf_balance SET available = available - 1")
    reconcile(place.world)
    assert open_drifts(place.world) == {}
    assert all_drifts(place.world)[0].closed_because == Closed.GONE


def test_a_difference_that_comes_back_is_another_row(place: Place):
    for _ in range(2):
        plant_balance(place)
        reconcile(place.world)
        place.ours("UPDATE pvf_balance SET available = available - 1")
        reconcile(place.world)
    assert len(all_drifts(place.world)) == 2


def test_a_number_that_only_oid_knows_is_taken_over_and_the_desk_is_cleared(place: Place):
    _, key = plant_number(place)
    with act_as(place.world.loop()):
        certificate = Certificate.objects.get(pk=key)
        OidCall(
            certifier=place.world.certifier, certificate=certificate, operation="register", payload={},
            state=CallState.REJECTED,
        ).save(force_insert=True)  # fmt: skip
    run = reconcile(place.world)
    assert run.healed == 1
    with act_as(place.world.loop()):
        assert Certificate.objects.get(pk=key).state == CertificateState.AWAITING_DOCUMENT
        assert OidCall.objects.get(certificate_id=key).state == CallState.DONE
        assert AuditRow.objects.filter(act="oid.reconciliation_heal", object_id=str(key)).count() == 1


def test_a_number_of_a_record_with_other_data_is_not_taken_over(place: Place):
    certificate = stages.approved(place.world, lot="L3")
    place.store.post("/v1/certificates", registration(reference=str(certificate.pk))).raise_for_status()
    run = reconcile(place.world)
    assert run.healed == 0
    assert state_of(place.world, certificate) == CertificateState.AWAITING_NUMBER
    assert {DriftKind.NUMBER, DriftKind.OID_FIELDS} == set(open_drifts(place.world))


def test_the_shipped_weight_of_a_certificate_is_put_right(place: Place):
    plant_shipped_cache(place)
    reconcile(place.world)
    (drift,) = all_drifts(place.world)
    assert drift.remedy == Remedy.SHIPPED_SET
    assert drift.portal_value == {"certificate": "399.000", "ledger": "400.000"}
    with act_as(place.world.loop()):
        assert str(Certificate.objects.get(pk=place.certificate.pk).shipped_kg) == "400.000"


def test_a_lost_report_is_sent_again_and_then_closed_as_healed(place: Place):
    plant_actual_lost(place)
    reconcile(place.world)
    (drift,) = all_drifts(place.world)
    assert (drift.remedy, drift.closed_at) == (Remedy.REPORTED_AGAIN, None)
    # while the call is under way nothing can be said: the drift is neither seen nor closed
    run = reconcile(place.world)
    assert (run.found, [row.closed_at for row in all_drifts(place.world)]) == (0, [None])
    tasks.sweep_registration()
    assert str(place.store.rows("SELECT net_weight_kg FROM oid_store_actual")[0][0]) == "400.000"
    run = reconcile(place.world)
    assert (run.found, run.healed) == (0, 1)
    assert all_drifts(place.world)[0].closed_because == Closed.HEALED


def test_another_weight_in_oid_waits_for_a_person(place: Place):
    plant_actual_differs(place)
    reconcile(place.world)
    assert open_drifts(place.world)[DriftKind.ACTUALS].remedy == ""
    with act_as(place.world.loop()):
        assert not OidCall.objects.exclude(state=CallState.DONE).exists()


def test_a_shipment_that_is_about_to_be_reported_is_no_drift(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(oid_step, "SETTLING", abs(oid_step.SETTLING))
    shipped(place.world, place.owner, lot="L5")
    run = reconcile(place.world)
    assert run.found == 0
    with act_as(place.world.loop()):
        assert Shipment.objects.count() == 2


def test_changes_alone_are_read_from_where_the_log_was_read_to(place: Place):
    first = reconcile(place.world, full=False)
    assert first.full  # nothing had been read before
    with act_as(place.world.loop()):
        cursor = OidConnection.objects.get().list_cursor
    assert cursor
    numbered(place.world, lot="L4")
    plant_status(place)
    place.store.execute("UPDATE oid_store_certificate SET importer_nop_id = '3030000022' WHERE status = 'live'")
    second = reconcile(place.world, full=False)
    assert not second.full
    kinds = sorted(row.kind for row in all_drifts(place.world))
    assert kinds == [DriftKind.OID_FIELDS, DriftKind.OID_STATUS]
    with act_as(place.world.loop()):
        assert OidConnection.objects.get().list_cursor != cursor
        assert OidRecord.objects.count() == 2
    lines = "SELECT path FROM oid_store_auditentry WHERE operation = 'list'"
    assert sum("changed_since" in path for (path,) in place.store.rows(lines)) == 1


def test_a_record_lost_without_a_word_is_found_by_a_full_reading(place: Place):
    reconcile(place.world)
    plant_missing(place)
    assert reconcile(place.world, full=False).found == 0
    assert reconcile(place.world, full=True).found == 1
    assert DriftKind.MISSING_IN_OID in open_drifts(place.world)


def test_another_log_is_read_from_its_beginning(place: Place):
    """The store was restored: its log has another identity, and the old cursor means nothing in it."""
    reconcile(place.world)
    place.store.execute("UPDATE oid_store_changehead SET log_id = gen_random_uuid()")
    run = reconcile(place.world, full=False)
    assert (run.state, run.full, run.restarts, run.found) == (ReconciliationRun.State.DONE, True, 1, 0)


def test_the_nightly_run_reads_everything_once_a_week(place: Place):
    tasks.start_nightly_reconciliation()
    with act_as(place.world.loop()):
        first = ReconciliationRun.objects.get()
    assert first.full
    tasks.run_reconciliation(str(place.world.certifier.pk), str(first.pk))
    tasks.start_nightly_reconciliation()
    with act_as(place.world.loop()):
        assert not ReconciliationRun.objects.get(state=ReconciliationRun.State.RUNNING).full
        ReconciliationRun.objects.filter(pk=first.pk).update(started_at=first.started_at - runs.FULL_AGAIN)
        ReconciliationRun.objects.exclude(pk=first.pk).update(state=ReconciliationRun.State.FAILED)
    tasks.start_nightly_reconciliation()
    with act_as(place.world.loop()):
        assert ReconciliationRun.objects.get(state=ReconciliationRun.State.RUNNING).full


def test_a_store_that_is_away_fails_the_run_which_closes_only_what_was_compared(place: Place):
    plant_status(place)
    plant_balance(place)
    reconcile(place.world)
    place.ours("UPDATE pvf_balance SET available = available - 1")
    place.store.stop()
    try:
        run = reconcile(place.world)
    finally:
        place.store.start()
    assert run.state == ReconciliationRun.State.FAILED
    assert run.note
    assert set(open_drifts(place.world)) == {DriftKind.OID_STATUS}


def test_one_page_that_fails_does_not_fail_the_run(place: Place):
    place.store.add_fault("error_500", operation="list", next=2)
    assert reconcile(place.world).state == ReconciliationRun.State.DONE


def test_the_oldest_age_is_told(place: Place):
    with act_as(place.world.loop()):
        assert drifts.oldest_open(place.world.certifier.pk) is None
    plant_balance(place)
    reconcile(place.world)
    place.ours("UPDATE oid_sync_drift SET first_seen_at = first_seen_at - interval '3 days'")
    with act_as(place.world.loop()):
        oldest = drifts.oldest_open(place.world.certifier.pk)
        assert oldest is not None and oldest.days == 3
        assert drifts.open_by_kind(place.world.certifier.pk) == {DriftKind.BALANCE: 1}


def test_the_command_exits_with_one_on_open_drift(place: Place, capsys: Any):
    slug = place.world.certifier.slug
    call_command("reconcile", certifier=slug)
    assert "0 open" in capsys.readouterr().out
    plant_missing(place)
    with pytest.raises(SystemExit) as stopped:
        call_command("reconcile", certifier=slug, json=True)
    assert stopped.value.code == 1
    said = json.loads(capsys.readouterr().out)
    assert said["open_by_kind"] == {"missing_in_oid": 1}
    assert [row["subject"] for row in said["drifts"]] == [str(place.certificate.pk)]


def test_the_command_exits_with_two_on_misuse(place: Place):
    with pytest.raises(CommandError) as refused:
        call_command("reconcile", certifier="nobody")
    assert refused.value.returncode == 2
    assert place.world.certifier.slug in str(refused.value)


def test_the_command_exits_with_one_where_oid_cannot_be_asked(place: Place, capsys: Any):
    place.store.stop()
    try:
        with pytest.raises(SystemExit) as stopped:
            call_command("reconcile", certifier=place.world.certifier.slug)
    finally:
        place.store.start()
    assert stopped.value.code == 1
    assert "failed" in capsys.readouterr().out


def test_another_certifiers_rows_are_not_compared(place: Place):
    """What differs at one certifier is nothing in the run of another."""
    plant_balance(place)
    stranger = make_world(2)
    loop = stranger.loop()
    with act_as(loop):
        run = runs.start(loop, stranger.certifier.pk)
    runs.go_on(stranger.certifier.pk, run.pk)
    with act_as(loop):
        assert Drift.objects.count() == 0
        run = ReconciliationRun.objects.get(pk=run.pk)
        # its one line; then there is no connection to OID
        assert (run.found, run.compared, run.state) == (0, 1, ReconciliationRun.State.FAILED)
