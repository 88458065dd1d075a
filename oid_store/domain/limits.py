"""Rate limit and maintenance windows. Both live in the database, so that all workers of the server share them."""

import datetime
import math

from django.db import connection, transaction

from oid_store.domain import clock
from oid_store.domain.codes import Code
from oid_store.domain.rejection import Rejection, finding
from oid_store.models import MaintenanceWindow, RateWindow

_COUNT = """
    INSERT INTO oid_store_ratewindow AS seen (caller, minute, calls) VALUES (%s, %s, 1)
    ON CONFLICT (caller, minute) DO UPDATE SET calls = seen.calls + 1
    RETURNING calls
"""


def count_call(caller: str, per_minute: int) -> None:
    """Count a call in this minute; raises ``Rejection`` (429, Retry-After) above ``per_minute`` (0: no limit)."""
    if per_minute <= 0:
        return
    minute, second = divmod(clock.now().timestamp(), 60)
    with transaction.atomic(), connection.cursor() as cursor:
        # A lost count costs nothing, waiting for the disk does.
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(_COUNT, [caller, int(minute)])
        calls = cursor.fetchone()[0]
        if calls == 1:
            RateWindow.objects.filter(minute__lt=int(minute) - 10).delete()
    if calls > per_minute:
        raise Rejection([finding(Code.RATE)], {"Retry-After": str(max(1, math.ceil(60 - second)))})


def open_window() -> MaintenanceWindow | None:
    """The maintenance window of this moment, if any; of several, the one that ends last."""
    now = clock.now()
    return MaintenanceWindow.objects.filter(starts_at__lte=now, ends_at__gt=now).order_by("-ends_at").first()


def refuse_in_maintenance() -> None:
    """Raises ``Rejection`` (503, Retry-After) while a maintenance window is open."""
    window = open_window()
    if window is not None:
        left = math.ceil((window.ends_at - clock.now()).total_seconds())
        raise Rejection([finding(Code.MAINTENANCE)], {"Retry-After": str(max(1, left))})


def start_maintenance(starts_at: datetime.datetime, minutes: float, message: str = "") -> MaintenanceWindow:
    """Plan a window of ``minutes`` from ``starts_at``."""
    ends_at = starts_at + datetime.timedelta(minutes=minutes)
    return MaintenanceWindow.objects.create(starts_at=starts_at, ends_at=ends_at, message=message)


def end_maintenance() -> int:
    """End open windows and drop planned ones; returns how many there were."""
    now = clock.now()
    ended = MaintenanceWindow.objects.filter(starts_at__lt=now, ends_at__gt=now).update(ends_at=now)
    dropped, _ = MaintenanceWindow.objects.filter(starts_at__gte=now).delete()
    return ended + dropped
