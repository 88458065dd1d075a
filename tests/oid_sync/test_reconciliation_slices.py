"""Slices of any size find the same; a run killed anywhere goes on where it was: nothing twice, nothing lost or doubled."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from core import clock
from core.identity import act_as
from oid_sync import tasks
from oid_sync.domain.reconciliation import ledger_steps, oid_step, runs
from oid_sync.domain.reconciliation.oid_log import Log
from oid_sync.domain.reconciliation.slices import FIRST, LAST
from oid_sync.models import OidConnection, ReconciliationRun
from tests.oid_store.server import StoreServer
from tests.oid_sync.reconciling import PLANTS, Place, again, all_drifts, names, numbered, reconcile, shipped
from tests.support.world import World, make_line

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
#: By this name PostgreSQL knows the sessions of a process that is to be killed.
TO_KILL = "to-be-killed"
#: Differences that do not heal, so that two runs can be compared.
CHOSEN = ("balance", "reserved", "stray_holder", "unknown", "fields", "actual_differs", "status", "party")
Seen = list[tuple[str, str, Any, Any]]


@pytest.fixture
def place(linked: World, store: StoreServer, owner_connection: psycopg.Connection[Any]) -> Place:
    """Four certificates, two lines, a request, and differences of many kinds."""
    certificate = shipped(linked, owner_connection)
    for number in range(3):
        numbered(linked, lot=f"M{number}", kg="100")
    make_line(linked.client, "500", pvf=linked.pvf)
    tasks.sweep_registration()
    return Place(linked, store, owner_connection, certificate)


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done a moment ago counts at once."""
    monkeypatch.setattr(oid_step, "SETTLING", -oid_step.SETTLING)


def seen(world: World) -> Seen:
    """Every drift with both values."""
    return sorted((row.kind, row.subject, str(row.portal_value), str(row.other_value)) for row in all_drifts(world))


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_slices_of_every_size_find_the_same(place: Place, settings: Any, rows: int):
    expected = sorted(PLANTS[name](place) for name in CHOSEN)
    settings.RECONCILE_SLICE_ROWS = rows
    run = reconcile(place.world)
    assert run.state == ReconciliationRun.State.DONE
    assert names(place.world) == expected
    small = seen(place.world)
    settings.RECONCILE_SLICE_ROWS = 10_000
    large = reconcile(place.world)
    assert (seen(place.world), large.found, large.compared) == (small, run.found, run.compared)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_slice_compares_no_more_than_its_rows(place: Place, settings: Any, rows: int):
    settings.RECONCILE_SLICE_ROWS = rows
    loop = place.world.loop()
    with act_as(loop):
        run = runs.start(loop, place.world.certifier.pk)
    log, before, step = Log(loop, place.world.certifier.pk), 0, run.step
    while runs.advance(loop, run.pk, log) is runs.Outcome.MORE:
        now = again(place.world, run)
        if step != runs.READ:
            assert now.compared - before <= rows
        before, step = now.compared, now.step


def test_a_slice_ends_where_records_without_a_certificate_are_too_many(place: Place, settings: Any):
    """The portal may have lost its certificates: OID's records alone must not make one huge slice."""
    settings.RECONCILE_SLICE_ROWS = 2
    for _ in range(5):
        PLANTS["unknown"](place)
    loop = place.world.loop()
    with act_as(loop):
        run = runs.start(loop, place.world.certifier.pk)
    log, slices = Log(loop, place.world.certifier.pk), 0
    while runs.advance(loop, run.pk, log) is runs.Outcome.MORE:
        slices += again(place.world, run).step == runs.OID
    assert slices >= (4 + 5) // (2 * 2)
    assert again(place.world, run).found == 5


def command(place: Place, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """``manage.py reconcile`` as a process of its own, in slices of one row."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "reconcile", "--certifier", place.world.certifier.slug],
        cwd=ROOT, env=env | {"PORTAL_RECONCILE_SLICE_ROWS": "1", "PGAPPNAME": TO_KILL},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def wait_for(what: Callable[[], object], seconds: int = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.02)


def waiting_for(owner: psycopg.Connection[Any], table: str) -> bool:
    """Whether some session waits for a lock on a table."""
    row = owner.execute(
        "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted", [table]
    ).fetchone()
    return bool(row and row[0])


def kill(process: subprocess.Popen[bytes], owner: psycopg.Connection[Any]) -> None:
    """``kill -9``, and wait until PostgreSQL has noticed."""
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=20)
    # the names of another role's sessions may be seen, what they do may not
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"

    def gone() -> bool:
        row = owner.execute(sessions, [TO_KILL]).fetchone()
        return bool(row and row[0] == 0)

    wait_for(gone)


@pytest.mark.long
@pytest.mark.parametrize("table", ["oid_sync_drift", "certificates_shipment", "oid_sync_oidrecord"])
def test_a_run_killed_in_the_middle_gives_the_same_as_an_undisturbed_one(
    place: Place, process_env: dict[str, str], table: str
):
    """``kill -9`` inside a slice's transaction, at another step in each case; a sweep finds the run and ends it."""
    expected = sorted(PLANTS[name](place) for name in CHOSEN)
    with psycopg.connect(place.owner.info.dsn, password=place.owner.info.password) as blocker:
        blocker.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        process = command(place, process_env)
        try:
            wait_for(lambda: waiting_for(place.owner, table))
        finally:
            process.send_signal(signal.SIGKILL)
        blocker.rollback()
    kill(process, place.owner)
    with act_as(place.world.loop()):
        killed = ReconciliationRun.objects.get()
        assert killed.state == ReconciliationRun.State.RUNNING
        ReconciliationRun.objects.update(heartbeat_at=clock.now() - runs.STALE - dt.timedelta(seconds=1))
    partial = names(place.world)
    assert len(partial) < len(expected)
    tasks.sweep_reconciliation()
    resumed = again(place.world, killed)
    assert resumed.state == ReconciliationRun.State.DONE
    assert names(place.world) == expected
    after_kill = seen(place.world)
    undisturbed = reconcile(place.world)
    assert (undisturbed.found, undisturbed.compared) == (resumed.found, resumed.compared)
    assert seen(place.world) == after_kill


def test_a_run_killed_while_oid_answers_reads_on_from_its_cursor(
    place: Place, process_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    """Page by page: what was read is not read again."""
    PLANTS["fields"](place)
    loop = place.world.loop()
    with act_as(loop):
        run = runs.start(loop, place.world.certifier.pk)
    log = Log(loop, place.world.certifier.pk)
    monkeypatch.setattr("oid_sync.connectors.http.transport.PAGE_ROWS", 2)
    while again(place.world, run).step != runs.READ or not again(place.world, run).position:
        runs.advance(loop, run.pk, log)
    first = again(place.world, run)
    place.store.add_fault("latency", operation="list", next=1, params={"seconds": 30})
    process = command(place, process_env)
    wait_for(lambda: place.store.rows("SELECT 1 FROM oid_store_faultrule WHERE hits > 0"))
    kill(process, place.owner)
    assert again(place.world, run).position == first.position
    runs.go_on(place.world.certifier.pk, run.pk)
    resumed = again(place.world, run)
    undisturbed = reconcile(place.world)
    assert (resumed.state, resumed.found) == (ReconciliationRun.State.DONE, 1)
    assert (undisturbed.found, undisturbed.compared) == (resumed.found, resumed.compared)


class Overtaken:
    """A reader during whose call another worker reads the same page and goes on."""

    def __init__(self, world: World, run: ReconciliationRun) -> None:
        self.world, self.run = world, run
        self.log = Log(world.loop(), world.certifier.pk)

    def page(self, cursor: str) -> Any:
        answer = self.log.page(cursor)
        assert runs.advance(self.world.loop(), self.run.pk, self.log) is runs.Outcome.MORE
        return answer


def test_a_page_is_written_once_however_many_workers_read_it(place: Place):
    loop = place.world.loop()
    with act_as(loop):
        run = runs.start(loop, place.world.certifier.pk)
    log = Log(loop, place.world.certifier.pk)
    while again(place.world, run).step != runs.READ:
        runs.advance(loop, run.pk, log)
    before = again(place.world, run).compared
    outcome = runs.advance(loop, run.pk, Overtaken(place.world, run))  # type: ignore[arg-type]
    assert outcome is runs.Outcome.OVER
    (changes,) = place.store.rows("SELECT count(*) FROM oid_store_change")[0]
    assert again(place.world, run).compared == before + changes


def test_a_task_out_of_time_leaves_the_rest_to_the_next(place: Place, settings: Any):
    settings.RECONCILE_SLICE_ROWS = 1
    loop = place.world.loop()
    with act_as(loop):
        run = runs.start(loop, place.world.certifier.pk)
    turns = 0
    while runs.go_on(place.world.certifier.pk, run.pk, seconds=0) is runs.Outcome.MORE:
        turns += 1
    assert turns > 10
    assert again(place.world, run).state == ReconciliationRun.State.DONE


def test_a_pause_that_oid_asks_for_leaves_the_run_to_a_later_sweep(place: Place):
    place.store.add_fault("rate_limit_429", operation="list", next=1, params={"retry_after": 60})
    run = reconcile(place.world)
    assert run.state == ReconciliationRun.State.RUNNING
    with act_as(place.world.loop()):
        assert OidConnection.objects.get().paused_until is not None
        ReconciliationRun.objects.update(heartbeat_at=clock.now() - runs.STALE - dt.timedelta(seconds=1))
    tasks.sweep_reconciliation()
    assert again(place.world, run).state == ReconciliationRun.State.RUNNING
    with act_as(place.world.loop()):
        OidConnection.objects.update(paused_until=clock.now())
    tasks.sweep_reconciliation()
    assert again(place.world, run).state == ReconciliationRun.State.DONE


def test_slices_use_indexes_under_the_row_policies(place: Place):
    """The range of a slice is an index condition under row security: a run does not read the ledger once for each slice."""
    place.ours(
        "INSERT INTO pvf_movement (id, certifier_id, client_id, line_id, sequence, source, target, kg, source_holder, "
        "target_holder, target_holder_id, cause, reason, idempotency_key, made_at, available_after, reserved_after, "
        "certified_after, shipped_after) SELECT gen_random_uuid(), certifier_id, client_id, line_id, 1000 + n, "
        "'available', 'reserved', 1, '', 'request', gen_random_uuid(), 'submit', '', 'plan:' || n, now(), 0, 0, 0, 0 "
        "FROM pvf_balance, generate_series(1, 5000) n WHERE line_id = %s", place.world.line.pk,
    )  # fmt: skip
    place.ours("ANALYZE pvf_movement")
    words = {"certifier": place.world.certifier.pk, "after": FIRST, "upto": uuid.UUID(int=LAST.int // 16)}
    words |= ledger_steps.STATES
    with act_as(place.world.loop()), connection.cursor() as cursor:
        for statement in (ledger_steps._REQUESTS, ledger_steps._CERTIFICATES):
            cursor.execute("EXPLAIN " + statement, words)
            plan = [row[0].strip() for row in cursor.fetchall()]
            assert not any("Seq Scan on pvf_movement" in line for line in plan)
            assert any(line.startswith("Index Cond") and "target_holder_id >" in line for line in plan), plan
