"""The exporter's balance page with twenty lines: with 10 movements a line, and with 10,000.

The page is the PVF's own (`/pvf/<id>/`), asked for by the exporter's signatory through Django's test client: all middleware,
identity, row policies and the rendering are in it, only the socket is not. Two exporters of one certifier have a PVF of
twenty lines each; their movements are written by COPY as the owner, with our triggers off, and the balances computed after, so
both are asked for in the same database. The baseline is our own page on the short ledger: what a balance costs must not
depend on how long its story is. Requests alternate; the figures are medians.

Goals: the same number of queries, and at most 1.3 times the time.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import time
import uuid
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg import sql

from bench._database import django_on, fresh_name, owner_on
from core import clock, ids
from organizations.models import Client
from pvf.models import PVFLine
from tests.support import databases
from tests.support.world import Browser, make_client, make_exporter_people, make_line, make_world, sign_in

LINES = 20
MOVEMENTS = (10, int(os.environ.get("BENCH_MOVEMENTS", "10000")))
PAIRS, WARM_UP = int(os.environ.get("BENCH_PAIRS", "60")), 5

_COLUMNS = (
    "id", "certifier_id", "client_id", "line_id", "sequence", "source", "target", "kg", "source_holder",
    "source_holder_id", "target_holder", "target_holder_id", "cause", "reason", "idempotency_key", "made_by", "made_at",
    "available_after", "reserved_after", "certified_after", "shipped_after",
)  # fmt: skip


def exporter(client: Client, mark: str) -> tuple[Browser, str, list[PVFLine]]:
    """A browser signed in for the client, the page's address, and the lines."""
    first = make_line(client, 0).line
    lines = [first, *(make_line(client, 0, pvf=first.pvf).line for _ in range(LINES - 1))]
    browser = Browser(SERVER_NAME="127.0.0.1")
    sign_in(browser, make_exporter_people(client, mark)["signatory"])
    return browser, reverse("pvf:detail", args=[first.pvf_id]), lines


def fill(name: str, lines: list[PVFLine], movements: int) -> None:
    """``movements`` for each line: authorised once, then submitted and withdrawn in turn by request after request."""
    at, total, part = clock.now(), Decimal(50_000), Decimal("12.5")
    with owner_on(name) as owner:
        owner.execute("ALTER TABLE pvf_movement DISABLE TRIGGER USER")
        columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
        with owner.cursor().copy(sql.SQL("COPY pvf_movement ({}) FROM STDIN").format(columns)) as copy:
            for line in lines:
                common, request = (line.certifier_id, line.client_id, line.pk), uuid.uuid4()
                for number in range(1, movements + 1):
                    if number == 1:
                        kind = ("outside", "available", total, "", None, "", None, "authorise", "")
                    elif number % 2 == 0:
                        request = uuid.uuid4()
                        kind = ("available", "reserved", part, "", None, "request", request, "submit", "")
                    else:
                        kind = ("reserved", "available", part, "request", request, "", None, "withdraw", "")
                    reserved = part if number % 2 == 0 else Decimal(0)
                    after = (total - reserved, reserved, Decimal(0), Decimal(0))
                    copy.write_row(
                        (ids.new_id(), *common, number, *kind, f"{line.pk}:{number}", None, at, *after)
                    )  # fmt: skip
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        owner.execute("ALTER TABLE pvf_movement ENABLE TRIGGER USER")
        # each bucket is what came in less what went out: summed up, not copied from the rows above
        owner.execute(
            "UPDATE pvf_balance b SET available = s.a, reserved = s.r, certified = s.c, shipped = s.s, last_sequence = s.n "
            "FROM (SELECT line_id, max(sequence) n, "
            + ", ".join(
                f"sum(kg * ((target = '{bucket}')::int - (source = '{bucket}')::int)) {mark}"
                for bucket, mark in (("available", "a"), ("reserved", "r"), ("certified", "c"), ("shipped", "s"))
            )
            + " FROM pvf_movement WHERE line_id = ANY(%s) GROUP BY line_id) s WHERE b.line_id = s.line_id",
            [[line.pk for line in lines]],
        )
        owner.commit()
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE pvf_movement")
        owner.execute("VACUUM ANALYZE pvf_balance")


def ask(browser: Browser, url: str) -> float:
    """Seconds of one page, which shows every line's kilograms."""
    started = time.perf_counter()
    answer = browser.get(url)
    seconds = time.perf_counter() - started
    assert answer.status_code == 200, answer.status_code
    assert answer.content.decode().count("49,987.500") + answer.content.decode().count("50,000") >= LINES
    return seconds


def queries(browser: Browser, url: str) -> int:
    """How often the page asks the database."""
    with CaptureQueriesContext(connection) as asked:
        ask(browser, url)
    return len(asked)


def main() -> int:
    """Print the medians, then one line of JSON."""
    logging.disable(logging.INFO)  # thousands of lines about each request
    name = databases.clone(fresh_name("balance"))
    try:
        with django_on(name):
            world = make_world()
            sides = []
            for number, movements in enumerate(MOVEMENTS):
                client = make_client(world.certifier, f"10100009{number}0", f"Bench Cooperative {number}")
                browser, url, lines = exporter(client, f"bench{number}")
                fill(name, lines, movements)
                sides.append((browser, url))
            counted = [queries(*side) for side in sides]
            times: list[list[float]] = [[], []]
            for turn in range(WARM_UP + PAIRS):
                for place in (0, 1) if turn % 2 else (1, 0):
                    seconds = ask(*sides[place])
                    if turn >= WARM_UP:
                        times[place].append(seconds)
    finally:
        databases.drop(name)
    short, long = (statistics.median(found) for found in times)
    print(f"{MOVEMENTS[0]} movements a line: {short * 1000:.1f} ms; {MOVEMENTS[1]}: {long * 1000:.1f} ms")
    result = {
        "bench": "balance_page",
        "ratio": round(long / short, 3),
        "queries": counted,
        "baseline": f"the same page, {LINES} lines with {MOVEMENTS[0]} movements each",
        "short_ms": round(short * 1000, 1),
        "long_ms": round(long * 1000, 1),
        "lines": LINES,
        "movements": list(MOVEMENTS),
        "pairs": PAIRS,
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
