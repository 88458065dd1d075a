"""The directory of operations: loading it, asking it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from oid_store.domain import clock
from oid_store.domain.codes import Code
from oid_store.domain.record import NOP_ID
from oid_store.domain.rejection import reject
from oid_store.models import Operation, OperationStatus

DEMO_FILE = Path(__file__).resolve().parent.parent / "data" / "operations.json"
_FIELDS = {field.name for field in Operation._meta.fields} - {"updated_at"}
_REQUIRED = ("nop_id", "name", "status", "certifier_code", "certifier_name", "country")


def read_operations(path: Path) -> list[dict[str, Any]]:
    """Operations of a JSON file: a list of objects with the model's field names. Raises ValueError naming the entry."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(entries, list):
        raise ValueError(f"{path}: a list of operations is expected")
    for index, entry in enumerate(entries, start=1):
        missing = [name for name in _REQUIRED if not entry.get(name)]
        unknown = sorted(set(entry) - _FIELDS)
        if missing or unknown:
            raise ValueError(f"{path}, entry {index}: missing {missing}, unknown {unknown}")
        if entry["status"] not in OperationStatus.values:
            raise ValueError(f"{path}, entry {index}: status {entry['status']!r} is none of {OperationStatus.values}")
    return entries


def load_operations(entries: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """Write the entries that are new or differ, by NOP ID; returns (added, changed). Others are left as they are."""
    known = Operation.objects.in_bulk()
    now = clock.now()
    added, changed = [], []
    for entry in entries:
        old = known.get(entry["nop_id"])
        if old is None:
            added.append(Operation(**entry, updated_at=now))
        elif any(getattr(old, name) != value for name, value in entry.items()):
            for name, value in entry.items():
                setattr(old, name, value)
            old.updated_at = now
            changed.append(old)
    Operation.objects.bulk_create(added, batch_size=500, ignore_conflicts=True)
    Operation.objects.bulk_update(changed, [*sorted(_FIELDS - {"nop_id"}), "updated_at"], batch_size=200)
    return len(added), len(changed)


def set_status(nop_id: str, status: str) -> None:
    """Give an operation another status, as NOP or its certifier would; raises ``Rejection`` for an unknown NOP ID."""
    if not Operation.objects.filter(pk=nop_id).update(status=status, status_date=clock.today(), updated_at=clock.now()):
        raise reject(Code.NO_RECORD)


def operation_body(operation: Operation) -> dict[str, object]:
    """An operation as the API shows it."""
    return {
        "nop_id": operation.nop_id,
        "name": operation.name,
        "other_names": operation.other_names,
        "status": operation.status,
        "status_date": operation.status_date.isoformat() if operation.status_date else None,
        "certifier_code": operation.certifier_code,
        "certifier_name": operation.certifier_name,
        "scopes": operation.scopes,
        "contact": {"first_name": operation.contact_first_name, "last_name": operation.contact_last_name},
        "phone": operation.phone,
        "email": operation.email,
        "url": operation.url,
        "address": {
            "line1": operation.address_line1,
            "line2": operation.address_line2,
            "city": operation.city,
            "state": operation.state,
            "postal_code": operation.postal_code,
            "country": operation.country,
        },
        "items": operation.items,
        "updated_at": clock.stamp(operation.updated_at),
    }


def one_operation(nop_id: str) -> dict[str, object]:
    """The operation with this NOP ID; raises ``Rejection`` (404)."""
    operation = Operation.objects.filter(pk=nop_id).first() if NOP_ID.fullmatch(nop_id) else None
    if operation is None:
        raise reject(Code.NO_RECORD)
    return operation_body(operation)


def list_operations(status: str, cursor: str, limit: int) -> tuple[list[dict[str, object]], str | None]:
    """Operations after ``cursor`` (the last NOP ID shown), of one status or all; the next cursor, None at the end."""
    if status and status not in OperationStatus.values:
        raise reject(Code.BAD_FILTER, "status", detail=f"one of {', '.join(OperationStatus.values)}")
    if cursor and not NOP_ID.fullmatch(cursor):
        raise reject(Code.BAD_CURSOR, "cursor")
    found = Operation.objects.filter(pk__gt=cursor).order_by("pk")
    if status:
        found = found.filter(status=status)
    rows = list(found[: limit + 1])
    results = [operation_body(row) for row in rows[:limit]]
    return results, rows[limit - 1].pk if len(rows) > limit else None
