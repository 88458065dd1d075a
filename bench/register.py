"""Certificates per second through the registration loop, over what the waiting alone allows.

The store answers each registration 500 ms late and at most 16 calls are under way, so that no more than 16 / 0.5 s = 32
certificates a second can be registered by anybody. The bound leaves out everything but this waiting: taking a call, its
checks and its lease, the exchange itself, the store's own work, noting the number, its audit row, waking the documents
loop.

The loop is the product's: the approver's wake-ups lie in Valkey, the worker for OID (the command of `./portal up`) takes
them, the store is its own gunicorn with its own database. Web, documents and mail do not run. Time counts from the first
call sent to the last number noted. Each round registers certificates of its own; the ratio is the median. Goal: at
least 0.8.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import psycopg
from django.core.management import call_command

from bench._database import django_on, fresh_name, owner_on
from core.identity import act_as
from core.secrets import encrypt
from oid_sync.models import OidConnection
from tests.oid_store.server import StoreServer
from tests.support import databases, stages
from tests.support.processes import Processes, until
from tests.support.world import World, make_world

CERTIFICATES = int(os.environ.get("BENCH_CERTIFICATES", "320"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
IN_FLIGHT, LATENCY = 16, 0.5
BOUND = IN_FLIGHT / LATENCY


def prepare(name: str, store: StoreServer) -> World:
    """A world that is connected to the store."""
    with django_on(name):
        call_command("load_hts", verbosity=0)
        world = make_world(kg=Decimal(1000) * CERTIFICATES * ROUNDS)
        with act_as(world.loop()):
            OidConnection(
                certifier=world.certifier, base_url=store.url, encrypted_key=encrypt(store.keys["101"].encode()),
                time_limit_seconds=10,
            ).save(force_insert=True)  # fmt: skip
    return world


def environment(name: str, folder: Path) -> dict[str, str]:
    """For processes on database ``name``."""
    return os.environ | {
        "DATABASE_URL": databases.on_database(os.environ["DATABASE_URL"], name),
        "PORTAL_DATA_DIR": str(folder / "data"),
        "PORTAL_OID_IN_FLIGHT": str(IN_FLIGHT),
    }


def one_round(processes: Processes, owner: psycopg.Connection, world: World) -> tuple[float, float]:
    """Certificates per second of one round, and the worker's CPU seconds for one.

    All are approved with no worker there; then the worker for OID is let at them.
    """
    processes.valkey.flush()
    already = numbered(owner)
    approving = processes.python(
        "approver", "-m", "tests.support.approve_all", str(world.members["approver"].pk)
    ).start()
    assert approving.running is not None
    assert approving.running.wait(600) == 0, approving.tail()
    worker = processes.oid().start().await_ready()
    cpu = worker.cpu_seconds()
    until(lambda: numbered(owner) == already + CERTIFICATES, f"all numbers\n{worker.tail()}", 600, pause=0.2)
    cpu = worker.cpu_seconds() - cpu
    worker.stop()
    row = owner.execute(
        "SELECT extract(epoch FROM max(done_at) - min(sent_at)) FROM "
        "(SELECT * FROM oid_sync_oidcall ORDER BY created_at DESC LIMIT %s) latest",
        [CERTIFICATES],
    ).fetchone()
    assert row is not None
    return CERTIFICATES / float(row[0]), cpu / CERTIFICATES


def numbered(owner: psycopg.Connection) -> int:
    """How many certificates have their number."""
    row = owner.execute("SELECT count(*) FROM certificates_certificate WHERE number IS NOT NULL").fetchone()
    assert row is not None
    return int(row[0])


def most_at_once(store: StoreServer) -> int:
    """The most registrations that the store had in its hands at one moment."""
    rows = store.rows(
        "SELECT at - milliseconds * interval '1 ms', at FROM oid_store_auditentry WHERE operation = 'register'"
    )
    marks = sorted([(begun, 1) for begun, _ in rows] + [(ended, -1) for _, ended in rows])
    now = most = 0
    for _, step in marks:
        now += step
        most = max(most, now)
    return most


def main() -> int:
    """Print each round, then one line of JSON."""
    name = databases.clone(fresh_name("register"))
    rates, costs = [], []
    try:
        with StoreServer(threads=IN_FLIGHT) as store, tempfile.TemporaryDirectory(prefix="bench-register-") as folder:
            world = prepare(name, store)
            store.add_fault("latency", operation="register", probability=1.0, params={"seconds": LATENCY})
            with owner_on(name) as owner, Processes(Path(folder), environment(name, Path(folder))) as processes:
                owner.autocommit = True
                for number in range(ROUNDS):
                    started = time.monotonic()
                    with django_on(name):
                        for each in range(CERTIFICATES):
                            stages.recommended(world, "1000", lot=f"L{number}-{each}")
                    print(
                        f"round {number + 1}: {CERTIFICATES} prepared in {time.monotonic() - started:.0f} s", flush=True
                    )
                    rate, cost = one_round(processes, owner, world)
                    rates.append(rate), costs.append(cost)
                    print(f"round {number + 1}: {rates[-1]:.1f} certificates/s of at most {BOUND:.0f}", flush=True)
            records = store.rows("SELECT count(*), count(DISTINCT reference) FROM oid_store_certificate")
            assert records == [(CERTIFICATES * ROUNDS, CERTIFICATES * ROUNDS)], records
            at_once = most_at_once(store)
    finally:
        databases.drop(name)
    result = {
        "bench": "register",
        "ratio": round(statistics.median(rates) / BOUND, 3),
        "certificates_per_second": round(statistics.median(rates), 2),
        "baseline": "in flight / latency: the waiting alone",
        "baseline_per_second": BOUND,
        "in_flight": IN_FLIGHT,
        "most_at_once": at_once,
        "latency_ms": int(LATENCY * 1000),
        "worker_cpu_ms": round(statistics.median(costs) * 1000, 1),
        "rounds": [round(rate / BOUND, 3) for rate in rates],
        "certificates": CERTIFICATES,
        "load_average": os.getloadavg()[0],
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
