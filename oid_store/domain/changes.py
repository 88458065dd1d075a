"""The change log: written in each change's own transaction, read by a cursor that skips nothing.

A row gets its ``position`` only once it is committed: a reader locks the single head row, numbers the rows that have
none, in the order they were made, and commits. A transaction that commits late is numbered later, ahead of every
reader, instead of in the middle of what they have read. (A horizon of transaction ids would do so too, but it stands
still as long as *any* transaction of the database server is open, and means nothing after a restore into another one.)
"""

import base64
import binascii
import datetime
import uuid
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet

from oid_store.domain import clock
from oid_store.domain.codes import Code
from oid_store.domain.record import record_body
from oid_store.domain.rejection import reject
from oid_store.domain.types import Caller
from oid_store.models import Certificate, Change, ChangeHead

# Rows are numbered under the head's lock; a row invisible to this statement is numbered by a later one.
_GIVE_POSITIONS = """
    WITH fresh AS (
        SELECT id, row_number() OVER (ORDER BY id) AS nth FROM oid_store_change WHERE position IS NULL
    ), numbered AS (
        UPDATE oid_store_change AS change SET position = head.last_position + fresh.nth
        FROM fresh, oid_store_changehead AS head WHERE change.id = fresh.id
        RETURNING change.position
    )
    UPDATE oid_store_changehead SET last_position = greatest(last_position, (SELECT max(position) FROM numbered))
    WHERE EXISTS (SELECT 1 FROM numbered)
"""


@dataclass(frozen=True)
class Page:
    """Changes in order, where to go on from (also when there is no more for now), and whether there is more already."""

    results: list[dict[str, object]]
    next_cursor: str
    has_more: bool


def log_change(
    certificate: Certificate,
    kind: str,
    actor: str,
    request_id: str,
    *,
    after: dict[str, object],
    before: dict[str, object] | None = None,
    call_id: uuid.UUID | None = None,
) -> None:
    """Append a change, inside the transaction that makes it."""
    Change.objects.create(
        certificate=certificate,
        certifier_code=certificate.certifier_code,
        kind=kind,
        call_id=call_id,
        actor=actor,
        request_id=request_id,
        before=before,
        after=after,
        at=clock.now(),
    )


def list_changes(caller: Caller, cursor: str, since: datetime.datetime | None, limit: int) -> Page:
    """The certifier's changes after ``cursor``, each with the record as it is now; at most ``limit``.

    ``since`` narrows a listing that starts without a cursor to changes made at or after that time. Time alone is no
    place in the log (a change may commit after a later one): follow ``next_cursor``. Raises ``Rejection`` for a cursor
    that the log did not give.
    """
    log_id, last = _give_positions()
    position = _position_of(cursor, log_id, last) if cursor else 0
    changes = _changes_after(caller, position)
    if since is not None and not cursor:
        changes = changes.filter(at__gte=since)
    rows = list(changes[: limit + 1])
    shown = rows[:limit]
    results = [
        {
            "change": {
                "position": row.position,
                "kind": row.kind,
                "at": clock.stamp(row.at),
                "call_id": str(row.call_id) if row.call_id else None,
                "by": row.actor,
            },
            "record": record_body(row.certificate),
        }
        for row in shown
    ]
    has_more = len(rows) > limit
    # With nothing left, the place is the end of the whole log as it stood before the rows were read.
    reached = shown[-1].position if has_more and shown else max(last, shown[-1].position or 0 if shown else 0)
    return Page(results, _cursor(log_id, reached or 0), has_more)


def _changes_after(caller: Caller, position: int) -> QuerySet[Change]:
    return (
        Change.objects.filter(certifier_code=caller.certifier_code, position__gt=position)
        .order_by("position")
        .select_related("certificate", "certificate__replaces", "certificate__replaced_by")
        .prefetch_related("certificate__actuals")
    )


def _give_positions() -> tuple[uuid.UUID, int]:
    """Number committed changes that have no position yet; returns the log's identity and its last position."""
    if not Change.objects.filter(position__isnull=True).exists():
        head = ChangeHead.objects.get()
        return head.log_id, head.last_position
    with transaction.atomic():
        ChangeHead.objects.select_for_update().get()
        # A second statement, so that it sees what was committed while this one waited for the lock.
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_POSITIONS)
        head = ChangeHead.objects.get()
    return head.log_id, head.last_position


def _cursor(log_id: uuid.UUID, position: int) -> str:
    return base64.urlsafe_b64encode(log_id.bytes + position.to_bytes(8, "big")).decode().rstrip("=")


def _position_of(cursor: str, log_id: uuid.UUID, last: int) -> int:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise reject(Code.BAD_CURSOR, "cursor") from None
    if len(raw) != 24:
        raise reject(Code.BAD_CURSOR, "cursor")
    position = int.from_bytes(raw[16:], "big")
    if raw[:16] != log_id.bytes or position > last:
        raise reject(Code.LOST_CURSOR, "cursor")
    return position
