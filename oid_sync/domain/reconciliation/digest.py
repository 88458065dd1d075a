"""The daily digest: the certifier's managers are told once a day, by mail, while a difference is open."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import IntegrityError, transaction

from core import clock
from core.models import Audience, Notification
from core.notify import notify
from oid_sync.domain.reconciliation import drifts
from organizations.models import Certifier
from organizations.roles import Role

TOPIC = "oid.drift_digest"
#: The digest is sent from this time of the certifier's day on: the nightly run has ended by then.
MORNING = dt.timedelta(hours=7)


def send(certifier_id: uuid.UUID) -> Notification | None:
    """Tell the managers what is open. None before the morning, with nothing open, or where the day's digest is made.

    The notification's id follows from certifier and day, so a day has one digest however often and by whomever it is made.
    """
    certifier = Certifier.objects.get(pk=certifier_id)
    today = clock.today_in(certifier.time_zone)
    if clock.now() < clock.start_of_day(today, certifier.time_zone) + MORNING:
        return None
    counts = drifts.open_by_kind(certifier_id)
    oldest = drifts.oldest_open(certifier_id)
    row_id = uuid.uuid5(certifier_id, f"{TOPIC}:{today.isoformat()}")
    if not counts or oldest is None or Notification.objects.filter(pk=row_id).exists():
        return None
    context = {
        "kinds": [{"kind": kind, "count": count} for kind, count in counts.items()],
        "total": sum(counts.values()), "oldest_days": oldest.days, "day": today,
    }  # fmt: skip
    try:
        with transaction.atomic():
            return notify(
                TOPIC, Audience.CERTIFIER, certifier_id, certifier_id=certifier_id, object_type="reconciliation",
                object_id=None, roles=[Role.MANAGER], context=context, row_id=row_id,
            )  # fmt: skip
    except IntegrityError:
        return None  # another worker has just made it
