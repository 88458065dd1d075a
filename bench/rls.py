"""What row-level security costs: the review queue and an exporter's balance page, with it and without.

One database holds a million requests of fifty certifiers with a hundred exporters each (``--rows``, ``--certifiers``), one
in twenty of them open. A reviewer asks for the queue (`/review/`), a signatory for their PVF of twenty lines (`/pvf/<id>/`),
through Django's test client: middleware, identity, rendering are in it, only the socket is not. The baseline: the same
pages of the same database after the owner has switched row security off on every table; the application's own filter is
there in both, so both show the same rows and kilograms (looked at in every round).

Rounds come in pairs, in turn which is first; each warms up anew, since the switch makes PostgreSQL forget its plans and
catalogue. The ratio of a page is the median over the pairs of (median with / median without); ``ratio`` is the worse of
the two pages. Goal: at most 1.2.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import statistics
import sys
import time
from typing import Any

import psycopg
from django.urls import reverse
from psycopg import sql

from bench._crowd import LINES, Size, fill
from bench._database import django_on, fresh_name, owner_on
from core.policy import declared_tables
from tests.support import databases
from tests.support.stages import submitted
from tests.support.world import Browser, World, make_line, make_world, sign_in

WARM_UP = 4
#: What a page shows, without what differs from one asking to the next (tokens, how long there is left).
SHOWN = re.compile(rb"/(?:review|pvf|requests)/[0-9a-f-]{36}/|[0-9][0-9,]*\.[0-9]{3}")


def switch(owner: psycopg.Connection[Any], *, on: bool) -> None:
    """Row security of every table that has policies, as its owner."""
    verb = "ENABLE" if on else "DISABLE"
    for table in declared_tables():
        if not table.open_because:
            owner.execute(
                sql.SQL("ALTER TABLE {} {} ROW LEVEL SECURITY").format(sql.Identifier(table.name), sql.SQL(verb))
            )


def signed_in(world: World, role: str) -> Browser:
    """A browser of the person with this role."""
    browser = Browser(SERVER_NAME="127.0.0.1")
    sign_in(browser, world.members[role])
    return browser


def ask(browser: Browser, url: str) -> tuple[float, list[bytes]]:
    """Seconds of one page, and what it shows."""
    started = time.perf_counter()
    answer = browser.get(url)
    seconds = time.perf_counter() - started
    assert answer.status_code == 200, answer.status_code
    return seconds, SHOWN.findall(answer.content)


def measure(pages: dict[str, tuple[Browser, str]], times: int) -> dict[str, tuple[float, list[bytes]]]:
    """Of each page the median seconds of ``times`` askings, and what it shows."""
    found = {}
    for name, (browser, url) in pages.items():
        for _ in range(WARM_UP):
            ask(browser, url)
        asked = [ask(browser, url) for _ in range(times)]
        found[name] = (statistics.median(seconds for seconds, _ in asked), asked[-1][1])
    return found


def compare(
    owner: psycopg.Connection[Any], pages: dict[str, tuple[Browser, str]], pairs: int, times: int
) -> dict[str, Any]:
    """Medians in milliseconds with and without, and the median ratio of the pairs, by page."""
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in pages}
    for turn in range(pairs):
        side = {}
        for on in (True, False) if turn % 2 else (False, True):
            switch(owner, on=on)
            side[on] = measure(pages, times)
        for name in pages:
            shown = side[True][name][1]
            assert len(shown) >= LINES, f"{name}: only {len(shown)} rows and weights"
            assert shown == side[False][name][1], f"{name}: not the same rows with row security as without"
            measured[name].append((side[True][name][0], side[False][name][0]))
    return {
        name: {
            "ratio": round(statistics.median(with_it / without for with_it, without in rounds), 3),
            "with_ms": round(statistics.median(with_it for with_it, _ in rounds) * 1000, 1),
            "without_ms": round(statistics.median(without for _, without in rounds) * 1000, 1),
        }
        for name, rounds in measured.items()
    }


def arguments() -> argparse.Namespace:
    """How large, and how often."""
    parser = argparse.ArgumentParser(prog="bench rls", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000, help="requests of all certifiers together")
    parser.add_argument("--certifiers", type=int, default=50)
    parser.add_argument("--clients", type=int, default=100, help="exporters of each certifier")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--times", type=int, default=15, help="askings of a page in one round")
    return parser.parse_args()


def main() -> int:
    """Print the medians, then one line of JSON."""
    given = arguments()
    logging.disable(logging.INFO)  # thousands of lines about each request
    name = databases.clone(fresh_name("rls"))
    try:
        with django_on(name), owner_on(name) as owner:
            world = make_world()
            request = submitted(world)
            for _ in range(LINES - 1):
                make_line(world.client, "50000", pvf=world.pvf)
            started = time.monotonic()
            fill(owner, world, request, Size(given.certifiers, given.clients, given.rows))
            filled = time.monotonic() - started
            pages = {
                "queue": (signed_in(world, "reviewer"), reverse("review:queue")),
                "balance": (signed_in(world, "signatory"), reverse("pvf:detail", args=[world.pvf.pk])),
            }
            found = compare(owner, pages, given.pairs, given.times)
    finally:
        databases.drop(name)
    for page, figures in found.items():
        print(f"{page}: {figures['with_ms']} ms with row security, {figures['without_ms']} ms without")
    result = {
        "bench": "rls", "ratio": max(figures["ratio"] for figures in found.values()),
        "baseline": "the same pages of the same database with row security switched off by the owner",
        **found, "rows": given.rows, "certifiers": given.certifiers, "pairs": given.pairs, "fill_s": round(filled, 1),
    }  # fmt: skip
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
