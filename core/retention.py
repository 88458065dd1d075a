"""What is kept for how long, as far as this floor goes: texts of notifications, sessions, bytes that no row names."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from dateutil.relativedelta import relativedelta
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Q, QuerySet

from core import clock
from core.files import name_of_lock
from core.identity import Identity, act_as
from core.models import Delivery, Notification, StoredFile

_OVER = (Delivery.State.SENT, Delivery.State.UNKNOWN, Delivery.State.FAILED)


def years_ago(years: int) -> dt.datetime:
    """The same moment so many years ago (of 29 February: the 28th)."""
    return clock.now() - relativedelta(years=years)


def old_texts(certifier_id: uuid.UUID | None, before: dt.datetime) -> QuerySet[Delivery]:
    """Letters that are over, whose text is still there, older than a moment. None: those of no certifier."""
    rows = Delivery.objects.filter(Q(certifier_id=certifier_id), created_at__lt=before, state__in=_OVER)
    return rows.exclude(body="")


def forget_texts(certifier_id: uuid.UUID | None, before: dt.datetime) -> int:
    """Empty the texts of old letters and what they were made of. That somebody was told, when and about what, stays."""
    with act_as(Identity.loop(certifier_id)):
        emptied = old_texts(certifier_id, before).update(body="")
        done = Notification.objects.filter(Q(certifier_id=certifier_id), created_at__lt=before)
        done.exclude(state=Notification.State.WAITING).exclude(context={}).update(context={})
    return emptied


def ended_sessions() -> QuerySet[Session]:
    """Sessions that nobody can use any more, whatever their age."""
    return Session.objects.filter(expire_date__lt=clock.now())


def forget_sessions() -> int:
    """Delete them. Returns how many."""
    with act_as(Identity.loop()):
        return ended_sessions().delete()[0]


def forget_bytes(certifier_id: uuid.UUID, paths: Iterable[str]) -> int:
    """Delete stored bytes that no row names, each under the lock that :mod:`core.files` takes to name them.

    A file that somebody hands in again at this moment keeps its bytes: where the lock is taken nothing is deleted.
    Returns how many went.
    """
    gone = 0
    for path in paths:
        with act_as(Identity.loop(certifier_id)):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [name_of_lock(path)])
                (ours,) = cursor.fetchone()
            if ours and path.startswith(f"{certifier_id}/") and not StoredFile.objects.filter(path=path).exists():
                default_storage.delete(path)
                gone += 1
    return gone
