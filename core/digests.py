"""The daily mail: what a person chose to read once a day, as one notification of its own, written once a day."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo

from core import clock
from core.identity import Identity, act_as
from core.models import Audience, Delivery, Notification
from core.notify import notify
from core.people import people

#: From this hour on, local time of the certifier.
HOUR = 7
#: Lines of one mail: what goes beyond them stands in the portal.
MOST = 50
_NAMESPACE = uuid.UUID("7b1c0c62-3d55-4b0e-8e0a-5a2f6f0c9d11")


def write_due(certifier_id: uuid.UUID, zone: str, now: dt.datetime | None = None) -> int:
    """Write today's daily mail of everybody at one certifier who has news for it. Returns how many were written.

    Under the certifier's loop identity, in its transaction: news and mail change together, so that nothing is told twice
    or left out. A day's mail has one id: whoever is late finds it there.
    """
    local = (now or clock.now()).astimezone(zoneinfo.ZoneInfo(zone))
    if local.hour < HOUR:
        return 0
    waiting = Delivery.objects.filter(certifier_id=certifier_id, state=Delivery.State.DIGEST)
    readers = sorted({user_id for user_id in waiting.values_list("user_id", flat=True) if user_id}, key=str)
    return sum(_of_person(certifier_id, user_id, local.date()) for user_id in readers)


def _of_person(certifier_id: uuid.UUID, user_id: uuid.UUID, day: dt.date) -> int:
    row_id = uuid.uuid5(_NAMESPACE, f"{certifier_id} {user_id} {day}")
    if Notification.objects.filter(pk=row_id).exists():
        return 0
    mine = Delivery.objects.select_for_update(skip_locked=True).filter(
        certifier_id=certifier_id, user_id=user_id, state=Delivery.State.DIGEST
    )
    news = list(mine.order_by("created_at", "pk"))
    if not news:
        return 0
    Delivery.objects.filter(pk__in=[row.pk for row in news]).update(state=Delivery.State.KEPT)
    lines = [{"subject": row.subject, "link": row.link} for row in news[:MOST]]
    notify(
        "digest.daily", Audience.USER, user_id, certifier_id=certifier_id, object_type="news", object_id=None,
        context={"lines": lines, "count": len(news), "more": len(news) - len(lines)}, row_id=row_id,
    )  # fmt: skip
    return 1


def tell(certifier_id: uuid.UUID) -> int:
    """:func:`write_due` for one certifier, in a transaction of its loop."""
    with act_as(Identity.loop(certifier_id)):
        return write_due(certifier_id, people().time_zone(certifier_id))
