"""By which day of OID's data an operation is confirmed.

A directory of 80,000 operations is read every month, and nearly all say what they said before. Those are not written:
that a full directory of a day was read confirms every operation that it lists. So the day of an operation is that of the
newest full directory, or of its own row where that is later; and where the newest full directory does not list it, the
day of the last that did (``Operation.last_seen``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Max

from organizations.models import DirectoryImport, Operation


def newest_full_day() -> dt.date | None:
    """The day of the newest full directory that was read to its end; None before the first."""
    done = DirectoryImport.objects.filter(state=DirectoryImport.State.DONE, full=True)
    day: dt.date | None = done.aggregate(day=Max("as_of"))["day"]
    return day


def confirmed_on(directory_date: dt.date, last_seen: dt.date | None, newest: dt.date | None) -> dt.date:
    """The day of the data that say last what an operation's row says. ``newest``: :func:`newest_full_day`."""
    if last_seen is not None:
        return last_seen
    return max(directory_date, newest) if newest else directory_date


def with_days(operations: Iterable[Operation]) -> list[Operation]:
    """The operations with the day that confirms them as ``confirmed_day``, for a page."""
    newest = newest_full_day()
    rows = list(operations)
    for row in rows:
        day = confirmed_on(row.directory_date, row.last_seen, newest)
        row.confirmed_day = day  # type: ignore[attr-defined]
    return rows
