"""Many certifiers with their exporters and requests, written by the owner in a few statements; for benches and plans.

Each new row is a copy of one that the portal's own functions made, with other keys: whatever column a table has is filled
as the portal fills it. The database is thrown away afterwards, so foreign keys are put aside while it is filled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from requests_app.models import Request
    from tests.support.world import World

LINES = 20
#: One request of so many is open, as in a queue that is kept up with.
OPEN_OF = 20
FILLED = (
    "organizations_operation", "organizations_certifier", "organizations_client", "pvf_pvf", "pvf_pvfversion",
    "pvf_pvfline", "pvf_pvflineterms", "pvf_balance", "requests_app_request", "certificates_certificate",
    "core_auditrow",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Size:
    """How many: certifiers, exporters of each, requests of all together; of these so many with a certificate."""

    certifiers: int
    clients: int
    requests: int
    certificates: int = 0


def key(kind: int, number: str) -> str:
    """SQL for the id of row ``number`` (an SQL expression) of a kind: ordered, as the portal's own ids are."""
    return f"('00000000-0000-7000-8{kind:03x}-' || lpad(to_hex({number}), 12, '0'))::uuid"


def copy_rows(owner: psycopg.Connection[Any], table: str, pattern: object, rows: str, **other: str) -> None:
    """Copies of the row of ``table`` whose key is ``pattern``, one for each row of ``rows`` (SQL), columns by ``other``."""
    columns = [
        name for (name,) in owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", [table]
        ).fetchall()
    ]  # fmt: skip
    unknown = set(other) - set(columns)
    assert not unknown, f"{table} has no column {unknown}"
    pk = "line_id" if table == "pvf_balance" else "id"
    values = ", ".join(other.get(name, f'pattern."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    owner.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {rows}, {table} pattern WHERE pattern.{pk} = %s".encode(),
        [pattern],
    )


@contextmanager
def keys_put_aside(owner: psycopg.Connection[Any]) -> Iterator[None]:
    """Without foreign keys and our own triggers on the tables that are filled; afterwards the keys hold for new rows."""
    found = owner.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])",
        [list(FILLED)],
    ).fetchall()
    for table, name, _what in found:
        owner.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name)))
    _each(owner, "ALTER TABLE {} DISABLE TRIGGER USER")
    yield
    _each(owner, "ALTER TABLE {} ENABLE TRIGGER USER")
    for table, name, what in found:
        head = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(sql.Identifier(table), sql.Identifier(name))
        owner.execute(head + sql.SQL(what) + sql.SQL(" NOT VALID"))


def _each(owner: psycopg.Connection[Any], statement: str) -> None:
    for table in FILLED:
        owner.execute(sql.SQL(statement).format(sql.Identifier(table)))  # type: ignore[arg-type]


def fill(owner: psycopg.Connection[Any], world: World, request: Request, size: Size, **patterns: object) -> None:
    """Put ``world`` among ``size.certifiers`` like it; ``request``: an open one of its, ``patterns``: certificate, audit."""
    owner.autocommit = True
    with keys_put_aside(owner):
        _parties(owner, world, size)
        _volumes(owner, world)
        _requests(owner, request, size)
        if size.certificates:
            _certificates(owner, patterns["certificate"], size)
        if "audit" in patterns:
            _audit(owner, patterns["audit"], size)
    for table in FILLED:
        owner.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))


def _parties(owner: psycopg.Connection[Any], world: World, size: Size) -> None:
    copy_rows(
        owner, "organizations_certifier", world.certifier.pk, f"generate_series(1, {size.certifiers - 1}) n",
        id=key(1, "n"), name="'Certification ' || n", slug="'crowd-' || n", code="(400 + n)::text",
    )  # fmt: skip
    owner.execute(
        f"CREATE TEMP TABLE crowd AS SELECT row_number() OVER () - 1 AS nth, a.n, k.k, a.certifier_id,"
        f" {key(2, f'a.n * {size.clients} + k.k')} AS client_id FROM"
        f" (SELECT 0 AS n, %s::uuid AS certifier_id UNION ALL SELECT n, {key(1, 'n')} FROM generate_series(1, %s) n) a"
        f" CROSS JOIN generate_series(1, %s) k(k)".encode(),
        [world.certifier.pk, size.certifiers - 1, size.clients],
    )
    copy_rows(
        owner, "organizations_operation", world.client.operation_id, "crowd", id=key(3, "nth::int"),
        nop_id="(7000000000 + nth)::text", name="'Cooperative ' || nth", email="'office@crowd' || nth || '.example'",
    )  # fmt: skip
    copy_rows(
        owner, "organizations_client", world.client.pk, "crowd", id="client_id", certifier_id="crowd.certifier_id",
        operation_id=key(3, "nth::int"),
    )  # fmt: skip
    # the exporter whose pages are asked for is one of them too
    owner.execute("INSERT INTO crowd SELECT count(*), 0, 0, %s, %s FROM crowd", [world.certifier.pk, world.client.pk])


def _volumes(owner: psycopg.Connection[Any], world: World) -> None:
    """One approved PVF of twenty lines for each exporter but the one of the world, which has its own."""
    whose = "crowd"
    owned = {"certifier_id": "crowd.certifier_id", "client_id": "crowd.client_id"}
    others = f"(SELECT * FROM {whose} WHERE k > 0) crowd"
    copy_rows(owner, "pvf_pvf", world.pvf.pk, others, id=key(4, "nth::int"), **owned)
    copy_rows(
        owner,
        "pvf_pvfversion",
        world.terms.version_id,
        others,
        id=key(5, "nth::int"),
        pvf_id=key(4, "nth::int"),
        **owned,
    )
    each = f"{others} CROSS JOIN generate_series(1, {LINES}) line(number)"
    line = key(6, f"(nth * {LINES} + line.number)::int")
    copy_rows(
        owner,
        "pvf_pvfline",
        world.line.pk,
        each,
        id=line,
        pvf_id=key(4, "nth::int"),
        line_number="line.number",
        **owned,
    )
    copy_rows(
        owner, "pvf_pvflineterms", world.terms.pk, each, id=key(7, f"(nth * {LINES} + line.number)::int"),
        version_id=key(5, "nth::int"), line_id=line, **owned,
    )  # fmt: skip
    copy_rows(owner, "pvf_balance", world.line.pk, each, line_id=line, **owned)


def _requests(owner: psycopg.Connection[Any], request: Request, size: Size) -> None:
    """Spread over all exporters; one of :data:`OPEN_OF` is open, in each of the three states of the queue."""
    parties = size.certifiers * size.clients + 1
    rows = f"generate_series(1, {size.requests}) g JOIN crowd ON crowd.nth = g %% {parties}"
    is_open = f"(g / {parties}) %% {OPEN_OF} = 0"
    own = f"CASE WHEN crowd.k = 0 THEN pattern.line_id ELSE {key(6, f'(nth * {LINES} + 1)::int')} END"
    copy_rows(
        owner, "requests_app_request", request.pk, rows, id=key(8, "g"), certifier_id="crowd.certifier_id",
        client_id="crowd.client_id", line_id=own, reference="'R' || g",
        state=f"CASE WHEN {is_open} THEN (ARRAY['submitted', 'in_review', 'information_requested'])[1 + g %% 3]"
        " ELSE 'approved' END",
        claimed_by="CASE WHEN g %% 3 = 1 THEN gen_random_uuid() END",
        decide_by="now() + (g::bigint * 7919 %% 1000000 - 100000) * interval '1 second'",
        submitted_at="now() - (g::bigint * 104729 %% 30000000) * interval '1 second'",
        created_at="now() - (g::bigint * 104729 %% 30000000) * interval '1 second'",
        net_kg="1000 + g %% 20000",
    )  # fmt: skip


def _certificates(owner: psycopg.Connection[Any], certificate: object, size: Size) -> None:
    """For the first approved requests; four importers in a hundred are the world's."""
    rows = (
        f"(SELECT row_number() OVER (ORDER BY id) AS c, id, certifier_id, client_id, line_id FROM requests_app_request"
        f" WHERE state = 'approved' LIMIT {size.certificates}) r"
    )
    copy_rows(
        owner, "certificates_certificate", certificate, rows, id=key(9, "r.c::int"), certifier_id="r.certifier_id",
        client_id="r.client_id", line_id="r.line_id", request_id="r.id", state="'issued'",
        number="'900-7000000000-' || lpad(r.c::text, 6, '0')", check_code="lpad(r.c::text, 12, '0')",
        importer_id=f"CASE WHEN r.c %% 25 = 0 THEN pattern.importer_id ELSE {key(3, '(r.c %% 300)::int')} END",
        issued_at="now() - r.c * interval '7 minutes'", approved_at="now() - r.c * interval '7 minutes'",
    )  # fmt: skip


def _audit(owner: psycopg.Connection[Any], audit: object, size: Size) -> None:
    rows = "(SELECT row_number() OVER (ORDER BY id) AS a, id, certifier_id, client_id FROM requests_app_request) r"
    copy_rows(
        owner, "core_auditrow", audit, rows, id=key(10, "r.a::int"), certifier_id="r.certifier_id",
        client_id="r.client_id", object_type="'request'", object_id="r.id::text", at="now() - r.a * interval '1 minute'",
    )  # fmt: skip
