"""Faults sown into the ledger, one a test run: a plugin of pytest (``-p tests.long.seeded_faults``).

``PORTAL_SEEDED_FAULT`` names the fault. It replaces one fragment of a file's text, in memory: SQL is applied by the owner to
the test databases of this run, which are thrown away; a Python module is run anew from the changed text before any test
is collected. No file is changed. A fragment that is no longer there, or is there twice, ends the run: a fault that
was not sown must not count as one that nobody found.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
from pathlib import Path

import psycopg
import pytest

from tests.support import databases

LEDGER = "pvf/sql/020_ledger.sql"


@dataclasses.dataclass(frozen=True)
class Fault:
    """``old`` in the file becomes ``new``; ``statement`` instead of a file is plain SQL. ``what``: the mistake in words."""

    what: str
    file: str = ""
    old: str = ""
    new: str = ""
    statement: str = ""

    def text(self) -> str:
        """The file with the fault in it."""
        text = (databases.ROOT / self.file).read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise pytest.UsageError(f"{self.file}: {text.count(self.old)} places to sow this fault in: {self.old!r}")
        return text.replace(self.old, self.new)


FAULTS = {
    "lock": Fault(
        "the balance is read without a lock", LEDGER,
        "    PERFORM pvf_queue(p_line);\n    SELECT * INTO b FROM pvf_balance WHERE line_id = p_line FOR UPDATE;",
        "    SELECT * INTO b FROM pvf_balance WHERE line_id = p_line;",
    ),
    "constraint": Fault(
        "nothing in the database refuses a negative bucket",
        statement="ALTER TABLE pvf_balance DROP CONSTRAINT balance_available_not_negative",
    ),
    "bucket": Fault(
        "what is shipped is not counted as shipped", LEDGER,
        "b.shipped := b.shipped + CASE p_target WHEN 'shipped' THEN p_kg ELSE 0 END",
        "b.shipped := b.shipped + CASE p_target WHEN 'certified' THEN p_kg ELSE 0 END",
    ),
    "after": Fault(
        "a movement notes another balance than the one it left", LEDGER,
        "p_user, at, b.available, b.reserved, b.certified, b.shipped);",
        "p_user, at, b.available, b.certified, b.reserved, b.shipped);",
    ),
    "holder": Fault(
        "a movement out of a holder notes the holder it went to", LEDGER,
        "        p_source_holder, p_source_holder_id, p_target_holder, p_target_holder_id, p_cause, p_reason, p_key,\n"
        "        p_user, at",
        "        p_source_holder, coalesce(p_target_holder_id, p_source_holder_id), p_target_holder,\n"
        "        p_target_holder_id, p_cause, p_reason, p_key, p_user, at",
    ),
    "key": Fault(
        "a key that was used is accepted with other figures", LEDGER,
        "IF (m.line_id, m.source, m.target, m.kg, m.cause) IS DISTINCT FROM (p_line, p_source, p_target, p_kg, p_cause)",
        "IF (m.line_id, m.source, m.target, m.cause) IS DISTINCT FROM (p_line, p_source, p_target, p_cause)",
    ),
    "stranger": Fault(
        "an exporter moves kilograms of another exporter's line", LEDGER,
        "\n                AND b.client_id IS NOT DISTINCT FROM portal_client()\n", "\n",
    ),
    "role": Fault(
        "an exporter gives back what only the certifier may", LEDGER,
        "AND p_cause NOT IN ('submit',", "AND p_cause NOT IN ('void', 'submit',",
    ),
    "clock": Fault(
        "a movement's time is that of its transaction's beginning, not of the lock", LEDGER,
        "    at := clock_timestamp();", "    at := transaction_timestamp();",
    ),
    "append only": Fault(
        "movements can be deleted", statement="DROP TRIGGER pvf_movement_append_only ON pvf_movement"
    ),
    "table": Fault(
        "a reservation can be shipped without a certificate", LEDGER,
        "('shipment', 'certified', 'shipped'),", "('shipment', 'certified', 'shipped'), ('shipment', 'reserved', 'shipped'),",
    ),
    "answer": Fault(
        "an answer that asks for less gives nothing back", "requests_app/domain/questions.py",
        "if request.line_id is None or net == before:", "if request.line_id is None or net <= before:",
    ),
    "certify": Fault(
        "the certificate is not named as the holder of what it certifies", "certificates/domain/approval.py",
        "target_holder=(Holder.CERTIFICATE, certificate.pk),", "target_holder=(Holder.REQUEST, request.pk),",
    ),
    "correction": Fault(
        "a corrected shipment moves as one more shipment", "certificates/domain/shipments.py",
        "actor, certificate.line_id, cause, source, target, shipment.net_kg,",
        "actor, certificate.line_id, Cause.SHIPMENT, Bucket.CERTIFIED, Bucket.SHIPPED, shipment.net_kg,",
    ),
}  # fmt: skip


def sown() -> Fault | None:
    """The fault of this run."""
    name = os.environ.get("PORTAL_SEEDED_FAULT", "")
    return FAULTS[name] if name else None


def pytest_sessionstart() -> None:
    """Sow the fault before anything of it is imported by a test."""
    fault = sown()
    if fault is None:
        return
    if fault.file.endswith(".py"):
        module = importlib.import_module(fault.file.removesuffix(".py").replace("/", "."))
        exec(compile(fault.text(), Path(str(module.__file__)), "exec"), module.__dict__)  # noqa: S102 - our own text
        return
    clone = databases.clone

    def clone_with_the_fault(name: str) -> str:
        made = clone(name)
        statement = fault.statement or fault.text().replace("{app_role}", role_of_the_portal())
        with psycopg.connect(databases.on_database(databases.owner_url(), made), connect_timeout=10) as owner:
            owner.execute(statement.encode())
        return made

    databases.clone = clone_with_the_fault


def role_of_the_portal() -> str:
    """The restricted role, as an SQL name."""
    from django.conf import settings

    return f'"{settings.APP_DATABASE_ROLE}"'
