"""Certificates by the hundred thousand for ``bench.reconcile``: copies of one that was made by the portal itself.

One request is submitted, approved, registered in a real OID-style store, shipped and reported by the domain functions. Its
rows, here and in the store, are the forms from which all others are written by COPY, as the owners of the two databases,
with triggers off (user triggers disabled, foreign keys dropped, in databases that are thrown away). Keys are ordered by
time, as the portal's own are. Balances are computed from the movements at the end.

For each certificate three movements: submitted, approved, and shipped (90 %) or voided (10 %). Differences are planted
at places and of kinds that follow from the seed; each says which drift row it must become.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

from bench._database import django_on, owner_on
from certificates.domain import shipments
from core import clock
from core.identity import act_as
from core.secrets import encrypt
from oid_sync import tasks
from oid_sync.models import OidConnection
from organizations.models import OperationStatus
from tests.oid_store.server import StoreServer
from tests.support import stages
from tests.support.world import World, make_operation, make_world

#: Certificates of one PVF line.
A_LINE = 500
PORTAL_TABLES = (
    "pvf_pvfline", "pvf_movement", "pvf_balance", "requests_app_request", "certificates_certificate",
    "certificates_shipment",
)  # fmt: skip
STORE_TABLES = ("oid_store_certificate", "oid_store_change", "oid_store_actual")
#: What can be planted, and the kind of drift that it must become.
PLANTS = {
    "balance": "balance", "lost_movement": "balance", "reserved": "reserved", "certified": "certified",
    "shipped_cache": "shipped", "shipped_report": "shipped", "missing": "missing_in_oid",
    "unknown": "unknown_to_portal", "number": "number", "fields": "oid_fields", "status": "oid_status",
    "actual_lost": "actuals", "actual_differs": "actuals", "party": "party_status",
}  # fmt: skip
SUSPENDED = "3030009999"
_BASE = 0x0190_0000_0000


def key(kind: int, number: int) -> str:
    """A UUID of version 7, ordered by ``number``; ``kind`` tells the tables apart."""
    stamp = f"{_BASE + number * 16 + kind:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-7{kind:03x}-8000-{number:012x}"


def number_of(index: int) -> str:
    """A certificate number: six digits of serial, the exporter's last digit where they do not suffice."""
    return f"101-101000{index // 900_000:04d}-{index % 900_000 + 1000:06d}"


LINE, REQUEST, CERTIFICATE, MOVEMENT, SHIPMENT = range(1, 6)


class Form:
    """The columns of a table with one row's values, as COPY writes them; other rows differ in a few."""

    def __init__(self, connection: psycopg.Connection[Any], table: str, where: str = "true") -> None:
        self.table = table
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public' "
            "AND (column_name <> 'id' OR data_type <> 'bigint' OR %s) ORDER BY ordinal_position",
            [table, table == "oid_store_certificate"],
        )
        self.columns = [row[0] for row in columns]
        self.names = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        query = sql.SQL("COPY (SELECT {} FROM {} WHERE {} LIMIT 1) TO STDOUT").format(
            self.names, sql.Identifier(table), sql.SQL(where)
        )
        with connection.cursor().copy(query) as copy:
            line = b"".join(bytes(part) for part in copy).decode().rstrip("\n")
        self.values = line.split("\t")
        self.places = {name: place for place, name in enumerate(self.columns)}

    def line(self, changes: dict[str, Any]) -> str:
        """One row; None is NULL."""
        values = self.values.copy()
        for name, value in changes.items():
            values[self.places[name]] = "\\N" if value is None else str(value)
        return "\t".join(values) + "\n"

    def fill(self, connection: psycopg.Connection[Any], rows: Iterator[dict[str, Any]]) -> None:
        """Write rows by COPY, about a megabyte at a time."""
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(self.table), self.names)
        with connection.cursor().copy(query) as copy:
            part, size = [], 0
            for row in rows:
                line = self.line(row)
                part.append(line)
                size += len(line)
                if size > 1_000_000:
                    copy.write("".join(part))
                    part, size = [], 0
            copy.write("".join(part))


def triggers_off(connection: psycopg.Connection[Any], tables: tuple[str, ...]) -> None:
    """No trigger of ours and no foreign key on these tables, in a database that is thrown away."""
    for table in tables:
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        keys = connection.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table]
        ).fetchall()
        for (name,) in keys:
            connection.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
            )


def first_certificate(name: str, store: StoreServer) -> tuple[World, Any]:
    """A world connected to the store, and the one certificate that the portal makes itself."""
    with django_on(name):
        world = make_world(kg=Decimal(10**9))
        make_operation(SUSPENDED, "Suspended Imports", "US", status=OperationStatus.SUSPENDED)
        with act_as(world.loop()):
            OidConnection(
                certifier=world.certifier, base_url=store.url, encrypted_key=encrypt(store.keys["101"].encode()),
                time_limit_seconds=60,
            ).save(force_insert=True)  # fmt: skip
        today = clock.now().date()
        certificate = stages.approved(world, "1000", lot="L1", start_date=today)
        tasks.sweep_registration()
        with owner_on(name) as owner:
            owner.execute("UPDATE certificates_certificate SET state = 'issued', issued_at = now()")
        signatory = world.who("signatory")
        with act_as(signatory):
            shipments.report(
                signatory, certificate.pk, quantity=Decimal(400), unit="KGM", departure_date=today, key="first"
            )
        tasks.sweep_registration()
        assert store.rows("SELECT actual_kg FROM oid_store_certificate") == [(Decimal("400.000"),)]
    return world, certificate.pk


@dataclasses.dataclass
class Plan:
    """What is planted where: by certificate, by line, and the drift rows that this must become."""

    rows: int
    seed: int
    at: dict[int, str] = dataclasses.field(default_factory=dict)
    lines: dict[int, str] = dataclasses.field(default_factory=dict)
    expected: set[tuple[str, str]] = dataclasses.field(default_factory=set)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        self.line_count = max(len(PLANTS), self.rows // A_LINE)
        wanted = max(self.rows // 1000, len(PLANTS))
        kinds = list(PLANTS) + chance.choices(list(PLANTS), k=wanted - len(PLANTS))
        lines = chance.sample(range(self.line_count), sum(kind in {"balance", "lost_movement"} for kind in kinds))
        places = chance.sample(range(self.rows), wanted)
        self.field = chance.choice
        for kind, place in zip(kinds, places, strict=True):
            if kind in {"balance", "lost_movement"}:
                line = lines.pop()
                self.lines[line] = kind
                self.expected.add((PLANTS[kind], key(LINE, line)))
            else:
                self.at[place] = kind
                self.expected.add((PLANTS[kind], self.subject(kind, place)))

    def subject(self, kind: str, index: int) -> str:
        """By what name the drift at a certificate goes."""
        if kind == "reserved":
            return reference(index)
        if kind == "unknown":
            return number_of(10**9 + index)
        if kind == "party":
            return f"{key(CERTIFICATE, index)}:{SUSPENDED}"
        return key(CERTIFICATE, index)

    def fate(self, index: int) -> str:
        """``void``, ``closed`` or ``issued``; what something is planted at is issued."""
        if self.at.get(index):
            return "waiting" if self.at[index] == "number" else "issued"
        return {9: "void", 8: "closed"}.get(index % 10, "issued")

    def kg(self, index: int) -> tuple[int, int]:
        """Kilograms certified and shipped."""
        net = 500 + index % 1000
        return net, {"void": 0, "waiting": 0, "closed": net}.get(self.fate(index), net // 2)


def reference(index: int) -> str:
    """The reference of a certificate's request."""
    return f"B-{index:08d}"


class Portal:
    """The rows of the portal's side."""

    def __init__(self, owner: psycopg.Connection[Any], plan: Plan, world: World, first: Any) -> None:
        self.owner, self.plan, self.world, self.first = owner, plan, world, first
        self.sequence = [1] * plan.line_count
        row = owner.execute("SELECT id FROM organizations_operation WHERE nop_id = %s", [SUSPENDED]).fetchone()
        self.suspended = row[0] if row else None

    def fill(self) -> None:
        """Lines, requests, certificates, movements, shipments; then balances, then what differs in them."""
        write: list[tuple[str, str, Callable[[], Iterator[dict[str, Any]]]]] = [
            ("pvf_pvfline", "true", self.lines),
            ("requests_app_request", "state = 'approved'", self.requests),
            ("certificates_certificate", "true", self.certificates),
            ("pvf_movement", "cause = 'authorise'", self.movements),
            ("certificates_shipment", "true", self.shipments),
        ]
        forms = [(Form(self.owner, table, where), rows) for table, where, rows in write]
        triggers_off(self.owner, PORTAL_TABLES)
        for form, rows in forms:
            form.fill(self.owner, rows())
        self.owner.execute(_BALANCES)
        for line, kind in self.plan.lines.items():
            column = "available" if kind == "balance" else "last_sequence"
            self.owner.execute(f"UPDATE pvf_balance SET {column} = {column} + 1 WHERE line_id = %s", [key(LINE, line)])
        self.owner.commit()

    def lines(self) -> Iterator[dict[str, Any]]:
        for index in range(self.plan.line_count):
            yield {"id": key(LINE, index), "line_number": index + 10}

    def requests(self) -> Iterator[dict[str, Any]]:
        for index in range(self.plan.rows):
            open_now = self.plan.at.get(index) == "reserved"
            yield {
                "id": key(REQUEST, index), "reference": reference(index), "net_kg": self.plan.kg(index)[0],
                "line_id": key(LINE, index % self.plan.line_count), "state": "in_review" if open_now else "approved",
            }  # fmt: skip

    def certificates(self) -> Iterator[dict[str, Any]]:
        states = {"waiting": "awaiting_number"}
        for index in range(self.plan.rows):
            kind, fate, (net, shipped) = self.plan.at.get(index), self.plan.fate(index), self.plan.kg(index)
            row = {
                "id": key(CERTIFICATE, index), "request_id": key(REQUEST, index), "net_kg": net,
                "line_id": key(LINE, index % self.plan.line_count), "state": states.get(fate, fate),
                "number": None if fate == "waiting" else number_of(index),
                "shipped_kg": shipped - (kind == "shipped_cache"),
            }  # fmt: skip
            if kind == "party":
                row["importer_id"] = self.suspended
            yield row

    def movements(self) -> Iterator[dict[str, Any]]:
        count = 0
        for line in range(self.plan.line_count):
            yield self._movement(count, line, "authorise", "outside", "available", 10**8)
            count += 1
        for index in range(self.plan.rows):
            net, shipped = self.plan.kg(index)
            line = index % self.plan.line_count
            asked, held = ("request", key(REQUEST, index)), ("certificate", key(CERTIFICATE, index))
            yield self._movement(count, line, "submit", "available", "reserved", net, into=asked)
            yield self._movement(count + 1, line, "approve", "reserved", "certified", net, asked, held)
            fate = self.plan.fate(index)
            if fate == "void":
                yield self._movement(count + 2, line, "void", "certified", "available", net, held)
            elif fate == "waiting":
                yield self._movement(count + 2, line, "top_up", "outside", "available", net)
            else:
                yield self._movement(count + 2, line, "shipment", "certified", "shipped", shipped, held, held)
            count += 3
            if self.plan.at.get(index) == "certified":
                yield self._movement(count, line, "close_out", "certified", "available", 5, held)
                count += 1

    def _movement(
        self, count: int, line: int, cause: str, source: str, target: str, kg: int,
        out: tuple[str, str] = ("", ""), into: tuple[str, str] = ("", ""),
    ) -> dict[str, Any]:  # fmt: skip
        self.sequence[line] += 1
        return {
            "id": key(MOVEMENT, count), "line_id": key(LINE, line), "sequence": self.sequence[line] - 1,
            "cause": cause, "source": source, "target": target, "kg": kg, "idempotency_key": f"bench:{count}",
            "source_holder": out[0], "source_holder_id": out[1] or None,
            "target_holder": into[0], "target_holder_id": into[1] or None,
        }  # fmt: skip

    def shipments(self) -> Iterator[dict[str, Any]]:
        for index in range(self.plan.rows):
            shipped = self.plan.kg(index)[1]
            if shipped:
                yield {
                    "id": key(SHIPMENT, index), "certificate_id": key(CERTIFICATE, index),
                    "net_kg": shipped - (self.plan.at.get(index) == "shipped_report"),
                }  # fmt: skip


_BALANCES = """
    INSERT INTO pvf_balance (line_id, certifier_id, client_id, available, reserved, certified, shipped, last_sequence, lock)
    SELECT line_id, certifier_id, client_id,
        sum(CASE target WHEN 'available' THEN kg ELSE 0 END - CASE source WHEN 'available' THEN kg ELSE 0 END),
        sum(CASE target WHEN 'reserved' THEN kg ELSE 0 END - CASE source WHEN 'reserved' THEN kg ELSE 0 END),
        sum(CASE target WHEN 'certified' THEN kg ELSE 0 END - CASE source WHEN 'certified' THEN kg ELSE 0 END),
        sum(CASE target WHEN 'shipped' THEN kg ELSE 0 END - CASE source WHEN 'shipped' THEN kg ELSE 0 END),
        max(sequence), false
    FROM pvf_movement GROUP BY line_id, certifier_id, client_id ON CONFLICT (line_id) DO NOTHING
"""


class Store:
    """The rows of OID's side."""

    def __init__(self, owner: psycopg.Connection[Any], plan: Plan) -> None:
        self.owner, self.plan = owner, plan

    def fill(self) -> None:
        """Records, the log of their registration, and actual weights."""
        forms = [Form(self.owner, table) for table in STORE_TABLES]
        registered = Form(self.owner, "oid_store_change", "kind = 'registered'")
        triggers_off(self.owner, STORE_TABLES)
        forms[0].fill(self.owner, self.records())
        registered.fill(self.owner, self.changes())
        forms[2].fill(self.owner, self.actuals())
        self.owner.execute(
            "UPDATE oid_store_changehead SET last_position = (SELECT max(position) FROM oid_store_change)"
        )
        self.owner.commit()

    def known(self) -> Iterator[tuple[int, int, str | None]]:
        """(place in the store, certificate, what is planted) of every record; unknown ones come once more."""
        for index in range(self.plan.rows):
            kind = self.plan.at.get(index)
            if kind != "missing":
                yield 1000 + index, index, None if kind == "unknown" else kind
            if kind == "unknown":
                yield 1000 + self.plan.rows + index, index, kind

    def records(self) -> Iterator[dict[str, Any]]:
        now = dt.datetime.now(dt.UTC).isoformat()
        for place, index, kind in self.known():
            net, shipped = self.plan.kg(index)
            void = self.plan.fate(index) == "void" or kind == "status"
            row = {
                "id": place, "number": number_of(10**9 + index if kind == "unknown" else index),
                "reference": key(9, index) if kind == "unknown" else key(CERTIFICATE, index), "net_weight_kg": net,
                "actual_kg": self._actual(kind, shipped), "status": "void" if void else "live",
                "voided_at": now if void else None, "void_reason": "bench" if void else "",
            }  # fmt: skip
            if kind == "fields":
                column, value = self.plan.field(
                    [("importer_nop_id", "3030000022"), ("hts", "0901110025"), ("net_weight_kg", net + 1)]
                )
                row[column] = value
            yield row

    def changes(self) -> Iterator[dict[str, Any]]:
        for place, _, _ in self.known():
            yield {"certificate_id": place, "position": place, "call_id": None}

    def actuals(self) -> Iterator[dict[str, Any]]:
        for place, index, kind in self.known():
            shipped = self._actual(kind, self.plan.kg(index)[1])
            if shipped:
                yield {"certificate_id": place, "shipment_ref": key(SHIPMENT, index), "net_weight_kg": shipped}

    @staticmethod
    def _actual(kind: str | None, shipped: int) -> int:
        return {"actual_lost": 0, "unknown": 0}.get(
            kind or "", shipped + {"actual_differs": 1, "shipped_report": -1}.get(kind or "", 0)
        )
