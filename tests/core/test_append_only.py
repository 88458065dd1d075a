"""What is only ever added to can be neither changed, deleted nor emptied: by nobody, the owner of the tables included."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from core import audit
from core.identity import act_as
from tests.support.world import World

APPEND_ONLY = {
    "certificates_amendment",
    "certificates_certificatechange",
    "certificates_certificatedocument",
    "certificates_receipt",
    "core_audithead",
    "core_auditrow",
    "core_auditseal",
    "pvf_movement",
}
#: Bits of pg_trigger.tgtype, as PostgreSQL defines them.
DELETE, UPDATE, TRUNCATE = 8, 16, 32


def test_each_append_only_table_refuses_update_delete_and_truncate(owner_connection: psycopg.Connection) -> None:
    guarded: dict[str, set[int]] = {}
    for table, kind in owner_connection.execute(
        # two let one thing pass: erasure, and OID's confirmation
        "SELECT tgrelid::regclass::text, tgtype FROM pg_trigger WHERE tgenabled = 'O' AND tgfoid = ANY (ARRAY["
        "'portal_append_only'::regproc, 'core_audit_guard'::regproc, 'certificates_guard_amendment'::regproc])"
    ).fetchall():
        guarded.setdefault(table, set()).update(bit for bit in (UPDATE, DELETE, TRUNCATE) if kind & bit)
    assert guarded == {table: {UPDATE, DELETE, TRUNCATE} for table in APPEND_ONLY}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["UPDATE core_auditrow SET act = 'other'", "DELETE FROM core_auditrow"])
def test_even_the_owner_cannot_change_or_delete_an_audit_row(
    world: World, owner_connection: psycopg.Connection, verb: str
) -> None:
    with act_as(world.who("manager")) as actor:
        audit.record(actor, "thing.changed", "thing", "x")
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner_connection.execute(verb)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_even_the_owner_cannot_empty_an_append_only_table(owner_connection: psycopg.Connection, table: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only: TRUNCATE refused"):
        owner_connection.execute(SQL("TRUNCATE {} CASCADE").format(Identifier(table)))
