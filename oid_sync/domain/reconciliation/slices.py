"""A slice: the rows between two keys. Every comparison of a slice is one statement, so that it sees one moment."""

from __future__ import annotations

import dataclasses
import json
import uuid
from typing import Any

from django.db import connection

from oid_sync.models import ReconciliationRun

#: PostgreSQL's number of the type, whose values Django hands over as text.
JSONB = 3802
FIRST, LAST = uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)

#: For the transaction of a slice: compiling a statement takes longer than a slice does.
_PLAN = "SELECT set_config('jit', 'off', true), set_config('work_mem', '32MB', true)"
#: Where a slice is a range of an index whose rows lie close together (keys are ordered by time): never a whole table, as
#: the planner would have it, which the row policies leave with estimates that are far too low.
_RANGE = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('random_page_cost', '1.1', true), "
    "set_config('max_parallel_workers_per_gather', '0', true)"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """Rows of one certifier with keys above ``after`` up to ``upto``; ``rows`` of them are compared.

    The last slice ends with the greatest key there can be: what hangs on a key without a row is found too.
    """

    run: ReconciliationRun
    after: uuid.UUID
    upto: uuid.UUID
    rows: int

    @property
    def is_last(self) -> bool:
        """Whether nothing is left after it."""
        return self.upto == LAST

    @property
    def words(self) -> dict[str, Any]:
        """The parameters of the slice's statements."""
        return {"certifier": self.run.certifier_id, "after": self.after, "upto": self.upto}


def plan_for_slices(*, ranges: bool) -> None:
    """Tell the planner, for the rest of the transaction, that a slice is read; ``ranges``: rows that lie close together."""
    with connection.cursor() as cursor:
        cursor.execute(_PLAN)
        if ranges:
            cursor.execute(_RANGE)


def cut(run: ReconciliationRun, after: uuid.UUID, bound: str, size: int) -> Slice:
    """The next slice after a key: ``bound`` is a statement that answers (rows, last key), the key NULL at the end."""
    with connection.cursor() as cursor:
        cursor.execute(bound, {"certifier": run.certifier_id, "after": after, "size": size})
        rows, upto = cursor.fetchone() or (0, None)
    return Slice(run, after, upto or LAST, rows)


def fetch(statement: str, words: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a statement, by the names of its columns; JSON as Python has it."""
    with connection.cursor() as cursor:
        cursor.execute(statement, words)
        columns = cursor.description or ()
        rows = [dict(zip([column.name for column in columns], row, strict=True)) for row in cursor.fetchall()]
    for name in (column.name for column in columns if column.type_code == JSONB):
        for row in rows:
            row[name] = json.loads(row[name]) if isinstance(row[name], str) else row[name]
    return rows
