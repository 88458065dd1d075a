"""What the loops that make documents under a lease share: when a row is given up, and which given-up rows heal.

A row has a counter of tries and the end of its lease. In the fields' names ``prefix`` stands before both.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import Q

from certificates.document.errors import HEALING_CODES

#: Why a document is given up whose worker was killed at its last attempt: its lease ended, and nobody noted why.
DIED = "DOC-DIED: its worker was stopped while it made the document, as often as it may be tried"
#: A given-up document whose reason may pass without anybody touching it is tried again after this, once each time.
HEALING_PAUSE = dt.timedelta(minutes=15)


def left(prefix: str = "") -> Q:
    """Rows that the loop has still to look at: a try is left, or a lease has ended with the last one.

    Of the latter, whoever made the last try was killed, and nobody has been told; or the row waits to heal.
    """
    return Q(**{f"{prefix}attempts__lt": settings.DOCUMENT_MAX_ATTEMPTS}) | Q(**{f"{prefix}lease_until__isnull": False})


def is_spent(attempts: int) -> bool:
    """Whether all tries of a row are used up."""
    return attempts >= settings.DOCUMENT_MAX_ATTEMPTS


def heals(error: str) -> bool:
    """Whether a reason (``CODE: text``) may pass by itself: a key is replaced, a server answers again."""
    return error.partition(":")[0] in HEALING_CODES


def healing(prefix: str = "") -> Q:
    """Rows that failed for a reason that may pass."""
    found = Q()
    for code in HEALING_CODES:
        found |= Q(**{f"{prefix}error__startswith": f"{code}:"})
    return found


def tries_again(attempts: int, error: str) -> bool:
    """Whether a spent row whose lease has ended gets one more try: once, for then it counts above the limit.

    A worker killed at that one leaves it above: it is given up, not tried round and round.
    """
    return attempts == settings.DOCUMENT_MAX_ATTEMPTS and heals(error)


def rest_of(error: str, now: dt.datetime) -> dt.datetime | None:
    """Until when a given-up row rests before it is tried again; None where a person has to act first."""
    return now + HEALING_PAUSE if heals(error) else None
