"""The loop: each call in three phases, an unclear answer asked about before it is repeated.

1. *take* (:mod:`oid_sync.domain.taking`): a short transaction marks the call in flight, with a lease of twice its time
   limit and a token;
2. *send*: outside any transaction, OID is asked or told;
3. *record* (:mod:`oid_sync.domain.answers`): another short transaction writes what OID said, if the token is still ours.

A lease that ended leaves the call *unknown*: nobody can say whether OID did it, so OID is asked first.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Exists, OuterRef, Q

from certificates.domain import coop
from certificates.models import Certificate, CertificateChange, CertificateState, Shipment
from core import clock, ids
from core.identity import Identity, act_as
from core.prepared import prepared
from core.wake import wake
from oid_sync.connectors.base import NotFound
from oid_sync.domain import answers, links, payloads, taking
from oid_sync.domain.answers import Result, Taken
from oid_sync.models import LIVE_STATES, CallState, HandEntry, OidCall, Operation

#: Calls taken and not yet sent, beside those under way: so that no place stands empty while the next call is prepared.
AHEAD = 4
#: How long such a call waits for a place; less than what its lease has over its two time limits.
AHEAD_SECONDS = 5
#: Calls under way at the same time in this process; the threads beyond prepare and record.
_room = threading.BoundedSemaphore(settings.OID_IN_FLIGHT)
_turn = threading.BoundedSemaphore(settings.OID_IN_FLIGHT + AHEAD)


def make_missing(certifier_id: uuid.UUID) -> int:
    """A call for every certificate that waits for a number without one, and for every shipment not told to OID."""
    _look_again(certifier_id)
    return make_registrations(certifier_id) + sum(
        _make(*event.call, call_id=event.call_id, cause_id=event.cause_id) for event in _untold(certifier_id)
    )


def make_registrations(certifier_id: uuid.UUID, *certificates: uuid.UUID) -> int:
    """A call for every certificate (of those named, if any) that waits for a number without one. Returns how many."""
    registering = OidCall.objects.filter(operation=Operation.REGISTER).exclude(state=CallState.CANCELLED)
    waiting = Certificate.objects.filter(coop.to_register(certifier_id))
    if certificates:
        waiting, registering = waiting.filter(pk__in=certificates), registering.filter(certificate__in=certificates)
    unasked = waiting.exclude(pk__in=registering.values("certificate_id")).select_related("replaces")
    return sum(_make(each, Operation.REGISTER, payloads.registration(each)) for each in unasked)


def _look_again(certifier_id: uuid.UUID) -> None:
    """After an outage, what a person was to key and nobody has begun is left alone where its continuity document stays."""
    if coop.open_outage(certifier_id) is not None:
        return
    rows = OidCall.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        certifier_id=certifier_id, operation=Operation.REGISTER, state=CallState.AWAITING_PERSON,
        certificate__continuity_at__isnull=False,
    )  # fmt: skip
    for row in rows.exclude(entries__in=HandEntry.objects.filter(ended_at=None)).select_related("certificate__request"):
        if coop.stays_because(row.certificate) is not None:
            row.state, row.next_attempt_at = CallState.UNKNOWN, clock.now()
            row.save(update_fields=["state", "next_attempt_at"])


@dataclasses.dataclass(frozen=True)
class _Event:
    """Something that happened to a registered certificate and that OID has not been told."""

    at: dt.datetime
    call: tuple[Certificate, Operation, dict[str, Any]]
    call_id: uuid.UUID
    cause_id: uuid.UUID | None = None


#: Changes that OID is told; the others follow from what it knows.
TOLD = {
    CertificateChange.Kind.AMENDED: Operation.AMEND,
    CertificateChange.Kind.TOTAL: Operation.ACTUALS,
    CertificateChange.Kind.VOIDED: Operation.VOID,
}


def _untold(certifier_id: uuid.UUID) -> list[_Event]:
    """Shipments, corrections and changes without a call, in the order in which they happened."""
    events: list[_Event] = []
    told = OidCall.objects.filter(operation=Operation.ACTUALS, cause_id__isnull=False).values("cause_id")
    shipped = Shipment.objects.filter(certifier_id=certifier_id, certificate__number__isnull=False)
    for row in shipped.exclude(pk__in=told).select_related("certificate"):
        call_id = ids.new_id()
        call = (row.certificate, Operation.ACTUALS, payloads.shipment(call_id, row))
        events.append(_Event(row.reported_at, call, call_id, row.pk))
    for row in shipped.filter(corrected_at__isnull=False).select_related("certificate"):
        call_id = uuid.uuid5(row.pk, "correction")
        if not OidCall.objects.filter(pk=call_id).exists():
            call = (row.certificate, Operation.ACTUALS, payloads.correction(call_id, row))
            events.append(_Event(row.corrected_at or row.reported_at, call, call_id))
    known = OidCall.objects.filter(certifier_id=certifier_id).values("pk")
    changed = CertificateChange.objects.filter(
        certifier_id=certifier_id, kind__in=TOLD, certificate__number__isnull=False
    )
    for change in changed.exclude(pk__in=known).select_related("certificate"):
        call = (change.certificate, TOLD[CertificateChange.Kind(change.kind)], payloads.change(change))
        events.append(_Event(change.made_at, call, change.pk))
    return sorted(events, key=lambda event: event.at)


def _make(
    certificate: Certificate,
    operation: Operation,
    payload: dict[str, Any],
    *,
    call_id: uuid.UUID | None = None,
    cause_id: uuid.UUID | None = None,
) -> int:
    """One more call about a certificate, after its earlier ones; 0 where another loop has just made the same."""
    last = OidCall.objects.filter(certificate=certificate).order_by("-sequence").first()
    row = OidCall(
        id=call_id or ids.new_id(), certificate=certificate, certifier_id=certificate.certifier_id,
        operation=operation, payload=payload, cause_id=cause_id, sequence=(last.sequence if last else 0) + 1,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return 0
    return 1


def report_again(shipments: Sequence[Shipment]) -> int:
    """New calls for shipments that OID, although told of them, does not show. Returns how many.

    None while an earlier call about the certificate is under way or on the desk: its end comes first.
    """
    certificate = shipments[0].certificate
    earlier = OidCall.objects.filter(certificate=certificate).exclude(state__in=[CallState.DONE, CallState.CANCELLED])
    if earlier.exists():
        return 0
    made = 0
    for row in shipments:
        call_id = ids.new_id()
        told = payloads.shipment if row.corrected_at is None else payloads.correction
        made += _make(certificate, Operation.ACTUALS, told(call_id, row), call_id=call_id)
    wake("oid_calls", certificate.certifier_id, certificate.pk)
    return made


def settle_registration(actor: Identity, certificate_id: uuid.UUID, number: str) -> None:
    """OID's log shows the record: a registration that waits or lies on the desk has been done."""
    rows = OidCall.objects.select_for_update().filter(certificate_id=certificate_id, operation=Operation.REGISTER)
    for row in rows.exclude(state__in=[CallState.DONE, CallState.CANCELLED]):
        row.lease_until = row.lease_token = None
        answers.done(actor, row, {"number": number})
        row.save()


def due(
    certifier_id: uuid.UUID,
    limit: int = 50,
    *,
    without: Collection[uuid.UUID] = (),
) -> list[uuid.UUID]:
    """Calls whose turn it is: waiting or unknown and due, or in flight with a lease that ended; none while calls rest.

    Of several about one certificate the first that is not finished.
    """
    if links.paused_until(certifier_id):
        return []
    now = clock.now()
    ready = Q(state__in=[CallState.WAITING, CallState.UNKNOWN], next_attempt_at__lte=now)
    lost = Q(state=CallState.IN_FLIGHT, lease_until__lte=now)
    rows = OidCall.objects.filter(ready | lost, certifier_id=certifier_id).exclude(pk__in=without)
    rows = rows.filter(~Exists(taking.unfinished(OuterRef("certificate_id"), OuterRef("sequence"))))
    if coop.open_outage(certifier_id) is not None:
        rows = rows.exclude(operation=Operation.REGISTER, certificate__state=CertificateState.CONTINUITY)
    return list(rows.order_by("next_attempt_at", "id").values_list("pk", flat=True)[:limit])


def perform(certifier_id: uuid.UUID, call_id: uuid.UUID) -> bool:
    """Take, send and record one call; False where it was not its turn.

    Whatever breaks in the portal itself leaves the call unclear, so that OID is asked; again and again, it fails.
    """
    return _perform(Identity.loop(certifier_id), lambda actor: taking.take(actor, call_id))


def register(certifier_id: uuid.UUID, certificate_id: uuid.UUID) -> bool:
    """`perform` for the registration of one certificate, whose call is made and taken in one transaction."""
    return _perform(Identity.loop(certifier_id), lambda actor: _take_registration(actor, certifier_id, certificate_id))


def _perform(actor: Identity, take: Callable[[Identity], Taken | None]) -> bool:
    if database.in_atomic_block:
        raise RuntimeError("OID is never called inside a transaction")
    taken: Taken | None = None
    try:
        # few are taken before there is room to send them: a lease must not run while its call waits for others
        with _turn:
            with act_as(actor), prepared():
                taken = take(actor)
            if taken is None:
                return False
            result = _send_in_room(taken)
        if result is None:
            with act_as(actor):
                taking.give_back(taken)
            return False
        with act_as(actor), prepared():
            answers.record(actor, taken, result)
    except Exception as error:
        if taken is not None:
            with act_as(actor):
                answers.broke(actor, taken, error)
        raise
    return True


def _take_registration(actor: Identity, certifier_id: uuid.UUID, certificate_id: uuid.UUID) -> Taken | None:
    """The call that registers a certificate, made where it is missing; None where it is not its turn."""
    taken = taking.at_once(actor, certificate_id)
    if taken is not None:
        return taken
    make_registrations(certifier_id, certificate_id)
    live = OidCall.objects.filter(certificate_id=certificate_id, operation=Operation.REGISTER, state__in=LIVE_STATES)
    call_id = live.values_list("pk", flat=True).first()
    return taking.take(actor, call_id) if call_id else None


def _send_in_room(taken: Taken) -> Result | None:
    """Send as soon as there is room; None, and nothing is sent, where there is none in time."""
    if not _room.acquire(timeout=AHEAD_SECONDS):
        return None
    try:
        return _send(taken)
    finally:
        _room.release()


def _send(taken: Taken) -> Result:
    """Ask first where an earlier try is unclear; then tell."""
    if taken.operation == Operation.REGISTER:
        if taken.ask_first:
            found = taken.connector.find(taken.certificate_id)
            if not isinstance(found, NotFound) or taken.only_ask or taken.moving or taken.hold is not None:
                return found
        return taken.connector.register(taken.payload)
    if taken.ask_first:
        known = taken.connector.find_call(uuid.UUID(taken.payload["call_id"]))
        if not isinstance(known, NotFound) or taken.moving:
            return known
    tell = {
        Operation.ACTUALS: taken.connector.report_actuals,
        Operation.AMEND: taken.connector.amend,
        Operation.VOID: taken.connector.void,
    }[Operation(taken.operation)]
    return tell(taken.number, taken.payload)
