"""The circuit breaker: when OID fails again and again, a certifier's calls rest, and one call tries now and then.

Counted is every unclear or unavailable result of the certifier's calls, whichever certificates they are about; any other
result ends the count. A pause that OID itself asked for (Retry-After) is no failure: it answers. While calls rest, the
certifier's desk and the pages of certificates that wait for a number say so, and once each its staff who act and the
exporters whose certificates wait are told; it ends by itself with the first answer.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid

from django.conf import settings

from certificates.domain import delays
from core import audit, clock
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from core.wake import wake
from oid_sync.models import Circuit, OidConnection
from oid_sync.reasons import Reason
from organizations.roles import Role

LONGEST_REST = dt.timedelta(minutes=15)
_FIELDS = ["circuit", "failures", "failing_since", "failing_because", "opened_times", "circuit_until"]


def rests_until(row: OidConnection) -> dt.datetime | None:
    """Until when no call goes out; past where one may try; None with calls going out."""
    return row.circuit_until if row.circuit != Circuit.CLOSED else None


def may_send(row: OidConnection | None, lease: dt.timedelta) -> bool:
    """Whether a call may go out now. Where calls rest and the rest is over, the one that asks first tries; it has ``lease``.

    In the transaction that marks the call in flight: a worker that dies with it gives the next one its turn afterwards.
    """
    if row is None or row.circuit == Circuit.CLOSED:
        return True
    row = OidConnection.objects.select_for_update().get(pk=row.pk)
    now = clock.now()
    if row.circuit == Circuit.CLOSED:
        return True
    if row.circuit_until is not None and row.circuit_until > now:
        return False
    row.circuit, row.circuit_until = Circuit.HALF_OPEN, now + lease
    row.save(update_fields=["circuit", "circuit_until"])
    return True


def answered(actor: Identity, certifier_id: uuid.UUID) -> None:
    """OID has answered something definite: calls go out again. Writes nothing where nothing had failed."""
    row = OidConnection.objects.filter(certifier_id=certifier_id).first()
    if row is None or (row.circuit == Circuit.CLOSED and row.failures == 0):
        return
    row = OidConnection.objects.select_for_update().get(pk=row.pk)
    rested = row.circuit != Circuit.CLOSED
    reset(actor, row)
    row.save(update_fields=_FIELDS)
    if rested:
        wake("oid_calls", certifier_id)


def failed(actor: Identity, certifier_id: uuid.UUID, why: Reason) -> None:
    """One more unclear or unavailable result: after some of them in a row calls rest, each time for longer."""
    row = OidConnection.objects.select_for_update().filter(certifier_id=certifier_id).first()
    if row is None:
        return
    now = clock.now()
    row.failures += 1
    row.failing_since = row.failing_since or now
    row.failing_because = why
    # what was under way when the circuit opened says nothing new
    if row.circuit == Circuit.HALF_OPEN or (
        row.circuit == Circuit.CLOSED and row.failures >= settings.OID_CIRCUIT_FAILURES
    ):
        _open(actor, row, now)
    row.save(update_fields=_FIELDS)


def _open(actor: Identity, row: OidConnection, now: dt.datetime) -> None:
    first = row.circuit == Circuit.CLOSED
    rest = dt.timedelta(seconds=settings.OID_CIRCUIT_SECONDS) * 2 ** min(row.opened_times, 10)
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - certifiers do not all try at the same moment
    row.circuit, row.opened_times = Circuit.OPEN, row.opened_times + 1
    row.circuit_until = now + min(rest, LONGEST_REST) * spread
    if not first:
        return
    since = row.failing_since or now
    if delays.begin(row.certifier_id, since):
        _tell("oid.circuit_open", row, since=since, why=row.failing_because)
    audit.record(
        actor, "oid.circuit_open", "certifier", row.certifier_id, certifier_id=row.certifier_id,
        after={"since": since, "failures": row.failures, "why": row.failing_because},
    )  # fmt: skip


def reset(actor: Identity, row: OidConnection) -> None:
    """Calls go out, nothing has failed. The caller holds the row's lock, or has just made it, and saves it."""
    was_open, since = row.circuit != Circuit.CLOSED, row.failing_since
    row.circuit, row.failures, row.failing_since, row.failing_because = Circuit.CLOSED, 0, None, ""
    row.opened_times, row.circuit_until = 0, None
    if not was_open:
        return
    if delays.end(row.certifier_id):
        _tell("oid.circuit_closed", row, since=since)
    audit.record(
        actor,
        "oid.circuit_closed",
        "certifier",
        row.certifier_id,
        certifier_id=row.certifier_id,
        after={"since": since},
    )


def _tell(topic: str, row: OidConnection, **context: object) -> None:
    notify(
        topic, Audience.CERTIFIER, row.certifier_id, certifier_id=row.certifier_id, object_type="oid_call",
        object_id=None, roles=[Role.MANAGER, Role.APPROVER, Role.REVIEWER], context=context,
    )  # fmt: skip
