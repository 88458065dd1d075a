"""Whose turn it is: the calls of one certifier are sent side by side by many hands, each call by one of them.

A call that was just approved is sent by the worker that its wake-up reached. What a lost wake-up, a killed worker or an
unclear answer left behind is found by the sweep, which calls for more hands where there is more than one to send.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from functools import partial

import structlog

from core.identity import Identity, act_as
from oid_sync.domain import calls

log = structlog.get_logger(__name__)
#: Due calls among which a hand chooses, so that two seldom reach for the same one.
CHOICE = 16


def register(certifier_id: uuid.UUID, certificate_id: uuid.UUID) -> None:
    """Register one certificate that was just approved, if nobody has yet."""
    _tried(partial(calls.register, certifier_id, certificate_id), certificate=certificate_id, certifier=certifier_id)


def waiting(certifier_id: uuid.UUID, most: int) -> int:
    """Make the calls that are missing at one certifier; how many are due, counted up to ``most``."""
    with act_as(Identity.loop(certifier_id)):
        calls.make_missing(certifier_id)
        return len(calls.due(certifier_id, most))


def send_due(certifier_id: uuid.UUID, *, seconds: float) -> None:
    """Send what is due at one certifier until nothing is, or the time is over; others may do the same meanwhile.

    What fails in one call stops no other: it is left to the next sweep.
    """
    end = time.monotonic() + seconds
    left: set[uuid.UUID] = set()
    while time.monotonic() < end:
        with act_as(Identity.loop(certifier_id)):
            due = calls.due(certifier_id, CHOICE, without=left)
        if not due:
            return
        call_id = random.choice(due)  # noqa: S311 - spreads the hands
        if not _tried(partial(calls.perform, certifier_id, call_id), call=call_id, certifier=certifier_id):
            left.add(call_id)


def _tried(perform: Callable[[], bool], **about: uuid.UUID) -> bool:
    """Perform a call; False where it was not its turn, or where it failed."""
    try:
        return perform()
    except Exception:
        log.exception("oid_call_failed", **{name: str(value) for name, value in about.items()})
        return False
