"""OID's log, read page by page into a copy of its records, from where it was read to last or from its beginning.

A page is fetched outside any transaction; its records and the cursor of the next page are written in one transaction, so
a killed run goes on with that page. The copy is what certificates are compared with.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
import time
import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection

from core import clock, ids
from core.errors import DomainError
from core.identity import Identity, act_as
from oid_sync.connectors.base import Connector, Page
from oid_sync.domain import links
from oid_sync.domain.reconciliation.ledger_steps import kilograms
from oid_sync.models import OidConnection, ReconciliationRun

TRIES = 3
#: A log that begins anew oftener than this in one run is not followed any further.
MOST_RESTARTS = 2
#: The compared fields of a record that stand in it as they are; weight and parties are read apart.
PLAIN = ("number", "hts", "origin", "product_label", "standard", "start_date", "end_date", "snapshot_sha256")

_KEEP = """
    INSERT INTO oid_sync_oidrecord AS record (id, certifier_id, number, reference, status, facts, actuals, seen_in)
    SELECT r.id, %(certifier)s, r.number, r.reference, r.status, r.facts, r.actuals, %(reading)s
    FROM jsonb_to_recordset(%(records)s::jsonb)
        AS r(id uuid, number text, reference uuid, status text, facts jsonb, actuals jsonb)
    ON CONFLICT (certifier_id, number) DO UPDATE SET reference = excluded.reference, status = excluded.status,
        facts = excluded.facts, actuals = excluded.actuals, seen_in = excluded.seen_in
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Fetched:
    """A page, and when it was asked for: it holds whatever OID had recorded by then."""

    page: Page
    asked_at: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Paused:
    """OID has asked to be left alone until then."""

    until: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """The log cannot be read, and why."""

    reason: str


class Log:
    """OID's log as one certifier reads it. Keeps its connection from page to page."""

    def __init__(self, actor: Identity, certifier_id: uuid.UUID) -> None:
        self.actor, self.certifier_id = actor, certifier_id
        self.connector: Connector | None = None

    def page(self, cursor: str) -> Fetched | Paused | Failed:
        """The page after ``cursor`` ("": the first). What may pass is tried again, at growing intervals."""
        problem = ""
        for attempt in range(TRIES):
            try:
                with act_as(self.actor):
                    until = links.paused_until(self.certifier_id)
                    self.connector = self.connector or links.connector_of(self.certifier_id)
            except DomainError as error:
                return Failed(str(error.message))
            if until is not None:
                return Paused(until)
            asked_at = clock.now()
            answer = self.connector.list_since(cursor)
            if isinstance(answer, Page):
                return Fetched(answer, asked_at)
            problem = answer.reason
            if answer.retry_after:
                with act_as(self.actor):
                    return Paused(links.pause(self.certifier_id, answer.retry_after, problem))
            if attempt + 1 < TRIES:
                time.sleep(2**attempt * random.uniform(0.25, 0.5))  # noqa: S311 - spreads retries
        return Failed(problem)


def keep(run: ReconciliationRun, fetched: Fetched) -> str | None:
    """Write a page into the copy and note how far the log is read; a problem, or None.

    The run is locked by the caller, and ``run.position`` is where the page began.
    """
    page = fetched.page
    connection_row = OidConnection.objects.filter(certifier_id=run.certifier_id)
    if page.start_again:
        run.restarts += 1
        if run.restarts > MOST_RESTARTS:
            return "OID's log began anew again and again"
        run.full, run.position, run.reading = True, "", ids.new_id()
        connection_row.update(list_cursor="")
        return None
    if page.has_more and page.cursor in {"", run.position}:
        return "OID's log says that there is more, and does not say where"
    _write(run, page)
    run.compared += len(page.records)
    run.position = page.cursor
    if not page.has_more:
        run.read_from = fetched.asked_at
    if not page.has_more or not run.full:
        connection_row.update(list_cursor=page.cursor)
    return None


def begin(run: ReconciliationRun) -> None:
    """Set the run to where its reading begins; without an earlier complete reading at the log's beginning."""
    cursor = OidConnection.objects.filter(certifier_id=run.certifier_id).values_list("list_cursor", flat=True).first()
    run.full = run.full or not cursor
    run.position = "" if run.full else str(cursor)


def _write(run: ReconciliationRun, page: Page) -> None:
    # a record that changed twice stands on the page twice, both times as it is now
    records = {str(record.get("number")): as_kept(record) for record in page.records}
    if records:
        with connection.cursor() as cursor:
            words: dict[str, Any] = {
                "certifier": run.certifier_id,
                "reading": run.reading,
                "records": json.dumps(list(records.values())),
            }
            cursor.execute(_KEEP, words)


def as_kept(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of OID in the form of the copy: fields as text, weights with three places."""
    facts = {name: str(record.get(name) or "") for name in PLAIN}
    for party in ("exporter", "importer"):
        facts[party] = str((record.get(party) or {}).get("nop_id") or "")
    facts["net_weight_kg"] = _weight(record.get("net_weight_kg"))
    actuals = {
        str(entry["shipment_ref"]): _weight(entry.get("net_weight_kg"))
        for entry in (record.get("actuals") or {}).get("shipments", [])
        if isinstance(entry, dict) and entry.get("shipment_ref")
    }
    return {
        "id": str(ids.new_id()), "number": facts["number"][:40], "reference": _uuid(record.get("reference")),
        "status": str(record.get("status") or "")[:20], "facts": facts,
        "actuals": {name: kg for name, kg in actuals.items() if kg != "0.000"},
    }  # fmt: skip


def _weight(value: Any) -> str:
    try:
        return kilograms(Decimal(str(value or 0)))
    except InvalidOperation:
        return str(value)


def _uuid(value: Any) -> str | None:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        return None
