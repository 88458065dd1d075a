"""Submit and approve, through the domain functions with all checks, against a bare program that writes the same rows.

The portal's leg: N complete drafts; each is submitted by the exporter (one transaction) and approved by the approver (one
transaction). Claim and recommendation lie between and are not timed.

The baseline: what the portal wrote is read back by transaction (PostgreSQL's xmin), and a bare psycopg program writes the
same rows into a copy of the same database, in the same transactions, on the same server with the same durability: one
statement for each table a transaction writes. It leaves out everything else: no check, no lock, no query for a
fact, no identity, no row policy (it writes as the owner), no rendering of a message. So 1.0 cannot be reached; the ratio says
what share of the bare speed is left once the rules are kept.

The first requests of each leg are written but not timed, since a portal's session is hours old. Legs alternate; the
ratio is the median over the rounds. Goal: at least 0.25.
"""

from __future__ import annotations

import bisect
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
from django.core.management import call_command
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from bench._database import clone_of, django_on, fresh_name, owner_on
from core.identity import act_as
from requests_app.domain import submission
from requests_app.models import Request
from review.domain import claims, decisions, recommendations
from tests.support import databases
from tests.support.drafts import complete_draft
from tests.support.world import World, make_world

REQUESTS = int(os.environ.get("BENCH_REQUESTS", "150"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
#: Requests at the head of each leg that are written but not timed: a session plans its functions on their first calls.
WARM = 10
BALANCE = "pvf_balance"

Rows = dict[str, list[dict[str, Any]]]


def prepare(name: str) -> tuple[World, list[Any]]:
    """A world with N complete drafts in database ``name``."""
    with django_on(name):
        call_command("load_hts", verbosity=0)
        world = make_world(kg=Decimal(1000) * REQUESTS)
        return world, [complete_draft(world, "1000", lot=f"L{number}").pk for number in range(REQUESTS)]


def portal_leg(name: str, world: World, drafts: list[Any]) -> tuple[float, list[Rows]]:
    """Seconds of the portal, and what it wrote, transaction by transaction."""
    exporter, reviewer, approver = (world.who(role) for role in ("signatory", "reviewer", "approver"))
    with django_on(name), owner_on(name) as owner:
        owner.autocommit = True

        def submit(pk: Any) -> None:
            with act_as(exporter):
                submission.submit(exporter, pk)

        def approve(pk: Any) -> None:
            with act_as(approver):
                decisions.approve(approver, pk, expected_version=versions[pk])

        submitting, submitted = timed(owner, submit, drafts)
        versions = {}
        for pk in drafts:
            with act_as(reviewer):
                claims.claim(reviewer, pk)
                versions[pk] = Request.objects.get(pk=pk).version
                recommendations.recommend(reviewer, pk, approve=True, note="", expected_version=versions[pk])
        approving, approved = timed(owner, approve, drafts)
    return submitting + approving, submitted + approved


def timed(owner: psycopg.Connection[Any], act: Callable[[Any], None], keys: list[Any]) -> tuple[float, list[Rows]]:
    """Seconds of ``act`` after the warm ones, and the rows each call wrote (between calls, untimed, a counter is read)."""
    seconds, marks = 0.0, [horizon(owner)]
    for number, key in enumerate(keys):
        started = time.perf_counter()
        act(key)
        seconds += time.perf_counter() - started if number >= WARM else 0.0
        marks.append(horizon(owner))
    return seconds, transactions_between(owner, marks)


def horizon(owner: psycopg.Connection[Any]) -> int:
    """The next transaction's number."""
    row = owner.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
    assert row is not None
    return int(row[0])


def tables_of(owner: psycopg.Connection[Any]) -> list[str]:
    """Every table of the schema, parents before children as far as names in alphabetical order allow."""
    rows = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def transactions_between(owner: psycopg.Connection[Any], marks: list[int]) -> list[Rows]:
    """The rows whose last version was written between two marks, for each pair of neighbours.

    A transaction with savepoints has several numbers, all of them between its marks.
    """
    result: list[Rows] = [{} for _ in marks[1:]]
    for table in tables_of(owner):
        query = sql.SQL(
            "SELECT xmin::text::bigint AS _tx, t.* FROM {} t WHERE xmin::text::bigint >= %s AND xmin::text::bigint < %s"
        ).format(sql.Identifier(table))
        with owner.cursor(row_factory=dict_row) as cursor:
            for row in cursor.execute(query, [marks[0], marks[-1]]):
                place = bisect.bisect_right(marks, row.pop("_tx")) - 1
                result[place].setdefault(table, []).append(row)
    assert all("pvf_movement" in rows for rows in result)
    return result


class Bare:
    """The bare program: rows into tables, nothing else."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.keys = {table: self._key(table) for table in tables_of(connection)}
        self.present = {table: self._present(table) for table in self.keys}
        self.count: dict[str, int] = defaultdict(int)

    def _key(self, table: str) -> str:
        row = self.connection.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
            "WHERE i.indrelid = %s::regclass AND i.indisprimary",
            [table],
        ).fetchone()
        assert row is not None
        return str(row[0])

    def _present(self, table: str) -> set[Any]:
        query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(self.keys[table]), sql.Identifier(table))
        return {row[0] for row in self.connection.execute(query)}

    def statements(self, rows: Rows) -> list[tuple[sql.Composed, list[Any], str, int]]:
        """One statement for each table of a transaction; the balance follows the movement's own figures."""
        result = []
        for table, entries in rows.items():
            if table == BALANCE:
                continue
            new = [row for row in entries if row[self.keys[table]] not in self.present[table]]
            old = [row for row in entries if row[self.keys[table]] in self.present[table]]
            if new:
                result.append((*self._insert(table, new), table, len(new)))
            result.extend((*self._update(table, row), table, 1) for row in old)
        result.extend((*self._balance(row), BALANCE, 1) for row in rows["pvf_movement"])
        return result

    def _insert(self, table: str, rows: list[dict[str, Any]]) -> tuple[sql.Composed, list[Any]]:
        names = list(rows[0])
        one = sql.SQL("({})").format(sql.SQL(", ").join(sql.Placeholder() * len(names)))
        statement = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join([one] * len(rows)),
        )
        return statement, [row[name] for row in rows for name in names]

    def _update(self, table: str, row: dict[str, Any]) -> tuple[sql.Composed, list[Any]]:
        key = self.keys[table]
        names = [name for name in row if name != key]
        pairs = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in names)
        statement = sql.SQL("UPDATE {} SET {} WHERE {} = %s").format(sql.Identifier(table), pairs, sql.Identifier(key))
        return statement, [*(row[name] for name in names), row[key]]

    def _balance(self, movement: dict[str, Any]) -> tuple[sql.Composed, list[Any]]:
        statement = sql.SQL(
            "UPDATE pvf_balance SET available = %s, reserved = %s, certified = %s, shipped = %s, last_sequence = %s "
            "WHERE line_id = %s"
        ).format()
        names = ("available_after", "reserved_after", "certified_after", "shipped_after", "sequence", "line_id")
        return statement, [movement[name] for name in names]


def bare_leg(name: str, written: list[Rows]) -> tuple[float, dict[str, int]]:
    """Seconds of the bare program, and how many rows it wrote by table."""
    with owner_on(name) as connection:
        bare = Bare(connection)
        json_columns = find_json_columns(connection)
        plan = [bare.statements(mark_json(rows, json_columns)) for rows in written]
        connection.commit()
        seconds = 0.0
        for number, transaction in enumerate(plan):
            started = time.perf_counter()
            with connection.transaction():
                for statement, values, table, rows in transaction:
                    connection.execute(statement, values)
                    bare.count[table] += rows
            # submits come first, then as many approvals: the warm ones of each are the portal's too
            seconds += time.perf_counter() - started if number % REQUESTS >= WARM else 0.0
    return seconds, dict(bare.count)


def find_json_columns(connection: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    """(table, column) of every JSON column."""
    return set(
        connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'jsonb'"
        ).fetchall()
    )


def mark_json(rows: Rows, json_columns: set[tuple[str, str]]) -> Rows:
    """``rows`` with JSON values wrapped for psycopg."""
    return {
        table: [
            {name: Jsonb(value) if (table, name) in json_columns else value for name, value in row.items()}
            for row in entries
        ]
        for table, entries in rows.items()
    }


def counts(written: list[Rows]) -> dict[str, int]:
    """How many rows the portal wrote by table; a balance is counted once for each movement."""
    result: dict[str, int] = defaultdict(int)
    for rows in written:
        for table, entries in rows.items():
            if table != BALANCE:
                result[table] += len(entries)
        result[BALANCE] += len(rows["pvf_movement"])
    return dict(result)


def main() -> int:
    """Print the rounds' figures, then one line of JSON."""
    source = databases.clone(fresh_name("source"))
    used = [source]
    ratios, portal_rates, bare_rates = [], [], []
    try:
        world, drafts = prepare(source)
        for _ in range(ROUNDS):
            portal_name, bare_name = clone_of(source, "portal"), clone_of(source, "bare")
            used += [portal_name, bare_name]
            portal_seconds, written = portal_leg(portal_name, world, drafts)
            bare_seconds, bare_counts = bare_leg(bare_name, written)
            assert bare_counts == counts(written), (bare_counts, counts(written))
            portal_rates.append((REQUESTS - WARM) / portal_seconds)
            bare_rates.append((REQUESTS - WARM) / bare_seconds)
            ratios.append(bare_seconds / portal_seconds)
            print(f"portal {portal_rates[-1]:.1f}/s, bare psycopg {bare_rates[-1]:.1f}/s, ratio {ratios[-1]:.3f}")
    finally:
        for name in used:
            databases.drop(name)
    rows = {table: round(count / REQUESTS, 2) for table, count in sorted(bare_counts.items())}
    print(f"rows written for one request, by table: {rows}")
    result = {
        "bench": "issue",
        "ratio": round(statistics.median(ratios), 3),
        "portal_per_second": round(statistics.median(portal_rates), 1),
        "baseline": "bare psycopg, same rows, same transactions",
        "baseline_per_second": round(statistics.median(bare_rates), 1),
        "requests": REQUESTS,
        "warm": WARM,
        "rounds": ROUNDS,
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
