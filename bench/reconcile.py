"""Reconciliation of one certifier against the bare SQL of the same sums, and a bare reader of the same pages of OID's log.

``./portal bench reconcile [--rows N] [--seed S]``: N certificates, 3N movements (and one for each PVF line), N/1000
differences (at least one of each that can be planted) of kinds and at places that follow from the seed. See
``bench/_reconcile_data.py`` for how they come to be.

- ``missed``, ``invented``: planted differences that are no drift row after the run; drift rows that nobody planted.
- ``ratio``: the run's steps within the portal (as the restricted role under row security, in slices that note their
  place) over whole-table statements of the owner that add up and compare the same; alternating, median of the rounds.
- ``oid_ratio``: the run's reading of OID's log and its comparison with the certificates, over a program that only fetches
  the same pages with the same limit over HTTP and reads their JSON. The store runs as the product does, on this machine.
- ``peak_rss_mb``: of this process, the writing of the data included.
- ``growth``: seconds of a whole run at 2N over those at N; null with ``--once``, which leaves the second size out.

Goals, for ``--rows 1000000``: ratio 2, oid_ratio 2, 300 MB, growth 2.2; nothing missed, nothing invented.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import statistics
import sys
import time
from typing import Any

import psycopg
import requests

from bench._database import django_on, fresh_name, owner_on
from bench._reconcile_data import Plan, Portal, Store, first_certificate
from core.identity import act_as
from oid_sync.connectors.http import PAGE_ROWS
from oid_sync.domain.reconciliation import runs
from oid_sync.domain.reconciliation.oid_log import Log
from oid_sync.models import Drift, ReconciliationRun
from tests.oid_store.server import StoreServer
from tests.support import databases
from tests.support.world import World

ROUNDS = 3
OID_STEPS = {runs.READ, runs.OID}

_BY_LINE = """
    SELECT count(*) FROM pvf_balance b FULL JOIN (
        SELECT line_id, count(*) AS movements, max(sequence) AS last,
            sum(kg) FILTER (WHERE target = 'available') AS a_in, sum(kg) FILTER (WHERE source = 'available') AS a_out,
            sum(kg) FILTER (WHERE target = 'reserved') AS r_in, sum(kg) FILTER (WHERE source = 'reserved') AS r_out,
            sum(kg) FILTER (WHERE target = 'certified') AS c_in, sum(kg) FILTER (WHERE source = 'certified') AS c_out,
            sum(kg) FILTER (WHERE target = 'shipped') AS s_in, sum(kg) FILTER (WHERE source = 'shipped') AS s_out
        FROM pvf_movement GROUP BY line_id) m USING (line_id)
    WHERE b.available <> coalesce(a_in, 0) - coalesce(a_out, 0) OR b.reserved <> coalesce(r_in, 0) - coalesce(r_out, 0)
        OR b.certified <> coalesce(c_in, 0) - coalesce(c_out, 0) OR b.shipped <> coalesce(s_in, 0) - coalesce(s_out, 0)
        OR last <> b.last_sequence OR movements <> last
"""
_BY_REQUEST = """
    SELECT count(*) FROM requests_app_request q FULL JOIN (
        SELECT holder, line_id, sum(kg) AS held FROM (
            SELECT target_holder_id AS holder, line_id, kg FROM pvf_movement
            WHERE target_holder = 'request' AND target = 'reserved'
            UNION ALL SELECT source_holder_id, line_id, -kg FROM pvf_movement
            WHERE source_holder = 'request' AND source = 'reserved') moved GROUP BY holder, line_id
    ) m ON m.holder = q.id AND m.line_id = q.line_id
    WHERE coalesce(held, 0) <> CASE WHEN q.state IN ('submitted', 'in_review', 'information_requested')
        THEN q.net_kg ELSE 0 END
"""
_BY_CERTIFICATE = """
    SELECT count(*) FROM certificates_certificate c FULL JOIN (
        SELECT holder, line_id, sum(certified) AS certified, sum(shipped) AS shipped FROM (
            SELECT target_holder_id AS holder, line_id, CASE target WHEN 'certified' THEN kg ELSE 0 END AS certified,
                CASE target WHEN 'shipped' THEN kg ELSE 0 END AS shipped
            FROM pvf_movement WHERE target_holder = 'certificate'
            UNION ALL SELECT source_holder_id, line_id, CASE source WHEN 'certified' THEN -kg ELSE 0 END,
                CASE source WHEN 'shipped' THEN -kg ELSE 0 END
            FROM pvf_movement WHERE source_holder = 'certificate') moved GROUP BY holder, line_id
    ) m ON m.holder = c.id AND m.line_id = c.line_id
    LEFT JOIN (
        SELECT certificate_id, sum(net_kg) AS reported FROM certificates_shipment
        WHERE corrected_at IS NULL GROUP BY certificate_id) s ON s.certificate_id = c.id
    WHERE c.shipped_kg <> coalesce(m.shipped, 0) OR coalesce(m.shipped, 0) <> coalesce(reported, 0)
        OR coalesce(m.certified, 0) <> CASE WHEN c.state IN
            ('awaiting_number', 'awaiting_document', 'issued', 'continuity') THEN c.net_kg - m.shipped ELSE 0 END
"""
_PARTIES = """
    SELECT count(*) FROM certificates_certificate c JOIN organizations_client k ON k.id = c.client_id
    JOIN organizations_operation e ON e.id = k.operation_id JOIN organizations_operation i ON i.id = c.importer_id
    WHERE c.state IN ('awaiting_number', 'awaiting_document', 'issued', 'continuity')
        AND (e.status <> 'Certified' OR i.status <> 'Certified')
"""
BARE = (_BY_LINE, _BY_REQUEST, _BY_CERTIFICATE, _PARTIES)


@dataclasses.dataclass
class Leg:
    """Seconds of one run, by step."""

    steps: dict[str, float]
    run: ReconciliationRun

    @property
    def oid(self) -> float:
        """Reading OID's log and comparing with it."""
        return sum(seconds for step, seconds in self.steps.items() if step in OID_STEPS)

    @property
    def database(self) -> float:
        """All steps within the portal."""
        return sum(seconds for step, seconds in self.steps.items() if step not in OID_STEPS)


def reconcile(world: World, *, until: str = "") -> Leg:
    """One run, step by step; with ``until`` it is given up before that step."""
    loop = world.loop()
    with act_as(loop):
        run = runs.start(loop, world.certifier.pk)
    log, steps, step = Log(loop, world.certifier.pk), dict.fromkeys(runs.NAMES, 0.0), run.step
    outcome = runs.Outcome.MORE
    while outcome is runs.Outcome.MORE and step != until:
        started = time.perf_counter()
        outcome = runs.advance(loop, run.pk, log)
        steps[step] += time.perf_counter() - started
        with act_as(loop):
            step = ReconciliationRun.objects.values_list("step", flat=True).get(pk=run.pk)
    with act_as(loop):
        if until:
            ReconciliationRun.objects.filter(pk=run.pk).update(state=ReconciliationRun.State.FAILED)
        run = ReconciliationRun.objects.get(pk=run.pk)
    assert until or run.state == ReconciliationRun.State.DONE, run.note
    return Leg(steps, run)


def bare_sums(owner: psycopg.Connection[Any]) -> float:
    """Seconds of the same sums in whole-table statements."""
    started = time.perf_counter()
    for statement in BARE:
        owner.execute(statement).fetchone()
    return time.perf_counter() - started


def bare_reader(store: StoreServer) -> float:
    """Seconds of a program that only reads the pages."""
    cursor, more = "", True
    started = time.perf_counter()
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(store.auth("101"))
        while more:
            place = {"cursor": cursor} if cursor else {"changed_since": "1970-01-01T00:00:00Z"}
            answer = session.get(f"{store.url}/v1/certificates", params={"limit": str(PAGE_ROWS), **place}, timeout=60)
            answer.raise_for_status()
            body = answer.json()
            cursor, more = body["next_cursor"], body["has_more"]
    return time.perf_counter() - started


def found(world: World) -> set[tuple[str, str]]:
    """Every drift row there is."""
    with act_as(world.loop()):
        rows = list(Drift.objects.values_list("kind", "subject"))
    assert len(rows) == len(set(rows)), "a difference stands there twice"
    return set(rows)


def fill(name: str, store: StoreServer, plan: Plan) -> World:
    """A portal and a store with the planned rows."""
    started = time.perf_counter()
    world, first = first_certificate(name, store)
    with owner_on(name) as owner:
        Portal(owner, plan, world, first).fill()
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE")
    with psycopg.connect(store.dsn) as owner:
        Store(owner, plan).fill()
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE")
    print(f"{plan.rows} certificates written in {time.perf_counter() - started:.0f} s")
    return world


def measure(plan: Plan, *, compare: bool) -> dict[str, Any]:
    """A run over a fresh portal and store; with ``compare`` also the bare programs and more rounds."""
    name = databases.clone(fresh_name("reconcile"))
    try:
        with StoreServer() as store:
            world = fill(name, store, plan)
            with django_on(name):
                leg = reconcile(world)
                rows = found(world)
                result: dict[str, Any] = {
                    "leg": leg, "missed": plan.expected - rows, "invented": rows - plan.expected,
                }  # fmt: skip
                if compare:
                    result |= compared(name, store, world, leg)
            return result
    finally:
        databases.drop(name)


def compared(name: str, store: StoreServer, world: World, leg: Leg) -> dict[str, Any]:
    """The bare programs, and ours again, alternating."""
    reader = bare_reader(store)
    ratios, bare, ours = [], [], []
    with owner_on(name) as owner:
        owner.execute("SET jit = off")
        bare_sums(owner)  # warm, as our legs are
        for _ in range(ROUNDS):
            bare.append(bare_sums(owner))
            ours.append(reconcile(world, until=runs.READ).database)
            ratios.append(ours[-1] / bare[-1])
    print(f"within the portal: {ours} s, bare SQL: {bare} s")
    print(f"OID: {leg.oid:.1f} s, bare reader: {reader:.1f} s; steps: {leg.steps}")
    return {
        "ratio": statistics.median(ratios), "database": statistics.median(ours), "bare": statistics.median(bare),
        "oid_ratio": leg.oid / reader, "reader": reader,
    }  # fmt: skip


def main() -> int:
    """Print figures as they come, then one line of JSON."""
    parser = argparse.ArgumentParser(prog="./portal bench reconcile", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000, help="certificates (at least 1,000)")
    parser.add_argument("--seed", type=int, default=205273, help="kinds and places of what is planted follow from it")
    parser.add_argument("--once", action="store_true", help="only N rows, not 2N too: growth is not measured")
    chosen = parser.parse_args()
    if chosen.rows < 1000:
        parser.error("--rows: at least 1000")
    plan = Plan(chosen.rows, chosen.seed)
    once = measure(plan, compare=True)
    legs = [once] if chosen.once else [once, measure(Plan(2 * chosen.rows, chosen.seed), compare=False)]
    for leg in legs:
        for word in ("missed", "invented"):
            for row in sorted(leg[word])[:20]:
                print(f"{word}: {row}")
    seconds = [sum(leg["leg"].steps.values()) for leg in legs]
    result = {
        "bench": "reconcile", "rows": chosen.rows, "seed": chosen.seed, "planted": len(plan.expected),
        "missed": sum(len(leg["missed"]) for leg in legs),
        "invented": sum(len(leg["invented"]) for leg in legs),
        "ratio": round(once["ratio"], 2), "oid_ratio": round(once["oid_ratio"], 2),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "growth": None if chosen.once else round(seconds[1] / seconds[0], 2), "seconds": [round(each, 1) for each in seconds],
        "database_seconds": round(once["database"], 2), "bare_sql_seconds": round(once["bare"], 2),
        "oid_seconds": round(once["leg"].oid, 1), "bare_reader_seconds": round(once["reader"], 1),
        "healed": once["leg"].run.healed,
    }  # fmt: skip
    print(json.dumps(result))
    return 0 if not result["missed"] and not result["invented"] else 1


if __name__ == "__main__":
    sys.exit(main())
