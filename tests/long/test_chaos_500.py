"""500 certificates approved while everything that may fail does: each is issued, with one record and one document.

The store fails in 30 % of its calls (latency, 429, 500 before and after it did its work, half a document, a dropped
connection after the commit), the workers for OID and for documents are killed with -9 at random, Valkey is emptied twice.
Store, workers, beat and the approver are processes of their own. Nothing is rejected with a code, so that no person is
needed: the desk must be empty at the end.

The seed of the killings is printed; ``CHAOS_SEED`` repeats it (what the machine does meanwhile cannot be repeated).
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from certificates.domain import signing
from certificates.models import CertificateState
from core.identity import act_as
from oid_sync.models import DESK_STATES
from tests.oid_store.server import StoreServer
from tests.oid_sync.conftest import connect
from tests.support import stages
from tests.support.processes import Process, Processes
from tests.support.world import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1200)]

CERTIFICATES = int(os.environ.get("CHAOS_CERTIFICATES", "500"))
#: Chance of each fault in a call; six that exclude each other make 30 %.
CHANCE = 1 - 0.7 ** (1 / 6)
#: Seconds that a call to the store may take.
CALL_SECONDS = 3
FAULTS = (
    ("latency", {"seconds": 0.5}),
    ("latency", {"seconds": CALL_SECONDS + 1.5, "when": "after"}),
    ("rate_limit_429", {"retry_after": 1}),
    ("error_500", {}),
    ("malformed", {}),
    ("commit_then_drop", {}),
)
#: Certificates that a worker brings on before it is killed again: fewer than these shares of all, at random. By work and
#: not by the clock, since a busy machine takes long to start a worker, and one that did nothing has nothing to lose.
SHARES = (0.04, 0.16)
#: All must be over this long after the first approval.
PATIENCE = 800.0


@pytest.fixture(scope="module")
def failing_store() -> Iterator[StoreServer]:
    with StoreServer() as server:
        yield server


@pytest.fixture
def recommended(failing_store: StoreServer) -> World:
    """A certifier with a signing key, connected to the store, whose approver has 500 requests to decide."""
    world = make_world(kg=Decimal(1000) * CERTIFICATES)
    connect(world, failing_store, seconds=CALL_SECONDS)
    with act_as(world.who("manager")):
        signing.install_demo_key(world.certifier)
    for number in range(CERTIFICATES):
        stages.recommended(world, "1000", lot=f"L{number}")
    return world


@pytest.fixture
def processes(process_env: dict[str, str], tmp_path: Path) -> Iterator[Processes]:
    quick = {"PORTAL_SWEEP_SECONDS": "3", "PORTAL_DOCUMENT_LEASE_SECONDS": "20", "PORTAL_ENV": "test"}
    with Processes(tmp_path / "processes", process_env | quick) as started:
        yield started


def issued(owner: psycopg.Connection) -> int:
    """How many certificates are issued."""
    row = owner.execute(
        "SELECT count(*) FROM certificates_certificate WHERE state = %s", [CertificateState.ISSUED]
    ).fetchone()
    assert row is not None
    return int(row[0])


class Chaos:
    """Kills a worker now and then, and empties Valkey once a third and once two thirds are issued."""

    def __init__(self, seed: str, processes: Processes, owner: psycopg.Connection) -> None:
        self.chance = random.Random(seed)
        self.processes, self.owner = processes, owner
        self.killed: Counter[str] = Counter()
        self.flushes = 0
        self.victims: dict[Process, str] = {}
        self.next: dict[Process, int] = {}

    def may_kill(self, victim: Process, column: str) -> Process:
        """A worker whose work shows in this column of the certificates."""
        self.victims[victim] = column
        self._plan(victim)
        return victim

    def done(self, column: str) -> int:
        """How many certificates have got so far."""
        query = sql.SQL("SELECT count(*) FROM certificates_certificate WHERE {} IS NOT NULL").format(
            sql.Identifier(column)
        )
        row = self.owner.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def _plan(self, victim: Process) -> None:
        least, most = (max(1, int(share * CERTIFICATES)) for share in SHARES)
        self.next[victim] = self.done(self.victims[victim]) + self.chance.randint(least, most)

    def strike(self, issued: int) -> None:
        """Do what is due."""
        if self.flushes < 2 and issued >= CERTIFICATES * (self.flushes + 1) // 3:
            self.processes.valkey.flush()
            self.flushes += 1
        for victim, column in self.victims.items():
            if self.done(column) < self.next[victim]:
                continue
            time.sleep(self.chance.uniform(0, 0.3))
            victim.kill()
            victim.start()
            self.killed[victim.name] += 1
            self._plan(victim)


def test_whatever_fails_each_of_500_certificates_is_issued_once(
    recommended: World, failing_store: StoreServer, processes: Processes, owner_connection: psycopg.Connection,
    tmp_path: Path,
) -> None:  # fmt: skip
    seed = os.environ.get("CHAOS_SEED") or secrets.token_hex(4)
    report(f"seed {seed}")
    for kind, params in FAULTS:
        failing_store.add_fault(kind, probability=CHANCE, params=params)
    chaos = Chaos(seed, processes, owner_connection)
    workers = [
        chaos.may_kill(processes.oid(), "number"),
        chaos.may_kill(processes.documents(2), "issued_at"),
    ]
    for process in (*workers, processes.beat()):
        process.start()
    approver = processes.python("approver", "-m", "tests.support.approve_all", str(recommended.members["approver"].pk))
    begun = time.monotonic()
    approver.start()
    while (done := issued(owner_connection)) < CERTIFICATES:
        chaos.strike(done)
        assert time.monotonic() - begun < PATIENCE, f"{done} issued, seed {seed}\n{processes.tails()}"
        time.sleep(0.25)
    faults = failing_store.get("/v1/_faults").json()["results"]
    struck, calls = sum(rule["hits"] for rule in faults), calls_of(failing_store)
    report(
        f"{CERTIFICATES} issued in {time.monotonic() - begun:.0f} s; {struck} faults in {calls} calls; "
        f"killed {dict(chaos.killed)}; Valkey emptied {chaos.flushes} times"
    )
    assert chaos.flushes == 2
    assert set(chaos.killed) == {worker.name for worker in workers}
    assert all(rule["hits"] for rule in faults)
    assert struck > calls * 0.2
    for worker in workers:
        worker.stop()
    assert_each_once(owner_connection, failing_store, tmp_path / "data" / "files")


def report(line: str) -> None:
    """For whoever reads what a failed test said, or runs it with -s."""
    sys.stdout.write(f"{line}\n")


def calls_of(store: StoreServer) -> int:
    """How many calls the store took."""
    count: int = store.rows("SELECT count(*) FROM oid_store_auditentry WHERE operation IN ('register', 'find')")[0][0]
    return count


def assert_each_once(owner: psycopg.Connection, store: StoreServer, files: Path) -> None:
    """One record, one document, one release for each certificate; numbers agree; nothing lies on a desk."""
    ours = dict(owner.execute("SELECT id, number FROM certificates_certificate").fetchall())
    assert len(ours) == CERTIFICATES
    records = store.rows("SELECT reference, number FROM oid_store_certificate")
    assert len(records) == CERTIFICATES
    assert dict(records) == ours
    documents = owner.execute(
        "SELECT d.certificate_id, d.sha256, f.path FROM certificates_certificatedocument d "
        "JOIN core_storedfile f ON f.id = d.file_id"
    ).fetchall()
    assert Counter(row[0] for row in documents) == Counter(ours.keys())
    for _, digest, path in documents:
        assert hashlib.sha256((files / path).read_bytes()).hexdigest() == digest
    releases = owner.execute(
        "SELECT object_id, count(*) FROM core_auditrow WHERE act = 'certificate.issue' GROUP BY object_id"
    ).fetchall()
    assert dict(releases) == dict.fromkeys(map(str, ours), 1)
    told = owner.execute(
        "SELECT object_id, count(*) FROM core_notification WHERE topic = 'certificate.issued' GROUP BY object_id"
    ).fetchall()
    assert {str(key): count for key, count in told} == dict.fromkeys(map(str, ours), 2)
    desk = owner.execute("SELECT count(*) FROM oid_sync_oidcall WHERE state = ANY(%s)", [list(DESK_STATES)]).fetchone()
    assert desk == (0,)
    unfinished = owner.execute("SELECT count(*) FROM oid_sync_oidcall WHERE state <> 'done'").fetchone()
    assert unfinished == (0,)
    (bucket,) = owner.execute("SELECT sum(certified) FROM pvf_balance").fetchall()
    assert bucket[0] == 1000 * CERTIFICATES
