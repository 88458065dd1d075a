"""Questions to OID and their answers, word for word: what may be taken away of them after years. The calls stay."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import connection

from core.identity import Identity, act_as
from oid_sync.models import CallState, OidExchange

#: A certifier's own records about operations are kept for ten years (7 CFR 205.510(b)(2)); PostgreSQL holds to it too.
YEARS = 10
OVER = (CallState.DONE, CallState.CANCELLED)


def old_exchanges(certifier_id: uuid.UUID, before: dt.datetime) -> int:
    """How many exchanges of calls that are over are older than a moment; the loop's identity is set."""
    return OidExchange.objects.filter(certifier_id=certifier_id, at__lt=before, call__state__in=OVER).count()


def forget_exchanges(certifier_id: uuid.UUID, before: dt.datetime) -> int:
    """Take them away. Returns how many; none of the last ten years goes, whatever the moment is."""
    with act_as(Identity.loop(certifier_id)), connection.cursor() as cursor:
        cursor.execute("SELECT oid_sync_forget_exchanges(%s)", [before])
        (count,) = cursor.fetchone()
    return int(count)
