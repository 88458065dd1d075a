"""The indexes serve the row policies: no page of a large installation reads a whole table, whoever asks.

Sixty thousand requests of thirty certifiers, a certificate for half of them, an audit row for each; real statistics, no
planner switch touched. Each page is asked for; each statement it sent is explained as the portal's role in the same
identity. A sequential scan of a large table in any of the plans fails the test.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections
from django.urls import reverse

from bench._crowd import LINES, Size, fill
from bench._database import owner_on
from certificates.models import Certificate
from core import audit, clock
from core.identity import Identity, act_as
from organizations.grant_scopes import OF_EXPORTER
from organizations.models import Delegation
from tests.support import databases
from tests.support.certificates import numbered
from tests.support.stages import submitted
from tests.support.statements import asked
from tests.support.world import World, make_line, make_world

pytestmark = [pytest.mark.timeout(600), pytest.mark.django_db]
SIZE = Size(certifiers=30, clients=50, requests=60_000, certificates=30_000)
#: Tables of at least so many rows are never read whole.
LARGE = 5_000


@dataclasses.dataclass(frozen=True)
class Crowd:
    """The world that is asked for, and what there is of its."""

    world: World
    request_id: Any
    certificate_id: Any
    large: frozenset[str]


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: Any) -> Iterator[Crowd]:
    """A database of its own, filled once for all tests of this file."""
    name = databases.clone(f"{databases.PREFIX}plans_{os.getpid()}_{secrets.token_hex(3)}")
    default = connections["default"]
    with django_db_blocker.unblock():
        default.close()
        before, default.settings_dict["NAME"] = default.settings_dict["NAME"], name
        try:
            yield _filled(name)
        finally:
            default.close()
            default.settings_dict["NAME"] = before
            databases.drop(name)


def _filled(name: str) -> Crowd:
    world = make_world()
    for _ in range(LINES - 1):
        make_line(world.client, "50000", pvf=world.pvf)
    certificate, request = numbered(world), submitted(world)
    with act_as(world.loop()) as loop:
        Certificate.objects.filter(pk=certificate.pk).update(state="issued", issued_at=clock.now())
        row = audit.record(loop, "request.start", "request", request.pk, client_id=world.client.pk)
    days = {"valid_from": clock.now().date(), "valid_until": clock.now().date() + dt.timedelta(days=9)}
    with act_as(world.who("importer")):
        Delegation(broker=world.broker, operation=world.importer, **days).save(force_insert=True)
    with act_as(world.who("signatory")):
        Delegation(
            broker=world.broker, certifier=world.certifier, client=world.client, scopes=list(OF_EXPORTER), **days
        ).save(force_insert=True)  # fmt: skip
    with owner_on(name) as owner:
        fill(owner, world, request, SIZE, certificate=certificate.pk, audit=row.pk)
        large = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", [LARGE]
        ).fetchall()
    return Crowd(world, request.pk, certificate.pk, frozenset(table for (table,) in large))


def scans(plan: dict[str, Any]) -> Iterator[str]:
    """Tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", []):
        yield from scans(part)


def explained(actor: Identity, statement: str) -> list[dict[str, Any]]:
    with act_as(actor), connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + statement.replace("%", "%%"), [])
        (found,) = cursor.fetchone()
    return [entry["Plan"] for entry in (json.loads(found) if isinstance(found, str) else found)]


#: Pages by who asks; ``{…}`` are ids of the crowd.
PAGES = {
    "reviewer": [
        ("review:queue", ""), ("review:queue", "?page=3"), ("review:queue", "?sort=-submitted_at"),
        ("review:queue", "?claim=unclaimed&state=submitted"), ("certificates:list", ""), ("certificates:list", "?page=2"),
        ("pvf:list", ""), ("organizations:clients", ""), ("organizations:people", ""), ("pvf:detail", "pvf"),
        ("review:request", "request"), ("certificates:detail", "certificate"),
        ("api:certificate-list", ""), ("api:review-queue", ""),
    ],
    "signatory": [
        ("requests:home", ""), ("pvf:list", ""), ("pvf:detail", "pvf"), ("pvf:line", "line"), ("certificates:list", ""),
        ("certificates:detail", "certificate"), ("requests:detail", "request"), ("api:certificate-list", ""),
    ],
    "importer": [
        ("certificates:inbox", ""), ("certificates:detail", "certificate"), ("api:certificate-list", ""),
    ],
    "broker": [
        ("requests:home", ""), ("certificates:inbox", ""), ("certificates:detail", "certificate"), ("api:certificate-list", ""),
    ],
}  # fmt: skip
CASES = [(role, name, tail) for role, pages in PAGES.items() for name, tail in pages]


@pytest.mark.parametrize(("role", "name", "tail"), CASES)
def test_no_page_reads_a_large_table_whole(crowd: Crowd, role: str, name: str, tail: str) -> None:
    ids = {
        "pvf": crowd.world.pvf.pk, "line": crowd.world.line.pk, "request": crowd.request_id,
        "certificate": crowd.certificate_id,
    }  # fmt: skip
    address = reverse(name, args=[ids[tail]]) if tail in ids else reverse(name) + tail
    browser = crowd.world.browser(role)
    with asked() as statements:
        assert browser.get(address).status_code == 200
    whole = {}
    assert len(statements) > 2
    for statement in statements:
        if statement.startswith("SELECT") and "set_config" not in statement:
            for plan in explained(crowd.world.who(role), statement):
                found = set(scans(plan)) & crowd.large
                if found:
                    whole[statement] = sorted(found)
    assert whole == {}


def test_the_crowd_is_large_and_the_tables_that_matter_are_among_the_large_ones(crowd: Crowd) -> None:
    assert {
        "requests_app_request", "certificates_certificate", "core_auditrow", "pvf_balance", "pvf_pvfline",
        "pvf_pvflineterms",
    } <= crowd.large  # fmt: skip


def test_a_whole_table_that_is_read_is_noticed(crowd: Crowd) -> None:
    """No index serves an importer's list without the application's filter: safe, and what these tests look for."""
    (plan,) = explained(crowd.world.who("importer"), "SELECT * FROM certificates_certificate")
    assert "certificates_certificate" in set(scans(plan)) & crowd.large


def test_a_list_whose_filter_was_forgotten_is_served_by_the_policy_alone(crowd: Crowd) -> None:
    """Staff and exporters: their certifier stands alone in the policy, so even then an index finds their rows."""
    for table in ("requests_app_request", "core_auditrow", "pvf_balance"):
        (plan,) = explained(crowd.world.who("reviewer"), f"SELECT * FROM {table}")  # noqa: S608 - names of our own
        assert set(scans(plan)) & crowd.large == set(), table
