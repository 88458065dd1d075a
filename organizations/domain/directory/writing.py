"""One batch of records against the operations: only what differs is written, by key, in one short transaction."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection

from core import audit, ids, rows
from core.identity import Identity
from core.wake import wake
from organizations.domain.directory.columns import SCOPES, Record
from organizations.domain.directory.listing import confirmed_on
from organizations.models import OperationStatus

FIELDS = (
    "name", "other_names", "status", "scopes", "certifier_name", "address", "city", "state", "postal_code", "country",
    "email", "phone", "status_as_of",
)  # fmt: skip
_COLUMNS = ("id", "nop_id", *FIELDS, "directory_date", "last_seen")
_LIST = ", ".join(f'"{name}"' for name in _COLUMNS)
_READ = f"SELECT {_LIST} FROM organizations_operation WHERE nop_id = ANY(%s)"  # noqa: S608 - names of our own
# in the one lock order; acts that decide on an operation hold it FOR SHARE and are waited for
_LOCK = f"SELECT {_LIST} FROM organizations_operation WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"  # noqa: S608
_WRITTEN = (*FIELDS, "directory_date", "last_seen")
_PAIRS = ", ".join(f'"{name}" = %s' for name in _WRITTEN)
_UPDATE = f"UPDATE organizations_operation SET {_PAIRS} WHERE id = %s"  # noqa: S608
_TYPES = {"id": "uuid", "status_as_of": "date", "directory_date": "date", "last_seen": "date"}
_ARRAYS = ", ".join(f"%s::{_TYPES.get(name, 'text')}[]" for name in _COLUMNS)
_PICKED = ", ".join("scopes::varchar[]" if name == "scopes" else f'"{name}"' for name in _COLUMNS)
_INSERT = (
    f"INSERT INTO organizations_operation ({_LIST}) SELECT {_PICKED} FROM unnest({_ARRAYS}) AS new ({_LIST}) "  # noqa: S608
    "ON CONFLICT (nop_id) DO NOTHING"
)
_ORDER = {scope: place for place, scope in enumerate(SCOPES.values())}
Row = dict[str, Any]


@dataclasses.dataclass(slots=True)
class Counts:
    """What became of the records of a batch."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    passed_over: int = 0
    status_changes: int = 0
    lapsed: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """The day of the data, whether they list the whole directory, and the newest full directory read before."""

    as_of: dt.date
    full: bool
    newest: dt.date | None


def write(actor: Identity, records: Sequence[Record], day: Day, import_id: uuid.UUID) -> Counts:
    """Write what differs. Rows that newer data have said already stay. Runs inside the batch's transaction."""
    counts = Counts()
    wanted = {record.nop_id: record for record in records}
    known = {row["nop_id"]: row for row in _rows(_READ, list(wanted))}
    differing = [row["id"] for nop_id, row in known.items() if _changes(row, wanted[nop_id], day)]
    # looked at once more under the lock: what is decided on is what is written over
    held = {row["nop_id"]: row for row in _rows(_LOCK, differing)} if differing else {}
    updates = []
    with rows.together():
        for nop_id, old in known.items():
            row = held.get(nop_id, old)
            change = _changes(row, wanted[nop_id], day) if nop_id in held else None
            if change is None:
                older = confirmed_on(row["directory_date"], row["last_seen"], day.newest) > day.as_of
                counts.passed_over += older
                counts.unchanged += not older
                continue
            updates.append((*(change[name] for name in _WRITTEN), row["id"]))
            if all(change[name] == row[name] for name in FIELDS):
                counts.unchanged += 1  # only the day is new
                continue
            counts.changed += 1
            if change["status"] != row["status"]:
                _note_status(actor, row, change, counts, import_id)
    with connection.cursor() as cursor:
        if updates:
            cursor.executemany(_UPDATE, updates)
        new = [_new(record, day) for nop_id, record in wanted.items() if nop_id not in known]
        if new:
            for row in new:
                row["scopes"] = _array(row["scopes"])
            cursor.execute(_INSERT, [[row[name] for row in new] for name in _COLUMNS])
            counts.added = cursor.rowcount
            counts.passed_over += len(new) - cursor.rowcount
    if counts.status_changes:
        wake("suspension", None)
    return counts


def _rows(statement: str, keys: list[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [keys])
        return [dict(zip(_COLUMNS, values, strict=True)) for values in cursor.fetchall()]


def _changes(row: Row, record: Record, day: Day) -> Row | None:
    """The row as the record has it; None where nothing is to be written."""
    confirmed = confirmed_on(row["directory_date"], row["last_seen"], day.newest)
    if confirmed > day.as_of:
        return None
    result = {**row, **record.values}
    if set(result["scopes"]) == set(row["scopes"]):
        result["scopes"] = row["scopes"]
    if result["status"] != row["status"] and "status_as_of" not in record.values:
        result["status_as_of"] = day.as_of
    if result == row and row["last_seen"] is None and (day.full or confirmed == day.as_of):
        return None
    result["directory_date"], result["last_seen"] = day.as_of, None
    return result


def _new(record: Record, day: Day) -> Row:
    row: Row = dict.fromkeys(FIELDS, "") | {"scopes": [], "status_as_of": day.as_of} | record.values
    return row | {"id": ids.new_id(), "nop_id": record.nop_id, "directory_date": day.as_of, "last_seen": None}


def _array(scopes: list[str]) -> str:
    """Arrays of arrays cannot be unnested row by row: the scopes go as the text of an array."""
    return "{" + ",".join(f'"{scope}"' for scope in sorted(scopes, key=_ORDER.__getitem__)) + "}"


def _note_status(actor: Identity, row: Row, change: Row, counts: Counts, import_id: uuid.UUID) -> None:
    counts.status_changes += 1
    counts.lapsed += row["status"] == OperationStatus.CERTIFIED
    audit.record(
        actor, "directory.status", "operation", row["id"],
        before={"status": row["status"], "as_of": row["status_as_of"]},
        after={"status": change["status"], "as_of": change["status_as_of"], "nop_id": row["nop_id"], "import": import_id},
    )  # fmt: skip
